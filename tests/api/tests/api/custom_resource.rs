//! The migrate function as a custom resource: real events of CloudFormation, whose answers go to a
//! URL of this machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use rig::{Call, Function, Invocation, Outcome, TestDatabase};
use serde_json::{Value, json};
use servers::{Authority, PostgresOptions};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::events::read;
use crate::faults::own_server;

#[tokio::test]
async fn create_applies_the_migrations_and_says_so() {
    let database = TestDatabase::create_empty().await.unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    let event = bucket.event("create");
    let answer = bucket.ask(&function, event.clone()).await;

    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(answer["PhysicalResourceId"], "rollcall-schema");
    assert_eq!(answer["NoEcho"], false);
    for echoed in ["StackId", "RequestId", "LogicalResourceId"] {
        assert_eq!(answer[echoed], event[echoed], "{echoed}");
    }
    let applied = answer["Data"]["Applied"].as_str().unwrap();
    assert!(applied.starts_with("0001 users, "), "{applied}");
    assert_eq!(answer["Data"]["Connections"], "42");
    assert!(!function.logs().contains("Signature"), "the URL is secret");
    assert_eq!(pending(&function).await, json!([]));
}

#[tokio::test]
async fn the_answer_is_put_as_the_signature_of_the_url_demands() {
    let database = TestDatabase::create().await.unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    let event = bucket.event("create");
    bucket.ask(&function, event.clone()).await;
    let put = bucket.puts().remove(0);
    assert_eq!(put.method, Method::PUT);
    let url = event["ResponseURL"].as_str().unwrap();
    assert!(
        url.ends_with(&put.uri.to_string()),
        "{} instead of {url}",
        put.uri
    );
    assert_eq!(put.headers.get("content-type"), None);
    let length = put.headers.get("content-length").unwrap().to_str().unwrap();
    assert_eq!(length, put.body.len().to_string());
}

/// It names the versions of the functions, which are published anew when it changes.
#[tokio::test]
async fn a_configuration_has_a_name_of_its_own_that_stays_the_same() {
    let database = TestDatabase::create().await.unwrap();
    let function = start(database.url()).await;
    let mut names = Vec::new();
    for (configuration, code) in [
        (json!(["new", "arn:1"]), "1"),
        (json!(["new", "arn:1"]), "2"),
        (json!(["new", "arn:2"]), "2"),
        (json!(["newarn:1", ""]), "2"),
    ] {
        let bucket = Bucket::open().await;
        let mut event = bucket.event("update");
        event["ResourceProperties"]["Configuration"] = configuration;
        event["ResourceProperties"]["Code"] = json!(code);
        let answer = bucket.ask(&function, event).await;
        names.push(answer["Data"]["Configuration"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[0].len(), 16, "{names:?}");
    assert_eq!(names[0], names[1]);
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), 3, "{names:?}");
}

#[tokio::test]
async fn update_applies_what_is_missing_and_keeps_the_name() {
    let database = TestDatabase::create().await.unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    let mut event = bucket.event("update");
    event["PhysicalResourceId"] = json!("a name of an older release");
    let answer = bucket.ask(&function, event).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(answer["PhysicalResourceId"], "a name of an older release");
    assert_eq!(answer["Data"]["Applied"], "");
}

/// As the guide says for a table that another application owns.
#[tokio::test]
async fn a_user_who_may_not_migrate_suffices_where_nothing_is_missing() {
    let database = TestDatabase::create().await.unwrap();
    let role = database.name();
    for statement in [
        format!("CREATE ROLE {role} LOGIN PASSWORD 'pw'"),
        format!("GRANT SELECT, INSERT, UPDATE ON users TO {role}"),
        format!("GRANT SELECT ON _sqlx_migrations TO {role}"),
    ] {
        sqlx::query(&statement)
            .execute(database.pool())
            .await
            .unwrap();
    }
    let (start_of_url, host) = database.url().rsplit_once('@').unwrap();
    let (scheme, _) = start_of_url.split_once("://").unwrap();
    let function = start(&format!("{scheme}://{role}:pw@{host}")).await;
    let bucket = Bucket::open().await;
    let answer = bucket.ask(&function, bucket.event("update")).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
}

#[tokio::test]
async fn delete_touches_nothing_and_needs_no_database() {
    let bucket = Bucket::open().await;
    let function = start(&crate::servers_in_trouble::closed_port().await).await;
    let answer = bucket.ask(&function, bucket.event("delete")).await;
    assert_eq!(answer["Status"], "SUCCESS");
}

