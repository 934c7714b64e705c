//! Deletes one user.

use sqlx::{PgConnection, QueryBuilder};

use super::target::{self, COLUMNS, Changed, Decision, Precondition};
use crate::{
    platform::{actor::Actor, config::ExtraFields, database::Transaction},
    store::{
        audit::{self, Action},
        extra::and_extra,
    },
    users::UserId,
};

/// Deletes a user, unless it has not the tag that it should have, or is the last superuser. The log keeps
/// what the user was, but for the password.
///
/// Fails if the table refuses it: [`super::find_references`] says why.
pub async fn delete(
    tx: &mut Transaction,
    extra: ExtraFields,
    id: UserId,
    precondition: Precondition<'_>,
) -> Result<Changed, sqlx::Error> {
    let actor: Actor = tx.actor().clone();
    let mut sql = QueryBuilder::new("");
    target::push(&mut sql, (id, extra), precondition, true, |sql| {
        sql.push("FALSE");
    });
    sql.push(
        "changed AS (
             DELETE FROM users
             USING decided
             WHERE users.id = decided.id
                 AND outcome = 'done'
             RETURNING users.id::user_id AS id
         ), ",
    );
    let before = format!(
        "CASE WHEN changed.id IS NOT NULL THEN {} || jsonb_build_object(
             'created_at', decided.created_at,
             'updated_at', decided.updated_at
         ) END",
        audit::image("decided", extra)
    );
    target::push_audit(&mut sql, Action::Delete, (&before, "NULL::jsonb"), &actor);
    sql.push("SELECT outcome, ")
        .push(and_extra(COLUMNS, extra))
        .push(" FROM decided WHERE outcome <> 'done' OR EXISTS (SELECT FROM changed)");
    let decision: Option<Decision> = sql
        .build_query_as()
        .fetch_optional(&mut **tx as &mut PgConnection)
        .await?;
    Ok(decision.into())
}
