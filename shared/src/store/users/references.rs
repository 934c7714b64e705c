//! Which tables refer to a user.

use serde::Serialize;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::users::UserId;

/// Rows are counted as far as this.
const MAX_COUNTED: i64 = 10_000;

/// A foreign key of another table, through which rows refer to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reference {
    /// The table that refers to the user.
    pub table: String,
    /// The name of the foreign key.
    pub foreign_key: String,
    /// What becomes of the rows when the user is deleted.
    pub on_delete: OnDelete,
    /// How many rows refer to the user; `null` if they may not be read.
    pub rows: Option<u64>,
    /// Whether there are more rows than were counted.
    pub has_more: bool,
}

/// What becomes of rows that refer to a user who is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// They keep the user from being deleted.
    Restrict,
    /// They are deleted too.
    Cascade,
    /// They refer to nobody.
    SetNull,
    /// They refer to the default of the column.
    SetDefault,
}

#[derive(FromRow)]
pub(super) struct Constraint {
    table: String,
    foreign_key: String,
    on_delete: String,
    condition: String,
    is_readable: bool,
}

/// Finds the rows that refer to a user, by the foreign keys in the catalogue of the database. Keys through
/// which no row refers to the user are left out.
pub async fn find_references(
    connection: &mut PgConnection,
    id: UserId,
) -> Result<Vec<Reference>, sqlx::Error> {
    let keys = find_keys(connection).await?;
    let mut counts = Vec::with_capacity(keys.len());
    if keys.iter().any(|key| key.is_readable) {
        let mut sql = QueryBuilder::<Postgres>::new("SELECT ARRAY[");
        let mut parts = sql.separated(", ");
        for key in keys.iter().filter(|key| key.is_readable) {
            parts
                .push(format_args!(
                    "(SELECT count(*) FROM (
                         SELECT FROM {} AS referring JOIN users AS referred ON {}
                         WHERE referred.id = ",
                    key.table, key.condition
                ))
                .push_bind_unseparated(id)
                .push_unseparated(format_args!(
                    "::user_id LIMIT {MAX_COUNTED} + 1) AS counted)"
                ));
        }
        sql.push("]");
        counts = sql
            .build_query_scalar::<Vec<i64>>()
            .persistent(false)
            .fetch_one(connection)
            .await?;
    }
    let mut counts = counts.into_iter();
    let references = keys.into_iter().map(|key| {
        let rows = if key.is_readable { counts.next() } else { None };
        Reference {
            table: key.table,
            foreign_key: key.foreign_key,
            on_delete: match key.on_delete.as_str() {
                "c" => OnDelete::Cascade,
                "n" => OnDelete::SetNull,
                "d" => OnDelete::SetDefault,
                _ => OnDelete::Restrict,
            },
            rows: rows.and_then(|rows| u64::try_from(rows.min(MAX_COUNTED)).ok()),
            has_more: rows.is_some_and(|rows| rows > MAX_COUNTED),
        }
    });
    Ok(references
        .filter(|reference| reference.rows != Some(0))
        .collect())
}

impl Constraint {
    /// A condition about `referring` and `referred`, if this key keeps users from being deleted and its
    /// table may be read.
    pub(super) fn restricts(&self) -> Option<(&str, &str)> {
        let is_restricting = ["a", "r"].contains(&self.on_delete.as_str());
        (is_restricting && self.is_readable).then_some((&self.table, &self.condition))
    }
}

/// Keys of partitions belong to the key of their table. Behind a view, only keys that refer to the id can be
/// followed.
pub(super) async fn find_keys(
    connection: &mut PgConnection,
) -> Result<Vec<Constraint>, sqlx::Error> {
    sqlx::query_as(
        "WITH tables AS (
             SELECT 'users'::regclass::oid AS oid
             UNION
             SELECT refobjid
             FROM pg_depend
             JOIN pg_rewrite ON pg_rewrite.oid = objid
             WHERE classid = 'pg_rewrite'::regclass
                 AND refclassid = 'pg_class'::regclass
                 AND ev_class = 'users'::regclass
         )
         SELECT
             conrelid::regclass::text AS table,
             conname::text AS foreign_key,
             confdeltype::text AS on_delete,
             (
                 SELECT string_agg(
                     format(
                         'referring.%I = referred.%I',
                         own.attname,
                         CASE WHEN confrelid = 'users'::regclass THEN referred.attname ELSE 'id' END
                     ),
                     ' AND '
                 )
                 FROM unnest(conkey, confkey) AS pairs (own, referred)
                 JOIN pg_attribute AS own ON own.attrelid = conrelid AND own.attnum = pairs.own
                 JOIN pg_attribute AS referred
                     ON referred.attrelid = confrelid AND referred.attnum = pairs.referred
             ) AS condition,
             has_table_privilege(conrelid, 'SELECT') AND (
                 confrelid = 'users'::regclass
                 OR EXISTS (
                     SELECT FROM pg_index
                     WHERE indrelid = confrelid
                         AND indisprimary
                         AND indnatts = 1
                         AND confkey = ARRAY[indkey[0]]
                 )
             ) AS is_readable
         FROM pg_constraint
         WHERE contype = 'f'
             AND confrelid IN (SELECT oid FROM tables)
             AND conparentid = 0
         ORDER BY conrelid::regclass::text, conname",
    )
    .fetch_all(connection)
    .await
}
