//! A replica answers reads, and whatever happens to it costs nobody an answer.

use std::time::Duration;

use futures_util::future::join_all;
use rig::{FunctionBuilder, Request, TcpProxy};
use serde_json::json;
use servers::{Postgres, PostgresOptions};
use sqlx::PgPool;

use super::{blocking, own_server, read, start, write};
use crate::fixture::{ADMIN, Api, Fixture, ORDINARY, assert_error};
use crate::imports::{BULK, user};
use crate::telemetry::metric_lines;
use crate::traffic::Traffic;
use crate::user_writes::user_path;

const TOKEN: &str = "x-consistency-token";

/// Pairs of a write and a read that has to see it.
const PAIRS: usize = 400;

/// A primary, a replica of it, and users in both.
struct Cluster {
    fixture: Fixture,
    replica: Postgres,
    at_replica: PgPool,
    // Dropped last, because the database of the fixture is on it.
    _primary: Postgres,
}

impl Cluster {
    async fn start() -> Self {
        let primary = own_server(PostgresOptions::temporary()).await;
        let (primary, replica) = blocking(move || {
            let mut primary = primary;
            let replica = primary.start_replica()?;
            Ok((primary, replica))
        })
        .await;
        let fixture = Fixture::on(&primary.url("postgres")).await;
        let at_replica = PgPool::connect_lazy(&replica.url(fixture.database.name())).unwrap();
        let cluster = Self {
            fixture,
            replica,
            at_replica,
            _primary: primary,
        };
        cluster.catch_up().await;
        cluster
    }

    /// A function that knows the replica.
    fn function(&self, name: &str) -> FunctionBuilder {
        self.function_at(name, self.replica.port())
    }

    fn function_at(&self, name: &str, port: u16) -> FunctionBuilder {
        let host = format!("127.0.0.1:{port}");
        self.fixture.function(name).env("DATABASE_READ_HOST", host)
    }

    /// Waits until the replica has all that the primary has.
    async fn catch_up(&self) {
        let position: String = sqlx::query_scalar("SELECT pg_current_wal_insert_lsn()::text")
            .fetch_one(self.fixture.database.pool())
            .await
            .unwrap();
        let look = async {
            // The database itself may not be there yet.
            while !sqlx::query_scalar("SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn")
                .bind(&position)
                .fetch_one(&self.at_replica)
                .await
                .unwrap_or(false)
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), look)
            .await
            .unwrap();
    }

    async fn at_replica(&self, statement: &str) {
        sqlx::query(statement)
            .execute(&self.at_replica)
            .await
            .unwrap();
    }

    async fn fall_behind(&self) {
        self.at_replica("SELECT pg_wal_replay_pause()").await;
        let look = async {
            while sqlx::query_scalar::<_, String>("SELECT pg_get_wal_replay_pause_state()")
                .fetch_one(&self.at_replica)
                .await
                .unwrap()
                != "paused"
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), look)
            .await
            .unwrap();
    }

    async fn go_on(&self) {
        self.at_replica("SELECT pg_wal_replay_resume()").await;
    }
}

/// How many users have the address, as a list says.
async fn count(api: &Api, request: &Request) -> u64 {
    let response = api.send(request).await;
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["total"].as_u64().unwrap()
}

fn by_email(fixture: &Fixture, name: &str) -> Request {
    fixture.get(&format!("/api/v1/users?email={name}@example.com"))
}

#[tokio::test]
async fn a_read_sees_the_write_that_it_names_and_others_when_the_replica_has_them() {
    let cluster = Cluster::start().await;
    let fixture = &cluster.fixture;
    let lists = Api::start(cluster.function("users")).await;
    let imports = Api::start(cluster.function("bulk-create")).await;
    let get = by_email(fixture, "late");
    assert_eq!(count(&lists, &get).await, 0);
    cluster.fall_behind().await;

    let import = fixture.post(BULK).json(&json!([user("late")]));
    let import = import.header("idempotency-key", "late");
    let written = imports.send(&import).await;

    assert_eq!(written.status, 201, "{}", written.text());
    let token = written.header(TOKEN).unwrap();
    let replayed = imports.send(&import).await;
    assert_eq!(replayed.header("idempotent-replayed").unwrap(), "true");
    assert_eq!(replayed.header(TOKEN).unwrap(), token);
    // The replica answers, and it knows nothing yet.
    assert_eq!(count(&lists, &get).await, 0);
    let naming = get.clone().header(TOKEN, &token);
    assert_eq!(count(&lists, &naming).await, 1);
    cluster.go_on().await;
    cluster.catch_up().await;
    assert_eq!(count(&lists, &get).await, 1);

    // A token of another cluster names a write that never arrives.
    let foreign = get.clone().header(TOKEN, "18446744073709551615");
    assert_eq!(count(&lists, &foreign).await, 1);
    let message = "The X-Consistency-Token header must be the value that the answer to a write had";
    for malformed in ["", "0", "-1", "0/1A2B3C", "18446744073709551616"] {
        let response = lists.send(&get.clone().header(TOKEN, malformed)).await;
        assert_error(&response, 400, "invalid_request", message);
    }
    let read_only = lists.send(&get).await;
    assert_eq!(read_only.header(TOKEN), None);
}

