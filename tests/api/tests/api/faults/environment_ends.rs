//! Lambda ends an environment, with SIGTERM and half a second.

use std::time::{Duration, Instant};

use rig::{Gateway, Response, TcpProxy};
use sqlx::{Postgres, Transaction};

use super::{read, start, write};
use crate::fixture::{Fixture, assert_error};
use crate::traffic::Traffic;

async fn lock_users(fixture: &Fixture) -> Transaction<'static, Postgres> {
    let mut transaction = fixture.database.pool().begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

/// Waits until an import stands before the lock.
async fn wait_for_import(fixture: &Fixture) {
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'rollcall-bulk-create'
                 AND wait_event_type = 'Lock'",
        )
        .fetch_one(fixture.database.pool())
        .await
        .unwrap();
        if waiting > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The last words of a process may arrive after its end.
async fn wait_for_goodbyes(proxy: &TcpProxy, wanted: u64) {
    let patience = Instant::now() + Duration::from_secs(5);
    while proxy.goodbyes() < wanted {
        assert!(Instant::now() < patience, "{} goodbyes", proxy.goodbyes());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_request_under_way_is_finished_and_the_session_ended() {
    let fixture = Fixture::new().await;
    let proxy = TcpProxy::to(fixture.server_port()).await.unwrap();
    let url = proxy.url(fixture.database.url());
    let api = start(fixture.function("bulk-create").env("DATABASE_URL", url)).await;
    let instance = api.instances().remove(0);
    let lock = lock_users(&fixture).await;
    let import = tokio::spawn(api.invoke(write(&fixture)(0).event(Gateway::HttpApi)));
    wait_for_import(&fixture).await;
    instance.terminate();
    tokio::time::sleep(Duration::from_millis(50)).await;
    lock.rollback().await.unwrap();

    let response = Response::from_event(&import.await.unwrap().into_response()).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
    instance.exited().await;
    wait_for_goodbyes(&proxy, 1).await;
    assert_eq!(fixture.count_users().await, 4);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_and_nothing_of_it_stays() {
    let fixture = Fixture::new().await;
    let api = start(fixture.function("bulk-create")).await;
    let instance = api.instances().remove(0);
    let lock = lock_users(&fixture).await;
    let import = tokio::spawn(api.invoke(write(&fixture)(0).event(Gateway::HttpApi)));
    wait_for_import(&fixture).await;
    let told = Instant::now();
    instance.terminate();
    let response = Response::from_event(&import.await.unwrap().into_response()).unwrap();
    let message = "The database cannot be reached at the moment; try again shortly";
    assert_error(&response, 503, "database_unavailable", message);
    assert!(told.elapsed() < Duration::from_millis(500));
    instance.exited().await;
    lock.rollback().await.unwrap();
    while fixture.count_sessions().await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn an_environment_at_rest_or_frozen_ends_its_session_and_itself() {
    let fixture = Fixture::new().await;
    let proxy = TcpProxy::to(fixture.server_port()).await.unwrap();
    let url = proxy.url(fixture.database.url());
    for (name, is_frozen) in [("users", false), ("stats", true), ("health", true)] {
        let before = proxy.goodbyes();
        let api = start(fixture.function(name).env("DATABASE_URL", &url)).await;
        let instance = api.instances().remove(0);
        if is_frozen {
            instance.freeze();
        }
        let told = Instant::now();
        api.shut_down().await;
        assert!(told.elapsed() < Duration::from_millis(450), "{name}");
        assert!(!instance.is_alive());
        wait_for_goodbyes(&proxy, before + 1).await;
    }
}

#[tokio::test]
async fn no_request_fails_while_environments_come_and_go() {
    let fixture = Fixture::new().await;
    let builder = fixture.function("users").instances(3).concurrency(4);
    let api = start(builder).await;
    let traffic = Traffic::start(&api, 8, read(&fixture));
    for _ in 0..5 {
        traffic.more(30).await;
        let oldest = api.instances().remove(0);
        api.start_instance().await.unwrap();
        oldest.terminate();
        oldest.exited().await;
    }
    traffic.more(30).await;
    let seen = traffic.stop().await;
    seen.assert_no_failure("SIGTERM with requests under way, 5 times");
}
