//! The instances of one function: starting, supervising and replacing them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::process::Child;
use tokio::task::AbortHandle;

use crate::builder::{FunctionBuilder, StartError};
use crate::dispatcher::{Dispatcher, Pending};
use crate::instance::{Instance, InstanceId, Phase};
use crate::invocation::Outcome;

const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "123456789012";

/// The instances of a function and what is needed to start more.
pub(crate) struct Environments {
    pub(crate) settings: FunctionBuilder,
    binary: PathBuf,
    port: u16,
    dispatcher: Arc<Dispatcher>,
    next_instance: AtomicU32,
    /// How many places a supervisor keeps filled.
    supervised: Mutex<usize>,
    instances: Mutex<Vec<Arc<Instance>>>,
    supervisors: Mutex<Vec<AbortHandle>>,
}

impl Environments {
    pub(crate) fn new(settings: FunctionBuilder, binary: PathBuf, port: u16) -> Self {
        Self {
            dispatcher: Arc::default(),
            settings,
            binary,
            port,
            next_instance: AtomicU32::new(0),
            supervised: Mutex::default(),
            instances: Mutex::default(),
            supervisors: Mutex::default(),
        }
    }

    pub(crate) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    pub(crate) fn instance(&self, id: InstanceId) -> Option<Arc<Instance>> {
        lock(&self.instances)
            .iter()
            .find(|instance| instance.id() == id)
            .map(Arc::clone)
    }

    pub(crate) fn arn(&self) -> String {
        format!(
            "arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}",
            self.settings.name
        )
    }

    pub(crate) fn all_instances(&self) -> Vec<Arc<Instance>> {
        lock(&self.instances).clone()
    }

    /// Takes an event, or refuses it when all instances that may run are busy.
    pub(crate) fn submit(self: &Arc<Self>, pending: Pending) {
        let Some(limit) = self.settings.scales_to else {
            self.dispatcher.submit(pending);
            self.thaw_if_needed();
            self.start_if_none();
            return;
        };
        let concurrency = self.settings.concurrency as usize;
        let mut supervised = lock(&self.supervised);
        let load = self.dispatcher.load() + 1;
        if load > limit as usize * concurrency {
            pending.refuse(Outcome::Throttled);
            return;
        }
        self.dispatcher.submit(pending);
        if load > *supervised * concurrency
            && let Err(error) = self.supervise_new_instance(&mut supervised)
        {
            self.dispatcher.fail_queued(&format!("{error:#}"));
        }
        drop(supervised);
        self.thaw_if_needed();
    }

    /// A test may freeze an instance just before it asks for work, which Lambda never does: it would
    /// never ask then.
    fn thaw_if_needed(&self) {
        if self.dispatcher.has_queued() {
            let instances = self.all_instances();
            for instance in instances.iter().filter(|instance| instance.is_frozen()) {
                instance.thaw();
            }
        }
    }

    /// An event without any instance is a cold start.
    pub(crate) fn start_if_none(self: &Arc<Self>) {
        let mut supervised = lock(&self.supervised);
        if *supervised == 0
            && self.dispatcher.has_queued()
            && let Err(error) = self.supervise_new_instance(&mut supervised)
        {
            self.dispatcher.fail_queued(&format!("{error:#}"));
        }
    }

    pub(crate) fn start_instance(self: &Arc<Self>) -> anyhow::Result<Arc<Instance>> {
        self.supervise_new_instance(&mut lock(&self.supervised))
    }

    fn supervise_new_instance(
        self: &Arc<Self>,
        supervised: &mut usize,
    ) -> anyhow::Result<Arc<Instance>> {
        let (instance, child) = self.spawn()?;
        *supervised += 1;
        let supervisor = tokio::spawn(Arc::clone(self).supervise(Arc::clone(&instance), child));
        lock(&self.supervisors).push(supervisor.abort_handle());
        Ok(instance)
    }

    fn spawn(&self) -> anyhow::Result<(Arc<Instance>, Child)> {
        let id = InstanceId(self.next_instance.fetch_add(1, Ordering::Relaxed));
        // The list is locked around the start, so that the process finds itself in it.
        let mut instances = lock(&self.instances);
        let (instance, child) = Instance::spawn(id, &self.binary, &self.environment(id))?;
        instances.push(Arc::clone(&instance));
        Ok((instance, child))
    }

    /// Keeps one place filled: when its process ends, a fresh one follows. A process that never asked
    /// for work is not repeated until an event comes, or a bad setting would start it for ever.
    async fn supervise(self: Arc<Self>, mut instance: Arc<Instance>, mut child: Child) {
        loop {
            let status = match child.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            };
            let was_ready = instance.set_gone(status.clone());
            self.dispatcher.instance_gone(instance.id());
            let successor = if was_ready && !instance.is_retired() {
                self.spawn().map_err(|error| format!("{error:#}"))
            } else {
                Err(instance.init_error().unwrap_or(status))
            };
            match successor {
                Ok(next) => (instance, child) = next,
                Err(reason) => {
                    self.leave(was_ready, &reason);
                    return;
                }
            }
        }
    }

    /// The last one to go after a failed start answers the queue, because nobody else will; after a
    /// regular end, what waits in the queue is a cold start.
    fn leave(self: &Arc<Self>, was_ready: bool, reason: &str) {
        {
            let mut supervised = lock(&self.supervised);
            *supervised -= 1;
            if *supervised == 0 && !was_ready {
                self.dispatcher.fail_queued(reason);
            }
        }
        self.start_if_none();
    }

    pub(crate) fn shut_down(&self) {
        for supervisor in lock(&self.supervisors).drain(..) {
            supervisor.abort();
        }
        for instance in self.all_instances() {
            instance.kill();
        }
    }

    pub(crate) async fn wait_until_ready(&self, instance: &Instance) -> Result<(), StartError> {
        let timeout = self.settings.init_timeout;
        let reason = match tokio::time::timeout(timeout, instance.started()).await {
            Ok(Phase::Ready) => return Ok(()),
            Ok(Phase::Gone { status }) => instance.init_error().unwrap_or(status),
            Ok(Phase::Starting) | Err(_) => format!("it did not ask for work within {timeout:?}"),
        };
        // The last lines may still be on their way through the pipe.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(StartError {
            reason,
            logs: instance.logs(),
        })
    }

    fn environment(&self, id: InstanceId) -> BTreeMap<String, String> {
        let settings = &self.settings;
        let name = &settings.name;
        let mut environment = BTreeMap::from(
            [
                // A path below the address tells the instances apart, and only a URL can carry one.
                (
                    "AWS_LAMBDA_RUNTIME_API",
                    format!("http://127.0.0.1:{}/{id}", self.port),
                ),
                ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
                (
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                    settings.memory.to_string(),
                ),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
                ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
                ("AWS_LAMBDA_LOG_STREAM_NAME", format!("[$LATEST]{id:032}")),
                ("AWS_REGION", REGION.to_owned()),
                ("AWS_DEFAULT_REGION", REGION.to_owned()),
                ("_HANDLER", "bootstrap".to_owned()),
                ("_X_AMZN_TRACE_ID", format!("Root=1-00000000-{:024}", 0)),
                ("TZ", ":UTC".to_owned()),
                ("LANG", "en_US.UTF-8".to_owned()),
                ("PATH", std::env::var("PATH").unwrap_or_default()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        if settings.concurrency > 1 {
            let name = "AWS_LAMBDA_MAX_CONCURRENCY".to_owned();
            environment.insert(name, settings.concurrency.to_string());
        }
        environment.extend(settings.environment.clone());
        environment
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
