//! Requests of users who may not make them: one entry a minute for a user and a route, so that nobody fills the
//! log.

use sqlx::PgConnection;

use super::{action::Action, alone};
use crate::platform::{
    actor::Actor,
    database::{Database, Transaction},
    deadline::Deadline,
};

/// More than all routes have entries in a minute.
const LATEST: i64 = 100;

/// Notes that a user may not use a route, unless it was noted within the last minute. Fails only into the log of the
/// function, because the caller has to be told of the refusal.
pub async fn note_forbidden(database: &Database, deadline: &Deadline, actor: &Actor, route: &str) {
    alone::commit(database, deadline, actor, |mut tx| async move {
        (insert(&mut tx, route).await, tx)
    })
    .await;
}

async fn insert(tx: &mut Transaction, route: &str) -> Result<(), sqlx::Error> {
    let actor: Actor = tx.actor().clone();
    sqlx::query(
        "INSERT INTO user_audit (action, refusal, actor_kind, actor_id, after, source_address, request_id)
         SELECT $1, 'forbidden', 'user', $2::user_id, jsonb_build_object('route', $3::text), $4::inet, $5
         WHERE NOT EXISTS (
             SELECT
             FROM (
                 SELECT action, after, occurred_at
                 FROM user_audit
                 WHERE actor_id = $2::user_id
                     AND NOT is_row
                 ORDER BY transaction_id DESC, id DESC
                 LIMIT $6
             ) AS latest
             WHERE action = $1
                 AND after ->> 'route' = $3
                 AND occurred_at > now() - INTERVAL '1 minute'
         )",
    )
    .bind(Action::Refuse.name())
    .bind(actor.id)
    .bind(route)
    .bind(actor.source_address.map(|address| address.to_string()))
    .bind(actor.request_id)
    .bind(LATEST)
    .execute(&mut **tx as &mut PgConnection)
    .await?;
    Ok(())
}
