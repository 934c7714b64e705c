//! Changes and deletes many users.
//!
//! The choice of users, their locks, the guards, the change and its entries in the log are one statement, as for
//! one user. Users are locked in the order in which imports lock them.

mod delete;
mod job;
mod statement;
mod update;

pub use self::{
    delete::delete_many,
    job::{ChosenUser, ManyChanged, ManyJob, ManyOutcome, Selection},
    update::update_many,
};
