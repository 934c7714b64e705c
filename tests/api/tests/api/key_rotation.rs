//! The key of tokens changes while environments are warm.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rig::{FunctionBuilder, Request, SigningKey, TcpProxy, secrets, token};

use crate::fixture::{ADMIN, Api, Fixture, assert_unauthorized};

const STATS: &str = "/api/v1/dashboard/stats";

/// How long an environment lets Secrets Manager rest after a fetch that found no new key.
const INTERVAL: Duration = Duration::from_secs(10);

/// How long a token waits for a fetch at most, and some time for a slow machine.
const LONGEST_FETCH: Duration = Duration::from_secs(4);

/// A key of tokens in a secret, and a proxy before Secrets Manager.
struct Rotation {
    arn: String,
    proxy: TcpProxy,
    builder: FunctionBuilder,
}

impl Rotation {
    async fn start(fixture: &Fixture, first: &str) -> Self {
        let environment = secrets::client_environment().unwrap();
        let (variable, endpoint) = environment[0].clone();
        let port = endpoint.rsplit(':').next().unwrap().trim_end_matches('/');
        let proxy = TcpProxy::to(port.parse().unwrap()).await.unwrap();
        let arn = secrets::create(&fixture.unique("key"), first)
            .await
            .unwrap();
        let builder = fixture
            .function("stats")
            .without_env("JWT_KEY")
            .envs(environment)
            .env(variable, proxy.url(&endpoint))
            .env("JWT_SECRET_ARN", &arn);
        Self {
            arn,
            proxy,
            builder,
        }
    }

    async fn api(&self) -> Api {
        Api::start(self.builder.clone()).await
    }

    /// Puts another key in force.
    async fn to(&self, key: &str) {
        secrets::rotate(&self.arn, key).await.unwrap();
    }
}

/// The key of that number.
fn key(number: u32) -> String {
    format!("the-signing-secret-number-{number:03}-0123456789")
}

fn signed_with(key: &str) -> Request {
    let token = SigningKey::hs256(key).token(ADMIN).unwrap();
    Request::get(STATS).bearer(&token)
}

async fn status(api: &Api, request: &Request) -> u16 {
    let response = api.send(request).await;
    if response.status != 200 {
        assert_unauthorized(&response);
    }
    response.status
}

/// Sends the request until it is accepted, which may be one interval later.
async fn wait_until_accepted(api: &Api, request: &Request) {
    let started = Instant::now();
    while status(api, request).await != 200 {
        assert!(started.elapsed() < 3 * INTERVAL, "{}", api.logs());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_rotation_of_the_key_ends_no_session_and_needs_no_restart() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::start(&fixture, &key(0)).await;
    let api = rotation.api().await;
    assert_eq!(status(&api, &signed_with(&key(0))).await, 200);
    for number in 1..=5 {
        rotation.to(&key(number)).await;
        let old = signed_with(&key(number - 1));
        assert_eq!(status(&api, &old).await, 200, "old, before: {number}");
        let new = signed_with(&key(number));
        assert_eq!(status(&api, &new).await, 200, "new: {number}");
        assert_eq!(status(&api, &old).await, 200, "old, after: {number}");
    }
    for number in 0..=3 {
        let older = signed_with(&key(number));
        assert_eq!(status(&api, &older).await, 401, "{number}");
    }
}

#[tokio::test]
async fn an_environment_that_starts_after_a_rotation_knows_the_previous_key_too() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::start(&fixture, &key(0)).await;
    for number in 1..=2 {
        rotation.to(&key(number)).await;
    }
    let api = rotation.api().await;
    assert_eq!(rotation.proxy.round_trips(), 1, "a start fetches one key");
    for (number, expected) in [(2, 200), (1, 200), (0, 401), (2, 200), (1, 200)] {
        let request = signed_with(&key(number));
        assert_eq!(status(&api, &request).await, expected, "{number}");
    }
    assert_eq!(
        rotation.proxy.round_trips(),
        3,
        "and the other when it is needed"
    );
}

#[tokio::test]
async fn a_public_key_is_rotated_too_and_a_previous_one_of_another_kind_is_ignored() {
    let old = SigningKey::es256().unwrap();
    let new = SigningKey::es256().unwrap();
    let fixture = Fixture {
        key: SigningKey::es256().unwrap(),
        ..Fixture::new().await
    };
    let rotation = Rotation::start(&fixture, token::P384_PUBLIC_KEY).await;
    rotation.to(&old.verification_key()).await;
    let api = rotation.api().await;
    let bearer = |key: &SigningKey| Request::get(STATS).bearer(&key.token(ADMIN).unwrap());
    assert_eq!(status(&api, &bearer(&old)).await, 200);
    let forged = api.send(&bearer(&fixture.key)).await;
    assert_unauthorized(&forged);
    let id = forged.header("x-request-id").unwrap();
    let line = api
        .log_line(&id, "the previous key of tokens is invalid")
        .await;
    let level = "WARN";
    assert_eq!(line["level"], level, "{line}");
    let message = "JWT_SECRET_ARN must hold a public key on the curve P-256 in PEM for ES256";
    assert_eq!(line["error"], message, "{line}");

    rotation.to(&new.verification_key()).await;
    wait_until_accepted(&api, &bearer(&new)).await;
    assert_eq!(status(&api, &bearer(&old)).await, 200);
}

