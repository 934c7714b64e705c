//! `rollcall users create`, `set`, `activate`, `deactivate` and `delete`.

use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::one_user;
use crate::api::{Api, Request};
use crate::failure::Failure;
use crate::output;

/// Options of `rollcall users create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rollcall users create --email ada@example.com --username ada --full-name 'Ada Lovelace'
  pass show ada | rollcall users create --email ada@example.com --username ada --password-from-stdin")]
pub struct CreateArguments {
    #[arg(long)]
    email: String,
    /// Required unless the table has none
    #[arg(long)]
    username: Option<String>,
    #[command(flatten)]
    fields: Fields,
}

/// Options of `rollcall users set`.
#[derive(Debug, Args)]
#[command(after_help = "\
The user is read first and changed only if nobody else has changed it since.

Examples:
  rollcall users set ada@example.com --full-name 'Ada Lovelace'
  rollcall users set 17 --email ada@example.org --is-superuser true
  rollcall users set ada --full-name ''")]
pub struct SetArguments {
    #[command(flatten)]
    user: one_user::Arguments,
    #[arg(long)]
    email: Option<String>,
    #[arg(long)]
    username: Option<String>,
    #[command(flatten)]
    fields: Fields,
}

/// What can be said of a new user and of a stored one.
#[derive(Debug, Args)]
struct Fields {
    /// A name for people; empty text removes it
    #[arg(long, value_name = "NAME")]
    full_name: Option<String>,
    /// Whether the user may do anything
    #[arg(long, value_name = "BOOL")]
    is_active: Option<bool>,
    /// Whether the user may administrate others
    #[arg(long, value_name = "BOOL")]
    is_superuser: Option<bool>,
    /// Read the password from standard input
    #[arg(long)]
    password_from_stdin: bool,
}

/// Options of `rollcall users activate` and `deactivate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rollcall users deactivate ada@example.com
  rollcall users activate 17")]
pub struct SwitchArguments {
    #[command(flatten)]
    user: one_user::Arguments,
}

/// Options of `rollcall users delete`.
#[derive(Debug, Args)]
#[command(after_help = "\
The command shows the user and what else would be deleted or changed, and asks. A deleted user is gone for good;
`deactivate` keeps it.

Examples:
  rollcall users delete ada@example.com --dry-run
  rollcall users delete 17 --yes")]
pub struct DeleteArguments {
    #[command(flatten)]
    user: one_user::Arguments,
    /// Delete without asking
    #[arg(long, short)]
    yes: bool,
    /// Only show what would be deleted
    #[arg(long)]
    dry_run: bool,
}

#[derive(Deserialize)]
struct Id {
    id: Value,
}

/// What deleting a user would do.
#[derive(Deserialize)]
struct Deletion {
    user: Box<RawValue>,
    references: Vec<Map<String, Value>>,
}

/// A user as it was read, to be changed only if it still is so.
struct Current {
    path: String,
    etag: Option<String>,
}

impl Fields {
    fn body(&self, email: Option<&String>, username: Option<&String>) -> Result<Vec<u8>> {
        let text = |value: Option<&String>| value.cloned().map(Value::String);
        let password = self.password_from_stdin.then(read_password).transpose()?;
        let fields = [
            ("email", text(email)),
            ("username", text(username)),
            ("full_name", text(self.full_name.as_ref())),
            ("is_active", self.is_active.map(Value::Bool)),
            ("is_superuser", self.is_superuser.map(Value::Bool)),
            ("password", password.map(Value::String)),
        ];
        let said = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let object: Map<String, Value> = said.collect();
        ensure!(!object.is_empty(), "nothing is said that could be changed");
        Ok(serde_json::to_vec(&object)?)
    }
}

fn read_password() -> Result<String> {
    let mut line = String::new();
    if io::stdin().is_terminal() {
        output::note("Password, which the terminal shows:");
    }
    io::stdin()
        .read_line(&mut line)
        .context("cannot read the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

impl Current {
    fn read(user: &one_user::Arguments, api: &Api) -> Result<Self> {
        let Id { id } = serde_json::from_str(one_user::find(user, api)?.get())?;
        let path = one_user::path(id);
        let response = api.send(&Request::get(&path))?;
        let etag = response.header("etag").map(str::to_owned);
        response.json::<Id>()?;
        Ok(Self { path, etag })
    }

    fn change(&self, body: &[u8], api: &Api, is_json: bool) -> Result<()> {
        let request = Request::patch(&self.path, body).header("if-match", self.etag.clone());
        let user: Box<RawValue> = api.send(&request.once())?.json()?;
        one_user::print(&user, is_json)
    }
}

/// Creates a user and prints it.
pub fn create(arguments: &CreateArguments, api: &Api, is_json: bool) -> Result<()> {
    let CreateArguments {
        email,
        username,
        fields,
    } = arguments;
    let body = fields.body(Some(email), username.as_ref())?;
    let request = Request::post("/api/v1/users", &body);
    let request = request.header("content-type", Some("application/json"));
    let user: Box<RawValue> = api.send(&request.once())?.json()?;
    one_user::print(&user, is_json)
}

/// Changes a user and prints it.
pub fn set(arguments: &SetArguments, api: &Api, is_json: bool) -> Result<()> {
    let SetArguments {
        user,
        email,
        username,
        fields,
    } = arguments;
    let body = fields.body(email.as_ref(), username.as_ref())?;
    Current::read(user, api)?.change(&body, api, is_json)
}

/// Lets a user do anything, or nothing, and prints it.
pub fn switch(
    arguments: &SwitchArguments,
    is_active: bool,
    api: &Api,
    is_json: bool,
) -> Result<()> {
    let body = format!("{{\"is_active\":{is_active}}}");
    Current::read(&arguments.user, api)?.change(body.as_bytes(), api, is_json)
}

/// Shows a user and what else would be deleted, asks, and deletes it.
pub fn delete(arguments: &DeleteArguments, api: &Api, is_json: bool) -> Result<()> {
    let current = Current::read(&arguments.user, api)?;
    let request = || Request::delete(&current.path).header("if-match", current.etag.clone());
    let trial = api.send(&request().query("dry_run", Some(true)))?;
    let deletion: Deletion = trial.json()?;
    if is_json {
        output::print(&trial.text)?;
    } else {
        one_user::print(&deletion.user, false)?;
        for reference in &deletion.references {
            let parts: Vec<_> = reference
                .iter()
                .map(|(name, value)| format!("{name} {value}"))
                .collect();
            output::print(&format!("referred to by: {}", parts.join(", ")))?;
        }
    }
    if arguments.dry_run {
        return Ok(());
    }
    if !arguments.yes
        && !output::confirm(
            "Delete this user for good?",
            "--yes to delete, or --dry-run",
        )?
    {
        return Err(Failure::Negative("nobody was deleted".to_owned()).into());
    }
    let response = api.send(&request().once())?;
    if response.status != 204 {
        return Err(response.refusal().into());
    }
    output::note("deleted");
    Ok(())
}
