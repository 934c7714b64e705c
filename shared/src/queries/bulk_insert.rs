//! Many users at once.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::{
    database::{Ending, Query},
    users::User,
};

/// A user to be inserted; the password is hashed by now.
#[derive(Debug, Clone)]
pub struct InsertRow {
    /// The address as it was given.
    pub email: String,
    /// The name as it was given.
    pub username: String,
    /// A name for people.
    pub full_name: Option<String>,
    /// What a password is verified against.
    pub password_hash: Option<String>,
    /// Whether the user may do anything.
    pub is_active: bool,
    /// Whether the user may administrate others.
    pub is_superuser: bool,
}

/// A row whose email or username is stored already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConflict {
    /// The row's place in the input.
    pub index: usize,
    /// Whether its email is taken.
    pub email: bool,
    /// Whether its username is taken.
    pub username: bool,
}

/// All rows or none.
pub struct InsertUsers<'r> {
    /// The users, in request order.
    pub rows: &'r [InsertRow],
}

/// What became of [`InsertUsers`].
#[derive(Debug)]
pub enum Inserted {
    /// All rows are stored; in request order.
    All(Vec<User>),
    /// None is, because these meet stored rows.
    Conflicts(Vec<StoredConflict>),
}

impl Query for InsertUsers<'_> {
    type Output = Ending<Inserted>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Inserted>, sqlx::Error> {
        let mut inserted = insert(connection, self.rows).await?;
        let ids: Vec<_> = inserted.values().map(|user| user.id).collect();
        let users: Vec<_> = self
            .rows
            .iter()
            .filter_map(|row| inserted.remove(&row.username))
            .collect();
        if users.len() == self.rows.len() {
            return Ok(Ending::Commit(Inserted::All(users)));
        }
        let conflicts = stored_conflicts(connection, self.rows, &ids).await?;
        Ok(Ending::RollBack(Inserted::Conflicts(conflicts)))
    }
}

/// Inserts the rows that meet no stored one, in one statement, and returns them by username.
///
/// A row that meets another transaction's uncommitted one waits for the outcome. Rows are inserted
/// in the order of their email, so that two imports of the same users wait for each other instead
/// of deadlocking.
async fn insert(
    connection: &mut PgConnection,
    rows: &[InsertRow],
) -> Result<HashMap<String, User>, sqlx::Error> {
    let mut emails = Vec::with_capacity(rows.len());
    let mut usernames = Vec::with_capacity(rows.len());
    let mut full_names = Vec::with_capacity(rows.len());
    let mut password_hashes = Vec::with_capacity(rows.len());
    let mut are_active = Vec::with_capacity(rows.len());
    let mut are_superusers = Vec::with_capacity(rows.len());
    for row in rows {
        // Destructured by name, so that a new field cannot be forgotten here.
        let InsertRow {
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
        are_active.push(*is_active);
        are_superusers.push(*is_superuser);
    }
    let inserted: Vec<User> = sqlx::query_as(
        r#"INSERT INTO users (
             email,
             username,
             full_name,
             password_hash,
             is_active,
             is_superuser
         )
         SELECT
             email,
             username,
             full_name,
             password_hash,
             is_active,
             is_superuser
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
         )
         ORDER BY lower(email COLLATE "und-x-icu") COLLATE "C"
         ON CONFLICT DO NOTHING
         RETURNING
             id::bigint AS id,
             email,
             username,
             full_name,
             is_active,
             is_superuser,
             created_at,
             updated_at"#,
    )
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
        .map(|user| (user.username.clone(), user))
        .collect())
}

/// Which of the rows meet a stored one, other than the `inserted` ones.
async fn stored_conflicts(
    connection: &mut PgConnection,
    rows: &[InsertRow],
    inserted: &[i64],
) -> Result<Vec<StoredConflict>, sqlx::Error> {
    let emails: Vec<_> = rows.iter().map(|row| row.email.as_str()).collect();
    let usernames: Vec<_> = rows.iter().map(|row| row.username.as_str()).collect();
    let conflicts: Vec<(i64, bool, bool)> = sqlx::query_as(
        r#"SELECT
             input.position,
             by_email.id IS NOT NULL,
             by_username.id IS NOT NULL
         FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY AS input (email, username, position)
         LEFT JOIN users AS by_email
             ON lower(by_email.email COLLATE "und-x-icu") COLLATE "C"
              = lower(input.email COLLATE "und-x-icu") COLLATE "C"
             AND by_email.id <> ALL ($3::bigint[])
         LEFT JOIN users AS by_username
             ON lower(by_username.username COLLATE "und-x-icu") COLLATE "C"
              = lower(input.username COLLATE "und-x-icu") COLLATE "C"
             AND by_username.id <> ALL ($3::bigint[])
         WHERE by_email.id IS NOT NULL
             OR by_username.id IS NOT NULL
         ORDER BY input.position"#,
    )
    .bind(emails)
    .bind(usernames)
    .bind(inserted)
    .fetch_all(connection)
    .await?;
    let conflicts = conflicts
        .into_iter()
        .map(|(position, email, username)| StoredConflict {
            index: usize::try_from(position - 1).unwrap_or(0),
            email,
            username,
        });
    Ok(conflicts.collect())
}
