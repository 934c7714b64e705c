//! `rollcall import`: a file of users of any size, sent in batches that can be repeated.

mod batch;
mod columns;
mod converter;
mod csv;
mod field;
mod inspection;
mod json;
mod mapping;
mod plan;
mod record;
mod records;
mod rejections;
mod repair;
mod row;
mod source;
mod state;
mod survey;
mod upload;
mod vendors;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use encoding_rs::Encoding;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use serde_json::json;

use self::batch::{Batch, Outcome};
use self::mapping::Mapping;
use self::plan::Plan;
pub use self::records::Format;
use self::rejections::Rejections;
use self::repair::Repair;
use self::state::{Identity, State};
use self::upload::Upload;
use self::vendors::System;
use crate::api::{Api, name};
use crate::failure::Failure;
use crate::output;
use crate::progress;

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

Exports of other systems are read as these write them. The command recognises most of them, and says so before
it asks; --from names the system. Users are then sent as CSV with the columns of the API, which --print shows,
and rejected rows are written in that form.

--map says what columns become. Parts are columns, or words in quotes '; two columns are joined by a space:
  --map \"Vorname+Nachname=full_name\"        join columns
  --map \"Login=username\"                    rename a column
  --map \"Login+'@example.com'=email\"        add words
  --map \"'false'=is_active\"                 the same value for all
  --map \"Phone=\"                            leave a column out
  --map \"=password_hash\"                    leave a field empty
  --map \"profile.nick=username\"             a member of an object in JSON

Examples:
  rollcall import users.csv --dry-run
  rollcall import users.csv --on-conflict update
  rollcall import users.csv.rejected.csv --yes
  rollcall import realm-export.json --from keycloak --dry-run
  rollcall import accounts.json --from firebase --hash-parameters params.txt --accept-hashes firebase-scrypt
  rollcall import wp_users.csv --accept-hashes phpass
  rollcall import kunden.csv --encoding windows-1252 --map \"Vorname+Nachname=full_name\" --map \"Kundennummer=\"")]
pub struct Arguments {
    /// The users: CSV with a header row, NDJSON, or a JSON array, also inside an object
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Import without asking
    #[arg(long, short)]
    yes: bool,
    /// Let the API check the whole file and write nothing; users that are in two batches are not found
    #[arg(long)]
    dry_run: bool,
    /// The format, if the file's name does not end in .csv, .tsv, .ndjson, .jsonl or .json
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The encoding, if it is neither UTF-8 nor UTF-16 with a byte order mark; windows-1252, for example
    #[arg(long, value_name = "NAME", value_parser = source::encoding)]
    encoding: Option<&'static Encoding>,
    /// The system that wrote the file
    #[arg(long, value_name = "SYSTEM", value_enum)]
    from: Option<System>,
    /// What a column becomes: `Column=field`, `First+Last=full_name`, `'words'=field`, or `Column=` to leave it out
    #[arg(long, value_name = "MAPPING")]
    map: Vec<Mapping>,
    /// Changes to values, with commas between them
    #[arg(long, value_name = "REPAIRS", value_enum, value_delimiter = ',')]
    repair: Vec<Repair>,
    /// Hashes that are stored only when asked for: sha-crypt, yescrypt, phpass, firebase-scrypt
    #[arg(long, value_name = "ALGORITHMS", value_delimiter = ',')]
    accept_hashes: Vec<String>,
    /// Give new users the ids of the file, such as those of Django, `WordPress` and Rails
    #[arg(long)]
    keep_ids: bool,
    /// A file with the password hash parameters of a Firebase project, as its console shows them
    #[arg(long, value_name = "FILE")]
    hash_parameters: Option<PathBuf>,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub print: bool,
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

impl OnConflict {
    /// What happens to rows of stored users.
    fn consequence(self) -> &'static str {
        match self {
            Self::Fail => "rejected",
            Self::Skip => "skipped",
            Self::Update => "updated",
        }
    }
}

/// A file of users, and how far its import has come.
struct Job<'a> {
    arguments: &'a Arguments,
    api: &'a Api,
    plan: Plan,
    state: State,
    is_resumed: bool,
    state_path: PathBuf,
}

