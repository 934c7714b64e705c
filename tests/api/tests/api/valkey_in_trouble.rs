//! A Valkey server that fails in every way: no request does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rig::{FunctionBuilder, Request, secrets};
use serde_json::{Value, json};
use servers::{Valkey, valkey::USER};
use shared::platform::valkey::COOLDOWN;

use crate::fixture::{Api, Fixture, concurrency};
use crate::servers_in_trouble::{closed_port, silent_server};
use crate::telemetry::metric_lines;
use crate::tls_in_front::TlsInFront;
use crate::valkey::{is_counted, sharing};

const STATS: &str = "/api/v1/dashboard/stats";

/// What a failing server may add to the slowest hundredth of requests. The design allows 100 ms on a
/// machine that does nothing else; the rest is for what else runs beside a test.
const MOST_ADDED: Duration = Duration::from_millis(300);

/// How many environments share the server under traffic.
const ENVIRONMENTS: u32 = 4;

/// How long the server fails, a little more than an environment leaves it alone.
const TROUBLE: Duration = Duration::from_secs(6);

/// Latencies under traffic, and how many requests failed.
struct Traffic {
    latencies: Vec<Duration>,
    failed: usize,
}

impl Traffic {
    /// Eight callers ask again and again.
    async fn of(api: &Api, request: &Request, time: Duration) -> Self {
        let is_over = AtomicBool::new(false);
        let caller = async || {
            let mut latencies = Vec::new();
            let mut failed = 0;
            while !is_over.load(Ordering::Relaxed) {
                let asked = Instant::now();
                let response = api.send(request).await;
                latencies.push(asked.elapsed());
                failed += usize::from(response.status != 200);
            }
            (latencies, failed)
        };
        let callers = join_all((0..8).map(|_| caller()));
        let clock = async {
            tokio::time::sleep(time).await;
            is_over.store(true, Ordering::Relaxed);
        };
        let (results, ()) = futures_util::future::join(callers, clock).await;
        let failed = results.iter().map(|(_, failed)| failed).sum();
        let mut latencies: Vec<_> = results.into_iter().flat_map(|(times, _)| times).collect();
        latencies.sort_unstable();
        Self { latencies, failed }
    }

    fn at(&self, percent: usize) -> Duration {
        self.latencies[(self.latencies.len() - 1) * percent / 100]
    }

    fn report(&self, what: &str) {
        eprintln!(
            "{what}: {} requests, {} failed, p50 {:?}, p99 {:?}, longest {:?}",
            self.latencies.len(),
            self.failed,
            self.at(50),
            self.at(99),
            self.at(100)
        );
    }
}

/// Every request asks the limiter, and every second one environment stores new numbers.
fn busy(fixture: &Fixture, url: &str) -> FunctionBuilder {
    fixture
        .function("stats")
        .env("VALKEY_URL", url)
        .env("RATE_LIMIT_REQUESTS", "1000000")
        .env("STATS_CACHE_SECONDS", "1")
        .instances(ENVIRONMENTS)
}

