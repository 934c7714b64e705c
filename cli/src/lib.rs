//! What other programs of the workspace use of the command.

pub mod hs256;
pub mod migrate;
