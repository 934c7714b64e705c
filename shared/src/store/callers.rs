//! Who is calling.

use sqlx::PgConnection;

use crate::platform::database::Query;

/// What a caller's row says about their rights now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct CallerRow {
    /// Whether the user may do anything at all.
    pub is_active: bool,
    /// Whether the user may administrate others.
    pub is_superuser: bool,
}

/// The flags of one user, or `None` if there is no such user.
pub struct FindCaller {
    /// `users.id`.
    pub user_id: i64,
}

impl Query for FindCaller {
    type Output = Option<CallerRow>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Option<CallerRow>, sqlx::Error> {
        sqlx::query_as(
            "SELECT
                 is_active,
                 is_superuser
             FROM users
             WHERE id = $1",
        )
        .bind(self.user_id)
        .fetch_optional(connection)
        .await
    }
}
