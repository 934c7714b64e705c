//! A function in one environment, which may be started again and again.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rig::{Function, Instance, Request, SigningKey};

use crate::deployment::Environment;
use crate::report::milliseconds;

/// Before each start, so that all of them find idle cores. There is nothing to wait for: the kernel
/// still cleans up after the program that ended before.
const PAUSE: Duration = Duration::from_millis(30);

pub struct Program {
    pub function: Function,
    pub request: Request,
}

impl Program {
    /// Prepares a program; it starts with its first request.
    pub async fn new(binary: &str, environment: Environment, request: Request) -> Result<Self> {
        let function = Function::builder(binary)
            .envs(environment)
            .instances(0)
            .start()
            .await?;
        Ok(Self { function, request })
    }

    /// Starts the program, sends its request, and ends the program. Tells how many milliseconds it took
    /// from the start of the process to the answer.
    pub async fn start(&self) -> Result<f64> {
        tokio::time::sleep(PAUSE).await;
        let time = self.send(&self.request).await?;
        self.end().await?;
        Ok(time)
    }

    /// Starts the program until it asks for work, and ends it.
    pub async fn init(&self) -> Result<f64> {
        tokio::time::sleep(PAUSE).await;
        let started = Instant::now();
        self.function.start_instance().await?;
        let init = milliseconds(started.elapsed());
        self.end().await?;
        Ok(init)
    }

    /// Sends a request and tells how many milliseconds that took. A wrong answer may be a fast one.
    pub async fn send(&self, request: &Request) -> Result<f64> {
        let started = Instant::now();
        let response = self.function.send(request).await;
        let time = milliseconds(started.elapsed());
        ensure!(
            response.status < 300,
            "{}\n{}",
            response.text(),
            self.function.logs()
        );
        Ok(time)
    }

    pub async fn end(&self) -> Result<()> {
        let instance = self.instance()?;
        instance.terminate();
        instance.exited().await;
        Ok(())
    }

    /// `VmRSS:`, the memory that it has, or `VmHWM:`, the most that it has had, in MB.
    pub fn memory(&self, entry: &str) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.instance()?.pid()))?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(entry)?.trim().strip_suffix(" kB"));
        let kilobytes: f64 = value
            .with_context(|| format!("no {entry} in {text}"))?
            .parse()?;
        Ok(kilobytes * 1_024.0 / 1e6)
    }

    fn instance(&self) -> Result<Arc<Instance>> {
        let instance = self.function.instances().into_iter().next();
        instance.with_context(|| format!("the program has ended:\n{}", self.function.logs()))
    }
}

pub fn signing_key() -> SigningKey {
    SigningKey::hs256("the-signing-secret-of-this-bench-0123456789")
}
