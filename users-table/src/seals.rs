//! Seals over the log of changes: what was written is still there, and nothing else.
//!
//! A seal covers entries whose transactions have ended, so that it needs no lock that a writer would wait for. It
//! has the hash of the seal before it: a seal that is written again would have another hash than the next one
//! says. The hash of the last seal, kept where the owner of the database cannot write, holds all of them.

use serde::Serialize;
use sqlx::{Connection as _, FromRow, PgConnection, raw_sql};

/// How many entries are sealed at once, but for the rest of the last transaction.
const MAX_ENTRIES: i64 = 100_000;

/// A seal of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct Seal {
    /// Seals are numbered from 1.
    pub number: i64,
    /// SHA-256 in hexadecimal digits.
    pub hash: String,
}

/// What verifying found where everything is as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The last seal.
    pub last: Option<Seal>,
    /// How many entries the seals cover.
    pub entries: i64,
    /// How many entries no seal covers yet.
    pub unsealed: i64,
    /// The last month whose entries were dropped because of their age.
    pub dropped_until: Option<String>,
}

/// The first thing that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct Difference {
    /// The seal that says so.
    pub seal: Option<i64>,
    /// The entry that differs, if it is one.
    pub entry: Option<i64>,
    /// What is wrong, in words.
    pub what: String,
}

/// The hash of an entry: of all columns, but of the personal values only their hashes. A hash that stands for
/// values which are still there makes the result another one.
const ENTRY_HASH: &str = "sha256(convert_to(jsonb_build_array(
     id,
     transaction_id + shift,
     (extract(epoch FROM occurred_at) * 1000000)::bigint,
     action,
     refusal,
     actor_kind,
     actor_id::text,
     target_id::text,
     request_id,
     is_row,
     CASE
         WHEN values_hash IS NULL
             THEN encode(sha256(convert_to(jsonb_build_array(salt, before, after)::text, 'UTF8')), 'hex')
         WHEN num_nonnulls(salt, before, after) = 0
             THEN encode(values_hash, 'hex')
     END,
     CASE
         WHEN address_hash IS NULL
             THEN encode(
                 sha256(convert_to(jsonb_build_array(address_salt, source_address::text)::text, 'UTF8')),
                 'hex'
             )
         WHEN num_nonnulls(address_salt, source_address) = 0
             THEN encode(address_hash, 'hex')
     END
 )::text, 'UTF8'))";

/// The month of an entry in UTC.
const MONTH: &str = "to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM')";

/// The digest of the entries of a seal.
const DIGEST: &str = "(
     SELECT sha256(string_agg(entry_hash, ''::bytea ORDER BY place))
     FROM unnest(entry_hashes) WITH ORDINALITY AS hashes (entry_hash, place)
 )";

/// The hash of a seal, where `previous_hash` is that of the one before it.
const SEAL_HASH: &str = "sha256(convert_to(jsonb_build_array(
     number,
     (extract(epoch FROM sealed_at) * 1000000)::bigint,
     month,
     end_transaction + shift,
     encode(digest, 'hex'),
     encode(previous_hash, 'hex')
 )::text, 'UTF8'))";

/// Seals what has been written since the last time, and returns the last seal. Only the owner of the log can.
pub async fn seal(connection: &mut PgConnection) -> Result<Option<Seal>, sqlx::Error> {
    loop {
        let mut transaction = connection.begin().await?;
        // Nobody else makes seals meanwhile; readers and writers of the log do not wait.
        raw_sql("LOCK TABLE user_audit_seals IN SHARE ROW EXCLUSIVE MODE")
            .execute(&mut *transaction)
            .await?;
        let is_done = seal_oldest(&mut transaction).await?;
        transaction.commit().await?;
        if is_done {
            return last(connection).await;
        }
    }
}

