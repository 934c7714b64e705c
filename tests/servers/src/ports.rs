//! Free ports of 127.0.0.1.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A port that was free a moment ago; the server that gets it must cope with having lost it.
pub fn free_port() -> io::Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()
        .map(|address| address.port())
}

/// Whether somebody listens on `port` already.
#[must_use]
pub fn is_taken(port: u16) -> bool {
    matches!(
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse
    )
}
