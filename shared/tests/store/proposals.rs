//! Tables of applications that people have, each adopted by the mapping that is proposed for it.

use std::fs;
use std::path::{Path, PathBuf};

use shared::store::bulk::{self, ImportRow, OnConflict, Written};
use shared::store::mapping::UserWrites;
use shared::store::{migrations, stats};
use shared::users::{Filter, SearchTerm, Sort, SortBy, SortOrder, User};
use sqlx::Executor as _;
use users_table::UsersTable;
use users_table::proposal::{Access, Finding, Proposal, Survey, survey};

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
    drupal7 = "public.users", [2, 1, 0], "none", "";
    fosuser = "public.fos_user", [2, 1, 0], "bcrypt", "";
    generated_name = "public.customers", [2, 2, 0], "argon2id", "";
    gitlab = "public.users", [2, 1, 1], "bcrypt", "organization_id has to refer";
    jhipster = "public.jhi_user", [3, 2, 0], "bcrypt", "";
    keycloak = "public.user_entity", [2, 1, 0], "none", "";
    legacy_members = "legacy.tbl_members", [2, 1, 1], "none", "";
    mastodon = "public.users", [2, 1, 0], "bcrypt", "";
    metabase = "public.core_user", [2, 1, 1], "none", "";
    n8n = "public.\"user\"", [2, 1, 1], "bcrypt", "";
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
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/tables")
}

async fn create(fixture: &str) -> (ForeignTable, Proposal) {
    let sql = fs::read_to_string(fixtures().join(fixture).with_extension("sql")).unwrap();
    let mut table = ForeignTable::of(&sql, UsersTable::Unspecified).await;
    let survey = survey(&mut table.connection, None).await.unwrap();
    assert_eq!(survey.finding, Finding::Candidate, "{fixture}");
    let proposal = survey.proposal.unwrap();
    let mapping = proposal.mapping.as_ref();
    let mapping = mapping.unwrap_or_else(|| panic!("{fixture}: {:?}", proposal.obstacles));
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

async fn write(
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
            .unwrap_or_else(|| panic!("{name}: {:?}", proposal.obstacles));
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

async fn survey_of(sql: &str) -> Survey {
    let mut table = ForeignTable::of(sql, UsersTable::Unspecified).await;
    survey(&mut table.connection, None).await.unwrap()
}

#[tokio::test]
async fn a_table_that_cannot_be_adopted_is_refused_with_one_sentence_for_each_reason() {
    for (sql, sentence) in [
        (
            "CREATE TABLE users (tenant integer, number integer, email text, PRIMARY KEY (tenant, number))",
            "the primary key of public.users is composite (tenant, number)",
        ),
        (
            "CREATE TABLE users (email text, name text)",
            "public.users has no primary key and no column that is unique and NOT NULL",
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, shoe_size integer)",
            "public.users has neither an email nor a username by which people could be found",
        ),
        (
            "CREATE TABLE people_data (id serial PRIMARY KEY, mail text);
             CREATE VIEW users AS SELECT id, mail AS email, 'x' AS password, mail AS username FROM people_data",
            "public.users is a view: adopt the table that it reads",
        ),
        (
            "CREATE TABLE users (id integer, email text, PRIMARY KEY (id)) PARTITION BY HASH (id);
             CREATE TABLE users_0 PARTITION OF users FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
            "public.users is partitioned",
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text);
             CREATE TABLE admins (level integer) INHERITS (users)",
            "public.users inherits from or to public.admins",
        ),
        (
            "CREATE TABLE users (id numeric PRIMARY KEY, email text)",
            "the key id of public.users is numeric",
        ),
        (
            "CREATE TABLE users (id text PRIMARY KEY, email text);
             INSERT INTO users VALUES (repeat('x', 65), 'a@x.example')",
            "ids in id have more than 64 bytes",
        ),
        (
            "CREATE TABLE users (id integer PRIMARY KEY, email text UNIQUE DEFERRABLE)",
            "public.users has the deferrable constraint users_email_key",
        ),
    ] {
        let survey = survey_of(sql).await;
        assert_eq!(survey.finding, Finding::Candidate, "{sql}");
        let proposal = survey.proposal.unwrap();
        assert_eq!(proposal.obstacles.len(), 1, "{:?}", proposal.obstacles);
        assert!(proposal.obstacles[0].starts_with(sentence), "{:?}", proposal.obstacles);
        assert_eq!(proposal.mapping, None, "{sql}");
    }
}

