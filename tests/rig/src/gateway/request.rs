//! An HTTP request before it meets a gateway.

use serde_json::Value;

use super::{Gateway, events};

/// An HTTP request, built step by step.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) is_base64: bool,
    pub(super) claims: Option<Value>,
}

impl Request {
    /// A request with any method. The path may carry a raw query string.
    #[must_use]
    pub fn new(method: &str, path_and_query: &str) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("host".to_owned(), "api.example.com".to_owned())],
            body: None,
            is_base64: false,
            claims: None,
        }
    }

    /// A GET request. The path may carry a raw query string.
    #[must_use]
    pub fn get(path_and_query: &str) -> Self {
        Self::new("GET", path_and_query)
    }

    /// A POST request. The path may carry a raw query string.
    #[must_use]
    pub fn post(path_and_query: &str) -> Self {
        Self::new("POST", path_and_query)
    }

    /// Replaces the raw query string.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// Adds a header. The same name may come several times.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sets a JSON body and its content type.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// Sets a body of any kind. A gateway encodes it when it is not text.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Has the gateway send even a text body in base64, as it does for unknown content types.
    #[must_use]
    pub fn base64(mut self) -> Self {
        self.is_base64 = true;
        self
    }

    /// Adds what a JWT authorizer of the gateway leaves behind: the claims it has verified.
    #[must_use]
    pub fn claims(mut self, claims: Value) -> Self {
        self.claims = Some(claims);
        self
    }

    /// The event that one kind of gateway makes of this request.
    #[must_use]
    pub fn event(&self, gateway: Gateway) -> Value {
        match gateway {
            Gateway::HttpApi => events::http_api(self),
            Gateway::RestApi => events::rest_api(self),
            Gateway::LoadBalancer => events::load_balancer(self),
            Gateway::FunctionUrl => events::function_url(self),
        }
    }
}
