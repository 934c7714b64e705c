//! `rollcall token`: the token of a profile, or one that is signed with the HS256 key of a deployment.

use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use rollcall::hs256;

use crate::connection::ConnectionArguments;
use crate::output;

/// RFC 7518, section 3.2.
const MIN_KEY_BYTES: usize = 32;

/// Options of `rollcall token`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  curl -H \"Authorization: Bearer $(rollcall token)\" https://users.example.com/api/v1/users
  aws secretsmanager get-secret-value --secret-id ID --query SecretString --output text |
    rollcall token --key-from-stdin --user 1 --minutes 15")]
pub struct Arguments {
    /// Sign a new token with the HS256 key on standard input, instead of printing the profile's
    #[arg(long, requires = "user")]
    key_from_stdin: bool,
    /// The subject of the new token: the id of the user, or what `JWT_SUBJECT_FIELD` says
    #[arg(long, value_name = "ID", requires = "key_from_stdin")]
    user: Option<String>,
    /// How long the new token is valid
    #[arg(long, value_name = "N", default_value_t = 60)]
    minutes: u32,
    /// Further claims of the new token, as `JwtRequiredClaims` of a deployment names them
    #[arg(long, value_name = "NAME=VALUE,...", value_delimiter = ',', value_parser = claim)]
    claims: Vec<(String, String)>,
}

fn claim(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("a claim is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Prints a token and nothing else.
pub fn run(arguments: &Arguments, connection: &ConnectionArguments) -> Result<()> {
    let token = match &arguments.user {
        Some(user) => {
            let validity = Duration::from_secs(60 * u64::from(arguments.minutes));
            hs256::sign(&read_key()?, user, validity, &arguments.claims)?
        }
        None => connection.token()?,
    };
    Ok(output::print(&token)?)
}

/// Without the line break that commands end their output with.
fn read_key() -> Result<String> {
    let mut key = String::new();
    std::io::stdin()
        .read_to_string(&mut key)
        .context("cannot read the key from standard input")?;
    key.truncate(key.trim_end_matches(['\r', '\n']).len());
    ensure!(
        key.len() >= MIN_KEY_BYTES,
        "the key on standard input must have {MIN_KEY_BYTES} bytes or more"
    );
    Ok(key)
}
