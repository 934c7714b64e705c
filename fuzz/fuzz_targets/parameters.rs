//! The query string of a list.
#![no_main]

use lambda_http::{Body, Request, RequestExt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let Ok(parameters) = data.parse::<lambda_http::aws_lambda_events::query_map::QueryMap>() else {
        return;
    };
    let request = Request::new(Body::Empty).with_query_string_parameters(parameters);
    let _ = users::fuzzing::read(&request);
});
