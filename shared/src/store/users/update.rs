//! Changes one user.

use serde_json::{Map, Value};
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::target::{self, COLUMNS, Changed, Decision, Precondition};
use crate::{
    platform::{actor::Actor, config::ExtraField, database::Transaction},
    store::{
        audit::{self, Action},
        bulk::ImportRow,
        extra::{and_extra, row_of_view, user_columns},
        mapping::{UserWrites, literal, raw},
    },
    users::{User, UserId},
};

/// What is written. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Another address.
    pub email: Option<String>,
    /// Another name.
    pub username: Option<String>,
    /// Another name for people, or none.
    pub full_name: Option<Option<String>>,
    /// Another hash, or none.
    pub password_hash: Option<Option<String>>,
    /// Whether the user may do anything.
    pub is_active: Option<bool>,
    /// Whether the user may administrate others.
    pub is_superuser: Option<bool>,
    /// What only the table of another application has; null stands for no value.
    pub extra: Map<String, Value>,
}

impl Changes {
    /// The user after the changes, as the table gets it. A password that stays is left out.
    #[must_use]
    pub fn applied_to(&self, user: &User) -> ImportRow {
        let changes = self.clone();
        ImportRow {
            email: changes
                .email
                .or_else(|| user.email.clone())
                .unwrap_or_default(),
            username: changes.username.or_else(|| user.username.clone()),
            full_name: changes.full_name.unwrap_or_else(|| user.full_name.clone()),
            password_hash: changes.password_hash.flatten(),
            is_active: Some(changes.is_active.unwrap_or(user.is_active)),
            is_superuser: Some(changes.is_superuser.unwrap_or(user.is_superuser)),
            created_at: None,
            id: None,
            extra: changes.extra,
        }
    }

    /// What the table gets of a change that is the same for many users.
    #[must_use]
    pub fn applied_to_nobody(&self) -> ImportRow {
        ImportRow {
            email: String::new(),
            username: None,
            full_name: self.full_name.clone().flatten(),
            password_hash: None,
            is_active: self.is_active,
            is_superuser: self.is_superuser,
            created_at: None,
            id: None,
            extra: self.extra.clone(),
        }
    }

    /// Whether they take away what makes a user an active superuser.
    #[must_use]
    pub fn takes_rights(&self) -> bool {
        self.is_active == Some(false) || self.is_superuser == Some(false)
    }

    /// Joins an SQL text for each field that is said, with its value.
    pub(super) fn push_each<'q>(
        &'q self,
        sql: &mut QueryBuilder<'q, Postgres>,
        between: &str,
        before: impl Fn(&str) -> String,
        after: impl Fn(&str) -> String,
    ) {
        let Self {
            email,
            username,
            full_name,
            password_hash,
            is_active,
            is_superuser,
            extra: _,
        } = self;
        let mut parts = sql.separated(between);
        for (column, value) in [
            ("email", email.as_ref().map(Some)),
            ("username", username.as_ref().map(Some)),
            ("full_name", full_name.as_ref().map(Option::as_ref)),
            ("password_hash", password_hash.as_ref().map(Option::as_ref)),
        ] {
            if let Some(value) = value {
                parts
                    .push(before(column))
                    .push_bind_unseparated(value)
                    .push_unseparated(after(column));
            }
        }
        for (column, value) in [("is_active", is_active), ("is_superuser", is_superuser)] {
            if let Some(value) = value {
                parts
                    .push(before(column))
                    .push_bind_unseparated(*value)
                    .push_unseparated(after(column));
            }
        }
    }

    /// The extra fields that are said.
    pub(super) fn extra(&self, writes: UserWrites<'_>) -> Vec<ExtraField> {
        let fields = writes.extra().iter();
        fields
            .filter(|field| self.extra.contains_key(field.name))
            .collect()
    }

    /// All fields that are said.
    #[must_use]
    pub fn said(&self, writes: UserWrites<'_>) -> Vec<&'static str> {
        let extra = self.extra(writes).into_iter().map(|field| field.name);
        self.fields().into_iter().chain(extra).collect()
    }

    /// The fields that are said, but for extra ones.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        let fields = [
            ("email", self.email.is_some()),
            ("username", self.username.is_some()),
            ("full_name", self.full_name.is_some()),
            ("password_hash", self.password_hash.is_some()),
            ("is_active", self.is_active.is_some()),
            ("is_superuser", self.is_superuser.is_some()),
        ];
        let said = fields.into_iter().filter(|(_, is_said)| *is_said);
        said.map(|(field, _)| field).collect()
    }
}

