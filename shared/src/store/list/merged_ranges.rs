//! Index ranges, merged.

use sqlx::{Postgres, QueryBuilder};
use users_table::text_key_of;

use super::{row, searched};
use crate::users::{Cursor, Filter, Sort, SortBy, SortKey, SortOrder};

/// Rows in the order of an index, from a place on.
///
/// Every index has both flags before the key, so a filter on both is one ordered range of it. Where
/// a flag is free, the ranges of both values are merged; each is cut off where the whole is, because
/// no more can be taken from one of them.
#[derive(Clone, Copy)]
pub(super) struct MergedRanges<'q> {
    /// Its flags; what it searches for picks no rows here.
    pub(super) filter: &'q Filter,
    /// Whether to select what a search looks into, too.
    pub(super) is_searched: bool,
    pub(super) sort: Sort,
    /// Rows beyond this place only.
    pub(super) after: Option<&'q Cursor>,
    pub(super) offset: i64,
    pub(super) limit: i64,
}

impl<'q> MergedRanges<'q> {
    /// Selects `key` and `id`, and where it is searched `folded_text`. All of it is in the index; no row of the
    /// table has to be fetched.
    pub(super) fn push(&self, sql: &mut QueryBuilder<'q, Postgres>) {
        let key = key_expression(self.sort.by);
        let direction = direction(self.sort);
        sql.push("SELECT key, id");
        let columns = if self.is_searched {
            sql.push(format_args!(", {} AS folded_text", searched::folded_text()));
            format!(", {}", searched::COLUMNS)
        } else {
            String::new()
        };
        sql.push(" FROM (");
        for (position, (is_active, is_superuser)) in flag_pairs(self.filter).enumerate() {
            if position > 0 {
                sql.push(" UNION ALL ");
            }
            sql.push(format_args!(
                "(SELECT {key} AS key, id{columns} FROM users \
                 WHERE is_active = {} AND is_superuser = {}",
                searched::literal(is_active),
                searched::literal(is_superuser)
            ));
            push_times(sql, self.filter);
            push_bounds(sql, self.sort, self.after, &key);
            sql.push(format_args!(" ORDER BY {key} {direction}, id {direction}"));
            self.push_limit(sql, self.most_of_a_range());
            sql.push(")");
        }
        sql.push(format_args!(
            ") AS ranges ORDER BY key {direction}, id {direction}"
        ));
        self.push_limit(sql, self.limit);
        if self.offset > 0 {
            sql.push(" OFFSET ").push_bind(self.offset);
        }
    }

    /// The server plans a statement each time if its limit is a parameter, and that takes longer than to read a page.
    /// Searches are planned so, and ranges of times, because the best way to read depends on what they ask for.
    fn push_limit(&self, sql: &mut QueryBuilder<'q, Postgres>, limit: i64) {
        sql.push(" LIMIT ");
        if self.is_planned_each_time() {
            sql.push_bind(limit);
        } else {
            sql.push(limit);
        }
    }

    fn is_planned_each_time(&self) -> bool {
        self.filter.search.is_some() || self.filter.has_range()
    }

    /// As many rows of a range as a page may need. Pages by number share a statement with others that are about as deep.
    fn most_of_a_range(&self) -> i64 {
        let rows = self.offset + self.limit;
        if self.offset == 0 || self.is_planned_each_time() {
            return rows;
        }
        i64::try_from(rows.unsigned_abs().next_power_of_two()).unwrap_or(rows)
    }
}

/// The condition that rows lie beyond a cursor; `key` is what SQL calls the sort key.
pub(super) fn push_bounds<'q>(
    sql: &mut QueryBuilder<'q, Postgres>,
    sort: Sort,
    after: Option<&'q Cursor>,
    key: &str,
) {
    if let Some(cursor) = after {
        let comparison = match sort.order {
            SortOrder::Ascending => ">",
            SortOrder::Descending => "<",
        };
        if cursor.key == SortKey::Id {
            sql.push(format_args!(" AND id {comparison} "));
            sql.push_bind(cursor.id).push("::user_id");
            return;
        }
        sql.push(format_args!(" AND ({key}, id) {comparison} ("));
        row::push_key(sql, &cursor.key);
        sql.push(", ").push_bind(cursor.id).push("::user_id)");
    }
}

/// The conditions on times.
pub(super) fn push_times(sql: &mut QueryBuilder<'_, Postgres>, filter: &Filter) {
    for (comparison, time) in [(">=", filter.created_from), ("<", filter.created_to)] {
        if let Some(time) = time {
            sql.push(format_args!(" AND created_at {comparison} "))
                .push_bind(time);
        }
    }
}

/// What a list is ordered by: the same expressions as in the indexes.
pub(super) fn key_expression(by: SortBy) -> String {
    match by {
        SortBy::CreatedAt => "created_at".to_owned(),
        SortBy::Username => text_key_of("username"),
        SortBy::Email => text_key_of("email"),
        SortBy::Id => "id".to_owned(),
    }
}

/// The same where rows are not read in the order of an index: texts of ASCII alone are spared the collation.
pub(super) fn computed_key(by: SortBy) -> String {
    let key = key_expression(by);
    let column = match by {
        SortBy::CreatedAt | SortBy::Id => return key,
        SortBy::Username => "username",
        SortBy::Email => "email",
    };
    format!(
        r#"CASE
             WHEN octet_length({column}) = char_length({column}) THEN lower({column} COLLATE "C")
             ELSE {key}
         END"#
    )
}

/// `ASC` or `DESC`, for the key and the id that breaks ties.
pub(super) fn direction(sort: Sort) -> &'static str {
    match sort.order {
        SortOrder::Ascending => "ASC",
        SortOrder::Descending => "DESC",
    }
}

/// The pairs of `is_active` and `is_superuser` that the filter lets pass.
fn flag_pairs(filter: &Filter) -> impl Iterator<Item = (bool, bool)> {
    let Filter {
        is_active,
        is_superuser,
        ..
    } = *filter;
    let passes = |wanted: Option<bool>, value| wanted.is_none_or(|wanted| wanted == value);
    [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .filter(move |pair| passes(is_active, pair.0) && passes(is_superuser, pair.1))
}
