//! The query parameters of the log.

use chrono::{DateTime, Utc};
use lambda_http::Request;
use shared::{
    platform::{error::Error, http::query::QueryParameters},
    store::audit::{Action, LogFilter},
    users::{Direction, SortOrder, UserId, UserIdKind},
};

use super::{bad_cursor, cursor::LogCursor};
use crate::parameters::SORT_ORDERS;

pub(super) const DEFAULT_SIZE: u32 = 50;
pub(super) const MAX_SIZE: u32 = 100;

/// As long as ids of requests may be anywhere.
pub(super) const MAX_REQUEST_ID: usize = 128;

const OF_LOG: &[&str] = &[
    "actor",
    "target",
    "action",
    "refused",
    "request_id",
    "transaction",
    "rows",
    "from",
    "to",
    "sort_order",
    "size",
    "cursor",
];

const OF_HISTORY: &[&str] = &["from", "to", "sort_order", "size", "cursor"];

/// Which entries, in which order.
#[derive(Debug)]
pub(super) struct LogQuery {
    pub(super) filter: LogFilter,
    pub(super) order: SortOrder,
    pub(super) size: u32,
    pub(super) cursor: Option<LogCursor>,
}

impl LogQuery {
    /// The order in which entries are met on the way.
    pub(super) fn order_towards(&self, direction: Direction) -> SortOrder {
        match (self.order, direction) {
            (order, Direction::Next) => order,
            (SortOrder::Ascending, Direction::Previous) => SortOrder::Descending,
            (SortOrder::Descending, Direction::Previous) => SortOrder::Ascending,
        }
    }
}

pub(super) fn of_log(request: &Request, id_kind: UserIdKind) -> Result<LogQuery, Error> {
    let parameters = QueryParameters::parse(request, OF_LOG)?;
    let actions = Action::ALL.map(|action| (action.name(), action));
    let action = parameters.one_of("action", &actions)?;
    let target = user_id(&parameters, "target", id_kind)?;
    let transaction_id = transaction(&parameters)?;
    let has_rows = parameters.flag("rows")?;
    let request_id = parameters.text("request_id");
    if request_id.is_some_and(|id| id.chars().count() > MAX_REQUEST_ID || id.contains('\0')) {
        return Err(Error::invalid_request(format!(
            "Parameter request_id must be the id of a request, of at most {MAX_REQUEST_ID} characters"
        )));
    }
    let filter = LogFilter {
        actor: user_id(&parameters, "actor", id_kind)?,
        target,
        action: action.map(|action| action.name().to_owned()),
        is_refused: parameters.flag("refused")?,
        request_id: request_id.map(str::to_owned),
        transaction_id,
        from: time(&parameters, "from")?,
        to: time(&parameters, "to")?,
        has_rows: has_rows.unwrap_or(target.is_some() || transaction_id.is_some()),
    };
    with_filter(&parameters, filter)
}

pub(super) fn of_history(request: &Request, target: UserId) -> Result<LogQuery, Error> {
    let parameters = QueryParameters::parse(request, OF_HISTORY)?;
    let filter = LogFilter {
        target: Some(target),
        from: time(&parameters, "from")?,
        to: time(&parameters, "to")?,
        has_rows: true,
        ..LogFilter::default()
    };
    with_filter(&parameters, filter)
}

fn with_filter(parameters: &QueryParameters, filter: LogFilter) -> Result<LogQuery, Error> {
    let order = parameters.one_of("sort_order", SORT_ORDERS)?;
    let size = parameters.whole_number("size", 1..=MAX_SIZE)?;
    let mut query = LogQuery {
        filter,
        order: order.unwrap_or(SortOrder::Descending),
        size: size.unwrap_or(DEFAULT_SIZE),
        cursor: None,
    };
    if let Some(text) = parameters.text("cursor") {
        let cursor = LogCursor::decode(text, &query).map_err(bad_cursor)?;
        query.cursor = Some(cursor);
    }
    Ok(query)
}

fn user_id(
    parameters: &QueryParameters,
    name: &'static str,
    id_kind: UserIdKind,
) -> Result<Option<UserId>, Error> {
    let Some(text) = parameters.text(name) else {
        return Ok(None);
    };
    let id = UserId::parse(text, id_kind).ok_or_else(|| {
        Error::invalid_request(format!("Parameter {name} must be the id of a user"))
    })?;
    Ok(Some(id))
}

fn transaction(parameters: &QueryParameters) -> Result<Option<i64>, Error> {
    let text = parameters.text("transaction");
    let number = text.map(str::parse).transpose();
    number.map_err(|_| {
        Error::invalid_request(
            "Parameter transaction must be the transaction of an entry, a whole number",
        )
    })
}

fn time(parameters: &QueryParameters, name: &'static str) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(text) = parameters.text(name) else {
        return Ok(None);
    };
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(Some(time.to_utc())),
        Err(_) => Err(Error::invalid_request(format!(
            "Parameter {name} must be a time with its offset, such as 2026-01-31T12:00:00Z"
        ))),
    }
}
