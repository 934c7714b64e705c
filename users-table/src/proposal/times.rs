//! When users were created and changed.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{
    facts::{Column, Table},
    flags::Noted,
    names, samples,
};
use crate::{
    mapping::quoted,
    users_table::{DetailedField, FieldMapping},
};

/// The mapping of the first column with one of the names that a time can be read from.
pub(super) async fn time(
    connection: &mut PgConnection,
    table: &Table,
    names: &[&str],
) -> Result<Noted, sqlx::Error> {
    let is_right = |column: &Column| column.is_time() || column.is_number();
    let Some(column) = names::find(table, names, is_right) else {
        let text = names::find(table, names, Column::is_text);
        let note = text.map(|column| {
            format!(
                "{} is text, which no index can order as a time: ALTER TABLE {} ALTER COLUMN {} TYPE timestamptz USING {}::timestamptz",
                column.name,
                table.relation.sql,
                quoted(&column.name),
                quoted(&column.name)
            )
        });
        return Ok((None, note.into_iter().collect()));
    };
    let name = quoted(&column.name);
    if column.is_number() {
        return epoch(connection, table, column).await;
    }
    let has_zone = column.base_type == "timestamp with time zone";
    let (field, note) = if column.is_generated || column.is_domain {
        let sql = if has_zone {
            format!("{name}::timestamptz")
        } else {
            format!("({name}::timestamp AT TIME ZONE INTERVAL '0')")
        };
        let mut write = BTreeMap::new();
        if !column.is_generated {
            let value = if has_zone {
                "$value"
            } else {
                "$value AT TIME ZONE 'UTC'"
            };
            write.insert(column.name.clone(), value.to_owned());
        }
        (
            DetailedField {
                sql: Some(sql),
                write,
                ..DetailedField::default()
            },
            None,
        )
    } else {
        let time_zone = (!has_zone).then(|| "UTC".to_owned());
        let note = (!has_zone)
            .then(|| "read as UTC: name another \"time_zone\" if that is wrong".to_owned());
        (
            DetailedField {
                column: Some(column.name.clone()),
                time_zone,
                ..DetailedField::default()
            },
            note,
        )
    };
    Ok((
        Some(FieldMapping::detailed(field)),
        note.into_iter().collect(),
    ))
}

/// A number of seconds, or of milliseconds, since 1970.
async fn epoch(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<Noted, sqlx::Error> {
    let (all, large) = if table.relation.may_read {
        samples::count(
            connection,
            &table.relation.sql,
            column,
            "value > 100000000000",
        )
        .await?
    } else {
        (0, 0)
    };
    let is_guess = all == 0 && column.base_type == "bigint";
    let is_milliseconds = if all == 0 { is_guess } else { large * 2 > all };
    let unit = if is_milliseconds {
        "milliseconds"
    } else {
        "seconds"
    };
    let name = quoted(&column.name);
    let cast = &column.base_type;
    let (read, written) = if is_milliseconds {
        (
            format!("to_timestamp({name} / 1000.0)"),
            format!("floor(extract(epoch FROM $value) * 1000)::{cast}"),
        )
    } else {
        (
            format!("to_timestamp({name})"),
            format!("floor(extract(epoch FROM $value))::{cast}"),
        )
    };
    let mut write = BTreeMap::new();
    if !column.is_generated {
        write.insert(column.name.clone(), written);
    }
    let mut note = format!("{} is a number of {unit} since 1970", column.name);
    if is_guess {
        note.push_str(": a guess, because no row says it");
    }
    let field = DetailedField {
        sql: Some(read),
        write,
        ..DetailedField::default()
    };
    Ok((Some(FieldMapping::Detailed(field)), vec![note]))
}
