//! What the functions of rollcall share: everything that more than one of them needs, and the only
//! code that knows the database, Secrets Manager and tokens.
//!
//! - [`platform`] is what every service needs: the way of a request from Lambda to a handler and back,
//!   configuration, connections. It knows no table.
//! - [`users`] are the domain's types. Input types exist only with valid values.
//! - [`store`] is where all SQL lives.

pub mod platform;
pub mod store;
pub mod users;
