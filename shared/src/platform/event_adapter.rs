//! From events to requests.
//!
//! `lambda_http` makes a URL of what an event says, and panics where that is none: a `Host` header
//! with two values is enough. Such requests are answered like all others.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};

use lambda_http::{Adapter, LambdaEvent, Service, TransformResponse, request::LambdaRequest};

use crate::platform::{
    error::Error,
    http::response::{self, Response},
};

/// What `lambda_http` makes of a service, and an answer where it panics.
pub(crate) struct EventAdapter<S> {
    adapter: Adapter<'static, Response, S>,
}

impl<S: Clone> Clone for EventAdapter<S> {
    fn clone(&self) -> Self {
        Self {
            adapter: self.adapter.clone(),
        }
    }
}

impl<S, E> EventAdapter<S>
where
    S: Service<lambda_http::Request, Response = Response, Error = E>,
    S::Future: Send + 'static,
{
    pub(crate) fn new(service: S) -> Self {
        Self {
            adapter: Adapter::from(service),
        }
    }
}

impl<S, E> Service<LambdaEvent<LambdaRequest>> for EventAdapter<S>
where
    S: Service<lambda_http::Request, Response = Response, Error = E>,
    S::Future: Send + 'static,
{
    type Response =
        <Adapter<'static, Response, S> as Service<LambdaEvent<LambdaRequest>>>::Response;
    type Error = E;
    type Future = TransformResponse<'static, Response, E>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.adapter.poll_ready(context)
    }

    fn call(&mut self, event: LambdaEvent<LambdaRequest>) -> Self::Future {
        let origin = event.payload.request_origin();
        let request_id = event.context.request_id.clone();
        // The adapter keeps nothing between calls that a panic could leave half done.
        let decoded = catch_unwind(AssertUnwindSafe(|| self.adapter.call(event)));
        decoded.unwrap_or_else(|_| {
            tracing::info!(request_id, status = 400, "request refused: it makes no URL");
            TransformResponse::Response(origin, Box::pin(async move { refusal(&request_id) }))
        })
    }
}

fn refusal(request_id: &str) -> Response {
    let error =
        Error::invalid_request("The host, path and query of the request do not form a valid URL");
    let mut response = response::error(&error, request_id);
    response::finish(&mut response, request_id);
    response
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::ready};

    use lambda_http::{Context as LambdaContext, service_fn};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The status of the answer to an event, where a handler would have said 200.
    fn status(event: &Value) -> Value {
        let event = LambdaEvent::new(
            serde_json::from_value(event.clone()).unwrap(),
            LambdaContext::default(),
        );
        let handler = |_| ready(Ok::<_, Infallible>(Response::default()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let answer = runtime.block_on(EventAdapter::new(service_fn(handler)).call(event));
        serde_json::to_value(answer.unwrap()).unwrap()["statusCode"].clone()
    }

    fn http_api(host: &str, path: &str, query: &str) -> Value {
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": { "host": host },
            "requestContext": { "http": { "method": "GET", "path": path }, "stage": "$default" },
            "isBase64Encoded": false,
        })
    }

    #[test]
    fn a_request_that_makes_no_url_is_answered() {
        assert_eq!(status(&http_api("a.example.com", "/health", "")), 200);
        assert_eq!(
            status(&http_api("a.example.com, b.example.com", "/health", "")),
            400
        );
        assert_eq!(
            status(&http_api("a.example.com:99999999", "/health", "")),
            400
        );
        assert_eq!(status(&http_api("a.example.com", "/health", "a b")), 400);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_host_path_and_query_are_answered(
            host in "[a-z.:,@\\[\\] 0-9é%-]{0,20}",
            path in "/?[ -~é]{0,20}",
            query in "[ -~é]{0,20}",
        ) {
            let status = status(&http_api(&host, &path, &query));
            prop_assert!(status == 200 || status == 400);
        }
    }
}
