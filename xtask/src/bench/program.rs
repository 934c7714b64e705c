//! One program that is started again and again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rig::{Function, Gateway, Instance, Request, Response};
use serde_json::Value;
use tokio::time::sleep;

use super::world::Environment;

/// Before each start, so that all of them find cores that have nothing to do. A program that has just
/// ended leaves them awake, unless it took its time to end.
const PAUSE: Duration = Duration::from_millis(30);

/// A program, how it is configured, and what it is asked.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
    function: Function,
    event: Value,
}

/// One cold start.
pub(super) struct Start {
    /// From the start of the process to its first request for work.
    pub(super) init: Duration,
    /// From the start of the process to the answer to an event that was there before it.
    pub(super) first_answer: Duration,
    /// Resident memory after that answer, in bytes.
    pub(super) memory: u64,
}

impl Program {
    /// Prepares a program; nothing is started yet.
    pub(super) async fn new(
        name: &'static str,
        path: &Path,
        environment: Environment,
        request: &Request,
    ) -> Result<Self> {
        let function = Function::builder(path.to_str().context("the path is no text")?)
            .envs(environment)
            .instances(0)
            .start()
            .await?;
        Ok(Self {
            name,
            path: path.to_owned(),
            function,
            event: request.event(Gateway::HttpApi),
        })
    }

    /// Starts it once, asks it once, and lets it end.
    pub(super) async fn start_once(&self) -> Result<Start> {
        sleep(PAUSE).await;
        let started = Instant::now();
        let invocation = self.function.invoke(self.event.clone()).await;
        let first_answer = started.elapsed();
        let init = invocation.init_duration.context("this was no cold start")?;
        self.check(&Response::from_event(&invocation.into_response())?)?;
        let memory = self.memory()?;
        self.end().await?;
        Ok(Start {
            init,
            first_answer,
            memory,
        })
    }

    /// Starts it once until it asks for work, and lets it end.
    pub(super) async fn init_once(&self) -> Result<Duration> {
        sleep(PAUSE).await;
        let started = Instant::now();
        self.function.start_instance().await?;
        let init = started.elapsed();
        self.end().await?;
        Ok(init)
    }

    /// Asks it that many times, one after another, and tells how long that took. It is started if it
    /// does not run.
    pub(super) async fn ask(&self, times: u32) -> Result<Duration> {
        let started = Instant::now();
        for _ in 0..times {
            let answer = self.function.invoke(self.event.clone()).await;
            self.check(&Response::from_event(&answer.into_response())?)?;
        }
        Ok(started.elapsed())
    }

    /// Asks it something else, and tells how long that took.
    pub(super) async fn send(&self, request: &Request) -> Result<Duration> {
        let event = request.event(Gateway::HttpApi);
        let started = Instant::now();
        let answer = self.function.invoke(event).await;
        let time = started.elapsed();
        self.check(&Response::from_event(&answer.into_response())?)?;
        Ok(time)
    }

    /// Ends the process.
    pub(super) async fn end(&self) -> Result<()> {
        let instance = self.instance()?;
        instance.terminate();
        instance.exited().await;
        Ok(())
    }

    /// Resident memory in bytes.
    pub(super) fn memory(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.instance()?.pid());
        let status = fs::read_to_string(path)?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("the system does not tell resident memory")?;
        let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1_024)
    }

    /// The size of the program in bytes.
    pub(super) fn size(&self) -> Result<u64> {
        Ok(fs::metadata(&self.path)?.len())
    }

    /// The size of the program in a zip archive in bytes, less the hundred that the archive itself takes.
    pub(super) fn zipped_size(&self) -> Result<u64> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&fs::read(&self.path)?)?;
        Ok(u64::try_from(encoder.finish()?.len())?)
    }

    fn instance(&self) -> Result<Arc<Instance>> {
        let instances = self.function.instances();
        let instance = instances.into_iter().next();
        instance.with_context(|| format!("{} has ended:\n{}", self.name, self.function.logs()))
    }

    /// A wrong answer may be a fast one.
    fn check(&self, response: &Response) -> Result<()> {
        ensure!(
            (200..300).contains(&response.status),
            "{} answered {}: {}\n{}",
            self.name,
            response.status,
            response.text(),
            self.function.logs()
        );
        Ok(())
    }
}
