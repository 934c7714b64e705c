//! The headers about the limit: `RateLimit` and `RateLimit-Policy`, as in
//! draft-ietf-httpapi-ratelimit-headers-10.

use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};

use super::{RateLimitDecision, whole_seconds};

/// What is left.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What there is.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The name of our only policy: it is a caller's, over all routes.
const POLICY: &str = "caller";

impl RateLimitDecision {
    /// Adds both headers.
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap) {
        let policy = format!(
            "\"{POLICY}\";q={};w={}",
            self.limit.requests,
            self.limit.window.as_secs()
        );
        let left = format!(
            "\"{POLICY}\";r={};t={}",
            self.remaining,
            whole_seconds(self.full_in)
        );
        for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
            // Quotes, digits and letters are a header value always.
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::platform::config::RateLimit;

    #[test]
    fn a_caller_is_told_the_quota_the_window_what_is_left_and_when_all_is_back() {
        let decision = RateLimitDecision {
            limit: RateLimit {
                requests: 100,
                window: Duration::from_mins(1),
            },
            is_admitted: true,
            remaining: 99,
            full_in: Duration::from_millis(600),
            next_in: Duration::ZERO,
        };
        let mut headers = HeaderMap::new();
        decision.write_headers(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"caller\";q=100;w=60");
        assert_eq!(headers["ratelimit"], "\"caller\";r=99;t=1");
    }
}
