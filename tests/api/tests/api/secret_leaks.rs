//! Nothing of a secret reaches a log or an answer, however wrong the secret is.
//!
//! `hunter2` and 4815162342 stand in every place. The suite searches all logs for the first, and these
//! tests for both.

use rig::{Function, FunctionBuilder, secrets};
use serde_json::{Value, json};
use servers::{Valkey, valkey::USER};

use crate::fixture::{Api, Fixture};
use crate::leaks;
use crate::rotation::{self, Role};
use crate::valkey::sharing;

const STATS: &str = "/api/v1/dashboard/stats";

/// Values that are of the wrong type for a text.
fn not_texts() -> [Value; 3] {
    [
        json!(4_815_162_342_u64),
        json!(["hunter2"]),
        json!({ "hunter2": "hunter2" }),
    ]
}

/// Texts that are not a JSON object, and where each stops being one.
const NOT_OBJECTS: [(&str, &str); 7] = [
    ("hunter2", "syntax error at line 1 column 1"),
    (r#""hunter2""#, "data error at line 1 column 9"),
    (r#"["hunter2"]"#, "data error at line 1 column 0"),
    ("4815162342", "data error at line 1 column 10"),
    (
        r#"{"password":"hunter2""#,
        "unexpected end at line 1 column 21",
    ),
    (
        r#"{"password":hunter2}"#,
        "syntax error at line 1 column 13",
    ),
    (
        "{\n\"password\":\"hunter2\"\nhunter2}",
        "syntax error at line 3 column 1",
    ),
];

#[track_caller]
fn assert_no_part_of_a_secret(text: &str) {
    leaks::check_logs(text);
    assert!(!text.contains("4815162342"), "{text}");
}

/// Secrets with one wrong field, and what is said about each.
fn wrong_fields(good: &str, texts: &[&str]) -> Vec<(String, String)> {
    let good: Value = serde_json::from_str(good).unwrap();
    let mut wrong = Vec::new();
    for field in texts {
        for value in not_texts() {
            let mut secret = good.clone();
            secret[field] = value;
            wrong.push((secret.to_string(), format!("{field} must be a string")));
        }
    }
    wrong
}

#[tokio::test]
async fn a_database_secret_that_is_wrong_in_any_place_is_not_shown() {
    let fixture = Fixture::new().await;
    let good = fixture.database_secret_of("hunter2", "hunter2");
    let mut wrong: Vec<_> = NOT_OBJECTS
        .map(|(text, place)| (text.to_owned(), format!("it is not a JSON object: {place}")))
        .into();
    let texts = ["username", "password", "host", "dbname", "engine"];
    wrong.extend(wrong_fields(&good, &texts));
    for port in [
        json!("5432hunter2"),
        json!(4_815_162_342_u64),
        json!(-1),
        json!(["hunter2"]),
    ] {
        let mut secret: Value = serde_json::from_str(&good).unwrap();
        secret["port"] = port;
        wrong.push((
            secret.to_string(),
            "port must be a number from 0 to 65535".to_owned(),
        ));
    }
    for missing in ["username", "password"] {
        let mut secret: Value = serde_json::from_str(&good).unwrap();
        secret.as_object_mut().unwrap().remove(missing);
        wrong.push((secret.to_string(), format!("{missing} is missing")));
    }
    let mut other_engine: Value = serde_json::from_str(&good).unwrap();
    other_engine["engine"] = json!("hunter2sql");
    let message = "its engine is not PostgreSQL, which is the only one that is supported";
    wrong.push((other_engine.to_string(), message.to_owned()));

    let arn = secrets::create(&fixture.unique("wrong"), &good)
        .await
        .unwrap();
    for (secret, problem) in wrong {
        secrets::rotate(&arn, &secret).await.unwrap();
        let expected =
            format!("DATABASE_SECRET_ARN: reading the database secret failed: {problem}");
        let error = match rotation::function(&fixture, "stats", &arn).start().await {
            Ok(_) => panic!("it started with {secret}"),
            Err(error) => format!("{error}"),
        };
        assert_no_part_of_a_secret(&error);
        assert!(error.contains(&expected), "{secret}: {error}");

        let migrate = migrate(&arn).start().await.unwrap();
        let invocation = migrate.invoke(json!({ "command": "status" })).await;
        let said = format!("{:?} {}", invocation.outcome, migrate.logs());
        assert_no_part_of_a_secret(&said);
        assert!(said.contains(&expected), "{secret}: {said}");
    }
}

#[tokio::test]
async fn a_secret_that_becomes_wrong_while_an_environment_is_warm_is_not_shown() {
    let fixture = Fixture::new().await;
    let role = Role::named(
        &fixture,
        &format!("{}_warm", fixture.database.name()),
        "first",
    )
    .await;
    let secret = fixture.database_secret_of(&role.name, "first");
    let arn = secrets::create(&fixture.unique("warm"), &secret)
        .await
        .unwrap();
    let builder = rotation::function(&fixture, "stats", &arn).env("STATS_CACHE_SECONDS", "0");
    let api = Api::start(builder).await;
    assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
    role.set_password("changed").await;
    for secret in ["hunter2", r#"{"username":4815162342,"password":"hunter2"}"#] {
        secrets::rotate(&arn, secret).await.unwrap();
        fixture.end_sessions().await;
        assert_eq!(api.send(&fixture.get(STATS)).await.status, 503);
        assert_no_part_of_a_secret(&api.logs());
    }
    assert!(
        api.logs().contains("reading the database secret failed"),
        "{}",
        api.logs()
    );
}

#[tokio::test]
async fn a_password_that_the_database_refuses_is_not_shown() {
    let fixture = Fixture::new().await;
    let secret = fixture.database_secret_of(fixture.database.name(), "hunter2-4815162342");
    let arn = secrets::create(&fixture.unique("refused"), &secret)
        .await
        .unwrap();
    let api = Api::start(rotation::function(&fixture, "stats", &arn)).await;
    assert_eq!(api.send(&fixture.get(STATS)).await.status, 503);
    assert_no_part_of_a_secret(&api.logs());
    let migrate = migrate(&arn).start().await.unwrap();
    let invocation = migrate.invoke(json!({ "command": "status" })).await;
    assert_no_part_of_a_secret(&format!("{:?} {}", invocation.outcome, migrate.logs()));
}

#[tokio::test]
async fn a_cache_secret_that_is_wrong_in_any_place_is_not_shown() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let good = json!({ "username": USER, "password": "hunter2" }).to_string();
    let mut wrong: Vec<_> = NOT_OBJECTS
        .map(|(text, place)| (text.to_owned(), format!("it is not a JSON object: {place}")))
        .into();
    wrong.extend(wrong_fields(&good, &["username", "password"]));
    wrong.push((
        json!({ "username": "hunter2" }).to_string(),
        "password is missing".to_owned(),
    ));
    let arn = secrets::create(&fixture.unique("cache"), &good)
        .await
        .unwrap();
    for (secret, problem) in wrong {
        secrets::rotate(&arn, &secret).await.unwrap();
        let builder = sharing(&fixture, "stats", &server, 1_000, 60)
            .envs(secrets::client_environment().unwrap())
            .env("VALKEY_URL", server.address())
            .env("VALKEY_SECRET_ARN", &arn);
        let api = Api::start(builder).await;
        assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
        let expected = format!("reading the secret of the cache failed: {problem}");
        assert!(api.logs().contains(&expected), "{secret}: {}", api.logs());
        assert_no_part_of_a_secret(&api.logs());
    }
    // One that is well made, and refused.
    let refused = json!({ "username": "hunter2", "password": "4815162342" }).to_string();
    secrets::rotate(&arn, &refused).await.unwrap();
    let builder = sharing(&fixture, "stats", &server, 1_000, 60)
        .envs(secrets::client_environment().unwrap())
        .env("VALKEY_URL", server.address())
        .env("VALKEY_SECRET_ARN", &arn);
    let api = Api::start(builder).await;
    assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
    assert_no_part_of_a_secret(&api.logs());
}

#[tokio::test]
async fn no_part_of_a_url_is_shown() {
    let fixture = Fixture::new().await;
    let refused = "postgres://app:hunter2@127.0.0.1:1/app";
    for url in [
        refused.to_owned(),
        format!("{refused}?pasword=hunter2&4815162342=hunter2"),
        format!("{refused}?options=-c%20hunter2%3D4815162342"),
        format!("{}?pasword=hunter2", fixture.database.url()),
    ] {
        let api = Api::start(fixture.function("stats").env("DATABASE_URL", &url)).await;
        let status = api.send(&fixture.get(STATS)).await.status;
        assert_eq!(
            status,
            if url.starts_with(refused) { 503 } else { 200 },
            "{url}"
        );
        assert_no_part_of_a_secret(&api.logs());
    }
    for (variable, url) in [
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "postgres://app:hunter2@db:4815162342/app"),
        (
            "DATABASE_URL",
            "postgres://app:hunter2@db/app?port=4815162342",
        ),
        (
            "DATABASE_URL",
            "postgres://app:hunter2@db/app?sslmode=hunter2",
        ),
        (
            "DATABASE_URL",
            "postgres://app:hunter2@db/app?hostaddr=hunter2",
        ),
        ("DATABASE_URL", "postgres://app:hunter2%FF@db/app"),
        ("VALKEY_URL", "hunter2"),
        ("VALKEY_URL", "redis://app:hunter2@cache:4815162342"),
        ("VALKEY_URL", "redis://app:hunter2@cache/hunter2"),
        ("VALKEY_URL", "redis://app:hunter2@cache?protocol=hunter2"),
        ("VALKEY_URL", "redis://app:hunter2%FF@cache"),
    ] {
        let Err(error) = fixture.function("stats").env(variable, url).start().await else {
            panic!("it started with {url}");
        };
        let expected = format!("{variable} must be a URL like");
        assert!(error.logs.contains(&expected), "{url}: {error}");
        assert_no_part_of_a_secret(&format!("{error}"));
    }
    let url = "redis://hunter2:hunter2@127.0.0.1:1/?protocol=resp3";
    let api = Api::start(fixture.function("stats").env("VALKEY_URL", url)).await;
    assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
    assert_no_part_of_a_secret(&api.logs());
}

