//! `cargo xtask token`: bearer tokens for the server that `cargo dev` starts, or for a deployment.

use std::io::Read as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use rig::SigningKey;
use serde_json::json;

use crate::console;
use crate::dev_folder::DevFolder;

/// What `cargo xtask token` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The user's id; without it, the superuser of `cargo dev`
    #[arg(long, value_name = "ID")]
    user: Option<i64>,
    /// How long the token is valid
    #[arg(long, value_name = "N", default_value_t = 60)]
    minutes: u32,
    /// Sign with the HS256 key on standard input, as the secret of a deployment holds it
    #[arg(long, requires = "user")]
    key_from_stdin: bool,
    /// Further claims, as `JwtRequiredClaims` of a deployment names them
    #[arg(long, value_name = "NAME=VALUE,...", value_delimiter = ',', value_parser = claim)]
    claims: Vec<(String, String)>,
}

fn claim(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("a claim is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Prints a token, and nothing else, so that it can be used in `$(...)`.
pub fn run(arguments: &Arguments) -> Result<()> {
    let (key, user) = match arguments.user {
        Some(user) if arguments.key_from_stdin => (read_key()?, user),
        user => key_and_user_of_dev(user)?,
    };
    let validity = Duration::from_secs(60 * u64::from(arguments.minutes));
    let now = SystemTime::now();
    console::say(&mint(&key, user, now, validity, &arguments.claims)?);
    Ok(())
}

fn key_and_user_of_dev(user: Option<i64>) -> Result<(String, i64)> {
    let folder = DevFolder::open()?;
    let key = folder
        .jwt_key()?
        .context("there is no key to sign with: run `cargo dev` first")?;
    let user = match user {
        Some(user) => user,
        None => folder
            .superuser()?
            .context("there is no superuser yet: run `cargo dev` first, or give --user")?,
    };
    Ok((key, user))
}

/// Without the line break that commands end their output with.
fn read_key() -> Result<String> {
    let mut key = String::new();
    std::io::stdin()
        .read_to_string(&mut key)
        .context("could not read the key from standard input")?;
    let key = key.trim_end_matches(['\r', '\n']).to_owned();
    ensure!(
        key.len() >= 32,
        "the key on standard input must have 32 bytes or more"
    );
    Ok(key)
}

/// An HS256 token for a user, with further claims.
pub fn mint(
    key: &str,
    user: i64,
    now: SystemTime,
    validity: Duration,
    further: &[(String, String)],
) -> Result<String> {
    let issued = now
        .duration_since(UNIX_EPOCH)
        .context("the clock of this machine is before 1970")?;
    let mut claims = json!({
        "sub": user.to_string(),
        "iat": issued.as_secs(),
        "exp": (issued + validity).as_secs(),
    });
    for (name, value) in further {
        claims[name] = value.as_str().into();
    }
    SigningKey::hs256(key).sign(&claims)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_token_says_who_and_how_long_and_what_else_is_claimed() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);

        let further = [claim("type=access").unwrap()];
        let token = mint("a key", 7, now, Duration::from_mins(1), &further).unwrap();

        let claims = token.split('.').nth(1).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            claims,
            json!({ "sub": "7", "iat": 1_700_000_000, "exp": 1_700_000_060, "type": "access" })
        );
    }
}
