use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use rig::{Gateway, Outcome, Request};
use serde_json::json;

use crate::echo;

#[tokio::test]
async fn five_hundred_events_in_flight_over_two_instances_are_all_answered() {
    let function = echo().instances(2).start().await.unwrap();
    let invocations = join_all((0..500).map(|number| {
        let request = Request::post("/echo").body(number.to_string());
        function.invoke(request.event(Gateway::HttpApi))
    }))
    .await;

    let instances: HashSet<_> = invocations
        .iter()
        .map(|invocation| invocation.instance)
        .collect();
    assert_eq!(instances.len(), 2);
    for (number, invocation) in invocations.into_iter().enumerate() {
        let response = rig::Response::from_event(&invocation.into_response()).unwrap();
        assert_eq!(
            response.json()["body"],
            json!({ "text": number.to_string() })
        );
    }
}

#[tokio::test]
async fn an_instance_works_on_one_event_at_a_time() {
    let function = echo().start().await.unwrap();
    let event = Request::get("/sleep?ms=100").event(Gateway::HttpApi);
    let (first, second) = tokio::join!(function.invoke(event.clone()), function.invoke(event));
    assert!(first.queued < Duration::from_millis(90), "{first:?}");
    assert!(second.queued >= Duration::from_millis(90), "{second:?}");
}

#[tokio::test]
async fn an_instance_with_concurrency_works_on_several_events_at_once() {
    let function = echo().concurrency(8).start().await.unwrap();
    let event = Request::get("/sleep?ms=200").event(Gateway::HttpApi);
    let invocations = join_all((0..8).map(|_| function.invoke(event.clone()))).await;
    for invocation in invocations {
        assert!(
            invocation.queued < Duration::from_millis(150),
            "{invocation:?}"
        );
        assert!(matches!(invocation.outcome, Outcome::Response(_)));
    }
}

#[tokio::test]
async fn only_the_first_invocation_of_an_instance_carries_its_start() {
    let function = echo().start().await.unwrap();
    let event = Request::get("/echo").event(Gateway::HttpApi);
    let first = function.invoke(event.clone()).await;
    assert!(
        first
            .init_duration
            .is_some_and(|time| time > Duration::ZERO)
    );
    assert!(function.invoke(event).await.init_duration.is_none());
}
