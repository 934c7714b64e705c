//! A file for each subcommand but `import`, which is larger.

pub mod adopt;
pub mod audit;
pub mod changes;
pub mod export;
pub mod generate;
pub mod health;
pub mod migrate;
pub mod one_user;
pub mod signups;
pub mod stats;
pub mod token;
pub mod users;
