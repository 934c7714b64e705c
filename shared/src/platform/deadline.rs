//! When a request must have its answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// The largest part of an invocation that is kept back for writing the answer.
const MAX_INVOCATION_MARGIN: Duration = Duration::from_millis(500);

/// The point in time at which a request is answered with `504 request_timeout`, whatever it is
/// doing.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    budget: Duration,
}

impl Deadline {
    /// The earlier of `request_timeout` from now and the end of the invocation (milliseconds since
    /// 1970) less a margin.
    ///
    /// A local runtime may send an end that lies in the past, which no real invocation has: it is
    /// ignored.
    #[must_use]
    pub fn from_now(request_timeout: Duration, invocation_end_ms: u64) -> Self {
        let invocation_end = UNIX_EPOCH + Duration::from_millis(invocation_end_ms);
        let budget = match invocation_end.duration_since(SystemTime::now()) {
            Ok(left) if !left.is_zero() => {
                request_timeout.min(left.saturating_sub(MAX_INVOCATION_MARGIN.min(left / 5)))
            }
            _ => request_timeout,
        };
        Self::after(budget)
    }

    /// A budget that begins now.
    #[must_use]
    pub fn after(budget: Duration) -> Self {
        Self {
            at: Instant::now() + budget,
            budget,
        }
    }

    /// The time as the runtime counts it.
    #[must_use]
    pub fn instant(&self) -> Instant {
        self.at
    }

    /// What is left of the budget; zero when it is used up.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// The whole budget in seconds with at most one decimal, as the error message states it.
    #[must_use]
    pub fn budget_in_seconds(&self) -> f64 {
        (self.budget.as_secs_f64() * 10.0).round() / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(28);

    fn ending_in(left: Duration) -> Deadline {
        let end = SystemTime::now() + left;
        let end_ms = end.duration_since(UNIX_EPOCH).unwrap().as_millis();
        Deadline::from_now(TIMEOUT, u64::try_from(end_ms).unwrap())
    }

    #[test]
    fn the_request_timeout_holds_while_the_invocation_lasts_longer() {
        assert!(
            (ending_in(Duration::from_secs(29)).budget_in_seconds() - 28.0).abs() < f64::EPSILON
        );
    }

    #[test]
    fn a_shorter_invocation_leaves_a_margin_for_the_answer() {
        let deadline = ending_in(Duration::from_secs(1));
        assert!(
            deadline.remaining() <= Duration::from_millis(800),
            "{deadline:?}"
        );
        assert!(
            deadline.remaining() > Duration::from_millis(700),
            "{deadline:?}"
        );
    }

    #[test]
    fn an_end_in_the_past_is_ignored() {
        assert!(
            (Deadline::from_now(TIMEOUT, 600_000).budget_in_seconds() - 28.0).abs() < f64::EPSILON
        );
    }
}
