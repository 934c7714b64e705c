//! Tables in which every user has one row, such as a profile.

use sqlx::PgConnection;

use super::{facts::Table, samples};
use crate::mapping::quoted;

/// A sentence for each table that has one row for each of a sample of users: a new user would have none.
pub(super) async fn notes(
    connection: &mut PgConnection,
    table: &Table,
    id: &str,
    users_are: Option<&str>,
) -> Result<Vec<String>, sqlx::Error> {
    let mut notes = Vec::new();
    if !table.relation.may_read {
        return Ok(notes);
    }
    let candidates: Vec<(String, String)> = sqlx::query_as(
        "SELECT
             quote_ident(nspname) || '.' || quote_ident(relname),
             attname::text
         FROM pg_constraint
         JOIN pg_class ON pg_class.oid = conrelid
         JOIN pg_namespace ON pg_namespace.oid = relnamespace
         JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
         WHERE confrelid = $1
             AND conrelid <> $1
             AND contype = 'f'
             AND cardinality(conkey) = 1
             AND EXISTS (
                 SELECT FROM pg_index
                 WHERE indrelid = conrelid AND indisunique AND indnkeyatts = 1 AND indkey[0] = conkey[1]
             )
         ORDER BY 1, 2",
    )
    .bind(table.relation.oid)
    .fetch_all(&mut *connection)
    .await?;
    for (other, column) in candidates {
        let query = format!(
            "SELECT count(*) > 1 AND bool_and(EXISTS (SELECT FROM {other} AS other WHERE other.{} = sample.id))
             FROM (SELECT {} AS id FROM {} WHERE {} LIMIT {}) AS sample",
            quoted(&column),
            quoted(id),
            table.relation.sql,
            users_are.unwrap_or("TRUE"),
            samples::ROWS
        );
        if samples::holds(connection, &query).await? == Some(true) {
            notes.push(format!(
                "every user has a row in {other}, which rollcall does not make for new ones: the application may need it"
            ));
        }
    }
    Ok(notes)
}
