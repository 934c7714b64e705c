//! Limits that a table has beyond ours, because another application made it.
//!
//! They are read from the catalogue when the table has refused something, and each is then compared with the
//! values that were to be written, column by column.

mod constraint;
mod limit;

use std::collections::HashMap;

use serde_json::Value;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use users_table::catalogue;

pub(super) use self::limit::{Limit, LimitKind};
use self::limit::{fields, rule};
use super::{conflicts::index, input, insert::FIELDS, row::ImportRow};
use crate::{
    platform::{config::ExtraField, database::refusal},
    store::mapping::{UserWrites, WrittenColumn, literal, quoted, raw, raw_name},
};

#[derive(FromRow)]
struct Column {
    name: String,
    is_required: bool,
    has_default: bool,
    characters: Option<i32>,
    base_type: String,
    labels: Vec<String>,
    domain_checks: Vec<String>,
}

/// The limits on what we write, as the catalogue has them.
pub(super) async fn list(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
) -> Result<Vec<Limit>, sqlx::Error> {
    let Some(table) = table(connection, writes).await? else {
        return Ok(Vec::new());
    };
    let columns: Vec<Column> = sqlx::query_as(
        "SELECT
             attname::text AS name,
             attnotnull OR typ.typnotnull AS is_required,
             atthasdef OR attidentity <> '' AS has_default,
             CASE
                 WHEN base.typname IN ('varchar', 'bpchar') AND greatest(atttypmod, typ.typtypmod) > 4
                 THEN greatest(atttypmod, typ.typtypmod) - 4
             END AS characters,
             format_type(base.oid, NULL) AS base_type,
             ARRAY(
                 SELECT enumlabel::text FROM pg_enum WHERE enumtypid = base.oid ORDER BY enumsortorder
             ) AS labels,
             ARRAY(
                 SELECT regexp_replace(pg_get_constraintdef(oid), '^CHECK | NOT VALID$', '', 'g')
                 FROM pg_constraint
                 WHERE contypid = typ.oid AND contype = 'c'
             ) AS domain_checks
         FROM pg_attribute
         JOIN pg_type AS typ ON typ.oid = atttypid
         JOIN pg_type AS base ON base.oid = CASE WHEN typ.typtype = 'd' THEN typ.typbasetype ELSE typ.oid END
         WHERE attrelid = to_regclass($1)
             AND attnum > 0
             AND NOT attisdropped",
    )
    .bind(&table)
    .fetch_all(&mut *connection)
    .await?;
    let constraints = constraint::list(connection, &table).await?;
    let written = written_columns(writes);
    let mut limits = Vec::new();
    for written in &written {
        let column = columns.iter().find(|column| column.name == written.name);
        if let (Some(field), Some(column)) = (written.field, column) {
            let is_extra = writes.extra().named(field).is_some();
            limits.extend(column.limits(field, written, is_extra));
        }
    }
    let base_types: HashMap<_, _> = columns
        .iter()
        .map(|column| (&column.name, &column.base_type))
        .collect();
    let with_type = |written: &WrittenColumn| {
        let name = &written.name;
        let data_type = base_types.get(name)?;
        Some((quoted(name), format!("({})::{data_type}", written.value)))
    };
    for constraint in constraints {
        let about = constraint.written(&written);
        let values: Vec<_> = about
            .iter()
            .filter_map(|written| with_type(written))
            .collect();
        if values.len() == constraint.columns.len() {
            limits.extend(constraint.limit(&about, values));
        }
    }
    limits.retain(|limit| !limit.fields.is_empty());
    Ok(limits)
}

/// The fields whose columns a constraint is about, or that a column is of.
pub(super) async fn fields_of(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    constraint: Option<&str>,
    column: Option<&str>,
) -> Result<Vec<&'static str>, sqlx::Error> {
    let written = written_columns(writes);
    let mut columns: Vec<String> = column.map(str::to_owned).into_iter().collect();
    if let (Some(name), Some(table)) = (constraint, table(connection, writes).await?) {
        let constraints = constraint::list(connection, &table).await?;
        let named = constraints.into_iter().find(|found| found.name == name);
        columns.extend(named.into_iter().flat_map(|found| found.columns));
    }
    Ok(fields(
        written
            .iter()
            .filter(|written| columns.contains(&written.name)),
    ))
}

