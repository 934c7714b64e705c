//! What fuzzers start from.

use lambda_http::Request;
use shared::{platform::error::Error, users::NewUserBatch};

use crate::body::Payload;

/// Reads a request up to the point where its users would be stored, and says how many they are.
pub fn read(request: &Request) -> Result<usize, Error> {
    let rows = Payload::read(request)?.rows(shared::platform::config::MAX_BULK_ROWS)?;
    let batch = NewUserBatch::parse(rows).map_err(|details| Error::ValidationFailed { details })?;
    Ok(batch.into_parts().0.len())
}
