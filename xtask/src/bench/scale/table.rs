//! The results as Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use shared::users::Total;

use super::{Scale, cost::Cost, lists::Place, searches::OfTerm};

pub(super) fn write(scales: &[Scale], postgres: u32, rounds: u32) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "## From ten thousand users to ten million\n\n\
         `cargo xtask bench scale`: release build, PostgreSQL {postgres} on the same {cores} cores with all data in \
         memory, one connection, {rounds} rounds of each query of ours after a few to warm up, and of the \
         seed's as many as it takes seconds for. *Seed* stands for the application that such a table \
         comes from: single-column indexes, OFFSET, ILIKE, and a count with every page. Times in \
         milliseconds, median / p99, from the client's side. Pages are those of 8 kB that the server \
         touched for one answer.\n\n\
         ![Medians against the number of users](scale.svg)\n"
    );
    statistics(&mut text, scales);
    lists(&mut text, scales);
    for scale in scales {
        searches(&mut text, scale);
    }
    text
}

fn statistics(text: &mut String, scales: &[Scale]) {
    text.push_str(
        "\n### Statistics\n\n\
         Ours takes so little that it matters how fast a core wakes up. It is therefore measured a hundred \
         times as often, after as many answers to warm up.\n\n\
         | users | seed, all users loaded | seed, one scan | ours | pages | times as fast as one scan |\n\
         |--:|--:|--:|--:|--:|--:|\n",
    );
    for scale in scales {
        let of = &scale.statistics;
        line(
            text,
            &[
                scale.users.to_string(),
                times(&of.load_all),
                times(&of.one_scan),
                times(&of.kept),
                of.kept.pages.to_string(),
                ratio(&of.one_scan, &of.kept),
            ],
        );
    }
}

fn lists(text: &mut String, scales: &[Scale]) {
    text.push_str(
        "\n### Lists\n\n\
         Pages of 50. *All* are nine filters in six orders; *worst* is the one of these 54 with the largest \
         p99. The seed is measured without a filter, newest first, beside ours of the same.\n\n\
         | users | page | all | worst | most pages | ours, newest first | seed | pages | times as fast |\n\
         |--:|---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for scale in scales {
        for at in &scale.lists.places {
            line(
                text,
                &[
                    scale.users.to_string(),
                    place(at.place).to_owned(),
                    times(&at.ours),
                    times(&at.worst),
                    at.ours.pages.to_string(),
                    times(&at.ours_plain),
                    times(&at.seed_plain),
                    at.seed_plain.pages.to_string(),
                    ratio(&at.seed_plain, &at.ours_plain),
                ],
            );
        }
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::First => "first",
        Place::Numbered => "10,000 deep by number",
        Place::Deep => "after nine tenths, by cursor",
        Place::DeepBack => "the one before that",
        Place::Last => "last",
    }
}

fn searches(text: &mut String, scale: &Scale) {
    let _ = write!(
        text,
        "\n### Searches among {} users\n\n\
         First pages of 50 with a capped count, in six orders; *worst* is the order with the largest median. \
         *Found* is how many users the page had, the fewest and the most of the six orders; less than 50 \
         means that no more exist, or that the search stopped early and gave a cursor to go on from.\n\n\
         | term | | all | worst | pages | found | total | seed | times as fast |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|\n",
        scale.users
    );
    for of in &scale.searches.terms {
        line(
            text,
            &[
                format!("`{}`", of.term),
                of.what.to_owned(),
                times(&of.ours),
                times(&of.worst),
                of.ours.pages.to_string(),
                found(of),
                total(of.total),
                of.seed.as_ref().map(times).unwrap_or_default(),
                of.seed
                    .as_ref()
                    .map(|seed| ratio(seed, &of.ours))
                    .unwrap_or_default(),
            ],
        );
    }
}

fn found(of: &OfTerm) -> String {
    let (fewest, most) = of.found;
    if fewest == most {
        most.to_string()
    } else {
        format!("{fewest} to {most}")
    }
}

fn total(total: Option<Total>) -> String {
    match total {
        Some(Total::Exactly(total)) => total.to_string(),
        Some(Total::AtLeast(total)) => format!("{total} or more"),
        None => String::new(),
    }
}

fn line(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn times(cost: &Cost) -> String {
    format!(
        "{} / {}",
        milliseconds(cost.median()),
        milliseconds(cost.p99())
    )
}

/// With as many digits as say something.
fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    match milliseconds {
        ..1.0 => format!("{milliseconds:.2}"),
        ..100.0 => format!("{milliseconds:.1}"),
        _ => format!("{milliseconds:.0}"),
    }
}

fn ratio(slow: &Cost, fast: &Cost) -> String {
    let ratio = slow.median().as_secs_f64() / fast.median().as_secs_f64();
    if ratio < 10.0 {
        format!("{ratio:.1}")
    } else {
        format!("{ratio:.0}")
    }
}