async fn await_counting(api: &Api, request: &Request) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_counted(&api.send(request).await) {
        assert!(Instant::now() < deadline, "the limiter never came back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn survive(what: &str, fail: impl Fn(&Valkey), recover: impl Fn(&mut Valkey)) {
    let fixture = Fixture::new().await;
    let mut server = Valkey::start().unwrap();
    let started = Instant::now();
    let api = Api::start(busy(&fixture, &server.url())).await;
    let request = fixture.get(STATS);
    await_counting(&api, &request).await;
    let before = Traffic::of(&api, &request, Duration::from_secs(2)).await;
    fail(&server);
    let during = Traffic::of(&api, &request, TROUBLE).await;
    recover(&mut server);
    let after = Traffic::of(&api, &request, Duration::from_secs(1)).await;
    before.report("Valkey well");
    during.report(what);
    after.report("Valkey back");
    assert_eq!(before.failed + during.failed + after.failed, 0);
    assert!(
        during.at(99) < before.at(99) + MOST_ADDED,
        "p99 grew from {:?} to {:?}",
        before.at(99),
        during.at(99)
    );
    await_counting(&api, &request).await;
    // However many requests there were, only those that were under way in each environment when it found
    // out waited in vain.
    let in_vain: u64 = metric_lines(&api.logs())
        .iter()
        .filter_map(|line| line["cache_error"].as_u64())
        .sum();
    eprintln!("{what}: {in_vain} commands in vain");
    let periods = started.elapsed().as_secs() / COOLDOWN.as_secs() + 1;
    let most = u64::from(ENVIRONMENTS) * u64::from(concurrency()) * periods;
    assert!((1..=most).contains(&in_vain), "{in_vain} of {most}");
}

#[tokio::test]
async fn a_server_that_is_stopped_under_traffic_fails_no_request_and_is_used_when_it_is_back() {
    survive(
        "Valkey stopped",
        |server| server.stop().unwrap(),
        |server| server.start_again().unwrap(),
    )
    .await;
}

#[tokio::test]
async fn a_server_that_hangs_under_traffic_fails_no_request_and_is_used_when_it_goes_on() {
    survive("Valkey hung", Valkey::freeze, |server| server.thaw()).await;
}

#[tokio::test]
async fn a_server_that_was_never_there_fails_no_request() {
    let fixture = Fixture::new().await;
    let silent = silent_server().await;
    let closed = closed_port().await;
    let closed = closed.split(['@', '/']).nth(3).unwrap();
    for url in [
        format!("redis://127.0.0.1:{}", silent.port()),
        format!("redis://{closed}"),
        format!("rediss://127.0.0.1:{}", silent.port()),
        "redis://no-such-host.invalid:6379".to_owned(),
    ] {
        let api = Api::start(busy(&fixture, &url)).await;
        for _ in 0..20 {
            let response = api.send(&fixture.get(STATS)).await;
            assert_eq!(response.status, 200, "{url}: {}", response.text());
            assert!(!is_counted(&response));
        }
    }
}

#[tokio::test]
async fn one_request_in_a_while_waits_for_a_server_that_hangs() {
    let fixture = Fixture::new().await;
    let silent = silent_server().await;
    let url = format!("redis://127.0.0.1:{}", silent.port());
    // Long enough to be told from noise.
    let builder = busy(&fixture, &url)
        .env("VALKEY_TIMEOUT_MILLISECONDS", "1000")
        .instances(1);
    let api = Api::start(builder).await;
    let mut waited = 0;
    for _ in 0..20 {
        let asked = Instant::now();
        assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
        waited += u32::from(asked.elapsed() >= Duration::from_secs(1));
    }
    assert_eq!(waited, 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced_within_the_request() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let api = Api::start(sharing(&fixture, "stats", &server, 100, 60)).await;
    await_counting(&api, &fixture.get(STATS)).await;
    for _ in 0..3 {
        server
            .command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
            .unwrap();
        let response = api.send(&fixture.get(STATS)).await;
        assert!(is_counted(&response), "{:?}", api.logs());
    }
}

#[tokio::test]
async fn a_password_that_is_refused_fails_no_request() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let url = format!("redis://{USER}:wrong-hunter2@127.0.0.1:{}", server.port());
    let api = Api::start(busy(&fixture, &url)).await;
    for _ in 0..5 {
        let response = api.send(&fixture.get(STATS)).await;
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(!is_counted(&response));
    }
}

#[tokio::test]
async fn the_password_comes_from_a_secret_and_a_new_one_is_fetched_when_the_old_is_refused() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let secret = |password: &str| json!({ "username": USER, "password": password }).to_string();
    let arn = secrets::create(&fixture.unique("cache"), &secret(server.password()))
        .await
        .unwrap();
    let builder = sharing(&fixture, "stats", &server, 1_000, 60)
        .envs(secrets::client_environment().unwrap())
        .env("VALKEY_URL", server.address())
        .env("VALKEY_SECRET_ARN", &arn);
    let api = Api::start(builder).await;
    await_counting(&api, &fixture.get(STATS)).await;

    secrets::rotate(&arn, &secret("hunter2-rotated"))
        .await
        .unwrap();
    // Only a request opens a new connection, so the last command can still log in.
    let forget = format!("<{}", server.password());
    for command in [
        ["ACL", "SETUSER", USER, ">hunter2-rotated"],
        ["CLIENT", "KILL", "TYPE", "normal"],
        ["ACL", "SETUSER", USER, &forget],
    ] {
        server.command(&command).unwrap();
    }
    assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
    await_counting(&api, &fixture.get(STATS)).await;
}

