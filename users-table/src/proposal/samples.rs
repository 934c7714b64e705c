//! What a few rows of a table say of the meaning of its columns. No value of a user leaves the server but
//! short words that many share, such as those of a status.

use std::time::Duration;

use sqlx::{
    Acquire as _, FromRow, PgConnection, Postgres, Row as _,
    postgres::{PgArguments, PgRow},
    query::QueryAs,
    raw_sql,
};

use super::facts::Column;
use crate::mapping::quoted;

/// How many rows are looked at.
pub(super) const ROWS: u32 = 10_000;

/// How many rows of every column are looked at, be it a large one.
const FEW_ROWS: u32 = 1_000;

/// More different words than this are not the values of a status.
const MAX_WORDS: i64 = 20;

/// What a hash is of which nothing is known.
pub(super) const UNKNOWN_HASH: &str = "of an unknown kind";

/// How long the whole table may be looked at.
const PATIENCE: Duration = Duration::from_secs(5);

/// SQLSTATE `query_canceled`: of a `statement_timeout`.
const CANCELED: &str = "57014";

/// The words that a column has, the most frequent first; none, if it has too many. What the server's statistics
/// know of the whole table is among them.
pub(super) async fn list_words(
    connection: &mut PgConnection,
    table: &str,
    column: &Column,
) -> Result<Vec<String>, sqlx::Error> {
    let name = quoted(&column.name);
    let words: Vec<String> = sqlx::query_scalar(&format!(
        "SELECT word
         FROM (
             (SELECT {name}::text AS word FROM {table} LIMIT {ROWS})
             UNION ALL
             SELECT unnest(most_common_vals::text::text[])
             FROM pg_stats
             WHERE quote_ident(schemaname) || '.' || quote_ident(tablename) = $1 AND attname = $2
         ) AS sample
         WHERE length(word) BETWEEN 1 AND 40
         GROUP BY word
         ORDER BY count(*) DESC, word
         LIMIT {}",
        MAX_WORDS + 1
    ))
    .bind(table)
    .bind(&column.name)
    .fetch_all(connection)
    .await?;
    let has_few = i64::try_from(words.len()).unwrap_or(i64::MAX) <= MAX_WORDS;
    Ok(if has_few { words } else { Vec::new() })
}

/// How many of a sample have something in the column, and of how many of those a condition holds in
/// which `value` is the column.
pub(super) async fn count(
    connection: &mut PgConnection,
    table: &str,
    column: &Column,
    condition: &str,
) -> Result<(i64, i64), sqlx::Error> {
    // Some collations know no patterns.
    let collation = if column.is_text() {
        "::text COLLATE \"default\""
    } else {
        ""
    };
    let name = format!("{}{collation}", quoted(&column.name));
    let row = sqlx::query(&format!(
        "SELECT count(value), count(*) FILTER (WHERE {condition})
         FROM (SELECT {name} AS value FROM {table} LIMIT {ROWS}) AS sample
         WHERE value IS NOT NULL"
    ))
    .fetch_one(connection)
    .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// What a sample of users have in a column.
#[derive(Debug, FromRow)]
pub(super) struct Usual {
    pub(super) rows: i64,
    /// How many of them have anything.
    pub(super) filled: i64,
    /// What most of these have, unless each has another.
    pub(super) value: Option<String>,
    pub(super) shared_by: i64,
    /// How many have a certain value, such as the default.
    pub(super) asked_for: i64,
}

impl Usual {
    /// Whether nine in ten have the value.
    pub(super) fn is_of_nearly_all(&self) -> bool {
        self.shared_by * 10 >= self.rows * 9
    }
}

/// What users have in a column; `None` where nobody has anything, or nobody may look. A value that only one user has is
/// not told.
pub(super) async fn find_usual(
    connection: &mut PgConnection,
    table: &str,
    column: &Column,
    users_are: Option<&str>,
    asked_for: Option<&str>,
) -> Result<Option<Usual>, sqlx::Error> {
    let name = quoted(&column.name);
    let users_are = users_are.unwrap_or("TRUE");
    let query = format!(
        "WITH sample AS MATERIALIZED (
             SELECT {name}::text AS value FROM {table} WHERE {users_are} LIMIT {FEW_ROWS}
         )
         SELECT
             (SELECT count(*) FROM sample) AS rows,
             (SELECT count(value) FROM sample) AS filled,
             CASE WHEN count(*) > 1 AND length(value) <= 40 THEN value END AS value,
             count(*) AS shared_by,
             (SELECT count(*) FROM sample WHERE value = $1) AS asked_for
         FROM sample
         WHERE value IS NOT NULL
         GROUP BY sample.value
         ORDER BY count(*) DESC, sample.value
         LIMIT 1"
    );
    let rows = try_rows(connection, sqlx::query_as(&query).bind(asked_for)).await?;
    Ok(rows.and_then(|rows| rows.into_iter().next()))
}

