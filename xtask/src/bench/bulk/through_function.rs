//! The function itself, in its release build, behind the Runtime API.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rig::{Function, Gateway, Request, Response, SigningKey};
use serde_json::{Value, json};
use shared::store::bulk::ImportRow;

/// A running function and a token for it.
pub(super) struct Import {
    function: Function,
    token: String,
}

impl Import {
    pub(super) async fn start(program: &Path, url: &str) -> Result<Self> {
        let key = SigningKey::hs256("the-signing-secret-of-this-bench-0123456789");
        let program = program.to_str().context("the path is no text")?;
        let function = Function::builder(program)
            .env("DATABASE_URL", url)
            .env("JWT_KEY", key.verification_key())
            .start()
            .await?;
        Ok(Self {
            function,
            token: key.token(1)?,
        })
    }

    /// How long the function works on a request with these users.
    pub(super) async fn time(&self, rows: &[ImportRow]) -> Result<Duration> {
        let users = rows.iter().map(|row| {
            json!({
                "email": row.email,
                "username": row.username,
                "full_name": row.full_name,
                "password_hash": row.password_hash,
            })
        });
        let (response, time) = self.send(&users.collect()).await?;
        ensure!(response.status == 201, "{}", response.text());
        Ok(time)
    }

    /// The answer to a request, and how long it took to come.
    pub(super) async fn send(&self, users: &Value) -> Result<(Response, Duration)> {
        let request = Request::post("/api/v1/users/bulk")
            .bearer(&self.token)
            .json(users);
        let event = request.event(Gateway::HttpApi);
        let started = Instant::now();
        let invocation = self.function.invoke(event).await;
        let time = started.elapsed();
        Ok((Response::from_event(&invocation.into_response())?, time))
    }

    /// The most memory that the process has had.
    pub(super) fn peak_megabytes(&self) -> Result<u64> {
        let instances = self.function.instances();
        let instance = instances.first().context("the function has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", instance.pid()))?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .context("the system does not tell the peak of memory")?;
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1_024)
    }
}
