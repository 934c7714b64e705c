//! A small Lambda on this machine: it starts real function binaries, feeds them events through the
//! Runtime API and watches what they do, so tests see what AWS would see.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use rig::{Function, Request};
//!
//! let function = Function::builder("health").env("AUTH_MODE", "gateway").instances(2).start().await?;
//! let response = function.send(&Request::get("/health/live")).await;
//! assert_eq!(response.status, 200);
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: [`builder`] starts a [`function`], an [`instance`] is one of its processes,
//! `dispatcher` decides which instance gets an event, `runtime_api` is the wire. Beside them stand
//! what tests of an HTTP API on PostgreSQL need: [`gateway`] (events and answers), [`tcp_proxy`] (a network
//! that can break), [`mod@routes`], [`database`], [`users`], [`foreign_table`], [`secrets`], [`token`].

pub mod binary;
pub mod builder;
pub mod database;
mod dispatcher;
mod environments;
pub mod foreign_table;
pub mod function;
pub mod gateway;
pub mod instance;
pub mod invocation;
pub mod routes;
mod runtime_api;
pub mod secrets;
pub mod tcp_proxy;
mod test_servers;
pub mod token;
pub mod users;

pub use builder::{FunctionBuilder, StartError};
pub use database::TestDatabase;
pub use function::Function;
pub use gateway::{Gateway, GatewayServer, Request, Response};
pub use instance::{Instance, InstanceId};
pub use invocation::{Call, Invocation, Outcome};
pub use routes::{ApiRoute, CONSOLE, CONSOLE_PATHS, routes};
pub use tcp_proxy::TcpProxy;
pub use token::SigningKey;
pub use users::UserFixture;
