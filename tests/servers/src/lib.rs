//! Private servers for `cargo dev`, the tests and the benchmarks, on free ports of 127.0.0.1.
//!
//! - [`tools`]: programs found on the machine, or fetched at a pinned version into `.tools`.
//! - [`postgres`], [`pgbouncer`], [`moto`], [`valkey`]: one server each.
//! - `server`: what they have in common.
//! - [`guard`]: how every one of them is kept from outliving the program that started it.
//! - [`certificate`]: what they need to speak TLS.
//! - [`places`], [`ports`]: folders, and free ports.
//!
//! Everything here blocks; asynchronous callers go through `spawn_blocking`.

pub mod certificate;
pub mod guard;
pub mod moto;
pub mod pgbouncer;
pub mod places;
pub mod ports;
pub mod postgres;
mod server;
pub mod tools;
pub mod valkey;

pub use certificate::Authority;
pub use moto::Moto;
pub use pgbouncer::{PgBouncer, PgBouncerOptions};
pub use postgres::{Postgres, PostgresOptions};
pub use tools::{PythonTool, Toolbox};
pub use valkey::Valkey;