#[tokio::test]
async fn a_database_without_a_table_to_adopt_is_told_from_others() {
    let own = "id bigint PRIMARY KEY, email text, username text, full_name text, password_hash text, is_active boolean, \
               is_superuser boolean, created_at timestamptz, updated_at timestamptz";
    for (sql, finding) in [
        (String::new(), Finding::Empty),
        (
            "CREATE TABLE orders (id serial PRIMARY KEY, total numeric)".to_owned(),
            Finding::NoCandidate,
        ),
        (
            format!("CREATE TABLE users ({own}, role text)"),
            Finding::OwnShape,
        ),
    ] {
        assert_eq!(survey_of(&sql).await.finding, finding, "{sql}");
    }
    let mut table = ForeignTable::of("", UsersTable::Unspecified).await;
    table
        .connection
        .execute("SET search_path = public")
        .await
        .unwrap();
    migrations::up(&mut table.connection, &UsersTable::Unspecified)
        .await
        .unwrap();
    assert_eq!(
        survey(&mut table.connection, None).await.unwrap().finding,
        Finding::Own
    );
    let mut adopted = ForeignTable::create("10-better-auth").await;
    adopted.adopt().await;
    assert_eq!(
        survey(&mut adopted.connection, None).await.unwrap().finding,
        Finding::Adopted
    );
    let missing = survey(&mut table.connection, Some("public.nobody"))
        .await
        .unwrap();
    assert_eq!(missing.finding, Finding::NoSuchTable);
}

#[tokio::test]
async fn a_table_is_looked_at_without_the_right_to_read_or_write_it() {
    let mut table = ForeignTable::of(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, password text)",
        UsersTable::Unspecified,
    )
    .await;
    let role = format!("looker_{}", std::process::id());
    let connection = &mut table.connection;
    connection
        .execute(format!("CREATE ROLE {role}; SET ROLE {role}").as_str())
        .await
        .unwrap();
    let proposal = survey(connection, None).await.unwrap().proposal.unwrap();
    assert!(proposal.obstacles[0].starts_with("this user may not read public.users: GRANT SELECT"));
    let grant = format!("RESET ROLE; GRANT SELECT ON users TO {role}; SET ROLE {role}");
    connection.execute(grant.as_str()).await.unwrap();
    let proposal = survey(connection, None).await.unwrap().proposal.unwrap();
    assert!(proposal.mapping.is_some(), "{:?}", proposal.obstacles);
    let note = proposal
        .notes
        .iter()
        .any(|note| note.starts_with("only the owner"));
    assert!(note, "{:?}", proposal.notes);
    let drop = format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}");
    connection.execute(drop.as_str()).await.unwrap();
}

#[tokio::test]
async fn extra_fields_are_proposed_by_their_names_and_no_secret_is() {
    let sql = "CREATE TYPE rank AS ENUM ('crew', 'captain');
               CREATE TABLE cities (id integer PRIMARY KEY);
               CREATE TABLE users (
                   id serial PRIMARY KEY, email text NOT NULL UNIQUE, password text, role rank NOT NULL,
                   \"phoneNumber\" text, locale varchar(5) DEFAULT 'en', \"is_verified\" boolean, timezone text,
                   city integer REFERENCES cities, bio text GENERATED ALWAYS AS (email) STORED,
                   reset_token text, otp_secret text, api_key text, phone_pin text, password_salt_old text
               );
               INSERT INTO users (email, role) VALUES ('a@x.example', 'crew')";
    let mut table = ForeignTable::of(sql, UsersTable::Unspecified).await;
    let proposal = survey(&mut table.connection, None).await.unwrap();
    let mapping = proposal.proposal.unwrap().mapping.unwrap();
    let names: Vec<_> = mapping.extra.iter().map(|field| field.name).collect();
    let expected = ["is_verified", "locale", "phoneNumber", "role", "timezone"];
    assert_eq!(names, expected);
    table.mapping = UsersTable::parse(&mapping.to_json()).unwrap();
    table.adopt().await;
    let mut new = row("b@x.example", None);
    new.extra.insert("locale".to_owned(), "de".into());
    let writes = UserWrites::new(Some(&mapping));
    let user = write(&mut table, writes, &new, OnConflict::Fail).await;
    assert_eq!([&user.extra["locale"], &user.extra["role"]], ["de", "crew"]);
}

#[tokio::test]
async fn a_table_that_is_named_is_proposed_before_a_likelier_one() {
    let sql = "CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, password text);
               CREATE SCHEMA crm;
               CREATE TABLE crm.\"Contacts\" (\"Id\" uuid PRIMARY KEY, \"Email\" text NOT NULL)";
    let mut table = ForeignTable::of(sql, UsersTable::Unspecified).await;
    let survey = survey(&mut table.connection, Some("crm.Contacts"))
        .await
        .unwrap();
    assert_eq!(survey.others, ["public.users"]);
    let mapping = survey.proposal.unwrap().mapping.unwrap();
    assert_eq!(mapping.table, "crm.Contacts");
    assert_eq!(mapping.id.new.as_deref(), Some("uuid7"));
    assert!(!mapping.are_emails_unique(), "nothing of the table says so");
}
