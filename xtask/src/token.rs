//! `cargo xtask token`: bearer tokens for the server that `cargo dev` starts.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use rollcall::hs256;

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
}

/// Prints a token, and nothing else, so that it can be used in `$(...)`.
pub fn run(arguments: &Arguments) -> Result<()> {
    let folder = DevFolder::open()?;
    let key = folder
        .jwt_key()?
        .context("there is no key to sign with: run `cargo dev` first")?;
    let user = match arguments.user {
        Some(user) => user,
        None => folder
            .superuser()?
            .context("there is no superuser yet: run `cargo dev` first, or give --user")?,
    };
    let validity = Duration::from_secs(60 * u64::from(arguments.minutes));
    console::say(&hs256::sign(&key, &user.to_string(), validity, &[])?);
    Ok(())
}
