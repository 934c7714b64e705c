//! Limits that a table has beyond ours, because another application made it.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{conflicts::index, row::ImportRow};

/// A value that the table does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLimit {
    /// The row's place in the input.
    pub index: usize,
    /// The field, or `None` where more than one is concerned.
    pub field: Option<&'static str>,
    /// What is wrong with it.
    pub limit: Limit,
}

/// What a column or the table asks of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// Not to be missing.
    Present,
    /// To have at most this many characters.
    Characters(usize),
    /// To keep the CHECK constraint of this name.
    Check(String),
}

#[derive(FromRow)]
struct Column {
    name: String,
    is_required: bool,
    characters: Option<i32>,
}

/// Finds the values that the table does not take, in request order. `rows` are in request order.
pub async fn find_broken_limits(
    connection: &mut PgConnection,
    rows: &[&ImportRow],
) -> Result<Vec<BrokenLimit>, sqlx::Error> {
    let columns: Vec<Column> = sqlx::query_as(
        "SELECT
             attname::text AS name,
             attnotnull AS is_required,
             CASE WHEN atttypmod > 4 THEN atttypmod - 4 END AS characters
         FROM pg_attribute
         WHERE attrelid = to_regclass('users')
             AND attname IN ('email', 'username', 'full_name', 'password_hash')
             AND NOT attisdropped",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut broken = find_broken_checks(connection, rows).await?;
    for (index, row) in rows.iter().enumerate() {
        for (field, value) in texts(row) {
            let column = columns.iter().find(|column| column.name == field);
            let limit = column.and_then(|column| column.broken_by(value));
            broken.extend(limit.map(|limit| BrokenLimit {
                index,
                field: Some(field),
                limit,
            }));
        }
    }
    broken.sort_by_key(|broken| broken.index);
    Ok(broken)
}

/// The fields of a row that a CHECK constraint may be about.
const FIELDS: [&str; 6] = [
    "email",
    "username",
    "full_name",
    "password_hash",
    "is_active",
    "is_superuser",
];

/// A CHECK constraint about no other columns.
#[derive(FromRow)]
struct Check {
    name: String,
    expression: String,
    /// Where there is only one.
    column: Option<String>,
}

/// Has the server look at the rows as they would be inserted.
async fn find_broken_checks(
    connection: &mut PgConnection,
    rows: &[&ImportRow],
) -> Result<Vec<BrokenLimit>, sqlx::Error> {
    let checks: Vec<Check> = sqlx::query_as(
        "SELECT
             conname::text AS name,
             pg_get_expr(conbin, conrelid) AS expression,
             CASE WHEN cardinality(conkey) = 1 THEN min(attname::text) END AS column
         FROM pg_constraint
         JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
         WHERE conrelid = to_regclass('users')
             AND contype = 'c'
         GROUP BY pg_constraint.oid
         HAVING bool_and(attname = ANY ($1))
         ORDER BY conname",
    )
    .bind(FIELDS)
    .fetch_all(&mut *connection)
    .await?;
    let mut broken = Vec::new();
    for check in checks {
        let mut sql = QueryBuilder::<Postgres>::new("SELECT position FROM UNNEST(");
        push_columns(&mut sql, rows);
        sql.push(format_args!(
            ") WITH ORDINALITY AS users ({}, position) WHERE NOT ({})",
            FIELDS.join(", "),
            check.expression
        ));
        let positions: Vec<i64> = sql
            .build_query_scalar()
            .persistent(false)
            .fetch_all(&mut *connection)
            .await?;
        let field = FIELDS
            .into_iter()
            .find(|field| check.column.as_deref() == Some(field));
        broken.extend(positions.into_iter().map(|position| BrokenLimit {
            index: index(position),
            field,
            limit: Limit::Check(check.name.clone()),
        }));
    }
    Ok(broken)
}

/// One array for each of the fields.
fn push_columns(sql: &mut QueryBuilder<'_, Postgres>, rows: &[&ImportRow]) {
    let texts = |value: fn(&ImportRow) -> Option<&str>| -> Vec<Option<String>> {
        rows.iter()
            .map(|row| value(row).map(str::to_owned))
            .collect()
    };
    let flags = |value: fn(&ImportRow) -> bool| -> Vec<bool> {
        rows.iter().map(|row| value(row)).collect()
    };
    sql.push_bind(texts(|row| Some(&row.email)))
        .push(", ")
        .push_bind(texts(|row| row.username.as_deref()))
        .push(", ")
        .push_bind(texts(|row| row.full_name.as_deref()))
        .push(", ")
        .push_bind(texts(|row| row.password_hash.as_deref()))
        .push(", ")
        .push_bind(flags(|row| row.is_active.unwrap_or(true)))
        .push(", ")
        .push_bind(flags(|row| row.is_superuser.unwrap_or(false)));
}

impl Column {
    fn broken_by(&self, value: Option<&str>) -> Option<Limit> {
        let Some(value) = value else {
            return self.is_required.then_some(Limit::Present);
        };
        let most = usize::try_from(self.characters?).ok()?;
        (value.chars().count() > most).then_some(Limit::Characters(most))
    }
}

fn texts(row: &ImportRow) -> [(&'static str, Option<&str>); 4] {
    [
        ("email", Some(&row.email)),
        ("username", row.username.as_deref()),
        ("full_name", row.full_name.as_deref()),
        ("password_hash", row.password_hash.as_deref()),
    ]
}
