//! `cargo dev`: the whole API on this machine.

mod seed;
mod watch;
mod welcome;

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use rollcall::hs256;
use servers::{Postgres, Toolbox, ports};
use shared::platform::config::users_table;
use shared::store::migrations;
use tokio::runtime::Runtime;

use crate::cargo;
use crate::console;
use crate::database::{Database, URL_VARIABLE};
use crate::dev_folder::DevFolder;

use watch::FunctionServer;

/// As long as somebody works with the same terminal.
const TOKEN_VALIDITY: Duration = Duration::from_hours(24);

/// What `cargo dev` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many demo users there should be [default: 10000 in a new database]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    users: Option<u64>,
    /// Delete the private database first
    #[arg(long)]
    reset: bool,
    /// The port on 127.0.0.1
    #[arg(long, default_value_t = 9000, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Serve optimised functions; building them takes minutes
    #[arg(long)]
    release: bool,
}

/// Starts everything and serves until a signal comes.
pub fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    if ports::is_taken(arguments.port) {
        bail!(
            "port {0} of 127.0.0.1 is in use: stop what listens there, or choose another with --port",
            arguments.port
        );
    }
    let folder = DevFolder::open()?;
    let _lock = folder.lock()?;
    let own_database = Database::own();
    if arguments.reset && own_database.is_some() {
        bail!(
            "--reset deletes the private database, and {URL_VARIABLE} names another one: unset \
             {URL_VARIABLE}, or leave --reset out"
        );
    }

    let cargo_lambda = Toolbox::of_workspace().cargo_lambda()?;
    console::announce("building the functions");
    cargo::build_programs(arguments.release)?;

    let is_private = own_database.is_none();
    let database = open_database(own_database, arguments.reset, &folder, runtime)?;
    let superuser = runtime.block_on(prepare_database(&database, is_private, arguments.users))?;
    folder.remember_superuser(superuser)?;

    console::announce("starting the functions");
    let key = folder.jwt_key_or_new()?;
    let token = hs256::sign(&key, superuser, TOKEN_VALIDITY, &[])?;
    let server = FunctionServer::start(&watch::Settings {
        program: &cargo_lambda,
        port: arguments.port,
        is_release: arguments.release,
        database_url: database.url(),
        jwt_key: &key,
        token: &token,
    })?;
    welcome::print(arguments.port, &token);
    server.wait()
}

fn open_database(
    own: Option<Database>,
    is_reset: bool,
    folder: &DevFolder,
    runtime: &Runtime,
) -> Result<Database> {
    if let Some(own) = own {
        console::announce(&format!("using {} ({URL_VARIABLE})", own.place()));
        return Ok(own);
    }
    if is_reset {
        console::announce("deleting the private database");
        Postgres::erase(&folder.postgres())?;
    }
    console::announce("starting a private PostgreSQL");
    Database::start(folder, runtime)
}

/// Brings schema and demo users to what is wanted, and gives the id of a superuser.
async fn prepare_database(
    database: &Database,
    is_private: bool,
    users: Option<u64>,
) -> Result<i64> {
    let mut connection = database.connect().await?;
    let applied = migrations::up(&mut connection, &users_table()?)
        .await
        .context("a migration failed")?;
    if !applied.is_empty() {
        console::say(&format!("applied {} migrations", applied.len()));
    }
    seed::seed(&mut connection, users, is_private).await
}
