//! Release builds: of the functions, of what they are compared with, and of this program.

use std::path::PathBuf;

use anyhow::Result;
use servers::places::workspace_root;

use crate::cargo;

/// Runs `cargo xtask bench <arguments>` again, optimised: a slow client would make what it measures look
/// slower than it is.
pub(super) fn run_optimised(arguments: &[String]) -> Result<()> {
    let mut run = cargo::command("run");
    run.command()
        .args(["--release", "--package", "xtask", "--bin", "xtask"])
        .args(cargo::locked())
        .args(["--", "bench"])
        .args(arguments);
    cargo::run(&format!("cargo xtask bench {}", arguments.join(" ")), run)
}

/// Builds these functions.
pub(super) fn build(functions: &[&str]) -> Result<()> {
    let mut build = cargo::command("build");
    build
        .command()
        .args(["--release", "--bins"])
        .args(cargo::locked());
    for function in functions {
        build.command().args(["--package", function]);
    }
    cargo::run("cargo build", build)
}

/// Builds the least that a function can be.
pub(super) fn build_hello() -> Result<()> {
    let mut build = cargo::command("build");
    build
        .command()
        .args(["--release", "--package", "rig", "--example", "hello"])
        .args(cargo::locked());
    cargo::run("cargo build", build)
}

/// Builds the function with the defaults, which is a workspace of its own.
pub(super) fn build_defaults() -> Result<()> {
    let mut build = cargo::command("build");
    build
        .command()
        .current_dir(workspace_root().join("bench/defaults"))
        .args(["--release", "--target-dir"])
        .arg(workspace_root().join("target/bench-defaults"));
    cargo::run("cargo build", build)
}

/// Where a built function is.
pub(super) fn function(name: &str) -> PathBuf {
    workspace_root().join("target/release").join(name)
}

/// Where the least function is.
pub(super) fn hello() -> PathBuf {
    workspace_root().join("target/release/examples/hello")
}

/// Where the function with the defaults is.
pub(super) fn defaults() -> PathBuf {
    workspace_root().join("target/bench-defaults/release/defaults")
}
