//! Tables of applications that people have, each adopted by the mapping that is proposed for it.

use std::fs;
use std::path::{Path, PathBuf};

use shared::store::bulk::{self, ImportRow, OnConflict, Written};
use shared::store::mapping::UserWrites;
use shared::store::{migrations, stats};
use shared::users::{Filter, SearchTerm, Sort, SortBy, SortOrder, User};
use users_table::UsersTable;
use users_table::proposal::{Access, Finding, Proposal, survey};

use crate::foreign_tables::{ForeignTable, TABLES, assert_no_drift, orders, row};

/// What a proposal has to come to.
struct Expected {
    fixture: &'static str,
    table: &'static str,
    counts: [i64; 3],
    password_hash: &'static str,
    /// Part of the reason why nobody can be created; empty, if somebody can.
    no_new_users: &'static str,
}

/// A test for each fixture: the table, how many users there are, how many of them active and superusers,
/// `PASSWORD_HASH`, and a part of the reason why nobody can be created.
macro_rules! adopted_by_their_proposals {
    ($($name:ident = $table:literal, $counts:expr, $password_hash:literal, $no_new_users:literal;)*) => {
        mod this_table_is_adopted_by_its_proposal {
            $(
                #[tokio::test]
                async fn $name() {
                    super::check(&super::Expected {
                        fixture: stringify!($name),
                        table: $table,
                        counts: $counts,
                        password_hash: $password_hash,
                        no_new_users: $no_new_users,
                    })
                    .await;
                }
            )*
        }
    };
}

adopted_by_their_proposals! {
    aspnet_identity = "public.\"AspNetUsers\"", [3, 2, 0], "none", "";
    directus = "public.directus_users", [3, 1, 0], "argon2id", "";
    discourse = "public.users", [2, 1, 1], "none", "no column takes the address";
    drupal7 = "public.users", [3, 2, 0], "none", "";
    fosuser = "public.fos_user", [2, 1, 0], "bcrypt", "";
    generated_name = "public.customers", [2, 2, 0], "argon2id", "";
    gitlab = "public.users", [2, 1, 1], "bcrypt", "organization_id has to refer";
    jhipster = "public.jhi_user", [3, 2, 0], "bcrypt", "";
    keycloak = "public.user_entity", [2, 1, 0], "none", "";
    legacy_members = "legacy.tbl_members", [2, 1, 1], "none", "";
    mastodon = "public.users", [2, 1, 0], "bcrypt", "";
    metabase = "public.core_user", [2, 1, 1], "none", "";
    n8n = "public.\"user\"", [2, 1, 1], "bcrypt", "";
    nestjs = "public.\"user\"", [3, 2, 1], "bcrypt", "";
    nextauth = "public.\"User\"", [2, 2, 0], "none", "";
    nocodb = "public.nc_users_v2", [2, 1, 0], "none", "";
    odoo = "public.res_users", [2, 1, 0], "none", "company_id has to refer";
    partly_checked = "public.staff", [1, 1, 0], "none", "badge is character without a default";
    payload = "public.users", [2, 2, 0], "none", "";
    people_numbers = "accounts.people", [2, 1, 1], "none", "";
    phoenix = "public.users", [2, 2, 0], "bcrypt", "";
    prisma = "public.\"User\"", [2, 1, 1], "bcrypt", "";
    rails_devise = "public.users", [3, 2, 1], "bcrypt", "";
    redash = "public.users", [2, 1, 0], "none", "org_id has to refer";
    role_check = "public.app_user", [3, 1, 1], "bcrypt", "";
    sequelize = "public.\"Users\"", [2, 1, 1], "bcrypt", "";
    strapi = "public.up_users", [3, 2, 0], "bcrypt", "";
    supabase = "auth.users", [2, 1, 1], "bcrypt", "";
    symfony = "public.\"user\"", [2, 2, 1], "bcrypt", "";
    two_flags = "public.auth_users", [4, 1, 1], "bcrypt", "";
    wordpress = "public.wp_users", [2, 2, 0], "none", "";
    spring_users = "public.users", [2, 1, 0], "none", "no column takes the address";
    medusa = "public.\"user\"", [2, 2, 1], "argon2id", "";
    yii = "public.\"user\"", [2, 1, 0], "bcrypt", "";
    hasura = "auth.users", [2, 1, 0], "argon2id", "";
    abp = "public.\"AbpUsers\"", [1, 1, 0], "argon2id", "";
    tenants = "\"MyApp\".\"UserAccounts\"", [2, 2, 1], "argon2id", "TenantId has to refer";
    german = "public.benutzer", [3, 2, 1], "bcrypt", "";
    spanish = "public.usuarios", [3, 2, 1], "none", "";
    typeorm = "public.\"user\"", [2, 1, 1], "bcrypt", "";
    mattermost = "public.users", [1, 1, 0], "bcrypt", "";
    zulip = "public.zerver_userprofile", [2, 1, 0], "none", "realm_id has to refer";
    outline = "public.users", [2, 1, 1], "none", "";
    calcom = "public.users", [2, 1, 1], "none", "";
    chatwoot = "public.users", [2, 2, 0], "bcrypt", "";
    sylius = "public.sylius_admin_user", [2, 1, 0], "bcrypt", "";
    ghost = "public.users", [3, 1, 0], "bcrypt", "";
    authentik = "public.authentik_core_user", [2, 1, 0], "pbkdf2-django", "";
    nextcloud = "public.oc_users", [2, 2, 0], "none", "no column takes the address";
    plane = "public.users", [2, 1, 1], "pbkdf2-django", "";
    guarded = "app.members", [3, 3, 1], "none", "";
    ruoyi = "public.sys_user", [3, 3, 0], "bcrypt", "";
    korean = "public.tb_user", [3, 1, 1], "bcrypt", "";
    supabase_profiles = "public.profiles", [3, 2, 1], "none", "id refers to another table";
    bits = "public.tbl_members", [3, 2, 1], "bcrypt", "";
    natural_key = "public.users", [2, 2, 1], "bcrypt", "username is the key";
    collations = "public.users", [2, 2, 0], "none", "";
    documenso = "public.\"User\"", [3, 2, 1], "bcrypt", "";
    rails_discard = "public.users", [3, 2, 1], "bcrypt", "";
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/tables")
}

