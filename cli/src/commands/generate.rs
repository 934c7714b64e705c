//! `rollcall completions` and `rollcall man`, for packages.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::output;

/// Options of `rollcall completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Options of `rollcall man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder, such as /usr/local/share/man/man1
    folder: PathBuf,
}

/// Prints the script that a shell loads.
pub fn completions<C: CommandFactory>(arguments: &Completions) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut C::command(), "rollcall", &mut script);
    Ok(output::print(&String::from_utf8(script)?)?)
}

/// Writes a page for each command.
pub fn man_pages<C: CommandFactory>(arguments: &Man) -> Result<()> {
    let folder = &arguments.folder;
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(C::command(), folder))
        .with_context(|| format!("cannot write man pages into {}", folder.display()))
}
