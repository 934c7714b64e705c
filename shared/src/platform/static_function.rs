//! The frame around a function that answers from what it has in memory: it asks no database, knows no caller and
//! awaits nothing.

use std::{convert::Infallible, future::ready, sync::Arc};

use lambda_http::{Request, RequestExt, lambda_runtime, service_fn};

use crate::platform::{
    error::{Error, chain},
    event_adapter::EventAdapter,
    http::response::{self, Response},
    runtime,
};

/// Serves such a function until Lambda ends the environment.
pub fn serve(
    respond: impl Fn(&Request) -> Result<Response, Error> + Send + Sync + 'static,
) -> Result<(), lambda_http::Error> {
    let respond = Arc::new(respond);
    let service = service_fn(move |request: Request| {
        ready(Ok::<_, Infallible>(answer(respond.as_ref(), &request)))
    });
    let adapter = EventAdapter::new(service);
    runtime::block_on(async { lambda_runtime::Runtime::new(adapter).run_concurrent().await })
}

fn answer(respond: impl Fn(&Request) -> Result<Response, Error>, request: &Request) -> Response {
    let context = request.lambda_context_ref();
    let request_id = context.map_or("", |context| context.request_id.as_str());
    let mut response = respond(request).unwrap_or_else(|error| {
        tracing::info!(request_id, error = chain(&error), "request refused");
        response::error(&error, request_id)
    });
    response::finish(&mut response, request_id);
    response
}
