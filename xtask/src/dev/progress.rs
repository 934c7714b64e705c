//! How far a long step is: a bar in a terminal, a few plain lines elsewhere.

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::console;

const LINES_WITHOUT_TERMINAL: u64 = 4;

/// The progress of one step.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    what: &'static str,
    total: u64,
    done: u64,
}

impl Progress {
    /// Begins with nothing done.
    pub(super) fn new(what: &'static str, total: u64) -> Self {
        let bar = ProgressBar::new(total);
        // The template is a constant, so a broken one only costs the looks.
        if let Ok(style) = ProgressStyle::with_template(
            "{msg} [{wide_bar}] {human_pos} of {human_len}, {per_sec}, {eta} left",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Self {
            bar,
            what,
            total,
            done: 0,
        }
    }

    /// Adds what was done since.
    pub(super) fn add(&mut self, count: u64) {
        let quarter = |done: u64| done * LINES_WITHOUT_TERMINAL / self.total.max(1);
        let (before, after) = (quarter(self.done), quarter(self.done + count));
        self.done += count;
        self.bar.inc(count);
        if self.bar.is_hidden() && before != after && self.done < self.total {
            console::say(&format!(
                "{}: {} of {}",
                self.what,
                HumanCount(self.done),
                HumanCount(self.total)
            ));
        }
    }

    /// Replaces the bar by a line about the whole.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
        console::say(&format!(
            "{}: {} in {:.1} s",
            self.what,
            HumanCount(self.done),
            self.bar.elapsed().as_secs_f64()
        ));
    }
}
