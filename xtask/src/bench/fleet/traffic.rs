//! Mixed requests, as many at a time as there are environments.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use rig::{Gateway, Request};
use serde_json::{Value, json};

use super::environments::{ALL_SHARES, Fleet, SHARES};
use crate::bench::samples::Samples;

/// Users of one import.
const IMPORT: u32 = 10;

/// What the callers saw.
#[derive(Default)]
pub(super) struct Seen {
    /// How long each answer took.
    pub(super) times: Samples,
    /// How often each status came that is no success.
    pub(super) failures: BTreeMap<u16, u32>,
    /// From the first request to the last answer.
    pub(super) time: Duration,
}

impl Seen {
    pub(super) fn failed(&self) -> u32 {
        self.failures.values().sum()
    }
}

/// Sends requests; `run` tells the users of this run from those of others.
pub(super) async fn send(fleet: &Fleet, requests: u32, run: &str) -> Result<Seen> {
    let next = AtomicU32::new(0);
    let started = Instant::now();
    let callers = (0..environments(fleet)).map(|_| caller(fleet, requests, run, &next));
    let parts = futures_util::future::join_all(callers).await;
    let mut all = Seen {
        time: started.elapsed(),
        ..Seen::default()
    };
    for part in parts {
        all.times.extend(&part.times);
        for (status, count) in part.failures {
            *all.failures.entry(status).or_default() += count;
        }
    }
    Ok(all)
}

fn environments(fleet: &Fleet) -> usize {
    (0..SHARES.len())
        .map(|place| fleet.function(place).instances().len())
        .sum()
}

/// One caller, who sends the next request when the last one is answered.
async fn caller(fleet: &Fleet, requests: u32, run: &str, next: &AtomicU32) -> Seen {
    let mut seen = Seen::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= requests {
            return seen;
        }
        let (place, request) = request(number, run);
        let request = request.bearer(&fleet.token);
        let sent = Instant::now();
        let response = fleet
            .function(place)
            .deliver(Gateway::HttpApi, &request)
            .await;
        seen.times.push(sent.elapsed());
        if response.status >= 300 {
            *seen.failures.entry(response.status).or_default() += 1;
        }
    }
}

/// Lists, numbers and imports in the proportion of the environments, well mixed.
fn request(number: u32, run: &str) -> (usize, Request) {
    // 7 has no divisor in common with 20, so this is an order of all remainders.
    let turn = (number * 7) % ALL_SHARES;
    if turn < SHARES[0] {
        (0, Request::get(list(number)))
    } else if turn < SHARES[0] + SHARES[1] {
        (1, Request::get("/api/v1/dashboard/stats"))
    } else {
        let users: Value = (0..IMPORT)
            .map(|row| {
                let name = format!("{run}-{number}-{row}");
                json!({ "email": format!("{name}@example.com"), "username": name })
            })
            .collect();
        let request = Request::post("/api/v1/users/bulk")
            .header("idempotency-key", &format!("{run}-{number}"));
        (2, request.json(&users))
    }
}

fn list(number: u32) -> &'static str {
    match number % 4 {
        0 => "/api/v1/users",
        1 => "/api/v1/users?is_active=true&size=20",
        2 => "/api/v1/users?is_superuser=false&sort_by=email&sort_order=asc",
        _ => "/api/v1/users?sort_by=username&size=10&page=3",
    }
}