/// Seals the oldest entries that are in no seal. Says whether there were none.
async fn seal_oldest(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let (start, last): (i64, Option<i64>) = sqlx::query_as(
        "SELECT
             start,
             (
                 SELECT max(transaction_id)
                 FROM (
                     SELECT transaction_id
                     FROM user_audit
                     WHERE transaction_id >= start
                         AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                     ORDER BY transaction_id, id
                     LIMIT $2
                 ) AS oldest
             )
         FROM (SELECT coalesce(max(end_transaction), $1) AS start FROM user_audit_seals) AS sealed",
    )
    .bind(i64::MIN)
    .bind(MAX_ENTRIES)
    .fetch_one(&mut *connection)
    .await?;
    let Some(last) = last else { return Ok(true) };
    // Releases that know no salts have written entries without them.
    sqlx::query(
        "UPDATE user_audit
         SET
             salt = CASE
                 WHEN values_hash IS NULL AND num_nonnulls(before, after) > 0 THEN coalesce(salt, gen_random_uuid())
                 ELSE salt
             END,
             address_salt = CASE WHEN address_hash IS NULL THEN coalesce(address_salt, gen_random_uuid()) END
         WHERE transaction_id BETWEEN $1 AND $2
             AND (
                 (salt IS NULL AND values_hash IS NULL AND num_nonnulls(before, after) > 0)
                 OR (address_salt IS NULL AND address_hash IS NULL AND source_address IS NOT NULL)
             )",
    )
    .bind(start)
    .bind(last)
    .execute(&mut *connection)
    .await?;
    let months: Vec<String> = sqlx::query_scalar(&format!(
        "SELECT DISTINCT {MONTH} FROM user_audit WHERE transaction_id BETWEEN $1 AND $2 ORDER BY 1"
    ))
    .bind(start)
    .bind(last)
    .fetch_all(&mut *connection)
    .await?;
    for month in months {
        let insert = format!(
            "INSERT INTO user_audit_seals
                 (number, sealed_at, month, end_transaction, entry_ids, entry_hashes, digest, hash)
             SELECT number, sealed_at, month, end_transaction, entry_ids, entry_hashes, digest, {SEAL_HASH}
             FROM (
                 SELECT new.*, {DIGEST} AS digest
                 FROM (
                     SELECT
                         (SELECT coalesce(max(number), 0) + 1 FROM user_audit_seals) AS number,
                         (SELECT hash FROM user_audit_seals ORDER BY number DESC LIMIT 1) AS previous_hash,
                         now() AS sealed_at,
                         $3 AS month,
                         $2 + 1 AS end_transaction,
                         0 AS shift,
                         array_agg(id ORDER BY transaction_id, id) AS entry_ids,
                         array_agg(hash ORDER BY transaction_id, id) AS entry_hashes
                     FROM (
                         SELECT id, transaction_id, {ENTRY_HASH} AS hash
                         FROM user_audit
                         CROSS JOIN (SELECT 0 AS shift) AS not_shifted
                         WHERE transaction_id BETWEEN $1 AND $2
                             AND {MONTH} = $3
                     ) AS entries
                 ) AS new
             ) AS seal"
        );
        sqlx::query(&insert)
            .bind(start)
            .bind(last)
            .bind(month)
            .execute(&mut *connection)
            .await?;
    }
    Ok(false)
}

async fn last(connection: &mut PgConnection) -> Result<Option<Seal>, sqlx::Error> {
    sqlx::query_as(
        "SELECT number, encode(hash, 'hex') AS hash FROM user_audit_seals ORDER BY number DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await
}

/// Looks for the first thing that is not as it was written. `known` is a seal that was kept elsewhere.
///
/// Nothing may be written to the seals meanwhile, so it all happens in one snapshot.
pub async fn verify(
    connection: &mut PgConnection,
    known: Option<&Seal>,
) -> Result<Result<Verified, Difference>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *transaction)
        .await?;
    let outcome = compare(&mut transaction, known).await?;
    transaction.rollback().await?;
    Ok(outcome)
}

async fn compare(
    connection: &mut PgConnection,
    known: Option<&Seal>,
) -> Result<Result<Verified, Difference>, sqlx::Error> {
    if let Some(difference) = find_changed_seal(connection, known).await? {
        return Ok(Err(difference));
    }
    let intervals: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT coalesce(lag(end_transaction) OVER (ORDER BY end_transaction), $1), end_transaction
         FROM user_audit_seals
         GROUP BY end_transaction
         ORDER BY end_transaction",
    )
    .bind(i64::MIN)
    .fetch_all(&mut *connection)
    .await?;
    let end = intervals.last().map_or(i64::MIN, |(_, end)| *end);
    for (start, end) in intervals {
        if let Some(difference) = find_changed_entry(connection, start, end).await? {
            return Ok(Err(difference));
        }
    }
    if let Some(difference) = find_unexplained_erasure(connection).await? {
        return Ok(Err(difference));
    }
    let (entries, unsealed): (i64, i64) = sqlx::query_as(
        "SELECT
             count(*) FILTER (WHERE transaction_id < $1),
             count(*) FILTER (WHERE transaction_id >= $1)
         FROM user_audit",
    )
    .bind(end)
    .fetch_one(&mut *connection)
    .await?;
    let dropped_until =
        sqlx::query_scalar("SELECT max(month) FROM user_audit_seals WHERE entry_ids IS NULL")
            .fetch_one(&mut *connection)
            .await?;
    Ok(Ok(Verified {
        last: last(connection).await?,
        entries,
        unsealed,
        dropped_until,
    }))
}

