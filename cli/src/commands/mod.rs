//! A file for each subcommand but `import`, which is larger.

pub mod export;
pub mod generate;
pub mod health;
pub mod signups;
pub mod stats;
pub mod token;
pub mod users;
