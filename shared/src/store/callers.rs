//! Who is calling.

use sqlx::PgConnection;

use crate::platform::{auth::Rights, user_id::UserId};

/// Finds the rights of one user, or `None` if there is no such user.
pub async fn find_rights(
    connection: &mut PgConnection,
    id: UserId,
) -> Result<Option<Rights>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             is_active,
             is_superuser
         FROM users
         WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}
