//! The password hash.

use sqlx::PgConnection;

use super::{
    facts::{Column, Table},
    names,
    samples::{self, UNKNOWN_HASH},
    texts::text,
    vocabulary::{PASSWORD, SALT},
};
use crate::users_table::FieldMapping;

/// The password hash, and what wrote the stored ones.
pub(super) struct Password {
    pub(super) field: Option<FieldMapping>,
    /// What `PASSWORD_HASH` has to be, and why.
    pub(super) setting: [&'static str; 2],
    pub(super) notes: Vec<String>,
}

pub(super) async fn password(
    connection: &mut PgConnection,
    table: &Table,
    taken: &[&str],
) -> Result<Password, sqlx::Error> {
    let is_right = |column: &Column| {
        column.is_text()
            && !column.is_generated
            && !column.is_reference
            && !taken.contains(&column.name.as_str())
            // What nobody shares is a token.
            && !table.has_unique_index(column)
    };
    let columns = names::all(table, PASSWORD, is_right);
    let mut found = columns.first().map(|column| (*column, None));
    if table.relation.may_read {
        for (place, column) in columns.into_iter().enumerate() {
            let kind = samples::find_hash(connection, &table.relation.sql, column).await?;
            let is_known = kind.as_deref().is_some_and(|kind| kind != UNKNOWN_HASH);
            if is_known || place == 0 {
                found = Some((column, kind));
            }
            if is_known {
                break;
            }
        }
    }
    let Some((column, kind)) = found else {
        let note =
            "no column of text is known to hold a password hash, so rollcall takes no passwords"
                .to_owned();
        return Ok(Password {
            field: None,
            setting: [
                "none",
                "rollcall writes no hash that the application verifies",
            ],
            notes: vec![note],
        });
    };
    if let Some(salt) = names::find(table, SALT, |_| true)
        && (kind.is_none() || is_used(connection, table, salt).await?)
    {
        let note = format!(
            "{} is of no use without {}: rollcall writes hashes that hold their salt, so it takes no passwords",
            column.name, salt.name
        );
        return Ok(Password {
            field: None,
            setting: [
                "none",
                "rollcall writes no hash that the application verifies",
            ],
            notes: vec![note],
        });
    }
    let mut notes = Vec::new();
    let known = ["argon2id", "bcrypt", "pbkdf2-django", "scrypt-werkzeug"];
    let known = known
        .into_iter()
        .find(|known| kind.as_deref() == Some(known));
    let setting = match (known, kind.as_deref()) {
        (Some(known), _) => [known, "most stored hashes are of it"],
        (None, Some(other)) => {
            notes.push(format!(
                "most stored hashes are {other}, which rollcall does not write: it takes no plaintext passwords"
            ));
            [
                "none",
                "rollcall writes no hash that the application verifies",
            ]
        }
        (None, None) => [
            guess(table, column),
            "a guess: no stored hash says what the application verifies",
        ],
    };
    if let Some(characters) = column.characters.filter(|characters| *characters < 60) {
        notes.push(format!(
            "{} has room for {characters} characters, which is less than a hash",
            column.name
        ));
    }
    Ok(Password {
        field: Some(text(column, "'!'")),
        setting,
        notes,
    })
}

/// What an application with such columns verifies, most of the time.
fn guess(table: &Table, column: &Column) -> &'static str {
    let has = |name: &str| names::find(table, &[name], |_| true).is_some();
    if column.characters == Some(128) && has("lastlogin") {
        "pbkdf2-django"
    } else if has("remembertoken") || has("resetpasswordtoken") {
        "bcrypt"
    } else {
        "argon2id"
    }
}

/// Whether users have something in a column; yes, where nobody may look.
async fn is_used(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<bool, sqlx::Error> {
    let sample = &table.relation.sql;
    Ok(!table.relation.may_read
        || samples::count(connection, sample, column, "value::text <> ''")
            .await?
            .1
            > 0)
}