#[tokio::test]
async fn secrets_that_are_right_are_not_shown_even_at_the_finest_level_of_logs() {
    let fixture = Fixture::new().await;
    let role = Role::named(
        &fixture,
        &format!("{}_traced", fixture.database.name()),
        "hunter2",
    )
    .await;
    let secret = fixture.database_secret_of(&role.name, "hunter2");
    let database = secrets::create(&fixture.unique("traced"), &secret)
        .await
        .unwrap();
    let key = secrets::create(
        &fixture.unique("traced-key"),
        &fixture.key.verification_key(),
    )
    .await
    .unwrap();
    let server = Valkey::start().unwrap();
    let credentials = json!({ "username": USER, "password": server.password() }).to_string();
    let cache = secrets::create(&fixture.unique("traced-cache"), &credentials)
        .await
        .unwrap();
    let builder = sharing(&fixture, "stats", &server, 1_000, 60)
        .without_env("DATABASE_URL")
        .without_env("JWT_KEY")
        .envs(secrets::client_environment().unwrap())
        .env("DATABASE_SECRET_ARN", &database)
        .env("DATABASE_SSL_MODE", "disable")
        .env("JWT_SECRET_ARN", &key)
        .env("VALKEY_URL", server.address())
        .env("VALKEY_SECRET_ARN", &cache)
        .env("AWS_LAMBDA_LOG_LEVEL", "TRACE");
    let function = builder.start().await.unwrap();
    for _ in 0..3 {
        assert_eq!(function.send(&fixture.get(STATS)).await.status, 200);
    }
    let logs = function.logs();
    assert!(logs.contains("TRACE"), "{logs}");
    for part in [
        "hunter2",
        &fixture.key.verification_key(),
        server.password(),
        "eyJ",
    ] {
        let line = logs.lines().find(|line| line.contains(part));
        assert_eq!(line, None);
    }
}

fn migrate(secret: &str) -> FunctionBuilder {
    Function::builder("migrate")
        .envs(secrets::client_environment().unwrap())
        .env("DATABASE_SECRET_ARN", secret)
        .env("DATABASE_SSL_MODE", "disable")
}
