//! Black-box tests: real binaries, real PostgreSQL, events in, HTTP answers out.
//!
//! A module per function, and one per matter that concerns all functions.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers do too"
)]

mod authentication;
mod bulk_create;
mod bulk_rows;
mod configuration;
mod custom_resource;
mod deadlines;
mod events;
mod gateways;
mod health;
mod leaks;
mod list_pages;
mod list_users;
mod metrics;
mod migrate;
mod outages;
mod routes;
mod servers_in_trouble;
mod stats;
mod superusers;
mod world;
