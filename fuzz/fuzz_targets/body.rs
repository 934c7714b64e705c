//! The body of an import: JSON, NDJSON or CSV, as it is or compressed. The first byte chooses.
#![no_main]

use lambda_http::{Body, Request, http::HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let media_types = ["application/json", "application/x-ndjson", "text/csv"];
    let mut request = Request::new(Body::Binary(body.to_vec()));
    let headers = request.headers_mut();
    let media_type = media_types[usize::from(choice % 3)];
    headers.insert("content-type", HeaderValue::from_static(media_type));
    if choice & 0x80 != 0 {
        headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    }
    let _ = bulk_create::fuzzing::read(&request);
});
