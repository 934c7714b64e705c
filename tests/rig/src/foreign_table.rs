//! A users table as a FastAPI and SQLAlchemy application makes it, and the application that uses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _, PgConnection};

/// Columns that Python fills may be NULL, and `index=True` gives names that rollcall's indexes have
/// too.
const TABLE: &str = "
    CREATE TABLE users (
        id serial PRIMARY KEY,
        email varchar(255) NOT NULL,
        username varchar(100) NOT NULL,
        full_name varchar(255),
        password_hash varchar(255),
        is_active boolean DEFAULT TRUE,
        is_superuser boolean,
        created_at timestamptz,
        updated_at timestamptz
    );
    CREATE UNIQUE INDEX ix_users_email ON users (email);
    CREATE UNIQUE INDEX ix_users_username ON users (username);
    CREATE INDEX ix_users_is_active ON users (is_active);
    CREATE INDEX ix_users_is_superuser ON users (is_superuser) WHERE is_superuser;
    CREATE INDEX ix_users_created_at ON users (created_at);";

/// Makes the table, with `rows` users whose ids count from 1.
pub async fn create(connection: &mut PgConnection, rows: u32) -> Result<(), sqlx::Error> {
    connection.execute(TABLE).await?;
    let fill = format!(
        "INSERT INTO users (email, username, full_name, is_active, is_superuser, created_at)
         SELECT
             md5(n::text) || '@example.com',
             'user' || n,
             'Someone Number ' || n,
             n % 10 > 0,
             n % 1000 = 0,
             now() - n * INTERVAL '1 minute'
         FROM generate_series(1, {rows}) AS n"
    );
    connection.execute(fill.as_str()).await?;
    Ok(())
}

/// What an [`Application`] has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How many users it has inserted, and how many rows it has changed beside that.
    pub users: u32,
    /// How long each pair of an INSERT and an UPDATE took, in no order.
    pub times: Vec<Duration>,
}

impl Written {
    /// The longest that it has waited.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.times.iter().max().copied().unwrap_or_default()
    }

    /// How long it waits most of the time.
    #[must_use]
    pub fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }
}

/// Somebody who writes all the time, one statement after the other.
pub struct Application {
    is_done: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Result<Written, sqlx::Error>>,
}

impl Application {
    /// Lets it begin on a table that [`create`] made with as many rows, or more than it will write.
    #[must_use]
    pub fn start(url: &str) -> Self {
        let is_done = Arc::new(AtomicBool::new(false));
        Self {
            task: tokio::spawn(write_until(Arc::clone(&is_done), url.to_owned())),
            is_done,
        }
    }

    /// Lets it finish what it does.
    pub async fn stop(self) -> anyhow::Result<Written> {
        self.is_done.store(true, Ordering::Relaxed);
        Ok(self.task.await??)
    }
}

/// Inserts user after user, and changes the flag and the name of those that were there, in the order of
/// their ids.
async fn write_until(is_done: Arc<AtomicBool>, url: String) -> Result<Written, sqlx::Error> {
    let mut connection = PgConnection::connect(&url).await?;
    let mut written = Written {
        users: 0,
        times: Vec::new(),
    };
    while !is_done.load(Ordering::Relaxed) {
        written.users += 1;
        let number = written.users;
        let both = format!(
            "INSERT INTO users (email, username, is_active, is_superuser, created_at)
             VALUES ('written{number}@example.com', 'written{number}', TRUE, FALSE, now());
             UPDATE users
             SET is_active = NOT is_active, full_name = 'written'
             WHERE id = {number}"
        );
        let started = Instant::now();
        connection.execute(both.as_str()).await?;
        written.times.push(started.elapsed());
    }
    Ok(written)
}
