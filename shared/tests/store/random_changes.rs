//! Sessions that change users at random, in every way that SQL has.
//!
//! Rows that several sessions change are locked in the order of their keys, and the one upsert of a
//! transaction comes last, so the users themselves give no cause for a deadlock.

use std::time::{Duration, Instant};

use fastrand::Rng;
use sqlx::{Connection as _, Executor as _, PgConnection};

/// How many rows the sessions quarrel about.
const SHARED_ROWS: u32 = 400;

/// One transaction in this many is rolled back.
const ROLLED_BACK: u32 = 8;

/// SQLSTATE `deadlock_detected`.
const DEADLOCK: &str = "40P01";

/// What the sessions have done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Transactions that were committed.
    pub committed: u64,
    /// Transactions that were taken back.
    pub rolled_back: u64,
    /// Transactions that the server ended for a deadlock.
    pub deadlocks: u64,
}

/// Lets `sessions` of them change the users of a database for `time`.
pub async fn run(url: &str, sessions: u64, time: Duration) -> sqlx::Result<Changes> {
    let mut connection = PgConnection::connect(url).await?;
    let mut seed = Rng::with_seed(sessions);
    for key in 0..SHARED_ROWS {
        connection.execute(put(key, &mut seed).as_str()).await?;
    }
    let end = Instant::now() + time;
    let running: Vec<_> = (0..sessions)
        .map(|session| tokio::spawn(change_until(end, url.to_owned(), session)))
        .collect();
    let mut all = Changes::default();
    for session in running {
        let changes = session.await.unwrap()?;
        all.committed += changes.committed;
        all.rolled_back += changes.rolled_back;
        all.deadlocks += changes.deadlocks;
    }
    Ok(all)
}

async fn change_until(end: Instant, url: String, session: u64) -> sqlx::Result<Changes> {
    let mut connection = PgConnection::connect(&url).await?;
    let mut random = Rng::with_seed(session);
    let mut changes = Changes::default();
    let mut number = 0;
    while Instant::now() < end {
        number += 1;
        let is_kept = random.u32(0..ROLLED_BACK) > 0;
        let name = format!("{session}-{number}");
        match transaction(&mut connection, &mut random, &name, is_kept).await {
            Ok(()) if is_kept => changes.committed += 1,
            Ok(()) => changes.rolled_back += 1,
            Err(error) if is_deadlock(&error) => changes.deadlocks += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(changes)
}

fn is_deadlock(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some(DEADLOCK)
}

async fn transaction(
    connection: &mut PgConnection,
    random: &mut Rng,
    name: &str,
    is_kept: bool,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    if random.u32(0..10) == 0 {
        copy(&mut transaction, name).await?;
    }
    let mut keys: Vec<_> = (0..random.usize(1..4))
        .map(|_| random.u32(0..SHARED_ROWS))
        .collect();
    keys.sort_unstable();
    for (place, key) in keys.into_iter().enumerate() {
        let statement = on_shared_row(key, random, &format!("{name}-{place}"));
        transaction.execute(statement.as_str()).await?;
    }
    if random.u32(0..4) == 0 {
        transaction.execute(upsert(random).as_str()).await?;
    }
    if is_kept {
        transaction.commit().await
    } else {
        transaction.rollback().await
    }
}

async fn copy(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    let mut stream = connection
        .copy_in_raw("COPY users (email, username, is_active) FROM STDIN")
        .await?;
    let rows = format!("{name}-a@copied.com\t{name}-a\tt\n{name}-b@copied.com\t{name}-b\tf\n");
    stream.send(rows.into_bytes()).await?;
    stream.finish().await?;
    Ok(())
}

fn on_shared_row(key: u32, random: &mut Rng, name: &str) -> String {
    let id = id(key);
    let hours = random.u32(0..400);
    match random.u32(0..8) {
        0 => format!("INSERT INTO users (email, username) VALUES ('{name}@new.com', '{name}')"),
        1 => format!(
            "INSERT INTO users (email, username, is_active, is_superuser, created_at)
             SELECT '{name}-' || n || '@many.com', '{name}-' || n, n % 2 = 0, n % 5 = 0,
                 now() - (n * {hours}) * INTERVAL '1 minute'
             FROM generate_series(1, {}) AS n",
            random.u32(1..40)
        ),
        2 => format!("UPDATE users SET is_active = NOT is_active WHERE id = {id}"),
        3 => format!("UPDATE users SET is_superuser = NOT is_superuser WHERE id = {id}"),
        4 => format!(
            "UPDATE users SET created_at = now() - {hours} * INTERVAL '1 hour' WHERE id = {id}"
        ),
        5 => format!("UPDATE users SET full_name = '{name}', updated_at = now() WHERE id = {id}"),
        6 => format!("DELETE FROM users WHERE id = {id}"),
        _ => put(key, random),
    }
}

/// Far from what the table's own sequence gives.
fn id(key: u32) -> u32 {
    1_000_000_000 + key
}

fn put(key: u32, random: &mut Rng) -> String {
    format!(
        "INSERT INTO users (id, email, username, is_active, created_at)
         VALUES ({}, 'shared{key}@x.com', 'shared{key}', {}, now() - {} * INTERVAL '1 hour')
         ON CONFLICT DO NOTHING",
        id(key),
        random.bool(),
        random.u32(0..400)
    )
}

fn upsert(random: &mut Rng) -> String {
    let key = random.u32(0..SHARED_ROWS);
    format!(
        "INSERT INTO users (email, username) VALUES ('upserted{key}@x.com', 'upserted{key}')
         ON CONFLICT (lower(email COLLATE \"und-x-icu\") COLLATE \"C\")
         DO UPDATE SET is_superuser = NOT users.is_superuser"
    )
}
