//! How many requests a caller may send, counted for all environments in the Valkey server.
//!
//! The generic cell rate algorithm: a caller may send `requests` at once, and gets each back after
//! `window / requests`. It takes one key a caller and one round trip a request, and is exact among
//! any number of environments. A caller is known by `users.id`, or by a hash of
//! another subject.
//!
//! A server that is of no use limits nobody.

mod headers;

use std::{sync::Arc, time::Duration};

use crate::platform::{
    config::RateLimit,
    metrics,
    valkey::{Failure, Script, TimeBudget, Valkey},
};

/// Counts requests.
#[derive(Clone)]
pub struct RateLimiter(Arc<Inner>);

struct Inner {
    valkey: Valkey,
    limit: RateLimit,
}

/// Whether a request is within the limit, and how much of it is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitDecision {
    limit: RateLimit,
    is_admitted: bool,
    remaining: u64,
    full_in: Duration,
    next_in: Duration,
}

impl RateLimiter {
    pub(crate) fn new(valkey: Valkey, limit: RateLimit) -> Self {
        Self(Arc::new(Inner { valkey, limit }))
    }

    /// Counts a request of a user. Nothing, if the server is of no use.
    pub(crate) async fn count(
        &self,
        caller: &str,
        budget: &TimeBudget,
    ) -> Option<RateLimitDecision> {
        let script = self.script(caller);
        // What went wrong has been logged and counted.
        let answer = self.0.valkey.run(budget, &script).await.ok()?;
        let decision = self.decision(answer);
        if !decision.is_admitted {
            metrics::count(metrics::RATE_LIMITED);
        }
        Some(decision)
    }

    /// Whether the server counts, even if it did not a moment ago.
    pub async fn check(&self, bound: Duration) -> Result<(), Failure> {
        let budget = TimeBudget::new(bound);
        let script = self.script("health");
        let answer: Answer = self.0.valkey.run_regardless(&budget, &script).await?;
        tracing::trace!(?answer, "the limiter counts");
        Ok(())
    }

    fn script(&self, caller: &str) -> Script {
        let RateLimit { requests, window } = self.0.limit;
        let interval_us = (window.as_micros() / u128::from(requests)).max(1);
        // The limit is part of the key: counting begins anew when it changes.
        let name = format!("limit:{requests}/{}:{caller}", window.as_secs());
        Script {
            code: include_str!("gcra.lua"),
            keys: vec![self.0.valkey.key(&name)],
            arguments: vec![interval_us.to_string(), requests.to_string()],
        }
    }

    fn decision(
        &self,
        (is_admitted, remaining, full_in_us, next_in_us): Answer,
    ) -> RateLimitDecision {
        RateLimitDecision {
            limit: self.0.limit,
            is_admitted,
            remaining,
            full_in: Duration::from_micros(full_in_us),
            next_in: Duration::from_micros(next_in_us),
        }
    }
}

/// What the script returns.
type Answer = (bool, u64, u64, u64);

impl RateLimitDecision {
    /// Whether the request may go on.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        self.is_admitted
    }

    /// After how many seconds a request that was not admitted would be, at least one.
    #[must_use]
    pub fn retry_after_seconds(&self) -> u64 {
        whole_seconds(self.next_in).max(1)
    }
}

/// Seconds, rounded up, as headers state them.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
