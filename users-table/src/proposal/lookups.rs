//! Small tables that a column refers to, such as one of roles.

use sqlx::PgConnection;

use super::{
    facts::{Column, Table},
    samples,
};
use crate::mapping::quoted;

/// More rows than this are not the values of a status or a role.
const MAX_ROWS: usize = 20;

/// What columns are called that name a row for people.
const NAMES: &[&str] = &[
    "name",
    "slug",
    "code",
    "title",
    "label",
    "key",
    "role",
    "rolename",
    "role_name",
    "status",
    "value",
];

/// The rows of a table that a column refers to.
pub(super) struct Lookup {
    /// The table, as SQL takes it.
    pub(super) table: String,
    /// The key of each row, and its name.
    rows: Vec<(String, String)>,
}

impl Lookup {
    /// The names of all rows.
    pub(super) fn names(&self) -> Vec<String> {
        self.rows.iter().map(|(_, name)| name.clone()).collect()
    }

    /// The key of the row with a name.
    pub(super) fn key_of(&self, name: &str) -> Option<&str> {
        let mut rows = self.rows.iter();
        rows.find(|(_, other)| other == name)
            .map(|(key, _)| key.as_str())
    }
}

/// The table that a column refers to, if it has few rows and they have names.
pub(super) async fn find(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<Option<Lookup>, sqlx::Error> {
    let found: Option<(String, String, String)> = sqlx::query_as(
        "SELECT
             quote_ident(nspname) || '.' || quote_ident(relname),
             keys.attname::text,
             names.attname::text
         FROM pg_constraint
         JOIN pg_attribute AS own ON own.attrelid = conrelid AND own.attnum = conkey[1]
         JOIN pg_class ON pg_class.oid = confrelid
         JOIN pg_namespace ON pg_namespace.oid = relnamespace
         JOIN pg_attribute AS keys ON keys.attrelid = confrelid AND keys.attnum = confkey[1]
         JOIN pg_attribute AS names ON names.attrelid = confrelid AND lower(names.attname) = ANY ($3)
         JOIN pg_type ON pg_type.oid = names.atttypid AND typcategory IN ('S', 'E')
         WHERE conrelid = $1
             AND contype = 'f'
             AND cardinality(conkey) = 1
             AND own.attname = $2
         ORDER BY array_position($3, lower(names.attname))
         LIMIT 1",
    )
    .bind(table.relation.oid)
    .bind(&column.name)
    .bind(NAMES)
    .fetch_optional(&mut *connection)
    .await?;
    let Some((other, key, name)) = found else {
        return Ok(None);
    };
    let [key, name] = [quoted(&key), quoted(&name)];
    let query = format!(
        "SELECT {key}::text, {name}::text FROM {other} WHERE {name} IS NOT NULL ORDER BY 1 LIMIT {}",
        MAX_ROWS + 1
    );
    let rows = samples::try_rows(connection, sqlx::query_as(&query)).await?;
    let rows = rows
        .filter(|rows| rows.len() <= MAX_ROWS)
        .unwrap_or_default();
    Ok(Some(Lookup { table: other, rows }))
}
