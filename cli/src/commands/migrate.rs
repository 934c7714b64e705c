//! `rollcall migrate`: the schema by hand.

use anyhow::Result;
use clap::Args;
use rollcall::migrate::{self, Action};

use crate::{
    database::{DatabaseArguments, MappingArguments, runtime},
    failure::Failure,
    output,
};

const EXAMPLES: &str = "\
Examples:
  DATABASE_URL=postgres://owner@db:5432/app rollcall migrate up
  rollcall migrate up --mapping mapping.json       # adopts a table, or changes its mapping in place
  rollcall migrate status --mapping mapping.json
  rollcall migrate remove --mapping mapping.json   # takes rollcall away from an adopted table
  rollcall migrate down --steps 1                  # of rollcall's own table";

/// Options of `rollcall migrate`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    mapping: MappingArguments,
    /// Do not ask
    #[arg(long, global = true)]
    yes: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments, is_json: bool) -> Result<()> {
    let question = match arguments.action {
        Action::Down { .. } => "Take back migrations, with what they store?",
        Action::Remove => "Take rollcall away, with its log of changes?",
        Action::Up | Action::Status => "",
    };
    if !question.is_empty() && !arguments.yes && !output::confirm(question, "--yes")? {
        return Err(Failure::Negative("nothing was changed".to_owned()).into());
    }
    let users_table = arguments.mapping.users_table()?;
    let lines = runtime()?.block_on(async {
        let mut connection = arguments.database.connect(&users_table).await?;
        migrate::run(arguments.action, &mut connection, &users_table).await
    })?;
    let text = if is_json {
        serde_json::to_string(&lines)?
    } else {
        lines.join("\n")
    };
    Ok(output::print(&text)?)
}
