//! A fresh, migrated database for every test, copied from a template that is made once.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::sync::OnceCell;
use url::Url;

use crate::test_servers;
use crate::users::{self, UserFixture};
use shared::platform::config::UsersTable;

/// Serialises the making of templates among all test processes on one server.
const TEMPLATE_LOCK: i64 = 7_266_410;
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");

/// A database of one test, dropped with it.
pub struct TestDatabase {
    name: String,
    server: String,
    url: String,
    pool: PgPool,
}

impl TestDatabase {
    /// Makes a database with the newest schema and no users.
    pub async fn create() -> anyhow::Result<Self> {
        let server = test_servers::database_url()?;
        let template = template(&server).await?;
        Self::from_template(&server, &template).await
    }

    /// Makes a database with nothing in it.
    pub async fn create_empty() -> anyhow::Result<Self> {
        Self::from_template(&test_servers::database_url()?, "template1").await
    }

    /// Makes a database with the newest schema and no users on a server of the test's own.
    pub async fn create_on(server: &str) -> anyhow::Result<Self> {
        let database = Self::from_template(server, "template1").await?;
        migrate(database.url()).await?;
        Ok(database)
    }

    async fn from_template(server: &str, template: &str) -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rollcall_test_{}_{number}", std::process::id());
        let create = format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#);
        let mut connection = connect(server).await?;
        connection.execute(drop_statement(&name).as_str()).await?;
        connection.execute(create.as_str()).await?;
        connection.close().await?;
        let url = with_database(server, &name)?;
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy(&url)?;
        Ok(Self {
            name,
            server: server.to_owned(),
            url,
            pool,
        })
    }

    /// The URL for a function's `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name of the database on its server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Connections for the test itself.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Stores users.
    pub async fn insert(&self, users: &[UserFixture]) -> anyhow::Result<()> {
        let mut connection = self.pool.acquire().await?;
        users::insert(&mut connection, users).await?;
        Ok(())
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = drop_statement(&self.name);
        // Dropping cannot wait on the runtime of the test, which may be shutting down. A database that
        // survives a failure here does no harm: the server itself is private to the run.
        let dropper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&server).await?;
                connection.execute(statement.as_str()).await?;
                connection.close().await?;
                anyhow::Ok(())
            })
        });
        let _ = dropper.join();
    }
}

fn drop_statement(name: &str) -> String {
    format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#)
}

async fn connect(server: &str) -> anyhow::Result<PgConnection> {
    let connected = PgConnection::connect(server).await;
    connected.context("cannot reach the PostgreSQL of the tests")
}

async fn migrate(url: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    shared::store::migrations::up(&mut connection, &UsersTable::Unspecified)
        .await
        .context("the migrations fail on an empty database")?;
    Ok(connection.close().await?)
}

/// The name of the template for the migrations as they are now, made on first use.
async fn template(server: &str) -> anyhow::Result<String> {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let make = async || {
        let name = format!("rollcall_template_{:016x}", migrations_hash()?);
        let mut connection = connect(server).await?;
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(TEMPLATE_LOCK)
            .execute(&mut connection)
            .await?;
        let is_complete: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)",
        )
        .bind(&name)
        .fetch_one(&mut connection)
        .await?;
        if !is_complete {
            let create = format!(r#"CREATE DATABASE "{name}""#);
            connection.execute(drop_statement(&name).as_str()).await?;
            connection.execute(create.as_str()).await?;
            migrate(&with_database(server, &name)?).await?;
            // The mark comes last, so that an aborted run leaves nothing that looks complete.
            let mark = format!(r#"ALTER DATABASE "{name}" IS_TEMPLATE true"#);
            connection.execute(mark.as_str()).await?;
        }
        // The end of the session releases the lock.
        connection.close().await?;
        anyhow::Ok(name)
    };
    TEMPLATE.get_or_try_init(make).await.cloned()
}

fn migrations_hash() -> anyhow::Result<u64> {
    let mut files: Vec<_> = Path::new(MIGRATIONS)
        .read_dir()
        .context("the folder of migrations is missing")?
        .collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.file_name().hash(&mut hasher);
        std::fs::read(file.path())?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// The same server and settings, another database.
fn with_database(server: &str, database: &str) -> anyhow::Result<String> {
    let mut url = Url::parse(server)?;
    url.set_path(database);
    Ok(url.into())
}
