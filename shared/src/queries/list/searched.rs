//! What a search adds to a list.

use sqlx::{Postgres, QueryBuilder};

use crate::users::Filter;

/// What search looks into: the same expression as in the index `ix_users_search`. The separator
/// cannot be searched for, so nothing is found across fields.
const SEARCHED_TEXT: &str = r#"lower(
    (username || E'\n' || email || E'\n' || coalesce(full_name, '')) COLLATE "und-x-icu"
) COLLATE "C""#;

/// Narrows a query to the rows that contain the text, if one is searched for.
pub(super) fn push_search(sql: &mut QueryBuilder<'_, Postgres>, filter: &Filter) {
    if let Some(term) = &filter.search {
        sql.push(format_args!(" AND {SEARCHED_TEXT} LIKE lower("))
            .push_bind(term.like_pattern())
            .push(r#" COLLATE "und-x-icu") COLLATE "C""#);
    }
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
    push_search(sql, filter);
}
