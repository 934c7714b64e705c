use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rig::{Call, Gateway, Outcome, Request};

use crate::echo;

#[tokio::test]
async fn an_invocation_past_its_deadline_times_out_and_a_fresh_instance_follows() {
    let function = echo().start().await.unwrap();
    let first_process = function.instances()[0].pid();
    let sleep = Request::get("/sleep?ms=5000").event(Gateway::HttpApi);
    let call = Call::new(sleep).timeout(Duration::from_millis(100));
    let invocation = function.call(call).await;
    assert_eq!(invocation.outcome, Outcome::TimedOut);
    assert!(invocation.duration < Duration::from_secs(1));

    let next = function.send(&Request::get("/echo")).await.json();
    assert_ne!(next["process"], first_process);
}

#[tokio::test]
async fn the_function_is_told_the_true_deadline() {
    let function = echo()
        .timeout(Duration::from_secs(7))
        .start()
        .await
        .unwrap();
    let before = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let stated = function.send(&Request::get("/echo")).await.json()["deadline"]
        .as_u64()
        .unwrap();
    let left = u128::from(stated) - before;
    assert!((7000..7500).contains(&left), "{left} ms");
}

#[tokio::test]
async fn the_function_can_be_told_another_deadline_than_the_true_one() {
    let function = echo().start().await.unwrap();
    let event = Request::get("/echo").event(Gateway::HttpApi);
    let call = Call::new(event).stated_deadline(UNIX_EPOCH + Duration::from_mins(10));
    let response = rig::Response::from_event(&function.call(call).await.into_response()).unwrap();
    assert_eq!(response.json()["deadline"], 600_000);
}
