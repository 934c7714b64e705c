//! The query parameters of a list.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lambda_http::Request;
use serde_json::{Map, Value};
use shared::{
    platform::{config::UsersTable, error::Error, http::query::QueryParameters},
    users::{
        CountMode, Cursor, ExactValue, Filter, ListQuery, Position, SearchTerm, Sort, SortBy,
        SortOrder, UserId, UserIdKind, trimmed,
    },
};

pub(crate) const DEFAULT_SIZE: u32 = 50;
pub(crate) const MAX_SIZE: u32 = 100;

/// A page by number costs a walk over everything before it; cursors cost the same at any depth.
pub(crate) const MAX_DEPTH: u32 = 10_000;

/// How many users a search looks at one by one, in some 35 pages of an index.
const SCAN_LIMIT: u32 = 2_000;

/// As many users as a page may have.
pub(crate) const MAX_IDS: usize = 100;

/// The parameters that decide which users a list has.
pub(crate) const FILTERS: &[&str] = &[
    "is_active",
    "is_superuser",
    "search",
    "email",
    "username",
    "id",
    "created_from",
    "created_to",
];

/// Those that may be given more than once.
const LISTS: &[&str] = &["id"];

const ALLOWED: &[&str] = &[
    "is_active",
    "is_superuser",
    "search",
    "email",
    "username",
    "id",
    "created_from",
    "created_to",
    "sort_by",
    "sort_order",
    "page",
    "size",
    "cursor",
    "count",
];

/// What `sort_by` may be in rollcall's own table, the default first.
pub(crate) const SORT_KEYS: &[(&str, SortBy)] = &[
    ("created_at", SortBy::CreatedAt),
    ("username", SortBy::Username),
    ("email", SortBy::Email),
];

/// What `sort_order` may be.
pub(crate) const SORT_ORDERS: &[(&str, SortOrder)] = &[
    ("asc", SortOrder::Ascending),
    ("desc", SortOrder::Descending),
];

/// What `count` may be.
pub(crate) const COUNTS: &[(&str, CountMode)] = &[
    ("exact", CountMode::Exact),
    ("capped", CountMode::Capped),
    ("none", CountMode::None),
];

/// Reads all parameters; the first that is wrong is the error.
pub(crate) fn parse(request: &Request, table: &UsersTable) -> Result<ListQuery, Error> {
    let parameters = with_lists(request, ALLOWED)?;
    let sort_keys = sort_keys(table);
    let filter = filter(&parameters, table)?;
    let sort = Sort {
        by: parameters
            .one_of("sort_by", &sort_keys)?
            .unwrap_or(sort_keys[0].1),
        order: parameters
            .one_of("sort_order", SORT_ORDERS)?
            .unwrap_or(SortOrder::Descending),
    };
    refuse_what_no_index_serves(&filter, sort)?;
    let count = parameters
        .one_of("count", COUNTS)?
        .unwrap_or(CountMode::Capped);
    let size = parameters
        .whole_number("size", 1..=MAX_SIZE)?
        .unwrap_or(DEFAULT_SIZE);
    Ok(ListQuery {
        position: position(&parameters, &filter, sort, size, table.id_kind())?,
        size,
        filter,
        sort,
        count,
        scan_limit: SCAN_LIMIT,
    })
}

/// Reads a filter from a JSON object with the names of these parameters.
pub(crate) fn filter_of(object: &Map<String, Value>, table: &UsersTable) -> Result<Filter, Error> {
    let parameters = QueryParameters::from_json(object, FILTERS, LISTS)?;
    filter_without_order(&parameters, table)
}

/// The parameters of a request, of which some are lists.
pub(crate) fn with_lists(
    request: &Request,
    allowed: &'static [&'static str],
) -> Result<QueryParameters, Error> {
    QueryParameters::parse_with_lists(request, allowed, LISTS)
}

/// Reads a filter where users are in no order of the caller's.
pub(crate) fn filter_without_order(
    parameters: &QueryParameters,
    table: &UsersTable,
) -> Result<Filter, Error> {
    let filter = filter(parameters, table)?;
    let sort = Sort {
        by: SortBy::CreatedAt,
        order: SortOrder::Descending,
    };
    refuse_what_no_index_serves(&filter, sort)?;
    Ok(filter)
}

fn filter(parameters: &QueryParameters, table: &UsersTable) -> Result<Filter, Error> {
    let filter = Filter {
        is_active: parameters.flag("is_active")?,
        is_superuser: parameters.flag("is_superuser")?,
        search: text(parameters, "search", SearchTerm::parse)?,
        email: text(parameters, "email", ExactValue::parse)?,
        username: text(parameters, "username", ExactValue::parse)?,
        ids: ids(parameters, table.id_kind())?,
        created_from: time(parameters, "created_from")?,
        created_to: time(parameters, "created_to")?,
    };
    refuse_what_the_table_lacks(&filter, table)?;
    Ok(filter)
}

