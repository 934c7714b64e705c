//! The results as Markdown.

use std::fmt::Write as _;

use super::{BATCH, DEFAULTS, FUNCTIONS, Figures, HELLO, Results, WARM_REQUESTS};
use crate::bench::samples::{Samples, milliseconds, ratio};

pub(super) fn write(results: &Results, rounds: usize, postgres: u32) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "## Cold starts\n\n\
         `cargo xtask bench cold`: release builds on {cores} cores, {rounds} starts of each taken in turn, \
         median (99th percentile) in milliseconds. *Init* is from the start of the process to its first \
         request for work, with nothing to connect to. *First answer* is from the start of the process to \
         the answer to an event that waits for it: with two secrets fetched over https, a connection to \
         PostgreSQL {postgres} with TLS and SCRAM, the caller's row and the function's own query. All \
         servers run on the same cores. *{DEFAULTS}* is `bench/defaults`: the numbers of stats with the \
         newest driver and the default features of every library (aws-lc-rs, no `TCP_NODELAY`).\n\n\
         | | init | of hello world | connected | first answer | times as fast as the defaults |\n\
         |---|--:|--:|--:|--:|--:|\n"
    );
    let none = Figures::default();
    let hello = results.get(HELLO).unwrap_or(&none);
    let defaults = results.get(DEFAULTS).unwrap_or(&none);
    let names = || [HELLO, DEFAULTS].into_iter().chain(FUNCTIONS);
    for name in names() {
        let figures = results.get(name).unwrap_or(&none);
        let is_ours = FUNCTIONS.contains(&name);
        let cells = [
            name.to_owned(),
            cell(name != DEFAULTS, || time(&figures.init)),
            cell(is_ours, || {
                format!("{:.2}", ratio(figures.init.median(), hello.init.median()))
            }),
            cell(name != HELLO, || time(&figures.connected)),
            time(&figures.first_answer),
            cell(is_ours, || {
                let times = ratio(
                    defaults.first_answer.median(),
                    figures.first_answer.median(),
                );
                format!("{times:.1}")
            }),
        ];
        line(&mut text, &cells);
    }
    let _ = write!(
        text,
        "\nSizes in MB (zip: deflated), resident memory in MB at the first answer (most of all starts) and \
         after {WARM_REQUESTS} warm requests, and warm requests per second, one after another (median of \
         batches of {BATCH} in turn): cached numbers with the token checked for stats, one query for \
         list-users, a dry run of one user for bulk-create, cached checks for health.\n\n\
         | | binary | zip | memory, first | memory, warm | requests/s | of hello world |\n\
         |---|--:|--:|--:|--:|--:|--:|\n"
    );
    for name in names() {
        let figures = results.get(name).unwrap_or(&none);
        let share = 100.0 * ratio(hello.batches.median(), figures.batches.median());
        let cells = [
            name.to_owned(),
            megabytes(figures.size),
            megabytes(figures.zipped),
            megabytes(figures.first_memory),
            megabytes(figures.warm_memory),
            format!(
                "{:.0}",
                f64::from(BATCH) / figures.batches.median().as_secs_f64()
            ),
            cell(name != HELLO, || format!("{share:.0} %")),
        ];
        line(&mut text, &cells);
    }
    text
}

fn line(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn cell(is_filled: bool, content: impl FnOnce() -> String) -> String {
    if is_filled { content() } else { String::new() }
}

fn time(samples: &Samples) -> String {
    format!(
        "{:.1} ({:.1})",
        milliseconds(samples.median()),
        milliseconds(samples.p99())
    )
}

#[expect(clippy::cast_precision_loss, reason = "a size to one decimal place")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
