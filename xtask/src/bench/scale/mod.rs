//! `cargo xtask bench scale`: statistics, lists and searches, from a small table to a large one.

mod cost;
mod lists;
mod picture;

mod searches;
mod seed;
mod statistics;
mod table;
mod watch;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use servers::{Postgres, PostgresOptions};
use shared::platform::config::{DatabaseConfig, Variables};
use shared::platform::database::{connect_alone, connect_options, parse_url};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::runtime::Runtime;

use self::{
    lists::Lists,
    searches::{Searcher, Searches},
    statistics::Statistics,
    watch::Watch,
};
use super::{document, release};
use crate::console;

/// Of the functions, by default and nearly.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(20);

const USERS: &str = include_str!("users.sql");

/// What `cargo xtask bench scale` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many users, once or more often
    #[arg(long, value_name = "N", default_values_t = [10_000, 100_000, 1_000_000, 10_000_000],
        value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    users: Vec<u32>,
    /// How often each of our own queries runs
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    rounds: u32,
}

/// What was measured on a table of one size.
struct Scale {
    users: u32,
    statistics: Statistics,
    lists: Lists,
    searches: Searches,
}

/// Measures, prints, and writes tables and picture.
pub(super) fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    // A slow client would make fast queries look slower than they are.
    if cfg!(debug_assertions) {
        let mut again = vec![
            "scale".to_owned(),
            "--rounds".to_owned(),
            arguments.rounds.to_string(),
        ];
        for users in &arguments.users {
            again.extend(["--users".to_owned(), users.to_string()]);
        }
        return release::run_optimised(&again);
    }
    let options = PostgresOptions::temporary()
        .setting("shared_buffers", "6GB")
        .setting("max_wal_size", "16GB")
        .setting("maintenance_work_mem", "1GB")
        .setting("checkpoint_timeout", "1h")
        .setting("autovacuum", "off");
    let postgres = Postgres::start(&options)?;
    let mut scales = Vec::new();
    for users in &arguments.users {
        console::announce(&format!("{users} users"));
        scales.push(runtime.block_on(measure(&postgres, *users, arguments.rounds))?);
    }
    scales.sort_unstable_by_key(|scale| scale.users);
    let text = table::write(&scales, postgres.major(), arguments.rounds);
    console::say(&text);
    let picture = picture::of(&scales).draw("scale")?;
    console::say(&format!("drawn into {}", picture.display()));
    let path = document::replace("scale", &text)?;
    console::say(&format!("written to {}", path.display()));
    Ok(())
}

async fn measure(postgres: &Postgres, users: u32, rounds: u32) -> Result<Scale> {
    let name = format!("users_{users}");
    let mut server = PgConnection::connect(&postgres.url("postgres")).await?;
    server
        .execute(format!("CREATE DATABASE {name}").as_str())
        .await?;
    let url = postgres.url(&name);
    let started = Instant::now();
    let mut seed = load(&url, users).await?;
    console::say(&format!("loaded in {} s", started.elapsed().as_secs()));
    let mut watch = Watch::over(server, &name);
    let config = config(&url)?;
    let options = connect_options(&config, parse_url("DATABASE_URL", &url)?, "bench");
    let mut ours = connect_alone(&options).await?;
    console::say("statistics");
    let statistics = statistics::measure(&mut ours, &mut seed, &mut watch, rounds).await?;
    console::say("lists");
    let lists = lists::measure(&mut ours, &mut seed, &mut watch, users, rounds).await?;
    console::say("searches");
    let functions = Searcher::new(&config, options)?;
    let searches = searches::measure(&functions, &mut seed, &mut watch, rounds).await?;
    ours.close().await?;
    seed.close().await?;
    watch.drop_database().await?;
    Ok(Scale {
        users,
        statistics,
        lists,
        searches,
    })
}

/// As the functions have it.
fn config(url: &str) -> Result<DatabaseConfig> {
    Ok(DatabaseConfig {
        statement_timeout: Some(STATEMENT_TIMEOUT),
        ..DatabaseConfig::for_migrations(&Variables::from([("DATABASE_URL", url)]))?
    })
}

/// Makes the users, and adopts their table as a deploy does.
async fn load(url: &str, users: u32) -> Result<PgConnection> {
    let mut connection = PgConnection::connect(url).await?;
    console::say("making users");
    let script = USERS.replace("{users}", &users.to_string());
    connection
        .execute(script.as_str())
        .await
        .context("cannot make the users")?;
    console::say("migrating");
    shared::store::migrations::up(&mut connection).await?;
    for statement in ["CHECKPOINT", "VACUUM ANALYZE", "CHECKPOINT"] {
        connection.execute(statement).await?;
    }
    Ok(connection)
}
