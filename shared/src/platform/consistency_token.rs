//! What lets a caller read its own writes where replicas answer reads.

use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};

use crate::platform::error::Error;

/// Carries the token, on the answer to a write and on a read that has to see it.
pub const CONSISTENCY_TOKEN: HeaderName = HeaderName::from_static("x-consistency-token");

/// The transaction of a write, by its number (`xid8`).
///
/// Every server of the cluster can tell whether it has this transaction. A position in the log (LSN) would not
/// do: replicas of Aurora have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsistencyToken(u64);

impl ConsistencyToken {
    /// The token of a transaction.
    #[must_use]
    pub fn of_transaction(id: u64) -> Self {
        Self(id)
    }

    /// The number of the transaction, never zero.
    #[must_use]
    pub fn transaction(self) -> u64 {
        self.0
    }

    /// Reads the header, if there is one.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let Some(value) = headers.get(CONSISTENCY_TOKEN) else {
            return Ok(None);
        };
        let digits = value.to_str().ok();
        let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let id = digits.and_then(|text| text.parse().ok());
        let id = id.filter(|&id| id > 0).ok_or_else(|| {
            Error::invalid_request(
                "The X-Consistency-Token header must be the value that the answer to a write had",
            )
        })?;
        Ok(Some(Self(id)))
    }

    /// The header's value.
    #[must_use]
    pub fn to_header(self) -> HeaderValue {
        HeaderValue::from(self.0)
    }
}
