//! What reads cost a primary that has replicas, and how far these are behind.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use rig::{Function, Gateway, Request};
use servers::Postgres;
use sqlx::PgConnection;

use crate::fixture;
use crate::fleet::LISTS;
use crate::load::closed_loop;
use crate::program::signing_key;
use crate::report::{Samples, milliseconds, number, table};

const READS: u32 = 2_000;

/// Callers, and environments that each replica has.
const CALLERS: u32 = 4;

/// Writes whose arrival at the replicas is waited for, one after the other.
const WRITES: u32 = 200;

pub async fn run(rounds: u32, users: u32) -> Result<String> {
    let mut primary = fixture::durable_server()?;
    drop(fixture::dataset(&primary, "bench", users).await?);
    let replicas = [primary.start_replica()?, primary.start_replica()?];
    let mut rows = Vec::new();
    for count in 0..=replicas.len() {
        rows.push(measure(rounds, &primary, &replicas[..count]).await?);
    }
    let conditions = format!(
        "{}, durable commits, {users} users, {rounds} rounds of {READS} lists by {CALLERS} callers, then {WRITES} \
         changes of a user while lists go on. Each environment of `users` has one of the replicas, as those \
         behind one reader endpoint have.",
        fixture::conditions(&primary),
    );
    let head = "replicas | lists/s, with a core for each server | CPU of the primary, ms per list | CPU of the replicas, ms per list | \
                a change is at every replica after, p50 / p99 in ms";
    Ok(table(&conditions, head, &rows))
}

async fn measure(rounds: u32, primary: &Postgres, replicas: &[Postgres]) -> Result<Vec<String>> {
    let read_hosts = replicas
        .iter()
        .map(|replica| format!("127.0.0.1:{}", replica.port()));
    let read_hosts: Vec<_> = if replicas.is_empty() {
        vec![String::new()]
    } else {
        read_hosts.collect()
    };
    let functions = try_join_all(read_hosts.iter().map(|host| {
        let function = Function::builder("users")
            .env("DATABASE_URL", primary.url("bench"))
            .env("DATABASE_READ_HOST", host)
            .env("JWT_KEY", signing_key().verification_key());
        function.instances(CALLERS).start()
    }))
    .await?;
    let token = signing_key().token(1)?;
    let send = async |number: u32| {
        let request = Request::get(LISTS[number as usize % LISTS.len()]);
        let function = &functions[number as usize / LISTS.len() % functions.len()];
        function
            .deliver(Gateway::HttpApi, &request.bearer(&token))
            .await
    };
    // The connections are opened, the pages read and the statements prepared.
    closed_loop(CALLERS, READS / 4, &send).await;
    let [mut at_primary, mut at_replicas] = [const { Samples(Vec::new()) }; 2];
    for _ in 0..rounds {
        let before = (processor_time(&[primary])?, processor_time(replicas)?);
        let load = closed_loop(CALLERS, READS, &send).await;
        anyhow::ensure!(load.failures.is_empty(), "{:?}", load.failures);
        let reads = f64::from(READS);
        let spent = processor_time(&[primary])?.saturating_sub(before.0);
        at_primary.0.push(milliseconds(spent) / reads);
        let spent = processor_time(replicas)?.saturating_sub(before.1);
        at_replicas.0.push(milliseconds(spent) / reads);
    }
    let (arrivals, _) = tokio::join!(
        arrivals(primary, replicas),
        closed_loop(CALLERS, READS, &send)
    );
    for function in &functions {
        function.shut_down().await;
    }
    let (at_primary, at_replicas) = (at_primary.median(), at_replicas.median());
    // Cores are shared here; there, each server has its own, and the one with the most to do is the limit.
    let of_primary = 1_000.0 / at_primary;
    let cells = if replicas.is_empty() {
        [
            number(of_primary),
            number(at_primary),
            String::new(),
            String::new(),
        ]
    } else {
        let of_replicas = 1_000.0 * f64::from(u32::try_from(replicas.len())?) / at_replicas;
        let lists = of_primary.min(of_replicas);
        [
            number(lists),
            number(at_primary),
            number(at_replicas),
            arrivals?.spread(),
        ]
    };
    Ok([vec![replicas.len().to_string()], cells.to_vec()].concat())
}

/// How long after its commit a change is at every replica.
async fn arrivals(primary: &Postgres, replicas: &[Postgres]) -> Result<Samples> {
    let mut writer = fixture::connect(primary, "bench").await?;
    let mut readers: Vec<PgConnection> = Vec::new();
    for replica in replicas {
        readers.push(fixture::connect(replica, "bench").await?);
    }
    let mut arrivals = Samples::default();
    for id in 2..WRITES + 2 {
        let change = sqlx::query("UPDATE users SET full_name = full_name || '.' WHERE id = $1");
        change.bind(i64::from(id)).execute(&mut writer).await?;
        let committed = Instant::now();
        let position: String = sqlx::query_scalar("SELECT pg_current_wal_flush_lsn()::text")
            .fetch_one(&mut writer)
            .await?;
        for reader in &mut readers {
            while !sqlx::query_scalar("SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn")
                .bind(&position)
                .fetch_one(&mut *reader)
                .await?
            {}
        }
        arrivals.0.push(milliseconds(committed.elapsed()));
    }
    Ok(arrivals)
}

/// How long all processes of the servers have been on a core.
fn processor_time<P: std::borrow::Borrow<Postgres>>(servers: &[P]) -> Result<Duration> {
    let parents: Vec<_> = servers.iter().map(|server| server.borrow().pid()).collect();
    let mut nanoseconds = 0;
    for entry in fs::read_dir("/proc")? {
        let folder = entry?.path();
        // A process may end meanwhile.
        let Ok(stat) = fs::read_to_string(folder.join("stat")) else {
            continue;
        };
        let (pid, rest) = stat.split_once(" (").context("a process without a name")?;
        let (_, rest) = rest
            .rsplit_once(") ")
            .context("a process without a state")?;
        let parent = rest.split(' ').nth(1).unwrap_or_default();
        let is_part = |id: &str| id.parse().is_ok_and(|id| parents.contains(&id));
        if is_part(pid) || is_part(parent) {
            let times = fs::read_to_string(folder.join("schedstat")).unwrap_or_default();
            nanoseconds += times.split(' ').next().map_or(Ok(0), str::parse)?;
        }
    }
    Ok(Duration::from_nanos(nanoseconds))
}
