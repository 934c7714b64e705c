//! What the table of another application is like before it is adopted, and what is left of that
//! afterwards. See migration 0001.

use sqlx::{FromRow, PgConnection, raw_sql};

/// The names of all indexes on users that migrations make.
pub const INDEXES: [&str; 9] = [
    "ux_users_email",
    "ux_users_username",
    "ix_users_created_at",
    "ix_users_is_active",
    "ix_users_is_superuser",
    "ix_users_search",
    "ix_users_folded",
    "ix_users_pairs",
    "ix_users_uncommon",
];

/// The index of searches until migration 0031.
const SEARCH_BEFORE_FOLDING: &str = "ix_users_search";

/// What migration 0001 puts behind the name of an index that has one of those names already.
const RENAMED_SUFFIX: &str = "_before_rollcall";

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Found {
    /// Whether it is an ordinary table, not a view, a foreign or a partitioned one.
    pub is_ordinary: bool,
    /// Whether migration 0001 has created it.
    pub is_ours: bool,
}

/// What the name of a table stands for now, if for anything.
pub async fn find_table(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Option<Found>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             relkind = 'r' AND NOT relispartition AS is_ordinary,
             obj_description(oid, 'pg_class') IS NOT DISTINCT FROM 'created by rollcall' AS is_ours
         FROM pg_class
         WHERE oid = to_regclass($1)",
    )
    .bind(table)
    .fetch_optional(connection)
    .await
}

/// What the table has that its owner must do something about, or should know.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Feature {
    /// What it is.
    pub kind: FeatureKind,
    /// Its name.
    pub name: String,
}

/// Kinds of [`Feature`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FeatureKind {
    /// A table that inherits from this one, or that this one inherits from.
    Inheritance,
    /// A rule, which rewrites statements.
    Rule,
    /// A unique or exclusion constraint that may be checked late.
    Deferrable,
    /// A policy of row level security, which hides rows.
    Policy,
    /// A unique index, or an exclusion constraint, on other columns than id, email and username alone.
    Unique,
    /// A trigger that may change or refuse what is written.
    Trigger,
    /// A CHECK constraint.
    Check,
}

impl Feature {
    /// Why a table with it cannot be adopted: it makes wrong what rollcall shows or writes. `None` where it does
    /// not.
    #[must_use]
    pub fn preflight_error(&self, table: &str) -> Option<String> {
        let name = &self.name;
        match self.kind {
            FeatureKind::Inheritance => Some(format!(
                "{table} inherits from or to {name}, whose rows would be listed and not counted: ALTER TABLE \
                 ... NO INHERIT {table}"
            )),
            FeatureKind::Rule => Some(format!(
                "{table} has the rule {name}, which writes something else than it is told: DROP RULE, or use a \
                 trigger"
            )),
            FeatureKind::Deferrable => Some(format!(
                "{table} has the deferrable constraint {name}, with which ON CONFLICT does not work: add it \
                 again as NOT DEFERRABLE"
            )),
            FeatureKind::Policy
            | FeatureKind::Unique
            | FeatureKind::Trigger
            | FeatureKind::Check => None,
        }
    }
}

/// All of them, by kind and name. `table` is as SQL takes it.
pub async fn list_features(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<Feature>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             kind,
             name::text AS name
         FROM (
             SELECT
                 'inheritance' AS kind,
                 CASE WHEN inhparent = to_regclass($1) THEN inhrelid ELSE inhparent END::regclass::text
                     AS name
             FROM pg_inherits
             WHERE to_regclass($1) IN (inhparent, inhrelid)
             UNION ALL
             SELECT 'rule', rulename
             FROM pg_rewrite
             WHERE ev_class = to_regclass($1)
             UNION ALL
             SELECT 'deferrable', conname
             FROM pg_constraint
             WHERE conrelid = to_regclass($1) AND contype IN ('p', 'u', 'x') AND condeferrable
             UNION ALL
             SELECT 'policy', polname
             FROM pg_policy
             JOIN pg_class ON pg_class.oid = polrelid
             WHERE polrelid = to_regclass($1) AND relrowsecurity
             UNION ALL
             SELECT 'unique', relname
             FROM pg_index
             JOIN pg_class ON pg_class.oid = indexrelid
             WHERE indrelid = to_regclass($1)
                 AND (indisunique OR indisexclusion)
                 AND NOT indisprimary
                 AND EXISTS (
                     SELECT FROM pg_depend
                     JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
                     WHERE classid = 'pg_class'::regclass
                         AND objid = indexrelid
                         AND refobjid = indrelid
                         AND attname NOT IN ('id', 'email', 'username')
                 )
             UNION ALL
             SELECT 'trigger', tgname
             FROM pg_trigger
             WHERE tgrelid = to_regclass($1)
                 AND NOT tgisinternal
                 AND tgenabled <> 'D'
                 AND tgname NOT LIKE 'count\\_%\\_user%'
                 AND tgname NOT LIKE 'rollcall\\_%'
             UNION ALL
             SELECT 'check', conname
             FROM pg_constraint
             WHERE conrelid = to_regclass($1) AND contype = 'c' AND conname NOT LIKE 'rollcall\\_%'
         ) AS features
         ORDER BY kind, name",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

/// How many users have a time of a column that no calendar has: infinite, or of a year that RFC 3339
/// cannot write. It reads the whole table.
pub async fn count_times_without_date(
    connection: &mut PgConnection,
    column: &str,
) -> Result<i64, sqlx::Error> {
    // The column is one of those that the caller knows.
    sqlx::query_scalar(&format!(
        "SELECT count(*) FROM users WHERE {column} < '0001-01-01Z' OR {column} >= '10000-01-01Z'"
    ))
    .fetch_one(connection)
    .await
}

/// How many users have nothing in a column. It reads the whole table.
pub async fn count_missing(
    connection: &mut PgConnection,
    column: &str,
) -> Result<i64, sqlx::Error> {
    // The column is one of those that the caller knows.
    sqlx::query_scalar(&format!(
        "SELECT count(*) FROM users WHERE {column} IS NULL"
    ))
    .fetch_one(connection)
    .await
}

/// Names of our indexes that something else than an index on users has.
pub async fn list_taken_names(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT relname::text
         FROM pg_class
         WHERE relname = ANY ($1)
             AND relnamespace = (
                 SELECT relnamespace
                 FROM pg_class
                 WHERE oid = to_regclass('users')
             )
             AND NOT EXISTS (
                 SELECT FROM pg_index
                 WHERE indexrelid = pg_class.oid
                     AND indrelid = to_regclass('users')
             )
         ORDER BY relname",
    )
    .bind(INDEXES)
    .fetch_all(connection)
    .await
}

