//! `rollcall export`: all users, or some, in a file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use csv_reader::Records;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use ring::digest::{Context as Digest, SHA256, SHA256_OUTPUT_LEN};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::users::{Filters, LIST};
use crate::api::{Api, Request, Response};
use crate::failure::Failure;
use crate::import::{Format, beside};
use crate::output;
use crate::progress;
use crate::side_file::{Layout, SideFile};

const EXPORT: &str = "/api/v1/users/export";

/// Options of `rollcall export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Users are read in the order of their ids, part by part. Each user that exists from beginning to end is
written exactly once, whatever else is added, changed or deleted meanwhile. Each part is compared with the
count and the digest that the API sends with it. FILE appears when all users are written. Until then they
are in FILE.part, and after an interruption the same command continues there. `rollcall import` reads the
file.

Passwords are never exported. --password-hashes exports their hashes, if the deployment allows it
(EXPORT_PASSWORD_HASHES); the log of changes says so. Only you can read the file: keep it so.

Spreadsheets take text that begins with = + - or @ for formulas. --spreadsheet-safe writes an apostrophe
before such text in a CSV file, and `rollcall import --repair spreadsheet` removes it.

Examples:
  rollcall export users.csv
  rollcall export users.csv --spreadsheet-safe
  rollcall export inactive.ndjson --is-active false")]
pub struct Arguments {
    /// The new file, whose name ends in .csv, .ndjson, .jsonl or .json
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    filters: Filters,
    /// The format, if the name of the file does not say it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write text so that spreadsheets do not take it for formulas
    #[arg(long)]
    spreadsheet_safe: bool,
    /// Export the password hashes too
    #[arg(long)]
    password_hashes: bool,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// How far an export has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// What is exported, and how.
    identity: String,
    /// How many users there were at the beginning, if the API could count them.
    total: Option<u64>,
    cursor: Option<String>,
    is_complete: bool,
    exported: Exported,
    length: u64,
}

/// How many users the file has, and their digest: SHA-256 of the digest before, which begins with zeros, and
/// the next record.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Exported {
    count: u64,
    digest: [u8; SHA256_OUTPUT_LEN],
}

#[derive(Deserialize)]
struct Count {
    total: Option<u64>,
}

/// A part of an export.
struct Part<'t> {
    /// The header row, where this is the first part of CSV.
    header: Option<&'t str>,
    /// The users, without the ends of their lines.
    records: Vec<&'t str>,
    /// Whether it is the last one; CSV does not say so.
    is_last: Option<bool>,
}

/// The last line of an export as NDJSON.
#[derive(Deserialize)]
struct End {
    #[serde(rename = "end")]
    is_end: bool,
}

/// Writes the users into the file.
pub fn run(arguments: &Arguments, api: &Api, is_json: bool) -> Result<()> {
    let file = &arguments.file;
    let format = arguments.format.or_else(|| Format::of(file)).context(
        "the name of the file does not say its format: give --format csv, ndjson or json",
    )?;
    ensure!(
        arguments.force || !file.exists(),
        "{} exists: choose another name, or give --force to replace it",
        file.display()
    );
    let (part, state_path) = (beside(file, ".part"), beside(file, ".export-state"));
    let mut state = begin(&state_path, arguments, format, api)?;
    let mut users = SideFile::open(part.clone(), layout(format), state.length)?;
    let bar = bar(state.total, state.exported.count);
    while !state.is_complete {
        let answer = api.send(&request(arguments, format, state.cursor.as_ref()))?;
        let part = Part::read(answer.success()?, format, state.cursor.is_none());
        let part = part.ok_or_else(|| answer.foreign())?;
        state.cursor = next(&answer);
        state.is_complete = state.cursor.is_none();
        let exported = state.exported.with(&part.records, line_end(format));
        if !exported.is_of(&answer) || part.is_last.is_some_and(|is| is != state.is_complete) {
            let count = HumanCount(state.exported.count);
            let reason = format!(
                "the part after {count} users is damaged: its count or digest is another one; the same command \
                 asks for it again"
            );
            return Err(Failure::Unavailable(reason).into());
        }
        let rows = part.header.iter().chain(&part.records);
        users.append(&rows.map(|row| row.as_bytes()).collect::<Vec<_>>())?;
        state.exported = exported;
        state.length = users.length();
        progress::save(&state_path, &state)?;
        bar.set_position(state.exported.count);
    }
    bar.finish_and_clear();
    if users.finish()?.is_none() {
        let empty = if format == Format::Json { "[]\n" } else { "" };
        fs::write(&part, empty).context("cannot write the file")?;
    }
    progress::remove(&state_path)?;
    fs::rename(&part, file).with_context(|| format!("cannot write {}", file.display()))?;
    let exported = &state.exported;
    let text = if is_json {
        json!({ "exported": exported.count, "digest": exported.hex() }).to_string()
    } else {
        let count = HumanCount(exported.count);
        format!(
            "{count} users in {}, verified by count and digest",
            file.display()
        )
    };
    Ok(output::print(&text)?)
}