#[tokio::test]
async fn callers_read_their_own_writes_whether_the_replica_follows_or_stops() {
    let cluster = Cluster::start().await;
    let fixture = &cluster.fixture;
    let lists = start(cluster.function("users").instances(4)).await;
    let imports = start(cluster.function("bulk-create").instances(4)).await;
    let callers = join_all((0..4).map(async |caller| {
        for number in 0..PAIRS / 4 {
            let name = format!("own{caller}x{number}");
            let written = imports
                .send(&fixture.post(BULK).json(&json!([user(&name)])))
                .await;
            assert_eq!(written.status, 201, "{}", written.text());
            let token = written.header(TOKEN).unwrap();
            let get = by_email(fixture, &name).header(TOKEN, &token);
            assert_eq!(count(&lists, &get).await, 1, "{name}");
        }
    }));
    let disturbance = async {
        loop {
            cluster.fall_behind().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            cluster.go_on().await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::select! {
        _ = callers => {}
        () = disturbance => {}
    }
    let asked: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rollcall-users'",
    )
    .fetch_one(&cluster.at_replica)
    .await
    .unwrap();
    // One for each instance, and more where an instance works on several requests at once.
    assert!(asked >= 4, "{asked}");
}

#[tokio::test]
async fn no_read_fails_while_the_replica_lags_crashes_returns_and_is_promoted() {
    let cluster = Cluster::start().await;
    let lists = start(cluster.function("users").instances(2)).await;
    let imports = start(cluster.function("bulk-create").instances(1)).await;
    let reads = Traffic::start(&lists, 2, read(&cluster.fixture));
    let writes = Traffic::start(&imports, 1, write(&cluster.fixture));
    reads.more(50).await;

    cluster.fall_behind().await;
    reads.more(50).await;
    cluster.go_on().await;
    let Cluster {
        fixture,
        replica,
        at_replica,
        _primary,
    } = cluster;
    let mut replica = blocking(move || replica.crash().map(|()| replica)).await;
    reads.more(50).await;
    replica = blocking(move || replica.restart().map(|()| replica)).await;
    reads.more(50).await;
    let promoted: bool = sqlx::query_scalar("SELECT pg_promote()")
        .fetch_one(&at_replica)
        .await
        .unwrap();
    assert!(promoted);
    reads.more(50).await;

    reads
        .stop()
        .await
        .assert_no_failure("a replica in trouble, reads");
    writes
        .stop()
        .await
        .assert_no_failure("a replica in trouble, writes");
    // What was promoted goes on without the primary's writes, and is asked no longer.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let written = imports
        .send(&fixture.post(BULK).json(&json!([user("after")])))
        .await;
    assert_eq!(written.status, 201, "{}", written.text());
    assert_eq!(count(&lists, &by_email(&fixture, "after")).await, 1);
    blocking(move || replica.crash()).await;
    assert_eq!(count(&lists, &by_email(&fixture, "after")).await, 1);
}

#[tokio::test]
async fn a_replica_that_vanishes_costs_time_and_no_answer() {
    let cluster = Cluster::start().await;
    let proxy = TcpProxy::to(cluster.replica.port()).await.unwrap();
    let function = cluster
        .function_at("users", proxy.port())
        .env("REQUEST_TIMEOUT_SECONDS", "3");
    let lists = start(function.instances(2)).await;
    let reads = Traffic::start(&lists, 2, read(&cluster.fixture));
    reads.more(50).await;
    assert!(proxy.round_trips() > 50);

    proxy.blackhole_all();
    reads.more(50).await;
    proxy.restore();
    reads.more(50).await;

    let seen = reads.stop().await;
    seen.assert_no_failure("a replica behind a dead network");
    let bypassed: u64 = metric_lines(&lists.logs())
        .iter()
        .filter_map(|line| line["replica_bypassed"].as_u64())
        .sum();
    assert!(bypassed >= 40, "{bypassed}");
    assert!(seen.slowest() < Duration::from_millis(2_500));
}

#[tokio::test]
async fn rights_are_those_at_the_primary_where_the_replica_may_be_behind() {
    let cluster = Cluster::start().await;
    let fixture = &cluster.fixture;
    let lists = Api::start(cluster.function("users")).await;
    let list = Request::get("/api/v1/users").bearer(&fixture.token(ORDINARY));
    assert_eq!(lists.send(&list).await.status, 403);
    cluster.fall_behind().await;

    // Given, a right holds at once.
    let change = fixture.patch(ORDINARY, &json!({ "is_superuser": true }));
    assert_eq!(lists.send(&change).await.status, 200);
    assert_eq!(lists.send(&list).await.status, 200);
    // Taken away, it ends at once where it was taken, although the replica still says so.
    cluster.go_on().await;
    cluster.catch_up().await;
    cluster.fall_behind().await;
    let path = user_path(ORDINARY);
    let delete = Request::new("DELETE", &path).bearer(&fixture.token(ADMIN));
    assert_eq!(lists.send(&delete).await.status, 204);
    assert_eq!(lists.send(&list).await.status, 401);
}
