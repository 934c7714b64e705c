//! What fuzzers start from.

use std::{convert::Infallible, future::ready};

use lambda_http::{LambdaEvent, Service, request::LambdaRequest, service_fn};

use crate::platform::{event_adapter::EventAdapter, http::response::Response};

/// Takes an event as the runtime hands it over, up to the point where a handler would get a request.
/// Whether it was an event at all.
#[must_use]
pub fn decode(event: &[u8]) -> bool {
    let Ok(payload) = serde_json::from_slice::<LambdaRequest>(event) else {
        return false;
    };
    let handler = |_| ready(Ok::<_, Infallible>(Response::default()));
    let answer = EventAdapter::new(service_fn(handler))
        .call(LambdaEvent::new(payload, lambda_http::Context::default()));
    drop(answer);
    true
}
