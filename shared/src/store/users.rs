//! Users, one at a time.

use sqlx::PgConnection;

use super::USER_COLUMNS;
use crate::users::{User, UserId};

/// Finds a user, or `None` if nobody has the id.
pub async fn find(connection: &mut PgConnection, id: UserId) -> Result<Option<User>, sqlx::Error> {
    sqlx::query_as(&format!(
        "SELECT {USER_COLUMNS} FROM users WHERE users.id = $1::user_id"
    ))
    .bind(id)
    .fetch_optional(connection)
    .await
}
