//! What there is in a database that somebody else has made.

use sqlx::{FromRow, PgConnection, raw_sql};

use crate::folded_text::text_key_of;
use crate::users_table::UsersMapping;

/// A column of a table.
#[expect(clippy::struct_excessive_bools, reason = "the catalogue has them so")]
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in SQL's own words, without a length.
    pub data_type: String,
    /// Whether it may be NULL.
    pub is_nullable: bool,
    /// Whether an INSERT may leave it out although it is not nullable.
    pub has_default: bool,
    /// Whether the table computes it, so that nobody can write it.
    pub is_generated: bool,
    /// Whether it has a collation of its own.
    pub is_collated: bool,
}

/// All columns of a table.
pub async fn list_columns(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<Column>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             attname::text AS name,
             format_type(atttypid, NULL) AS data_type,
             NOT attnotnull AS is_nullable,
             atthasdef OR attidentity <> '' AS has_default,
             attgenerated <> '' AS is_generated,
             attcollation NOT IN (0, 'pg_catalog.\"default\"'::regcollation) AS is_collated
         FROM pg_attribute
         WHERE attrelid = to_regclass($1)
             AND attnum > 0
             AND NOT attisdropped
         ORDER BY attnum",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

/// Which columns of a table a view reads.
pub async fn list_columns_of_view(
    connection: &mut PgConnection,
    view: &str,
    table: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT attname::text
         FROM pg_rewrite
         JOIN pg_depend
             ON classid = 'pg_rewrite'::regclass
             AND objid = pg_rewrite.oid
             AND refclassid = 'pg_class'::regclass
         JOIN pg_attribute
             ON attrelid = refobjid
             AND attnum = refobjsubid
         WHERE ev_class = to_regclass($1)
             AND refobjid = to_regclass($2)
             AND attnum > 0
         ORDER BY 1",
    )
    .bind(view)
    .bind(table)
    .fetch_all(connection)
    .await
}

/// Makes sure that there is an index of trigrams.
pub async fn create_trigram_extension(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    raw_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        .execute(connection)
        .await?;
    Ok(())
}

/// SQL that lists the users who share a value when case is ignored. `sql` is what the field `name` is in
/// the table, `filter` is a WHERE clause.
#[must_use]
pub fn shared_values(table: &str, id: &str, name: &str, sql: &str, filter: &str) -> String {
    format!(
        "SELECT {} AS {name}, array_agg({id}) AS ids \
         FROM {table} {filter} GROUP BY 1 HAVING count(*) > 1",
        text_key_of(sql)
    )
}

/// How many rows a query has.
pub async fn count_rows(connection: &mut PgConnection, query: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(&format!("SELECT count(*) FROM ({query}) AS counted"))
        .fetch_one(connection)
        .await
}

/// Tables of the database that are not the server's or an extension's, at most ten by name.
pub async fn list_tables(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT pg_class.oid::regclass::text
         FROM pg_class
         JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE relkind IN ('r', 'p')
             AND nspname NOT IN ('pg_catalog', 'information_schema')
             AND nspname NOT LIKE 'pg\\_%'
             AND relname NOT LIKE '\\_sqlx%'
             AND NOT EXISTS (
                 SELECT FROM pg_depend
                 WHERE classid = 'pg_class'::regclass
                     AND objid = pg_class.oid
                     AND deptype = 'e'
             )
         ORDER BY 1
         LIMIT 10",
    )
    .fetch_all(connection)
    .await
}

/// A table's schema and name, as SQL takes them. Without a schema, it is looked for where the session
/// looks for names, but for the schema of rollcall's view.
pub async fn resolve_table(
    connection: &mut PgConnection,
    schema: Option<&str>,
    name: &str,
) -> Result<Option<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             quote_ident(nspname),
             quote_ident(relname)
         FROM pg_class
         JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE relname = $2
             AND relkind NOT IN ('i', 'I', 'S')
             AND nspname <> $3
             AND CASE WHEN $1 IS NULL THEN nspname = ANY (current_schemas(FALSE)) ELSE nspname = $1 END
         ORDER BY array_position(current_schemas(FALSE), nspname)
         LIMIT 1",
    )
    .bind(schema)
    .bind(name)
    .bind(UsersMapping::SCHEMA)
    .fetch_optional(connection)
    .await
}

/// Runs statements one after the other, each for itself.
pub async fn run_each(
    connection: &mut PgConnection,
    statements: &[String],
) -> Result<(), sqlx::Error> {
    for statement in statements {
        raw_sql(statement).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Whether there is a relation of a name, given as SQL takes it.
pub async fn has_table(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(name)
        .fetch_one(connection)
        .await
}

/// Whether rollcall made the table `users`, if that has all columns of rollcall's own, with their types.
pub async fn find_own_shape(connection: &mut PgConnection) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT coalesce(obj_description(pg_class.oid, 'pg_class') = 'created by rollcall', FALSE)
         FROM pg_class
         WHERE oid = to_regclass('users')
             AND relkind = 'r'
             AND (
                 SELECT count(*)
                 FROM pg_attribute
                 WHERE attrelid = pg_class.oid
                     AND attnum > 0
                     AND (
                         attname = 'id' AND atttypid = ANY ('{int8,int4,int2}'::regtype[])
                         OR attname IN ('email', 'username', 'full_name', 'password_hash')
                             AND atttypid = ANY ('{text,varchar}'::regtype[])
                         OR attname IN ('is_active', 'is_superuser') AND atttypid = 'bool'::regtype
                         OR attname IN ('created_at', 'updated_at') AND atttypid = 'timestamptz'::regtype
                     )
             ) = 9",
    )
    .fetch_optional(connection)
    .await
}

/// Whether a column alone tells the rows of a table apart.
pub async fn is_unique(
    connection: &mut PgConnection,
    table: &str,
    column: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT FROM pg_index
             JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
             WHERE indrelid = to_regclass($1)
                 AND attname = $2
                 AND indisunique
                 AND indisvalid
                 AND indnkeyatts = 1
                 AND indpred IS NULL
         )",
    )
    .bind(table)
    .bind(column)
    .fetch_one(connection)
    .await
}
