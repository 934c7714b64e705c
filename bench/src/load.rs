//! The load generator: callers who send requests, and what they see.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use rig::Response;

use crate::report::{Samples, milliseconds};

pub struct Load {
    /// How long each answer took.
    pub times: Samples,
    /// How often each status came that is not a success.
    pub failures: BTreeMap<u16, u32>,
    /// From the first request to the last answer.
    pub seconds: f64,
}

/// A closed loop: each caller sends its next request when its last one is answered.
pub async fn closed_loop(callers: u32, requests: u32, send: impl AsyncFn(u32) -> Response) -> Load {
    let next = Cell::new(0);
    let started = Instant::now();
    let caller = async |_| {
        let mut answers = Vec::new();
        while next.get() < requests {
            let request = next.replace(next.get() + 1);
            let start = Instant::now();
            let status = send(request).await.status;
            answers.push((milliseconds(start.elapsed()), status));
        }
        answers
    };
    let answers = join_all((0..callers).map(caller)).await.concat();
    let seconds = started.elapsed().as_secs_f64();
    let mut failures = BTreeMap::new();
    for (_, status) in answers.iter().filter(|(_, status)| *status >= 300) {
        *failures.entry(*status).or_default() += 1;
    }
    Load {
        times: Samples(answers.into_iter().map(|(time, _)| time).collect()),
        failures,
        seconds,
    }
}
