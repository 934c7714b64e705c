//! The settings of a function, and its start.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::binary;
use crate::environments::Environments;
use crate::function::Function;
use crate::runtime_api;

/// Lambda gives an environment ten seconds to initialise.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// The settings of a function that is about to start.
#[derive(Debug, Clone)]
pub struct FunctionBuilder {
    binary: String,
    pub(crate) name: String,
    pub(crate) environment: BTreeMap<String, String>,
    instances: u32,
    pub(crate) scales_to: Option<u32>,
    pub(crate) gateway_timeout: Option<Duration>,
    pub(crate) timeout: Duration,
    pub(crate) init_timeout: Duration,
    pub(crate) memory: u32,
    pub(crate) concurrency: u32,
}

impl FunctionBuilder {
    pub(crate) fn new(binary: &str) -> Self {
        Self {
            binary: binary.to_owned(),
            name: binary.rsplit('/').next().unwrap_or(binary).to_owned(),
            environment: BTreeMap::new(),
            instances: 1,
            scales_to: None,
            gateway_timeout: None,
            timeout: Duration::from_secs(30),
            init_timeout: INIT_TIMEOUT,
            memory: 128,
            concurrency: 1,
        }
    }

    /// Sets one environment variable. The process sees these and Lambda's own, nothing else.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets several environment variables.
    #[must_use]
    pub fn envs<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        self.environment.extend(variables);
        self
    }

    /// Takes back one environment variable.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// How many instances start at once (1 unless told otherwise).
    #[must_use]
    pub fn instances(mut self, instances: u32) -> Self {
        self.instances = instances;
        self
    }

    /// Starts instances when events come, up to this limit, beyond which events are throttled. Unless
    /// this is set, instances are as many as they are, and events wait for them.
    #[must_use]
    pub fn scales_to(mut self, limit: u32) -> Self {
        self.scales_to = Some(limit);
        self
    }

    /// How long a gateway waits for the function (its own limit unless told otherwise).
    #[must_use]
    pub fn gateway_timeout(mut self, timeout: Duration) -> Self {
        self.gateway_timeout = Some(timeout);
        self
    }

    /// The time an invocation may take (30 s unless told otherwise).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The time the first request for work may take (10 s unless told otherwise).
    #[must_use]
    pub fn init_timeout(mut self, timeout: Duration) -> Self {
        self.init_timeout = timeout;
        self
    }

    /// The memory size in the function's environment, in megabytes.
    #[must_use]
    pub fn memory(mut self, megabytes: u32) -> Self {
        self.memory = megabytes;
        self
    }

    /// How many events one instance works on side by side, as under Lambda Managed Instances.
    #[must_use]
    pub fn concurrency(mut self, concurrency: u32) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Starts the Runtime API and all instances, and waits until each asks for work.
    pub async fn start(self) -> Result<Function, StartError> {
        let instances = self.instances;
        let (environments, server) = self.serve().await.map_err(StartError::rig)?;
        // Made first, so that a failure below takes down what has been started until then.
        let function = Function::new(Arc::clone(&environments), server);
        let instances = (0..instances)
            .map(|_| environments.start_instance())
            .collect::<anyhow::Result<Vec<_>>>()
            .map_err(StartError::rig)?;
        for instance in instances {
            environments.wait_until_ready(&instance).await?;
        }
        Ok(function)
    }

    async fn serve(self) -> anyhow::Result<(Arc<Environments>, AbortHandle)> {
        let binary = if self.binary.starts_with('/') {
            PathBuf::from(&self.binary)
        } else {
            binary::find_function(&self.binary)?
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.context("cannot open a port for the Runtime API")?;
        let port = listener.local_addr()?.port();
        let environments = Arc::new(Environments::new(self, binary, port));
        // Lambda's endpoint does not wait for more bytes before it answers.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let router = runtime_api::router(Arc::clone(&environments));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((environments, server.abort_handle()))
    }
}

/// Why a function did not come up.
#[derive(Debug, thiserror::Error)]
#[error("the function did not start: {reason}\n{logs}")]
pub struct StartError {
    /// What the instance reported, or how it ended.
    pub reason: String,
    /// What it had written until then.
    pub logs: String,
}

impl StartError {
    pub(crate) fn rig(error: impl Into<anyhow::Error>) -> Self {
        Self {
            reason: format!("{:#}", error.into()),
            logs: String::new(),
        }
    }
}