pub(crate) async fn create(fixture: &str) -> (ForeignTable, Proposal) {
    let sql = fs::read_to_string(fixtures().join(fixture).with_extension("sql")).unwrap();
    let mut table = ForeignTable::of(&sql, UsersTable::Unspecified).await;
    let survey = survey(&mut table.connection, None).await.unwrap();
    assert_eq!(survey.finding, Finding::Candidate, "{fixture}");
    let proposal = survey.proposal.unwrap();
    let mapping = proposal.mapping.as_ref();
    let mapping = mapping.unwrap_or_else(|| panic!("{fixture}: {:?}", proposal.preflight_errors));
    table.mapping =
        UsersTable::parse(&mapping.to_json()).unwrap_or_else(|error| panic!("{fixture}: {error}"));
    (table, proposal)
}

fn setting<'p>(proposal: &'p Proposal, variable: &str) -> Option<&'p str> {
    let found = proposal
        .settings
        .iter()
        .find(|setting| setting.variable == variable);
    found.map(|setting| setting.value.as_str())
}

async fn check(expected: &Expected) {
    let (mut table, proposal) = create(expected.fixture).await;
    let before = table.shape().await;
    assert_eq!(proposal.table, expected.table);
    assert_eq!(
        setting(&proposal, "PASSWORD_HASH"),
        Some(expected.password_hash)
    );
    table.adopt().await;
    check_lists(&mut table, expected.counts).await;
    let reason = proposal.no_new_users.join("; ");
    assert!(reason.contains(expected.no_new_users), "{reason}");
    assert_eq!(
        reason.is_empty(),
        expected.no_new_users.is_empty(),
        "{reason}"
    );
    if reason.is_empty() {
        check_new_user(&mut table, &proposal).await;
    }
    migrations::remove(&mut table.connection, &table.mapping)
        .await
        .unwrap();
    assert_eq!(table.shape().await, before);
}

