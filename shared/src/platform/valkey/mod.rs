//! A Valkey server that all environments share, and that every request can do without.
//!
//! Nothing here fails a request or holds it up: what a request may spend on the server in all is its
//! [`TimeBudget`], tens of milliseconds; and after a failure, the environment does not ask it for
//! [`COOLDOWN`], so that a server that hangs costs one request in a while, not each.
//!
//! One connection an environment carries all commands, interleaved. It is opened in the background,
//! when the environment starts, and nobody waits for it longer than the budget. Every command
//! names keys of one hash slot only, as `ElastiCache` Serverless demands, which is a cluster behind
//! one address.

mod connector;
mod failure;
mod link;
mod time_budget;

use std::{sync::Arc, time::Duration};

use redis::{Cmd, FromRedisValue};
use tokio::time::{Instant, timeout};

use self::{
    connector::Connector,
    link::{AfterFailure, Link, Number},
};
pub use self::{
    failure::{Failure, Reason},
    link::COOLDOWN,
    time_budget::TimeBudget,
};
use crate::platform::{
    config::{ConfigError, ValkeyConfig},
    error::chain,
    metrics,
    secrets::Secrets,
};

/// The server, as all requests of an environment see it.
#[derive(Clone)]
pub struct Valkey(Arc<Inner>);

struct Inner {
    link: Link,
    key_prefix: String,
}

/// Lua that the server runs in one step, and that no other command interrupts.
pub(crate) struct Script {
    /// The code.
    pub(crate) code: &'static str,
    /// The keys that it uses, all of one hash slot.
    pub(crate) keys: Vec<String>,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
}

impl Valkey {
    /// Begins to connect. `secrets` is where the secret is that the configuration may name.
    pub(crate) fn start(
        config: &ValkeyConfig,
        secrets: Option<&Secrets>,
    ) -> Result<Self, ConfigError> {
        let link = Link::new(Connector::new(config, secrets)?);
        link.begin();
        Ok(Self(Arc::new(Inner {
            link,
            key_prefix: config.key_prefix.clone(),
        })))
    }

    /// A key of this deployment. Keys with the same part in braces are in one hash slot. None may
    /// hold data of people beyond the number of a user.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.0.key_prefix)
    }

    /// Whether the server answers, even if it did not a moment ago.
    pub async fn ping(&self, bound: Duration) -> Result<(), Failure> {
        let budget = TimeBudget::new(bound);
        self.ask(&budget, AfterFailure::Ask, &redis::cmd("PING"))
            .await
    }

    /// Runs a script, unless the server failed a moment ago.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        budget: &TimeBudget,
        script: &Script,
    ) -> Result<T, Failure> {
        self.ask(budget, AfterFailure::Wait, &script.command())
            .await
    }

    /// Runs a script, even if the server failed a moment ago.
    pub(crate) async fn run_regardless<T: FromRedisValue>(
        &self,
        budget: &TimeBudget,
        script: &Script,
    ) -> Result<T, Failure> {
        self.ask(budget, AfterFailure::Ask, &script.command()).await
    }

    async fn ask<T: FromRedisValue>(
        &self,
        budget: &TimeBudget,
        after_failure: AfterFailure,
        command: &Cmd,
    ) -> Result<T, Failure> {
        let link = &self.0.link;
        let started = Instant::now();
        let mut number = None;
        let attempts = self.ask_up_to_twice(after_failure, command, &mut number);
        let outcome = timeout(budget.left(), attempts)
            .await
            .unwrap_or_else(|_| Err(Failure::timeout()));
        budget.spend(started.elapsed());
        if let Err(failure) = &outcome
            && let Some(number) = number
        {
            metrics::count(metrics::CACHE_ERRORS);
            if link.open(number) {
                tracing::warn!(error = chain(failure), "the cache is not asked for a while");
            }
        }
        outcome
    }

    /// A server or a network may have closed a connection that the environment slept on, so a
    /// command whose connection breaks is sent once more on a new one. `number` is that of the
    /// connection in use, if the server is asked at all.
    async fn ask_up_to_twice<T: FromRedisValue>(
        &self,
        after_failure: AfterFailure,
        command: &Cmd,
        number: &mut Option<Number>,
    ) -> Result<T, Failure> {
        match self.ask_once(after_failure, command, number).await {
            Err(failure) if failure.reason() == Reason::ConnectionLost => {
                if let Some(number) = *number {
                    self.0.link.close(number);
                }
                self.ask_once(after_failure, command, number).await
            }
            outcome => outcome,
        }
    }

    async fn ask_once<T: FromRedisValue>(
        &self,
        after_failure: AfterFailure,
        command: &Cmd,
        number: &mut Option<Number>,
    ) -> Result<T, Failure> {
        let (latest, attempt) = self.0.link.attempt(after_failure)?;
        *number = Some(latest);
        let mut connection = link::connected(attempt).await?;
        Ok(command.query_async(&mut connection).await?)
    }
}

impl Script {
    /// EVAL and not EVALSHA: a script is shorter than a packet, and never unknown to the server.
    fn command(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command
            .arg(self.code)
            .arg(self.keys.len())
            .arg(&self.keys)
            .arg(&self.arguments);
        command
    }
}
