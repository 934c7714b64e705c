//! Credentials that change while environments are warm; `faults/credentials_rotated.rs` has the same
//! under traffic.

use rig::{Function, FunctionBuilder, secrets};
use sqlx::{Executor, PgPool};

use crate::fixture::{Api, Fixture};

const STATS: &str = "/api/v1/dashboard/stats";

/// A role of its own for a test, whose password may change.
pub struct Role<'w> {
    pub name: String,
    pool: &'w PgPool,
}

impl<'w> Role<'w> {
    /// A role named after the database, so that no other test has it.
    async fn create(fixture: &'w Fixture, password: &str) -> Self {
        Self::named(fixture, fixture.database.name(), password).await
    }

    /// A role that may do what a function does.
    pub async fn named(fixture: &'w Fixture, name: &str, password: &str) -> Self {
        let role = Self {
            name: name.to_owned(),
            pool: fixture.database.pool(),
        };
        role.run(&format!(
            "CREATE ROLE {} LOGIN PASSWORD '{password}'",
            role.name
        ))
        .await;
        role.run(&format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            role.name
        ))
        .await;
        role.run(&format!(
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
            role.name
        ))
        .await;
        role
    }

    pub async fn set_password(&self, password: &str) {
        self.run(&format!("ALTER ROLE {} PASSWORD '{password}'", self.name))
            .await;
    }

    /// Ends all sessions of the role, so that the next request needs a new one.
    async fn disconnect(&self) {
        let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = '";
        self.run(&format!("{end}{}'", self.name)).await;
    }

    async fn run(&self, statement: &str) {
        self.pool.execute(statement).await.unwrap();
    }
}

/// A function that takes its credentials from a secret.
pub fn function(fixture: &Fixture, name: &str, secret: &str) -> FunctionBuilder {
    Function::builder(name)
        .envs(secrets::client_environment().unwrap())
        .env("DATABASE_SECRET_ARN", secret)
        .env("DATABASE_SSL_MODE", "disable")
        .env("JWT_ALGORITHM", fixture.key.algorithm())
        .env("JWT_KEY", fixture.key.verification_key())
}

async fn start(fixture: &Fixture, secret: &str) -> Api {
    Api::start(function(fixture, "stats", secret).env("STATS_CACHE_SECONDS", "0")).await
}

async fn assert_answers(api: &Api, fixture: &Fixture) {
    let response = api.send(&fixture.get(STATS)).await;
    assert_eq!(response.status, 200, "{}", response.text());
}

#[tokio::test]
async fn ten_rotations_of_the_password_fail_no_request() {
    let fixture = Fixture::new().await;
    let role = Role::create(&fixture, "first").await;
    let secret = fixture.database_secret_of(&role.name, "first");
    let arn = secrets::create(&fixture.unique("rotated"), &secret)
        .await
        .unwrap();
    let api = start(&fixture, &arn).await;
    for round in 0..10 {
        let password = format!("rotated-{round}");
        role.set_password(&password).await;
        let secret = fixture.database_secret_of(&role.name, &password);
        secrets::rotate(&arn, &secret).await.unwrap();
        role.disconnect().await;
        assert_answers(&api, &fixture).await;
    }
}

#[tokio::test]
async fn a_password_that_is_not_in_force_in_the_secret_yet_is_found() {
    let fixture = Fixture::new().await;
    let role = Role::create(&fixture, "old").await;
    let secret = fixture.database_secret_of(&role.name, "old");
    let arn = secrets::create(&fixture.unique("half-rotated"), &secret)
        .await
        .unwrap();
    let api = start(&fixture, &arn).await;

    let pending = fixture.database_secret_of(&role.name, "new");
    secrets::prepare_rotation(&arn, &pending).await.unwrap();
    role.set_password("new").await;
    role.disconnect().await;
    assert_answers(&api, &fixture).await;
}

/// RDS Proxy reads a new secret some time after the rotation.
#[tokio::test]
async fn a_server_that_still_wants_the_previous_password_gets_it() {
    let fixture = Fixture::new().await;
    let role = Role::create(&fixture, "unknown").await;
    let secret = |password: &str| fixture.database_secret_of(&role.name, password);
    let arn = secrets::create(&fixture.unique("late"), &secret("late"))
        .await
        .unwrap();
    secrets::rotate(&arn, &secret("new")).await.unwrap();
    let api = start(&fixture, &arn).await;
    role.set_password("late").await;
    assert_answers(&api, &fixture).await;
}

#[tokio::test]
async fn a_deploy_in_the_middle_of_a_rotation_migrates() {
    let fixture = Fixture::new().await;
    let role = Role::create(&fixture, "pending").await;
    let arn = secrets::create(
        &fixture.unique("deploy"),
        &fixture.database_secret_of(&role.name, "current"),
    )
    .await
    .unwrap();
    let pending = fixture.database_secret_of(&role.name, "pending");
    secrets::prepare_rotation(&arn, &pending).await.unwrap();
    let migrate = function(&fixture, "migrate", &arn).start().await.unwrap();
    assert_status(&migrate).await;
}

async fn assert_status(migrate: &Function) {
    let invocation = migrate
        .invoke(serde_json::json!({ "command": "status" }))
        .await;
    assert!(
        matches!(invocation.outcome, rig::Outcome::Response(_)),
        "{invocation:?}"
    );
}

#[tokio::test]
async fn a_password_that_nobody_knows_is_a_503() {
    let fixture = Fixture::new().await;
    let role = Role::create(&fixture, "known").await;
    let secret = fixture.database_secret_of(&role.name, "known");
    let arn = secrets::create(&fixture.unique("lost"), &secret)
        .await
        .unwrap();
    let api = start(&fixture, &arn).await;

    role.set_password("unknown").await;
    role.disconnect().await;
    let response = api.send(&fixture.get(STATS)).await;
    assert_eq!(response.status, 503, "{}", response.text());
    assert_eq!(response.json()["error"], "database_unavailable");

    role.set_password("known").await;
    assert_answers(&api, &fixture).await;
}

/// RDS writes user and password only into the secrets that it manages itself.
#[tokio::test]
async fn a_secret_that_rds_manages_is_completed_by_variables() {
    let fixture = Fixture::new().await;
    let whole: serde_json::Value = serde_json::from_str(&fixture.database_secret()).unwrap();
    let managed = serde_json::json!({
        "username": whole["username"],
        "password": whole["password"],
    });
    let arn = secrets::create(&fixture.unique("managed"), &managed.to_string())
        .await
        .unwrap();
    let address = [
        ("DATABASE_HOST", whole["host"].as_str().unwrap().to_owned()),
        ("DATABASE_PORT", whole["port"].to_string()),
        ("DATABASE_NAME", fixture.database.name().to_owned()),
    ];
    let complete = |name: &str| {
        let builder = function(&fixture, name, &arn);
        builder.envs(address.iter().cloned())
    };
    assert_answers(&Api::start(complete("stats")).await, &fixture).await;
    assert_status(&complete("migrate").start().await.unwrap()).await;
}
