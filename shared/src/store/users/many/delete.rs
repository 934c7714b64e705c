//! Deletes many users.

use sqlx::QueryBuilder;

use super::{
    job::{ManyChanged, ManyJob},
    statement,
};
use crate::{
    platform::{
        actor::Actor,
        config::{ExtraFields, UsersMapping},
        database::Transaction,
    },
    store::{
        audit::{self, Action},
        users::references::{self, Constraint},
    },
};

/// Deletes many users. Those to whom rows of other tables refer, by foreign keys that forbid it, stay.
///
/// Fails if the table refuses one that could not be seen to be referred to.
pub async fn delete_many(
    tx: &mut Transaction,
    mapping: Option<&UsersMapping>,
    job: &ManyJob,
) -> Result<ManyChanged, sqlx::Error> {
    let actor: Actor = tx.actor().clone();
    let keys = references::find_keys(tx, mapping).await?;
    let mut sql = QueryBuilder::new("WITH ");
    let extra = mapping.map_or(ExtraFields::NONE, |mapping| mapping.extra);
    statement::push_stored(&mut sql, job, extra, true);
    sql.push("referenced AS MATERIALIZED ( SELECT NULL::user_id AS id WHERE FALSE ");
    for (table, condition) in keys.iter().filter_map(Constraint::restricts) {
        sql.push(format_args!(
            "UNION
             SELECT stored.id
             FROM stored
             JOIN users AS referred ON referred.id = stored.id
             JOIN {table} AS referring ON {condition} "
        ));
    }
    sql.push("), decided AS MATERIALIZED ( SELECT stored.*, CASE ");
    statement::push_guards(&mut sql, actor.id);
    sql.push(format_args!(
        "WHEN id IN (SELECT id FROM referenced) THEN 'referenced' ELSE 'done' END AS outcome FROM stored),
         changed AS (
             DELETE FROM users
             USING decided
             WHERE users.id = decided.id
                 AND outcome = 'done'
             RETURNING decided.id AS id, positions, {} || jsonb_build_object(
                 'created_at', decided.created_at,
                 'updated_at', decided.updated_at
             ) AS old
         ), ",
        audit::image("decided", extra)
    ));
    let images = ("changed.old".to_owned(), "NULL::jsonb".to_owned());
    statement::push_audit(
        &mut sql,
        &actor,
        &job.said,
        (Action::BulkDelete, Action::Delete),
        &images,
    );
    statement::run(tx, sql).await
}
