use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use rig::{Response, UserFixture};
use servers::Valkey;
use sqlx::{Connection, Executor, PgConnection};

use crate::fixture::{Api, Fixture};
use crate::valkey::sharing;

const STATS: &str = "/api/v1/dashboard/stats";

/// How often the database was asked for the numbers, by the server's own count of reads of the
/// counters. A session's reads are counted when it ends, so all must have ended.
async fn scans_of_counters(fixture: &Fixture) -> i64 {
    let mut connection = PgConnection::connect(fixture.database.url()).await.unwrap();
    loop {
        let others: i64 = sqlx::query_scalar(
            "SELECT count(*)
             FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        if others == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    sqlx::query_scalar(
        "SELECT seq_scan + coalesce(idx_scan, 0)
         FROM pg_stat_user_tables
         WHERE relname = 'user_count_totals'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap()
}

fn total(response: &Response) -> i64 {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["total_users"].as_i64().unwrap()
}

fn age(response: &Response) -> u64 {
    response.header("age").unwrap().parse().unwrap()
}

#[tokio::test]
async fn five_environments_make_one_query_between_them() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    fixture.database.pool().close().await;
    let before = scans_of_counters(&fixture).await;
    let api = Api::start(sharing(&fixture, "stats", &server, 0, 60).instances(5)).await;
    let request = fixture.get(STATS);
    let responses = join_all((0..50).map(|_| api.send(&request))).await;
    let bodies: BTreeSet<_> = responses.iter().map(Response::text).collect();
    assert!(responses.iter().all(|response| response.status == 200));
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    drop(api);
    assert_eq!(scans_of_counters(&fixture).await - before, 1);

    // The count would have noticed more.
    let apart = Api::start(fixture.function("stats").instances(5)).await;
    for response in join_all((0..50).map(|_| apart.send(&request))).await {
        assert_eq!(response.status, 200);
    }
    drop(apart);
    assert_eq!(scans_of_counters(&fixture).await - before, 1 + 5);
}

#[tokio::test]
async fn every_lifetime_costs_one_query_however_many_environments_there_are() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let builder = sharing(&fixture, "stats", &server, 0, 60)
        .env("STATS_CACHE_SECONDS", "1")
        .instances(4);
    let api = Api::start(builder).await;
    let request = fixture.get(STATS);
    let started = std::time::Instant::now();
    let mut moments = BTreeSet::new();
    while started.elapsed() < Duration::from_secs(4) {
        for response in join_all((0..8).map(|_| api.send(&request))).await {
            assert_eq!(response.status, 200, "{}", response.text());
            assert!(age(&response) <= 1);
            // Every query says when it ran.
            moments.insert(response.json()["timestamp"].to_string());
        }
    }
    let most = usize::try_from(started.elapsed().as_secs()).unwrap() + 1;
    eprintln!("{} queries in {:?}", moments.len(), started.elapsed());
    assert!((3..=most).contains(&moments.len()), "{moments:?}");
}

#[tokio::test]
async fn the_age_goes_on_from_one_environment_to_another() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let first = Api::start(sharing(&fixture, "stats", &server, 0, 60)).await;
    let made = first.send(&fixture.get(STATS)).await;
    assert_eq!(age(&made), 0);
    tokio::time::sleep(Duration::from_millis(1100)).await;

    let second = Api::start(sharing(&fixture, "stats", &server, 0, 60)).await;
    let found = second.send(&fixture.get(STATS)).await;
    assert_eq!(found.json(), made.json());
    assert!((1..30).contains(&age(&found)), "{}", age(&found));
    // Its own copy is as old as what it found.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    server.stop().unwrap();
    let kept = second.send(&fixture.get(STATS)).await;
    assert_eq!(kept.json(), made.json());
    assert!((2..30).contains(&age(&kept)), "{}", age(&kept));
}

#[tokio::test]
async fn a_request_with_no_cache_refreshes_both_levels() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let first = Api::start(sharing(&fixture, "stats", &server, 0, 60)).await;
    let before = total(&first.send(&fixture.get(STATS)).await);
    fixture
        .database
        .insert(&[UserFixture::new(10, "late")])
        .await
        .unwrap();
    let fresh = fixture.get(STATS).header("Cache-Control", "no-cache");
    let refreshed = first.send(&fresh).await;
    assert_eq!((total(&refreshed), age(&refreshed)), (before + 1, 0));
    assert_eq!(total(&first.send(&fixture.get(STATS)).await), before + 1);

    let second = Api::start(sharing(&fixture, "stats", &server, 0, 60)).await;
    let found = second.send(&fixture.get(STATS)).await;
    assert_eq!(found.json(), refreshed.json());
}

#[tokio::test]
async fn numbers_of_a_database_that_is_gone_are_given_for_a_while_longer() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let role = fixture.database.name();
    let run = async |statement: &str| {
        fixture.database.pool().execute(statement).await.unwrap();
    };
    run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'known'")).await;
    run(&format!(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ))
    .await;
    let mut url = url::Url::parse(fixture.database.url()).unwrap();
    url.set_username(role).unwrap();
    url.set_password(Some("known")).unwrap();
    let start = async |stale: &str| {
        let builder = sharing(&fixture, "stats", &server, 0, 60)
            .env("DATABASE_URL", url.as_str())
            .env("STATS_CACHE_SECONDS", "1")
            .env("STATS_STALE_SECONDS", stale);
        let api = Api::start(builder).await;
        assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
        api
    };
    let patient = start("60").await;
    let strict = start("0").await;
    let made = patient.send(&fixture.get(STATS)).await;

    run(&format!("ALTER ROLE {role} NOLOGIN")).await;
    let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = ";
    run(&format!("{end}'{role}'")).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let old = patient.send(&fixture.get(STATS)).await;
    assert_eq!(old.json()["total_users"], made.json()["total_users"]);
    assert!(age(&old) >= 1, "{}", age(&old));
    assert_eq!(strict.send(&fixture.get(STATS)).await.status, 503);
    // Who asks for new numbers does not get old ones.
    let fresh = fixture.get(STATS).header("Cache-Control", "no-cache");
    assert_eq!(patient.send(&fresh).await.status, 503);

    run(&format!("ALTER ROLE {role} LOGIN")).await;
    assert_eq!(age(&patient.send(&fresh).await), 0);
}

#[tokio::test]
async fn the_server_holds_counts_and_numbers_of_users_and_nothing_else_about_people() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let api = Api::start(sharing(&fixture, "stats", &server, 10, 60)).await;
    assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
    let keys =
        "local keys = redis.call('KEYS', '*') table.sort(keys) return table.concat(keys, ' ')";
    let keys = server.command(&["EVAL", keys, "0"]).unwrap();
    assert_eq!(keys, "rollcall:limit:10/60:1 rollcall:{stats}:value:1");
    let value = server
        .command(&["GET", "rollcall:{stats}:value:1"])
        .unwrap();
    let (made_at, text) = value.split_once(' ').unwrap();
    assert!(made_at.parse::<u64>().is_ok(), "{value}");
    let stored: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(stored, api.send(&fixture.get(STATS)).await.json());
    let limit = server.command(&["GET", "rollcall:limit:10/60:1"]).unwrap();
    assert!(limit.parse::<u64>().is_ok(), "{limit}");
    for key in keys.split(' ') {
        let left: i64 = server.command(&["TTL", key]).unwrap().parse().unwrap();
        assert!((1..=120).contains(&left), "{key} is kept for {left} s");
    }
}