#[tokio::test]
async fn a_thousand_forged_tokens_cause_a_handful_of_fetches() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::start(&fixture, &key(0)).await;
    let api = Api::start(rotation.builder.clone().concurrency(8)).await;
    let before = rotation.proxy.round_trips();
    let started = Instant::now();
    let forged = signed_with(&key(999));
    for _ in 0..50 {
        let sent = (0..20).map(|_| status(&api, &forged));
        assert_eq!(join_all(sent).await, [401; 20]);
    }
    // The current and the previous key, once in each interval.
    let intervals = started.elapsed().as_secs() / INTERVAL.as_secs() + 1;
    let fetched = rotation.proxy.round_trips() - before;
    eprintln!(
        "1000 forged tokens in {:?}: {fetched} fetches",
        started.elapsed()
    );
    assert!((1..=2 * intervals).contains(&fetched), "{fetched}");

    // They hold up a rotation for one interval at most, and nobody who has an old token.
    rotation.to(&key(1)).await;
    assert_eq!(status(&api, &signed_with(&key(0))).await, 200);
    wait_until_accepted(&api, &signed_with(&key(1))).await;
    assert_eq!(status(&api, &signed_with(&key(0))).await, 200);
}

#[tokio::test]
async fn requests_that_come_side_by_side_after_a_rotation_share_one_fetch() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::start(&fixture, &key(0)).await;
    let api = Api::start(rotation.builder.clone().concurrency(16)).await;
    let before = rotation.proxy.round_trips();
    rotation.to(&key(1)).await;
    let new = signed_with(&key(1));
    let sent = (0..64).map(|_| status(&api, &new));
    assert_eq!(join_all(sent).await, [200; 64]);
    assert_eq!(rotation.proxy.round_trips() - before, 2);
}

#[tokio::test]
async fn a_bad_token_is_a_401_within_seconds_while_secrets_manager_is_down() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::start(&fixture, &key(0)).await;
    for is_hanging in [false, true] {
        let api = Api::start(rotation.builder.clone().concurrency(8)).await;
        if is_hanging {
            rotation.proxy.blackhole_all();
        } else {
            rotation.proxy.close();
        }
        rotation.to(&key(1)).await;
        let (forged, good) = (signed_with(&key(999)), signed_with(&key(0)));
        let started = Instant::now();
        let bad = async {
            let sent = (0..6).map(|_| status(&api, &forged));
            assert_eq!(join_all(sent).await, [401; 6]);
        };
        let known = async {
            assert_eq!(status(&api, &good).await, 200);
            // The first request of all asks the database, and still does not wait for the keys.
            started.elapsed()
        };
        let ((), until_known) = tokio::join!(bad, known);
        eprintln!(
            "Secrets Manager {}: 6 bad tokens refused after {:?}, a good one served after {until_known:?}",
            if is_hanging { "hangs" } else { "is down" },
            started.elapsed()
        );
        assert!(started.elapsed() < LONGEST_FETCH);
        for _ in 0..100 {
            assert_eq!(status(&api, &forged).await, 401);
            assert_eq!(status(&api, &good).await, 200);
        }
        if is_hanging {
            rotation.proxy.restore();
        } else {
            rotation.proxy.reopen().await.unwrap();
        }
        wait_until_accepted(&api, &signed_with(&key(1))).await;
        rotation.to(&key(0)).await;
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_one_leaves_the_keys_before_in_force() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::start(&fixture, &key(0)).await;
    let api = rotation.api().await;
    rotation.to("hunter2").await;
    let forged = api.send(&signed_with(&key(999))).await;
    assert_unauthorized(&forged);
    let id = forged.header("x-request-id").unwrap();
    let line = api.log_line(&id, "the known keys stay in use").await;
    assert_eq!(line["level"], "ERROR", "{line}");
    let message = "JWT_SECRET_ARN must hold a key of at least 32 bytes for HS256";
    assert_eq!(line["error"], message, "{line}");
    assert_eq!(status(&api, &signed_with(&key(0))).await, 200);

    rotation.to(&key(1)).await;
    wait_until_accepted(&api, &signed_with(&key(1))).await;
}
