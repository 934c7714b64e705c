//! What a new row needs beside the fields of a user.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{PgConnection, postgres::types::Oid};

use super::{
    facts::{Column, Table},
    flag_words::ACTIVE,
    names, samples,
    signals::{constant, now},
    status::{first_of, words},
    status_words::{PLAIN_ROLE, ROLE, STATUS},
    vocabulary::{PASSWORD, letters},
};
use crate::{
    mapping::{UserWrites, quoted, raw},
    users_table::UsersMapping,
};

/// Columns that ASP.NET Identity needs for a login although the table does not.
pub(super) const STAMPS: [&str; 2] = ["securitystamp", "concurrencystamp"];

/// Flags that are no rights, and without which nobody can log in.
pub(super) const MUST_BE_TRUE: &[&str] = &[
    "lockoutenabled",
    "credentialsnonexpired",
    "iscredentialsnonexpired",
    "nonexpiredcredentials",
];

/// Parts of names of columns that let somebody in.
const SECRETS: [&str; 3] = ["token", "secret", "apikey"];

/// Parts of names of columns in which any text does that nobody else has.
const CODES: [&str; 14] = [
    "uuid",
    "guid",
    "uid",
    "hash",
    "key",
    "stamp",
    "nonce",
    "slug",
    "referral",
    "publicid",
    "shortid",
    "nanoid",
    "ulid",
    "uniquifier",
];

/// Parts of names of ids that somebody else gives.
const ELSEWHERE: [&str; 24] = [
    "auth", "userid", "clerk", "firebase", "google", "apple", "facebook", "github", "gitlab",
    "discord", "slack", "telegram", "azure", "entra", "okta", "cognito", "keycloak", "supabase",
    "kinde", "stripe", "ldap", "oidc", "idp", "provider",
];

/// Lists, and not objects, by the names that they have.
const LISTS: [&str; 7] = [
    "roles",
    "groups",
    "permissions",
    "tags",
    "authorities",
    "scopes",
    "claims",
];

/// An expression for each column that needs one, and the names of those for which none is known, each with the reason.
/// `usual` are those that nearly all users have.
pub(super) async fn constants(
    connection: &mut PgConnection,
    table: &Table,
    id: &str,
    written: &BTreeSet<String>,
    usual: &BTreeMap<String, String>,
) -> Result<(BTreeMap<String, String>, Vec<(String, String)>), sqlx::Error> {
    let unique: BTreeSet<&str> = table
        .unique
        .iter()
        .map(|index| index.column.as_str())
        .collect();
    let mut constants = BTreeMap::new();
    let mut unknown = Vec::new();
    for column in &table.columns {
        let is_stamp = STAMPS.contains(&letters(&column.name).as_str()) && column.is_text();
        let is_unique = unique.contains(column.name.as_str()) || is_stamp;
        // Only one user could have a constant default that has to be unique.
        let is_taken = is_unique
            && !column.is_nullable
            && !column.default.as_deref().unwrap_or("(").contains('(');
        let is_needed = column.is_required() || is_taken || is_stamp && column.default.is_none();
        if !is_needed || column.name == id || written.contains(&column.name) {
            continue;
        }
        if usual.contains_key(&column.name) {
            continue;
        }
        let allowed = match column.allowed() {
            none if none.is_empty() && is_named(table, column, ROLE) => {
                words(connection, table, column).await?
            }
            allowed => allowed,
        };
        match expression(table, column, is_unique, &allowed) {
            Ok(sql) => {
                constants.insert(column.name.clone(), sql);
            }
            Err(reason) => unknown.push((column.name.clone(), reason)),
        }
    }
    Ok((constants, unknown))
}

pub(super) fn is_named(table: &Table, column: &Column, names: &[&str]) -> bool {
    let spellings = names::spellings(table, &column.name);
    let mut spellings = spellings.iter();
    spellings.any(|spelling| names.contains(&spelling.as_str()))
}

/// Whether a column names the user in something else than the table: an identity provider or another service.
fn names_somebody_elsewhere(letters: &str) -> bool {
    let is_id = letters.ends_with("id") || letters.ends_with("sub");
    is_id && ELSEWHERE.iter().any(|word| letters.contains(word))
}

/// Whether a column names something else, by its own name.
pub(super) fn is_id(name: &str) -> bool {
    name.ends_with("_id") || name.ends_with("Id") || name.ends_with("ID")
}

fn expression(
    table: &Table,
    column: &Column,
    is_unique: bool,
    allowed: &[String],
) -> Result<String, String> {
    let name = &column.name;
    let mend = format!(
        "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT ..., or DROP NOT NULL",
        table.relation.sql,
        quoted(name)
    );
    let is_id = is_id(name);
    let letters = letters(name);
    if column.is_reference
        || is_id && !is_unique && !column.is_text()
        || names_somebody_elsewhere(&letters)
    {
        return Err(format!(
            "{name} has to refer to something, and nothing says to which: {mend}"
        ));
    }
    let random = || match column.characters.unwrap_or(i32::MAX) {
        36.. => Some("gen_random_uuid()::text".to_owned()),
        characters @ 16.. => Some(format!(
            "left(replace(gen_random_uuid()::text, '-', ''), {characters})"
        )),
        _ => None,
    };
    // Nobody may share a secret, least of all one that is empty.
    let is_secret = SECRETS.iter().any(|word| letters.contains(word));
    let is_code = CODES.iter().any(|word| letters.contains(word));
    let known = if is_unique && column.is_text() && !is_code && !is_secret {
        None
    } else if is_unique || is_secret && column.is_text() {
        match column.category.as_str() {
            "S" if allowed.is_empty() => random(),
            _ if column.base_type == "uuid" => Some("gen_random_uuid()".to_owned()),
            _ => None,
        }
    } else if is_id {
        None
    } else {
        harmless(table, column, allowed)
    };
    known.ok_or_else(|| {
        format!(
            "{name} is {} without a default, and no value for it is known to be right: {mend}",
            column.data_type
        )
    })
}

