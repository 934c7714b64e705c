//! Requests that were done before, by their Idempotency-Key.
//!
//! A key is stored in the transaction that does the work, with the answer: either both are there or
//! neither is. While the work is going on, an advisory lock stands for the key. It belongs to the
//! transaction, so it works through poolers, and the server drops it with a connection that breaks.

use std::{
    io::{Read, Write},
    time::Duration,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use lambda_http::http::StatusCode;
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use crate::platform::{
    database::Query,
    http::response::Answer,
    idempotency::{Fingerprint, IdempotencyKey},
};

/// How long a request waits for another one with the same key, before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it looks.
const POLL: Duration = Duration::from_millis(25);

/// How many expired keys one statement deletes, so that none runs long.
const CLEAN_BATCH: i64 = 500;

/// A request that may be repeated.
#[derive(Debug, Clone)]
pub struct IdempotentRequest {
    /// Who sent it; keys of different callers have nothing to do with each other.
    pub caller_id: i64,
    /// Where it was sent.
    pub route: &'static str,
    /// The caller's name for it.
    pub key: IdempotencyKey,
    /// What it says.
    pub fingerprint: Fingerprint,
}

/// What is known about a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Nothing, or nothing any more.
    None,
    /// It was used for a request that said something else.
    OtherRequest,
    /// It was used for this request, and this was the answer.
    Answer(Answer),
}

/// Looks for an earlier answer without waiting for one that is being made.
pub struct FindEarlier<'a> {
    /// The request.
    pub request: &'a IdempotentRequest,
}

impl Query for FindEarlier<'_> {
    type Output = Earlier;

    async fn run(&self, connection: &mut PgConnection) -> Result<Earlier, sqlx::Error> {
        find(connection, self.request).await
    }
}

/// Takes the lock that stands for the key until the end of the transaction; false if another request
/// holds it and does not let go in time.
pub(super) async fn lock(
    connection: &mut PgConnection,
    request: &IdempotentRequest,
) -> Result<bool, sqlx::Error> {
    let started = Instant::now();
    let lock = request.lock_number();
    loop {
        let is_taken = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
            .bind(lock)
            .fetch_one(&mut *connection)
            .await?;
        if is_taken || started.elapsed() >= PATIENCE {
            return Ok(is_taken);
        }
        sleep(POLL).await;
    }
}

pub(super) async fn find(
    connection: &mut PgConnection,
    request: &IdempotentRequest,
) -> Result<Earlier, sqlx::Error> {
    let found: Option<(Vec<u8>, i16, Vec<u8>)> = sqlx::query_as(
        "SELECT
             request_hash,
             status,
             body
         FROM idempotency_keys
         WHERE caller_id = $1
             AND route = $2
             AND key = $3
             AND expires_at > now()",
    )
    .bind(request.caller_id)
    .bind(request.route)
    .bind(request.key.as_str())
    .fetch_optional(connection)
    .await?;
    let Some((hash, status, body)) = found else {
        return Ok(Earlier::None);
    };
    if hash != request.fingerprint.as_bytes() {
        return Ok(Earlier::OtherRequest);
    }
    let mut text = String::new();
    GzDecoder::new(body.as_slice()).read_to_string(&mut text)?;
    let status = u16::try_from(status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    Ok(Earlier::Answer(Answer {
        status: status.unwrap_or(StatusCode::OK),
        body: text,
    }))
}

/// Stores the answer under the key for a day. An expired answer of the same key makes room.
pub(super) async fn store(
    connection: &mut PgConnection,
    request: &IdempotentRequest,
    answer: &Answer,
) -> Result<(), sqlx::Error> {
    let mut body = GzEncoder::new(Vec::new(), Compression::fast());
    body.write_all(answer.body.as_bytes())?;
    sqlx::query(
        "INSERT INTO idempotency_keys (
             caller_id,
             route,
             key,
             request_hash,
             status,
             body,
             expires_at
         )
         VALUES ($1, $2, $3, $4, $5, $6, now() + interval '24 hours')
         ON CONFLICT (caller_id, route, key) DO UPDATE
         SET
             request_hash = excluded.request_hash,
             status = excluded.status,
             body = excluded.body,
             created_at = excluded.created_at,
             expires_at = excluded.expires_at",
    )
    .bind(request.caller_id)
    .bind(request.route)
    .bind(request.key.as_str())
    .bind(request.fingerprint.as_bytes())
    .bind(i16::try_from(answer.status.as_u16()).unwrap_or_default())
    .bind(body.finish()?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes all expired keys, and says how many there were.
pub async fn delete_expired(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let mut deleted = 0;
    loop {
        // The array is made once; a bare subquery may be run for every row.
        let batch = sqlx::query(
            "DELETE FROM idempotency_keys
             WHERE ctid = ANY (ARRAY(
                 SELECT ctid
                 FROM idempotency_keys
                 WHERE expires_at <= now()
                 LIMIT $1
                 FOR UPDATE SKIP LOCKED
             ))",
        )
        .bind(CLEAN_BATCH)
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if batch == 0 {
            return Ok(deleted);
        }
        deleted += batch;
    }
}

impl IdempotentRequest {
    /// A number for the server's table of locks. If two keys ever shared one, they would wait for
    /// each other, and nothing worse.
    fn lock_number(&self) -> i64 {
        let caller = self.caller_id.to_be_bytes();
        let hash = Fingerprint::of(&[&caller, self.route.as_bytes(), self.key.as_str().as_bytes()]);
        hash.first_bytes()
    }
}
