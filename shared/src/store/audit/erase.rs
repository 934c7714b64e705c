//! Erases what the log knows of somebody who is not a user any more.

use sqlx::PgConnection;

use crate::{
    platform::{actor::Actor, database::Transaction},
    users::UserId,
};

/// The first half of a number that no other application is likely to lock. The other half stands for a person
/// who is to be erased, or to be a user again.
const PERSON_LOCK: i32 = 0x726f_6c6c;

/// Keeps others from erasing or restoring the same person until the end of the transaction.
pub async fn lock_person(connection: &mut PgConnection, id: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1, hashtext($2::user_id::text))")
        .bind(PERSON_LOCK)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The emails that a person has had, as far as the log knows them; `None` if it has no entry about the person
/// or of what the person did.
pub async fn find_emails(
    connection: &mut PgConnection,
    id: UserId,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    let (is_known, emails): (bool, Vec<String>) = sqlx::query_as(
        "SELECT
             EXISTS (SELECT FROM user_audit WHERE target_id = $1::user_id)
                 OR EXISTS (SELECT FROM user_audit WHERE actor_id = $1::user_id AND NOT is_row),
             ARRAY(
                 SELECT DISTINCT fields ->> 'email'
                 FROM user_audit
                 CROSS JOIN unnest(ARRAY[before, after]) AS fields
                 WHERE target_id = $1::user_id
                     AND fields ->> 'email' IS NOT NULL
             )",
    )
    .bind(id)
    .fetch_one(connection)
    .await?;
    Ok(is_known.then_some(emails))
}

/// Takes the person's values out of all entries, and the addresses out of those of what the person did. Writes
/// an entry that says so, and returns how many were changed.
///
/// Fails as long as somebody has the id.
pub async fn erase(tx: &mut Transaction, id: UserId) -> Result<u64, sqlx::Error> {
    let actor: Actor = tx.actor().clone();
    let entries: i64 =
        sqlx::query_scalar("SELECT erase_user_from_log($1::user_id, $2::user_id, $3::inet, $4)")
            .bind(id)
            .bind(actor.id)
            .bind(actor.source_address.map(|address| address.to_string()))
            .bind(actor.request_id)
            .fetch_one(&mut **tx as &mut PgConnection)
            .await?;
    Ok(u64::try_from(entries).unwrap_or_default())
}
