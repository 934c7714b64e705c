//! A small API Gateway: real HTTP in front of functions, for clients that speak nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::{Gateway, Request, Response};
use crate::function::Function;
use crate::invocation::Outcome;

/// An HTTP API takes no larger body.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Serves functions over HTTP, as an API Gateway HTTP API does. Dropping it closes the port.
pub struct GatewayServer {
    address: SocketAddr,
    server: AbortHandle,
}

impl GatewayServer {
    /// Opens a free port of 127.0.0.1 for functions by path; `default` gets all other requests.
    pub async fn start(
        by_path: impl IntoIterator<Item = (&str, Arc<Function>)>,
        default: Arc<Function>,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("cannot open a port for the API")?;
        let address = listener
            .local_addr()
            .context("a bound port has an address")?;
        let mut service = Router::new().fallback(answer).with_state(default);
        for (path, function) in by_path {
            service = service.merge(Router::new().route(path, any(answer)).with_state(function));
        }
        let server = tokio::spawn(async move { axum::serve(listener, service).await });
        Ok(Self {
            address,
            server: server.abort_handle(),
        })
    }

    /// Where it listens, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for GatewayServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(function): State<Arc<Function>>, request: HttpRequest) -> HttpResponse<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return gateway_error(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: (!body.is_empty()).then(|| body.to_vec()),
        is_base64: false,
        claims: None,
    };
    let invocation = function.invoke(request.event(Gateway::HttpApi)).await;
    let Outcome::Response(event) = invocation.outcome else {
        eprintln!(
            "{} {} ended with {:?}",
            request.method, request.path, invocation.outcome
        );
        return gateway_error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    };
    match Response::from_event(&event) {
        Ok(response) => http_response(response),
        Err(error) => {
            eprintln!(
                "{} {} was answered wrongly: {error:#}",
                request.method, request.path
            );
            gateway_error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

fn http_response(response: Response) -> HttpResponse<Body> {
    let mut answer = HttpResponse::new(Body::from(response.body));
    *answer.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *answer.headers_mut() = response.headers;
    answer
}

/// What the gateway itself says when it has no answer of the function's.
fn gateway_error(status: StatusCode, message: &str) -> HttpResponse<Body> {
    let body = serde_json::json!({ "message": message });
    let mut answer = HttpResponse::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    answer
}
