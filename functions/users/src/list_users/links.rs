//! The `Link` header (RFC 8288): the other pages of a list, as far as they are known.

use chrono::SecondsFormat;
use form_urlencoded::Serializer;
use shared::users::{CountMode, Filter, ListQuery, Position};

use super::response_body::ListBody;
use crate::parameters::MAX_DEPTH;

/// Links to the first, previous, next and last page, by number if this page was asked for by
/// number, by cursor if it was asked for by cursor.
pub(crate) fn header(path: &str, query: &ListQuery, body: &ListBody) -> String {
    let cursor_link = |cursor: &Option<String>| {
        let cursor = cursor.as_deref()?;
        Some(link(path, query, "cursor", cursor))
    };
    let page_link = |page: u64| link(path, query, "page", &page.to_string());
    let (first, previous, next, last) = match query.position {
        Position::Page(page) => {
            let page = u64::from(page);
            let reachable = |page: &u64| page * u64::from(query.size) <= u64::from(MAX_DEPTH);
            (
                page_link(1),
                (page > 1).then(|| page_link(page - 1)),
                // Where page numbers end, and behind a page that a search did not fill, the cursor
                // goes on.
                cursor_link(&body.next_cursor).map(|by_cursor| {
                    let next = Some(page + 1).filter(reachable).filter(|_| body.is_full());
                    next.map_or(by_cursor, page_link)
                }),
                body.pages
                    .filter(|pages| *pages > 0)
                    .filter(reachable)
                    .map(page_link),
            )
        }
        Position::Cursor(_) => (
            page_link(1),
            cursor_link(&body.prev_cursor),
            cursor_link(&body.next_cursor),
            None,
        ),
    };
    let links = [
        (Some(first), "first"),
        (previous, "prev"),
        (next, "next"),
        (last, "last"),
    ];
    let links: Vec<_> = links
        .into_iter()
        .filter_map(|(url, relation)| Some(format!("<{}>; rel=\"{relation}\"", url?)))
        .collect();
    links.join(", ")
}

/// A URL for the same list at another place.
fn link(path: &str, query: &ListQuery, place: &str, value: &str) -> String {
    let mut parameters = Serializer::new(String::new());
    for (name, flag) in [
        ("is_active", query.filter.is_active),
        ("is_superuser", query.filter.is_superuser),
    ] {
        if let Some(flag) = flag {
            parameters.append_pair(name, if flag { "true" } else { "false" });
        }
    }
    if let Some(term) = &query.filter.search {
        parameters.append_pair("search", term.as_str());
    }
    let Filter {
        email,
        username,
        ids,
        created_from,
        created_to,
        ..
    } = &query.filter;
    for (name, value) in [("email", email), ("username", username)] {
        if let Some(value) = value {
            parameters.append_pair(name, value.as_str());
        }
    }
    for id in ids.iter().flatten() {
        parameters.append_pair("id", &id.to_string());
    }
    for (name, time) in [("created_from", created_from), ("created_to", created_to)] {
        if let Some(time) = time {
            let time = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            parameters.append_pair(name, &time);
        }
    }
    parameters
        .append_pair("sort_by", query.sort.by.as_str())
        .append_pair("sort_order", query.sort.order.as_str())
        .append_pair("size", &query.size.to_string());
    match query.count {
        CountMode::Capped => {}
        CountMode::Exact => _ = parameters.append_pair("count", "exact"),
        CountMode::None => _ = parameters.append_pair("count", "none"),
    }
    parameters.append_pair(place, value);
    format!("{path}?{}", parameters.finish())
}

#[cfg(test)]
mod tests {
    use shared::users::{Sort, SortBy, SortOrder};

    use super::*;
    use crate::list_users::response_body::TotalRelation;

    fn query(page: u32) -> ListQuery {
        ListQuery {
            filter: Filter::default(),
            sort: Sort {
                by: SortBy::CreatedAt,
                order: SortOrder::Descending,
            },
            position: Position::Page(page),
            size: 100,
            count: CountMode::Capped,
            scan_limit: 0,
        }
    }

    fn body(page: u32) -> ListBody {
        ListBody {
            items: Vec::new(),
            total: Some(1_000_000),
            total_relation: Some(TotalRelation::Eq),
            page: Some(page),
            size: 100,
            pages: Some(10_000),
            complete: true,
            next_cursor: Some("here".to_owned()),
            prev_cursor: None,
        }
    }

    #[test]
    fn where_page_numbers_end_the_cursor_goes_on_and_no_link_leads_to_an_error() {
        let list = "/u?sort_by=created_at&sort_order=desc&size=100";
        assert_eq!(
            header("/u", &query(100), &body(100)),
            format!(
                "<{list}&page=1>; rel=\"first\", <{list}&page=99>; rel=\"prev\", \
                 <{list}&cursor=here>; rel=\"next\""
            )
        );
    }

    #[test]
    fn behind_a_page_that_is_not_full_the_cursor_goes_on() {
        let list = "/u?sort_by=created_at&sort_order=desc&size=100";
        assert_eq!(
            header("/u", &query(1), &body(1)),
            format!("<{list}&page=1>; rel=\"first\", <{list}&cursor=here>; rel=\"next\"")
        );
    }
}