/// What users can be ordered by in this table, the default first.
fn sort_keys(table: &UsersTable) -> Vec<(&'static str, SortBy)> {
    let Some(mapping) = table.mapping() else {
        return SORT_KEYS.to_vec();
    };
    let mut keys = SORT_KEYS.to_vec();
    keys.retain(|(_, by)| *by != SortBy::Username || mapping.username.is_some());
    if mapping.created_at.is_none() {
        keys[0] = ("id", SortBy::Id);
    }
    keys
}

/// A text that is more than white space.
fn text<T>(
    parameters: &QueryParameters,
    name: &'static str,
    parse: fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Error> {
    parameters
        .text(name)
        .filter(|text| !trimmed(text).is_empty())
        .map(|text| {
            parse(text)
                .map_err(|rule| Error::invalid_request(format!("Parameter {name} must {rule}")))
        })
        .transpose()
}

/// Ids in order, each once. An empty one is absent.
fn ids(parameters: &QueryParameters, id_kind: UserIdKind) -> Result<Option<Vec<UserId>>, Error> {
    let Some(text) = parameters.text("id") else {
        return Ok(None);
    };
    let ids: Option<Vec<_>> = text
        .split(',')
        .filter(|id| !id.is_empty())
        .map(|id| UserId::parse(id, id_kind))
        .collect();
    match ids {
        Some(ids) if ids.is_empty() => Ok(None),
        Some(ids) if ids.len() <= MAX_IDS => {
            let once: BTreeSet<_> = ids.into_iter().collect();
            Ok(Some(once.into_iter().collect()))
        }
        _ => Err(Error::invalid_request(format!(
            "Parameter id must be the id of a user, or up to {MAX_IDS} ids"
        ))),
    }
}

/// An instant; a date is its beginning in UTC.
fn time(parameters: &QueryParameters, name: &'static str) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(text) = parameters.text(name) else {
        return Ok(None);
    };
    let instant = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_rfc3339(&format!("{text}T00:00:00Z")));
    match instant {
        Ok(time) => Ok(Some(time.to_utc())),
        Err(_) => Err(Error::invalid_request(format!(
            "Parameter {name} must be a date or an instant, such as 2026-01-31 or 2026-01-31T12:00:00Z; the + of \
             an offset is written %2B"
        ))),
    }
}

/// Refuses to look for what the table of another application does not have.
fn refuse_what_the_table_lacks(filter: &Filter, table: &UsersTable) -> Result<(), Error> {
    let has_username = table
        .mapping()
        .is_none_or(|mapping| mapping.username.is_some());
    if filter.username.is_some() && !has_username {
        return Err(Error::invalid_request(
            "Parameter username is not available: the users of this table have no username",
        ));
    }
    if filter.has_range() && !table.has_created_at() {
        return Err(Error::invalid_request(
            "Parameters created_from and created_to are not available: this table does not say when users were \
             created",
        ));
    }
    Ok(())
}

/// Refuses what would read more of the table than it gives, and names all of it. A user who is looked up may be
/// filtered by anything but a search.
fn refuse_what_no_index_serves(filter: &Filter, sort: Sort) -> Result<(), Error> {
    let given = |names: &[(&'static str, bool)]| {
        let names = names.iter().filter(|(_, is_given)| *is_given);
        names.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    let look_ups = [
        ("email", filter.email.is_some()),
        ("username", filter.username.is_some()),
        ("id", filter.ids.is_some()),
    ];
    let times = [
        ("created_from", filter.created_from.is_some()),
        ("created_to", filter.created_to.is_some()),
    ];
    let mut problems = Vec::new();
    if filter.search.is_some() && (filter.is_look_up() || filter.has_range()) {
        let others = given(&[look_ups.as_slice(), &times].concat());
        problems.push(format!("search does not combine with {others}"));
    }
    if filter.has_range() && !filter.is_look_up() && sort.by != SortBy::CreatedAt {
        problems.push(format!("sort_by must be created_at with {}", given(&times)));
    }
    if let (Some(from), Some(to)) = (filter.created_from, filter.created_to)
        && from > to
    {
        problems.push("created_from must not be after created_to".to_owned());
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::invalid_request(format!(
        "Parameters do not fit together: {}",
        problems.join("; ")
    )))
}

fn position(
    parameters: &QueryParameters,
    filter: &Filter,
    sort: Sort,
    size: u32,
    id_kind: UserIdKind,
) -> Result<Position, Error> {
    let page = parameters.whole_number("page", 1..=MAX_DEPTH)?;
    match (parameters.text("cursor"), page) {
        (Some(_), Some(_)) => Err(Error::invalid_request(
            "Parameters page and cursor are mutually exclusive",
        )),
        (Some(text), None) => match Cursor::decode(text, filter, sort, id_kind) {
            Ok(cursor) => Ok(Position::Cursor(cursor)),
            Err(error) => Err(Error::invalid_request(error.to_string())),
        },
        (None, Some(page)) if u64::from(page) * u64::from(size) > u64::from(MAX_DEPTH) => {
            Err(Error::invalid_request(format!(
                "Parameter page may reach at most {MAX_DEPTH} users deep, which is page {} at this size; continue with the next_cursor of an earlier page",
                MAX_DEPTH / size
            )))
        }
        (None, page) => Ok(Position::Page(page.unwrap_or(1))),
    }
}
