//! What one request may spend on the server.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The time that one request may still wait for the server, over all its commands.
#[derive(Debug)]
pub struct TimeBudget {
    whole: Duration,
    left_us: AtomicU64,
}

impl TimeBudget {
    /// All of it.
    #[must_use]
    pub fn new(whole: Duration) -> Self {
        Self {
            whole,
            left_us: AtomicU64::new(microseconds(whole)),
        }
    }

    /// What it was at first.
    #[must_use]
    pub fn whole(&self) -> Duration {
        self.whole
    }

    /// What is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        Duration::from_micros(self.left_us.load(Ordering::Relaxed))
    }

    /// Takes away what a command took.
    pub fn spend(&self, time: Duration) {
        let time = microseconds(time);
        let less = |left: u64| Some(left.saturating_sub(time));
        // The closure always gives a value, so there is no failure to look at.
        let _ = self
            .left_us
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_gone_and_no_debt_is_made() {
        let budget = TimeBudget::new(Duration::from_millis(50));
        budget.spend(Duration::from_millis(20));
        assert_eq!(budget.left(), Duration::from_millis(30));
        budget.spend(Duration::from_secs(1));
        assert_eq!(budget.left(), Duration::ZERO);
    }
}