/// Begins an export, or continues one that was interrupted.
fn begin(path: &Path, arguments: &Arguments, format: Format, api: &Api) -> Result<State> {
    let Arguments {
        filters,
        spreadsheet_safe,
        password_hashes,
        ..
    } = arguments;
    let identity = format!(
        "{} {filters:?} {format:?} {spreadsheet_safe} {password_hashes}",
        api.url()
    );
    if let Some(state) = progress::load::<State>(path)? {
        ensure!(
            state.identity == identity,
            "an earlier export was interrupted, and had other options: repeat its command, or delete {} to begin anew",
            path.display()
        );
        output::note(&format!(
            "going on after {} users of an earlier run",
            HumanCount(state.exported.count)
        ));
        return Ok(state);
    }
    let count = filters.request(LIST).query("size", Some(1));
    let count: Count = api.send(&count.query("count", Some("exact")))?.json()?;
    Ok(State {
        identity,
        total: count.total,
        ..State::default()
    })
}

fn request<'a>(arguments: &Arguments, format: Format, cursor: Option<&String>) -> Request<'a> {
    let is_csv = format == Format::Csv;
    let guard = (is_csv && arguments.spreadsheet_safe).then_some(true);
    let hashes = arguments.password_hashes.then_some("password_hash");
    arguments
        .filters
        .request(EXPORT)
        .query("format", Some(if is_csv { "csv" } else { "ndjson" }))
        .query("spreadsheet", guard)
        .query("include", hashes)
        .query("cursor", cursor)
}

/// The cursor of the part after this one.
fn next(answer: &Response) -> Option<String> {
    let (_, cursor) = answer.header("link")?.rsplit_once("cursor=")?;
    Some(cursor.split_once('>')?.0.to_owned())
}

impl<'t> Part<'t> {
    /// Cuts a part into records; `None` if it is not one.
    fn read(text: &'t str, format: Format, is_first: bool) -> Option<Self> {
        if format == Format::Csv {
            let mut records = Records::resume(text, b',', 1)
                .keeping(0)
                .map(|record| Some(record.ok()?.raw));
            let header = if is_first {
                Some(records.next()??)
            } else {
                None
            };
            return Some(Self {
                header,
                records: records.collect::<Option<_>>()?,
                is_last: None,
            });
        }
        let mut records: Vec<_> = text.split_terminator('\n').collect();
        let end =
            records.pop_if(|line| serde_json::from_str(line).is_ok_and(|end: End| end.is_end));
        Some(Self {
            header: None,
            records,
            is_last: Some(end.is_some()),
        })
    }
}

impl Exported {
    /// The same with more records.
    fn with(&self, records: &[&str], line_end: &[u8]) -> Self {
        let mut digest = self.digest;
        for record in records {
            let mut context = Digest::new(&SHA256);
            context.update(&digest);
            context.update(record.as_bytes());
            context.update(line_end);
            digest.copy_from_slice(context.finish().as_ref());
        }
        Self {
            count: self.count + records.len() as u64,
            digest,
        }
    }

    /// Whether the API says so of the parts so far.
    fn is_of(&self, answer: &Response) -> bool {
        answer.header("export-count") == Some(&self.count.to_string())
            && answer.header("export-digest") == Some(&self.hex())
    }

    fn hex(&self) -> String {
        self.digest.map(|byte| format!("{byte:02x}")).concat()
    }
}

/// How the API ends the line of a record.
fn line_end(format: Format) -> &'static [u8] {
    if format == Format::Csv {
        b"\r\n"
    } else {
        b"\n"
    }
}

fn layout(format: Format) -> Layout {
    let (opening, separator, closing): (&[u8], &'static [u8], &'static [u8]) = match format {
        Format::Csv | Format::Ndjson => (b"", line_end(format), line_end(format)),
        Format::Json => (b"[\n", b",\n", b"\n]\n"),
    };
    Layout {
        opening: opening.to_vec(),
        separator,
        closing,
    }
}

fn bar(total: Option<u64>, position: u64) -> ProgressBar {
    let Some(total) = total else {
        return ProgressBar::new_spinner().with_position(position);
    };
    let bar = ProgressBar::new(total).with_position(position);
    // The template is a constant, so a broken one only costs the looks.
    if let Ok(style) = ProgressStyle::with_template(
        "exporting [{wide_bar}] {human_pos} of {human_len} users, {eta} left",
    ) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
