//! Black-box tests: real binaries, real PostgreSQL, events in, HTTP answers out.
//!
//! A module per function, and one per matter that concerns all functions.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers do too"
)]

mod application_role;
mod audit;
mod authentication;
mod bulk_changes;
mod bulk_create;
mod bulk_races;
mod bulk_rows;
mod command;
mod configuration;
mod custom_resource;
mod database_log;
mod deadlines;
mod erase;
mod events;
mod export;
mod export_of_hashes;
mod faults;
mod files_of_others;
mod fixture;
mod gateways;
mod health;
mod import_audit;
mod import_conflicts;
mod import_formats;
mod import_hostile;
mod import_ids;
mod import_keys;
mod import_passwords;
mod import_queries;
mod import_recovery;
mod imports;
mod key_rotation;
mod leaks;
mod list_pages;
mod list_users;
mod look_ups;
mod mapped_extra_fields;
mod mapped_limits;
mod mapped_tables;
mod memory;
mod metrics;
mod migrate;
mod one_user;
mod outages;
mod rate_limits;
mod restore;
mod rotation;
mod round_trips;
mod routes;
mod searches_of_people;
mod secret_leaks;
mod servers_in_trouble;
mod sessions;
mod shared_cache;
mod signups;
mod stats;
mod superusers;
mod table_rules;
mod telemetry;
mod tls_in_front;
mod tokens;
mod traffic;
mod user_creates;
mod user_deletes;
mod user_guards;
mod user_writes;
mod valkey;
mod valkey_in_trouble;