/// Adds the condition that an extra field of `stored` is what a row of the view has.
pub(super) fn push_is_same<'q>(
    sql: &mut QueryBuilder<'q, Postgres>,
    field: ExtraField,
    push_row: impl FnOnce(&mut QueryBuilder<'q, Postgres>),
) {
    sql.push(format_args!(
        "AND stored.extra -> {} = coalesce(to_jsonb(",
        literal(field.name)
    ));
    push_row(sql);
    sql.push(format_args!(".{}), 'null') ", raw(field.column)));
}

/// Changes a user, unless it is so already, has not the tag that it should have, or is the last superuser and
/// would no longer be one.
///
/// A table whose triggers take the change back answers [`Changed::Unknown`].
pub async fn update(
    tx: &mut Transaction,
    writes: UserWrites<'_>,
    id: UserId,
    changes: &Changes,
    precondition: Precondition<'_>,
) -> Result<Changed, sqlx::Error> {
    let actor: Actor = tx.actor().clone();
    let fields = changes.fields();
    let extra = writes.extra();
    let said = changes.extra(writes);
    let row = row_of_view(&changes.extra, extra);
    let mut sql = QueryBuilder::new("");
    let takes_rights = changes.takes_rights();
    target::push(&mut sql, (id, extra), precondition, takes_rights, |sql| {
        sql.push("TRUE ");
        for field in &said {
            push_is_same(sql, *field, |sql| {
                sql.push("(jsonb_populate_record(NULL::users, ")
                    .push_bind(row.clone())
                    .push("))");
            });
        }
        if !fields.is_empty() {
            sql.push("AND ");
            let before = |column: &str| format!("stored.{column} IS NOT DISTINCT FROM ");
            changes.push_each(sql, " AND ", before, |_| String::new());
        }
    });
    sql.push("input AS ( SELECT ");
    if fields.is_empty() {
        sql.push("TRUE AS is_empty");
    }
    let after = |column: &str| format!(" AS {column}");
    changes.push_each(&mut sql, ", ", |_| String::new(), after);
    if !said.is_empty() {
        sql.push(", jsonb_populate_record(NULL::users, ")
            .push_bind(row.clone())
            .push(") AS extra");
    }
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
    sql.push("), changed AS ( UPDATE users SET ")
        .push(if assignments.is_empty() {
            "id = users.id"
        } else {
            &assignments
        })
        .push(" FROM decided CROSS JOIN input WHERE users.id = decided.id AND outcome = 'done' RETURNING ")
        .push(user_columns(extra))
        .push(", users.password_hash::text AS password_hash), ");
    let (before, after) = (audit::of("decided."), audit::of("changed."));
    // The log says nothing about a refused change, and of a password only that it changed.
    let after_with_password = format!(
        "CASE WHEN changed.id IS NOT NULL THEN nullif(
             coalesce({}, '{{}}') || CASE
                 WHEN changed.password_hash IS DISTINCT FROM decided.password_hash
                     THEN '{{\"password\": \"changed\"}}'::jsonb
                 ELSE '{{}}'
             END,
             '{{}}'
         ) END",
        audit::difference(&after, &before, extra)
    );
    let before = format!(
        "CASE WHEN changed.id IS NOT NULL THEN {} END",
        audit::difference(&before, &after, extra)
    );
    target::push_audit(
        &mut sql,
        Action::Update,
        (&before, &after_with_password),
        &actor,
    );
    sql.push("SELECT outcome, shown.* FROM decided CROSS JOIN LATERAL ( SELECT ")
        .push(and_extra(COLUMNS, extra))
        .push(" FROM changed UNION ALL SELECT ")
        .push(and_extra(COLUMNS, extra).replace("    ", " decided."))
        .push(" WHERE outcome <> 'done') AS shown");
    let decision: Option<Decision> = sql
        .build_query_as()
        .fetch_optional(&mut **tx as &mut PgConnection)
        .await?;
    Ok(decision.into())
}
