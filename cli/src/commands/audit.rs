//! `rollcall audit`: whether the log of changes is as it was written.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use users_table::seals::{self, Seal, Verified};

use crate::{
    database::{DatabaseArguments, MappingArguments, runtime},
    failure::Failure,
    output,
};

/// Options of `rollcall audit`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    mapping: MappingArguments,
}

#[derive(Subcommand)]
enum Action {
    /// Compare every entry of the log of changes with its seal, and the seals with each other
    Verify {
        /// A seal that was kept outside of the database, as an earlier run or the log of `migrate` has it
        #[arg(long, value_name = "NUMBER:HASH", value_parser = parse_seal)]
        seal: Option<Seal>,
    },
}

/// Runs the command. A log that was changed is a negative answer, and its first difference is named.
pub fn run(arguments: &Arguments, is_json: bool) -> Result<()> {
    let Action::Verify { seal } = &arguments.action;
    let users_table = arguments.mapping.users_table()?;
    let outcome = runtime()?.block_on(async {
        let mut connection = arguments.database.connect(&users_table).await?;
        let outcome = seals::verify(&mut connection, seal.as_ref()).await;
        outcome.context("the log of changes cannot be read; its owner can")
    })?;
    match outcome {
        Ok(verified) => {
            let text = if is_json {
                serde_json::to_string(&verified)?
            } else {
                describe(&verified)
            };
            Ok(output::print(&text)?)
        }
        Err(difference) => {
            if is_json {
                output::print(&serde_json::to_string(&difference)?)?;
            }
            let place = [("seal", difference.seal), ("entry", difference.entry)]
                .into_iter()
                .filter_map(|(name, number)| Some(format!("{name} {}", number?)))
                .collect::<Vec<_>>()
                .join(", ");
            Err(Failure::Negative(format!("{place}: {}", difference.what)).into())
        }
    }
}

fn describe(verified: &Verified) -> String {
    let Verified {
        last,
        entries,
        unsealed,
        dropped_until,
    } = verified;
    let mut lines = vec![format!(
        "ok: {entries} entries are as they were sealed, {unsealed} are not sealed yet"
    )];
    if let Some(month) = dropped_until {
        lines.push(format!(
            "entries up to {month} were dropped because of their age"
        ));
    }
    if let Some(Seal { number, hash }) = last {
        lines.push(format!("last seal {number}:{hash}"));
    }
    lines.join("\n")
}

fn parse_seal(text: &str) -> Result<Seal, String> {
    let parts = text.split_once(':').and_then(|(number, hash)| {
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some((number.parse().ok()?, hash.to_ascii_lowercase())).filter(|_| is_hash)
    });
    let (number, hash) = parts.ok_or("a seal is its number, a colon and 64 hexadecimal digits")?;
    Ok(Seal { number, hash })
}
