//! Secrets Manager does not answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rig::{Function, FunctionBuilder, TcpProxy, secrets};

use super::{read, start};
use crate::fixture::Fixture;
use crate::traffic::Traffic;

/// A proxy to the stand-in, and a function that goes over it.
async fn function_over_proxy(fixture: &Fixture) -> (TcpProxy, FunctionBuilder) {
    let environment = secrets::client_environment().unwrap();
    let (variable, endpoint) = environment[0].clone();
    let port = endpoint.rsplit(':').next().unwrap().trim_end_matches('/');
    let proxy = TcpProxy::to(port.parse().unwrap()).await.unwrap();
    let arn = secrets::create(&fixture.unique("database"), &fixture.database_secret())
        .await
        .unwrap();
    let builder = Function::builder("users")
        .envs(environment)
        .env(variable, proxy.url(&endpoint))
        .env("DATABASE_SECRET_ARN", arn)
        .env("DATABASE_SSL_MODE", "disable")
        .env("JWT_ALGORITHM", fixture.key.algorithm())
        .env("JWT_KEY", fixture.key.verification_key());
    (proxy, builder)
}

#[tokio::test]
async fn no_warm_request_fails_while_secrets_manager_is_down() {
    let fixture = Fixture::new().await;
    let (proxy, builder) = function_over_proxy(&fixture).await;
    let api = start(builder.instances(2)).await;
    let traffic = Traffic::start(&api, 2, read(&fixture));
    traffic.more(20).await;
    proxy.close();
    for _ in 0..5 {
        traffic.more(20).await;
        // New connections are made with the credentials that are known.
        fixture.end_sessions().await;
    }
    traffic.more(20).await;
    let seen = traffic.stop().await;
    seen.assert_no_failure("Secrets Manager down while warm");
}

#[tokio::test]
async fn a_cold_start_without_secrets_manager_says_so_and_the_next_one_works() {
    let fixture = Fixture::new().await;
    let (proxy, builder) = function_over_proxy(&fixture).await;
    for is_hanging in [false, true] {
        if is_hanging {
            proxy.blackhole_all();
        } else {
            proxy.close();
        }
        let started = Instant::now();
        let Err(error) = builder.clone().start().await else {
            panic!("it started");
        };
        eprintln!(
            "Secrets Manager {} at a cold start: {:?} until {}",
            if is_hanging { "hangs" } else { "is down" },
            started.elapsed(),
            error.reason
        );
        // Lambda would end a start after ten seconds, and nobody would know why.
        assert!(started.elapsed() < Duration::from_secs(9));
        assert!(
            error.logs.contains("DATABASE_SECRET_ARN: "),
            "{}",
            error.logs
        );
        crate::leaks::check_logs(&error.logs);
        if is_hanging {
            proxy.restore();
        } else {
            proxy.reopen().await.unwrap();
        }
        let api = start(builder.clone()).await;
        let traffic = Traffic::start(&Arc::clone(&api), 1, read(&fixture));
        traffic.more(5).await;
        traffic
            .stop()
            .await
            .assert_no_failure("the next cold start");
    }
}
