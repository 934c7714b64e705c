//! Changes many users.

use sqlx::QueryBuilder;

use super::{
    job::{ManyChanged, ManyJob},
    statement,
};
use crate::{
    platform::{actor::Actor, database::Transaction},
    store::{
        audit::{self, Action},
        extra::{row_of_view, user_columns},
        mapping::{UserWrites, raw},
        server,
        users::update::{self, Changes},
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
    let extra = writes.extra();
    let said = changes.extra(writes);
    statement::push_stored(&mut sql, job, extra, changes.takes_rights());
    sql.push("input AS ( SELECT ");
    let after = |column: &str| format!(" AS {column}");
    changes.push_each(&mut sql, ", ", |_| String::new(), after);
    if !said.is_empty() {
        sql.push(if fields.is_empty() { "" } else { ", " })
            .push("jsonb_populate_record(NULL::users, ")
            .push_bind(row_of_view(&changes.extra, extra))
            .push(") AS extra");
    }
    sql.push("), decided AS MATERIALIZED ( SELECT stored.*, CASE WHEN TRUE ");
    for field in &said {
        update::push_is_same(&mut sql, *field, |sql| {
            sql.push("(input.extra)");
        });
    }
    let same: Vec<_> = fields
        .iter()
        .map(|field| format!("AND stored.{field} IS NOT DISTINCT FROM input.{field} "))
        .collect();
    sql.push(same.concat()).push("THEN 'unchanged' ");
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
    let mut written = writes.update(&values);
    for field in &said {
        let column = raw(field.column);
        written.set(column.clone(), format!("(input.extra).{column}"));
    }
    let assignments = written.assignments();
    let old = audit::renamed("decided", "old_", extra);
    sql.push(format_args!(
        "changed AS (
             UPDATE users
             SET {assignments}
             FROM decided
             CROSS JOIN input
             WHERE users.id = decided.id
                 AND outcome = 'done'
             RETURNING {}, positions, {old}
         ), ",
        user_columns(extra)
    ));
    let (before, after) = (audit::of("changed.old_"), audit::of("changed."));
    let images = (
        audit::difference(&before, &after, extra),
        audit::difference(&after, &before, extra),
    );
    statement::push_audit(
        &mut sql,
        &actor,
        &job.said,
        (Action::BulkUpdate, Action::Update),
        &images,
    );
    server::sort_index_entries_at_once(tx, job.selection.most()).await?;
    statement::run(tx, sql).await
}
