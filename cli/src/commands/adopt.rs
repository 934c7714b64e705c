//! `rollcall adopt`: finds the table that holds the users, and says how it can be used.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use rollcall::migrate::{self, Action};
use users_table::{
    UsersTable,
    proposal::{self, Access, Finding, Proposal, Survey},
};

use crate::{
    database::{DatabaseArguments, runtime},
    failure::Failure,
    output,
};

const EXAMPLES: &str = "\
Examples:
  DATABASE_URL=postgres://app@db:5432/app rollcall adopt
  rollcall adopt --table accounts.people --output mapping.json
  rollcall adopt --json | jq .proposal.mapping
  rollcall adopt --apply

Nothing is written without --apply. The mapping is the value of USERS_TABLE; edit it, and apply it
with rollcall migrate up --mapping mapping.json.";

/// Options of `rollcall adopt`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The table, if it is not the one that is found: `schema.name`
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Write the proposed mapping, the value of `USERS_TABLE`, into a file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Apply the proposal: run the migrations with it
    #[arg(long)]
    apply: bool,
    /// Apply without asking
    #[arg(long, requires = "apply")]
    yes: bool,
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Runs the command.
pub fn run(arguments: &Arguments, is_json: bool) -> Result<()> {
    let runtime = runtime()?;
    let survey: Survey = runtime.block_on(async {
        let unmapped = UsersTable::Unspecified;
        let mut connection = arguments.database.connect(&unmapped).await?;
        let survey = proposal::survey(&mut connection, arguments.table.as_deref()).await;
        survey.context("the database cannot be looked at")
    })?;
    if is_json {
        output::print(&serde_json::to_string(&survey)?)?;
    }
    let Some(proposal) = &survey.proposal else {
        let sentence = sentence(&survey, arguments.table.as_deref());
        return match survey.finding {
            Finding::Own | Finding::OwnShape | Finding::Adopted | Finding::Empty if !is_json => {
                Ok(output::print(&sentence)?)
            }
            Finding::Own | Finding::OwnShape | Finding::Adopted | Finding::Empty => Ok(()),
            _ => Err(Failure::Negative(sentence).into()),
        };
    };
    if !is_json {
        show(&survey, proposal)?;
    }
    let Some(mapping) = &proposal.mapping else {
        return Err(Failure::Negative(format!("{} cannot be adopted", proposal.table)).into());
    };
    let text = serde_json::to_string_pretty(mapping)?;
    if let Some(path) = &arguments.output {
        let written = fs::write(path, format!("{text}\n"));
        written.with_context(|| format!("cannot write {}", path.display()))?;
        output::note(&format!("the mapping is in {}", path.display()));
    } else if !is_json {
        output::print(&format!("\nUSERS_TABLE\n{text}"))?;
    }
    if arguments.apply {
        let question = format!(
            "Make a schema rollcall, and indexes and triggers on {}?",
            proposal.table
        );
        if !arguments.yes && !output::confirm(&question, "--yes")? {
            return Err(Failure::Negative("nothing was changed".to_owned()).into());
        }
        let lines = runtime.block_on(async {
            let users_table = UsersTable::parse(&text)?;
            let mut connection = arguments.database.connect(&users_table).await?;
            migrate::run(Action::Up, &mut connection, &users_table).await
        })?;
        output::note(&lines.join("\n"));
    }
    Ok(())
}

/// What to say where there is nothing to propose.
fn sentence(survey: &Survey, table: Option<&str>) -> String {
    let others = || {
        if survey.others.is_empty() {
            "no other looks like one of users".to_owned()
        } else {
            format!("these may hold users: {}", survey.others.join(", "))
        }
    };
    match survey.finding {
        Finding::Own => "The table users is rollcall's own: there is nothing to adopt.".to_owned(),
        Finding::OwnShape => "The table users has the columns of rollcall's own and needs no mapping: leave USERS_TABLE \
                              unset, and run rollcall migrate up."
            .to_owned(),
        Finding::Adopted => "rollcall has adopted a table of this database already: rollcall migrate status shows how far. \
                             To change the mapping, run rollcall migrate up with the other one."
            .to_owned(),
        Finding::Empty => "The database has no tables that this user can see: rollcall migrate up makes a table of \
                           rollcall's own."
            .to_owned(),
        Finding::NoSuchTable => {
            let table = table.unwrap_or_default();
            format!("there is no table {table}: {}", others())
        }
        Finding::NoCandidate | Finding::Candidate => "no table looks like one of users, with an email or a username: name it \
                                                      with --table schema.name, or set USERS_TABLE=own for a new table of \
                                                      rollcall's own"
            .to_owned(),
    }
}

/// The proposal for people.
fn show(survey: &Survey, proposal: &Proposal) -> Result<()> {
    let rows = proposal
        .estimated_rows
        .map_or_else(String::new, |rows| format!(", about {rows} rows"));
    output::print(&format!("{}{rows}\n", proposal.table))?;
    if !proposal.fields.is_empty() {
        let heading = ["FIELD", "IS", "CAN BE"].map(str::to_owned);
        let fields = proposal.fields.iter().map(|field| {
            let access = match field.access {
                Access::Works => "shown and written",
                Access::ReadOnly if field.field == "id" => "shown",
                Access::ReadOnly => "shown, not written",
                Access::Absent => "nothing: the table does not have it",
            };
            let from = field.from.clone().unwrap_or_else(|| "-".to_owned());
            [field.field.to_owned(), from, access.to_owned()]
        });
        let fields: Vec<_> = [heading].into_iter().chain(fields).collect();
        output::print(&output::table(&fields))?;
    }
    let field_notes = proposal.fields.iter().flat_map(|field| {
        let notes = field.notes.iter();
        notes.map(|note| format!("{}: {note}", field.field))
    });
    let notes: Vec<_> = field_notes.chain(proposal.notes.iter().cloned()).collect();
    let settings = proposal.settings.iter();
    let settings: Vec<_> = settings
        .map(|setting| {
            format!(
                "{}={}  ({})",
                setting.variable, setting.value, setting.reason
            )
        })
        .collect();
    let sections = [
        ("Cannot be adopted", &proposal.preflight_errors),
        ("Users cannot be created", &proposal.no_new_users),
        ("New users also get", &proposal.new_users),
        ("To know", &notes),
        ("SQL that would make more work", &proposal.mend),
        ("Settings of the functions, beside USERS_TABLE", &settings),
        (
            "Other tables that may hold users, for --table",
            &survey.others,
        ),
    ];
    for (title, lines) in sections {
        if !lines.is_empty() {
            let lines: Vec<_> = lines
                .iter()
                .map(|line| format!("  {}", output::printable(line)))
                .collect();
            output::print(&format!("\n{title}\n{}", lines.join("\n")))?;
        }
    }
    Ok(())
}
