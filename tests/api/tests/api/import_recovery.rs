//! Imports whose connection breaks.

use std::time::Duration;

use rig::Gateway;
use serde_json::json;

use crate::fixture::Fixture;
use crate::imports::{BULK, user, users};

#[tokio::test]
async fn a_connection_that_broke_while_it_was_idle_costs_no_import() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    for round in 0..5 {
        let rows = json!([user(&format!("user{round}"))]);
        let response = api.send(&fixture.post(BULK).json(&rows)).await;
        assert_eq!(response.status, 201, "{}", response.text());
        fixture.end_sessions().await;
    }
    assert_eq!(fixture.count_users().await, 8);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_commit_costs_no_import() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let request = fixture.post(BULK).json(&users("user", 10));
    let mut blocker = fixture.database.pool().begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN SHARE MODE")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let import = tokio::spawn(api.invoke(request.event(Gateway::HttpApi)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    fixture.end_sessions().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    blocker.rollback().await.unwrap();
    let response = import.await.unwrap().into_response();
    assert_eq!(response["statusCode"], 201, "{response}");
    assert_eq!(fixture.count_users().await, 13);
}
