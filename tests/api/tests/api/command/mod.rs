//! `rollcall`, the command, against the real functions behind HTTP.

mod adopt;
mod answers;
mod audit;
mod changes;
mod connection;
mod dialects;
mod export;
mod files;
mod generated;
mod import;
mod interrupted_import;
mod mapped_table;
mod mapping;
mod programs;
mod vendors;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use rig::{FunctionBuilder, GatewayServer};
use tempfile::TempDir;
use tokio::process::Command;

use crate::fixture::{ADMIN, Fixture};

/// The functions of a fixture behind one URL.
pub(crate) async fn serve(fixture: &Fixture) -> GatewayServer {
    serve_with(fixture, |_, builder| builder).await
}

/// The same, with functions that are set up in another way.
async fn serve_with(
    fixture: &Fixture,
    adjust: impl Fn(&str, FunctionBuilder) -> FunctionBuilder,
) -> GatewayServer {
    serve_all(|name| adjust(name, fixture.function(name))).await
}

/// All functions behind one URL.
async fn serve_all(function: impl Fn(&str) -> FunctionBuilder) -> GatewayServer {
    let routes = rig::routes().unwrap();
    let mut functions = BTreeMap::new();
    for name in ["bulk-create", "health", "users", "stats"] {
        // Each starts with its first request; most tests send to one or two.
        let function = function(name).instances(0).start().await.unwrap();
        functions.insert(name, Arc::new(function));
    }
    let by_path = routes.iter().map(|route| {
        (
            route.path.as_str(),
            Arc::clone(&functions[&*route.function]),
        )
    });
    GatewayServer::start(by_path, Arc::clone(&functions["health"]))
        .await
        .unwrap()
}

/// The machine of an operator: a folder with a configuration and files.
pub(crate) struct Machine(TempDir);

/// What a command printed and how it ended.
pub(crate) struct Ended {
    code: Option<i32>,
    pub(crate) stdout: String,
    stderr: String,
}

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A machine whose default profile is this API with the superuser's token.
    pub(crate) fn of(fixture: &Fixture, url: &str) -> Self {
        let machine = Self::new();
        machine.configure(&format!(
            "default_profile = \"test\"\n[profiles.test]\nurl = \"{url}\"\ntoken = \"{}\"\n",
            fixture.token(ADMIN)
        ));
        machine
    }

    fn configure(&self, text: &str) {
        fs::create_dir_all(self.path("rollcall")).unwrap();
        fs::write(self.path("rollcall/config.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The files, without the configuration.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "rollcall").collect();
        names.sort();
        names
    }

    /// A program with nothing of this machine's environment that the command reads.
    fn program(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for name in [
            "ROLLCALL_PROFILE",
            "ROLLCALL_URL",
            "ROLLCALL_TOKEN",
            "DATABASE_URL",
            "USERS_TABLE",
        ] {
            command.env_remove(name);
        }
        command
            .env("XDG_CONFIG_HOME", self.0.path())
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(binary());
        command.args(arguments);
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&mut self.command(arguments)).await
    }

    /// What a command prints that succeeds.
    async fn output(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    }
}

impl Ended {
    async fn of(command: &mut Command) -> Self {
        let output = command.output().await.unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn assert(&self, code: i32, message: &str) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains(message), "{}", self.stderr);
    }
}

fn binary() -> PathBuf {
    rig::binary::find("rollcall").unwrap()
}

fn csv(rows: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = "email,username\r\n".to_owned();
    for number in 0..rows {
        text.push_str(&row(number));
        text.push_str("\r\n");
    }
    text
}
