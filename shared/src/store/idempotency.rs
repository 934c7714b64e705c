//! Responses to requests that have an Idempotency-Key.
//!
//! A response is stored in the transaction that does the work: either both are there or neither is. While
//! the work is going on, an advisory lock stands for the key. It belongs to the transaction, so it works
//! through poolers, and the server drops it with a connection that breaks.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};

use crate::{
    platform::{
        actor::Actor,
        consistency_token::ConsistencyToken,
        database::{Abort, Transaction},
        error::Error,
        idempotency::{IdempotentRequest, StoredResponse},
    },
    users::UserId,
};

/// SQLSTATE `lock_not_available`.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// How long a request waits for another one with the same key, before the caller is asked to come back.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// How many expired keys one statement deletes, so that none runs long.
const CLEAN_BATCH: i64 = 500;

/// What is stored under a key.
#[derive(Debug, FromRow)]
pub struct StoredRow {
    /// The fingerprint of the request that the key was used for.
    pub request_hash: Vec<u8>,
    /// The status of its response.
    pub status: i16,
    /// The body of its response, compressed.
    pub body: Vec<u8>,
    /// The transaction that has written both the response and what it says.
    pub transaction: i64,
}

impl StoredRow {
    /// The response to the request, whose actor has written what it says. Fails if the key was used for another
    /// request.
    pub fn response_to(
        &self,
        request: &IdempotentRequest,
        actor: &Actor,
    ) -> Result<StoredResponse, Error> {
        if self.request_hash != request.fingerprint.as_bytes() {
            return Err(Error::IdempotencyMismatch);
        }
        actor.written.note(ConsistencyToken::of_transaction(
            self.transaction.cast_unsigned(),
        ));
        StoredResponse::decompress(self.status, &self.body)
    }
}

/// Reserves the key of a request until the end of the transaction, and finds the response if it was given
/// before. A request without a key has none.
pub async fn begin(
    tx: &mut Transaction,
    request: Option<&IdempotentRequest>,
) -> Result<Option<StoredResponse>, Abort> {
    let Some(request) = request else {
        return Ok(None);
    };
    if !lock(tx, request).await? {
        return Err(Error::IdempotencyInProgress.into());
    }
    let stored = find(tx, request).await?;
    let response = stored.map(|row| row.response_to(request, tx.actor()));
    Ok(response.transpose()?)
}

/// Stores the response to a request under its key, if it has one.
pub async fn finish(
    connection: &mut PgConnection,
    request: Option<&IdempotentRequest>,
    response: &StoredResponse,
) -> Result<(), Abort> {
    if let Some(request) = request {
        let (status, body) = response.compress()?;
        insert(connection, request, status, &body).await?;
    }
    Ok(())
}

/// Takes the lock that stands for the key until the end of the transaction; false if another request
/// holds it for too long. The transaction can then only be rolled back.
async fn lock(
    connection: &mut PgConnection,
    request: &IdempotentRequest,
) -> Result<bool, sqlx::Error> {
    let number = request.lock_number();
    let is_free = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
        .bind(number)
        .fetch_one(&mut *connection)
        .await?;
    if is_free {
        return Ok(true);
    }
    sqlx::query("SELECT set_config('lock_timeout', $1, TRUE)")
        .bind(LOCK_TIMEOUT.as_millis().to_string())
        .execute(&mut *connection)
        .await?;
    let locked = sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(number)
        .execute(&mut *connection)
        .await;
    match locked {
        Ok(_) => {
            sqlx::query("SET LOCAL lock_timeout = DEFAULT")
                .execute(connection)
                .await?;
            Ok(true)
        }
        Err(error) if is_lock_timeout(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Finds what is stored under the key of a request.
///
/// xmin has the lower 32 bits of a transaction's number. A key lives for a day, so the number is the last one of
/// the server that ends with them.
pub async fn find(
    connection: &mut PgConnection,
    request: &IdempotentRequest,
) -> Result<Option<StoredRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             request_hash,
             status,
             body,
             latest - ((latest - xmin::text::bigint) & 4294967295) AS transaction
         FROM
             idempotency_keys,
             (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint) AS server (latest)
         WHERE caller_id = $1::user_id
             AND route = $2
             AND key = $3
             AND expires_at > now()",
    )
    .bind(request.caller_id)
    .bind(request.route)
    .bind(request.key.as_str())
    .fetch_optional(connection)
    .await
}

/// Stores a response under the key of its request for a day. An expired one of the same key makes room.
async fn insert(
    connection: &mut PgConnection,
    request: &IdempotentRequest,
    status: i16,
    body: &[u8],
) -> Result<(), sqlx::Error> {
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
         VALUES ($1::user_id, $2, $3, $4, $5, $6, now() + interval '24 hours')
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
    .bind(status)
    .bind(body)
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

/// Deletes the stored responses that have values of a person, who has this id or had one of these emails.
pub async fn delete_about(
    connection: &mut PgConnection,
    id: UserId,
    emails: &[String],
) -> Result<(), Abort> {
    let id = serde_json::to_value(id).map_err(|error| Error::internal("writing an id", error))?;
    let mut places = Vec::new();
    {
        let mut rows = sqlx::query_as::<_, (String, i16, Vec<u8>)>(
            "SELECT ctid::text, status, body FROM idempotency_keys FOR UPDATE",
        )
        .fetch(&mut *connection);
        while let Some((place, status, body)) = rows.try_next().await? {
            let response = StoredResponse::decompress(status, &body)?;
            let is_about = serde_json::from_str(&response.body)
                .is_ok_and(|value| has_values(&value, &id, emails));
            if is_about {
                places.push(place);
            }
        }
    }
    sqlx::query("DELETE FROM idempotency_keys WHERE ctid = ANY($1::text[]::tid[])")
        .bind(places)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether a user in the response is that person.
fn has_values(value: &Value, id: &Value, emails: &[String]) -> bool {
    match value {
        Value::Array(values) => values.iter().any(|value| has_values(value, id, emails)),
        Value::Object(fields) => {
            let email = fields.get("email");
            let is_same = |other: &String| {
                let email = email.and_then(Value::as_str);
                email.is_some_and(|email| email.to_lowercase() == other.to_lowercase())
            };
            (email.is_some() && fields.get("id") == Some(id))
                || emails.iter().any(is_same)
                || fields.values().any(|value| has_values(value, id, emails))
        }
        _ => false,
    }
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| error.code().as_deref() == Some(LOCK_NOT_AVAILABLE))
}
