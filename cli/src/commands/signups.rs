//! `rollcall signups`: new users of each day.

use anyhow::Result;
use clap::Args;
use indicatif::HumanCount;
use serde::Deserialize;

use crate::api::{Api, Request};
use crate::output;

/// Options of `rollcall signups`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  rollcall signups --days 7")]
pub struct Arguments {
    /// The last N days in UTC, with today
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=400))]
    days: u16,
}

#[derive(Deserialize)]
struct Signups {
    days: Vec<Day>,
}

#[derive(Deserialize)]
struct Day {
    date: String,
    new_users: u64,
}

/// Prints a line for each day.
pub fn run(arguments: &Arguments, api: &Api, is_json: bool) -> Result<()> {
    let request = Request::get("/api/v1/dashboard/signups").query("days", Some(arguments.days));
    let response = api.send(&request)?;
    let signups: Signups = response.json()?;
    if is_json {
        return Ok(output::print(&response.text)?);
    }
    let days = signups.days.into_iter();
    let rows: Vec<_> = [["date".to_owned(), "new users".to_owned()]]
        .into_iter()
        .chain(days.map(|day| [day.date, HumanCount(day.new_users).to_string()]))
        .collect();
    Ok(output::print(&output::table(&rows))?)
}
