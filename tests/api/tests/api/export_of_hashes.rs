//! Exports with password hashes: only if the configuration and the request both ask for them.

use serde_json::{Value, json};

use crate::export::{EXPORT, export};
use crate::fixture::{Api, Fixture, assert_error};
use crate::mapped_tables::Mapped;

const WITH_HASHES: &str = "/api/v1/users/export?include=password_hash";

/// Refusals of the log, and whether exports had hashes, and how many users came before.
async fn logged(fixture: &Fixture) -> Vec<(Option<String>, Value, Value)> {
    let entries = fixture.audit().await.into_iter();
    let entries = entries.map(|(action, refusal, _, _, after)| {
        assert_eq!(action, "user.export");
        (
            refusal,
            after["has_hashes"].clone(),
            after["users_before"].clone(),
        )
    });
    entries.collect()
}

#[tokio::test]
async fn hashes_are_refused_unless_the_deployment_allows_them_and_has_a_log() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let refused = api.send(&fixture.get(WITH_HASHES)).await;
    let message = "This deployment does not export password hashes, see EXPORT_PASSWORD_HASHES";
    assert_error(&refused, 403, "password_hashes_off", message);
    let refusal = Some("password_hashes_off".to_owned());
    assert_eq!(
        logged(&fixture).await,
        [(refusal, Value::Null, Value::Null)]
    );
    let allowed = || {
        fixture
            .function("users")
            .env("EXPORT_PASSWORD_HASHES", "true")
    };
    let unlogged = Api::start(allowed().env("AUDIT_LOG", "off")).await;
    let refused = unlogged.send(&fixture.get(WITH_HASHES)).await;
    let message = "This deployment keeps no log of changes, see AUDIT_LOG";
    assert_error(&refused, 409, "audit_off", message);

    let api = Api::start(allowed()).await;
    let plain = api.send(&fixture.get(EXPORT)).await.text();
    assert!(!plain.contains("password_hash"), "{plain}");
    let misspelt = format!("{EXPORT}?include=password");
    let refused = api.send(&fixture.get(&misspelt)).await;
    let message = "Parameter include must be one of password_hash";
    assert_error(&refused, 400, "invalid_request", message);
}

#[tokio::test]
async fn each_part_with_hashes_is_in_the_log() {
    let fixture = Fixture::new().await;
    fixture
        .execute(
            "INSERT INTO users (email, username, full_name, password_hash)
             SELECT n || '@example.com', 'many' || n, repeat('x', 4000), 'hash of ' || n
             FROM generate_series(1, 1500) AS n",
        )
        .await;
    let function = fixture.function("users");
    let api = Api::start(function.env("EXPORT_PASSWORD_HASHES", "true")).await;
    let stored: Vec<Option<String>> =
        sqlx::query_scalar("SELECT password_hash FROM users ORDER BY id")
            .fetch_all(fixture.database.pool())
            .await
            .unwrap();
    let parts = export(&fixture, &api, WITH_HASHES).await;
    let text: String = parts.iter().map(rig::Response::text).collect();
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.pop().unwrap()["count"], 1_503);
    let hashes: Vec<_> = lines
        .iter()
        .map(|line| line["password_hash"].as_str().map(str::to_owned))
        .collect();
    assert!(hashes == stored);
    let before: u64 = parts[0].header("export-count").unwrap().parse().unwrap();
    let expected = [0, before].map(|before| (None, json!(true), json!(before)));
    assert_eq!(logged(&fixture).await, expected);
}

#[tokio::test]
async fn the_hashes_of_another_table_are_those_of_its_mapping_or_refused_where_it_has_none() {
    for (table, subject, hash) in [
        (
            "06-django",
            "1",
            Some("SELECT password FROM auth_user WHERE id = 1"),
        ),
        ("10-better-auth", "Zk3vJm2bX8nR5tY7", None),
    ] {
        let table = Mapped::new(table).await;
        let function = table.function("users");
        let api = Api::start(function.env("EXPORT_PASSWORD_HASHES", "true")).await;
        let request = table.get(WITH_HASHES, &json!({ "sub": subject }));
        let answer = api.send(&request).await;
        if let Some(hash) = hash {
            let text = answer.text();
            let user: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
            assert_eq!(
                user["password_hash"].as_str(),
                table.query(hash).await.as_deref()
            );
            assert!(!user["password_hash"].is_null(), "{text}");
        } else {
            let message =
                "Parameter include is not available: the users of this table have no password hash";
            assert_error(&answer, 400, "invalid_request", message);
        }
    }
}
