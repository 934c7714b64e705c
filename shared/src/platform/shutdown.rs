//! The end of an execution environment.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use lambda_extension::Extension;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::timeout,
};
use tower::{Layer, Service};

use crate::platform::error::chain;

/// Unique among the extensions of a function.
const EXTENSION: &str = "rollcall-shutdown";

/// Registering is one exchange with a server on the same machine. A runtime without extensions, such
/// as an emulator's, must not keep the function from starting.
const REGISTRATION_TIMEOUT: Duration = Duration::from_secs(1);

/// Lambda kills a process 500 ms after SIGTERM. In-flight requests get this long to finish.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(250);

/// Requests that were cut off get this long to be answered.
const REPLY_TIMEOUT: Duration = Duration::from_millis(100);

/// No event takes longer than this to reach the process.
const IN_FLIGHT_GRACE: Duration = Duration::from_millis(20);

/// What requests and the end of their environment know of each other.
#[derive(Clone)]
pub(crate) struct Shutdown {
    /// How many invocations are under way, from the event to the delivery of the answer.
    under_way: watch::Sender<usize>,
    is_cancelled: watch::Sender<bool>,
}

/// SIGTERM, if it can be awaited.
pub(crate) struct Announcement {
    terminated: Option<Signal>,
}

impl Shutdown {
    /// Asks Lambda to announce the end. It does so only to functions with an extension, so one that
    /// does nothing is registered.
    pub(crate) async fn expect() -> (Self, Announcement) {
        // From here on SIGTERM does not end the process by itself.
        let terminated = signal(SignalKind::terminate())
            .inspect_err(|error| tracing::warn!(error = chain(error), "SIGTERM cannot be awaited"))
            .ok();
        register().await;
        let shutdown = Self {
            under_way: watch::Sender::new(0),
            is_cancelled: watch::Sender::new(false),
        };
        (shutdown, Announcement { terminated })
    }

    /// Waits for SIGTERM, and then until nobody works any more or has to be cut off.
    pub(crate) async fn come(&self, announcement: Announcement) {
        let Some(mut terminated) = announcement.terminated else {
            return std::future::pending().await;
        };
        terminated.recv().await;
        if timeout(DRAIN_TIMEOUT, self.drain()).await.is_err() {
            tracing::warn!("requests are cut off, because the environment ends");
            self.is_cancelled.send_replace(true);
            // Requests that are not done then are killed by Lambda.
            let _ = timeout(REPLY_TIMEOUT, self.drain()).await;
        }
    }

    /// Waits until nothing is under way, nor arrives any more: an event may have been sent to this
    /// environment just before it was told to end.
    async fn drain(&self) {
        let mut under_way = self.under_way.subscribe();
        loop {
            // Errors mean that the sender is gone, and it lives in `self`.
            let _ = under_way.wait_for(|count| *count == 0).await;
            if timeout(IN_FLIGHT_GRACE, under_way.changed()).await.is_err() {
                return;
            }
        }
    }

    /// Resolves when a request has to give up its work and answer.
    pub(crate) async fn cancelled(&self) {
        let mut is_cancelled = self.is_cancelled.subscribe();
        // An error means that the sender is gone, and it lives in `self`.
        let _ = is_cancelled.wait_for(|is_cancelled| *is_cancelled).await;
    }

    /// Counts invocations, from the event to the delivery of the answer.
    pub(crate) fn invocations(&self) -> Invocations {
        Invocations {
            under_way: self.under_way.clone(),
        }
    }
}

async fn register() {
    let extension = Extension::new()
        .with_events(&[])
        .with_extension_name(EXTENSION)
        .register();
    match timeout(REGISTRATION_TIMEOUT, extension).await {
        Ok(Ok(extension)) => {
            // It asks for its next event, which completes its registration, and never gets one.
            tokio::spawn(extension.run());
        }
        Ok(Err(error)) => {
            tracing::info!(error = %error, "no extension, so the end may come unannounced");
        }
        Err(_) => {
            tracing::info!("no answer about an extension, so the end may come unannounced");
        }
    }
}

/// Wraps the runtime's service so that its invocations are counted.
pub(crate) struct Invocations {
    under_way: watch::Sender<usize>,
}

impl<S> Layer<S> for Invocations {
    type Service = Counted<S>;

    fn layer(&self, service: S) -> Counted<S> {
        Counted {
            service,
            under_way: self.under_way.clone(),
        }
    }
}

/// A service whose calls can be waited for.
#[derive(Clone)]
pub(crate) struct Counted<S> {
    service: S,
    under_way: watch::Sender<usize>,
}

impl<S, I> Service<I> for Counted<S>
where
    S: Service<I>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, invocation: I) -> Self::Future {
        let call = self.service.call(invocation);
        let under_way = UnderWay::begin(&self.under_way);
        Box::pin(async move {
            let outcome = call.await;
            drop(under_way);
            outcome
        })
    }
}

/// One invocation, until this is dropped.
struct UnderWay {
    count: watch::Sender<usize>,
}

impl UnderWay {
    fn begin(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self {
            count: count.clone(),
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}
