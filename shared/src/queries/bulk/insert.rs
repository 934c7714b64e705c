//! Inserts many users in one statement.

use std::collections::HashMap;

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::ImportRow;
use crate::users::User;

/// Inserts all rows, and returns them by email. Fails if any value is taken.
pub(super) async fn all(
    connection: &mut PgConnection,
    rows: &[ImportRow],
) -> Result<HashMap<String, User>, sqlx::Error> {
    insert(connection, rows, "").await
}

/// Inserts the rows that meet no stored one, and returns them by email.
pub(super) async fn new(
    connection: &mut PgConnection,
    rows: &[ImportRow],
) -> Result<HashMap<String, User>, sqlx::Error> {
    insert(connection, rows, "ON CONFLICT DO NOTHING").await
}

/// A row that meets another transaction's uncommitted one waits for the outcome. Rows are inserted
/// in the order of their email, so that imports of the same users wait for each other instead of
/// deadlocking; it also keeps the new entries of the index on emails close together.
async fn insert(
    connection: &mut PgConnection,
    rows: &[ImportRow],
    on_conflict: &str,
) -> Result<HashMap<String, User>, sqlx::Error> {
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_cached_key(|row| row.email.to_lowercase());
    let mut emails = Vec::with_capacity(rows.len());
    let mut usernames = Vec::with_capacity(rows.len());
    let mut full_names = Vec::with_capacity(rows.len());
    let mut password_hashes = Vec::with_capacity(rows.len());
    let mut are_active = Vec::with_capacity(rows.len());
    let mut are_superusers = Vec::with_capacity(rows.len());
    for row in sorted {
        // Destructured by name, so that a new field cannot be forgotten here.
        let ImportRow {
            email,
            username,
            full_name,
            password_hash,
            is_active,
            is_superuser,
        } = row;
        emails.push(email.as_str());
        usernames.push(username.as_str());
        full_names.push(full_name.as_deref());
        password_hashes.push(password_hash.as_deref());
        are_active.push(is_active.unwrap_or(true));
        are_superusers.push(is_superuser.unwrap_or(false));
    }
    let mut statement = QueryBuilder::<Postgres>::new(
        "INSERT INTO users (
             email,
             username,
             full_name,
             password_hash,
             is_active,
             is_superuser,
             created_at,
             updated_at
         )
         SELECT
             email,
             username,
             full_name,
             password_hash,
             is_active,
             is_superuser,
             now(),
             now()
         FROM UNNEST(
             $1::text[],
             $2::text[],
             $3::text[],
             $4::text[],
             $5::boolean[],
             $6::boolean[]
         ) AS input (
             email,
             username,
             full_name,
             password_hash,
             is_active,
             is_superuser
         ) ",
    );
    statement.push(on_conflict).push(
        " RETURNING
             id::bigint AS id,
             email,
             username,
             full_name,
             is_active,
             is_superuser,
             created_at,
             updated_at",
    );
    let inserted: Vec<User> = sqlx::query_as(statement.sql())
        .bind(emails)
        .bind(usernames)
        .bind(full_names)
        .bind(password_hashes)
        .bind(are_active)
        .bind(are_superusers)
        .fetch_all(connection)
        .await?;
    Ok(inserted
        .into_iter()
        .map(|user| (user.email.clone(), user))
        .collect())
}
