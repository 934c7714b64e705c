//! Which rows are users.

use super::{
    facts::{Column, Table},
    flag_words::DELETED,
    names,
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
