//! Lists of users that contain a text.

use sqlx::{Postgres, QueryBuilder};

use super::{Slice, key_expression, row, total};
use crate::users::{Filter, ListQuery};

/// What search looks into: the same expression as in the index `ix_users_search`. The separator
/// cannot be searched for, so nothing is found across fields.
const SEARCHED_TEXT: &str = r#"lower(
    (username || E'\n' || email || E'\n' || coalesce(full_name, '')) COLLATE "und-x-icu"
) COLLATE "C""#;

pub(super) fn select<'q>(query: &'q ListQuery, slice: &Slice<'q>) -> QueryBuilder<'q, Postgres> {
    let key = key_expression(slice.sort.by);
    let direction = slice.direction();
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(row::COLUMNS)
        .push(format_args!(", {}, (", row::text_key(slice.sort.by, key)));
    total::push(&mut sql, query);
    sql.push(") AS total FROM users WHERE TRUE");
    push_filter(&mut sql, &query.filter);
    slice.push_bounds(&mut sql);
    sql.push(format_args!(
        " ORDER BY {key} {direction}, id {direction} LIMIT "
    ))
    .push_bind(slice.limit)
    .push(" OFFSET ")
    .push_bind(slice.offset);
    sql
}

/// Adds a condition only where one is asked for, so that each combination has a plan of its own.
pub(super) fn push_filter(sql: &mut QueryBuilder<'_, Postgres>, filter: &Filter) {
    for (column, wanted) in [
        ("is_active", filter.is_active),
        ("is_superuser", filter.is_superuser),
    ] {
        if let Some(wanted) = wanted {
            sql.push(format_args!(" AND {column} = {wanted}"));
        }
    }
    if let Some(term) = &filter.search {
        sql.push(format_args!(" AND {SEARCHED_TEXT} LIKE lower("))
            .push_bind(term.like_pattern())
            .push(r#" COLLATE "und-x-icu") COLLATE "C""#);
    }
}
