//! Checks of the templates that need no account: SAM's, CloudFormation's and a scanner's.

use anyhow::Result;
use servers::guard::GuardedCommand;
use servers::places::workspace_root;
use servers::{PythonTool, Toolbox};

use crate::cargo;

const TEMPLATES: [&str; 5] = [
    "template.yaml",
    "templates/alarms.yaml",
    "templates/cache.yaml",
    "templates/database.yaml",
    "templates/network.yaml",
];

/// Runs them all.
pub(super) fn check() -> Result<()> {
    let toolbox = Toolbox::of_workspace();
    let sam = toolbox.python("sam")?;
    cargo::run("sam validate", validate(&sam))?;
    cargo::run("cfn-lint", lint(&sam))?;
    cargo::run("checkov", scan(&toolbox.python("checkov")?))
}

/// Creates what the templates describe in moto, as far as it knows it, and prints what it does not.
pub(super) fn simulate() -> Result<()> {
    let toolbox = Toolbox::of_workspace();
    let mut simulation = python(&toolbox.python("sam")?);
    simulation
        .command()
        .args(["-W", "ignore", "tests/template/simulation/deploy.py"])
        .arg(toolbox.python("moto")?.package("")?);
    cargo::run("the simulated deploy", simulation)
}

fn validate(sam: &PythonTool) -> GuardedCommand {
    let mut command = python(sam);
    command
        .command()
        .args(["-m", "samcli", "validate", "--lint"])
        .args(["--template-file", TEMPLATES[0]])
        .env("SAM_CLI_TELEMETRY", "0")
        // Otherwise it leaves a folder in the home directory.
        .env(
            "__SAM_CLI_APP_DIR",
            workspace_root().join(".tools/sam-state"),
        );
    command
}

/// SAM looks at no nested template. It brings the linter along.
fn lint(sam: &PythonTool) -> GuardedCommand {
    let mut command = python(sam);
    command
        .command()
        .args(["-c", "from cfnlint.runner import main; main()"])
        .args(["--regions", "eu-central-1", "--"])
        .args(TEMPLATES);
    command
}

/// Findings that stay have their reasons in the templates. No list of policies is downloaded.
fn scan(checkov: &PythonTool) -> GuardedCommand {
    let mut command = python(checkov);
    command
        .command()
        .args(["-m", "checkov.main", "--framework", "cloudformation"])
        .args(["--compact", "--quiet", "--skip-download"])
        .args(TEMPLATES.iter().flat_map(|template| ["--file", template]));
    command
}

fn python(tool: &PythonTool) -> GuardedCommand {
    let mut command = GuardedCommand::new(tool.python());
    tool.apply(command.command())
        .current_dir(workspace_root())
        // The checks need a region to know which resource types there are, but no account.
        .env("AWS_DEFAULT_REGION", "eu-central-1");
    command
}
