//! The schema by hand: the same code that every deploy runs.

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;
use users_table::{
    UsersTable,
    connection::Connection,
    migrations::{self, Status},
};

/// What can be done.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Action {
    /// Apply all migrations that the database lacks
    Up,
    /// Take back the last migrations of rollcall's own table
    Down {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 1)]
        steps: usize,
    },
    /// Show which migrations the database has
    Status,
    /// Take rollcall away from the table of another application, with its log of changes
    Remove,
}

/// Does it, and says what was done, in lines.
pub async fn run(
    action: Action,
    connection: &mut Connection,
    users_table: &UsersTable,
) -> Result<Vec<String>> {
    let is_mapped = users_table.mapping().is_some();
    match action {
        Action::Up => {
            let applied = migrations::up(connection, users_table).await;
            Ok(report(
                "applied",
                &applied.context("nothing more was applied")?,
            ))
        }
        Action::Down { steps } => {
            ensure!(
                !is_mapped,
                "the table of another application has no steps: use remove"
            );
            let taken_back = migrations::down(connection, steps).await;
            Ok(report(
                "took back",
                &taken_back.context("taking back failed")?,
            ))
        }
        Action::Status => {
            let status = migrations::status(connection).await?;
            let line = |migration: &Status| {
                let state = if migration.is_applied {
                    "applied"
                } else {
                    "missing"
                };
                format!("{state}  {}", name(migration))
            };
            Ok(status.iter().map(line).collect())
        }
        Action::Remove => {
            ensure!(
                is_mapped,
                "remove is for the table of another application, which USERS_TABLE maps"
            );
            migrations::remove(connection, users_table).await?;
            Ok(vec![
                "took rollcall away from the table of the application".to_owned(),
            ])
        }
    }
}

fn report(done: &str, migrations: &[Status]) -> Vec<String> {
    if migrations.is_empty() {
        return vec!["nothing to do".to_owned()];
    }
    let line = |migration| format!("{done} {}", name(migration));
    migrations.iter().map(line).collect()
}

fn name(migration: &Status) -> String {
    format!("{:04} {}", migration.version, migration.description)
}
