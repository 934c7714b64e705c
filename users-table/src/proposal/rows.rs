//! Which rows are users.

use sqlx::PgConnection;

use super::{
    facts::{Column, Table},
    flag_words::DELETED,
    names, samples,
    signals::constant,
};
use crate::mapping::quoted;

/// Which rows are users: those that are not marked as deleted. And what a new row says of it.
pub(super) fn users_are(table: &Table) -> Option<(String, Option<(String, String)>)> {
    let is_right = |column: &Column| {
        !column.is_generated
            && (column.is_flag()
                || column.is_whole_number()
                || column.is_time() && column.is_nullable)
    };
    let column = names::find(table, DELETED, is_right)?;
    let name = quoted(&column.name);
    let (condition, constant) = if column.is_flag() {
        (
            if column.is_nullable {
                format!("{name} IS NOT TRUE")
            } else {
                format!("NOT {name}")
            },
            "FALSE",
        )
    } else if column.is_time() {
        return Some((format!("{name} IS NULL"), None));
    } else if column.is_nullable {
        (format!("coalesce({name}, 0) = 0"), "0")
    } else {
        (format!("{name} = 0"), "0")
    };
    let new = column
        .is_required()
        .then(|| (column.name.clone(), constant.to_owned()));
    Some((condition, new))
}

/// Flags of rows that are programs or groups.
const NOT_PEOPLE: &[&str] = &[
    "isbot",
    "bot",
    "isserviceaccount",
    "serviceaccount",
    "issystemuser",
    "issystem",
    "isghost",
    "issynthetic",
    "isguest",
    "guest",
];

/// Columns that say of what kind a row is.
const KINDS: &[&str] = &["type", "kind", "usertype", "accounttype", "principaltype"];

/// A sentence for each column by which some rows may be something else than people.
pub(super) async fn notes(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Vec<String>, sqlx::Error> {
    let flags = names::all(table, NOT_PEOPLE, |column| {
        column.is_flag() || column.is_whole_number()
    });
    let mut conditions: Vec<_> = flags
        .into_iter()
        .map(|column| {
            let none = if column.is_flag() {
                "IS NOT TRUE"
            } else {
                "= 0"
            };
            (&column.name, format!("{} {none}", quoted(&column.name)))
        })
        .collect();
    if let Some(column) = names::find(table, KINDS, |column| {
        column.is_text() || column.is_enum() || column.is_whole_number()
    }) && table.relation.may_read
    {
        let words = samples::list_words(connection, &table.relation.sql, column).await?;
        if let [word, _, ..] = words.as_slice() {
            let word = constant(column, word);
            conditions.push((&column.name, format!("{} = {word}", quoted(&column.name))));
        }
    }
    Ok(conditions
        .into_iter()
        .map(|(name, condition)| {
            format!(
                "all kinds of {name} are users: if some are programs or groups, \"users_are\" leaves them out, such as \
                 {condition}"
            )
        })
        .collect())
}
