//! A TCP proxy to a server on this machine: it can break in the ways in which networks do, and it counts
//! what goes through it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// PostgreSQL's Terminate message, with which a client says goodbye.
const GOODBYE: [u8; 5] = [b'X', 0, 0, 0, 4];

/// A proxy; its connections break when this is dropped.
pub struct TcpProxy {
    port: u16,
    traffic: Arc<Traffic>,
    listener: Mutex<AbortHandle>,
}

struct Traffic {
    server: u16,
    /// Connections up to this number pass nothing on, either way.
    blackholed: watch::Sender<u64>,
    delay_microseconds: AtomicU64,
    connections: AtomicU64,
    round_trips: AtomicU64,
    goodbyes: AtomicU64,
}

impl TcpProxy {
    /// A proxy to a port of 127.0.0.1.
    pub async fn to(server: u16) -> Result<Self> {
        let listener = listen(0).await?;
        let port = listener
            .local_addr()
            .context("a bound port has an address")?
            .port();
        let traffic = Arc::new(Traffic {
            server,
            blackholed: watch::Sender::new(0),
            delay_microseconds: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            round_trips: AtomicU64::new(0),
            goodbyes: AtomicU64::new(0),
        });
        Ok(Self {
            port,
            listener: Mutex::new(serve(listener, Arc::clone(&traffic))),
            traffic,
        })
    }

    /// The port on 127.0.0.1 that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A URL of the server, through this proxy.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        url.replace(
            &format!(":{}", self.traffic.server),
            &format!(":{}", self.port),
        )
    }

    /// From now on, everything takes this long in each direction.
    pub fn delay(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.traffic
            .delay_microseconds
            .store(microseconds, Ordering::SeqCst);
    }

    /// From now on, nothing passes, on new connections either: they are accepted, and then nothing comes.
    /// Both ends believe that they are connected.
    pub fn blackhole_all(&self) {
        self.traffic.blackholed.send_replace(u64::MAX);
    }

    /// Nothing passes on the connections that exist, as behind an address translator that has forgotten
    /// them. New ones work.
    pub fn blackhole_existing(&self) {
        let existing = self.traffic.connections.load(Ordering::SeqCst);
        self.traffic.blackholed.send_replace(existing);
    }

    /// Lets everything through again, and what was held back first, as TCP does.
    pub fn restore(&self) {
        self.traffic.blackholed.send_replace(0);
    }

    /// Breaks all connections and refuses new ones.
    pub fn close(&self) {
        self.listener().abort();
    }

    /// Takes connections again.
    pub async fn reopen(&self) -> Result<()> {
        let listener = listen(self.port).await?;
        *self.listener() = serve(listener, Arc::clone(&self.traffic));
        Ok(())
    }

    /// How often, until now, a client has sent something after it had heard from the server: each time
    /// it has to wait for the network.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.traffic.round_trips.load(Ordering::SeqCst)
    }

    /// How many connections there have been until now.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.traffic.connections.load(Ordering::SeqCst)
    }

    /// How many PostgreSQL clients have ended their session in good order until now.
    #[must_use]
    pub fn goodbyes(&self) -> u64 {
        self.traffic.goodbyes.load(Ordering::SeqCst)
    }

    fn listener(&self) -> std::sync::MutexGuard<'_, AbortHandle> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.close();
    }
}

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .context("cannot open a port for a proxy")
}

/// All connections are tasks of one set, which ends with the listener.
fn serve(listener: TcpListener, traffic: Arc<Traffic>) -> AbortHandle {
    let server = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            connections.spawn(connect(client, Arc::clone(&traffic)));
            while connections.try_join_next().is_some() {}
        }
    });
    server.abort_handle()
}

async fn connect(client: TcpStream, traffic: Arc<Traffic>) -> std::io::Result<()> {
    let number = traffic.connections.fetch_add(1, Ordering::SeqCst) + 1;
    let server = TcpStream::connect(("127.0.0.1", traffic.server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let client_may_answer = AtomicBool::new(true);
    let there = forward(from_client, to_server, &traffic, number, |bytes| {
        if client_may_answer.swap(false, Ordering::SeqCst) {
            traffic.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        if bytes.ends_with(&GOODBYE) {
            traffic.goodbyes.fetch_add(1, Ordering::SeqCst);
        }
    });
    let back = forward(from_server, to_client, &traffic, number, |_| {
        client_may_answer.store(true, Ordering::SeqCst);
    });
    tokio::select! {
        outcome = there => outcome,
        outcome = back => outcome,
    }
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    traffic: &Traffic,
    number: u64,
    see: impl Fn(&[u8]),
) -> std::io::Result<()> {
    let mut blackholed = traffic.blackholed.subscribe();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut bytes).await?;
        // Not even the end of a connection comes through.
        let _ = blackholed.wait_for(|blackholed| number > *blackholed).await;
        let delay = traffic.delay_microseconds.load(Ordering::SeqCst);
        if delay > 0 {
            tokio::time::sleep(Duration::from_micros(delay)).await;
        }
        if length == 0 {
            return to.shutdown().await;
        }
        see(&bytes[..length]);
        to.write_all(&bytes[..length]).await?;
    }
}