async fn check_lists(table: &mut ForeignTable, counts: [i64; 3]) {
    let numbers = stats::count_users(&mut table.connection).await.unwrap();
    assert_eq!(
        [
            numbers.total_users,
            numbers.active_users,
            numbers.superusers
        ],
        counts
    );
    let count = |users: &[User], wanted: fn(&User) -> bool| {
        i64::try_from(users.iter().filter(|user| wanted(user)).count()).unwrap()
    };
    for sort in orders(table) {
        let all = table.list(Filter::default(), sort).await;
        let listed = [
            count(&all, |_| true),
            count(&all, |user| user.is_active),
            count(&all, |user| user.is_superuser),
        ];
        assert_eq!(listed, counts, "{sort:?}");
        let active = Filter {
            is_active: Some(true),
            ..Filter::default()
        };
        assert_eq!(
            count(&table.list(active, sort).await, |_| true),
            counts[1],
            "{sort:?}"
        );
        let search = Filter {
            search: Some(SearchTerm::parse("x.example").unwrap()),
            ..Filter::default()
        };
        let has_address = |user: &User| {
            user.email
                .as_ref()
                .is_some_and(|email| email.ends_with("x.example"))
        };
        let found = table.list(search, sort).await;
        assert_eq!(
            count(&found, |_| true),
            count(&all, has_address),
            "{sort:?}"
        );
    }
}

async fn check_new_user(table: &mut ForeignTable, proposal: &Proposal) {
    let mapping = table.mapping.clone();
    let mapping = mapping.mapping().unwrap();
    let username = mapping.username.is_some().then_some("newcomer");
    let new = row("New@example.com", username);
    let writes = UserWrites::new(Some(mapping));
    let user = write(table, writes, &new, OnConflict::Fail).await;
    assert_eq!(user.email.as_deref(), Some("New@example.com"));
    assert_eq!(user.username.as_deref(), username);
    assert!(user.is_active && !user.is_superuser);
    let has = |field: &str| {
        proposal
            .fields
            .iter()
            .any(|found| found.field == field && found.access == Access::Works)
    };
    if has("full_name") {
        assert_eq!(user.full_name.as_deref(), Some("New Person"));
    }
    assert_eq!(user.created_at.is_some(), has("created_at"));
    for is_active in [false, true] {
        if !has("is_active") || !mapping.are_emails_unique() {
            break;
        }
        let changed = ImportRow {
            is_active: Some(is_active),
            is_superuser: has("is_superuser").then_some(!is_active),
            ..new.clone()
        };
        let user = write(table, writes, &changed, OnConflict::Update).await;
        assert_eq!(user.is_active, is_active);
        assert_eq!(user.is_superuser, has("is_superuser") && !is_active);
    }
    assert_no_drift(&mut table.connection, &proposal.table).await;
}

pub(crate) async fn write(
    table: &mut ForeignTable,
    writes: UserWrites<'_>,
    row: &ImportRow,
    on_conflict: OnConflict,
) -> User {
    let written = bulk::write(&mut table.connection, writes, &[row], on_conflict)
        .await
        .unwrap();
    let Written::All(users) = written else {
        panic!("{written:?}")
    };
    users[0].user.clone()
}

#[tokio::test]
async fn a_proposal_for_a_documented_table_reads_the_same_users_as_its_mapping() {
    for name in TABLES {
        let mut documented = ForeignTable::create(name).await;
        let survey = survey(&mut documented.connection, None).await.unwrap();
        assert_eq!(survey.finding, Finding::Candidate, "{name}");
        let proposal = survey.proposal.unwrap();
        let json = proposal
            .mapping
            .unwrap_or_else(|| panic!("{name}: {:?}", proposal.preflight_errors));
        let mut proposed = ForeignTable::create(name).await;
        proposed.mapping = UsersTable::parse(&json.to_json()).unwrap();
        documented.adopt().await;
        migrations::up(&mut proposed.connection, &proposed.mapping)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}: {json:?}"));
        let sort = Sort {
            by: SortBy::Email,
            order: SortOrder::Ascending,
        };
        let mut users = documented.list(Filter::default(), sort).await;
        let mut others = proposed.list(Filter::default(), sort).await;
        for user in users.iter_mut().chain(&mut others) {
            // Two databases make rows at two moments, and two random keys.
            user.created_at = None;
            user.updated_at = None;
        }
        assert_eq!(users, others, "{name}: {json:?}");
    }
}
