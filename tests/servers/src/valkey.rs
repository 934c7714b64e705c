//! A private Valkey server.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use crate::guard::{GuardedCommand, GuardedProcess};
use crate::server::{self, Server};
use crate::tools::Toolbox;

/// A frozen server does not stop when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(1);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// The only user; the default one is turned off, as it is in production.
pub const USER: &str = "rollcall";
const PASSWORD: &str = "hunter2-of-the-cache";

/// A Valkey server on 127.0.0.1 that keeps nothing on disk; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Valkey {
    server: Server,
    program: PathBuf,
}

impl Valkey {
    /// Starts an empty one on a free port.
    pub fn start() -> Result<Self> {
        let program = Toolbox::of_workspace().valkey()?;
        let server = Server::start(|port, folder| start(&program, port, folder))?;
        Ok(Self { server, program })
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// Its URL, without user and password.
    #[must_use]
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.server.port)
    }

    /// Its URL, with user and password.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.server.port)
    }

    /// The password of [`USER`].
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Ends the server, which forgets everything.
    pub fn stop(&self) -> Result<()> {
        self.server.process.stop()
    }

    /// Starts the server again on its port, empty.
    pub fn start_again(&mut self) -> Result<()> {
        self.server.process.stop()?;
        self.server.process = start(&self.program, self.server.port, self.server.folder.path())?
            .with_context(|| format!("another program has taken port {}", self.server.port))?;
        Ok(())
    }

    /// Stops the process where it is: it goes on taking connections, and answers none.
    pub fn freeze(&self) {
        self.server.process.signal(Signal::SIGSTOP);
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.server.process.signal(Signal::SIGCONT);
    }

    /// Runs one command and returns its answer as text, which is empty for a key that does not exist.
    pub fn command(&self, parts: &[&str]) -> Result<String> {
        ask(self.server.port, parts)
    }
}

fn url(port: u16) -> String {
    format!("redis://{USER}:{PASSWORD}@127.0.0.1:{port}")
}

fn start(program: &Path, port: u16, folder: &Path) -> Result<Option<Arc<GuardedProcess>>> {
    let settings = folder.join("valkey.conf");
    // A file, because every account may read the arguments of a process.
    let text = format!(
        "bind 127.0.0.1\nport {port}\nsave \"\"\nappendonly no\ndir {}\n\
         user default off\nuser {USER} on >{PASSWORD} ~* &* +@all\n",
        folder.display()
    );
    fs::write(&settings, text)?;
    let mut command = GuardedCommand::new(program)
        .stop_limit(STOP_LIMIT)
        .temporary_folder(folder);
    command.command().arg(&settings).current_dir(folder);
    server::start("Valkey", command, &folder.join("server.log"), |_| {
        ask(port, &["PING"]).is_ok_and(|answer| answer == "PONG")
    })
}

fn ask(port: u16, parts: &[&str]) -> Result<String> {
    let client = redis::Client::open(url(port))?;
    let mut connection = client.get_connection_with_timeout(ANSWER_LIMIT)?;
    connection.set_read_timeout(Some(ANSWER_LIMIT))?;
    let (name, arguments) = parts.split_first().context("a command has a name")?;
    let answer: Option<String> = redis::cmd(name).arg(arguments).query(&mut connection)?;
    Ok(answer.unwrap_or_default())
}
