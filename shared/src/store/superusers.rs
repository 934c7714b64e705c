//! The first superuser, whom no superuser can create.

use sqlx::PgConnection;
use users_table::text_key_of;

use super::{
    audit,
    mapping::{UserWrites, WrittenColumns},
};
use crate::platform::{config::ExtraFields, database::refusal, user_id::UserId};

/// Makes the user with this email, compared without regard to case, an active superuser, and returns the id
/// if there is one.
pub async fn promote(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    email: &str,
) -> Result<Option<UserId>, sqlx::Error> {
    let written = writes.update(&[
        ("is_active", "TRUE"),
        ("is_superuser", "TRUE"),
        ("updated_at", "now()"),
    ]);
    let (before, after) = (audit::of("stored."), audit::of("changed."));
    sqlx::query_scalar(&format!(
        "WITH stored AS MATERIALIZED (
             SELECT *
             FROM users
             WHERE {} = {}
             FOR UPDATE
         ),
         changed AS (
             UPDATE users
             SET
                 {}
             FROM stored
             WHERE users.id = stored.id
             RETURNING users.*
         ),
         audited AS (
             INSERT INTO user_audit (action, actor_kind, target_id, before, after)
             SELECT
                 'user.update',
                 'operator',
                 changed.id,
                 {},
                 {}
             FROM stored
             JOIN changed ON changed.id = stored.id
         )
         SELECT id::user_id FROM changed",
        text_key_of("email"),
        text_key_of("$1"),
        written.assignments(),
        audit::difference(&before, &after, ExtraFields::NONE),
        audit::difference(&after, &before, ExtraFields::NONE),
    ))
    .bind(email)
    .fetch_optional(connection)
    .await
}

/// A superuser to insert.
#[derive(Debug, Clone, Copy)]
pub struct NewSuperuser<'u> {
    /// The address as it was given.
    pub email: &'u str,
    /// The name as it was given.
    pub username: Option<&'u str>,
    /// A name for people.
    pub full_name: Option<&'u str>,
}

/// What became of a [`NewSuperuser`].
#[derive(Debug, Clone, Copy)]
pub enum Inserted {
    /// The new user's id.
    As(UserId),
    /// Somebody has the email or the username.
    Taken,
    /// The table, which another application made, has a rule that refuses such a user, or asks for a value
    /// that is missing.
    ConstraintViolation,
}

/// Inserts a superuser without a password.
pub async fn insert_superuser(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    user: &NewSuperuser<'_>,
) -> Result<Inserted, sqlx::Error> {
    let WrittenColumns { columns, values } = writes.insert(&[
        ("email", "$1"),
        ("username", "$2"),
        ("full_name", "$3"),
        ("password_hash", "NULL"),
        ("is_active", "TRUE"),
        ("is_superuser", "TRUE"),
        ("created_at", "now()"),
        ("updated_at", "now()"),
    ]);
    let inserted = sqlx::query_scalar(&format!(
        "WITH inserted AS (
             INSERT INTO users ({})
             SELECT {}
             ON CONFLICT DO NOTHING
             RETURNING *
         ),
         audited AS (
             INSERT INTO user_audit (action, actor_kind, target_id, after)
             SELECT 'user.create', 'operator', id, {}
             FROM inserted
         )
         SELECT id::user_id FROM inserted",
        columns.join(", "),
        values.join(", "),
        audit::image("inserted", ExtraFields::NONE)
    ))
    .bind(user.email)
    .bind(user.username)
    .bind(user.full_name)
    .fetch_optional(connection)
    .await;
    match inserted {
        Ok(Some(id)) => Ok(Inserted::As(id)),
        Ok(None) => Ok(Inserted::Taken),
        Err(error) if refusal(&error).is_some() => Ok(Inserted::ConstraintViolation),
        Err(error) => Err(error),
    }
}
