//! What counting costs sessions that write at the same time.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use servers::places::workspace_root;
use servers::{Postgres, Toolbox};
use sqlx::{Connection as _, Executor as _};

use crate::fixture;
use crate::report::{in_turn, number, say, table};

const SESSIONS: u32 = 16;
const SECONDS: u32 = 2;

/// Scripts of pgbench in bench/writers.
const SCRIPTS: [&str; 5] = [
    "insert_one",
    "change_flag",
    "change_name",
    "insert_and_change_flag",
    "insert_100",
];

pub async fn run(rounds: u32, users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    fixture::dataset(&postgres, "counted", users)
        .await?
        .close()
        .await?;
    let mut uncounted = fixture::create(&postgres, "uncounted", "counted").await?;
    uncounted
        .execute("ALTER TABLE users DISABLE TRIGGER USER")
        .await?;
    let mut counted = fixture::connect(&postgres, "counted").await?;
    let mut rows = Vec::new();
    for script in SCRIPTS {
        say(script);
        let measure = async |database: &mut &str| pgbench(&postgres, database, script, users);
        let rates = in_turn(rounds, &mut ["uncounted", "counted"], measure).await?;
        let [without, with] = [0, 1].map(|variant| number(rates[variant].median()));
        let ratio = number(rates[1].median_ratio(&rates[0]));
        rows.push(vec![format!("`{script}`"), without, with, ratio]);
        fixture::settle(&mut uncounted).await?;
        fixture::settle(&mut counted).await?;
    }
    fixture::check_counts(&mut counted).await?;
    let conditions = format!(
        "{}, durable commits, {SESSIONS} sessions of pgbench, {users} users before, {rounds} rounds of \
         {SECONDS} s. Transactions a second. The counts were those of a recount afterwards.",
        fixture::conditions(&postgres),
    );
    Ok(table(
        &conditions,
        "transaction | without | with | ratio",
        &rows,
    ))
}

/// Transactions a second of all sessions together.
fn pgbench(postgres: &Postgres, database: &str, script: &str, users: u32) -> Result<f64> {
    let installed = Toolbox::of_workspace()
        .postgres(None)?
        .folder
        .join("pgbench");
    let program = if installed.is_file() {
        &installed
    } else {
        Path::new("pgbench")
    };
    let scripts = workspace_root().join("bench/writers");
    let output = Command::new(program)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={SESSIONS}"))
        .arg(format!("--time={SECONDS}"))
        .arg(format!("--define=users={users}"))
        .arg("--file")
        .arg(scripts.join(script).with_extension("sql"))
        .arg(postgres.url(database))
        .output()
        .context("no pgbench: PostgreSQL's packages have it, the fetched server does not")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pgbench failed:\n{errors}");
    let rate = text
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    let rate = rate.with_context(|| format!("pgbench printed no rate:\n{text}"))?;
    Ok(rate.parse()?)
}
