//! Times of one question that was asked several times.

use std::time::Duration;

/// Times in order, and what the server touched each time.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples {
    times: Vec<Duration>,
    /// Pages of 8 kB, of one answer.
    pub(super) pages: u64,
}

impl Samples {
    pub(super) fn new(mut times: Vec<Duration>, pages: u64) -> Self {
        times.sort_unstable();
        let rounds = u64::try_from(times.len().max(1)).unwrap_or(u64::MAX);
        Self {
            times,
            pages: pages / rounds,
        }
    }

    /// All of them together, with the most pages that one touched.
    pub(super) fn pooled<'s>(samples: impl IntoIterator<Item = &'s Self>) -> Self {
        let mut all = Self::default();
        for each in samples {
            all.times.extend(&each.times);
            all.pages = all.pages.max(each.pages);
        }
        all.times.sort_unstable();
        all
    }

    pub(super) fn median(&self) -> Duration {
        self.quantile(50)
    }

    pub(super) fn p99(&self) -> Duration {
        self.quantile(99)
    }

    /// The smallest time that so many hundredths of all do not exceed.
    fn quantile(&self, hundredths: usize) -> Duration {
        let rank = (self.times.len() * hundredths).div_ceil(100);
        let index = rank.saturating_sub(1);
        self.times.get(index).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times = (1..=200).rev().map(Duration::from_millis).collect();
        let samples = Samples::new(times, 400);
        assert_eq!(samples.median(), Duration::from_millis(100));
        assert_eq!(samples.p99(), Duration::from_millis(198));
        assert_eq!(samples.pages, 2);
    }
}
