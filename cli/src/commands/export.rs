//! `rollcall export`: all users, or some, in a file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::one_user::FIELDS;
use super::users::Filters;
use crate::api::{Api, Request};
use crate::failure::Failure;
use crate::import::{Format, beside};
use crate::output;
use crate::progress;
use crate::side_file::{Layout, SideFile};
use crate::spreadsheet;

const PAGE: u8 = 100;

/// Options of `rollcall export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Users are read in the order of their creation, page by page. Each user that exists from beginning to end is
written exactly once, whatever else is added, changed or deleted meanwhile. FILE appears when all users are
written and counted. Until then they are in FILE.part, and after an interruption the same command continues
there. Passwords are never exported. `rollcall import` reads the file.

Spreadsheets take text that begins with = + - or @ for formulas. --spreadsheet-safe writes an apostrophe
before such text, and `rollcall import --repair spreadsheet` removes it.

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
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// How far an export has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// What is exported, and how.
    identity: String,
    /// How many users there were at the beginning.
    total: u64,
    cursor: Option<String>,
    is_complete: bool,
    exported: u64,
    length: u64,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    total: Option<u64>,
    next_cursor: Option<String>,
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
    let Arguments {
        filters,
        spreadsheet_safe,
        ..
    } = arguments;
    let identity = format!("{} {filters:?} {format:?} {spreadsheet_safe}", api.url());
    let (part, state_path) = (beside(file, ".part"), beside(file, ".export-state"));
    let mut state = begin(&state_path, identity, filters, api)?;
    let mut users = SideFile::open(part.clone(), layout(format), state.length)?;
    let bar = bar(state.total, state.exported);
    while !state.is_complete {
        let request = walk(filters).query("cursor", state.cursor.as_ref());
        let page: Page = api.send(&request)?.json()?;
        let rows = page.items.iter().map(|user| match format {
            Format::Csv => csv_row(user, *spreadsheet_safe),
            Format::Ndjson | Format::Json => Ok(user.get().to_owned()),
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let rows: Vec<_> = rows.iter().map(String::as_bytes).collect();
        users.append(&rows)?;
        state.length = users.length();
        state.exported += rows.len() as u64;
        state.is_complete = page.next_cursor.is_none();
        state.cursor = page.next_cursor;
        progress::save(&state_path, &state)?;
        bar.set_position(state.exported);
    }
    bar.finish_and_clear();
    let now = count(filters, api)?;
    if users.finish()?.is_none() {
        fs::write(&part, empty(format)).context("cannot write the file")?;
    }
    progress::remove(&state_path)?;
    fs::rename(&part, file).with_context(|| format!("cannot write {}", file.display()))?;
    report(&state, now, file, is_json)
}

/// Begins an export, or continues one that was interrupted.
fn begin(path: &Path, identity: String, filters: &Filters, api: &Api) -> Result<State> {
    if let Some(state) = progress::load::<State>(path)? {
        ensure!(
            state.identity == identity,
            "an earlier export was interrupted, and had other options: repeat its command, or delete {} to begin anew",
            path.display()
        );
        output::note(&format!(
            "going on after {} users of an earlier run",
            HumanCount(state.exported)
        ));
        return Ok(state);
    }
    Ok(State {
        identity,
        total: count(filters, api)?,
        ..State::default()
    })
}

fn walk<'a>(filters: &Filters) -> Request<'a> {
    let request = filters.request().query("sort_by", Some("created_at"));
    let request = request.query("sort_order", Some("asc"));
    request
        .query("size", Some(PAGE))
        .query("count", Some("none"))
}

fn count(filters: &Filters, api: &Api) -> Result<u64> {
    let request = filters.request().query("size", Some(1));
    let page: Page = api.send(&request.query("count", Some("exact")))?.json()?;
    page.total.context("the API does not count the users")
}

fn layout(format: Format) -> Layout {
    let (opening, separator, closing): (_, &'static [u8], &'static [u8]) = match format {
        Format::Csv => (format!("{}\n", FIELDS.join(",")), b"\n", b"\n"),
        Format::Ndjson => (String::new(), b"\n", b"\n"),
        Format::Json => ("[\n".to_owned(), b",\n", b"\n]\n"),
    };
    Layout {
        opening: opening.into_bytes(),
        separator,
        closing,
    }
}

/// A file without users.
fn empty(format: Format) -> String {
    match format {
        Format::Csv => format!("{}\n", FIELDS.join(",")),
        Format::Ndjson => String::new(),
        Format::Json => "[]\n".to_owned(),
    }
}

/// Text has quotes, so that none is mistaken for NULL.
fn csv_row(user: &RawValue, is_safe: bool) -> Result<String> {
    let fields: Map<String, Value> = serde_json::from_str(user.get())?;
    let cells = FIELDS.map(|name| match fields.get(name) {
        Some(Value::String(text)) if is_safe => quoted(&spreadsheet::escape(text)),
        Some(Value::String(text)) => quoted(text),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    });
    Ok(cells.join(","))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn bar(total: u64, position: u64) -> ProgressBar {
    let bar = ProgressBar::new(total).with_position(position);
    // The template is a constant, so a broken one only costs the looks.
    if let Ok(style) = ProgressStyle::with_template(
        "exporting [{wide_bar}] {human_pos} of {human_len} users, {eta} left",
    ) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// Compares the users of the file with those that there were and are. Fewer than both is a reason to look.
fn report(state: &State, now: u64, file: &Path, is_json: bool) -> Result<()> {
    let (exported, before) = (state.exported, state.total);
    let text = if is_json {
        json!({ "exported": exported, "users_before": before, "users_after": now }).to_string()
    } else {
        format!("{} users in {}", HumanCount(exported), file.display())
    };
    output::print(&text)?;
    if (before, now) != (exported, exported) {
        output::note(&format!(
            "users were added or deleted meanwhile: there were {}, now there are {}",
            HumanCount(before),
            HumanCount(now)
        ));
    }
    if exported < before.min(now) {
        let reason = "the file has fewer users than there were before and after: export again";
        return Err(Failure::Negative(reason.to_owned()).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_quotes_and_formulas_are_escaped_where_asked() {
        let user = r#"{"id":1,"email":"a@example.com","username":"-a","full_name":"=\"x\"","is_active":true,"created_at":"2026-01-01T00:00:00Z"}"#;
        let user: Box<RawValue> = serde_json::from_str(user).unwrap();
        assert_eq!(
            csv_row(&user, false).unwrap(),
            r#"1,"a@example.com","-a","=""x""",true,,"2026-01-01T00:00:00Z","#
        );
        assert_eq!(
            csv_row(&user, true).unwrap(),
            r#"1,"a@example.com","'-a","'=""x""",true,,"2026-01-01T00:00:00Z","#
        );
    }

    #[test]
    fn a_file_with_fewer_users_than_before_and_after_is_a_failure() {
        let state = |exported, total| State {
            total,
            exported,
            ..State::default()
        };
        let report =
            |exported, before, after| report(&state(exported, before), after, Path::new("x"), true);
        report(3, 3, 3).unwrap();
        report(3, 4, 3).unwrap();
        report(4, 3, 5).unwrap();
        report(2, 3, 3).unwrap_err();
    }
}
