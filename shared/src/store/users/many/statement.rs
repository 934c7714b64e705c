//! The parts of a statement that changes or deletes many users.

use serde_json::Value;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use users_table::text_key_of;

use super::job::{ChosenUser, ManyChanged, ManyJob, Selection};
use crate::{
    platform::{actor::Actor, config::ExtraFields, database::Transaction},
    store::{audit::Action, extra::user_columns, list, users::target::RIGHTS_LOCK},
    users::{ExactValue, UserId},
};

#[derive(FromRow)]
struct Row {
    count: i64,
    altered: i64,
    id: Option<UserId>,
    positions: Option<Vec<i64>>,
    outcome: Option<String>,
}

/// The queries `counted` and `stored`: how many users are meant, and those that are taken, locked.
pub(super) fn push_stored<'q>(
    sql: &mut QueryBuilder<'q, Postgres>,
    job: &'q ManyJob,
    extra: ExtraFields,
    takes_rights: bool,
) {
    match &job.selection {
        Selection::Ids(ids) => {
            sql.push("named AS ( SELECT id, position FROM UNNEST(")
                .push_bind(ids)
                .push(
                    "::user_id[]) WITH ORDINALITY AS named (id, position)),
                     chosen AS MATERIALIZED (
                         SELECT id AS chosen_id, array_agg(position) AS positions
                         FROM named
                         GROUP BY id
                     ), ",
                );
        }
        Selection::Emails(emails) => {
            let emails: Vec<_> = emails.iter().map(ExactValue::as_str).collect();
            sql.push("named AS ( SELECT email, position FROM UNNEST(")
                .push_bind(emails)
                .push(format_args!(
                    "::text[]) WITH ORDINALITY AS named (email, position)),
                     chosen AS MATERIALIZED (
                         SELECT users.id AS chosen_id, array_agg(position) AS positions
                         FROM named
                         JOIN users ON {} = {}
                         GROUP BY users.id
                     ), ",
                    text_key_of("users.email"),
                    text_key_of("named.email"),
                ));
        }
        Selection::Filter {
            filter,
            after,
            expected,
        } => {
            sql.push("matching AS MATERIALIZED ( SELECT id FROM users WHERE TRUE");
            list::push_conditions(sql, filter);
            if let Some(id) = after {
                sql.push(" AND id > ").push_bind(id).push("::user_id");
            }
            sql.push(
                "), counted AS MATERIALIZED ( SELECT count(*) AS count FROM matching),
                 chosen AS MATERIALIZED (
                     SELECT id AS chosen_id, '{}'::bigint[] AS positions
                     FROM matching ",
            );
            if let Some(expected) = expected {
                sql.push("WHERE (SELECT count FROM counted) = ")
                    .push_bind(i64::try_from(*expected).unwrap_or(i64::MAX));
            }
            sql.push(" ORDER BY id LIMIT ")
                .push_bind(i64::try_from(job.limit).unwrap_or(i64::MAX))
                .push("), ");
        }
    }
    if takes_rights {
        // The lock is taken when the rows have been found and before they are locked.
        sql.push(format_args!(
            "rights_lock AS MATERIALIZED (
                 SELECT pg_advisory_xact_lock({RIGHTS_LOCK})
                 FROM (
                     SELECT
                     FROM users
                     JOIN chosen ON users.id = chosen_id
                     WHERE is_active
                         AND is_superuser
                     LIMIT 1
                 ) AS superuser
             ), "
        ));
    }
    sql.push(format_args!(
        "stored AS MATERIALIZED ( SELECT {}, positions
         FROM users
         JOIN chosen ON users.id = chosen_id ",
        user_columns(extra)
    ));
    if takes_rights {
        sql.push("LEFT JOIN rights_lock ON TRUE ");
    }
    sql.push("WHERE TRUE");
    // Users who do not pass any more when the lock is there are left out.
    if let Selection::Filter { filter, .. } = &job.selection {
        list::push_conditions(sql, filter);
    }
    sql.push(" ORDER BY users.id FOR UPDATE OF users), ");
    if !matches!(job.selection, Selection::Filter { .. }) {
        sql.push("counted AS ( SELECT count(*) AS count FROM stored), ");
    }
}