/// A value that gives nobody a right, if one is known.
fn harmless(table: &Table, column: &Column, allowed: &[String]) -> Option<String> {
    let is_named = |names: &[&str]| is_named(table, column, names);
    let is_word = column.is_text() || column.is_enum();
    if is_named(ROLE) && is_word {
        let word = first_of(PLAIN_ROLE, allowed).or_else(|| empty_list(allowed));
        return word.map(|word| constant(column, &word));
    }
    let is_unknown = is_word && allowed.is_empty() || column.is_number();
    if (is_named(ROLE) || is_named(STATUS)) && is_unknown {
        return None;
    }
    if let Some(first) = allowed
        .first()
        .filter(|_| column.is_text() || column.is_enum())
    {
        return Some(constant(column, first));
    }
    let sql = match (column.base_type.as_str(), column.category.as_str()) {
        ("boolean", _) if is_named(ACTIVE) || is_named(MUST_BE_TRUE) => "TRUE",
        ("boolean", _) => "FALSE",
        ("uuid", _) => "gen_random_uuid()",
        ("json" | "jsonb", _) if is_named(&LISTS) => "'[]'",
        ("json" | "jsonb", _) => "'{}'",
        ("bytea", _) => "''::bytea",
        ("time without time zone" | "time with time zone", _) => "'00:00'",
        (_, "D") => return now(column),
        (_, "S") if is_named(PASSWORD) => "'!'",
        (_, "S") => "''",
        (_, "N") if column.base_type != "regclass" => "0",
        (_, "A") => "'{}'",
        (_, "T") => "'0'::interval",
        _ => return None,
    };
    Some(sql.to_owned())
}

/// A list of no roles, as PHP or JSON writes it, where the values that are there are lists.
fn empty_list(words: &[String]) -> Option<String> {
    let lists = [("a:", "a:0:{}"), ("[", "[]")];
    let (_, empty) = lists
        .into_iter()
        .find(|(start, _)| words.iter().any(|word| word.starts_with(start)))?;
    Some(empty.to_owned())
}

/// Unique indexes whose columns would be the same for all new users.
pub(super) fn shared_keys(table: &Table, mapping: &UsersMapping) -> Vec<String> {
    let is_shared = |column: &String| {
        let constant = mapping.new_users.get(column);
        constant.is_some_and(|sql| !sql.contains('('))
    };
    let together = table.unique_together.iter();
    together
        .filter(|columns| columns.iter().all(is_shared))
        .map(|columns| {
            format!(
                "only one user can have the same {}, and no values for them are known to be right",
                columns.join(" and ")
            )
        })
        .collect()
}

/// CHECK constraints that a new user would break.
pub(super) async fn broken_checks(
    connection: &mut PgConnection,
    table: &Table,
    mapping: &UsersMapping,
) -> Result<Vec<String>, sqlx::Error> {
    let fields = [
        ("email", "'new.person@example.com'::text"),
        ("username", "'newperson'::text"),
        ("full_name", "'New Person'::text"),
        ("password_hash", "NULL::text"),
        ("is_active", "TRUE"),
        ("is_superuser", "FALSE"),
        ("created_at", "now()"),
        ("updated_at", "now()"),
    ];
    let written = UserWrites::new(Some(mapping)).insert(&fields);
    let value = |column: &Column| {
        let place = written
            .columns
            .iter()
            .position(|name| *name == raw(&column.name));
        let is_made = column.is_identity
            || column
                .default
                .as_deref()
                .is_some_and(|sql| sql.contains("nextval"));
        let sql = match place {
            Some(place) => written.values[place].clone(),
            None if is_made => "1".to_owned(),
            None => column.default.clone().unwrap_or_else(|| "NULL".to_owned()),
        };
        format!("({sql})::{} AS {}", column.data_type, quoted(&column.name))
    };
    let row: Vec<_> = table
        .columns
        .iter()
        .filter(|column| column.name != mapping.id.column)
        .map(value)
        .collect();
    let checks = list_checks(connection, table.relation.oid).await?;
    let mut broken = Vec::new();
    for (name, expression) in checks {
        let query = format!(
            "SELECT ({expression}) FROM (SELECT {}) AS new_user",
            row.join(", ")
        );
        if samples::holds(connection, &query).await? == Some(false) {
            broken.push(format!(
                "a new user would break the CHECK constraint {name}: {expression}"
            ));
        }
    }
    Ok(broken)
}

async fn list_checks(
    connection: &mut PgConnection,
    table: Oid,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT conname::text, pg_get_expr(conbin, conrelid)
         FROM pg_constraint
         WHERE conrelid = $1 AND contype = 'c'
         ORDER BY conname",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}
