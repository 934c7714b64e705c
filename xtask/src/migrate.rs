//! `cargo xtask migrate`: the schema by hand.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use shared::{
    platform::config::{AuditConfig, users_table},
    store::{audit, seals},
};
use tokio::runtime::Runtime;

use crate::console;
use crate::database::Database;

/// What `cargo xtask migrate` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(flatten)]
    Schema(rollcall::migrate::Action),
    /// Make the next months of the log of changes, drop those older than `AUDIT_RETENTION_DAYS`, and seal the rest
    Clean,
}

/// Works on the database of `DATABASE_URL`, else on that of `cargo dev`.
pub fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    let database = Database::at_hand(runtime)?;
    runtime.block_on(async {
        let table = users_table()?;
        let mut connection = database.connect().await?;
        match arguments.action {
            Action::Schema(action) => {
                for line in rollcall::migrate::run(action, &mut connection, &table).await? {
                    console::say(&line);
                }
            }
            Action::Clean => {
                let days = AuditConfig::from_env()?.retention_days;
                let months = audit::maintain_partitions(&mut connection, days).await?;
                let months = months.context("only the owner of user_audit can do this")?;
                console::say(&format!(
                    "{} months made, {} dropped, {} entries deleted",
                    months.created, months.dropped, months.deleted
                ));
                if let Some(seal) = seals::seal(&mut connection).await? {
                    console::say(&format!("seal {}:{}", seal.number, seal.hash));
                }
            }
        }
        Ok(())
    })
}
