//! The functions behind cargo-lambda's emulator of Lambda and its gateway.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use servers::guard::{GuardedCommand, GuardedProcess};
use servers::places::workspace_root;

use crate::cargo;

const START_LIMIT: Duration = Duration::from_mins(2);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// One path of every function and what it says to a superuser's GET. A function starts with its
/// first request, and the first real one should not wait for that.
const ONE_ANSWER_EACH: [(&str, u16); 5] = [
    ("/console", 200),
    ("/health", 200),
    ("/api/v1/dashboard/stats", 200),
    ("/api/v1/users", 200),
    ("/api/v1/users/bulk", 405),
];

/// What the functions are served with.
#[derive(Debug)]
pub(super) struct Settings<'run> {
    pub(super) program: &'run Path,
    pub(super) port: u16,
    pub(super) is_release: bool,
    pub(super) database_url: &'run str,
    pub(super) jwt_key: &'run str,
    pub(super) token: &'run str,
}

/// Functions that answer.
#[derive(Debug)]
pub(super) struct FunctionServer {
    process: Arc<GuardedProcess>,
}

impl FunctionServer {
    /// Starts cargo-lambda and waits until every function answers.
    pub(super) fn start(settings: &Settings<'_>) -> Result<Self> {
        let mut watch = GuardedCommand::new(settings.program);
        cargo::forget_this_run(watch.command())
            .args(["lambda", "watch", "--invoke-address", "127.0.0.1"])
            .args(["--invoke-port", &settings.port.to_string()])
            .args(settings.is_release.then_some("--release"))
            .current_dir(workspace_root())
            .env("DATABASE_URL", settings.database_url)
            .env_remove("DATABASE_SECRET_ARN")
            // Nobody reads them here.
            .env("REQUEST_METRICS", "off")
            .env("AUTH_MODE", "jwt")
            .env("JWT_ALGORITHM", "HS256")
            .env("JWT_KEY", settings.jwt_key)
            // The console opens signed in.
            .env("CONSOLE_TOKEN", settings.token)
            .env_remove("JWT_SECRET_ARN");
        let server = Self {
            process: watch.spawn()?,
        };
        server.await_answers(settings)?;
        Ok(server)
    }

    /// Waits for the end, which is an error: a signal ends this program before.
    pub(super) fn wait(&self) -> Result<()> {
        let status = self.process.wait()?;
        bail!("cargo lambda watch ended ({status})")
    }

    fn await_answers(&self, settings: &Settings<'_>) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        for (path, expected) in ONE_ANSWER_EACH {
            loop {
                let answer = status(settings, path);
                if answer.as_ref().is_ok_and(|status| *status == expected) {
                    break;
                }
                if let Some(status) = self.process.try_wait()? {
                    bail!("cargo lambda watch ended ({status}) before the functions answered");
                }
                if Instant::now() >= deadline {
                    bail!(
                        "{path} gave {answer:?} instead of {expected} for {START_LIMIT:?}, see above"
                    );
                }
                thread::sleep(POLL_INTERVAL);
            }
        }
        Ok(())
    }
}

/// The status of a GET with the superuser's token.
fn status(settings: &Settings<'_>, path: &str) -> Result<u16> {
    let response = ureq::get(format!("http://127.0.0.1:{}{path}", settings.port))
        .header("Authorization", format!("Bearer {}", settings.token))
        .config()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(START_LIMIT))
        .build()
        .call()?;
    Ok(response.status().as_u16())
}
