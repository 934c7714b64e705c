//! What the document of the API says of health and connections.

use serde_json::{Value, json};
use shared::{
    platform::{
        database::PoolStatus,
        function::Function,
        openapi::{Operation, Part, json_response, schema_ref},
    },
    store::server::Fleet,
};

use crate::{
    Health,
    checks::{ChecksBody, Health as HealthBody, Live},
    database_metrics::DatabaseMetrics,
};

/// The three routes.
#[must_use]
pub fn part() -> Part {
    Part::default()
        .schema::<ChecksBody>(&["cache", "rate_limiter", "error"])
        .schema::<HealthBody<'_>>(&[])
        .schema::<Live>(&[])
        .schema::<Fleet>(&[])
        .schema::<PoolStatus>(&[])
        .schema::<DatabaseMetrics>(&[])
        .operation(&Health::ROUTES[0], health())
        .operation(&Health::ROUTES[1], live())
        .operation(&Health::ROUTES[2], metrics())
}

fn health() -> Operation {
    let database = |status: &str, error: Option<&str>| {
        let mut check = json!({ "status": status, "provider": "postgresql", "latency_ms": 0.36 });
        if let Some(error) = error {
            check["error"] = error.into();
        }
        json!({
            "status": status,
            "app_name": "rollcall",
            "version": env!("CARGO_PKG_VERSION"),
            "checks": { "database": check },
        })
    };
    Operation {
        id: "getHealth",
        tag: "operations",
        summary: "Check the deployment and what it depends on",
        description:
            "Open to everybody. Answers within two seconds, and asks its dependencies once a \
                      second however often it is probed."
                .to_owned(),
        parameters: Vec::new(),
        request_body: None,
        responses: vec![
            ("200", ok("Well.", "Health", database("healthy", None))),
            (
                "503",
                ok(
                    "Not well; `checks` says what and why.",
                    "Health",
                    database("unhealthy", Some("connection_refused")),
                ),
            ),
        ],
        errors: Vec::new(),
    }
}

fn live() -> Operation {
    Operation {
        id: "getLiveness",
        tag: "operations",
        summary: "Check the function alone",
        description: "Open to everybody. Asks nothing and nobody.".to_owned(),
        parameters: Vec::new(),
        request_body: None,
        responses: vec![(
            "200",
            ok(
                "Alive.",
                "Live",
                json!({ "status": "healthy", "version": env!("CARGO_PKG_VERSION") }),
            ),
        )],
        errors: Vec::new(),
    }
}

fn metrics() -> Operation {
    Operation {
        id: "getDatabaseMetrics",
        tag: "operations",
        summary: "Count the connections to the database",
        description:
            "The first five numbers are of the environment that answers; `fleet` is what the \
                      server sees of all of them."
                .to_owned(),
        parameters: Vec::new(),
        request_body: None,
        responses: vec![(
            "200",
            ok(
                "The connections.",
                "DatabaseMetrics",
                json!({
                    "pool_size": 1,
                    "checked_in": 1,
                    "checked_out": 0,
                    "overflow": 0,
                    "total_connections": 1,
                    "fleet": {
                        "max_connections": 100,
                        "connections": [
                            { "function": "health", "state": "active", "count": 1 },
                            { "function": "stats", "state": "idle", "count": 1 },
                        ],
                    },
                }),
            ),
        )],
        errors: Vec::new(),
    }
}

fn ok(description: &str, schema: &str, example: Value) -> Value {
    json_response(description, schema_ref(schema), example)
}
