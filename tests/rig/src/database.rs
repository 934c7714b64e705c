//! A fresh, migrated database for every test, copied from a template that is made once.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use url::Url;

use crate::test_servers;
use crate::users::{self, UserFixture};

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
        let mut connection = connect().await?;
        let template = template(&mut connection).await?;
        Self::from_template(connection, &template).await
    }

    /// Makes a database with nothing in it.
    pub async fn create_empty() -> anyhow::Result<Self> {
        Self::from_template(connect().await?, "template1").await
    }

    /// Makes a database with the newest schema and no users on a server of the test's own.
    pub async fn create_on(server: &str) -> anyhow::Result<Self> {
        let connection = PgConnection::connect(server)
            .await
            .context("cannot reach the PostgreSQL of this test")?;
        let database = Self::from_template_on(server.to_owned(), connection, "template1").await?;
        let mut connection = PgConnection::connect(database.url()).await?;
        shared::store::migrations::up(&mut connection)
            .await
            .context("the migrations fail on an empty database")?;
        connection.close().await?;
        Ok(database)
    }

    async fn from_template(connection: PgConnection, template: &str) -> anyhow::Result<Self> {
        Self::from_template_on(test_servers::database_url()?, connection, template).await
    }

    async fn from_template_on(
        server: String,
        mut connection: PgConnection,
        template: &str,
    ) -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rollcall_test_{}_{number}", std::process::id());
        connection
            .execute(format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#).as_str())
            .await?;
        connection
            .execute(format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#).as_str())
            .await?;
        connection.close().await?;
        let url = with_database(&server, &name)?;
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy(&url)?;
        Ok(Self {
            name,
            server,
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
        let statement = format!(r#"DROP DATABASE IF EXISTS "{}" WITH (FORCE)"#, self.name);
        // Dropping cannot wait on the runtime of the test, which may be shutting down. A database that
        // survives a failure here is no harm: the server itself is private to the run.
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

async fn connect() -> anyhow::Result<PgConnection> {
    PgConnection::connect(&test_servers::database_url()?)
        .await
        .context("cannot reach the PostgreSQL of the tests")
}

/// The name of the template for the migrations as they are now, made on first use.
async fn template(connection: &mut PgConnection) -> anyhow::Result<String> {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    if let Some(name) = TEMPLATE.get() {
        return Ok(name.clone());
    }
    let name = format!("rollcall_template_{:016x}", migrations_hash()?);
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *connection)
        .await?;
    let is_complete: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)",
    )
    .bind(&name)
    .fetch_one(&mut *connection)
    .await?;
    if !is_complete {
        make_template(&name, connection).await?;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(connection)
        .await?;
    Ok(TEMPLATE.get_or_init(|| name).clone())
}

/// The mark as a template comes last, so that an aborted run leaves nothing that looks complete.
async fn make_template(name: &str, connection: &mut PgConnection) -> anyhow::Result<()> {
    connection
        .execute(format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#).as_str())
        .await?;
    connection
        .execute(format!(r#"CREATE DATABASE "{name}""#).as_str())
        .await?;
    let server = test_servers::database_url()?;
    let mut template = PgConnection::connect(&with_database(&server, name)?).await?;
    shared::store::migrations::up(&mut template)
        .await
        .context("the migrations fail on an empty database")?;
    template.close().await?;
    connection
        .execute(format!(r#"ALTER DATABASE "{name}" IS_TEMPLATE true"#).as_str())
        .await?;
    Ok(())
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