#[tokio::test]
async fn too_many_connections_fail_the_deploy_before_anything_is_migrated() {
    let database = TestDatabase::create_empty().await.unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    let mut event = bucket.event("create");
    event["ResourceProperties"]["ConnectionBudget"]["ListUsersReservedConcurrency"] = json!("9000");
    let answer = bucket.ask(&function, event).await;
    assert_eq!(answer["Status"], "FAILED", "{answer}");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(
        reason.contains("Lower ListUsersReservedConcurrency to "),
        "{reason}"
    );
    assert_eq!(pending(&function).await[0], "0001 users");
}

#[tokio::test]
async fn the_way_back_from_a_budget_that_was_too_large_is_open() {
    let database = TestDatabase::create().await.unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    let mut event = bucket.event("update");
    let concurrency = "/ConnectionBudget/ListUsersReservedConcurrency";
    *event["ResourceProperties"]
        .pointer_mut(concurrency)
        .unwrap() = json!("9000");
    *event["OldResourceProperties"]
        .pointer_mut(concurrency)
        .unwrap() = json!("9001");
    let answer = bucket.ask(&function, event).await;
    assert_eq!(answer["Status"], "SUCCESS");
}

/// CloudFormation rolls back by an update with the old function, to which the schema is too new.
#[tokio::test]
async fn a_database_that_is_ahead_of_the_code_does_not_stop_a_roll_back() {
    let database = TestDatabase::create().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', TRUE, '\\x00', 0)",
    )
    .execute(database.pool())
    .await
    .unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    let answer = bucket.ask(&function, bucket.event("update")).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
}

#[tokio::test]
async fn a_failed_migration_fails_the_deploy_with_the_databases_words() {
    let database = TestDatabase::create_empty().await.unwrap();
    sqlx::query("CREATE TABLE users (id bigint PRIMARY KEY)")
        .execute(database.pool())
        .await
        .unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    let answer = bucket.ask(&function, bucket.event("create")).await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.starts_with("A migration failed: "), "{reason}");
    assert!(reason.contains("email"), "{reason}");
}

#[tokio::test]
async fn a_database_that_is_down_fails_the_deploy_and_shows_no_password() {
    let bucket = Bucket::open().await;
    let function = start(&crate::servers_in_trouble::closed_port().await).await;
    let answer = bucket.ask(&function, bucket.event("create")).await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(
        reason.contains("the database cannot be reached"),
        "{reason}"
    );
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
}

/// As in a region that is newer than the release; the layer of `DatabaseCertificatesLayer` has such a file.
#[tokio::test]
async fn an_unknown_certificate_fails_the_deploy_with_what_to_do_about_it() {
    let authority = Authority::new().unwrap();
    let server = own_server(PostgresOptions::temporary().with_tls(&authority).unwrap()).await;
    let layer = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(layer.path(), authority.pem()).unwrap();
    let mut answers = Vec::new();
    for file in ["", layer.path().to_str().unwrap()] {
        let function = Function::builder("migrate")
            .env("DATABASE_URL", server.url("postgres"))
            .env("DATABASE_SSL_MODE", "verify-full")
            .env("DATABASE_SSL_ROOT_CERT", file);
        let bucket = Bucket::open().await;
        let function = function.start().await.unwrap();
        answers.push(bucket.ask(&function, bucket.event("create")).await);
    }
    assert_eq!(answers[0]["Status"], "FAILED");
    let reason = answers[0]["Reason"].as_str().unwrap();
    assert!(reason.contains("DatabaseCertificatesLayer"), "{reason}");
    assert_eq!(answers[1]["Status"], "SUCCESS", "{}", answers[1]);
}

