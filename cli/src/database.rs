//! Which database a command works on, and how its users table is mapped.

use std::{env, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::runtime::{Builder, Runtime};
use users_table::{
    UsersTable,
    connection::{self, Connection},
};

use crate::failure::Failure;

/// Options of commands that talk to the database itself.
#[derive(Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArguments {
    /// The database, instead of `DATABASE_URL`; a password in it is visible in the list of processes
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

/// Options that say which table holds the users.
#[derive(Args)]
pub struct MappingArguments {
    /// A file with the mapping of the users table, instead of `USERS_TABLE`
    #[arg(long, global = true, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

impl DatabaseArguments {
    /// Connects, or says in one sentence why not.
    pub async fn connect(&self, users_table: &UsersTable) -> Result<Connection> {
        let url = self
            .database_url
            .clone()
            .or_else(|| variable("DATABASE_URL"));
        let url = url.context("a database is needed: give --database-url or DATABASE_URL")?;
        let connected = connection::connect(&url, users_table).await;
        connected.map_err(|error| Failure::Unavailable(error.to_string()).into())
    }
}

impl MappingArguments {
    /// The table of users.
    pub fn users_table(&self) -> Result<UsersTable> {
        let (name, text) = match &self.mapping {
            Some(path) => {
                let text = fs::read_to_string(path);
                let name = path.display().to_string();
                (
                    name.clone(),
                    text.with_context(|| format!("cannot read {name}"))?,
                )
            }
            None => (
                "USERS_TABLE".to_owned(),
                variable("USERS_TABLE").unwrap_or_default(),
            ),
        };
        UsersTable::parse(&text).with_context(|| format!("{name} is not a mapping"))
    }
}

/// What waits for the database.
pub fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
