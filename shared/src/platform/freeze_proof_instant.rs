//! Ages that survive a freeze.

use std::time::{Duration, Instant, SystemTime};

/// A point in time on two clocks.
///
/// Lambda freezes an environment between requests. The monotonic clock may stand still meanwhile,
/// and the wall clock may be set back; the larger of both differences is the age to go by.
#[derive(Debug, Clone, Copy)]
pub struct FreezeProofInstant {
    monotonic: Instant,
    wall: SystemTime,
}

impl FreezeProofInstant {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        Self {
            monotonic: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// The moment that was `age` ago.
    #[must_use]
    pub fn ago(age: Duration) -> Self {
        let now = Self::now();
        Self {
            // The monotonic clock may have begun less than that ago; the other one then decides.
            monotonic: now.monotonic.checked_sub(age).unwrap_or(now.monotonic),
            wall: now.wall.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }

    /// How long ago this moment was.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.monotonic
            .elapsed()
            .max(self.wall.elapsed().unwrap_or(Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_only_the_wall_clock_saw_counts() {
        let before_a_freeze = FreezeProofInstant {
            monotonic: Instant::now(),
            wall: SystemTime::now() - Duration::from_mins(1),
        };
        assert!(before_a_freeze.elapsed() >= Duration::from_mins(1));
    }

    #[test]
    fn a_moment_that_was_some_time_ago_is_that_old() {
        let age = FreezeProofInstant::ago(Duration::from_mins(1)).elapsed();
        assert!(age >= Duration::from_mins(1) && age < Duration::from_mins(2));
    }

    #[test]
    fn a_wall_clock_that_was_set_back_does_no_harm() {
        let later = FreezeProofInstant {
            monotonic: Instant::now(),
            wall: SystemTime::now() + Duration::from_mins(1),
        };
        assert!(later.elapsed() < Duration::from_secs(1));
    }
}
