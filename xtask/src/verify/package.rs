//! What a deploy would upload: built as SAM builds it, weighed, and put through the black-box tests.

use std::env::consts::ARCH;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use servers::guard::GuardedCommand;
use servers::places::workspace_root;
use servers::{PythonTool, Toolbox};

use crate::test::TestServers;
use crate::{cargo, console};

/// Each function stays below it, so that a cold start has little to load.
const MAX_ZIP_BYTES: u64 = 6_000_000;

/// Zips as `sam deploy` does, and prints the sizes: function, binary, zip.
const WEIGH: &str = "
import os, sys, tempfile, zipfile
for folder in sys.argv[1:]:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.write(os.path.join(folder, 'bootstrap'), 'bootstrap')
        print(os.path.basename(folder), os.path.getsize(os.path.join(folder, 'bootstrap')), file.tell())
";

/// Builds for this machine's architecture, whose programs can run here.
pub(super) fn check() -> Result<()> {
    let toolbox = Toolbox::of_workspace();
    let sam = toolbox.python("sam")?;
    cargo::run("sam build", build(&toolbox, &sam)?)?;
    let artifacts = workspace_root().join(".aws-sam/build");
    weigh(&sam, &artifacts)?;
    TestServers::start()?.test_artifacts(&artifacts)
}

fn build(toolbox: &Toolbox, sam: &PythonTool) -> Result<GuardedCommand> {
    let cargo_lambda = toolbox.cargo_lambda()?;
    let mut folders = vec![parent(&cargo_lambda)?];
    folders.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let architecture = if ARCH == "aarch64" { "arm64" } else { ARCH };
    let mut command = GuardedCommand::new(sam.python());
    cargo::forget_this_run(sam.apply(command.command()))
        .args(["-m", "samcli", "build", "--beta-features"])
        .args([
            "--parameter-overrides",
            &format!("Architecture={architecture}"),
        ])
        .current_dir(workspace_root())
        .env("PATH", std::env::join_paths(folders)?)
        .env(
            "CARGO_ZIGBUILD_ZIG_PATH",
            toolbox.python("zig")?.package("ziglang")?.join("zig"),
        )
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .env("SAM_CLI_TELEMETRY", "0")
        .env(
            "__SAM_CLI_APP_DIR",
            workspace_root().join(".tools/sam-state"),
        );
    Ok(command)
}

fn parent(program: &Path) -> Result<PathBuf> {
    let folder = program.parent().context("a program lies in a folder")?;
    Ok(folder.to_path_buf())
}

fn weigh(sam: &PythonTool, artifacts: &Path) -> Result<()> {
    let mut folders: Vec<_> = artifacts
        .read_dir()
        .with_context(|| format!("there is no {}", artifacts.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("bootstrap").is_file())
        .collect();
    folders.sort();
    let mut arguments: Vec<OsString> = vec!["-c".into(), WEIGH.into()];
    arguments.extend(folders.into_iter().map(OsString::from));
    let mut python = std::process::Command::new(sam.python());
    let output = sam.apply(&mut python).args(arguments).output()?;
    ensure!(output.status.success(), "the artifacts cannot be read");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let mut bytes = || words.next().and_then(|word| word.parse::<u64>().ok());
        let (binary, zip) = bytes().zip(bytes()).context("a line without sizes")?;
        console::say(&format!(
            "{name:<20} binary {:>6} kB   zip {:>6} kB",
            binary / 1_000,
            zip / 1_000
        ));
        ensure!(
            zip <= MAX_ZIP_BYTES,
            "the zip of {name} is larger than {MAX_ZIP_BYTES} bytes"
        );
    }
    Ok(())
}
