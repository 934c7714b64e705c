//! The results as Markdown.

use std::fmt::Write as _;
use std::num::NonZero;
use std::thread;

use super::environments::{ALL_SHARES, SHARES};
use super::{Arguments, Outcome};
use crate::bench::bulk::USERS_BEFORE;
use crate::bench::samples::milliseconds;

pub(super) fn write(outcomes: &[Outcome], arguments: &Arguments, postgres: u32) -> String {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let percent = |share: u32| share * 100 / ALL_SHARES;
    let mut text = format!(
        "## A fleet\n\n\
         `cargo xtask bench fleet`: {build} build, PostgreSQL {postgres}, the pooler and all {} \
         environments on the same {cores} cores, durable commits, {USERS_BEFORE} users before. {} \
         requests each way, {} at a time: {} % lists, {} % numbers, {} % imports of ten users with an \
         Idempotency-Key. So many at a time on so few cores wait for each other: times here say how \
         the two ways compare, not how long a request takes.\n\n\
         | way | failed | requests/s | p50 in ms | p99 in ms | connections at the server | all \
         environments up after | memory of an environment |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|\n",
        arguments.environments,
        arguments.requests,
        arguments.environments,
        percent(SHARES[0]),
        percent(SHARES[1]),
        percent(SHARES[2]),
    );
    for outcome in outcomes {
        let seen = &outcome.seen;
        let most = outcome.connections.iter().map(|point| point.1);
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} s | {:.1} MB |",
            way(outcome.way, arguments),
            failures(outcome),
            f64::from(arguments.requests) / seen.time.as_secs_f64(),
            milliseconds(seen.times.median()),
            milliseconds(seen.times.p99()),
            most.fold(0.0, f64::max),
            outcome.start_seconds,
            megabytes_each(outcome.megabytes, arguments.environments),
        );
    }
    text.push_str("\n![Connections at the server over time](fleet.svg)\n");
    text
}

fn way(way: &str, arguments: &Arguments) -> String {
    match way {
        "straight" => "straight to PostgreSQL".to_owned(),
        other => format!(
            "{other} in transaction mode, {} server connections",
            arguments.server_connections
        ),
    }
}

fn failures(outcome: &Outcome) -> String {
    let seen = &outcome.seen;
    if seen.failures.is_empty() {
        return "0".to_owned();
    }
    let kinds: Vec<_> = seen
        .failures
        .iter()
        .map(|(status, count)| format!("{status}: {count}"))
        .collect();
    format!("{} ({})", seen.failed(), kinds.join(", "))
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn megabytes_each(megabytes: u64, environments: u32) -> f64 {
    megabytes as f64 / f64::from(environments)
}
