//! What the functions of rollcall share: everything that more than one of them needs, and the only
//! code that knows the database, Secrets Manager and tokens.
//!
//! Every `main` is a call of [`runtime`]. Then, in the order in which a request meets them:
//!
//! - [`config`] reads the environment once, [`secrets`] fetches what it points to, and [`state`]
//!   builds from both what an execution environment keeps for its whole life.
//! - [`function`] is the frame around every handler: route, deadline, authentication, and the one
//!   place where an [`error::Error`] becomes a response.
//! - [`limiter`] counts the requests of a caller, and [`cache`] keeps what may be a little old, both
//!   with [`valkey`], a server that every request can do without.
//! - [`http`] holds the pieces that handlers parse requests and write responses with.
//! - [`listing`] answers lists and searches.
//! - [`users`] are the domain's types; [`queries`] is the room where all SQL lives; [`database`]
//!   lends the connections that queries run on; [`migrations`] brings the schema up to date, and
//!   [`cloudformation_response`] tells CloudFormation so.

pub mod auth;
pub mod cache;
pub mod cloudformation_response;
pub mod config;
pub mod database;
pub mod deadline;
mod details;
pub mod error;
mod event_adapter;
pub mod function;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod http;
pub mod idempotency;
pub mod limiter;
pub mod listing;
pub mod metrics;
pub mod migrations;
pub mod moment;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod queries;
pub mod request_context;
pub mod runtime;
pub mod secrets;
mod shutdown;
pub mod state;
mod telemetry;
pub mod users;
pub mod valkey;
