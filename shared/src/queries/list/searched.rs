//! What a search looks into and how.

use sqlx::{Postgres, QueryBuilder};

use crate::users::{Filter, SearchTerm};

/// What search looks into: the same expression as in the index `ix_users_search`. The separator
/// cannot be searched for, so nothing is found across fields.
const SEARCHED_TEXT: &str = r#"lower(
    (username || E'\n' || email || E'\n' || coalesce(full_name, '')) COLLATE "und-x-icu"
) COLLATE "C""#;

/// Whether a row that is looked at matches. The term is folded once, not once a row.
pub(super) fn push_is_match<'q>(sql: &mut QueryBuilder<'q, Postgres>, term: &'q SearchTerm) {
    sql.push(format_args!("strpos({SEARCHED_TEXT}, (SELECT lower("))
        .push_bind(term.as_str())
        .push(r#" COLLATE "und-x-icu") COLLATE "C")) > 0"#);
}

/// The same as a condition that the trigram index serves.
pub(super) fn push_condition(sql: &mut QueryBuilder<'_, Postgres>, term: &SearchTerm) {
    sql.push(format_args!("{SEARCHED_TEXT} LIKE lower("))
        .push_bind(term.like_pattern())
        .push(r#" COLLATE "und-x-icu") COLLATE "C""#);
}

/// The conditions on flags. Only those that are asked for, so that each combination has a plan of
/// its own.
pub(super) fn push_flags(sql: &mut QueryBuilder<'_, Postgres>, filter: &Filter) {
    for (column, wanted) in [
        ("is_active", filter.is_active),
        ("is_superuser", filter.is_superuser),
    ] {
        if let Some(wanted) = wanted {
            sql.push(format_args!(" AND {column} = {wanted}"));
        }
    }
}
