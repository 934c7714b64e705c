//! An entry of the log as callers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::{store::audit::LogEntry, users::UserId};

/// An entry of the log.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AuditEntry))]
pub(super) struct EntryBody {
    /// The key.
    id: i64,
    /// When the change began.
    occurred_at: DateTime<Utc>,
    /// What was done: `user.create`, for example.
    action: String,
    /// The code of the error that refused it; `null` if it was done.
    refusal: Option<String>,
    /// Who did it.
    actor: ActorBody,
    /// To whom; `null` if it was nobody, or many.
    target: Option<TargetBody>,
    /// Changed fields as they were; all of them if the user was deleted. Never a password.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    before: Option<Value>,
    /// Changed fields as they became, or numbers of what was done to many. Of a password, that it was changed.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    after: Option<Value>,
    /// Where the request came from.
    source_address: Option<String>,
    /// The id under which the request is in the log of the function.
    request_id: Option<String>,
    /// The transaction that wrote it. All that one request did to many users has the same number.
    transaction: i64,
    /// Whether it is one of many, of which another entry of the same transaction tells more.
    is_row: bool,
}

/// Who did it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AuditActor))]
struct ActorBody {
    /// `user`, or `operator` for somebody who called `migrate`.
    kind: String,
    /// The user, if it was one.
    id: Option<UserId>,
    /// What the user is called now; `null` if there is none any more.
    username: Option<String>,
}

/// To whom it was done.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AuditTarget))]
struct TargetBody {
    /// The user.
    id: UserId,
    /// What the user is called now; `null` if there is none any more.
    username: Option<String>,
}

impl From<LogEntry> for EntryBody {
    fn from(entry: LogEntry) -> Self {
        let LogEntry {
            id,
            transaction_id,
            occurred_at,
            action,
            refusal,
            actor_kind,
            actor_id,
            actor_username,
            target_id,
            target_username,
            before,
            after,
            source_address,
            request_id,
            is_row,
        } = entry;
        Self {
            id,
            occurred_at,
            action,
            refusal,
            actor: ActorBody {
                kind: actor_kind,
                id: actor_id,
                username: actor_username,
            },
            target: target_id.map(|id| TargetBody {
                id,
                username: target_username,
            }),
            before,
            after,
            source_address,
            request_id,
            transaction: transaction_id,
            is_row,
        }
    }
}
