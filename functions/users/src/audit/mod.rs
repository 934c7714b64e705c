//! `GET /api/v1/audit` and `GET /api/v1/users/{id}/history`: who did what to whom.

mod cursor;
mod entry;
#[cfg(feature = "openapi")]
mod openapi;
mod parameters;

use lambda_http::http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use shared::{
    platform::{
        database::{OnAmbiguousCommit, TransactionOutcome},
        error::Error,
        http::{
            response::{self, Response},
            router::{Access, Route},
        },
        request_context::RequestContext,
    },
    store::audit::{self, Action, LogEntry, LogFilter, NewEntry},
    users::{CursorError, Direction, SortOrder},
};

#[cfg(feature = "openapi")]
pub(crate) use self::openapi::describe;
use self::{cursor::LogCursor, entry::EntryBody, parameters::LogQuery};
use crate::{Users, refusals};

pub(crate) const LOG: Route<Users> = Route {
    method: Method::GET,
    path: "/api/v1/audit",
    access: Access::Superuser,
    handler: |function, context| {
        Box::pin(async {
            let query = parameters::of_log(
                &context.request,
                function.state.config.users_table.id_kind(),
            )?;
            answer(function, context, &query).await
        })
    },
};

pub(crate) const HISTORY: Route<Users> = Route {
    method: Method::GET,
    path: "/api/v1/users/{id}/history",
    access: Access::Superuser,
    handler: |function, context| {
        Box::pin(async {
            let id = refusals::target(function, context)?;
            let query = parameters::of_history(&context.request, id)?;
            answer(function, context, &query).await
        })
    },
};

/// A page of entries and how to get to the others.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AuditLog))]
struct LogBody {
    /// The entries, in order.
    items: Vec<EntryBody>,
    /// Where to go on. In descending order `null` at the end; in ascending order never, because more may come.
    next_cursor: Option<String>,
    /// Where to go back to; `null` at the beginning.
    prev_cursor: Option<String>,
}

async fn answer(
    function: &Users,
    context: &RequestContext,
    query: &LogQuery,
) -> Result<Response, Error> {
    refusals::require_log(function)?;
    let entries = match query.cursor {
        Some(cursor) => go_on(function, context, query, cursor).await?,
        None => begin(function, context, query).await?,
    };
    response::json(StatusCode::OK, &page(query, entries))
}

/// The first page of a walk. Who reads the log is in the log.
async fn begin(
    function: &Users,
    context: &RequestContext,
    query: &LogQuery,
) -> Result<Vec<LogEntry>, Error> {
    let entry = &NewEntry {
        action: Action::ReadLog,
        refusal: None,
        target_id: query.filter.target,
        after: query.said(),
    };
    let LogQuery {
        filter,
        order,
        size,
        ..
    } = query;
    function
        .state
        .database
        .transaction(
            &context.deadline,
            context.actor()?,
            OnAmbiguousCommit::TryAgain,
            |mut tx| async move {
                let found = async {
                    let found = audit::find(&mut tx, filter, *order, None, size + 1).await?;
                    audit::insert(&mut tx, entry).await?;
                    Ok(TransactionOutcome::Commit(found))
                };
                (found.await, tx)
            },
        )
        .await
}

async fn go_on(
    function: &Users,
    context: &RequestContext,
    query: &LogQuery,
    cursor: LogCursor,
) -> Result<Vec<LogEntry>, Error> {
    let order = query.order_towards(cursor.direction);
    let limit = query.size + 1;
    let (filter, beyond) = (&query.filter, cursor.position);
    let (found, is_misplaced) = function
        .state
        .database
        .read(&context.deadline, |mut lease| async move {
            let found = async {
                let found = audit::find(&mut lease, filter, order, Some(beyond), limit).await?;
                let is_misplaced =
                    found.is_empty() && audit::is_from_another_server(&mut lease, beyond).await?;
                Ok((found, is_misplaced))
            };
            (found.await, lease)
        })
        .await?;
    if is_misplaced {
        return Err(Error::invalid_request(
            "Parameter cursor is from before the database was restored; begin again, with from",
        ));
    }
    Ok(found)
}

/// Puts what was found in the order of the walk. One entry more than a page has tells that there are more.
fn page(query: &LogQuery, mut entries: Vec<LogEntry>) -> LogBody {
    let direction = query
        .cursor
        .map_or(Direction::Next, |cursor| cursor.direction);
    let size = usize::try_from(query.size).unwrap_or(usize::MAX);
    let has_more = entries.len() > size;
    entries.truncate(size);
    if direction == Direction::Previous {
        entries.reverse();
    }
    let beside = |entry: Option<&LogEntry>, direction| {
        let position = entry.map(LogEntry::position);
        let position = position.or(query.cursor.map(|cursor| cursor.position))?;
        let cursor = LogCursor {
            direction,
            position,
        };
        Some(cursor.encode(query))
    };
    let next = beside(entries.last(), Direction::Next);
    let previous = beside(entries.first(), Direction::Previous);
    let goes_back = direction == Direction::Previous;
    let (has_next, has_previous) = match query.order {
        SortOrder::Ascending => (
            true,
            if goes_back {
                has_more
            } else {
                query.cursor.is_some()
            },
        ),
        // New entries come at the beginning.
        SortOrder::Descending => (goes_back || has_more, true),
    };
    LogBody {
        items: entries.into_iter().map(EntryBody::from).collect(),
        next_cursor: next.filter(|_| has_next),
        prev_cursor: previous.filter(|_| has_previous),
    }
}

/// The answer to a cursor that does not fit.
fn bad_cursor(error: CursorError) -> Error {
    Error::invalid_request(error.to_string())
}

impl LogQuery {
    /// What the reader asked for, for the log.
    fn said(&self) -> Option<Value> {
        let LogFilter { actor, action, .. } = &self.filter;
        let mut said = serde_json::Map::new();
        if let Some(actor) = actor {
            said.insert("actor".to_owned(), actor.to_string().into());
        }
        if let Some(action) = action {
            said.insert("action".to_owned(), action.as_str().into());
        }
        (!said.is_empty()).then_some(Value::Object(said))
    }
}
