//! Rules about more than a column, or with a name.

use sqlx::{FromRow, PgConnection};

use super::limit::{Limit, LimitKind, fields, rule};
use crate::store::mapping::WrittenColumn;

/// A constraint of the table.
#[derive(FromRow)]
pub(super) struct Constraint {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// Of a CHECK constraint, in terms of the columns.
    expression: Option<String>,
    /// Of a foreign key of one column that may be read: the table and the column that it refers to.
    referred: Option<String>,
    referred_column: Option<String>,
}

/// CHECK constraints and foreign keys.
pub(super) async fn list(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<Constraint>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             conname::text AS name,
             ARRAY(
                 SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)
             ) AS columns,
             CASE WHEN contype = 'c' THEN pg_get_expr(conbin, conrelid) END AS expression,
             confrelid::regclass::text AS referred,
             (
                 SELECT quote_ident(attname)
                 FROM pg_attribute
                 WHERE attrelid = confrelid
                     AND ARRAY[attnum] = confkey
                     AND has_table_privilege(confrelid, 'SELECT')
             ) AS referred_column
         FROM pg_constraint
         WHERE conrelid = to_regclass($1)
             AND contype IN ('c', 'f')
         ORDER BY conname",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

impl Constraint {
    pub(super) fn written<'w>(&self, written: &'w [WrittenColumn]) -> Vec<&'w WrittenColumn> {
        let written = written.iter();
        written
            .filter(|written| self.columns.contains(&written.name))
            .collect()
    }

    pub(super) fn limit(
        &self,
        about: &[&WrittenColumn],
        values: Vec<(String, String)>,
    ) -> Option<Limit> {
        let (kind, broken_if) = match (&self.expression, &self.referred, &self.referred_column) {
            (Some(check), _, _) => (rule(check, &self.name), format!("NOT ({check})")),
            (None, Some(referred), Some(key)) => {
                let column = &values.first()?.0;
                let broken_if = format!(
                    "{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {referred} AS referred \
                     WHERE referred.{key} = written.{column})"
                );
                (LimitKind::Reference, broken_if)
            }
            _ => return None,
        };
        Some(Limit {
            fields: fields(about.iter().copied()),
            is_part: about.iter().any(|written| written.is_part),
            kind,
            values,
            broken_if,
        })
    }
}
