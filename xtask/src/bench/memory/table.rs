//! The results as Markdown.

use std::fmt::Write as _;

use super::Figures;
use crate::bench::samples::milliseconds;

/// The request timeout by default, in seconds.
const REQUEST: f64 = 28.0;

/// What bulk-create keeps back of it, and the part of the rest that it promises.
const FOR_WRITING: f64 = 0.5;
const PROMISED: f64 = 0.9;

pub(super) fn write(figures: &[Figures], rounds: u16) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "`cargo xtask bench memory`: release builds on {cores} cores, under a quota of the kernel (control \
         groups, periods of 20 ms) that is the size divided by 1769 MB. First answer of stats from the start \
         of its process, with secrets over https and PostgreSQL with TLS and SCRAM outside the quota: median \
         (99th percentile) of {rounds} starts, in milliseconds. Hashes are argon2id with 19 MiB and 2 passes; \
         a request with the default timeout of 28 s promises so many.\n\n\
         | MB | of a core | first answer | hashes/s | passwords in a request |\n\
         |--:|--:|--:|--:|--:|\n"
    );
    for size in figures {
        let fitting = (REQUEST - FOR_WRITING) * PROMISED * size.hashes;
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.0} ({:.0}) | {:.1} | {fitting:.0} |",
            size.megabytes,
            size.share,
            milliseconds(size.first_answer.median()),
            milliseconds(size.first_answer.p99()),
            size.hashes,
        );
    }
    text
}
