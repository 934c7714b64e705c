//! A running function: how to invoke it and take it down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::builder::{FunctionBuilder, StartError};
use crate::dispatcher::Pending;
use crate::environments::Environments;
use crate::gateway::{Gateway, Request, Response};
use crate::instance::Instance;
use crate::invocation::{Call, Invocation, Outcome};

/// Lambda takes no larger event for an answer that is waited for: 6 MB.
const EVENT_LIMIT: usize = 6 * 1024 * 1024;

/// A running function. Dropping it kills its processes.
pub struct Function {
    environments: Arc<Environments>,
    server: AbortHandle,
    next_request: AtomicU64,
}

impl Function {
    /// Prepares a function from the name of a workspace binary or an absolute path.
    #[must_use]
    pub fn builder(binary: &str) -> FunctionBuilder {
        FunctionBuilder::new(binary)
    }

    pub(crate) fn new(environments: Arc<Environments>, server: AbortHandle) -> Self {
        Self {
            environments,
            server,
            next_request: AtomicU64::new(1),
        }
    }

    /// Invokes the function with an event and waits for the end of the invocation.
    pub fn invoke(
        &self,
        event: Value,
    ) -> impl Future<Output = Invocation> + Send + use<> + 'static {
        self.call(Call::new(event))
    }

    /// Sends an HTTP request as an API Gateway HTTP API does and reads the answer.
    ///
    /// # Panics
    ///
    /// If the function does not answer with an HTTP response.
    pub async fn send(&self, request: &Request) -> Response {
        self.send_through(Gateway::HttpApi, request).await
    }

    /// Sends an HTTP request through one kind of gateway and reads the answer.
    ///
    /// # Panics
    ///
    /// If the function does not answer with an HTTP response.
    pub async fn send_through(&self, gateway: Gateway, request: &Request) -> Response {
        let event = self.invoke(request.event(gateway)).await.into_response();
        match Response::from_event(&event) {
            Ok(response) => response,
            Err(error) => panic!("the function answered with something else than HTTP: {error:#}"),
        }
    }

    /// Sends an HTTP request through one kind of gateway and gives back what its client sees, also when
    /// the function does not answer.
    pub async fn deliver(&self, gateway: Gateway, request: &Request) -> Response {
        let invocation = self.invoke(request.event(gateway));
        match self
            .environments
            .settings
            .gateway_timeout
            .or(gateway.patience())
        {
            None => gateway.answer(&invocation.await.outcome),
            Some(patience) => tokio::time::timeout(patience, invocation)
                .await
                .map_or_else(
                    |_| gateway.lost_patience(),
                    |invocation| gateway.answer(&invocation.outcome),
                ),
        }
    }

    /// Ends all instances as Lambda does at a deploy, and waits until they are gone.
    pub async fn shut_down(&self) {
        let instances = self.instances();
        for instance in &instances {
            instance.terminate();
        }
        for instance in &instances {
            instance.exited().await;
        }
    }

    /// Submits a call at once and gives back its future, which may be awaited anywhere.
    ///
    /// # Panics
    ///
    /// The future does, if the function is dropped before it has answered.
    pub fn call(&self, call: Call) -> impl Future<Output = Invocation> + Send + use<> + 'static {
        let Call {
            event,
            timeout,
            stated_deadline,
        } = call;
        let (answer, receiver) = oneshot::channel();
        let number = self.next_request.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("{:08x}-0000-4000-8000-{number:012x}", std::process::id());
        let pending = Pending {
            request_id,
            event: event.to_string().into_bytes(),
            timeout: timeout.unwrap_or(self.environments.settings.timeout),
            stated_deadline,
            submitted: Instant::now(),
            answer,
        };
        if pending.event.len() > EVENT_LIMIT {
            pending.refuse(Outcome::EventTooLarge);
        } else {
            self.environments.submit(pending);
        }
        async move {
            match receiver.await {
                Ok(invocation) => invocation,
                Err(error) => panic!("the function was dropped during an invocation: {error}"),
            }
        }
    }

    /// The instances that run now.
    #[must_use]
    pub fn instances(&self) -> Vec<Arc<Instance>> {
        let mut instances = self.environments.all_instances();
        instances.retain(|instance| instance.is_alive());
        instances
    }

    /// Starts one more instance and waits until it asks for work.
    pub async fn start_instance(&self) -> Result<Arc<Instance>, StartError> {
        let instance = self
            .environments
            .start_instance()
            .map_err(StartError::rig)?;
        self.environments.wait_until_ready(&instance).await?;
        Ok(instance)
    }

    /// Everything that all instances, dead ones too, have written.
    #[must_use]
    pub fn logs(&self) -> String {
        let instances = self.environments.all_instances();
        instances.iter().map(|instance| instance.logs()).collect()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.server.abort();
        self.environments.shut_down();
    }
}
