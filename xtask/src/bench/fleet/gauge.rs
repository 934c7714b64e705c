//! Connections at the server, over time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const INTERVAL: Duration = Duration::from_millis(100);

/// Counts until it is stopped.
pub(super) struct Gauge {
    started: Instant,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Vec<(f64, f64)>>>,
}

impl Gauge {
    pub(super) async fn start(url: &str) -> Result<Self> {
        let mut connection = PgConnection::connect(url)
            .await
            .context("cannot reach the server to count its connections")?;
        let (stop, mut stopped) = oneshot::channel();
        let started = Instant::now();
        let task = tokio::spawn(async move {
            let mut counts = Vec::new();
            let mut ticks = tokio::time::interval(INTERVAL);
            loop {
                tokio::select! {
                    _ = &mut stopped => return Ok(counts),
                    _ = ticks.tick() => {}
                }
                let count: i32 = sqlx::query_scalar(
                    "SELECT count(*)::int FROM pg_stat_activity
                     WHERE datname = current_database() AND backend_type = 'client backend'
                         AND pid <> pg_backend_pid()",
                )
                .fetch_one(&mut connection)
                .await?;
                counts.push((started.elapsed().as_secs_f64(), f64::from(count)));
            }
        });
        Ok(Self {
            started,
            stop,
            task,
        })
    }

    /// Seconds since the start.
    pub(super) fn elapsed(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Seconds since the start, and the count then.
    pub(super) async fn stop(self) -> Result<Vec<(f64, f64)>> {
        // A task that has failed is not there to be stopped, and tells why below.
        let _ = self.stop.send(());
        self.task.await.context("the gauge panicked")?
    }
}