/// What all values of a sample begin with, up to an underscore, if they do.
pub(super) async fn find_prefix(
    connection: &mut PgConnection,
    table: &str,
    column: &Column,
) -> Result<Option<String>, sqlx::Error> {
    let name = quoted(&column.name);
    let prefix: Option<Option<String>> = sqlx::query_scalar(&format!(
        "SELECT min(prefix)
         FROM (
             SELECT substring({name}::text COLLATE \"C\" FROM '^[A-Za-z]{{1,12}}_') AS prefix
             FROM {table}
             LIMIT {ROWS}
         ) AS sample
         HAVING count(DISTINCT prefix) = 1 AND count(prefix) = count(*)"
    ))
    .fetch_optional(connection)
    .await?;
    Ok(prefix.flatten())
}

/// What wrote most of the password hashes of a sample.
pub(super) async fn find_hash(
    connection: &mut PgConnection,
    table: &str,
    column: &Column,
) -> Result<Option<String>, sqlx::Error> {
    let name = quoted(&column.name);
    sqlx::query_scalar(&format!(
        "SELECT kind
         FROM (
             SELECT
                 CASE
                     WHEN hash LIKE '$argon2id$%' THEN 'argon2id'
                     WHEN hash ~ '^\\$2[abxy]?\\$\\d\\d\\$' THEN 'bcrypt'
                     WHEN hash ~ '^pbkdf2_sha256\\$.*\\$[0-9a-f]{{40,}}$' THEN 'PBKDF2 in hexadecimal'
                     WHEN hash LIKE 'pbkdf2\\_sha256$%' THEN 'pbkdf2-django'
                     WHEN hash LIKE 'scrypt:%' THEN 'scrypt-werkzeug'
                     WHEN hash LIKE 'pbkdf2:%' THEN 'PBKDF2 of Werkzeug'
                     WHEN hash ~ '^\\$(P|H|wp)\\$' THEN 'phpass or WordPress'
                     WHEN hash ~ '^\\$S\\$' THEN 'Drupal'
                     WHEN hash ~ '^\\$argon2' THEN 'argon2i or argon2d'
                     WHEN hash ~ '^\\$pbkdf2' THEN 'PBKDF2 of Passlib'
                     WHEN hash ~ '^AQAAAA[EI]' THEN 'PBKDF2 of ASP.NET Identity'
                     WHEN hash ~ '^(\\{{|argon2|bcrypt|scrypt)' THEN 'a hash with a prefix'
                     WHEN hash ~ '^[0-9a-f]{{32}}$' THEN 'MD5'
                     WHEN hash ~ '^[0-9a-f]{{40}}$' THEN 'SHA-1'
                     WHEN hash ~ '^[0-9a-f]{{64}}$' THEN 'SHA-256'
                     ELSE '{UNKNOWN_HASH}'
                 END AS kind
             FROM (SELECT {name}::text AS hash FROM {table} LIMIT {ROWS}) AS sample
             WHERE length(hash) >= 20 AND hash NOT LIKE '!%'
         ) AS kinds
         GROUP BY kind
         ORDER BY count(*) DESC
         LIMIT 1"
    ))
    .fetch_optional(connection)
    .await
}

/// Whether the whole table has no row of a query; `None` if that takes too long to find out.
pub(super) async fn is_empty(
    connection: &mut PgConnection,
    query: &str,
) -> Result<Option<bool>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    raw_sql(&format!(
        "SET LOCAL statement_timeout = {}",
        PATIENCE.as_millis()
    ))
    .execute(&mut *transaction)
    .await?;
    let found = sqlx::query(&format!("SELECT FROM ({query}) AS rows LIMIT 1"))
        .fetch_optional(&mut *transaction)
        .await;
    transaction.rollback().await?;
    match found {
        Ok(row) => Ok(Some(row.is_none())),
        Err(error) if has_code(&error, CANCELED) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The value of an expression that says whether something is so, or `None` where the server cannot say.
pub(super) async fn holds(
    connection: &mut PgConnection,
    query: &str,
) -> Result<Option<bool>, sqlx::Error> {
    let rows: Option<Vec<(Option<bool>,)>> = try_rows(connection, sqlx::query_as(query)).await?;
    Ok(rows.and_then(|rows| rows.first()?.0))
}

/// The rows of a query, or `None` where the server gives none: it may take too long, or not be allowed.
pub(super) async fn try_rows<'q, T>(
    connection: &mut PgConnection,
    query: QueryAs<'q, Postgres, T, PgArguments>,
) -> Result<Option<Vec<T>>, sqlx::Error>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let mut transaction = connection.begin().await?;
    let found = query.fetch_all(&mut *transaction).await;
    transaction.rollback().await?;
    match found {
        Ok(rows) => Ok(Some(rows)),
        Err(sqlx::Error::Database(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    let found = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    found.as_deref() == Some(code)
}
