//! The function that the rig's own tests run: it does what the path says.

use std::path::Path;
use std::time::Duration;

use lambda_http::{Body, Error, IntoResponse, Request, RequestExt, run_concurrent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::var_os("FAIL_IF_EXISTS").is_some_and(|path| Path::new(&path).exists()) {
        return Err("initialisation has been made to fail".into());
    }
    eprintln!("echo is ready");
    run_concurrent(service_fn(handle)).await
}

async fn handle(request: Request) -> Result<impl IntoResponse, Error> {
    match request.raw_http_path() {
        "/crash" => std::process::exit(3),
        "/error" => Err("the path asked for an error".into()),
        "/sleep" => {
            let milliseconds = request
                .uri()
                .query()
                .and_then(|query| query.strip_prefix("ms="));
            let milliseconds = milliseconds.and_then(|text| text.parse().ok()).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Ok(describe(&request))
        }
        "/large" => Ok(json!("x".repeat(7_000_000))),
        _ => Ok(describe(&request)),
    }
}

fn describe(request: &Request) -> Value {
    let context = request.lambda_context();
    let body = match request.body() {
        Body::Text(text) => json!({ "text": text }),
        Body::Binary(bytes) => json!({ "binary": bytes }),
        _ => Value::Null,
    };
    json!({
        "method": request.method().as_str(),
        "path": request.raw_http_path(),
        "query": request.uri().query(),
        "authorization": request.headers().get("authorization").and_then(|value| value.to_str().ok()),
        "body": body,
        "deadline": context.deadline,
        "request_id": context.request_id,
        "process": std::process::id(),
        "environment": std::env::vars().map(|(name, _)| name).collect::<Vec<_>>(),
    })
}
