//! The user whom a change is about: locked, as it was, and whether it may be changed.

use sqlx::{FromRow, Postgres, QueryBuilder};

use crate::{
    platform::{actor::Actor, config::ExtraFields},
    store::{audit, extra::user_columns},
    users::{Guard, TAG_BYTES, TAG_SEPARATOR, User, UserId},
};

/// An arbitrary number that no other application is likely to lock. It stands for the right to take
/// away somebody's rights, so that two superusers who do so to each other wait instead of deadlocking. What keeps
/// the last one are the locks of their rows, which other software takes too.
pub(super) const RIGHTS_LOCK: i64 = 0x726f_6c6c_7269_6768;

/// The tags that the user may have, without quotes; `None` lets every one pass.
pub type Precondition<'a> = Option<&'a [String]>;

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It was made; the user as it is now, or was when it was deleted.
    Done(User),
    /// There was nothing to change.
    Unchanged(User),
    /// The user does not have a tag that it should have.
    Stale(User),
    /// It would break a rule.
    Guarded(Guard),
    /// Nobody has the id.
    Unknown,
}

/// A target and what was decided about it.
#[derive(FromRow)]
pub(super) struct Decision {
    outcome: String,
    #[sqlx(flatten)]
    user: User,
}

impl From<Option<Decision>> for Changed {
    fn from(decision: Option<Decision>) -> Self {
        let Some(Decision { outcome, user }) = decision else {
            return Self::Unknown;
        };
        match outcome.as_str() {
            "unchanged" => Self::Unchanged(user),
            "precondition_failed" => Self::Stale(user),
            "last_superuser" => Self::Guarded(Guard::LastSuperuser),
            _ => Self::Done(user),
        }
    }
}

/// The columns of a row of [`User`], without the name of a table.
pub(super) const COLUMNS: &str = "
    id,
    email,
    username,
    full_name,
    is_active,
    is_superuser,
    created_at,
    updated_at";

/// Begins a statement with the query `decided`: the user, locked, with its `outcome`.
///
/// `unchanged` is a condition about `stored` under which there is nothing to do.
pub(super) fn push<'q>(
    sql: &mut QueryBuilder<'q, Postgres>,
    (id, extra): (UserId, ExtraFields),
    precondition: Precondition<'q>,
    takes_rights: bool,
    push_unchanged: impl FnOnce(&mut QueryBuilder<'q, Postgres>),
) {
    sql.push("WITH ");
    if takes_rights {
        // The lock is taken when the row has been found and before it is locked.
        sql.push(format_args!(
            "rights_lock AS MATERIALIZED (
                 SELECT pg_advisory_xact_lock({RIGHTS_LOCK})
                 FROM users
                 WHERE is_active
                     AND is_superuser
                     AND id = "
        ))
        .push_bind(id)
        .push("::user_id), ");
    }
    sql.push("stored AS MATERIALIZED ( SELECT ")
        .push(user_columns(extra))
        .push(", users.password_hash::text AS password_hash FROM users ");
    if takes_rights {
        sql.push("LEFT JOIN rights_lock ON TRUE ");
    }
    sql.push("WHERE users.id = ")
        .push_bind(id)
        .push("::user_id FOR UPDATE OF users), ");
    if takes_rights {
        // Locking a row reads its newest version: one that has been demoted meanwhile does not count.
        sql.push(
            "other_superuser AS MATERIALIZED (
                 SELECT users.id
                 FROM users
                 JOIN stored ON users.id <> stored.id
                 WHERE stored.is_active
                     AND stored.is_superuser
                     AND users.is_active
                     AND users.is_superuser
                 LIMIT 1
                 FOR SHARE OF users
             ), ",
        );
    }
    sql.push("decided AS MATERIALIZED ( SELECT stored.*, CASE ");
    if let Some(tags) = precondition {
        sql.push(format_args!("WHEN {} <> ALL (", tag("stored", extra)))
            .push_bind(tags)
            .push("::text[]) THEN 'precondition_failed' ");
    }
    if takes_rights {
        sql.push(
            "WHEN is_active AND is_superuser AND NOT EXISTS (SELECT FROM other_superuser)
                 THEN 'last_superuser' ",
        );
    }
    sql.push("WHEN ");
    push_unchanged(sql);
    sql.push(" THEN 'unchanged' ELSE 'done' END AS outcome FROM stored), ");
}

/// Goes on with the query `audited`: an entry of whatever was done or refused to the user in `decided`.
pub(super) fn push_audit(
    sql: &mut QueryBuilder<'_, Postgres>,
    action: audit::Action,
    (before, after): (&str, &str),
    actor: &Actor,
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
                 target_id,
                 before,
                 after,
                 actor_id,
                 source_address,
                 request_id
             )
             SELECT '",
    )
    .push(action.name())
    .push("', nullif(outcome, 'done'), 'user', decided.id, ")
    .push(before)
    .push(", ")
    .push(after)
    .push(", ")
    .push_bind(actor.id)
    .push("::user_id, ")
    .push_bind(actor.source_address.map(|address| address.to_string()))
    .push("::inet, ")
    .push_bind(actor.request_id.clone())
    .push(
        " FROM decided LEFT JOIN changed ON changed.id = decided.id WHERE outcome <> 'unchanged') ",
    );
}

/// The tag of a row, as [`User::etag`] makes it.
fn tag(row: &str, extra: ExtraFields) -> String {
    let extra = if extra.is_empty() {
        String::new()
    } else {
        tagged(row)
    };
    format!(
        "translate(
             encode(
                 substring(
                     sha256(convert_to(concat_ws(
                         chr({separator}),
                         {row}.id,
                         coalesce({row}.email, ''),
                         coalesce({row}.username, ''),
                         coalesce('+' || {row}.full_name, '-'),
                         CASE WHEN {row}.is_active THEN 'true' ELSE 'false' END,
                         CASE WHEN {row}.is_superuser THEN 'true' ELSE 'false' END,
                         coalesce((extract(epoch FROM {row}.created_at) * 1000000)::bigint::text, ''),
                         coalesce((extract(epoch FROM {row}.updated_at) * 1000000)::bigint::text, ''){extra}
                     ), 'UTF8'))
                     FROM 1 FOR {TAG_BYTES}
                 ),
                 'base64'
             ),
             '+/=',
             '-_'
         )",
        separator = u32::from(TAG_SEPARATOR)
    )
}

/// The extra fields of a row as a part of its tag: whole numbers, flags and texts, in the order of their names.
fn tagged(row: &str) -> String {
    format!(
        " || coalesce((
             SELECT string_agg(
                 chr({separator}) || CASE
                     WHEN jsonb_typeof(value) IN ('string', 'boolean')
                         OR jsonb_typeof(value) = 'number' AND value::text ~ '^-?[0-9]{{1,18}}$'
                         THEN '+' || (value #>> '{{}}')
                     ELSE ''
                 END,
                 ''
                 ORDER BY key COLLATE \"C\"
             )
             FROM jsonb_each({row}.extra)
         ), '')",
        separator = u32::from(TAG_SEPARATOR)
    )
}
