//! Many measurements of one thing.

use std::time::Duration;

/// Times in the order in which they were taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples(Vec<Duration>);

impl Samples {
    pub(super) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(super) fn extend(&mut self, others: &Self) {
        self.0.extend(&others.0);
    }

    pub(super) fn median(&self) -> Duration {
        self.quantile(50)
    }

    pub(super) fn p99(&self) -> Duration {
        self.quantile(99)
    }

    /// The smallest time that so many hundredths of all do not exceed.
    fn quantile(&self, hundredths: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * hundredths).div_ceil(100);
        let index = rank.saturating_sub(1);
        sorted.get(index).copied().unwrap_or_default()
    }
}

/// A time in milliseconds.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How many times `other` fits into `one`.
pub(super) fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

impl From<Vec<Duration>> for Samples {
    fn from(times: Vec<Duration>) -> Self {
        Self(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let mut samples = Samples::default();
        for milliseconds in (1..=200).rev() {
            samples.push(Duration::from_millis(milliseconds));
        }
        assert_eq!(samples.median(), Duration::from_millis(100));
        assert_eq!(samples.p99(), Duration::from_millis(198));
    }

    #[test]
    fn the_99th_percentile_of_few_measurements_is_the_longest() {
        let mut samples = Samples::default();
        for milliseconds in [30, 10, 20] {
            samples.push(Duration::from_millis(milliseconds));
        }
        assert_eq!(samples.median(), Duration::from_millis(20));
        assert_eq!(samples.p99(), Duration::from_millis(30));
    }
}
