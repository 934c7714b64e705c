//! The queries of an application that began with such a table.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::TryStreamExt as _;
use sqlx::{Executor as _, PgConnection};

use super::{
    cost::Cost,
    watch::{HAND_IN, Watch},
};

/// Every user is loaded and counted by the application.
pub(super) const LOAD_ALL: &str = "SELECT * FROM seed.users";

/// One scan of the table.
pub(super) const ONE_SCAN: &str = "
    SELECT
        count(*),
        count(*) FILTER (WHERE is_active),
        count(*) FILTER (WHERE NOT is_active),
        count(*) FILTER (WHERE is_superuser),
        count(*) FILTER (WHERE created_at >= date_trunc('day', now(), 'UTC')),
        count(*) FILTER (WHERE created_at >= now() - INTERVAL '168 hours')
    FROM seed.users";

/// A page of 50 by OFFSET, and the count that comes with it.
pub(super) fn list(condition: &str, order: &str, offset: u64) -> [String; 2] {
    [
        format!(
            "SELECT id, email, username, full_name, is_active, is_superuser, created_at, updated_at
             FROM seed.users
             WHERE {condition}
             ORDER BY {order}
             LIMIT 50 OFFSET {offset}"
        ),
        format!("SELECT count(*) FROM seed.users WHERE {condition}"),
    ]
}

/// The condition of a search.
pub(super) fn searched(term: &str) -> String {
    format!("(username ILIKE '%{term}%' OR email ILIKE '%{term}%' OR full_name ILIKE '%{term}%')")
}

/// How often to ask something that may take minutes.
fn rounds(first: Duration) -> u32 {
    if first < Duration::from_millis(200) {
        7
    } else {
        2
    }
}

/// Asks until the times can be told, reading all answers to their end.
pub(super) async fn sample(
    connection: &mut PgConnection,
    watch: &mut Watch,
    statements: &[impl AsRef<str>],
) -> Result<Cost> {
    // The first answer warms up.
    let first = time(connection, statements).await?;
    connection.execute(HAND_IN).await?;
    let before = watch.pages().await?;
    let mut times = Vec::new();
    for _ in 0..rounds(first) {
        times.push(time(connection, statements).await?);
    }
    connection.execute(HAND_IN).await?;
    Ok(Cost::new(times, watch.pages().await? - before))
}

async fn time(connection: &mut PgConnection, statements: &[impl AsRef<str>]) -> Result<Duration> {
    let started = Instant::now();
    for statement in statements {
        let mut rows = sqlx::query(statement.as_ref()).fetch(&mut *connection);
        while rows.try_next().await?.is_some() {}
    }
    Ok(started.elapsed())
}
