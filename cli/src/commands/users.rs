//! `rollcall users`: lists, searches and single users.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::HumanCount;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{changes, one_user};
use crate::api::{Api, Request, name};
use crate::output;

/// The path of the list.
pub const LIST: &str = "/api/v1/users";

const LARGEST_PAGE: u8 = 100;

const HEADINGS: [&str; 7] = [
    "id",
    "username",
    "email",
    "full name",
    "active",
    "superuser",
    "created",
];

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List, filter and search users
    List(ListArguments),
    /// Show one user
    Get(one_user::Arguments),
    /// Create a user
    Create(changes::CreateArguments),
    /// Change a user
    Set(changes::SetArguments),
    /// Let a user log in and use rights again
    Activate(changes::SwitchArguments),
    /// Take all rights from a user, and keep it
    Deactivate(changes::SwitchArguments),
    /// Delete a user for good
    Delete(changes::DeleteArguments),
}

/// Which users.
#[derive(Debug, Args)]
pub struct Filters {
    /// Words in the username, the email or the full name, in any order, regardless of case and accents; text in
    /// double quotes is one word
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only users that are active, or only those that are not
    #[arg(long, value_name = "BOOL")]
    is_active: Option<bool>,
    /// Only superusers, or only others
    #[arg(long, value_name = "BOOL")]
    is_superuser: Option<bool>,
    /// Only users created at this time or later; a date is its beginning in UTC
    #[arg(long, value_name = "TIME")]
    created_from: Option<String>,
    /// Only users created before this time
    #[arg(long, value_name = "TIME")]
    created_to: Option<String>,
}

impl Filters {
    /// A request for users, by the list or the export.
    pub fn request<'a>(&self, path: &'a str) -> Request<'a> {
        Request::get(path)
            .query("search", self.search.as_ref())
            .query("is_active", self.is_active)
            .query("is_superuser", self.is_superuser)
            .query("created_from", self.created_from.as_ref())
            .query("created_to", self.created_to.as_ref())
    }
}

/// Options of `rollcall users list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rollcall users list --size 10
  rollcall users list --search anna --is-active true --sort-by username --sort-order asc
  rollcall users list --is-superuser true --all --json | jq -r .email")]
pub struct ListArguments {
    #[command(flatten)]
    filters: Filters,
    /// What users are sorted by [default: `created_at`, or the id where the table has no such time]
    #[arg(long, value_enum)]
    sort_by: Option<SortBy>,
    /// In which direction
    #[arg(long, value_enum, default_value_t = SortOrder::Desc)]
    sort_order: SortOrder,
    /// Users on a page, 1 to 100 [default: 50, with --all 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    size: Option<u8>,
    /// The place in the list that an earlier page named
    #[arg(long)]
    cursor: Option<String>,
    /// All pages
    #[arg(long)]
    all: bool,
}

/// The API's `sort_by`.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum SortBy {
    CreatedAt,
    Username,
    Email,
    Id,
}

/// The API's `sort_order`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum SortOrder {
    Asc,
    Desc,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    total: Option<u64>,
    total_relation: Option<String>,
    next_cursor: Option<String>,
    complete: Option<bool>,
}

/// A user of any table: those of other applications may lack all but an id.
#[derive(Deserialize)]
struct User {
    id: Value,
    email: Option<String>,
    username: Option<String>,
    full_name: Option<String>,
    is_active: bool,
    is_superuser: bool,
    created_at: Option<String>,
}

/// Does what is asked.
pub fn run(command: &Command, api: &Api, is_json: bool) -> Result<()> {
    match command {
        Command::List(arguments) => list(arguments, api, is_json),
        Command::Get(arguments) => one_user::get(arguments, api, is_json),
        Command::Create(arguments) => changes::create(arguments, api, is_json),
        Command::Set(arguments) => changes::set(arguments, api, is_json),
        Command::Activate(arguments) => changes::switch(arguments, true, api, is_json),
        Command::Deactivate(arguments) => changes::switch(arguments, false, api, is_json),
        Command::Delete(arguments) => changes::delete(arguments, api, is_json),
    }
}

/// Prints a page, or all.
fn list(arguments: &ListArguments, api: &Api, is_json: bool) -> Result<()> {
    let mut cursor = arguments.cursor.clone();
    let mut table = Table::default();
    loop {
        let page: Page = api.send(&request(arguments, cursor.as_ref()))?.json()?;
        if is_json {
            let mut users = page.items.iter();
            users.try_for_each(|user| output::print(user.get()))?;
        } else {
            table.print(&page.items)?;
        }
        if !arguments.all {
            output::note(&describe(&page));
        }
        cursor = page.next_cursor;
        if cursor.is_none() || !arguments.all {
            return Ok(());
        }
    }
}

fn request<'a>(arguments: &ListArguments, cursor: Option<&String>) -> Request<'a> {
    let size = arguments.all.then_some(LARGEST_PAGE);
    arguments
        .filters
        .request(LIST)
        .query("sort_by", arguments.sort_by.as_ref().map(name))
        .query("sort_order", Some(name(&arguments.sort_order)))
        .query("size", arguments.size.or(size))
        .query("count", arguments.all.then_some("none"))
        .query("cursor", cursor)
}

/// A table that is printed page by page.
#[derive(Default)]
struct Table {
    widths: [usize; HEADINGS.len()],
}

impl Table {
    fn print(&mut self, users: &[Box<RawValue>]) -> Result<()> {
        let mut rows = Vec::new();
        if self.widths[0] == 0 {
            rows.push(HEADINGS.map(str::to_owned));
        }
        for user in users {
            rows.push(row(serde_json::from_str(user.get())?));
        }
        if !rows.is_empty() {
            output::print(&output::continue_table(&rows, &mut self.widths))?;
        }
        Ok(())
    }
}

fn row(user: User) -> [String; HEADINGS.len()] {
    let flag = |is_set| if is_set { "yes" } else { "no" }.to_owned();
    let created_at = user.created_at.unwrap_or_default();
    let created_at = created_at.split('.').next().unwrap_or_default();
    [
        one_user::text(user.id),
        user.username.unwrap_or_default(),
        user.email.unwrap_or_default(),
        user.full_name.unwrap_or_default(),
        flag(user.is_active),
        flag(user.is_superuser),
        created_at.trim_end_matches('Z').replace('T', " "),
    ]
}

fn describe(page: &Page) -> String {
    let shown = page.items.len();
    let mut text = match (page.total, page.total_relation.as_deref()) {
        (Some(total), Some("gte")) => format!("{shown} of {} users or more", HumanCount(total)),
        (Some(total), _) => format!("{shown} of {} users", HumanCount(total)),
        (None, _) => format!("{shown} users"),
    };
    if page.complete == Some(false) {
        text.push_str("; the search took too long to fill the page");
    }
    if let Some(cursor) = &page.next_cursor {
        text.push_str("; the others: --all, or the next page: --cursor ");
        text.push_str(cursor);
    }
    text
}
