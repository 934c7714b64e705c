//! A small API Gateway: real HTTP in front of functions, for clients that speak nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderValue, Response as HttpResponse, StatusCode};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::{Gateway, Request};
use crate::function::Function;

/// An HTTP API takes no larger body.
const BODY_LIMIT: usize = 10 * 1024 * 1024;
const TOO_LARGE: &str = r#"{"message":"Request Entity Too Large"}"#;

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
        let mut refusal = HttpResponse::new(Body::from(TOO_LARGE));
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return refusal;
    };
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter();
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let request = Request {
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: (!body.is_empty()).then(|| body.to_vec()),
        ..Request::new(head.method.as_str(), target)
    };
    let response = function.deliver(Gateway::HttpApi, &request).await;
    let mut answer = HttpResponse::new(Body::from(response.body));
    *answer.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *answer.headers_mut() = response.headers;
    answer
}
