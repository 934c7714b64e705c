//! The query parameters of a list.

use lambda_http::Request;
use shared::{
    platform::{error::Error, http::query::QueryParameters},
    users::{
        CountMode, Cursor, Filter, ListQuery, Position, SearchTerm, Sort, SortBy, SortOrder,
        trimmed,
    },
};

pub(crate) const DEFAULT_SIZE: u32 = 50;
pub(crate) const MAX_SIZE: u32 = 100;

/// A page by number costs a walk over everything before it; cursors cost the same at any depth.
pub(crate) const MAX_DEPTH: u32 = 10_000;

/// A search looks at so many users one by one, in some 170 pages of an index.
const SCAN_LIMIT: u32 = 10_000;

const ALLOWED: &[&str] = &[
    "is_active",
    "is_superuser",
    "search",
    "sort_by",
    "sort_order",
    "page",
    "size",
    "cursor",
    "count",
];

/// What `sort_by` may be.
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
pub(crate) fn parse(request: &Request) -> Result<ListQuery, Error> {
    let parameters = QueryParameters::parse(request, ALLOWED)?;
    let filter = Filter {
        is_active: parameters.flag("is_active")?,
        is_superuser: parameters.flag("is_superuser")?,
        search: search(&parameters)?,
    };
    let sort = Sort {
        by: parameters
            .one_of("sort_by", SORT_KEYS)?
            .unwrap_or(SortBy::CreatedAt),
        order: parameters
            .one_of("sort_order", SORT_ORDERS)?
            .unwrap_or(SortOrder::Descending),
    };
    let count = parameters
        .one_of("count", COUNTS)?
        .unwrap_or(CountMode::Capped);
    let size = parameters
        .whole_number("size", 1..=MAX_SIZE)?
        .unwrap_or(DEFAULT_SIZE);
    Ok(ListQuery {
        position: position(&parameters, &filter, sort, size)?,
        size,
        filter,
        sort,
        count,
        scan_limit: SCAN_LIMIT,
    })
}

fn search(parameters: &QueryParameters) -> Result<Option<SearchTerm>, Error> {
    parameters
        .text("search")
        .filter(|text| !trimmed(text).is_empty())
        .map(|text| {
            SearchTerm::parse(text)
                .map_err(|rule| Error::invalid_request(format!("Parameter search must {rule}")))
        })
        .transpose()
}

fn position(
    parameters: &QueryParameters,
    filter: &Filter,
    sort: Sort,
    size: u32,
) -> Result<Position, Error> {
    let page = parameters.whole_number("page", 1..=MAX_DEPTH)?;
    match (parameters.text("cursor"), page) {
        (Some(_), Some(_)) => Err(Error::invalid_request(
            "Parameters page and cursor are mutually exclusive",
        )),
        (Some(text), None) => match Cursor::decode(text, filter, sort) {
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
