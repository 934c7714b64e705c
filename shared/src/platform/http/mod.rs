//! The pieces that handlers read requests and write responses with.

pub mod envelope;
pub mod if_match;
pub mod path_parameters;
pub mod query;
pub mod response;
pub mod router;
pub mod source_address;
