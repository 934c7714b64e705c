//! What a search looks into and how.

use sqlx::{Postgres, QueryBuilder};

use crate::users::{Filter, SearchTerm};

/// The separator cannot be searched for, so nothing is found across fields.
const FIELDS: &str = r"username || E'\n' || email || E'\n' || coalesce(full_name, '')";

/// What search looks into: the same expression as in the index `ix_users_search`.
fn searched_text() -> String {
    format!(r#"lower(({FIELDS}) COLLATE "und-x-icu") COLLATE "C""#)
}

/// The same, as far as ASCII characters go, at two thirds of the cost. Only two other characters have
/// ASCII in their lower case: the dotted capital I and the sign for Kelvin.
fn searched_ascii() -> String {
    format!(
        r#"lower(replace(replace({FIELDS}, E'\u0130', E'i\u0307'), E'\u212A', 'k') COLLATE "C")"#
    )
}

/// Whether a row that is looked at matches. The term is folded once, not once a row.
pub(super) fn push_is_match<'q>(sql: &mut QueryBuilder<'q, Postgres>, term: &'q SearchTerm) {
    let text = if term.as_str().is_ascii() {
        searched_ascii()
    } else {
        searched_text()
    };
    // Which small sigma the server makes of a capital one depends on the letters around it.
    let (before, after) = if term.has_sigma() {
        ("replace(", r", E'\u03C2', E'\u03C3')")
    } else {
        ("", "")
    };
    sql.push(format_args!(
        "strpos({before}{text}{after}, (SELECT {before}lower("
    ))
    .push_bind(term.as_str())
    .push(format_args!(
        r#" COLLATE "und-x-icu") COLLATE "C"{after})) > 0"#
    ));
}

/// The same as a condition that the trigram index serves.
pub(super) fn push_condition(sql: &mut QueryBuilder<'_, Postgres>, term: &SearchTerm) {
    let (operator, pattern) = if term.has_sigma() {
        ("~", term.sigma_pattern())
    } else {
        ("LIKE", term.like_pattern())
    };
    sql.push(format_args!("{} {operator} lower(", searched_text()))
        .push_bind(pattern)
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
            sql.push(format_args!(" AND {column} = {}", literal(wanted)));
        }
    }
}

/// A flag as SQL writes it.
pub(super) fn literal(flag: bool) -> &'static str {
    if flag { "TRUE" } else { "FALSE" }
}
