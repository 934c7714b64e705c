//! Creates a user again who was deleted.

use sqlx::{FromRow, PgConnection, QueryBuilder};

use super::target::COLUMNS;
use crate::{
    platform::{actor::Actor, config::ExtraFields, database::Transaction},
    store::{
        audit,
        extra::{and_extra, user_columns},
        mapping::{UserWrites, literal, raw, raw_name},
    },
    users::{User, UserId},
};

/// For how many days after that.
pub const RESTORE_DAYS: i32 = 30;

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// The user is there again, without a password.
    Done(User),
    /// Something of what the user was is somebody else's now: the email and the username.
    Taken(Option<String>, Option<String>),
    /// The log knows of nobody with the id who was deleted.
    Unknown,
}

#[derive(FromRow)]
struct Before {
    email: Option<String>,
    username: Option<String>,
}

/// Inserts a user as the log knows it, with the same id.
///
/// Fails if the table refuses it.
pub async fn restore(
    tx: &mut Transaction,
    writes: UserWrites<'_>,
    id: UserId,
) -> Result<Restored, sqlx::Error> {
    let actor: Actor = tx.actor().clone();
    let extra = writes.extra();
    let mut written = writes.insert(&[
        ("email", "was.email"),
        ("username", "was.username"),
        ("full_name", "was.full_name"),
        ("password_hash", "NULL::text"),
        ("is_active", "was.is_active"),
        ("is_superuser", "was.is_superuser"),
        ("created_at", "coalesce(was.created_at, now())"),
        ("updated_at", "now()"),
    ]);
    // The table of another application may have an expression for new ids.
    if let Some(place) = written.columns.iter().position(|column| column == "id") {
        written.columns.remove(place);
        written.values.remove(place);
    }
    for field in extra.iter() {
        written.set(
            raw(field.column),
            format!("(was.extra).{}", raw(field.column)),
        );
    }
    let mut sql = QueryBuilder::new("WITH was AS MATERIALIZED (");
    push_before(&mut sql, id, extra);
    sql.push(format_args!(
        "), restored AS (
             INSERT INTO users (id, {})
             OVERRIDING SYSTEM VALUE
             SELECT id, {}
             FROM was
             ON CONFLICT DO NOTHING
             RETURNING {}
         ), audited AS (
             INSERT INTO user_audit (action, actor_kind, actor_id, target_id, after, source_address, request_id)
             SELECT '{}', 'user', ",
        written.columns.join(", "),
        written.values.join(", "),
        user_columns(extra),
        audit::Action::Restore.name(),
    ))
    .push_bind(actor.id)
    .push(format_args!(
        "::user_id, id, {}, ",
        audit::image("restored", extra)
    ))
    .push_bind(actor.source_address.map(|address| address.to_string()))
    .push("::inet, ")
    .push_bind(actor.request_id)
    .push(" FROM restored) SELECT ")
    .push(and_extra(COLUMNS, extra))
    .push(" FROM restored");
    let user: Option<User> = sql
        .build_query_as()
        .fetch_optional(&mut **tx as &mut PgConnection)
        .await?;
    if let Some(user) = user {
        return Ok(Restored::Done(user));
    }
    let mut sql = QueryBuilder::new("");
    push_before(&mut sql, id, ExtraFields::NONE);
    let before: Option<Before> = sql
        .build_query_as()
        .fetch_optional(&mut **tx as &mut PgConnection)
        .await?;
    Ok(before.map_or(Restored::Unknown, |before| {
        Restored::Taken(before.email, before.username)
    }))
}

/// Selects what the user was when it was deleted last.
fn push_before(sql: &mut QueryBuilder<'_, sqlx::Postgres>, id: UserId, extra: ExtraFields) {
    sql.push(
        "SELECT
             target_id AS id,
             coalesce(before ->> 'email', '') AS email,
             coalesce(before ->> 'username', '') AS username,
             before ->> 'full_name' AS full_name,
             (before ->> 'is_active')::boolean AS is_active,
             (before ->> 'is_superuser')::boolean AS is_superuser,
             (before ->> 'created_at')::timestamptz AS created_at",
    );
    if !extra.is_empty() {
        let pairs = extra.iter().map(|field| {
            let [column, name] = [&raw_name(field.column), field.name].map(literal);
            format!("{column}, before -> {name}")
        });
        let pairs: Vec<_> = pairs.collect();
        sql.push(format_args!(
            ", jsonb_populate_record(NULL::users, jsonb_build_object({})) AS extra",
            pairs.join(", ")
        ));
    }
    sql.push(
        " FROM user_audit
         WHERE action = 'user.delete'
             AND refusal IS NULL
             AND before IS NOT NULL
             AND target_id = ",
    )
    .push_bind(id)
    .push("::user_id AND occurred_at > now() - make_interval(days => ")
    .push_bind(RESTORE_DAYS)
    .push(") ORDER BY transaction_id DESC, id DESC LIMIT 1");
}
