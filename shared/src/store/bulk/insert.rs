//! Inserts many users in one statement.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::row::ImportRow;
use crate::{
    store::{
        USER_COLUMNS,
        mapping::{UserWrites, WrittenColumns},
    },
    users::User,
};

/// The fields of a new user, each with its value in terms of the row `input`.
pub(super) const FIELDS: [(&str, &str); 8] = [
    ("email", "input.email"),
    ("username", "input.username"),
    ("full_name", "input.full_name"),
    ("password_hash", "input.password_hash"),
    ("is_active", "input.is_active"),
    ("is_superuser", "input.is_superuser"),
    ("created_at", "coalesce(input.created_at, now())"),
    ("updated_at", "now()"),
];

/// Inserts all rows, and returns the users by the email of their row, or `None` if the table has changed
/// them so that they cannot be found again. Fails if any value is taken.
pub(super) async fn all(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
) -> Result<Option<HashMap<String, User>>, sqlx::Error> {
    let inserted = insert(connection, writes, rows, "").await?;
    Ok(by_row(rows, inserted).filter(|inserted| inserted.len() == rows.len()))
}

/// Inserts the rows that meet no stored one, and returns the users as [`all`] does.
pub(super) async fn new(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
) -> Result<Option<HashMap<String, User>>, sqlx::Error> {
    let inserted = insert(connection, writes, rows, "ON CONFLICT DO NOTHING").await?;
    Ok(by_row(rows, inserted))
}

/// Finds the row of every user by the email. Where a trigger of the table writes emails differently, such
/// as in lower case, it finds the row without regard to case, or by the username.
fn by_row(rows: &[&ImportRow], inserted: Vec<User>) -> Option<HashMap<String, User>> {
    let emails: HashSet<&str> = rows.iter().map(|row| row.email.as_str()).collect();
    let (found, changed): (Vec<_>, Vec<_>) = inserted
        .into_iter()
        .partition(|user| emails.contains(user.email.as_deref().unwrap_or_default()));
    let mut users: HashMap<String, User> = found
        .into_iter()
        .map(|user| (user.email.clone().unwrap_or_default(), user))
        .collect();
    if changed.is_empty() {
        return Some(users);
    }
    let mut by_email = HashMap::new();
    let mut by_username = HashMap::new();
    for row in rows.iter().filter(|row| !users.contains_key(&row.email)) {
        by_email.insert(row.email.to_lowercase(), &row.email);
        if let Some(username) = &row.username {
            by_username.insert(username.to_lowercase(), &row.email);
        }
    }
    for user in changed {
        let folded = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
        let email = folded(&user.email)
            .and_then(|email| by_email.get(&email))
            .or_else(|| by_username.get(&folded(&user.username)?))?;
        // Two users of one row are as bad as none.
        if users.insert((*email).clone(), user).is_some() {
            return None;
        }
    }
    Some(users)
}

/// Inserts the rows that keep their ids after those that get the next ones.
async fn insert(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
    on_conflict: &str,
) -> Result<Vec<User>, sqlx::Error> {
    let (kept, new): (Vec<_>, Vec<_>) = rows.iter().copied().partition(|row| row.id.is_some());
    let mut inserted = Vec::with_capacity(rows.len());
    for (rows, keeps_ids) in [(new, false), (kept, true)] {
        if !rows.is_empty() {
            inserted.extend(insert_into(connection, writes, &rows, keeps_ids, on_conflict).await?);
        }
    }
    Ok(inserted)
}

/// A row that meets another transaction's uncommitted one waits for the outcome. Rows are inserted
/// in the order of their email, so that imports of the same users wait for each other instead of
/// deadlocking; it also keeps the new entries of the index on emails close together.
async fn insert_into(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
    keeps_ids: bool,
    on_conflict: &str,
) -> Result<Vec<User>, sqlx::Error> {
    let mut sorted: Vec<_> = rows.to_vec();
    sorted.sort_by_cached_key(|row| row.email.to_lowercase());
    let mut emails = Vec::with_capacity(rows.len());
    let mut usernames = Vec::with_capacity(rows.len());
    let mut full_names = Vec::with_capacity(rows.len());
    let mut password_hashes = Vec::with_capacity(rows.len());
    let mut are_active = Vec::with_capacity(rows.len());
    let mut are_superusers = Vec::with_capacity(rows.len());
    let mut created_at_times = Vec::with_capacity(rows.len());
    let mut ids = Vec::with_capacity(rows.len());
    for row in sorted {
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
    let mut fields = FIELDS.to_vec();
    let overriding = if keeps_ids {
        fields.push(("id", "input.id::user_id"));
        "OVERRIDING SYSTEM VALUE"
    } else {
        ""
    };
    let WrittenColumns { columns, values } = writes.insert(&fields);
    let mut statement = QueryBuilder::<Postgres>::new(format!(
        "INSERT INTO users ({})
         {overriding}
         SELECT {}
         FROM UNNEST(
             $1::text[],
             $2::text[],
             $3::text[],
             $4::text[],
             $5::boolean[],
             $6::boolean[],
             $7::timestamptz[],
             $8::text[]
         ) AS input (
             email,
             username,
             full_name,
             password_hash,
             is_active,
             is_superuser,
             created_at,
             id
         ) ",
        columns.join(", "),
        values.join(", ")
    ));
    statement
        .push(on_conflict)
        .push(" RETURNING ")
        .push(USER_COLUMNS);
    sqlx::query_as(statement.sql())
        .bind(emails)
        .bind(usernames)
        .bind(full_names)
        .bind(password_hashes)
        .bind(are_active)
        .bind(are_superusers)
        .bind(created_at_times)
        .bind(ids)
        .fetch_all(connection)
        .await
}
