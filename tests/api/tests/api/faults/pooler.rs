//! Functions behind PgBouncer in transaction mode.

use rig::FunctionBuilder;
use servers::{PgBouncer, PgBouncerOptions};
use url::Url;

use super::{assert_written_once, blocking, keyed_write, read, start};
use crate::fixture::Fixture;
use crate::traffic::{Seen, Traffic};

const SERVER_CONNECTIONS: u32 = 20;

/// `cargo xtask bench fleet` sends more, to 200 environments, in a release build.
const REQUESTS: usize = 10_000;

struct Pooled {
    fixture: Fixture,
    url: String,
    // It is stopped after the functions.
    _pooler: PgBouncer,
}

impl Pooled {
    /// Nothing on a machine that cannot run the pooler.
    async fn start() -> Option<Self> {
        if !blocking(PgBouncer::is_available).await {
            eprintln!("skipped: this machine has no PgBouncer, and no packages with one");
            return None;
        }
        let fixture = Fixture::new().await;
        let url = Url::parse(fixture.database.url()).unwrap();
        let options = PgBouncerOptions {
            server_port: url.port().unwrap(),
            user: url.username().to_owned(),
            password: url.password().unwrap_or_default().to_owned(),
            server_connections: SERVER_CONNECTIONS,
        };
        let pooler = blocking(move || PgBouncer::start(&options)).await;
        let mut url = url;
        url.set_port(Some(pooler.port())).unwrap();
        Some(Self {
            fixture,
            url: url.to_string(),
            _pooler: pooler,
        })
    }

    fn function(&self, name: &str) -> FunctionBuilder {
        self.fixture
            .function(name)
            .env("DATABASE_URL", &self.url)
            .env("DATABASE_POOLER", "true")
    }
}

#[tokio::test]
async fn no_request_of_mixed_traffic_fails_and_the_server_sees_few_connections() {
    let Some(pooled) = Pooled::start().await else {
        return;
    };
    let fixture = &pooled.fixture;
    let lists = start(pooled.function("users").instances(16)).await;
    let numbers = pooled.function("stats").env("STATS_CACHE_SECONDS", "0");
    let numbers = start(numbers.instances(8)).await;
    let imports = start(pooled.function("bulk-create").instances(8)).await;

    let stats = fixture.get("/api/v1/dashboard/stats");
    let traffic = [
        Traffic::start(&lists, 16, read(fixture)),
        Traffic::start(&numbers, 8, move |_| stats.clone()),
        Traffic::start(&imports, 8, keyed_write(fixture)),
    ];
    while traffic.iter().map(Traffic::answered).sum::<usize>() < REQUESTS {
        traffic[0].more(100).await;
        let sessions = fixture.count_sessions().await;
        assert!(sessions <= i64::from(SERVER_CONNECTIONS), "{sessions}");
    }
    let mut all = Vec::new();
    for one in traffic {
        all.push(one.stop().await);
    }
    let written = &all[2];
    assert_written_once(fixture, written).await;
    all.into_iter()
        .collect::<Seen>()
        .assert_no_failure("PgBouncer in transaction mode, 20 server connections");
}

#[tokio::test]
async fn a_deadline_behind_a_pooler_stops_the_statement_on_the_server() {
    let Some(pooled) = Pooled::start().await else {
        return;
    };
    let fixture = &pooled.fixture;
    let builder = pooled.function("users");
    let api = start(builder.env("REQUEST_TIMEOUT_SECONDS", "1")).await;
    assert_eq!(api.send(&read(fixture)(0)).await.status, 200);
    let mut lock = fixture.database.pool().begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let response = api.send(&read(fixture)(1)).await;
    assert_eq!(response.status, 504, "{}", response.text());
    let running: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    .fetch_one(fixture.database.pool())
    .await
    .unwrap();
    assert_eq!(running, 0);
    lock.rollback().await.unwrap();
    assert_eq!(api.send(&read(fixture)(2)).await.status, 200);
}
