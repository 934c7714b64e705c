//! Queries and triggers of the store, on a real database.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers do too"
)]

mod adopted_lists;
mod adopted_writes;
mod adoption;
mod application_role;
mod audit;
mod connections;
mod counters;
mod dumps;
mod folding;
mod foreign_tables;
mod granted_rights;
mod kinds;
mod lists;
mod look_ups;
mod new_users;
mod proposals;
mod random_changes;
mod remapping;
mod rights;
mod seals;
mod search_indexes;
mod search_oracle;
mod searches;
mod surveys;