/// The first seal that does not follow from the one before it. Of dropped months only the digest is left; only
/// months that have ended are dropped, and none before an older one.
async fn find_changed_seal(
    connection: &mut PgConnection,
    known: Option<&Seal>,
) -> Result<Option<Difference>, sqlx::Error> {
    sqlx::query_as(&format!(
        "SELECT number AS seal, NULL::bigint AS entry, 'the seal is not the one that was made' AS what
         FROM (
             SELECT
                 user_audit_seals.*,
                 row_number() OVER earlier AS place,
                 lag(hash) OVER earlier AS previous_hash,
                 lag(end_transaction) OVER earlier AS previous_end
             FROM user_audit_seals
             WINDOW earlier AS (ORDER BY number)
         ) AS seal
         WHERE number <> place
             OR hash <> {SEAL_HASH}
             OR end_transaction < previous_end
             OR (entry_ids IS NULL) <> (entry_hashes IS NULL)
             OR (entry_hashes IS NOT NULL AND digest <> {DIGEST})
             OR (number = $1 AND encode(hash, 'hex') <> $2)
             OR (
                 entry_ids IS NULL
                 AND month >= (
                     SELECT least(min(month), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'))
                     FROM user_audit_seals
                     WHERE entry_ids IS NOT NULL
                 )
             )
         UNION ALL
         SELECT $1, NULL, 'the seal is gone'
         WHERE NOT EXISTS (SELECT FROM user_audit_seals WHERE number = $1)
             AND $1 IS NOT NULL
         ORDER BY seal
         LIMIT 1"
    ))
    .bind(known.map(|seal| seal.number))
    .bind(known.map(|seal| &seal.hash))
    .fetch_optional(connection)
    .await
}

/// The first entry of an interval that is not as its seal says.
async fn find_changed_entry(
    connection: &mut PgConnection,
    start: i64,
    end: i64,
) -> Result<Option<Difference>, sqlx::Error> {
    sqlx::query_as(&format!(
        "WITH seals AS (
             SELECT number, month, shift, entry_ids, entry_hashes
             FROM user_audit_seals
             WHERE end_transaction = $2
         )
         SELECT
             coalesce(number, (SELECT min(number) FROM seals)) AS seal,
             coalesce(sealed.id, found.id) AS entry,
             CASE
                 WHEN found.id IS NULL THEN 'the entry is gone'
                 WHEN sealed.id IS NULL THEN 'the entry was not there'
                 ELSE 'the entry was changed'
             END AS what
         FROM (
             SELECT number, month, id, hash, row_number() OVER (PARTITION BY id) AS copy
             FROM seals
             CROSS JOIN LATERAL unnest(entry_ids, entry_hashes) AS entries (id, hash)
         ) AS sealed
         FULL JOIN (
             SELECT id, {MONTH} AS month, {ENTRY_HASH} AS hash, row_number() OVER (PARTITION BY id) AS copy
             FROM user_audit
             CROSS JOIN (SELECT max(shift) AS shift FROM seals) AS shifted
             WHERE transaction_id >= $1
                 AND transaction_id < $2
         ) AS found ON found.id = sealed.id AND found.copy = sealed.copy
         WHERE sealed.hash IS DISTINCT FROM found.hash
             OR sealed.month IS DISTINCT FROM found.month
         ORDER BY entry
         LIMIT 1"
    ))
    .bind(start)
    .bind(end)
    .fetch_optional(connection)
    .await
}

/// The first entry whose values are gone, although no entry says that the person was erased.
async fn find_unexplained_erasure(
    connection: &mut PgConnection,
) -> Result<Option<Difference>, sqlx::Error> {
    sqlx::query_as(
        "WITH erased AS MATERIALIZED (
             SELECT DISTINCT target_id AS id
             FROM user_audit
             WHERE action = 'user.erase'
                 AND refusal IS NULL
         )
         SELECT NULL::bigint AS seal, id AS entry, 'nobody erased the values of the entry' AS what
         FROM user_audit
         WHERE (values_hash IS NOT NULL AND target_id NOT IN (SELECT erased.id FROM erased) IS NOT FALSE)
             OR (address_hash IS NOT NULL AND actor_id NOT IN (SELECT erased.id FROM erased) IS NOT FALSE)
         ORDER BY transaction_id, id
         LIMIT 1",
    )
    .fetch_optional(connection)
    .await
}
