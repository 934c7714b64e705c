//! Sessions that stay open and are of no use any more.

use std::time::Duration;

use rig::{TcpProxy, UserFixture};
use serde_json::{Value, json};
use sqlx::Executor;

use crate::fixture::{Api, Fixture, assert_error};
use crate::imports::{BULK, user};

async fn run(fixture: &Fixture, statement: &str) {
    fixture.database.pool().execute(statement).await.unwrap();
}

async fn set_read_only(fixture: &Fixture, is_read_only: bool) {
    let statement = format!(
        "ALTER DATABASE {} SET default_transaction_read_only = {is_read_only}",
        fixture.database.name()
    );
    // Not in the database itself, which may take no changes.
    run(fixture, "SET default_transaction_read_only = off").await;
    run(fixture, &statement).await;
}

#[tokio::test]
async fn a_column_whose_type_was_changed_costs_no_request() {
    let fixture = Fixture::new().await;
    let list = fixture.start("users").await;
    let bulk = fixture.start("bulk-create").await;
    let rows = |name: &str| json!([user(name)]);
    let update = format!("{BULK}?on_conflict=update");
    for (number, change) in [
        "SELECT 1",
        "ALTER TABLE users ALTER COLUMN full_name TYPE varchar(255)",
        "ALTER TABLE users ALTER COLUMN email TYPE varchar(254)",
        "ALTER TABLE users ALTER COLUMN created_at SET DEFAULT '-infinity'",
        "ALTER TABLE users ALTER COLUMN is_active DROP NOT NULL",
        // A session whose statements somebody has closed.
        "SELECT 2",
    ]
    .into_iter()
    .enumerate()
    {
        run(&fixture, change).await;
        for _ in 0..2 {
            for query in ["", "?search=admin", "?sort_by=email", "?is_active=true"] {
                let response = list
                    .send(&fixture.get(&format!("/api/v1/users{query}")))
                    .await;
                assert_eq!(response.status, 200, "{change}: {}", response.text());
            }
        }
        let name = format!("user{number}");
        let response = bulk.send(&fixture.post(BULK).json(&rows(&name))).await;
        assert_eq!(response.status, 201, "{change}: {}", response.text());
        let renamed =
            json!([{ "email": format!("{name}@example.com"), "username": format!("{name}x") }]);
        let response = bulk.send(&fixture.post(&update).json(&renamed)).await;
        assert_eq!(response.status, 200, "{change}: {}", response.text());
    }
}

#[tokio::test]
async fn a_session_that_takes_no_changes_is_replaced() {
    let fixture = Fixture::new().await;
    set_read_only(&fixture, true).await;
    let api = fixture.start("bulk-create").await;
    // As when the name of the server stands for the new writer again.
    set_read_only(&fixture, false).await;
    for name in ["amy", "bob"] {
        let response = api
            .send(&fixture.post(BULK).json(&json!([user(name)])))
            .await;
        assert_eq!(response.status, 201, "{}", response.text());
    }
}

#[tokio::test]
async fn a_server_that_takes_no_changes_is_a_503() {
    let fixture = Fixture::new().await;
    set_read_only(&fixture, true).await;
    let api = fixture.start("bulk-create").await;
    let response = api
        .send(&fixture.post(BULK).json(&json!([user("amy")])))
        .await;
    let message = "The database is read-only at the moment; try again shortly";
    assert_error(&response, 503, "database_unavailable", message);
    assert_eq!(response.header("retry-after").unwrap(), "2");
    set_read_only(&fixture, false).await;
    let response = api
        .send(&fixture.post(BULK).json(&json!([user("amy")])))
        .await;
    assert_eq!(response.status, 201, "{}", response.text());
}

/// More users than a search looks at one by one, of whom the last in every order is the one looked for.
async fn a_rare_name(fixture: &Fixture) {
    run(
        fixture,
        "INSERT INTO users (email, username, created_at)
         SELECT 'a' || n || '@example.com', 'a' || n, now() FROM generate_series(1, 10100) AS n",
    )
    .await;
    let rare = UserFixture::new(20_000, "zebra").created_at(chrono::DateTime::UNIX_EPOCH);
    fixture.database.insert(&[rare]).await.unwrap();
}

#[tokio::test]
async fn a_search_over_a_long_line_is_not_cut_off_between_its_statements() {
    let fixture = Fixture::new().await;
    a_rare_name(&fixture).await;
    let proxy = TcpProxy::to(fixture.server_port()).await.unwrap();
    let builder = fixture
        .function("users")
        .env("DATABASE_URL", proxy.url(fixture.database.url()));
    let api = Api::start(builder).await;
    proxy.delay(Duration::from_millis(40));
    let response = api.send(&fixture.get("/api/v1/users?search=zebra")).await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["total"], 1);
}

#[tokio::test]
async fn a_time_that_no_calendar_has_is_shown_as_the_last_that_one_has_or_as_none() {
    let fixture = Fixture::new().await;
    run(
        &fixture,
        "INSERT INTO users (id, email, username, created_at, updated_at) VALUES
             (101, 'last@example.com', 'last', 'infinity', 'infinity'),
             (102, 'first@example.com', 'first', '-infinity', '-infinity'),
             (103, 'far@example.com', 'far', '290000-01-01', '290000-01-01')",
    )
    .await;
    let api = fixture.start("users").await;
    for query in ["", "?sort_by=email", "?search=st", "?sort_order=asc"] {
        let response = api
            .send(&fixture.get(&format!("/api/v1/users{query}")))
            .await;
        assert_eq!(response.status, 200, "{}", response.text());
        let body = response.json();
        let shown = |id: i64| {
            let items = body["items"].as_array().unwrap();
            let user = items.iter().find(|user| user["id"] == id).unwrap();
            (user["created_at"].clone(), user["updated_at"].clone())
        };
        let last = Value::from("9999-12-31T23:59:59.999999Z");
        assert_eq!(shown(101), (last.clone(), last));
        assert_eq!(shown(102), (Value::Null, Value::Null));
    }
    let stats = fixture.start("stats").await;
    let response = stats.send(&fixture.get("/api/v1/dashboard/stats")).await;
    assert_eq!(response.json()["total_users"], 6);
    run(&fixture, "DELETE FROM users WHERE id > 100").await;
}
