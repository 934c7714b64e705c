//! The superuser and the demo users of `cargo dev`.

use std::time::Instant;

use anyhow::{Context as _, Result};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};

use crate::console;

/// Makes the function `pg_temp.generated_users(first, last, span, provider)`.
const GENERATOR: &str = include_str!("../../../bench/users.sql");

const DEFAULT_USERS: u64 = 10_000;

/// From here on it is faster to build the indexes again than to add every row to them.
const REBUILD_INDEXES_FROM: u64 = 20_000;

/// Brings the number of demo users to what is wanted and gives the id of a superuser.
///
/// A users table with rows that did not come from here is left as it is.
pub(super) async fn seed(
    connection: &mut PgConnection,
    wanted: Option<u64>,
    may_rebuild_indexes: bool,
) -> Result<i64> {
    if let Some((superuser, present)) = find_demo(connection).await? {
        let wanted = wanted.unwrap_or(present);
        if wanted < present {
            console::say(&format!(
                "keeping {present} demo users; for fewer, add --reset"
            ));
        }
        if wanted > present {
            let mut work = connection.begin().await?;
            add_users(&mut work, present, wanted, may_rebuild_indexes).await?;
            sqlx::query("UPDATE rollcall_dev.demo SET users = $1")
                .bind(i64::try_from(wanted)?)
                .execute(&mut *work)
                .await?;
            work.commit().await?;
            tidy(connection).await?;
        }
        return Ok(superuser);
    }
    let has_users: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)")
        .fetch_one(&mut *connection)
        .await?;
    if has_users {
        console::say("there are users already, so no demo users are added");
        return find_superuser(connection).await;
    }
    let wanted = wanted.unwrap_or(DEFAULT_USERS);
    let mut work = connection.begin().await?;
    let superuser = add_superuser(&mut work).await?;
    add_users(&mut work, 0, wanted, may_rebuild_indexes).await?;
    remember_demo(&mut work, superuser, wanted).await?;
    work.commit().await?;
    tidy(connection).await?;
    Ok(superuser)
}

/// The superuser and the number of demo users that an earlier run has made in this database.
async fn find_demo(connection: &mut PgConnection) -> Result<Option<(i64, u64)>> {
    let is_known: bool = sqlx::query_scalar("SELECT to_regclass('rollcall_dev.demo') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !is_known {
        return Ok(None);
    }
    let found: Option<(i64, i64)> =
        sqlx::query_as("SELECT superuser_id, users FROM rollcall_dev.demo")
            .fetch_optional(connection)
            .await?;
    match found {
        Some((superuser, users)) => Ok(Some((superuser, u64::try_from(users)?))),
        None => Ok(None),
    }
}

async fn remember_demo(connection: &mut PgConnection, superuser: i64, users: u64) -> Result<()> {
    connection
        .execute(
            "CREATE SCHEMA rollcall_dev;
             CREATE TABLE rollcall_dev.demo (superuser_id bigint NOT NULL, users bigint NOT NULL)",
        )
        .await?;
    sqlx::query("INSERT INTO rollcall_dev.demo (superuser_id, users) VALUES ($1, $2)")
        .bind(superuser)
        .bind(i64::try_from(users)?)
        .execute(connection)
        .await?;
    Ok(())
}

async fn find_superuser(connection: &mut PgConnection) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT id::bigint FROM users WHERE is_active AND is_superuser ORDER BY id LIMIT 1",
    )
    .fetch_optional(connection)
    .await?
    .context("no user is an active superuser, so nobody may use the API: make one first")
}

async fn add_superuser(connection: &mut PgConnection) -> Result<i64> {
    sqlx::query_scalar(
        "INSERT INTO users (email, username, full_name, is_active, is_superuser, created_at, updated_at)
         VALUES ('admin@example.com', 'admin', 'Administrator', TRUE, TRUE,
                 now() - interval '2 years', now() - interval '2 years')
         RETURNING id::bigint",
    )
    .fetch_one(connection)
    .await
    .context("could not add a superuser")
}

async fn add_users(
    connection: &mut PgConnection,
    present: u64,
    wanted: u64,
    may_rebuild_indexes: bool,
) -> Result<()> {
    let started = Instant::now();
    let count = wanted - present;
    console::say(&format!("adding {count} demo users"));
    let indexes = if may_rebuild_indexes && count >= REBUILD_INDEXES_FROM {
        drop_indexes(connection).await?
    } else {
        Vec::new()
    };
    connection.execute(GENERATOR).await?;
    // The domain is one that RFC 2606 reserves, so that no mail can reach a stranger.
    let insert = sqlx::query(
        "INSERT INTO users
             (email, username, full_name, is_active, is_superuser, created_at, updated_at)
         SELECT email, username, full_name, is_active, is_superuser, created_at, created_at
         FROM pg_temp.generated_users($1, $2, INTERVAL '1 year', 'post.example')",
    );
    insert
        .bind(i64::try_from(present + 1)?)
        .bind(i64::try_from(wanted)?)
        .execute(&mut *connection)
        .await
        .context("could not add demo users")?;
    connection
        .execute("SET LOCAL maintenance_work_mem = '512MB'")
        .await?;
    for definition in indexes {
        connection.execute(definition.as_str()).await?;
    }
    console::say(&format!(
        "added them in {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Drops what can be made again, inside the caller's transaction, and gives the definitions.
async fn drop_indexes(connection: &mut PgConnection) -> Result<Vec<String>> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
         FROM pg_index
         WHERE indrelid = 'users'::regclass
           AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
         ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut definitions = Vec::new();
    for (name, definition) in indexes {
        connection
            .execute(format!("DROP INDEX {name}").as_str())
            .await?;
        definitions.push(definition);
    }
    Ok(definitions)
}

/// Gives the planner its figures at once, as autovacuum would do a minute later.
async fn tidy(connection: &mut PgConnection) -> Result<()> {
    connection.execute("VACUUM (ANALYZE) users").await?;
    Ok(())
}
