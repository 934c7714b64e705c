//! What users have in columns that rollcall does not write, and what a new user would have instead.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::{
    facts::{Column, Table, literals},
    flag_words::SUPERUSER,
    new_users::{MUST_BE_TRUE, STAMPS, is_id, is_named},
    rows::KINDS,
    samples::{self, Usual},
    signals::constant,
    status_words::{ROLE, STATUS},
    vocabulary::letters,
};
use crate::extra_fields::ExtraFields;

/// Parts of names of columns that give rights, or say that somebody has checked something.
const RIGHTS: [&str; 14] = [
    "admin", "staff", "root", "super", "owner", "perm", "priv", "right", "level", "rank", "verif",
    "confirm", "approv", "trust",
];

/// Parts of names of columns whose values are nobody's business.
const SECRETS: [&str; 8] = [
    "pass", "pwd", "hash", "salt", "token", "secret", "key", "code",
];

/// Of the columns that callers may say, those that a new user may have from the others. A city is nobody else's.
const PLACES: [&str; 4] = ["timezone", "locale", "language", "lang"];

/// What the proposal makes of it.
#[derive(Debug, Default)]
pub(super) struct UsualValues {
    /// What a new user gets too, because nearly all users have it.
    pub(super) constants: BTreeMap<String, String>,
    pub(super) notes: Vec<String>,
}

/// Looks at all columns but `written` ones, which a new user has from the caller, who may say those of `extra` too.
pub(super) async fn find(
    connection: &mut PgConnection,
    table: &Table,
    written: &BTreeSet<String>,
    extra: &ExtraFields,
    users_are: Option<&str>,
) -> Result<UsualValues, sqlx::Error> {
    let mut found = UsualValues::default();
    if !table.relation.may_read {
        return Ok(found);
    }
    let (mut empty, mut off) = (Vec::new(), Vec::new());
    for column in &table.columns {
        let is_made = column.is_generated || column.is_identity || column.is_time();
        let is_fraction = column.is_number() && !column.is_whole_number();
        let is_unique = table.has_unique_index(column);
        let name = letters(&column.name);
        let is_secret = SECRETS.iter().any(|part| name.contains(part));
        let is_stamp = STAMPS.contains(&name.as_str());
        let is_place = column.is_required() && PLACES.contains(&name.as_str());
        let is_said = written.contains(&column.name)
            || !is_place && extra.iter().any(|field| field.column == column.name);
        if is_made || is_fraction || is_unique || is_secret || is_stamp || is_said {
            continue;
        }
        let default = column.default.as_deref().map(plain);
        if let Some(None) = default {
            continue;
        }
        let default = default.flatten();
        let sql = &table.relation.sql;
        let usual =
            samples::find_usual(connection, sql, column, users_are, default.as_deref()).await?;
        let Some(usual) = usual.filter(|usual| usual.filled > 1) else {
            continue;
        };
        if let Some(default) = default {
            if usual.asked_for == 0 && usual.filled == usual.rows {
                found.notes.push(differs(column, &default, &usual));
            }
        } else if let Some(value) = for_new_users(table, column, &usual) {
            found.constants.insert(column.name.clone(), value);
        } else if column.is_nullable && usual.filled == usual.rows {
            empty.push(column.name.as_str());
        } else if column.is_flag()
            && usual.value.as_deref() == Some("true")
            && usual.is_of_nearly_all()
            && !is_named(table, column, MUST_BE_TRUE)
        {
            off.push(column.name.as_str());
        }
    }
    if !off.is_empty() {
        found.notes.push(format!(
            "new users get FALSE in {}, where nearly every user has TRUE: \"new_users\" can say what they get",
            off.join(", ")
        ));
    }
    if !empty.is_empty() {
        found.notes.push(format!(
            "new users have nothing in {}, where every user has something: \"new_users\" can say what they get",
            empty.join(", ")
        ));
    }
    Ok(found)
}

fn differs(column: &Column, default: &str, usual: &Usual) -> String {
    let most = usual.value.as_ref();
    let most = most.map_or_else(String::new, |value| format!("; most have {value}"));
    let default = if default.is_empty() { "''" } else { default };
    format!(
        "new users get the default of {}, {default}, which no user has{most}: \"new_users\" can say what they get",
        column.name
    )
}

/// The value that a new user should have too, as SQL: one of nearly all users where a value is required, and that of most
/// users in a column that says of what kind they are.
fn for_new_users(table: &Table, column: &Column, usual: &Usual) -> Option<String> {
    let name = letters(&column.name);
    let is_named = |names: &[&str]| is_named(table, column, names);
    let value = usual.value.as_deref()?;
    let is_value = column.is_text()
        || column.is_enum()
        || column.is_whole_number()
        || matches!(column.base_type.as_str(), "json" | "jsonb");
    let gives_rights =
        RIGHTS.iter().any(|part| name.contains(part)) || is_named(ROLE) || is_named(SUPERUSER);
    // An id that is empty or zero names nothing.
    let refers = column.is_reference || is_id(&column.name) && !["", "0"].contains(&value);
    if !is_value || gives_rights || refers {
        return None;
    }
    let is_usual = usual.is_of_nearly_all();
    let is_kind = is_named(KINDS);
    let is_wanted = if column.is_required() {
        is_usual || is_kind
    } else {
        is_kind || is_usual && is_named(STATUS)
    };
    is_wanted.then(|| constant(column, value))
}

/// A default that is the same for all users, as the server writes the value as text; `None` if it is computed.
fn plain(default: &str) -> Option<String> {
    if default.contains('(') || default.starts_with("NULL") {
        return None;
    }
    if default.starts_with('\'') {
        return literals(default).into_iter().next();
    }
    Some(default.to_owned())
}
