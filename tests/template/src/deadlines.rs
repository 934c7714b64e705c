//! `statement_timeout` < handler < Lambda < gateway.

use std::time::Duration;

use shared::platform::config::Config;

use crate::{
    environment::variables,
    template::{Deployment, Function, JWT_MODE},
};

/// What an HTTP API allows at most.
const GATEWAY_LIMIT: Duration = Duration::from_secs(30);

fn lambda_timeout(function: &Function) -> Duration {
    Duration::from_secs(function.properties["Timeout"].as_u64().unwrap())
}

#[test]
fn the_database_gives_up_before_the_handler_and_the_handler_before_lambda() {
    let deployment = Deployment::with(JWT_MODE);
    assert!(deployment.api_functions().count() > 0);
    for function in deployment.api_functions() {
        let name = &function.name;
        assert!(
            function
                .environment()
                .contains_key("REQUEST_TIMEOUT_SECONDS"),
            "{name} leaves its deadline to the code's default"
        );
        let config = Config::from_variables(&variables(&function)).unwrap();
        let statement = config.database.statement_timeout.unwrap();
        assert!(statement < config.request_timeout, "{name}: {config:?}");
        assert!(
            config.request_timeout < lambda_timeout(&function),
            "{name}: {config:?}"
        );
    }
}

#[test]
fn lambda_gives_up_before_the_gateway_on_every_route() {
    let deployment = Deployment::with(JWT_MODE);
    assert!(!deployment.routes().is_empty());
    for route in deployment.routes() {
        let gateway = Duration::from_millis(route.timeout_millis);
        assert!(
            lambda_timeout(&deployment.function(&route.function)) < gateway,
            "{route:?}"
        );
        assert!(gateway <= GATEWAY_LIMIT, "{route:?}");
    }
}
