//! `rollcall import`: a file of users of any size, sent in batches that can be repeated.

mod batch;
mod client;
mod records;
mod report;
mod state;

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use self::batch::{Batch, Outcome};
use self::client::Client;
use self::records::{Format, Record, Records};
use self::report::Report;
use self::state::{Identity, State};
use crate::console;

/// What `rollcall import` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The users: CSV with a header row, NDJSON, or one JSON array
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the API is, such as <https://abc.execute-api.eu-central-1.amazonaws.com>
    #[arg(long)]
    url: String,
    /// A bearer token of a superuser
    #[arg(long)]
    token: String,
    /// The format, if the file's name does not end in .csv, .ndjson, .jsonl or .json
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Users in one request, each of which is one transaction
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    batch: u16,
    /// What to do with users whose email is stored already
    #[arg(long, value_enum, default_value_t = OnConflict::Fail)]
    on_conflict: OnConflict,
    /// Stop at the first batch with a bad row, instead of reporting bad rows and sending the others
    #[arg(long)]
    strict: bool,
    /// Compress requests; the gateway must hand binary bodies on
    #[arg(long)]
    gzip: bool,
    /// How often a request is repeated that the service could not take
    #[arg(long, value_name = "N", default_value_t = 8)]
    retries: u32,
}

/// The API's `on_conflict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    /// Report them as rejected
    Fail,
    /// Leave them as they are
    Skip,
    /// Give them what the file says
    Update,
}

impl OnConflict {
    fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Update => "update",
        }
    }
}

/// Sends the whole file, or the rest of it if an earlier run was interrupted.
pub fn run(arguments: &Arguments) -> Result<()> {
    let format = arguments
        .format
        .or_else(|| Format::of(&arguments.file))
        .context("the format cannot be told from the file's name: give --format")?;
    let mut file = File::open(&arguments.file)
        .with_context(|| format!("cannot open {}", arguments.file.display()))?;
    let length = file.metadata().context("the file has no length")?.len();
    let identity = Identity::of(
        &mut file,
        length,
        &format!(
            "{} {} {}",
            arguments.url,
            arguments.batch,
            arguments.on_conflict.name()
        ),
    )?;
    let state_path = beside(&arguments.file, ".import-state");
    let report_path = beside(&arguments.file, ".rejected.csv");
    let mut state = State::load(&state_path, identity)?;
    let header = records::header(&mut file, format)?;
    if state.offset == 0 {
        state.start_at(&header);
    } else {
        console::say(&format!(
            "going on after {} users of an earlier run",
            HumanCount(state.sent())
        ));
    }
    file.seek(SeekFrom::Start(state.offset))
        .context("cannot go to the place where an earlier run stopped")?;
    let mut records = Records::new(BufReader::new(file), format, state.offset, state.line);
    let mut report = Report::open(&report_path, state.report_length)?;
    let client = Client::new(arguments);
    let bar = bar(length, state.offset);
    let started = Instant::now();
    let sent_before = state.sent();
    let size = usize::from(arguments.batch);
    loop {
        let batch = take(&mut records, size)?;
        let Some(last) = batch.last() else {
            break;
        };
        let (offset, line) = (last.end, last.next_line);
        let outcome = Batch::new(format, &header.raw, batch).send(&client, arguments.strict)?;
        let Outcome { counts, rejected } = outcome;
        state.add(counts, rejected.len());
        report.append(&rejected)?;
        state.advance(offset, line, report.length());
        state.save(&state_path)?;
        bar.set_position(offset);
    }
    bar.finish_and_clear();
    State::remove(&state_path)?;
    summarize(&state, sent_before, started, &report_path)
}

/// A path with something more at its end.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    PathBuf::from(name)
}

fn take(records: &mut Records<BufReader<File>>, size: usize) -> Result<Vec<Record>> {
    records.by_ref().take(size).collect()
}

fn bar(length: u64, position: u64) -> ProgressBar {
    let bar = ProgressBar::new(length).with_position(position);
    // The template is a constant, so a broken one only costs the looks.
    if let Ok(style) = ProgressStyle::with_template(
        "importing [{wide_bar}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
    ) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn summarize(state: &State, sent_before: u64, started: Instant, report: &Path) -> Result<()> {
    ensure!(state.sent() > 0, "the file holds no users");
    let seconds = started.elapsed().as_secs_f64();
    console::say(&format!(
        "{} created, {} updated, {} skipped, {} rejected; {} users in {seconds:.1} s",
        HumanCount(state.created),
        HumanCount(state.updated),
        HumanCount(state.skipped),
        HumanCount(state.rejected),
        HumanCount(state.sent() - sent_before),
    ));
    if state.rejected > 0 {
        bail!("some rows were rejected: see {}", report.display());
    }
    Ok(())
}
