//! What a search looks into and how.

use sqlx::{Postgres, QueryBuilder};
use users_table::folded_text_of;

use crate::users::{Filter, SearchTerm};

/// The columns that a search looks into.
pub(super) const COLUMNS: &str = "username, email, full_name";

/// What a search looks into: the same expression as in the index `ix_users_folded`. The separator cannot be
/// searched for, so nothing is found across fields.
pub(super) fn folded_text() -> String {
    folded_text_of("username", "email", "full_name")
}

/// The condition that a row matches which is looked at; `text` is what SQL calls its folded text.
pub(super) fn push_is_match(sql: &mut QueryBuilder<'_, Postgres>, term: &SearchTerm, text: &str) {
    for (position, word) in term.words().iter().enumerate() {
        if position > 0 {
            sql.push(" AND ");
        }
        if word.has_space() {
            sql.push(format_args!("{text} ~ "))
                .push_bind(word.regular_expression());
        } else {
            sql.push(format_args!("strpos({text}, "))
                .push_bind(word.as_str().to_owned())
                .push(") > 0");
        }
    }
}

/// The same as a condition that the trigram index serves.
pub(super) fn push_condition(sql: &mut QueryBuilder<'_, Postgres>, term: &SearchTerm) {
    let text = folded_text();
    for (position, word) in term.words().iter().enumerate() {
        if position > 0 {
            sql.push(" AND ");
        }
        let (operator, pattern) = if word.has_space() {
            ("~", word.regular_expression())
        } else {
            ("LIKE", word.like_pattern())
        };
        sql.push(format_args!("({text}) {operator} "))
            .push_bind(pattern);
    }
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
