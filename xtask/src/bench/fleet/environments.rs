//! The environments of a fleet.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rig::{Function, SigningKey};

/// The functions of a fleet, by package.
pub(super) const FUNCTIONS: [&str; 3] = ["list-users", "stats", "bulk-create"];

/// Of twenty environments, so many are for each function; requests come in the same proportion.
pub(super) const SHARES: [u32; 3] = [16, 3, 1];
pub(super) const ALL_SHARES: u32 = 20;

/// Hundreds of processes that start at once on a few cores take their time, which a fleet of
/// Lambda's does not: there, each has its own.
const INIT_TIMEOUT: Duration = Duration::from_mins(2);

/// Many environments of each function, and a token for them.
pub(super) struct Fleet {
    functions: Vec<Function>,
    pub(super) token: String,
}

impl Fleet {
    /// Starts all environments at once.
    pub(super) async fn start(
        binaries: &Path,
        url: &str,
        is_pooled: bool,
        environments: u32,
    ) -> Result<Self> {
        let key = SigningKey::hs256("the-signing-secret-of-this-bench-0123456789");
        let mut functions = Vec::new();
        for (name, share) in FUNCTIONS.into_iter().zip(SHARES) {
            let program = binaries.join(name);
            let program = program.to_str().context("the path is no text")?;
            let function = Function::builder(program)
                .env("DATABASE_URL", url)
                .env("DATABASE_POOLER", if is_pooled { "true" } else { "false" })
                .env("JWT_KEY", key.verification_key())
                .instances((environments * share / ALL_SHARES).max(1))
                .init_timeout(INIT_TIMEOUT);
            functions.push(function.start().await?);
        }
        Ok(Self {
            functions,
            token: key.token(1)?,
        })
    }

    /// The function at a place in [`FUNCTIONS`].
    pub(super) fn function(&self, place: usize) -> &Function {
        &self.functions[place]
    }

    /// The memory that all processes have now, without what they share with each other.
    pub(super) fn megabytes(&self) -> Result<u64> {
        let mut kilobytes = 0;
        for instance in self.functions.iter().flat_map(Function::instances) {
            let path = format!("/proc/{}/smaps_rollup", instance.pid());
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
            let share = text
                .lines()
                .find_map(|line| line.strip_prefix("Pss:"))
                .context("the system does not tell the memory of a process")?;
            kilobytes += share.trim().trim_end_matches(" kB").parse::<u64>()?;
        }
        Ok(kilobytes / 1_024)
    }

    /// Ends all environments as Lambda does.
    pub(super) async fn shut_down(self) {
        for function in &self.functions {
            function.shut_down().await;
        }
    }
}
