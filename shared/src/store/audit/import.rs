//! What an import did: an entry with the numbers, and a row for each user whom it created or changed.

use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::action::Action;
use crate::{
    platform::{actor::Actor, database::Transaction},
    store::bulk::{ImportedUser, RowResult, Was},
    users::User,
};

/// Writes both in one statement, if the log is on. `numbers` are told in the entry. Of a new user, its row in `users` tells more;
/// that it is a superuser is told here too. Rows without values have no salt, which would take a quarter of the time.
pub async fn insert_import(
    tx: &mut Transaction,
    users: &[ImportedUser],
    numbers: &Value,
) -> Result<(), sqlx::Error> {
    let actor: Actor = tx.actor().clone();
    if !actor.is_logged {
        return Ok(());
    }
    let mut created = Vec::with_capacity(users.len());
    let (mut ids, mut actions, mut before, mut after) = (vec![], vec![], vec![], vec![]);
    for ImportedUser { user, result, was } in users {
        let (action, old, new) = match (result, was) {
            (RowResult::Skipped, _) => continue,
            (RowResult::Created, _) if !user.is_superuser => {
                created.push(user.id);
                continue;
            }
            (RowResult::Created, _) => {
                let superuser = json!({ "is_superuser": true });
                (Action::Create, None, Some(superuser))
            }
            (RowResult::Updated, None) => (Action::Update, None, None),
            (RowResult::Updated, Some(was)) => {
                let (old, new) = difference(was, user);
                (Action::Update, Some(old), Some(new))
            }
        };
        ids.push(user.id);
        actions.push(action.name());
        before.push(old.map(|value| value.to_string()));
        after.push(new.map(|value| value.to_string()));
    }
    sqlx::query(
        "INSERT INTO user_audit (
             action,
             actor_kind,
             actor_id,
             target_id,
             before,
             after,
             source_address,
             request_id,
             salt,
             address_salt,
             is_row
         )
         SELECT 'user.import', 'user', $1::user_id, NULL::user_id, NULL::jsonb, $2::jsonb, $3::inet, $4,
             gen_random_uuid(), gen_random_uuid(), FALSE
         UNION ALL
         SELECT $5, 'user', $1::user_id, id::user_id, NULL, NULL, NULL, NULL, NULL, NULL, TRUE
         FROM UNNEST($6::text[]) AS created (id)
         UNION ALL
         SELECT action, 'user', $1::user_id, id::user_id, before::jsonb, after::jsonb, NULL, NULL,
             gen_random_uuid(), NULL, TRUE
         FROM UNNEST($7::text[], $8::text[], $9::text[], $10::text[])
             AS changed (id, action, before, after)",
    )
    .bind(actor.id)
    .bind(numbers)
    .bind(actor.source_address.map(|address| address.to_string()))
    .bind(actor.request_id)
    .bind(Action::Create.name())
    .bind(created)
    .bind(ids)
    .bind(actions)
    .bind(before)
    .bind(after)
    .execute(&mut **tx as &mut PgConnection)
    .await?;
    Ok(())
}

/// The fields that changed, as they were and as they are.
fn difference(was: &Was, user: &User) -> (Value, Value) {
    let old = &was.user;
    let (mut before, mut after) = (Map::new(), Map::new());
    for (name, old, new) in [
        ("email", json!(old.email), json!(user.email)),
        ("username", json!(old.username), json!(user.username)),
        ("full_name", json!(old.full_name), json!(user.full_name)),
        ("is_active", json!(old.is_active), json!(user.is_active)),
        (
            "is_superuser",
            json!(old.is_superuser),
            json!(user.is_superuser),
        ),
    ] {
        if old != new {
            before.insert(name.to_owned(), old);
            after.insert(name.to_owned(), new);
        }
    }
    for (name, new) in &user.extra {
        if let Some(old) = old.extra.get(name).filter(|old| *old != new) {
            before.insert(name.clone(), old.clone());
            after.insert(name.clone(), new.clone());
        }
    }
    if was.has_other_password {
        after.insert("password".to_owned(), "changed".into());
    }
    (before.into(), after.into())
}