/// The conditions of `decided` under which a user keeps all rights. Locking a row reads its newest version: one
/// that has been demoted meanwhile does not count.
pub(super) fn push_guards(sql: &mut QueryBuilder<'_, Postgres>, actor: UserId) {
    sql.push("WHEN stored.id = ")
        .push_bind(actor)
        .push(
            "::user_id THEN 'self'
             WHEN stored.is_active AND stored.is_superuser AND NOT EXISTS (
                 SELECT
                 FROM (
                     SELECT
                     FROM users
                     WHERE users.is_active
                         AND users.is_superuser
                         AND users.id NOT IN (
                             SELECT own.id
                             FROM stored AS own
                             WHERE own.id <> ",
        )
        .push_bind(actor)
        .push(
            "::user_id
                         )
                     LIMIT 1
                     FOR SHARE OF users
                 ) AS other_superuser
             ) THEN 'last_superuser' ",
        );
}

/// Goes on with the query `audited`: an entry with the numbers, and a row for each user to whom something was
/// done or refused. `actions` are what both are called.
pub(super) fn push_audit(
    sql: &mut QueryBuilder<'_, Postgres>,
    actor: &Actor,
    said: &Value,
    (action, row_action): (Action, Action),
    (before, after): &(String, String),
) {
    if !actor.is_logged {
        sql.push("audited AS (SELECT) ");
        return;
    }
    sql.push(
        "audited AS (
             INSERT INTO user_audit (
                 action,
                 refusal,
                 actor_kind,
                 actor_id,
                 target_id,
                 before,
                 after,
                 source_address,
                 request_id,
                 address_salt,
                 is_row
             )
             SELECT ",
    )
    .push_bind(action.name())
    .push(", NULL::text, 'user', ")
    .push_bind(actor.id)
    .push("::user_id, NULL::user_id, NULL::jsonb, ")
    .push_bind(said.clone())
    .push(
        "::jsonb || (
                 SELECT jsonb_build_object(
                     'count', (SELECT count FROM counted),
                     'done', count(*) FILTER (WHERE outcome = 'done'),
                     'skipped', count(*) FILTER (WHERE outcome <> 'done')
                 )
                 FROM decided
             ), ",
    )
    .push_bind(actor.source_address.map(|address| address.to_string()))
    .push("::inet, ")
    .push_bind(actor.request_id.clone())
    .push(", gen_random_uuid(), FALSE UNION ALL SELECT ")
    .push_bind(row_action.name())
    .push(", NULL::text, 'user', ")
    .push_bind(actor.id)
    .push(format_args!(
        "::user_id, changed.id, {before}, {after}, NULL, NULL, NULL, TRUE FROM changed UNION ALL SELECT "
    ))
    .push_bind(row_action.name())
    .push(", outcome, 'user', ")
    .push_bind(actor.id)
    .push(
        "::user_id, id, NULL, NULL, NULL, NULL, NULL, TRUE
         FROM decided
         WHERE outcome NOT IN ('done', 'unchanged')) ",
    );
}

/// Runs the statement.
pub(super) async fn run(
    tx: &mut Transaction,
    mut sql: QueryBuilder<'_, Postgres>,
) -> Result<ManyChanged, sqlx::Error> {
    // No join of these queries: the planner has no idea how many users they have.
    sql.push(
        "SELECT
             count,
             (SELECT count(*) FROM decided WHERE outcome = 'done')
                 - (SELECT count(*) FROM changed) AS altered,
             results.*
         FROM counted
         LEFT JOIN (
             SELECT id, positions, 'done' AS outcome
             FROM changed
             UNION ALL
             SELECT id, positions, outcome
             FROM decided
             WHERE outcome <> 'done'
         ) AS results ON TRUE
         ORDER BY results.id",
    );
    let rows: Vec<Row> = sql
        .build_query_as()
        .persistent(false)
        .fetch_all(&mut **tx as &mut PgConnection)
        .await?;
    let (count, altered) = rows.first().map_or((0, 0), |row| (row.count, row.altered));
    let users = rows.into_iter().filter_map(|row| {
        Some(ChosenUser {
            id: row.id?,
            positions: row.positions?,
            outcome: row.outcome?,
        })
    });
    Ok(ManyChanged {
        count: u64::try_from(count).unwrap_or(0),
        is_altered: altered != 0,
        users: users.collect(),
    })
}
