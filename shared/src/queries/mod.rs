//! The room where all SQL lives: one file per purpose, one function per statement.
//!
//! Functions take a connection; [`crate::database::Database`] owns transactions and timeouts. Row
//! structs are private, domain types come out.

pub mod adoption;
pub mod bulk;
pub mod callers;
pub mod capacity;
pub mod idempotency;
pub mod list;
pub mod schema;
pub mod server;
pub mod stats;
pub mod superusers;
pub mod transaction;
