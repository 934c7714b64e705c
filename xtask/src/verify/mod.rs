//! `cargo verify`: every check, in the order in which they fail fastest.

mod browser;
mod dependencies;
mod package;
mod steps;
mod templates;

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::console;
use steps::Step;

/// What `cargo verify` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Run one step alone; `package` runs only so, because it makes a release build, and `advisories`, because it needs GitHub
    #[arg(long, value_enum, value_name = "STEP")]
    only: Option<Step>,
}

/// Runs the steps up to the first that fails.
pub fn run(arguments: &Arguments) -> Result<()> {
    let chosen = arguments.only.map_or_else(Step::usual, |step| vec![step]);
    let mut times = Vec::new();
    // The network brings the tools while the processors check the code.
    let mut fetching = chosen
        .contains(&Step::Tools)
        .then(|| thread::spawn(|| Step::Tools.run()));
    for step in &chosen {
        console::announce(&step.description());
        let start = Instant::now();
        let outcome = match fetching.take_if(|_| *step == Step::Tools) {
            Some(fetching) => fetching.join().unwrap_or_else(|panic| resume_unwind(panic)),
            None => step.run(),
        };
        times.push((step, start.elapsed()));
        if outcome.is_err() {
            report(&times, "failed");
        }
        outcome.with_context(|| {
            format!(
                "`{}` did not pass; again: cargo verify --only {0}",
                step.name()
            )
        })?;
    }
    report(&times, "passed");
    console::say("Next: `cargo dev` serves the API on this machine.");
    Ok(())
}

fn report(times: &[(&Step, Duration)], last_outcome: &str) {
    console::say("");
    for (position, (step, time)) in times.iter().enumerate() {
        let is_last = position + 1 == times.len();
        let outcome = if is_last { last_outcome } else { "passed" };
        let (name, seconds) = (step.name(), time.as_secs_f64());
        console::say(&format!("{outcome}  {name:<10} {seconds:>6.1} s"));
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    console::say(&format!(
        "        in all     {:>6.1} s\n",
        total.as_secs_f64()
    ));
}
