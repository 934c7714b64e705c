//! The table of another application as rollcall sees it: through a view with the columns of its own
//! table, in a schema of its own.
//!
//! Reads need to know nothing of that: `users` is the view. [`UserWrites`] says which columns writers write,
//! and [`plan()`] how `migrate` makes the view, its indexes and its triggers.

mod columns;
mod indexes;
mod names;
mod plan;
mod writes;

pub use self::{
    plan::{PlanError, TablePlan, plan},
    writes::{UserWrites, WrittenColumn, WrittenColumns},
};

pub use self::names::{literal, quoted, raw, raw_name};
pub(super) use self::plan::BUILDS_INDEX;
