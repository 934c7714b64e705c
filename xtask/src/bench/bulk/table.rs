//! The results as Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use super::passwords::Rates;
use super::{Medians, ROUND_TRIP, USERS_BEFORE};

pub(super) fn write(
    rows: &[Medians],
    [peak_megabytes, peak_with_passwords]: [u64; 2],
    passwords: &Rates,
    postgres: u32,
    rounds: usize,
) -> String {
    let mut text = format!(
        "## Imports\n\n\
         `cargo xtask bench bulk`: release build, PostgreSQL {postgres} on the same {} cores, durable \
         commits, {USERS_BEFORE} users before, median of {rounds} rounds taken in turn. Users come with \
         password hashes. Times in milliseconds; in brackets, users per second.\n\n\
         | users | COPY | one INSERT per row | import, SQL alone | of COPY | through the function |\n\
         |--:|--:|--:|--:|--:|--:|\n",
        passwords.cores
    );
    for row in rows {
        line(
            &mut text,
            &[
                row.size.to_string(),
                time(row.size, row.copy),
                time(row.size, row.row_by_row),
                time(row.size, row.import),
                format!("{:.0} %", 100.0 * ratio(row.copy, row.import)),
                time(row.size, row.function),
            ],
        );
    }
    let _ = write!(
        text,
        "\nThe same with a round trip of {:.1} ms between function and database, as between two zones \
         of a region:\n\n\
         | users | one INSERT per row | through the function | times as fast |\n\
         |--:|--:|--:|--:|\n",
        milliseconds(ROUND_TRIP)
    );
    for row in rows {
        line(
            &mut text,
            &[
                row.size.to_string(),
                time(row.size, row.distant_row_by_row),
                time(row.size, row.distant_function),
                format!("{:.1}", ratio(row.distant_row_by_row, row.distant_function)),
            ],
        );
    }
    let most = passwords.one_core * u32::try_from(passwords.cores).map_or(1.0, f64::from);
    let _ = write!(
        text,
        "\nPeak of the function's memory after all that: {peak_megabytes} MB.\n\n\
         Plaintext passwords (argon2id, m=19456, t=2, p=1): one core alone {:.1} hashes a second \
         ({:.1} by the C library of argon2's authors), threads on {} cores {:.1}, the function {:.1}: \
         {:.0} % of the threads, {:.0} % of one core's rate times {}. Peak of memory after them: \
         {peak_with_passwords} MB.\n",
        passwords.one_core,
        passwords.one_core_in_c,
        passwords.cores,
        passwords.all_cores,
        passwords.function,
        100.0 * passwords.function / passwords.all_cores,
        100.0 * passwords.function / most,
        passwords.cores
    );
    text
}

fn line(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn time(users: usize, time: Duration) -> String {
    let users = u32::try_from(users).map_or(0.0, f64::from);
    format!(
        "{:.1} ({:.0})",
        milliseconds(time),
        users / time.as_secs_f64()
    )
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
