//! What every service needs, whatever it is about.
//!
//! Every `main` is a call of [`runtime`]. Then, in the order in which a request meets them:
//!
//! - [`config`] reads the environment once, [`secrets`] fetches what it points to, and [`state`]
//!   builds from both what an execution environment keeps for its whole life.
//! - [`function`] is the frame around every handler: route, deadline, authentication, and the one
//!   place where an [`error::Error`] becomes a response.
//! - [`static_function`] is the smaller frame of a function without a database.
//! - [`limiter`] counts the requests of a caller, and [`cache`] keeps what may be a little old, both
//!   with [`valkey`], a server that every request can do without.
//! - [`http`] holds the pieces that handlers parse requests and write responses with.
//! - [`database`] lends the connections that queries run on.
//! - [`password_hasher`] hashes passwords.
//! - [`cloudformation_response`] tells CloudFormation how a custom resource fared.

pub mod actor;
pub mod auth;
pub mod cache;
pub mod cloudformation_response;
pub mod config;
pub mod consistency_token;
pub mod database;
pub mod deadline;
pub mod error;
mod event_adapter;
pub mod freeze_proof_instant;
pub mod function;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod http;
pub mod idempotency;
pub mod idempotent_request;
pub mod limiter;
pub mod metrics;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod password_hasher;
pub mod refusals;
pub mod request_context;
pub mod runtime;
pub mod secrets;
mod shutdown;
pub mod start_error;
pub mod state;
pub mod static_function;
mod telemetry;
pub mod user_id;
pub mod valkey;
