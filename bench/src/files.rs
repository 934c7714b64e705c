//! How fast `rollcall import` sends files, how much memory it takes, and what is lost when it and the server are killed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rig::{Function, GatewayServer};
use servers::Postgres;
use sqlx::Connection as _;

use crate::fixture;
use crate::program::signing_key;
use crate::report::{milliseconds, number, say, table};

const HASH: &str = "$2b$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";

/// How often the memory of the command is read.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How often the command and the server are killed.
const KILLS: u32 = 10;

/// A kind of file: its name, the options that it needs, its header, and a row.
type Kind = (
    &'static str,
    &'static [&'static str],
    &'static str,
    fn(u32) -> String,
);

const KINDS: [Kind; 3] = [
    (
        "plain.csv",
        &[],
        "email,username,full_name,password_hash\n",
        |user| format!("plain{user}@example.com,plain{user},Zoe Miller,{HASH}\n"),
    ),
    ("auth0.ndjson", &[], "", |user| {
        format!(
            "{{\"_id\":{{\"$oid\":\"{user:024}\"}},\"email\":\"auth0-{user}@example.com\",\"email_verified\":true,\
             \"passwordHash\":\"{HASH}\",\"password_set_date\":{{\"$date\":\"2019-12-06T18:36:12.412Z\"}},\
             \"tenant\":\"shop\",\"connection\":\"Username-Password-Authentication\",\"_tmp_is_unique\":true}}\n"
        )
    }),
    (
        "excel.csv",
        &[
            "--encoding",
            "windows-1252",
            "--map",
            "Vorname+Nachname=full_name",
            "--map",
            "Kennwort=password_hash",
            "--map",
            "Telefon=",
            "--repair",
            "username",
        ],
        "Vorname;Nachname;E-Mail;Telefon;Kennwort\r\n",
        |user| format!("Zo\u{eb};M\u{fc}ller;excel{user}@example.com;0151 {user};{HASH}\r\n"),
    ),
];

pub async fn run(users: u32) -> Result<String> {
    let mut postgres = fixture::durable_server()?;
    let folder = tempfile::tempdir()?;
    let gateway = serve(&postgres, "bench").await?;
    let mut rows = Vec::new();
    for (name, options, header, row) in KINDS {
        say(name);
        write(&folder.path().join(name), users, header, row)?;
        let command = import(folder.path(), name, options, &gateway)?.spawn()?;
        let import = tokio::task::spawn_blocking(move || finish(command));
        rows.push(figures(folder.path(), name, users, import.await??)?);
    }
    say("with kills");
    let (name, options, ..) = KINDS[0];
    let gateway = serve(&postgres, "killed").await?;
    let started = Instant::now();
    let mut commands = Vec::new();
    for _ in 0..=KILLS {
        commands.push(import(folder.path(), name, options, &gateway)?);
    }
    let (postgres, outcome) = tokio::task::spawn_blocking(move || {
        // All kills together come before the users can be imported.
        let longest = Duration::from_micros(u64::from(users) * 5);
        let mut commands = commands.into_iter();
        for mut command in commands.by_ref().take(KILLS as usize) {
            let mut child = command.spawn()?;
            thread::sleep(longest.mul_f64(fastrand::f64()));
            postgres.crash()?;
            thread::sleep(Duration::from_millis(fastrand::u64(..500)));
            ensure!(child.try_wait()?.is_none(), "the import ended by itself");
            child.kill()?;
            child.wait()?;
            postgres.restart()?;
        }
        let mut last = commands.next().context("no command is left")?;
        anyhow::Ok((postgres, finish(last.spawn()?)?))
    })
    .await??;
    check_once(&postgres, users).await?;
    let (_, memory, summary) = outcome;
    let mut killed = figures(
        folder.path(),
        name,
        users,
        (started.elapsed(), memory, summary),
    )?;
    killed[0] = format!("{name}, command and server killed {KILLS} times");
    rows.push(killed);
    let conditions = format!(
        "{}, durable commits, {users} users in each file, with hashes; in batches of 1,000.",
        fixture::conditions(&postgres),
    );
    let head = "file | size | users a second | memory of the command, MB";
    Ok(table(&conditions, head, &rows))
}

/// The function in front of a new database.
async fn serve(postgres: &Postgres, database: &str) -> Result<GatewayServer> {
    fixture::dataset(postgres, database, 1_000)
        .await?
        .close()
        .await?;
    let function = Function::builder("bulk-create")
        .envs(vec![
            ("DATABASE_URL".to_owned(), postgres.url(database)),
            ("JWT_KEY".to_owned(), signing_key().verification_key()),
        ])
        .start()
        .await?;
    GatewayServer::start([], Arc::new(function)).await
}

fn import(folder: &Path, name: &str, options: &[&str], gateway: &GatewayServer) -> Result<Command> {
    let mut command = Command::new(rig::binary::find("rollcall")?);
    command.args(["import", name, "--yes"]).args(options);
    command.current_dir(folder);
    command.env("ROLLCALL_URL", gateway.url());
    command.env("ROLLCALL_TOKEN", signing_key().token(1)?);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    Ok(command)
}

/// A row of the table, if all users were created.
fn figures(
    folder: &Path,
    name: &str,
    users: u32,
    (time, memory, summary): (Duration, f64, String),
) -> Result<Vec<String>> {
    let size = fs::metadata(folder.join(name))?.len();
    let created = summary.split(' ').next().unwrap_or_default();
    ensure!(
        created.replace(',', "") == users.to_string(),
        "{name}: {summary}"
    );
    Ok(vec![
        name.to_owned(),
        format!("{} MB", size / 1_000_000),
        number(f64::from(users) / milliseconds(time) * 1e3),
        number(memory),
    ])
}

/// Fails unless each user is there once, with one entry in the log, and is counted.
async fn check_once(postgres: &Postgres, users: u32) -> Result<()> {
    let mut connection = fixture::connect(postgres, "killed").await?;
    let once = sqlx::query_scalar(
        "SELECT count(*)
         FROM users
         JOIN (
             SELECT target_id, count(*) AS entries
             FROM user_audit
             WHERE is_row
             GROUP BY target_id
         ) AS log ON log.target_id = users.id
         WHERE username LIKE 'plain%' AND entries = 1",
    );
    let once: i64 = once.fetch_one(&mut connection).await?;
    ensure!(once == i64::from(users), "{once} users are there once");
    fixture::check_counts(&mut connection).await
}

/// Every letter of these files is one byte of Windows-1252, by the same number.
fn write(path: &Path, users: u32, header: &str, row: fn(u32) -> String) -> Result<()> {
    let mut text = header.to_owned();
    for user in 0..users {
        write!(text, "{}", row(user))?;
    }
    let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    Ok(fs::write(path, bytes?)?)
}

/// Waits for the command, and tells how long it ran, the most memory that it had in MB, and what it printed.
fn finish(mut child: Child) -> Result<(Duration, f64, String)> {
    let started = Instant::now();
    let mut kilobytes: u32 = 0;
    while child.try_wait()?.is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let value = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        kilobytes = value.unwrap_or(kilobytes);
        thread::sleep(POLL_INTERVAL);
    }
    let time = started.elapsed();
    let output = child.wait_with_output()?;
    let summary = String::from_utf8(output.stdout).context("the command prints text")?;
    ensure!(output.status.success(), "the import failed: {summary}");
    Ok((time, f64::from(kilobytes) * 1_024.0 / 1e6, summary))
}
