//! What a user may do.

use lambda_http::BoxFuture;

use super::subject::SubjectKey;
use crate::platform::{
    database::reader::Reader, deadline::Deadline, error::Error, user_id::UserId,
};

/// What a user's row says about their rights now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Rights {
    /// Whether the user may do anything at all.
    pub is_active: bool,
    /// Whether the user may administrate others.
    pub is_superuser: bool,
}

/// A user who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Caller {
    /// The id.
    pub id: UserId,
    /// What the user may do.
    #[sqlx(flatten)]
    pub rights: Rights,
}

/// Looks up a user, or `None` if there is no such user. The platform does not know the table, so the caller passes the query.
pub type FindRights = for<'a> fn(
    &'a Reader,
    &'a SubjectKey,
    &'a Deadline,
) -> BoxFuture<'a, Result<Option<Caller>, Error>>;
