//! Commands of people and schedules.

use std::time::Duration;

use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    platform::{
        config::{AuditConfig, users_table},
        database,
        user_id::UserId,
    },
    store::{
        audit, idempotency,
        mapping::UserWrites,
        migrations::{self, Status},
        schema, seals,
        stats::compact_user_counts,
        superusers::{Inserted, NewSuperuser, insert_superuser, promote},
    },
    users::{AcceptedHashes, NewUser, RawUser, UserField, UserFields},
};

use crate::deploy::ensure_application_role;

/// What to do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    #[serde(default)]
    command: Command,
    email: Option<String>,
    username: Option<String>,
    full_name: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Command {
    #[default]
    Up,
    Status,
    Clean,
    Remove,
    Promote,
    CreateSuperuser,
}

impl Event {
    /// Does it within `time`, and reports.
    pub async fn run(&self, time: Duration) -> Result<Value, Error> {
        self.check_fields()?;
        let table = users_table()?;
        let writes = UserWrites::new(table.mapping());
        let mut connection = database::connect_for_migrations().await?;
        schema::limit_statements(&mut connection, time).await?;
        match self.command {
            Command::Up => {
                let applied = migrations::up(&mut connection, &table).await?;
                ensure_application_role(&mut connection, &table).await?;
                let pending = pending(&mut connection).await?;
                Ok(json!({ "applied": names(&applied), "pending": pending }))
            }
            Command::Status => {
                let pending = pending(&mut connection).await?;
                Ok(json!({ "applied": [], "pending": pending }))
            }
            Command::Remove => {
                if table.mapping().is_none() {
                    return Err(
                        "remove is for the table of another application, which USERS_TABLE maps"
                            .into(),
                    );
                }
                migrations::remove(&mut connection, &table).await?;
                Ok(json!({ "removed": true }))
            }
            Command::Clean => {
                let deleted = idempotency::delete_expired(&mut connection).await?;
                compact_user_counts(&mut connection).await?;
                let days = AuditConfig::from_env()?.retention_days;
                let months = audit::maintain_partitions(&mut connection, days).await?;
                let seal = match &months {
                    Some(_) => seals::seal(&mut connection).await?,
                    None => None,
                };
                if let Some(seal) = &seal {
                    // The log of the function is out of reach of whoever could write another seal.
                    tracing::info!(seal.number, seal.hash, "the log of changes is sealed");
                }
                Ok(json!({ "deleted_keys": deleted, "audit": months, "seal": seal }))
            }
            Command::Promote | Command::CreateSuperuser
                if !UserFields::of_table(&table).has(UserField::IsSuperuser) =>
            {
                Err(
                    "USERS_TABLE has no is_superuser that can be written: whoever issues the \
                     tokens, or the application itself, makes somebody a superuser"
                        .into(),
                )
            }
            Command::Promote => {
                let email = self.email.as_deref().unwrap_or_default();
                let id = promote(&mut connection, writes, email).await?;
                let id = id.ok_or("no user has this email: use create-superuser")?;
                Ok(superuser(id))
            }
            Command::CreateSuperuser => {
                let user = self.new_superuser(UserFields::of_table(&table))?;
                let new = NewSuperuser {
                    email: &user.email,
                    username: user.username.as_deref(),
                    full_name: user.full_name.as_deref(),
                };
                match insert_superuser(&mut connection, writes, &new).await? {
                    Inserted::As(id) => Ok(superuser(id)),
                    Inserted::Taken => Err("a user has this email or username: use promote".into()),
                    Inserted::ConstraintViolation => {
                        Err("this table wants a value that create-superuser does \
                         not give, such as a password_hash, or a shorter one: make the user with \
                         the application that made the table, then use promote"
                            .into())
                    }
                }
            }
        }
    }

    /// Which fields a command takes, and needs.
    fn check_fields(&self) -> Result<(), Error> {
        let (takes_email, takes_names) = match self.command {
            Command::Up | Command::Status | Command::Clean | Command::Remove => (false, false),
            Command::Promote => (true, false),
            Command::CreateSuperuser => (true, true),
        };
        if self.email.is_some() != takes_email || self.username.is_some() != takes_names {
            return Err(
                "promote needs email; create-superuser needs email and username; the \
                 others take neither"
                    .into(),
            );
        }
        if self.full_name.is_some() && !takes_names {
            return Err("full_name is for create-superuser".into());
        }
        Ok(())
    }

    /// Under the same rules as a bulk request, whose errors name the field and not its value.
    fn new_superuser(&self, fields: UserFields) -> Result<NewUser, Error> {
        let row = json!({
            "email": self.email,
            "username": self.username,
            "full_name": self.full_name,
        });
        NewUser::parse(
            RawUser::from_json(&row.to_string()),
            AcceptedHashes::NONE,
            fields,
        )
        .map_err(|errors| {
            let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
            messages.join("; ").into()
        })
    }
}

/// The id is the `sub` of the superuser's tokens.
fn superuser(id: UserId) -> Value {
    tracing::info!(user.id = %id, "a superuser was made by hand");
    json!({ "superuser": { "id": id } })
}

async fn pending(
    connection: &mut shared::platform::database::Connection,
) -> Result<Vec<String>, Error> {
    let mut pending = migrations::status(connection).await?;
    pending.retain(|migration| !migration.is_applied);
    Ok(names(&pending))
}

/// As people read them: number and words.
pub fn names(migrations: &[Status]) -> Vec<String> {
    migrations
        .iter()
        .map(|migration| format!("{:04} {}", migration.version, migration.description))
        .collect()
}
