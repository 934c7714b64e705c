//! `cargo xtask bench`: builds what is measured, and runs the crate `bench`.

use anyhow::Result;
use clap::Args;

use crate::cargo;

/// What `cargo xtask bench` can be told.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    /// A bench and its options; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the functions alone, so that they have the features that a deploy gives them.
pub fn run(arguments: &Arguments) -> Result<()> {
    release(
        "build",
        &[
            "-p=stats",
            "-p=users",
            "-p=bulk-create",
            "-p=health",
            "--bins",
        ],
    )?;
    release("build", &["-p=rollcall", "--bins"])?;
    release("build", &["-p=rig", "--example=hello"])?;
    let mut run = vec!["-p=bench", "--"];
    run.extend(arguments.arguments.iter().map(String::as_str));
    release("run", &run)
}

fn release(subcommand: &str, arguments: &[&str]) -> Result<()> {
    let mut command = cargo::command(subcommand);
    command
        .command()
        .arg("--release")
        .args(cargo::locked())
        .args(arguments);
    cargo::run(&format!("cargo {subcommand}"), command)
}
