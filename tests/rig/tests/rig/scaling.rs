use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use rig::{Gateway, Outcome, Request};

use crate::echo;

fn sleep(milliseconds: u32) -> Request {
    Request::get(&format!("/sleep?ms={milliseconds}"))
}

#[tokio::test]
async fn instances_start_when_events_come_and_no_more_than_the_limit() {
    let function = echo().instances(0).scales_to(3).start().await.unwrap();
    assert!(function.instances().is_empty());
    let event = sleep(300).event(Gateway::HttpApi);
    let invocations = join_all((0..5).map(|_| function.invoke(event.clone()))).await;

    let throttled = invocations
        .iter()
        .filter(|invocation| invocation.outcome == Outcome::Throttled);
    assert_eq!(throttled.count(), 2);
    assert_eq!(function.instances().len(), 3);
    let used: HashSet<_> = invocations.iter().filter_map(|one| one.instance).collect();
    assert_eq!(used.len(), 3);
}

#[tokio::test]
async fn an_idle_instance_is_used_before_another_one_starts() {
    let function = echo().instances(0).scales_to(3).start().await.unwrap();
    for _ in 0..5 {
        assert_eq!(function.send(&Request::get("/echo")).await.status, 200);
    }
    assert_eq!(function.instances().len(), 1);
}

#[tokio::test]
async fn an_instance_with_concurrency_is_filled_before_another_one_starts() {
    let function = echo().instances(0).scales_to(2).concurrency(4);
    let function = function.start().await.unwrap();
    let event = sleep(300).event(Gateway::HttpApi);
    let invocations = join_all((0..9).map(|_| function.invoke(event.clone()))).await;
    let throttled = invocations
        .iter()
        .filter(|invocation| invocation.outcome == Outcome::Throttled);
    assert_eq!(throttled.count(), 1);
    assert_eq!(function.instances().len(), 2);
}

#[tokio::test]
async fn several_hundred_events_in_flight_are_served_or_throttled() {
    let function = echo().instances(0).scales_to(10).concurrency(16);
    let function = function.start().await.unwrap();
    let event = sleep(1000).event(Gateway::HttpApi);
    let invocations = join_all((0..300).map(|_| function.invoke(event.clone()))).await;
    let served = invocations
        .iter()
        .filter(|invocation| matches!(invocation.outcome, Outcome::Response(_)));
    assert_eq!(served.count(), 160);
}

#[tokio::test]
async fn a_request_over_six_megabytes_never_reaches_the_function() {
    let function = echo().start().await.unwrap();
    let request = Request::post("/echo").body("x".repeat(6 * 1024 * 1024));
    let invocation = function.invoke(request.event(Gateway::HttpApi)).await;
    assert_eq!(invocation.outcome, Outcome::EventTooLarge);
    assert_eq!(invocation.instance, None);
    let smaller = Request::post("/echo").body("x".repeat(2 * 1024 * 1024));
    assert_eq!(function.send(&smaller).await.status, 200);
}

#[tokio::test]
async fn clients_see_what_each_gateway_makes_of_a_failure() {
    let function = echo()
        .timeout(Duration::from_millis(300))
        .start()
        .await
        .unwrap();
    let large = Request::post("/echo").body("x".repeat(6 * 1024 * 1024));
    for (gateway, failed) in [
        (Gateway::HttpApi, 500),
        (Gateway::RestApi, 502),
        (Gateway::LoadBalancer, 502),
        (Gateway::FunctionUrl, 502),
    ] {
        for request in [
            Request::get("/crash"),
            Request::get("/error"),
            Request::get("/large"),
            sleep(5000),
        ] {
            let response = function.deliver(gateway, &request).await;
            assert_eq!(response.status, failed, "{gateway:?}");
        }
        let response = function.deliver(gateway, &large).await;
        assert_eq!(response.status, 413, "{gateway:?}");
        let response = function.deliver(gateway, &Request::get("/echo")).await;
        assert_eq!(response.status, 200, "{gateway:?}");
    }
}

#[tokio::test]
async fn clients_see_what_each_gateway_makes_of_throttling() {
    for (gateway, status) in [
        (Gateway::HttpApi, 503),
        (Gateway::RestApi, 500),
        (Gateway::LoadBalancer, 502),
        (Gateway::FunctionUrl, 429),
    ] {
        let function = echo().scales_to(1).start().await.unwrap();
        let busy = function.invoke(sleep(300).event(gateway));
        let refused = function.deliver(gateway, &Request::get("/echo")).await;
        assert_eq!(refused.status, status, "{gateway:?}");
        assert!(matches!(busy.await.outcome, Outcome::Response(_)));
    }
}

#[tokio::test]
async fn a_gateway_does_not_wait_for_ever() {
    let patience = Duration::from_millis(100);
    let function = echo().gateway_timeout(patience).start().await.unwrap();
    for (gateway, status) in [(Gateway::HttpApi, 503), (Gateway::RestApi, 504)] {
        let response = function.deliver(gateway, &sleep(300)).await;
        assert_eq!(response.status, status, "{gateway:?}");
    }
}