#[tokio::test]
async fn tls_is_spoken_and_the_certificate_is_verified() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let tls = TlsInFront::of(server.port()).await;
    let url = server
        .url()
        .replace("redis://", "rediss://")
        .replace(&server.port().to_string(), &tls.port.to_string());
    let builder = sharing(&fixture, "stats", &server, 100, 60).env("VALKEY_URL", &url);
    let trusting = builder.clone().env(
        "VALKEY_SSL_ROOT_CERT",
        tls.authority.path().to_str().unwrap(),
    );
    let api = Api::start(trusting).await;
    await_counting(&api, &fixture.get(STATS)).await;

    // Without the file, only Amazon's authorities are trusted.
    let distrusting = Api::start(builder).await;
    let response = distrusting.send(&fixture.get(STATS)).await;
    assert_eq!(response.status, 200);
    assert!(!is_counted(&response));
    let checks = checks(&fixture, &url, 200).await;
    assert_eq!(checks["cache"]["error"], "tls_failed");
}

async fn checks(fixture: &Fixture, url: &str, status: u16) -> Value {
    let builder = fixture
        .function("health")
        .env("VALKEY_URL", url)
        .env("RATE_LIMIT_REQUESTS", "10");
    let api = Api::start(builder).await;
    let asked = Instant::now();
    let response = api.send(&Request::get("/health")).await;
    assert!(
        asked.elapsed() < Duration::from_millis(2300),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(response.status, status, "{}", response.text());
    response.json()["checks"].clone()
}

#[tokio::test]
async fn health_shows_cache_and_limiter_and_stays_healthy_without_them() {
    let fixture = Fixture::new().await;
    let mut server = Valkey::start().unwrap();
    let well = checks(&fixture, &server.url(), 200).await;
    for check in ["cache", "rate_limiter"] {
        let latency = &well[check]["latency_ms"];
        assert!(latency.is_f64(), "{well}");
        let expected = json!({ "status": "healthy", "provider": "valkey", "latency_ms": latency });
        assert_eq!(well[check], expected);
    }
    let wrong = server.url().replace("hunter2", "wrong-hunter2");
    let failed = |checks: &Value, error: &str| {
        assert_eq!(checks["database"]["status"], "healthy");
        for check in ["cache", "rate_limiter"] {
            assert_eq!(checks[check]["status"], "unhealthy", "{checks}");
            assert_eq!(checks[check]["error"], error, "{checks}");
        }
    };
    failed(
        &checks(&fixture, &wrong, 200).await,
        "authentication_failed",
    );
    server.freeze();
    failed(&checks(&fixture, &server.url(), 200).await, "timeout");
    server.thaw();
    server.stop().unwrap();
    failed(
        &checks(&fixture, &server.url(), 200).await,
        "connection_refused",
    );
    server.start_again().unwrap();
}

#[tokio::test]
async fn without_a_limit_health_shows_the_cache_alone() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let api = Api::start(sharing(&fixture, "health", &server, 0, 60)).await;
    let checks = api.send(&Request::get("/health")).await.json()["checks"].clone();
    let names: Vec<_> = checks.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["cache", "database"]);
}
