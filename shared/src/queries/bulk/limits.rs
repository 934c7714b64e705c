//! Limits that a table has beyond ours, because another application made it.

use sqlx::{FromRow, PgConnection};

use super::ImportRow;
use crate::database::Query;

/// A value that the table does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenLimit {
    /// The row's place in the input.
    pub index: usize,
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub limit: Limit,
}

/// What a column asks of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Not to be missing.
    Present,
    /// To have so many characters at most.
    Characters(usize),
}

/// The values that the columns of the table do not take, in request order.
pub struct FindBrokenLimits<'a> {
    /// The rows, in request order.
    pub rows: &'a [ImportRow],
}

#[derive(FromRow)]
struct Column {
    name: String,
    is_required: bool,
    characters: Option<i32>,
}

impl Query for FindBrokenLimits<'_> {
    type Output = Vec<BrokenLimit>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Vec<BrokenLimit>, sqlx::Error> {
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
        .fetch_all(connection)
        .await?;
        let mut broken = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            for (field, value) in texts(row) {
                let column = columns.iter().find(|column| column.name == field);
                let limit = column.and_then(|column| column.broken_by(value));
                broken.extend(limit.map(|limit| BrokenLimit {
                    index,
                    field,
                    limit,
                }));
            }
        }
        Ok(broken)
    }
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
        ("username", Some(&row.username)),
        ("full_name", row.full_name.as_deref()),
        ("password_hash", row.password_hash.as_deref()),
    ]
}

/// Whether an error says that a value is missing (`not_null_violation`) or too long
/// (`string_data_right_truncation`).
pub(in crate::queries) fn is_broken(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("23502" | "22001"))
}
