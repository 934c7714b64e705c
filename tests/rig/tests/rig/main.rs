//! The rig's own tests, with a small example function.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deadlines;
mod gateways;
mod instances;
mod queueing;
mod scaling;
mod tokens;

use rig::{Function, FunctionBuilder};

fn echo() -> FunctionBuilder {
    Function::builder("examples/echo")
}
