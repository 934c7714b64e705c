//! What the functions of rollcall share: everything that more than one of them needs, and the only
//! code that knows the database, Secrets Manager and tokens.
//!
//! In the order in which a request meets them:
//!
//! - [`config`] reads the environment once, [`secrets`] fetches what it points to, and [`state`]
//!   builds from both what an execution environment keeps for its whole life.
//! - [`function`] is the frame around every handler: route, deadline, authentication, and the one
//!   place where an [`error::Error`] becomes a response.
//! - [`http`] holds the pieces that handlers parse requests and write responses with.
//! - [`users`] are the domain's types; [`queries`] is the room where all SQL lives; [`database`]
//!   lends the connections that queries run on; [`migrations`] brings the schema up to date, and
//!   [`callback`] tells CloudFormation so.

pub mod auth;
pub mod cache;
pub mod callback;
pub mod config;
pub mod database;
pub mod deadline;
mod details;
pub mod error;
pub mod function;
pub mod http;
pub mod idempotency;
pub mod metrics;
pub mod migrations;
pub mod moment;
pub mod queries;
pub mod secrets;
mod shutdown;
pub mod state;
pub mod telemetry;
pub mod users;
