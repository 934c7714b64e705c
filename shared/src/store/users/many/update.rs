//! Changes many users.

use sqlx::QueryBuilder;

use super::{
    job::{ManyChanged, ManyJob},
    statement,
};
use crate::{
    platform::{actor::Actor, database::Transaction},
    store::{
        USER_COLUMNS,
        audit::{self, Action},
        mapping::UserWrites,
        users::update::Changes,
    },
};

/// Changes many users in the same way.
pub async fn update_many(
    tx: &mut Transaction,
    writes: UserWrites<'_>,
    job: &ManyJob,
    changes: &Changes,
) -> Result<ManyChanged, sqlx::Error> {
    let actor: Actor = tx.actor().clone();
    let fields = changes.fields();
    let mut sql = QueryBuilder::new("WITH ");
    statement::push_stored(&mut sql, job, changes.takes_rights());
    sql.push("input AS ( SELECT ");
    let after = |column: &str| format!(" AS {column}");
    changes.push_each(&mut sql, ", ", |_| String::new(), after);
    sql.push("), decided AS MATERIALIZED ( SELECT stored.*, CASE WHEN ");
    let same: Vec<_> = fields
        .iter()
        .map(|field| format!("stored.{field} IS NOT DISTINCT FROM input.{field}"))
        .collect();
    sql.push(same.join(" AND ")).push(" THEN 'unchanged' ");
    if changes.takes_rights() {
        statement::push_guards(&mut sql, actor.id);
    }
    sql.push("ELSE 'done' END AS outcome FROM stored CROSS JOIN input), ");
    let inputs: Vec<_> = fields
        .iter()
        .map(|field| (*field, format!("input.{field}")))
        .collect();
    let mut values: Vec<_> = inputs
        .iter()
        .map(|(field, value)| (*field, value.as_str()))
        .collect();
    values.push(("updated_at", "now()"));
    let assignments = writes.update(&values).assignments();
    let old = audit::renamed("decided", "old_");
    sql.push(format_args!(
        "changed AS (
             UPDATE users
             SET {assignments}
             FROM decided
             CROSS JOIN input
             WHERE users.id = decided.id
                 AND outcome = 'done'
             RETURNING {USER_COLUMNS}, positions, {old}
         ), "
    ));
    let (before, after) = (audit::of("changed.old_"), audit::of("changed."));
    let images = (
        audit::difference(&before, &after),
        audit::difference(&after, &before),
    );
    statement::push_audit(
        &mut sql,
        &actor,
        &job.said,
        (Action::BulkUpdate, Action::Update),
        &images,
    );
    statement::run(tx, sql).await
}
