//! The Idempotency-Key header.
#![no_main]

use lambda_http::http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use shared::platform::idempotency::IdempotencyKey;

fuzz_target!(|data: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", value);
    if let Ok(Some(key)) = IdempotencyKey::from_headers(&headers) {
        assert!((1..=255).contains(&key.as_str().chars().count()));
    }
});
