//! Which tables refer to a user.

use serde::Serialize;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::{platform::config::UsersMapping, users::UserId};

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
    condition: Option<String>,
    may_read: bool,
}

/// Finds the rows that refer to a user, by the foreign keys in the catalogue of the database. Keys through
/// which no row refers to the user are left out.
pub async fn find_references(
    connection: &mut PgConnection,
    id: UserId,
    mapping: Option<&UsersMapping>,
) -> Result<Vec<Reference>, sqlx::Error> {
    let keys = find_keys(connection, mapping).await?;
    let mut counts = Vec::with_capacity(keys.len());
    if keys.iter().any(|key| key.readable().is_some()) {
        let mut sql = QueryBuilder::<Postgres>::new("SELECT ARRAY[");
        let mut parts = sql.separated(", ");
        for (table, condition) in keys.iter().filter_map(Constraint::readable) {
            parts
                .push(format_args!(
                    "(SELECT count(*) FROM (
                         SELECT FROM {table} AS referring JOIN users AS referred ON {condition}
                         WHERE referred.id = "
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
        let rows = key.readable().and_then(|_| counts.next());
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
    /// The table, and a condition about `referring` and `referred`, if both can be read.
    fn readable(&self) -> Option<(&str, &str)> {
        let condition = self.condition.as_deref()?;
        self.may_read.then_some((&self.table, condition))
    }

    /// The same, if this key keeps users from being deleted.
    pub(super) fn restricts(&self) -> Option<(&str, &str)> {
        let is_restricting = ["a", "r"].contains(&self.on_delete.as_str());
        self.readable().filter(|_| is_restricting)
    }
}

/// Keys of partitions belong to the key of their table. Where `users` is the view of a mapping, keys refer to the
/// one table that it reads; a column that the view does not have cannot be followed.
pub(super) async fn find_keys(
    connection: &mut PgConnection,
    mapping: Option<&UsersMapping>,
) -> Result<Vec<Constraint>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             conrelid::regclass::text AS table,
             conname::text AS foreign_key,
             confdeltype::text AS on_delete,
             joined.condition,
             has_table_privilege(conrelid, 'SELECT') AS may_read
         FROM pg_constraint
         CROSS JOIN LATERAL (
             SELECT
                 CASE WHEN bool_and(view.attname IS NOT NULL) THEN string_agg(
                     format('referring.%I = referred.%I', own.attname, view.attname),
                     ' AND '
                 ) END AS condition
                 FROM unnest(conkey, confkey) AS pairs (own, referred)
                 JOIN pg_attribute AS own ON own.attrelid = conrelid AND own.attnum = pairs.own
                 JOIN pg_attribute AS referred
                     ON referred.attrelid = confrelid AND referred.attnum = pairs.referred
                 LEFT JOIN pg_attribute AS view
                     ON view.attrelid = 'users'::regclass
                     AND view.attname = CASE
                         WHEN $1 IS NULL THEN referred.attname
                         WHEN referred.attname = $1 THEN 'id'
                         ELSE 'raw_' || referred.attname
                     END
         ) AS joined
         WHERE contype = 'f'
             AND confrelid IN (
                 SELECT 'users'::regclass
                 UNION ALL
                 SELECT refobjid
                 FROM pg_rewrite
                 JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
                 WHERE ev_class = 'users'::regclass AND refclassid = 'pg_class'::regclass
             )
             AND conparentid = 0
         ORDER BY conrelid::regclass::text, conname",
    )
    .bind(mapping.map(|mapping| mapping.id.column.as_str()))
    .fetch_all(connection)
    .await
}
