//! The first superuser, whom no superuser can create.

use sqlx::PgConnection;

use crate::platform::database::{Query, Refusal};

/// Makes the user with this email an active superuser, and returns the id if there is one.
pub struct Promote<'e> {
    /// Compared without regard to case.
    pub email: &'e str,
}

impl Query for Promote<'_> {
    type Output = Option<i64>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar(
            r#"UPDATE users
             SET
                 is_active = TRUE,
                 is_superuser = TRUE,
                 updated_at = now()
             WHERE lower(email COLLATE "und-x-icu") COLLATE "C"
                 = lower($1 COLLATE "und-x-icu") COLLATE "C"
             RETURNING id::bigint"#,
        )
        .bind(self.email)
        .fetch_optional(connection)
        .await
    }
}

/// Adds a superuser without a password.
pub struct InsertSuperuser<'u> {
    /// The address as it was given.
    pub email: &'u str,
    /// The name as it was given.
    pub username: &'u str,
    /// A name for people.
    pub full_name: Option<&'u str>,
}

/// What became of an [`InsertSuperuser`].
#[derive(Debug, Clone, Copy)]
pub enum Inserted {
    /// The new user's id.
    As(i64),
    /// Somebody has the email or the username.
    Taken,
    /// The table, which another application made, has a rule that refuses such a user, or asks for a value
    /// that is missing.
    ConstraintViolation,
}

impl Query for InsertSuperuser<'_> {
    type Output = Inserted;

    async fn run(&self, connection: &mut PgConnection) -> Result<Inserted, sqlx::Error> {
        let inserted = sqlx::query_scalar(
            "INSERT INTO users (
                 email,
                 username,
                 full_name,
                 is_active,
                 is_superuser,
                 created_at,
                 updated_at
             )
             VALUES ($1, $2, $3, TRUE, TRUE, now(), now())
             ON CONFLICT DO NOTHING
             RETURNING id::bigint",
        )
        .bind(self.email)
        .bind(self.username)
        .bind(self.full_name)
        .fetch_optional(connection)
        .await;
        match inserted {
            Ok(Some(id)) => Ok(Inserted::As(id)),
            Ok(None) => Ok(Inserted::Taken),
            Err(error) if Refusal::of(&error).is_some() => Ok(Inserted::ConstraintViolation),
            Err(error) => Err(error),
        }
    }
}