/// Sends the whole file, or the rest of it if an earlier run was interrupted.
pub fn run(arguments: &Arguments, api: &Api, is_json: bool) -> Result<()> {
    let mut job = Job::open(arguments, api)?;
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
        let mut plan = Plan::open(arguments)?;
        let options = format!(
            "{} {} {} {} {:?} {}",
            api.url(),
            arguments.batch,
            arguments.keep_ids,
            name(&arguments.on_conflict),
            arguments.accept_hashes,
            plan.identity(arguments)
        );
        let identity = Identity::of(&mut plan.source.file, plan.source.length, &options)?;
        let state_path = beside(path, ".import-state");
        let earlier = State::load(&state_path, &identity)?;
        Ok(Self {
            arguments,
            api,
            is_resumed: earlier.is_some(),
            state: earlier.unwrap_or_else(|| State::new(identity, &plan.header)),
            plan,
            state_path,
        })
    }

    /// Says what is in the file, and asks whether that shall be imported.
    fn ask(&mut self) -> Result<()> {
        let path = self.arguments.file.display();
        let size = HumanBytes(self.plan.source.length);
        let mut lines = vec![("file", format!("{path}, {size}"))];
        let (found, users) = self.plan.inspect(&self.arguments.accept_hashes)?;
        self.state.users = users;
        lines.extend(found);
        lines.push((
            "stored users",
            self.arguments.on_conflict.consequence().to_owned(),
        ));
        lines.push(("API", self.api.url().to_owned()));
        let rows: Vec<_> = lines
            .into_iter()
            .map(|(name, value)| [name.to_owned(), value])
            .collect();
        output::note(&output::table(&rows));
        if self.arguments.yes || self.arguments.dry_run {
            return Ok(());
        }
        if output::confirm("Import these users?", "--yes to import, or --dry-run")? {
            return Ok(());
        }
        Err(Failure::Negative("nothing was imported".to_owned()).into())
    }

    fn send(mut self, is_json: bool) -> Result<()> {
        let started = Instant::now();
        let sent_before = self.state.sent();
        let (path, header) = (&self.arguments.file, self.plan.sent_header());
        let format = self.plan.sent_format();
        let mut rejections = Rejections::open(path, format, header.as_bytes(), &self.state)?;
        self.save()?;
        self.send_batches(&mut rejections).with_context(|| {
            let sent = HumanCount(self.state.sent());
            format!("stopped after {sent} users; the same command continues from there")
        })?;
        ensure!(
            self.state.sent() == self.state.users,
            "the file had {} users and now has {}: it has changed meanwhile",
            HumanCount(self.state.users),
            HumanCount(self.state.sent())
        );
        if !self.arguments.dry_run {
            progress::remove(&self.state_path)?;
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
        progress::save(&self.state_path, &self.state)
    }

    fn send_batches(&mut self, rejections: &mut Rejections) -> Result<()> {
        let (format, header) = (self.plan.sent_format(), self.plan.sent_header());
        let upload = Upload {
            api: self.api,
            content_type: format.content_type(),
            on_conflict: name(&self.arguments.on_conflict),
            accept_hashes: self.arguments.accept_hashes.join(","),
            keep_ids: self.arguments.keep_ids,
            is_dry_run: self.arguments.dry_run,
            is_gzip: self.arguments.gzip,
        };
        let (offset, line) = (self.state.offset, self.state.line);
        let mut records = self.plan.records(offset, line)?;
        let bar = bar(self.plan.source.text_length()?, offset);
        loop {
            let records = records.by_ref().take(self.arguments.batch.into());
            let records: Vec<_> = records.collect::<Result<_>>()?;
            let Some(last) = records.last().cloned() else {
                bar.finish_and_clear();
                return Ok(());
            };
            let batch = Batch::new(format, header.as_bytes(), records);
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

/// Prints what would be sent.
pub fn print(arguments: &Arguments) -> Result<()> {
    let plan = Plan::open(arguments)?;
    plan.inspect(&arguments.accept_hashes)?;
    if plan.sent_format() == Format::Csv {
        output::print(&plan.sent_header())?;
    }
    for record in plan.records(plan.header.end, plan.header.next_line)? {
        output::print(&record?.raw)?;
    }
    Ok(())
}

/// A path with something more at its end.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
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
