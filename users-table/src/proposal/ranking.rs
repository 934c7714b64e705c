//! Which tables may hold users, the likeliest first.

use super::{
    facts::Relation,
    flag_words::ACTIVE,
    vocabulary::{CREATED, EMAIL, FIRST_NAME, FULL_NAME, PASSWORD, USERNAME, letters},
};

/// What a table must have to be one of users: less is a list of something else.
const MIN_SCORE: i64 = 40;

/// Tables by the letters of their name, as a whole or behind a prefix such as `tbl`.
const TABLES: &[&str] = &[
    "users",
    "user",
    "appusers",
    "appuser",
    "authuser",
    "authusers",
    "useraccounts",
    "useraccount",
    "accounts",
    "account",
    "people",
    "person",
    "persons",
    "members",
    "member",
    "userentity",
    "logins",
    "login",
    "customers",
    "customer",
    "employees",
    "employee",
    "staff",
    "operators",
    "operator",
    "admins",
    "admin",
    "principals",
    "profiles",
    "profile",
    "userprofiles",
    "userprofile",
    "subscribers",
    "clients",
    "participants",
    "students",
    "teachers",
    "benutzer",
    "usuarios",
    "utilisateurs",
    "players",
    "identities",
    "usermaster",
    "usersfielddata",
    "nutzer",
    "mitglieder",
    "kunden",
    "mitarbeiter",
    "usuario",
    "utilisateur",
    "membres",
    "clientes",
    "utenti",
    "utente",
    "usuário",
    "usuários",
    "gebruikers",
    "leden",
    "uzytkownicy",
    "usr",
    "usrs",
    "managers",
    "manager",
    "eperson",
    "kullanicilar",
    "kullanici",
    "kullanıcılar",
    "пользователи",
    "пользователь",
    "pengguna",
    "anggota",
    "pelanggan",
    "uzytkownik",
    "uzivatele",
    "användare",
];

/// Endings of names of tables that are about users and do not hold them.
const BESIDE_USERS: &[&str] = &[
    "roles",
    "role",
    "groups",
    "group",
    "permissions",
    "permission",
    "sessions",
    "session",
    "tokens",
    "token",
    "settings",
    "preferences",
    "logs",
    "log",
    "history",
    "audit",
    "invitations",
    "invitation",
    "invites",
    "links",
    "keys",
    "devices",
    "notifications",
    "credentials",
    "claims",
    "emails",
    "addresses",
    "meta",
    "usermeta",
    "attributes",
    "backup",
    "old",
    "archive",
    "tmp",
    "temp",
    "import",
    "imports",
    "versions",
    "statuses",
    "types",
    "requests",
    "resets",
    "attempts",
    "messages",
];

/// Relations that may hold users, the likeliest first.
pub(super) fn rank(relations: &[Relation]) -> Vec<&Relation> {
    let mut ranked: Vec<_> = relations
        .iter()
        .map(|relation| (score(relation), relation))
        .filter(|(score, _)| *score >= MIN_SCORE)
        .collect();
    ranked.sort_by_key(|(score, _)| -score);
    ranked.into_iter().map(|(_, relation)| relation).collect()
}

/// Whether the name alone is one of users.
pub(super) fn has_name_of_users(relation: &Relation) -> bool {
    name_score(&relation.name) >= 40
}

fn score(relation: &Relation) -> i64 {
    let columns: Vec<_> = relation.columns.iter().map(|name| letters(name)).collect();
    let has = |names: &[&str]| {
        columns.iter().any(|column| {
            names.iter().any(|name| {
                column == name
                    || (name.len() > 3 && column.ends_with(name) && column.len() < name.len() + 7)
            })
        })
    };
    let has_email = has(EMAIL);
    let has_password = has(PASSWORD);
    // Tables beside users have a user_id or an account.
    let is_login = |name: &&str| !name.ends_with("id") && !name.starts_with("account");
    let logins: Vec<_> = USERNAME.iter().copied().filter(is_login).collect();
    let is_named_so = name_score(&relation.name) >= 40;
    let has_username = has(&logins)
        || has_password && is_named_so && columns.iter().any(|column| column == "name");
    if !has_email && !(has_username && (has_password || is_named_so)) {
        return 0;
    }
    let by_columns = [
        (has_email, 25),
        (has_password, 25),
        (has_username, 12),
        (has(FULL_NAME) || has(FIRST_NAME), 8),
        (has(ACTIVE), 4),
        (has(CREATED), 3),
        (
            columns
                .iter()
                .any(|column| column.contains("lastlogin") || column.contains("signin")),
            6,
        ),
        (relation.estimated_rows > 0, 5),
    ];
    let points: i64 = by_columns
        .iter()
        .filter(|(is_so, _)| *is_so)
        .map(|(_, points)| points)
        .sum();
    // A view shows users that a table holds.
    let kind = if matches!(relation.kind.as_str(), "r" | "p") {
        0
    } else {
        -25
    };
    name_score(&relation.name) + points + kind + 2 * relation.referring.min(10)
}

fn name_score(name: &str) -> i64 {
    let words = words(name);
    let is_beside = words.iter().any(|word| {
        let singular = |name: &&str| name.strip_suffix('s') == Some(word);
        BESIDE_USERS.contains(&word.as_str()) || BESIDE_USERS.iter().any(singular)
    });
    let all = letters(name);
    if TABLES[..2].contains(&all.as_str()) {
        return 60;
    }
    if is_beside {
        return -20;
    }
    if TABLES.contains(&all.as_str()) {
        return 42;
    }
    let is_name = |word: &String| TABLES.contains(&word.as_str());
    match words.iter().rposition(is_name) {
        // As in auth_user, tbl_members, nc_users_v2.
        Some(_) => 40,
        None if all.contains("user") => 25,
        None => 0,
    }
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in name.chars() {
        let is_new = !character.is_alphanumeric() || (was_lower && character.is_uppercase());
        if is_new {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        was_lower = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_users_are_told_from_those_beside_them() {
        for name in [
            "users",
            "User",
            "auth_user",
            "tbl_members",
            "AspNetUsers",
            "nc_users_v2",
            "people",
        ] {
            assert!(name_score(name) >= 40, "{name}");
        }
        for name in [
            "user_roles",
            "AspNetUserClaims",
            "ab_user_role",
            "auth_user_groups",
            "orders",
            "UserTokens",
        ] {
            assert!(name_score(name) < 40, "{name}");
        }
    }
}
