//! Who is calling.

use sqlx::PgConnection;

use crate::platform::auth::{Caller, SubjectKey};

/// Finds the user whom a token names, or `None` if there is no such user, or more than one.
pub async fn find(
    connection: &mut PgConnection,
    subject: &SubjectKey,
) -> Result<Option<Caller>, sqlx::Error> {
    let (condition, text) = match subject {
        SubjectKey::Id(id) => ("users.id = $1::user_id", id.to_string()),
        SubjectKey::Email(email) => (
            r#"lower(users.email COLLATE "und-x-icu") COLLATE "C"
             = lower($1 COLLATE "und-x-icu") COLLATE "C""#,
            email.clone(),
        ),
        SubjectKey::Username(username) => (
            r#"lower(users.username COLLATE "und-x-icu") COLLATE "C"
             = lower($1 COLLATE "und-x-icu") COLLATE "C""#,
            username.clone(),
        ),
    };
    let statement = format!(
        "SELECT
             users.id::user_id AS id,
             is_active,
             is_superuser
         FROM users
         WHERE {condition}
         LIMIT 2"
    );
    let mut found: Vec<Caller> = sqlx::query_as(&statement)
        .bind(text)
        .fetch_all(connection)
        .await?;
    Ok(found.pop().filter(|_| found.is_empty()))
}
