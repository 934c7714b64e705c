//! What every test starts from: a database with three users, and functions that use it.

use std::ops::Deref;
use std::time::Duration;

use rig::{
    Function, FunctionBuilder, Gateway, Request, Response, SigningKey, TestDatabase, UserFixture,
};
use serde_json::{Value, json};
use url::Url;

use crate::leaks;

/// An active superuser.
pub const ADMIN: i64 = 1;
/// An active user without rights.
pub const ORDINARY: i64 = 2;
/// A superuser who has been deactivated.
pub const RETIRED: i64 = 3;

/// Long enough for HS256, and easy to find in a log.
const SECRET: &str = "the-signing-secret-of-these-tests-0123456789";

/// A database, and a key that signs tokens for it.
pub struct Fixture {
    pub database: TestDatabase,
    pub key: SigningKey,
}

impl Fixture {
    /// A fixture with [`users`].
    pub async fn new() -> Self {
        let database = TestDatabase::create().await.unwrap();
        database.insert(&users()).await.unwrap();
        Self {
            database,
            key: SigningKey::hs256(SECRET),
        }
    }

    /// A fixture on a server of the test's own.
    pub async fn on(server: &str) -> Self {
        let database = TestDatabase::create_on(server).await.unwrap();
        database.insert(&users()).await.unwrap();
        Self {
            database,
            key: SigningKey::hs256(SECRET),
        }
    }

    /// A fixture with more users than [`users`].
    pub async fn with(users: &[UserFixture]) -> Self {
        let fixture = Self::new().await;
        fixture.database.insert(users).await.unwrap();
        fixture
    }

    /// A function that verifies tokens itself.
    pub fn function(&self, name: &str) -> FunctionBuilder {
        Function::builder(name)
            .concurrency(concurrency())
            .env("DATABASE_URL", self.database.url())
            .env("JWT_ALGORITHM", self.key.algorithm())
            .env("JWT_KEY", self.key.verification_key())
    }

    /// A running function that verifies tokens itself.
    pub async fn start(&self, name: &str) -> Api {
        Api::start(self.function(name)).await
    }

    /// A good token.
    pub fn token(&self, user: i64) -> String {
        self.key.token(user).unwrap()
    }

    /// A GET request of the superuser.
    pub fn get(&self, path_and_query: &str) -> Request {
        Request::get(path_and_query).bearer(&self.token(ADMIN))
    }

    /// A POST request of the superuser.
    pub fn post(&self, path_and_query: &str) -> Request {
        Request::post(path_and_query).bearer(&self.token(ADMIN))
    }

    /// A name that no other test uses.
    pub fn unique(&self, name: &str) -> String {
        format!("{}/{name}", self.database.name())
    }

    /// The secret that RDS would write for the owner of this database.
    pub fn database_secret(&self) -> String {
        let url = Url::parse(self.database.url()).unwrap();
        self.database_secret_of(url.username(), url.password().unwrap_or_default())
    }

    /// The secret that RDS would write for another role.
    pub fn database_secret_of(&self, user: &str, password: &str) -> String {
        let url = Url::parse(self.database.url()).unwrap();
        json!({
            "engine": "postgres",
            "username": user,
            "password": password,
            "host": url.host_str().unwrap(),
            "port": url.port().unwrap_or(5432),
            "dbname": self.database.name(),
        })
        .to_string()
    }

    /// The port of the server.
    pub fn server_port(&self) -> u16 {
        Url::parse(self.database.url()).unwrap().port().unwrap()
    }

    /// Ends the sessions of the functions, as a fail-over does, and waits until they are gone.
    pub async fn end_sessions(&self) {
        sqlx::query(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE 'rollcall-%'",
        )
        .execute(self.database.pool())
        .await
        .unwrap();
    }

    /// How many sessions the functions have.
    pub async fn count_sessions(&self) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE 'rollcall-%'",
        )
        .fetch_one(self.database.pool())
        .await
        .unwrap()
    }

    /// How many users there are.
    pub async fn count_users(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM users")
            .fetch_one(self.database.pool())
            .await
            .unwrap()
    }
}

/// How many requests an instance takes at once, unless a test says so itself: one, or what
/// `TEST_CONCURRENCY` says, because all tests must pass as under Lambda Managed Instances too. `cargo verify`
/// runs those of `xtask/src/test.rs` both ways.
pub fn concurrency() -> u32 {
    std::env::var("TEST_CONCURRENCY").map_or(1, |text| text.parse().unwrap())
}

/// One user of each standing direction the API.
pub fn users() -> [UserFixture; 3] {
    [
        UserFixture::new(ADMIN, "admin")
            .superuser()
            .full_name("Ada Admin"),
        UserFixture::new(ORDINARY, "ordinary"),
        UserFixture::new(RETIRED, "retired").superuser().inactive(),
    ]
}

/// A running function whose every error answer, and all of whose logs, are searched for leaks.
pub struct Api(Function);

impl Api {
    pub async fn start(builder: FunctionBuilder) -> Self {
        match builder.start().await {
            Ok(function) => Self(function),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&self, request: &Request) -> Response {
        self.send_through(Gateway::HttpApi, request).await
    }

    pub async fn send_through(&self, gateway: Gateway, request: &Request) -> Response {
        let response = self.0.send_through(gateway, request).await;
        leaks::check_response(&response);
        response
    }

    /// The first line of the log that is about this request and says this. What an instance writes
    /// may come after its answer.
    pub async fn log_line(&self, request_id: &str, message: &str) -> Value {
        let look = async {
            loop {
                let logs = self.logs();
                let found = logs
                    .lines()
                    .find(|line| line.contains(request_id) && line.contains(message));
                if let Some(line) = found {
                    return serde_json::from_str(line).unwrap();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let Ok(line) = tokio::time::timeout(Duration::from_secs(10), look).await else {
            panic!("{message:?} is not in:\n{}", self.logs());
        };
        line
    }
}

impl Deref for Api {
    type Target = Function;

    fn deref(&self) -> &Function {
        &self.0
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            leaks::check_logs(&self.0.logs());
        }
    }
}

/// Checks a whole answer to a request that failed.
#[track_caller]
pub fn assert_error(response: &Response, status: u16, code: &str, message: &str) {
    assert_failure(
        response,
        status,
        &json!({ "error": code, "message": message }),
    );
}

/// Checks a whole answer to a request that failed, with all that its body has beside the request id.
#[track_caller]
pub fn assert_failure(response: &Response, status: u16, body: &Value) {
    let mut expected = body.clone();
    expected["request_id"] = response.header("x-request-id").unwrap().into();
    assert_eq!(
        (response.status, response.json()),
        (status, expected),
        "{}",
        response.text()
    );
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    assert_eq!(
        response.header("x-content-type-options").unwrap(),
        "nosniff"
    );
}

/// Checks the answer to a caller who is nobody.
#[track_caller]
pub fn assert_unauthorized(response: &Response) {
    let message = "A valid bearer token of an active user is required";
    assert_error(response, 401, "unauthorized", message);
    assert_eq!(response.header("www-authenticate").unwrap(), "Bearer");
}
