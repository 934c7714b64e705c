//! A line to the server that is as long as a real one.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

const CHUNK_BYTES: usize = 256 * 1024;

/// Forwards connections to a port of this machine, and everything on them a little later. It lasts
/// until the program ends.
pub(super) struct SlowLine {
    port: u16,
    server_port: u16,
}

impl SlowLine {
    /// `delay` is for each direction.
    pub(super) fn open(server_port: u16, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port is free")?;
        let port = listener.local_addr().context("no port is free")?.port();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that cannot be forwarded is closed, and its user tells why.
                let _ = join(client, server_port, delay);
            }
        });
        Ok(Self { port, server_port })
    }

    /// The same server at the other end of this line.
    pub(super) fn url(&self, url: &str) -> String {
        url.replace(
            &format!(":{}/", self.server_port),
            &format!(":{}/", self.port),
        )
    }
}

fn join(client: TcpStream, server_port: u16, delay: Duration) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server_port))?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let (back_from, back_to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || forward(client, server, delay));
    thread::spawn(move || forward(back_from, back_to, delay));
    Ok(())
}

fn forward(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        thread::sleep(delay);
        if to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    // The other side may have closed already.
    let _ = to.shutdown(Shutdown::Both);
}
