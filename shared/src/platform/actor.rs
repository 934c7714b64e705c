//! Who acts.

use std::net::IpAddr;

use super::user_id::UserId;

/// The user who acts, and the request by which they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub id: UserId,
    /// The id under which the request is in the log, and in the answer's `X-Request-Id`.
    pub request_id: String,
    /// Where the request came from, as the gateway says.
    pub source_address: Option<IpAddr>,
}
