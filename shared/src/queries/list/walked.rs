//! A walk along an index, from anywhere, in either direction.

use sqlx::{Postgres, QueryBuilder};

use super::{Slice, key_expression, row, searched, total};
use crate::users::{Filter, ListQuery};

/// Every index has both flags before the key, so a filter on both is one ordered range of it. Where
/// a flag is free, the ranges of both values are merged; each is cut off at the length of the page,
/// because no page takes more from one of them.
///
/// The walk carries only keys and ids, which the index has, and rows are fetched for the page alone.
/// A search makes it look at rows on the way; the planner weighs that against finding all matches in
/// the trigram index and sorting them, for each range by itself.
pub(super) fn select<'q>(query: &'q ListQuery, slice: &Slice<'q>) -> QueryBuilder<'q, Postgres> {
    let key = key_expression(slice.sort.by);
    let direction = slice.direction();
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(row::COLUMNS).push(format_args!(
        ", {}, (",
        row::text_key(slice.sort.by, "place.key")
    ));
    total::push(&mut sql, query);
    sql.push(") AS total FROM (SELECT key, id FROM (");
    for (position, (is_active, is_superuser)) in flag_pairs(&query.filter).enumerate() {
        if position > 0 {
            sql.push(" UNION ALL ");
        }
        sql.push(format_args!(
            "(SELECT {key} AS key, id FROM users WHERE is_active = {is_active} AND is_superuser = {is_superuser}"
        ));
        searched::push_search(&mut sql, &query.filter);
        slice.push_bounds(&mut sql);
        sql.push(format_args!(
            " ORDER BY {key} {direction}, id {direction} LIMIT "
        ))
        .push_bind(slice.offset + slice.limit)
        .push(")");
    }
    sql.push(format_args!(
        ") AS ranges ORDER BY key {direction}, id {direction} LIMIT "
    ))
    .push_bind(slice.limit)
    .push(" OFFSET ")
    .push_bind(slice.offset)
    .push(format_args!(
        ") AS place JOIN users ON users.id = place.id
             ORDER BY place.key {direction}, place.id {direction}"
    ));
    sql
}

/// The pairs of `is_active` and `is_superuser` that the filter lets pass.
pub(super) fn flag_pairs(filter: &Filter) -> impl Iterator<Item = (bool, bool)> {
    let Filter {
        is_active,
        is_superuser,
        search: _,
    } = *filter;
    let passes = |wanted: Option<bool>, value| wanted.is_none_or(|wanted| wanted == value);
    [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .filter(move |pair| passes(is_active, pair.0) && passes(is_superuser, pair.1))
}
