//! Creates one user.

use serde_json::{Value, json};

use crate::{
    platform::database::Transaction,
    store::{
        audit::{self, Action, NewEntry},
        bulk::{self, ImportRow, ImportedUser, OnConflict, Written},
        mapping::UserWrites,
    },
    users::User,
};

/// Creates a user, or says `None` if the table does not give back what was inserted.
///
/// Fails if the table refuses it: [`bulk::explain`] says why.
pub async fn create(
    tx: &mut Transaction,
    writes: UserWrites<'_>,
    row: &ImportRow,
) -> Result<Option<User>, sqlx::Error> {
    let written = bulk::write(tx, writes, &[row], OnConflict::Fail).await?;
    let Written::All(users) = written else {
        return Ok(None);
    };
    let Some(ImportedUser { user, .. }) = users.into_iter().next() else {
        return Ok(None);
    };
    let mut after = Value::Object(user.extra.clone());
    for (field, value) in [
        ("email", json!(user.email)),
        ("username", json!(user.username)),
        ("full_name", json!(user.full_name)),
        ("is_active", json!(user.is_active)),
        ("is_superuser", json!(user.is_superuser)),
    ] {
        after[field] = value;
    }
    if row.password_hash.is_some() {
        after["password"] = "set".into();
    }
    let entry = NewEntry {
        action: Action::Create,
        refusal: None,
        target_id: Some(user.id),
        after: Some(after),
    };
    audit::insert(tx, &entry).await?;
    Ok(Some(user))
}
