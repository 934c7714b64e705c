//! Who is calling.

use sqlx::PgConnection;
use users_table::text_key_of;

use crate::platform::auth::{Caller, SubjectKey};

/// Finds the user whom a token names, or `None` if there is no such user, or more than one.
pub async fn find(
    connection: &mut PgConnection,
    subject: &SubjectKey,
) -> Result<Option<Caller>, sqlx::Error> {
    let is_named = |column| format!("{} = {}", text_key_of(column), text_key_of("$1"));
    let (condition, text) = match subject {
        SubjectKey::Id(id) => ("users.id = $1::user_id".to_owned(), id.to_string()),
        SubjectKey::Email(email) => (is_named("users.email"), email.clone()),
        SubjectKey::Username(username) => (is_named("users.username"), username.clone()),
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
