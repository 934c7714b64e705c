//! `cargo xtask migrate`: the schema by hand.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use shared::{
    platform::config::{AuditConfig, users_table},
    store::{
        audit,
        migrations::{self, Status},
    },
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
    /// Apply all migrations that the database lacks
    Up,
    /// Take back the last migrations
    Down {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 1)]
        steps: usize,
    },
    /// Show which migrations the database has
    Status,
    /// Make the next months of the log of changes, and drop those older than `AUDIT_RETENTION_DAYS`
    Clean,
}

/// Works on the database of `DATABASE_URL`, else on that of `cargo dev`.
pub fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    let database = Database::at_hand(runtime)?;
    runtime.block_on(async {
        let table = users_table()?;
        let mut connection = database.connect().await?;
        match arguments.action {
            Action::Up => {
                let applied = migrations::up(&mut connection, &table)
                    .await
                    .context("a migration failed")?;
                report("applied", &applied);
            }
            Action::Down { .. } if table.mapping().is_some() => {
                migrations::remove(&mut connection, &table)
                    .await
                    .context("taking rollcall away failed")?;
                console::say("took rollcall away from the table of the application");
            }
            Action::Down { steps } => {
                let taken_back = migrations::down(&mut connection, steps)
                    .await
                    .context("taking back a migration failed")?;
                report("took back", &taken_back);
            }
            Action::Status => {
                for migration in migrations::status(&mut connection).await? {
                    let state = if migration.is_applied {
                        "applied"
                    } else {
                        "missing"
                    };
                    console::say(&format!("{state}  {}", name(&migration)));
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
            }
        }
        Ok(())
    })
}

fn report(done: &str, migrations: &[Status]) {
    if migrations.is_empty() {
        console::say("nothing to do");
    }
    for migration in migrations {
        console::say(&format!("{done} {}", name(migration)));
    }
}

fn name(migration: &Status) -> String {
    format!("{:04} {}", migration.version, migration.description)
}
