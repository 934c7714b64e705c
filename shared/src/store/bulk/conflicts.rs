//! Which rows are in the way of an import.

use sqlx::PgConnection;
use users_table::text_key_of;

use super::row::ImportRow;

/// A value of a row that somebody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowConflict {
    /// The row's place in the input.
    pub index: usize,
    /// `email` or `username`.
    pub field: &'static str,
    /// Who has it.
    pub with: ConflictWith,
}

/// Who has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictWith {
    /// A stored user.
    Stored,
    /// An earlier row of the same input. The database finds some letters alike that Rust does not.
    Row(usize),
}

/// Finds all conflicts of rows with stored users and with each other, in request order. `rows` are in request
/// order.
///
/// This only explains why the unique indexes refused an insert. It may find nothing, if the user in
/// the way has gone meanwhile.
pub async fn find_conflicts(
    connection: &mut PgConnection,
    rows: &[&ImportRow],
) -> Result<Vec<RowConflict>, sqlx::Error> {
    let emails: Vec<_> = rows.iter().map(|row| row.email.as_str()).collect();
    let usernames: Vec<_> = rows.iter().map(|row| row.username.as_deref()).collect();
    let found: Vec<(i64, bool, i64, bool, i64)> = sqlx::query_as(&format!(
        "SELECT
             position,
             is_email_stored,
             email_first,
             is_username_stored,
             CASE WHEN username_key IS NULL THEN position ELSE username_first END
         FROM (
             SELECT
                 position,
                 EXISTS (
                     SELECT FROM users
                     WHERE {} = email_key
                 ) AS is_email_stored,
                 min(position) OVER (PARTITION BY email_key) AS email_first,
                 EXISTS (
                     SELECT FROM users
                     WHERE {} = username_key
                 ) AS is_username_stored,
                 username_key,
                 min(position) OVER (PARTITION BY username_key) AS username_first
             FROM (
                 SELECT
                     position,
                     {} AS email_key,
                     {} AS username_key
                 FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY
                     AS input (email, username, position)
             ) AS keys
         ) AS conflicts
         WHERE is_email_stored
             OR is_username_stored
             OR email_first < position
             OR (username_key IS NOT NULL AND username_first < position)
         ORDER BY position",
        text_key_of("users.email"),
        text_key_of("users.username"),
        text_key_of("email"),
        text_key_of("username"),
    ))
    .bind(emails)
    .bind(usernames)
    .fetch_all(connection)
    .await?;
    let mut conflicts = Vec::new();
    for (position, is_email_stored, email_first, is_username_stored, username_first) in found {
        for (field, is_stored, first) in [
            ("email", is_email_stored, email_first),
            ("username", is_username_stored, username_first),
        ] {
            let with = if is_stored {
                ConflictWith::Stored
            } else if first < position {
                ConflictWith::Row(index(first))
            } else {
                continue;
            };
            conflicts.push(RowConflict {
                index: index(position),
                field,
                with,
            });
        }
    }
    Ok(conflicts)
}

/// The index of a row from its position, which SQL counts from 1.
pub(super) fn index(position: i64) -> usize {
    usize::try_from(position - 1).unwrap_or(0)
}
