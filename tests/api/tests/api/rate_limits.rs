use std::time::Duration;

use futures_util::future::{join, join_all};
use rig::{Request, Response};
use servers::Valkey;

use crate::fixture::{Api, Fixture, ORDINARY, assert_error};
use crate::valkey::{is_counted, sharing};

const STATS: &str = "/api/v1/dashboard/stats";
const USERS: &str = "/api/v1/users?size=1";
const MESSAGE: &str = "You have sent too many requests; see the Retry-After header";

fn header(response: &Response, name: &str) -> String {
    response.header(name).unwrap_or_default()
}

#[tokio::test]
async fn a_caller_over_the_limit_is_told_when_to_come_back_and_is_let_in_then() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let api = Api::start(sharing(&fixture, "stats", &server, 2, 6)).await;
    for left in [r#""caller";r=1;t=3"#, r#""caller";r=0;t=6"#] {
        let response = api.send(&fixture.get(STATS)).await;
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(header(&response, "ratelimit"), left);
        assert_eq!(header(&response, "ratelimit-policy"), r#""caller";q=2;w=6"#);
        assert_eq!(response.header("retry-after"), None);
    }
    let refused = api.send(&fixture.get(STATS)).await;
    assert_error(&refused, 429, "rate_limited", MESSAGE);
    assert_eq!(header(&refused, "ratelimit-policy"), r#""caller";q=2;w=6"#);
    assert!(header(&refused, "ratelimit").starts_with(r#""caller";r=0;t="#));
    let wait: u64 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");

    tokio::time::sleep(Duration::from_secs(wait)).await;
    let admitted = api.send(&fixture.get(STATS)).await;
    assert_eq!(admitted.status, 200, "{}", admitted.text());
}

#[tokio::test]
async fn the_limit_is_exact_for_fifty_requests_at_once_over_functions_and_environments() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    // A window so long that no request comes back during the test.
    let stats = Api::start(sharing(&fixture, "stats", &server, 20, 86_400).instances(3)).await;
    let lists = Api::start(sharing(&fixture, "users", &server, 20, 86_400).instances(3)).await;
    let (numbers, users) = (fixture.get(STATS), fixture.get(USERS));
    let (some, others) = join(
        join_all((0..25).map(|_| stats.send(&numbers))),
        join_all((0..25).map(|_| lists.send(&users))),
    )
    .await;
    let responses = || some.iter().chain(&others);
    assert!(responses().all(is_counted));
    let with = |status| responses().filter(|r| r.status == status).count();
    assert_eq!((with(200), with(429)), (20, 30));
    // Every request that was let in was told another number of what is left.
    let mut left: Vec<_> = responses()
        .filter(|response| response.status == 200)
        .map(|response| header(response, "ratelimit"))
        .map(|text| text.split(';').nth(1).unwrap().to_owned())
        .collect();
    left.sort_unstable();
    left.dedup();
    assert_eq!(left.len(), 20, "{left:?}");
}

#[tokio::test]
async fn every_caller_has_a_limit_of_their_own_and_it_counts_what_is_forbidden_too() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let api = Api::start(sharing(&fixture, "stats", &server, 2, 86_400)).await;
    let ordinary = Request::get(STATS).bearer(&fixture.token(ORDINARY));
    let statuses = [403, 403, 429, 429];
    for status in statuses {
        let response = api.send(&ordinary).await;
        assert_eq!(response.status, status, "{}", response.text());
        assert!(is_counted(&response));
    }
    assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
}

#[tokio::test]
async fn who_has_no_good_token_and_who_asks_for_health_is_not_counted() {
    let fixture = Fixture::new().await;
    let server = Valkey::start().unwrap();
    let api = Api::start(sharing(&fixture, "stats", &server, 1, 86_400)).await;
    for _ in 0..3 {
        let response = api.send(&Request::get(STATS)).await;
        assert_eq!(response.status, 401);
        assert!(!is_counted(&response));
    }
    let health = Api::start(sharing(&fixture, "health", &server, 1, 86_400)).await;
    for _ in 0..3 {
        let response = health.send(&Request::get("/health")).await;
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(!is_counted(&response));
    }
}

#[tokio::test]
async fn without_a_server_nobody_is_limited() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("stats").env("RATE_LIMIT_REQUESTS", "1")).await;
    for _ in 0..3 {
        let response = api.send(&fixture.get(STATS)).await;
        assert_eq!(response.status, 200);
        assert!(!is_counted(&response));
    }
}
