//! How fast this environment hashes, and what fits into the time that is left.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use shared::platform::deadline::Deadline;

/// Kept back for the database: connecting and committing, and the rows at a slow server's pace.
const WRITE_TIME: Duration = Duration::from_millis(500);
const WRITE_TIME_PER_ROW: Duration = Duration::from_micros(200);

/// What is promised of the time left for hashing. The rest is for a machine that slows down.
const PROMISED: f64 = 0.9;

/// How much the newest measurement counts.
const WEIGHT: f64 = 0.3;

/// What one hash takes on one thread while all threads hash: a moving average.
#[derive(Debug, Default)]
pub(super) struct HashRate {
    /// 0 until something was measured.
    nanoseconds: AtomicU64,
}

impl HashRate {
    pub(super) fn is_known(&self) -> bool {
        self.nanoseconds.load(Ordering::Relaxed) > 0
    }

    /// Takes in that one thread needed `time` for `hashes`.
    pub(super) fn learn(&self, time: Duration, hashes: u32) {
        let Some(newest) = time.checked_div(hashes) else {
            return;
        };
        let newest = u64::try_from(newest.as_nanos()).unwrap_or(u64::MAX).max(1);
        // Threads may overwrite each other's average; either is a fresh one.
        let old = self.nanoseconds.load(Ordering::Relaxed);
        let average = if old == 0 { newest } else { mix(old, newest) };
        self.nanoseconds.store(average, Ordering::Relaxed);
    }

    /// How many hashes `threads` threads can do before the deadline and still write `rows` rows.
    pub(super) fn capacity(&self, deadline: &Deadline, rows: usize, threads: usize) -> usize {
        let left = deadline.remaining();
        let per_row = WRITE_TIME_PER_ROW * u32::try_from(rows).unwrap_or(u32::MAX);
        let for_hashing = left.saturating_sub(WRITE_TIME.min(left / 4) + per_row);
        let one = self.nanoseconds.load(Ordering::Relaxed).max(1);
        whole(for_hashing.as_secs_f64() * 1e9 * PROMISED / as_float(one)) * threads
    }
}

fn mix(old: u64, newest: u64) -> u64 {
    let average = as_float(old) * (1.0 - WEIGHT) + as_float(newest) * WEIGHT;
    whole(average) as u64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a nanosecond more or less in weeks does not matter"
)]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounding down is meant, and nothing here is negative"
)]
fn whole(number: f64) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_follows_from_the_measured_rate_and_the_time_left() {
        let rate = HashRate::default();
        assert!(!rate.is_known());
        rate.learn(Duration::from_millis(80), 2);
        let deadline = Deadline::after(Duration::from_secs(10));
        let fits = rate.capacity(&deadline, 1_000, 2);
        // (10 s - 0.5 s - 0.2 s) * 0.9 / 40 ms = 209 for each thread.
        assert!((400..=418).contains(&fits), "{fits}");
    }

    #[test]
    fn a_slower_machine_is_noticed() {
        let rate = HashRate::default();
        rate.learn(Duration::from_millis(40), 1);
        for _ in 0..20 {
            rate.learn(Duration::from_millis(80), 1);
        }
        let fits = rate.capacity(&Deadline::after(Duration::from_secs(4)), 0, 1);
        assert!((38..=40).contains(&fits), "{fits}");
    }

    #[test]
    fn without_time_nothing_fits() {
        let rate = HashRate::default();
        rate.learn(Duration::from_millis(40), 1);
        assert_eq!(rate.capacity(&Deadline::after(Duration::ZERO), 1, 2), 0);
    }
}
