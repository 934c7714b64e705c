//! Positions in the log.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use shared::{
    platform::idempotency::Fingerprint,
    store::audit::LogPosition,
    users::{CursorError, Direction},
};

use super::parameters::LogQuery;

/// The longest has two numbers of twenty digits.
pub(super) const MAX_BYTES: usize = 256;

/// Enough of a hash to notice an honest mistake; a cursor grants nothing.
const FINGERPRINT_BYTES: usize = 8;

/// The place beside one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogCursor {
    pub(super) direction: Direction,
    pub(super) position: LogPosition,
}

/// What an encoded cursor holds, in short names because it travels in URLs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    d: Direction,
    t: i64,
    i: i64,
    q: String,
}

impl LogCursor {
    /// The text for URLs, bound to filter and order.
    pub(super) fn encode(self, query: &LogQuery) -> String {
        let encoded = Encoded {
            d: self.direction,
            t: self.position.transaction_id,
            i: self.position.id,
            q: fingerprint(query),
        };
        // Strings and numbers always have a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&encoded).unwrap_or_default())
    }

    /// Reads the text back.
    pub(super) fn decode(text: &str, query: &LogQuery) -> Result<Self, CursorError> {
        if text.len() > MAX_BYTES {
            return Err(CursorError::Malformed);
        }
        let json = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| CursorError::Malformed)?;
        let encoded: Encoded = serde_json::from_slice(&json).map_err(|_| CursorError::Malformed)?;
        if encoded.q != fingerprint(query) {
            return Err(CursorError::OtherQuery);
        }
        Ok(Self {
            direction: encoded.d,
            position: LogPosition {
                transaction_id: encoded.t,
                id: encoded.i,
            },
        })
    }
}

fn fingerprint(query: &LogQuery) -> String {
    let LogQuery { filter, order, .. } = query;
    let hash = Fingerprint::of(&[format!("{filter:?} {order:?}").as_bytes()]);
    URL_SAFE_NO_PAD.encode(&hash.as_bytes()[..FINGERPRINT_BYTES])
}
