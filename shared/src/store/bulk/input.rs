//! The rows of an import as the rows `input` of a statement.

use sqlx::{Postgres, QueryBuilder};

use super::row::ImportRow;

/// The columns of `input`. Extra fields are one more, `extra`, where there are any.
pub(super) const COLUMNS: &str =
    "email, username, full_name, password_hash, is_active, is_superuser, created_at, id";

/// Pushes an array for each of the columns.
pub(super) fn push_arrays<'r>(sql: &mut QueryBuilder<'r, Postgres>, rows: &[&'r ImportRow]) {
    let mut emails = Vec::with_capacity(rows.len());
    let mut usernames = Vec::with_capacity(rows.len());
    let mut full_names = Vec::with_capacity(rows.len());
    let mut password_hashes = Vec::with_capacity(rows.len());
    let mut are_active = Vec::with_capacity(rows.len());
    let mut are_superusers = Vec::with_capacity(rows.len());
    let mut created_at_times = Vec::with_capacity(rows.len());
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        // Destructured by name, so that a new field cannot be forgotten here.
        let ImportRow {
            email,
            username,
            full_name,
            password_hash,
            is_active,
            is_superuser,
            created_at,
            id,
            extra: _,
        } = row;
        emails.push(email.as_str());
        usernames.push(username.as_deref());
        full_names.push(full_name.as_deref());
        password_hashes.push(password_hash.as_deref());
        are_active.push(is_active.unwrap_or(true));
        are_superusers.push(is_superuser.unwrap_or(false));
        created_at_times.push(*created_at);
        ids.push(*id);
    }
    let mut arrays = sql.separated(", ");
    arrays.push_bind(emails);
    arrays.push_bind(usernames);
    arrays.push_bind(full_names);
    arrays.push_bind(password_hashes);
    arrays.push_bind(are_active);
    arrays.push_bind(are_superusers);
    arrays.push_bind(created_at_times);
    arrays.push_bind(ids);
}
