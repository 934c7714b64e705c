//! Brings the database's schema up to date, when invoked by hand or during a deploy.
//!
//! The event is `{"command": "up"}`, which is also meant by an empty one, or `{"command":
//! "status"}`. There is no command to go down: that is done by hand, with a backup at hand.
//! `{"command": "clean"}`, meant for a schedule, deletes what has expired, so that no request does.

use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use shared::{
    error::chain,
    migrations::{self, Status},
    queries::idempotency,
    state,
};

/// What to do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    #[serde(default)]
    command: Command,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Command {
    #[default]
    Up,
    Status,
    Clean,
}

/// What has been done.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Migrations that this invocation applied.
    applied: Vec<String>,
    /// Migrations that the database lacks now.
    pending: Vec<String>,
    /// Expired Idempotency-Keys that this invocation deleted, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_keys: Option<u64>,
}

/// Connects, migrates, and reports.
pub async fn handle(event: LambdaEvent<Event>) -> Result<Report, lambda_runtime::Error> {
    let outcome = migrate(event.payload.command).await;
    if let Err(error) = &outcome {
        tracing::error!(error = chain(error.as_ref()), "migration failed");
    }
    outcome
}

async fn migrate(command: Command) -> Result<Report, lambda_runtime::Error> {
    let mut connection = state::connect_for_migrations().await?;
    let applied = match command {
        Command::Up => migrations::up(&mut connection).await?,
        Command::Status | Command::Clean => Vec::new(),
    };
    let deleted_keys = match command {
        Command::Clean => Some(idempotency::delete_expired(&mut connection).await?),
        Command::Up | Command::Status => None,
    };
    let mut pending = migrations::status(&mut connection).await?;
    pending.retain(|migration| !migration.is_applied);
    Ok(Report {
        applied: names(&applied),
        pending: names(&pending),
        deleted_keys,
    })
}

fn names(migrations: &[Status]) -> Vec<String> {
    migrations
        .iter()
        .map(|migration| format!("{:04} {}", migration.version, migration.description))
        .collect()
}
