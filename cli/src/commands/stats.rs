//! `rollcall stats`: how many users there are.

use anyhow::Result;
use clap::Args;
use indicatif::HumanCount;
use serde::Deserialize;

use crate::api::{Api, Request};
use crate::output;

/// Options of `rollcall stats`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  rollcall stats --json | jq .active_users")]
pub struct Arguments {
    /// Count now; the numbers may otherwise be a minute old
    #[arg(long)]
    fresh: bool,
}

#[derive(Deserialize)]
struct Stats {
    total_users: u64,
    active_users: u64,
    inactive_users: u64,
    superusers: u64,
    new_users_today: Option<u64>,
    new_users_week: Option<u64>,
    timestamp: String,
}

/// Prints the numbers.
pub fn run(arguments: &Arguments, api: &Api, is_json: bool) -> Result<()> {
    let cache = arguments.fresh.then_some("no-cache");
    let request = Request::get("/api/v1/dashboard/stats").header("cache-control", cache);
    let response = api.send(&request)?;
    let stats: Stats = response.json()?;
    if is_json {
        return Ok(output::print(&response.text)?);
    }
    let rows = [
        ("users", Some(stats.total_users)),
        ("active", Some(stats.active_users)),
        ("inactive", Some(stats.inactive_users)),
        ("superusers", Some(stats.superusers)),
        ("new today", stats.new_users_today),
        ("new in the last 7 days", stats.new_users_week),
    ];
    let unknown = || "unknown: the table has no time of creation".to_owned();
    let rows = rows.map(|(name, count)| {
        let count = count.map_or_else(unknown, |count| HumanCount(count).to_string());
        [name.to_owned(), count]
    });
    output::note(&format!("as of {}", stats.timestamp));
    Ok(output::print(&output::table(&rows))?)
}
