//! The database that developer commands work on: one's own, or the private one of `cargo dev`.

use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use servers::Postgres;
use shared::platform::config::{UsersMapping, users_table};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Executor as _};
use tokio::runtime::Runtime;

use crate::console;
use crate::dev_folder::DevFolder;

/// The name of the variable that names one's own database.
pub const URL_VARIABLE: &str = "DATABASE_URL";

/// The database on the private server.
const NAME: &str = "rollcall";

/// A database, and the private server that must run as long as it is used.
#[derive(Debug)]
pub struct Database {
    url: String,
    _server: Option<Postgres>,
}

impl Database {
    /// The URL in the environment, if there is one.
    pub fn own() -> Option<Self> {
        let url = std::env::var(URL_VARIABLE).ok()?;
        (!url.is_empty()).then_some(Self { url, _server: None })
    }

    /// The private database, on a server that is started now.
    pub fn start(folder: &DevFolder, runtime: &Runtime) -> Result<Self> {
        let server = Postgres::start(&folder.postgres())?;
        console::say(&format!(
            "PostgreSQL {} on 127.0.0.1:{}, data in {}",
            server.major(),
            server.port(),
            server.folder().display()
        ));
        runtime.block_on(create_if_missing(&server.url("postgres")))?;
        Ok(Self {
            url: server.url(NAME),
            _server: Some(server),
        })
    }

    /// The own database, else the private one: of the `cargo dev` that runs, or started now.
    pub fn at_hand(runtime: &Runtime) -> Result<Self> {
        if let Some(own) = Self::own() {
            console::say(&format!("using the database of {URL_VARIABLE}"));
            return Ok(own);
        }
        let folder = DevFolder::open()?;
        if let Some(url) = Postgres::url_of_running(&folder.postgres(), NAME)? {
            console::say("using the database of the `cargo dev` that runs");
            return Ok(Self { url, _server: None });
        }
        console::say("using the database of `cargo dev`");
        Self::start(&folder, runtime)
    }

    /// Its URL; it holds a password and is not for printing.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection to it.
    pub async fn connect(&self) -> Result<PgConnection> {
        let mut options = PgConnectOptions::from_str(&self.url)
            .with_context(|| format!("{URL_VARIABLE} is not a database URL"))?;
        if users_table()?.mapping().is_some() {
            let search_path = format!("{},public", UsersMapping::SCHEMA);
            options = options.options([("search_path", search_path)]);
        }
        PgConnection::connect_with(&options)
            .await
            .with_context(|| format!("could not connect to {}", place(&options)))
    }

    /// Where it is, without the password.
    pub fn place(&self) -> String {
        PgConnectOptions::from_str(&self.url)
            .map_or_else(|_| URL_VARIABLE.to_owned(), |o| place(&o))
    }
}

fn place(options: &PgConnectOptions) -> String {
    format!(
        "database {} on {}:{}",
        options.get_database().unwrap_or("(default)"),
        options.get_host(),
        options.get_port()
    )
}

async fn create_if_missing(server_url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(server_url)
        .await
        .context("could not connect to the private server")?;
    let is_there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(NAME)
            .fetch_one(&mut connection)
            .await?;
    if !is_there {
        connection
            .execute(format!("CREATE DATABASE {NAME}").as_str())
            .await
            .context("could not create the database")?;
    }
    connection.close().await?;
    Ok(())
}