/// The places of the rows that break a limit; `None` where the server cannot tell, because a value is not even of
/// the right type.
pub(super) async fn find_broken(
    connection: &mut PgConnection,
    limit: &Limit,
    rows: &[&ImportRow],
) -> Result<Option<Vec<usize>>, sqlx::Error> {
    let values = limit.values.iter();
    let values: Vec<_> = values
        .map(|(column, value)| format!("{value} AS {column}"))
        .collect();
    let mut sql = QueryBuilder::<Postgres>::new(format!(
        "SELECT position FROM (SELECT position, {} FROM UNNEST(",
        values.join(", ")
    ));
    input::push_arrays(&mut sql, rows);
    let extra = rows.iter().map(|row| Value::Object(row.extra.clone()));
    sql.push(", ").push_bind(extra.collect::<Vec<_>>());
    sql.push(format_args!(
        ") WITH ORDINALITY AS input ({}, extra, position)) AS written WHERE {}",
        input::COLUMNS,
        limit.broken_if
    ));
    let found: Result<Vec<i64>, _> = sql
        .build_query_scalar()
        .persistent(false)
        .fetch_all(connection)
        .await;
    match found {
        Ok(positions) => Ok(Some(positions.into_iter().map(index).collect())),
        Err(error) if refusal(&error).is_some() || is_of_expression(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// All columns that are written, those of extra fields as texts.
fn written_columns(writes: UserWrites<'_>) -> Vec<WrittenColumn> {
    let mut written = writes.inserted_columns(&FIELDS);
    for ExtraField { name, column } in writes.extra().iter() {
        let said = format!("(input.extra ->> {})", literal(name));
        let constant = written.iter().position(|written| written.name == column);
        let value = match constant.map(|place| written.remove(place).value) {
            Some(constant) => format!("coalesce({said}, ({constant})::text)"),
            None => said,
        };
        written.push(WrittenColumn {
            name: column.to_owned(),
            field: Some(name),
            is_part: false,
            value,
        });
    }
    written
}

/// Whether the server does not take an expression: its types, or functions without the right to call them.
fn is_of_expression(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("42"))
}

/// The table as SQL takes it.
async fn table(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
) -> Result<Option<String>, sqlx::Error> {
    let Some(mapping) = writes.mapping() else {
        return Ok(Some("users".to_owned()));
    };
    let (schema, name) = mapping.table_name();
    let found = catalogue::resolve_table(connection, schema, name).await?;
    Ok(found.map(|(schema, name)| format!("{schema}.{name}")))
}

impl Column {
    fn limits(&self, field: &'static str, written: &WrittenColumn, is_extra: bool) -> Vec<Limit> {
        let limit = |kind, value: String, broken_if: String| Limit {
            fields: vec![field],
            is_part: written.is_part,
            kind,
            values: vec![("value".to_owned(), value)],
            broken_if,
        };
        let text = || format!("({})::text", written.value);
        let mut limits = Vec::new();
        // An extra field that is not said is not written.
        if self.is_required && !(is_extra && self.has_default) {
            let broken_if = "value IS NULL".to_owned();
            limits.push(limit(LimitKind::Present, text(), broken_if));
        }
        if let Some(most) = self.characters {
            let broken_if = format!("char_length(value) > {most}");
            limits.push(limit(LimitKind::Characters(most), text(), broken_if));
        }
        if !self.labels.is_empty() {
            let labels: Vec<_> = self.labels.iter().map(|label| literal(label)).collect();
            let broken_if = format!("value NOT IN ({})", labels.join(", "));
            limits.push(limit(
                LimitKind::OneOf(self.labels.clone()),
                text(),
                broken_if,
            ));
        }
        for check in &self.domain_checks {
            let value = format!("({})::{}", written.value, self.base_type);
            // What the rule calls VALUE is a column of that name to a query.
            limits.push(limit(rule(check, ""), value, format!("NOT {check}")));
        }
        if is_extra && self.labels.is_empty() {
            // What cannot be converted fails; what can is never NULL and not NULL.
            let value = format!(
                "(jsonb_populate_record(NULL::users, jsonb_build_object({}, input.extra -> {}))).{}",
                literal(&raw_name(&self.name)),
                literal(field),
                raw(&self.name)
            );
            let kind = LimitKind::Type(self.base_type.clone());
            limits.push(limit(
                kind,
                value,
                "value IS NULL AND value IS NOT NULL".to_owned(),
            ));
        }
        limits
    }
}