#[tokio::test]
async fn an_answer_comes_before_the_invocation_ends_and_the_server_stops_working_for_it() {
    let database = TestDatabase::create_empty().await.unwrap();
    sqlx::query(
        "CREATE TABLE users (id bigint PRIMARY KEY, email text, username text, full_name text,
             password_hash text, is_active boolean, is_superuser boolean,
             created_at timestamptz, updated_at timestamptz)",
    )
    .execute(database.pool())
    .await
    .unwrap();
    // An index needs this lock, so the migration waits longer than the invocation lasts.
    let mut blocker = database.pool().begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    let call = Call::new(bucket.event("create")).timeout(Duration::from_secs(6));
    let invocation = function.call(call).await;
    assert!(
        matches!(invocation.outcome, Outcome::Response(_)),
        "{invocation:?}"
    );
    let answer = bucket.only_answer();
    assert_eq!(answer["Status"], "FAILED", "{answer}");
    let at_work = "SELECT count(*) FROM pg_stat_activity
         WHERE application_name = 'rollcall-migrate' AND datname = current_database()
             AND state = 'active'";
    for attempt in 0.. {
        let count: i64 = sqlx::query_scalar(at_work)
            .fetch_one(database.pool())
            .await
            .unwrap();
        if count == 0 {
            break;
        }
        assert!(
            attempt < 40,
            "the server still works for a client that left"
        );
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test]
async fn an_answer_that_does_not_arrive_is_sent_again() {
    let database = TestDatabase::create().await.unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    bucket.refuse(2);
    let answer = function
        .invoke(bucket.event("create"))
        .await
        .into_response();
    assert_eq!(answer["Status"], "SUCCESS");
    assert_eq!(bucket.puts().len(), 3);
}

/// Lambda invokes a function again whose asynchronous invocation failed.
#[tokio::test]
async fn where_no_answer_can_be_delivered_the_invocation_fails() {
    let database = TestDatabase::create().await.unwrap();
    let (function, bucket) = (start(database.url()).await, Bucket::open().await);
    bucket.refuse(100);
    let invocation = function.invoke(bucket.event("create")).await;
    let Outcome::Error { message, .. } = &invocation.outcome else {
        panic!("{invocation:?}");
    };
    assert!(!message.contains("Signature"), "{message}");
    assert!(!function.logs().contains("Signature"));
}

async fn start(database_url: &str) -> Function {
    Function::builder("migrate")
        .env("DATABASE_URL", database_url)
        .start()
        .await
        .unwrap()
}

async fn pending(function: &Function) -> Value {
    let status: Invocation = function.invoke(json!({ "command": "status" })).await;
    status.into_response()["pending"].clone()
}

/// What was put.
#[derive(Clone)]
struct Put {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
}

/// The place where CloudFormation looks for answers.
struct Bucket {
    port: u16,
    puts: Arc<Mutex<Vec<Put>>>,
    refusals: Arc<Mutex<u32>>,
    server: AbortHandle,
}

impl Bucket {
    async fn open() -> Self {
        let puts = Arc::new(Mutex::new(Vec::new()));
        let refusals = Arc::new(Mutex::new(0));
        let (seen, left) = (Arc::clone(&puts), Arc::clone(&refusals));
        let router = Router::new().fallback(
            move |method: Method, uri: Uri, headers: HeaderMap, body: String| {
                seen.lock().unwrap().push(Put {
                    method,
                    uri,
                    headers,
                    body,
                });
                let mut left = left.lock().unwrap();
                let status = if *left > 0 {
                    *left -= 1;
                    StatusCode::SERVICE_UNAVAILABLE
                } else {
                    StatusCode::OK
                };
                async move { status }
            },
        );
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            port,
            puts,
            refusals,
            server: server.abort_handle(),
        }
    }

    /// An event of the folder, with this place for the answer.
    fn event(&self, request: &str) -> Value {
        let mut event = read(&format!("migrate-cloudformation-{request}.json"));
        let url = event["ResponseURL"].as_str().unwrap();
        event["ResponseURL"] = url
            .replace("127.0.0.1:9/", &format!("127.0.0.1:{}/", self.port))
            .into();
        event
    }

    /// Refuses the next answers.
    fn refuse(&self, count: u32) {
        *self.refusals.lock().unwrap() = count;
    }

    fn puts(&self) -> Vec<Put> {
        self.puts.lock().unwrap().clone()
    }

    /// Sends an event and gives back the one answer to it, which the invocation returns too.
    async fn ask(&self, function: &Function, event: Value) -> Value {
        let returned = function.invoke(event).await.into_response();
        let answer = self.only_answer();
        assert_eq!(returned, answer);
        answer
    }

    fn only_answer(&self) -> Value {
        let puts = self.puts();
        assert_eq!(puts.len(), 1, "one request has one answer");
        serde_json::from_str(&puts[0].body).unwrap()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.server.abort();
    }
}
