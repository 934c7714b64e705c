//! `rollcall import`: a file of users of any size, sent in batches that can be repeated.

mod batch;
mod csv;
mod inspection;
mod json;
mod record;
mod records;
mod rejections;
mod side_file;
mod source;
mod state;
mod upload;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use encoding_rs::Encoding;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use serde_json::json;

use self::batch::{Batch, Outcome};
use self::inspection::Inspection;
use self::record::Record;
use self::records::Format;
use self::rejections::Rejections;
use self::source::Source;
use self::state::{Identity, State};
use self::upload::Upload;
use crate::api::{Api, name};
use crate::failure::Failure;
use crate::output;

/// Options of `rollcall import`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
#[command(after_help = "\
The command looks at the file, says what it found, and asks before it sends anything. Each batch is one
transaction under a key of its own. After an interruption, the same command continues without
duplicates, from FILE.import-state. Rejected rows are written to FILE.rejected.csv (or .ndjson, .json),
which can be corrected and imported, and the reasons to FILE.errors.csv.

Examples:
  rollcall import users.csv --dry-run
  rollcall import users.csv --on-conflict update
  rollcall import users.csv.rejected.csv --yes")]
pub struct Arguments {
    /// The users: CSV with a header row, NDJSON, or one JSON array
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Import without asking
    #[arg(long, short)]
    yes: bool,
    /// Let the API check the whole file and write nothing; users that are in two batches are not found
    #[arg(long)]
    dry_run: bool,
    /// The format, if the file's name does not end in .csv, .ndjson, .jsonl or .json
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The encoding, if it is neither UTF-8 nor UTF-16 with a byte order mark; windows-1252, for example
    #[arg(long, value_name = "NAME", value_parser = source::encoding)]
    encoding: Option<&'static Encoding>,
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

/// A file of users, and how far its import has come.
struct Job<'a> {
    arguments: &'a Arguments,
    api: &'a Api,
    source: Source,
    format: Format,
    header: Record,
    state: State,
    is_resumed: bool,
    state_path: PathBuf,
}

/// Sends the whole file, or the rest of it if an earlier run was interrupted.
pub fn run(arguments: &Arguments, api: &Api, is_json: bool) -> Result<()> {
    let job = Job::open(arguments, api)?;
    if job.is_resumed {
        ensure!(
            !arguments.dry_run,
            "an earlier import was interrupted: continue it first, or delete {} to begin anew",
            job.state_path.display()
        );
        output::note(&format!(
            "going on after {} users of an earlier run",
            HumanCount(job.state.sent())
        ));
    } else {
        job.ask()?;
    }
    job.send(is_json)
}

impl<'a> Job<'a> {
    fn open(arguments: &'a Arguments, api: &'a Api) -> Result<Self> {
        let path = &arguments.file;
        let format = arguments.format.or_else(|| Format::of(path)).context(
            "the name of the file does not say its format: give --format csv, ndjson or json",
        )?;
        let mut source = Source::open(path, arguments.encoding)?;
        let options = format!(
            "{} {} {} {}",
            api.url(),
            arguments.batch,
            name(&arguments.on_conflict),
            source.encoding.name()
        );
        let identity = Identity::of(&mut source.file, source.length, &options)?;
        let state_path = beside(path, ".import-state");
        let header = records::header(source.text(0)?, format)?;
        let earlier = State::load(&state_path, &identity)?;
        Ok(Self {
            arguments,
            api,
            source,
            format,
            is_resumed: earlier.is_some(),
            state: earlier.unwrap_or_else(|| State::new(identity, &header)),
            header,
            state_path,
        })
    }

