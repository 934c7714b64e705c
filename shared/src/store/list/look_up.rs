//! The few users that unique indexes lead to.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{
    merged_ranges,
    page_bounds::PageBounds,
    row::{self, ListRow},
    searched,
};
use crate::{
    store::USER_COLUMNS,
    users::{Filter, ListQuery, Page, SortBy, Total},
};

#[derive(FromRow)]
struct FoundRow {
    #[sqlx(flatten)]
    row: ListRow,
    is_beyond: bool,
}

/// The page of a list of users with these emails, usernames or ids. All are fetched, so that the total is
/// known: a request names a hundred at most.
pub async fn look_up(
    connection: &mut PgConnection,
    query: &ListQuery,
) -> Result<Page, sqlx::Error> {
    let bounds = PageBounds::of(query);
    let found: Vec<FoundRow> = select_found(&bounds)
        .build_query_as()
        .fetch_all(connection)
        .await?;
    let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let rows: Vec<_> = found
        .into_iter()
        .filter(|found| found.is_beyond)
        .skip(usize::try_from(bounds.offset).unwrap_or(usize::MAX))
        .take(usize::try_from(bounds.limit).unwrap_or(usize::MAX))
        .map(|found| found.row)
        .collect();
    let mut page = bounds.page(rows.into());
    page.total = Some(Total::Exactly(total));
    Ok(page)
}

pub(super) fn select_found<'q>(bounds: &PageBounds<'q>) -> QueryBuilder<'q, Postgres> {
    let filter = &bounds.query.filter;
    let key = merged_ranges::key_expression(bounds.sort.by);
    let direction = merged_ranges::direction(bounds.sort);
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(USER_COLUMNS).push(format_args!(
        ", {}, (TRUE",
        row::text_key(bounds.sort.by, &key)
    ));
    merged_ranges::push_bounds(&mut sql, bounds.sort, bounds.after, &key);
    sql.push(") AS is_beyond FROM users WHERE TRUE");
    push_conditions(&mut sql, filter);
    sql.push(format_args!(" ORDER BY {key} {direction}, id {direction}"));
    sql
}

/// All conditions of a filter, each with an AND before it.
pub(in crate::store) fn push_conditions<'q>(
    sql: &mut QueryBuilder<'q, Postgres>,
    filter: &'q Filter,
) {
    for (by, value) in [
        (SortBy::Email, &filter.email),
        (SortBy::Username, &filter.username),
    ] {
        if let Some(value) = value {
            sql.push(format_args!(
                " AND {} = lower(",
                merged_ranges::key_expression(by)
            ))
            .push_bind(value.as_str())
            .push(r#" COLLATE "und-x-icu") COLLATE "C""#);
        }
    }
    if let Some(ids) = &filter.ids {
        sql.push(" AND id = ANY(")
            .push_bind(ids)
            .push("::user_id[])");
    }
    searched::push_flags(sql, filter);
    merged_ranges::push_times(sql, filter);
    if let Some(term) = &filter.search {
        sql.push(" AND ");
        searched::push_condition(sql, term);
    }
}
