//! Ports of 127.0.0.1.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

const ATTEMPTS: usize = 5;

/// Whether a program listens on `port` already.
#[must_use]
pub fn is_taken(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Tries `start` on one free port after the other, until it is not lost to another program.
pub(crate) fn on_free_port<T>(start: impl Fn(u16) -> Result<Option<T>>) -> Result<(T, u16)> {
    for _ in 0..ATTEMPTS {
        // The listener is closed before the server starts.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        drop(listener);
        if let Some(server) = start(port)? {
            return Ok((server, port));
        }
    }
    bail!("lost {ATTEMPTS} free ports in a row to other programs")
}
