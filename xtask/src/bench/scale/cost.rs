//! What a question costs that was asked several times.

use std::time::Duration;

use crate::bench::samples::Samples;

/// The time of each answer, and what the server touched for one.
#[derive(Debug, Clone, Default)]
pub(super) struct Cost {
    times: Samples,
    /// Pages of 8 kB, of one answer.
    pub(super) pages: u64,
}

impl Cost {
    /// `pages` is what the server touched for all answers together.
    pub(super) fn new(times: Vec<Duration>, pages: u64) -> Self {
        let rounds = u64::try_from(times.len().max(1)).unwrap_or(u64::MAX);
        Self {
            times: times.into(),
            pages: pages / rounds,
        }
    }

    /// All of them together, with the most pages that one touched.
    pub(super) fn pooled<'s>(costs: impl IntoIterator<Item = &'s Self>) -> Self {
        let mut all = Self::default();
        for each in costs {
            all.times.extend(&each.times);
            all.pages = all.pages.max(each.pages);
        }
        all
    }

    pub(super) fn median(&self) -> Duration {
        self.times.median()
    }

    pub(super) fn p99(&self) -> Duration {
        self.times.p99()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooled_costs_keep_all_times_and_the_most_pages() {
        let cheap = Cost::new(vec![Duration::from_millis(1); 3], 6);
        let dear = Cost::new(vec![Duration::from_millis(9)], 5);
        let pooled = Cost::pooled([&cheap, &dear]);
        assert_eq!(pooled.median(), Duration::from_millis(1));
        assert_eq!(pooled.p99(), Duration::from_millis(9));
        assert_eq!(pooled.pages, 5);
    }
}