/// Names, as SQL takes them, of the indexes that were renamed and that ours stand in for. One that
/// is unique or that a constraint needs holds a promise that ours does not, and stays. `is_search_folded`
/// adds the index of searches that the one of migration 0031 has replaced.
pub async fn list_replaced(
    connection: &mut PgConnection,
    is_search_folded: bool,
) -> Result<Vec<String>, sqlx::Error> {
    let mut names: Vec<_> = INDEXES.map(|name| format!("{name}{RENAMED_SUFFIX}")).into();
    names.extend(is_search_folded.then(|| SEARCH_BEFORE_FOLDING.to_owned()));
    sqlx::query_scalar(
        "SELECT indexrelid::regclass::text
         FROM pg_index
         JOIN pg_class ON pg_class.oid = indexrelid
         WHERE indrelid = to_regclass('users')
             AND relname = ANY ($1)
             AND NOT indisunique
             AND NOT indisreplident
             AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
    )
    .bind(names)
    .fetch_all(connection)
    .await
}

/// Drops an index, given as SQL takes it, while others write.
pub async fn drop_index(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    raw_sql(&format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"))
        .execute(connection)
        .await?;
    Ok(())
}

/// The mapping by which the table of another application was adopted, if it was.
pub async fn find_mapping(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT definition FROM users_before_rollcall WHERE kind = 'mapping'")
        .fetch_optional(connection)
        .await
}

/// What made the indexes that were renamed, where it is remembered. The statements build them
/// while others write, and do nothing where they are.
pub async fn list_definitions(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT regexp_replace(
             definition,
             '^CREATE (UNIQUE )?INDEX ',
             'CREATE \\1INDEX CONCURRENTLY IF NOT EXISTS '
         )
         FROM users_before_rollcall
         WHERE kind = 'index'
         ORDER BY name",
    )
    .fetch_all(connection)
    .await
}

/// Builds an index by a statement of [`list_definitions`].
pub async fn create_index(
    connection: &mut PgConnection,
    statement: &str,
) -> Result<(), sqlx::Error> {
    raw_sql(statement).execute(connection).await?;
    Ok(())
}

/// Drops our indexes, or those that we have renamed, that an interrupted CREATE INDEX CONCURRENTLY left
/// behind: they cost every write, serve no query, and would pass for finished ones. Others may be in
/// the making right now.
pub async fn drop_invalid_indexes(
    connection: &mut PgConnection,
    table: &str,
    names: &[&str],
) -> Result<(), sqlx::Error> {
    let mut names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    names.extend(INDEXES.map(|name| format!("{name}{RENAMED_SUFFIX}")));
    let unfinished: Vec<String> = sqlx::query_scalar(
        "SELECT indexrelid::regclass::text
         FROM pg_index
         JOIN pg_class ON pg_class.oid = indexrelid
         WHERE indrelid = to_regclass($1)
             AND relname = ANY ($2)
             AND NOT indisvalid",
    )
    .bind(table)
    .bind(names)
    .fetch_all(&mut *connection)
    .await?;
    for index in unfinished {
        drop_index(connection, &index).await?;
    }
    Ok(())
}
