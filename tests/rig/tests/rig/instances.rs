use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rig::{Function, Gateway, Outcome, Request};
use serde_json::Value;

use crate::echo;

#[tokio::test]
async fn a_process_sees_the_lambda_variables_and_its_own_and_nothing_else() {
    let function = echo().env("MINE", "1").start().await.unwrap();
    let answer = function.send(&Request::get("/echo")).await.json();
    let names: Vec<&str> = answer["environment"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        names.contains(&"MINE") && names.contains(&"AWS_REGION"),
        "{names:?}"
    );
    assert!(
        !names.contains(&"CARGO_MANIFEST_DIR") && !names.contains(&"HOME"),
        "{names:?}"
    );
}

#[tokio::test]
async fn what_an_instance_writes_is_kept() {
    let function = echo().start().await.unwrap();
    assert!(function.logs().contains("echo is ready"));
}

#[tokio::test]
async fn a_crash_ends_the_invocation_and_a_fresh_instance_follows() {
    let function = echo().start().await.unwrap();
    let crash = function
        .invoke(Request::get("/crash").event(Gateway::HttpApi))
        .await;
    assert_eq!(crash.outcome, Outcome::Crashed);
    assert_eq!(function.send(&Request::get("/echo")).await.status, 200);
}

#[tokio::test]
async fn an_error_report_reaches_the_caller() {
    let function = echo().start().await.unwrap();
    let invocation = function
        .invoke(Request::get("/error").event(Gateway::HttpApi))
        .await;
    let Outcome::Error { message, .. } = invocation.outcome else {
        panic!("{invocation:?}");
    };
    assert_eq!(message, "the path asked for an error");
}

#[tokio::test]
async fn a_response_over_six_megabytes_is_refused_as_lambda_does() {
    let function = echo().start().await.unwrap();
    let invocation = function
        .invoke(Request::get("/large").event(Gateway::HttpApi))
        .await;
    let Outcome::Error { error_type, .. } = invocation.outcome else {
        panic!("not an error");
    };
    assert_eq!(error_type, "Function.ResponseSizeTooLarge");
}

#[tokio::test]
async fn a_function_that_cannot_initialise_says_why() {
    let Err(error) = echo().env("FAIL_IF_EXISTS", "/").start().await else {
        panic!("it started");
    };
    assert!(error.reason.contains("exit status: 1"), "{error}");
    assert!(
        error.logs.contains("initialisation has been made to fail"),
        "{error}"
    );
}

#[tokio::test]
async fn an_event_for_a_function_that_can_start_no_more_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let switch = folder.path().join("fail");
    let function = echo().env("FAIL_IF_EXISTS", switch.to_str().unwrap());
    let function = function.start().await.unwrap();
    std::fs::write(&switch, "").unwrap();
    let event = Request::get("/crash").event(Gateway::HttpApi);
    assert_eq!(
        function.invoke(event.clone()).await.outcome,
        Outcome::Crashed
    );
    let invocation = function.invoke(event).await;
    assert!(
        matches!(invocation.outcome, Outcome::InitFailed { .. }),
        "{invocation:?}"
    );

    std::fs::remove_file(&switch).unwrap();
    assert_eq!(function.send(&Request::get("/echo")).await.status, 200);
}

#[tokio::test]
async fn a_missing_binary_names_the_command_that_builds_it() {
    let Err(error) = Function::builder("no-such-function").start().await else {
        panic!("it started");
    };
    assert!(error.reason.contains("cargo build --bins"), "{error}");
}

#[tokio::test]
async fn a_killed_instance_is_replaced() {
    let function = echo().start().await.unwrap();
    let instance = function.instances().remove(0);
    instance.kill();
    instance.exited().await;
    let answer = function.send(&Request::get("/echo")).await.json();
    assert_ne!(answer["process"], instance.pid());
}

#[tokio::test]
async fn a_terminated_instance_is_not_replaced_until_an_event_comes() {
    let function = echo().start().await.unwrap();
    let instance = function.instances().remove(0);
    instance.terminate();
    instance.exited().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(function.instances().is_empty());
    assert_eq!(function.send(&Request::get("/echo")).await.status, 200);
    assert_eq!(function.instances().len(), 1);
}

#[tokio::test]
async fn a_frozen_instance_thaws_when_an_event_comes_for_it() {
    let function = echo().start().await.unwrap();
    let instance = function.instances().remove(0);
    instance.freeze();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = function.send(&Request::get("/echo")).await.json();
    assert_eq!(answer["process"], instance.pid());
}

#[tokio::test]
async fn an_instance_frozen_at_work_times_out_and_is_killed() {
    let function = echo().start().await.unwrap();
    let instance = function.instances().remove(0);
    let event = Request::get("/sleep?ms=100").event(Gateway::HttpApi);
    let invocation = function.invoke(event);
    let invocation = tokio::spawn(invocation);
    tokio::time::sleep(Duration::from_millis(30)).await;
    instance.freeze();
    // The rig gives the event 30 s, which is longer than this test wants to wait.
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!invocation.is_finished());
    instance.kill();
    assert_eq!(invocation.await.unwrap().outcome, Outcome::Crashed);
}

#[tokio::test]
async fn dropping_a_function_kills_its_processes() {
    let function = echo().instances(2).start().await.unwrap();
    let processes: Vec<u32> = function
        .instances()
        .iter()
        .map(|instance| instance.pid())
        .collect();
    drop(function);
    wait_until_gone(&processes);
}

#[test]
fn no_process_outlives_a_host_that_is_killed() {
    let host = rig::binary::find("examples/host").unwrap();
    let mut host = Command::new(host).stderr(Stdio::piped()).spawn().unwrap();
    let processes: Vec<u32> = BufReader::new(host.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .map_while(|line| line.parse().ok())
        .collect();
    assert_eq!(processes.len(), 3);
    host.kill().unwrap();
    host.wait().unwrap();
    wait_until_gone(&processes);
}

fn wait_until_gone(processes: &[u32]) {
    let patience = Instant::now() + Duration::from_secs(5);
    while processes.iter().any(|process| is_running(*process)) {
        assert!(Instant::now() < patience, "some of {processes:?} still run");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that has ended but was not collected by its parent counts as gone.
fn is_running(process: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}
