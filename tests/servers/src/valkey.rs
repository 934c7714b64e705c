//! A private Valkey server.

use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::account::Account;
use crate::guard::{GuardedCommand, GuardedProcess, StopSignal};
use crate::tools::Toolbox;
use crate::{logs, places, ports};

const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(1);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const PORT_ATTEMPTS: usize = 5;

/// The only user; the default one is turned off, as it is where people log in.
pub const USER: &str = "rollcall";
const PASSWORD: &str = "hunter2-of-the-cache";

/// A Valkey server on 127.0.0.1 that keeps nothing on disk; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Valkey {
    process: GuardedProcess,
    program: PathBuf,
    port: u16,
    // Deleted when this is dropped, which is after the process.
    folder: TempDir,
}

impl Valkey {
    /// Starts an empty one on a free port.
    pub fn start() -> Result<Self> {
        let program = Toolbox::of_workspace().valkey()?;
        for _ in 0..PORT_ATTEMPTS {
            let port = ports::free_port()?;
            let folder = places::new_temporary_folder(&Account::Own)?;
            if let Some(process) = launch(&program, port, &folder)? {
                return Ok(Self {
                    process,
                    program,
                    port,
                    folder,
                });
            }
        }
        bail!("lost {PORT_ATTEMPTS} free ports in a row to other programs");
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is, without user and password.
    #[must_use]
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it is, with user and password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{USER}:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// The password of [`USER`].
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Ends the server, which forgets everything.
    pub fn stop(&self) -> Result<()> {
        self.process.stop()
    }

    /// Starts the server again on its port, empty.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.stop()?;
        self.process = launch(&self.program, self.port, &self.folder)?
            .with_context(|| format!("somebody else has taken port {}", self.port))?;
        Ok(())
    }

    /// Stops the process where it is: it goes on taking connections, and answers none.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Runs one command and returns its answer: a line, or a text.
    pub fn command(&self, parts: &[&str]) -> Result<String> {
        ask(self.port, parts)
    }

    /// How often a command ran since the start.
    pub fn calls(&self, command: &str) -> Result<u64> {
        let statistics = self.command(&["INFO", "commandstats"])?;
        let prefix = format!("cmdstat_{command}:calls=");
        let line = statistics
            .lines()
            .find_map(|line| line.strip_prefix(&prefix));
        Ok(line
            .and_then(|line| line.split(',').next())
            .map_or(Ok(0), str::parse)?)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.process.pid().try_into()?);
        Ok(kill(pid, signal)?)
    }
}

/// `None` if somebody else has taken the port.
fn launch(program: &PathBuf, port: u16, folder: &TempDir) -> Result<Option<GuardedProcess>> {
    let settings = folder.path().join("valkey.conf");
    // A file, because the arguments of a process are for everybody to read.
    fs::write(
        &settings,
        format!(
            "bind 127.0.0.1\nport {port}\nsave \"\"\nappendonly no\ndir {}\n\
             user default off\nuser {USER} on >{PASSWORD} ~* &* +@all\n",
            folder.path().display()
        ),
    )?;
    let log = folder.path().join("server.log");
    let mut command = GuardedCommand::new(
        program,
        StopSignal::Terminate,
        STOP_LIMIT,
        Some(folder.path()),
    );
    command.command().arg(&settings).current_dir(folder.path());
    logs::write_to(command.command(), &log)?;
    let process = command.spawn()?;
    let deadline = Instant::now() + START_LIMIT;
    loop {
        if let Some(status) = process.try_wait()? {
            let log = logs::tail(&log);
            if log.contains("Address already in use") {
                return Ok(None);
            }
            bail!("Valkey ended with {status} before it was ready:\n{log}");
        }
        if ask(port, &["PING"]).is_ok_and(|answer| answer == "PONG") {
            return Ok(Some(process));
        }
        if Instant::now() >= deadline {
            bail!(
                "Valkey was not ready after {START_LIMIT:?}:\n{}",
                logs::tail(&log)
            );
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// The smallest client that can ask one question.
fn ask(port: u16, parts: &[&str]) -> Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_LIMIT)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    let mut request = encoded(&["AUTH", USER, PASSWORD]);
    request.push_str(&encoded(parts));
    stream.write_all(request.as_bytes())?;
    let mut answers = BufReader::new(stream);
    answer(&mut answers)?;
    answer(&mut answers)
}

fn encoded(parts: &[&str]) -> String {
    use std::fmt::Write as _;
    let mut text = format!("*{}\r\n", parts.len());
    for part in parts {
        // Writing to a string cannot fail.
        let _ = write!(text, "${}\r\n{part}\r\n", part.len());
    }
    text
}

fn answer(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let line = line.trim_end();
    match line.split_at_checked(1) {
        Some(("+" | ":", text)) => Ok(text.to_owned()),
        Some(("$", "-1")) => Ok(String::new()),
        Some(("$", length)) => {
            let mut bytes = vec![0; length.parse::<usize>()? + 2];
            stream.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            Ok(String::from_utf8(bytes)?)
        }
        _ => bail!("Valkey answered {line:?}"),
    }
}
