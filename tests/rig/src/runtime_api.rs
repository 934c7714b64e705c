//! The Lambda Runtime API, version 2018-06-01, as the function processes see it.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::dispatcher::epoch_milliseconds;
use crate::environments::Environments;
use crate::instance::InstanceId;
use crate::invocation::Outcome;

/// A response larger than 6 MB (and a little for the envelope) is refused by Lambda.
const RESPONSE_LIMIT: usize = 6 * 1024 * 1024 + 100;

type Answer = Response<Body>;

/// One address serves all instances of a function; the first path segment tells them apart.
pub(crate) fn router(environments: Arc<Environments>) -> Router {
    let runtime = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{request_id}/response", post(response))
        .route("/invocation/{request_id}/error", post(error))
        .route("/init/error", post(init_error));
    // Extensions here subscribe to nothing, so there is never an event.
    let extension = Router::new()
        .route("/register", post(register))
        .route("/event/next", get(std::future::pending::<Answer>));
    Router::new()
        .nest("/{instance}/2018-06-01/runtime", runtime)
        .nest("/{instance}/2020-01-01/extension", extension)
        .layer(DefaultBodyLimit::disable())
        .with_state(environments)
}

async fn next(State(environments): State<Arc<Environments>>, Path(instance): Path<u32>) -> Answer {
    let Some(instance) = environments.instance(InstanceId(instance)) else {
        return refuse(StatusCode::NOT_FOUND, "UnknownInstance");
    };
    let work = environments.dispatcher().next(&instance).await;
    Response::builder()
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Trace-Id", trace_id())
        .header(
            "Lambda-Runtime-Deadline-Ms",
            epoch_milliseconds(work.deadline).to_string(),
        )
        .header("Lambda-Runtime-Invoked-Function-Arn", environments.arn())
        .header("Lambda-Runtime-Aws-Request-Id", work.request_id)
        .body(Body::from(work.event))
        .unwrap_or_else(|_| refuse(StatusCode::INTERNAL_SERVER_ERROR, "InvalidHeader"))
}

async fn response(
    State(environments): State<Arc<Environments>>,
    Path((_, request_id)): Path<(u32, String)>,
    body: Bytes,
) -> Answer {
    let size = body.len();
    let is_too_large = size > RESPONSE_LIMIT;
    let outcome = match parse(&body) {
        _ if is_too_large => Outcome::Error {
            error_type: "Function.ResponseSizeTooLarge".to_owned(),
            message: format!(
                "Response payload size ({size} bytes) exceeded maximum allowed payload size \
                 ({RESPONSE_LIMIT} bytes)."
            ),
        },
        Some(response) => Outcome::Response(response),
        None => Outcome::Error {
            error_type: "Function.InvalidResponse".to_owned(),
            message: "The response is not JSON".to_owned(),
        },
    };
    let is_known = environments.dispatcher().finish(&request_id, outcome);
    if is_known && is_too_large {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge");
    }
    accept(is_known)
}

async fn error(
    State(environments): State<Arc<Environments>>,
    Path((_, request_id)): Path<(u32, String)>,
    body: Bytes,
) -> Answer {
    let (error_type, message) = diagnostic(&body);
    let outcome = Outcome::Error {
        error_type,
        message,
    };
    accept(environments.dispatcher().finish(&request_id, outcome))
}

async fn init_error(
    State(environments): State<Arc<Environments>>,
    Path(instance): Path<u32>,
    body: Bytes,
) -> Answer {
    let Some(instance) = environments.instance(InstanceId(instance)) else {
        return refuse(StatusCode::NOT_FOUND, "UnknownInstance");
    };
    let (error_type, message) = diagnostic(&body);
    instance.set_init_error(format!("{error_type}: {message}"));
    accept(true)
}

/// An extension inside the function's own process. It is what makes Lambda send SIGTERM.
async fn register(
    State(environments): State<Arc<Environments>>,
    Path(instance): Path<u32>,
) -> Answer {
    let Some(instance) = environments.instance(InstanceId(instance)) else {
        return refuse(StatusCode::NOT_FOUND, "UnknownInstance");
    };
    instance.set_extended();
    let description = json!({
        "functionName": environments.settings.name,
        "functionVersion": "$LATEST",
        "handler": "bootstrap",
    });
    let mut answer = answer(StatusCode::OK, &description);
    answer.headers_mut().insert(
        "Lambda-Extension-Identifier",
        HeaderValue::from(instance.pid()),
    );
    answer
}

fn diagnostic(body: &[u8]) -> (String, String) {
    let report = parse(body).unwrap_or_default();
    let text = |name: &str| report[name].as_str().unwrap_or_default().to_owned();
    (text("errorType"), text("errorMessage"))
}

fn parse(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn accept(is_known: bool) -> Answer {
    if !is_known {
        return refuse(StatusCode::BAD_REQUEST, "InvalidRequestID");
    }
    answer(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
}

fn refuse(status: StatusCode, error_type: &str) -> Answer {
    answer(
        status,
        &json!({ "errorType": error_type, "errorMessage": error_type }),
    )
}

fn answer(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    answer
}

/// A trace id in the form of X-Ray: version, seconds in hexadecimal, 96 random bits. Nobody reads the
/// random part here, so the clock gives it.
fn trace_id() -> String {
    let milliseconds = epoch_milliseconds(SystemTime::now());
    let seconds = milliseconds / 1000;
    format!("Root=1-{seconds:08x}-{milliseconds:024x};Parent=0000000000000001;Sampled=0")
}
