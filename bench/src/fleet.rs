//! What many environments at once do to a database, and it to them.

use std::time::{Duration, Instant};

use anyhow::Result;
use rig::{Function, Gateway, Request};
use serde_json::{Value, json};
use servers::{PgBouncer, PgBouncerOptions};
use sqlx::PgConnection;

use crate::fixture;
use crate::load::closed_loop;
use crate::program::signing_key;
use crate::report::{number, say, table};

/// The functions, and how many environments of each there are. Requests come in the same proportion.
const FUNCTIONS: [(&str, u32); 3] = [("users", 160), ("stats", 30), ("bulk-create", 10)];
const ENVIRONMENTS: u32 = 200;

pub const LISTS: [&str; 4] = [
    "/api/v1/users",
    "/api/v1/users?is_active=true&size=20",
    "/api/v1/users?is_superuser=false&sort_by=email&sort_order=asc",
    "/api/v1/users?sort_by=username&size=10&page=3",
];

/// Connections that the pooler opens to the server at most.
const SERVER_CONNECTIONS: u32 = 20;

/// Hundreds of processes that start at once on a few cores take longer than Lambda allows; there, each
/// has its own core.
const INIT_TIMEOUT: Duration = Duration::from_mins(2);

pub async fn run(rounds: u32, users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    let mut connection = fixture::dataset(&postgres, "bench", users).await?;
    let pooler = PgBouncer::start(&PgBouncerOptions {
        server_port: postgres.port(),
        user: "postgres".to_owned(),
        password: postgres.password().to_owned(),
        server_connections: SERVER_CONNECTIONS,
    })?;
    let url = postgres.url("bench");
    let [server_port, pooler_port] =
        [postgres.port(), pooler.port()].map(|port| format!(":{port}/"));
    let pooled_url = url.replace(&server_port, &pooler_port);
    let mut rows = Vec::new();
    for (variant, url, is_pooled) in [
        ("straight to PostgreSQL", &url, "false"),
        ("PgBouncer", &pooled_url, "true"),
    ] {
        say(variant);
        let mut row = vec![variant.to_owned()];
        row.extend(measure(rounds, url, is_pooled, &mut connection).await?);
        rows.push(row);
    }
    let conditions = format!(
        "{}, durable commits, {users} users before, {ENVIRONMENTS} environments and as many callers with \
         {rounds} requests each, PgBouncer in transaction mode with {SERVER_CONNECTIONS} server \
         connections.",
        fixture::conditions(&postgres),
    );
    let head = "variant | failed | requests/s | p50 / p99 in ms | connections at the server | all up after";
    Ok(table(&conditions, head, &rows))
}

async fn measure(
    rounds: u32,
    url: &str,
    is_pooled: &str,
    connection: &mut PgConnection,
) -> Result<Vec<String>> {
    let started = Instant::now();
    let mut functions = Vec::new();
    for (name, environments) in FUNCTIONS {
        let function = Function::builder(name)
            .env("DATABASE_URL", url)
            .env("DATABASE_POOLER", is_pooled)
            .env("JWT_KEY", signing_key().verification_key())
            .instances(environments)
            .init_timeout(INIT_TIMEOUT);
        functions.push(function.start().await?);
    }
    let up_after = started.elapsed().as_secs_f64();
    let token = signing_key().token(1)?;
    let send = async |number| {
        let (function, request) = request(number, is_pooled);
        functions[function]
            .deliver(Gateway::HttpApi, &request.bearer(&token))
            .await
    };
    let requests = ENVIRONMENTS * rounds;
    let load = closed_loop(ENVIRONMENTS, requests, send).await;
    let connections = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend'
             AND pid <> pg_backend_pid()",
    );
    let connections: i64 = connections.fetch_one(connection).await?;
    for function in &functions {
        function.shut_down().await;
    }
    let failed: u32 = load.failures.values().sum();
    Ok(vec![
        if failed == 0 {
            "0".to_owned()
        } else {
            format!("{failed}: {:?}", load.failures)
        },
        number(f64::from(requests) / load.seconds),
        load.times.spread(),
        connections.to_string(),
        format!("{up_after:.1} s"),
    ])
}

/// Lists, numbers and imports of ten users, mixed. `run` tells the users of this run from others.
fn request(number: u32, run: &str) -> (usize, Request) {
    // 7 and 20 have no common divisor, so each of the twenty turns comes up.
    match (number * 7) % 20 {
        0..16 => (0, Request::get(LISTS[number as usize % LISTS.len()])),
        16..19 => (1, Request::get("/api/v1/dashboard/stats")),
        _ => {
            let user = |row: u32| {
                let name = format!("{run}-{number}-{row}");
                json!({ "email": format!("{name}@example.com"), "username": name })
            };
            let request = Request::post("/api/v1/users/bulk");
            let request = request.header("idempotency-key", &format!("{run}-{number}"));
            (2, request.json(&(0..10).map(user).collect::<Value>()))
        }
    }
}
