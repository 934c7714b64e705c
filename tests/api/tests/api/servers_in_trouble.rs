//! Servers that fail in the ways in which databases fail.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A server that lives as long as this value.
pub struct Server {
    port: u16,
    task: AbortHandle,
}

impl Server {
    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How a function is told to use it. The name of the database would show in a careless message.
    pub fn url(&self) -> String {
        url(self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn url(port: u16) -> String {
    format!("postgres://app:hunter2@127.0.0.1:{port}/secret_database?sslmode=disable")
}

/// The URL of a port on which nobody listens.
pub async fn closed_port() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    url(listener.local_addr().unwrap().port())
}

/// A server that takes connections and then says nothing, like a network that drops packets.
pub async fn silent_server() -> Server {
    serve(|mut stream| async move {
        let mut bytes = [0; 1024];
        while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
    })
    .await
}

/// A server that refuses every password.
pub async fn rejecting_server() -> Server {
    serve(|mut stream| async move {
        // A start-up message is small and comes in one piece.
        let mut bytes = [0; 1024];
        if stream.read(&mut bytes).await.is_err() {
            return;
        }
        let fields =
            b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"app\"\0\0";
        let length = u32::try_from(fields.len() + 4).unwrap();
        let message = [b"E", length.to_be_bytes().as_slice(), fields].concat();
        // A client that has gone away needs no refusal.
        let _ = stream.write_all(&message).await;
    })
    .await
}

async fn serve<F>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    Server {
        port,
        task: task.abort_handle(),
    }
}
