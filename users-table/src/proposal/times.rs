//! When users were created and changed.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{
    facts::{Column, Table},
    flags::Noted,
    names, samples,
    vocabulary::{CREATED, UPDATED},
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

/// What a number of times since 1970 counts.
struct Unit {
    name: &'static str,
    /// How many of it are a second.
    parts: i64,
    /// Larger numbers are of a smaller unit: in this one they are times after the year 5000.
    most: i64,
}

const UNITS: [Unit; 4] = [
    Unit {
        name: "seconds",
        parts: 1,
        most: 100_000_000_000,
    },
    Unit {
        name: "milliseconds",
        parts: 1_000,
        most: 100_000_000_000_000,
    },
    Unit {
        name: "microseconds",
        parts: 1_000_000,
        most: 100_000_000_000_000_000,
    },
    Unit {
        name: "nanoseconds",
        parts: 1_000_000_000,
        most: i64::MAX,
    },
];

/// The largest unit in which most numbers of a sample are times of our age, and how many numbers there are.
async fn find_unit(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<(i64, &'static Unit), sqlx::Error> {
    let [seconds, smaller @ ..] = &UNITS;
    let mut found = (0, seconds);
    if !table.relation.may_read {
        return Ok(found);
    }
    for unit in smaller {
        let condition = format!("value > {}", found.1.most);
        let (all, larger) =
            samples::count(connection, &table.relation.sql, column, &condition).await?;
        found.0 = all;
        if larger * 2 <= all {
            break;
        }
        found.1 = unit;
    }
    Ok(found)
}

/// A number of seconds, or of a part of one, since 1970.
async fn epoch(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<Noted, sqlx::Error> {
    let (mut all, mut unit) = find_unit(connection, table, column).await?;
    if all == 0 {
        // An application counts in one unit.
        for other in names::all(table, &[CREATED, UPDATED].concat(), Column::is_number) {
            if all == 0 {
                (all, unit) = find_unit(connection, table, other).await?;
            }
        }
    }
    let default = column.default.as_deref().unwrap_or_default().to_lowercase();
    let is_said = default.contains("epoch");
    let is_guess = all == 0 && column.base_type == "bigint" && !is_said;
    let unit = if is_guess || all == 0 && is_said && default.contains("1000") {
        &UNITS[1]
    } else {
        unit
    };
    let (parts, unit) = (unit.parts, unit.name);
    let name = quoted(&column.name);
    let cast = &column.base_type;
    let (read, written) = if parts == 1 {
        (
            format!("to_timestamp({name})"),
            format!("floor(extract(epoch FROM $value))::{cast}"),
        )
    } else {
        (
            format!("to_timestamp({name} / {parts}.0)"),
            format!("floor(extract(epoch FROM $value) * {parts})::{cast}"),
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