    /// Says what is in the file, and asks whether that shall be imported.
    fn ask(&self) -> Result<()> {
        let (offset, line) = (self.header.end, self.header.next_line);
        let text = self.source.text(offset)?;
        let users = records::after(text, self.format, &self.header, offset, line);
        let found = Inspection::of(users, self.format, &self.header)?;
        let path = self.arguments.file.display();
        let on_conflict = name(&self.arguments.on_conflict);
        let format = match self.source.encoding.name() {
            "UTF-8" => found.format,
            encoding => format!("{}, in {encoding}", found.format),
        };
        let rows = [
            (
                "file",
                format!("{path}, {}", HumanBytes(self.source.length)),
            ),
            ("format", format),
            ("columns", found.columns.join(", ")),
            ("users", HumanCount(found.users).to_string()),
            ("stored users", on_conflict),
            ("API", self.api.url().to_owned()),
        ];
        output::note(&output::table(
            &rows.map(|(name, value)| [name.to_owned(), value]),
        ));
        if self.arguments.yes || self.arguments.dry_run {
            return Ok(());
        }
        ensure!(
            io::stdin().is_terminal(),
            "nobody can be asked here: give --yes to import, or --dry-run"
        );
        output::note("Import these users? [y/N]");
        let mut answer = String::new();
        io::stdin()
            .read_line(&mut answer)
            .context("cannot read the answer")?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(());
        }
        Err(Failure::Negative("nothing was imported".to_owned()).into())
    }

    fn send(mut self, is_json: bool) -> Result<()> {
        let started = Instant::now();
        let sent_before = self.state.sent();
        let (path, header) = (&self.arguments.file, self.header.raw.as_bytes());
        let mut rejections = Rejections::open(path, self.format, header, &self.state)?;
        self.save()?;
        self.send_batches(&mut rejections).with_context(|| {
            let sent = HumanCount(self.state.sent());
            format!("stopped after {sent} users; the same command continues from there")
        })?;
        if !self.arguments.dry_run {
            State::remove(&self.state_path)?;
        }
        let seconds = started.elapsed().as_secs_f64();
        let sent = HumanCount(self.state.sent() - sent_before);
        output::note(&format!("{sent} sent in {seconds:.1} s"));
        output::print(&summary(&self.state, self.arguments.dry_run, is_json))?;
        match rejections.finish()? {
            Some(advice) => Err(Failure::Negative(advice).into()),
            None => Ok(()),
        }
    }

    fn save(&self) -> Result<()> {
        if self.arguments.dry_run {
            return Ok(());
        }
        self.state.save(&self.state_path)
    }

    fn send_batches(&mut self, rejections: &mut Rejections) -> Result<()> {
        let upload = Upload {
            api: self.api,
            content_type: self.format.content_type(),
            on_conflict: name(&self.arguments.on_conflict),
            is_dry_run: self.arguments.dry_run,
            is_gzip: self.arguments.gzip,
        };
        let (offset, line) = (self.state.offset, self.state.line);
        let text = self.source.text(offset)?;
        let mut records = records::after(text, self.format, &self.header, offset, line);
        let bar = bar(self.source.text_length()?, offset);
        loop {
            let records = records.by_ref().take(self.arguments.batch.into());
            let records: Vec<_> = records.collect::<Result<_>>()?;
            let Some(last) = records.last().cloned() else {
                bar.finish_and_clear();
                return Ok(());
            };
            let batch = Batch::new(self.format, self.header.raw.as_bytes(), records);
            let Outcome { counts, rejected } =
                batch.send(&upload, &self.state.id, self.arguments.strict)?;
            self.state.add(counts, rejected.len());
            rejections.append(&rejected, &mut self.state)?;
            self.state.continue_after(&last);
            self.save()?;
            bar.set_position(self.state.offset);
        }
    }
}

/// A path with something more at its end.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    PathBuf::from(name)
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

fn summary(state: &State, is_dry_run: bool, is_json: bool) -> String {
    let counts = [
        ("created", state.created),
        ("updated", state.updated),
        ("skipped", state.skipped),
        ("rejected", state.rejected),
    ];
    if is_json {
        let mut summary = json!({ "dry_run": is_dry_run });
        for (name, count) in counts {
            summary[name] = count.into();
        }
        return summary.to_string();
    }
    let counts = counts.map(|(name, count)| format!("{} {name}", HumanCount(count)));
    let dry_run = if is_dry_run { "dry run: " } else { "" };
    format!("{dry_run}{}", counts.join(", "))
}
