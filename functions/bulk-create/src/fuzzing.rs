//! What fuzzers start from.

use lambda_http::Request;
use shared::{
    platform::{config::MAX_BULK_ROWS, error::Error},
    users::{AcceptedHashes, UserFields},
};

use crate::body::Payload;

/// Reads a request up to the point where its users would be stored, and says how many they are.
pub fn read(request: &Request) -> Result<usize, Error> {
    let batch = Payload::read(request)?.users(
        MAX_BULK_ROWS,
        true,
        AcceptedHashes::all(),
        UserFields::ALL,
        false,
    )?;
    Ok(batch.len())
}
