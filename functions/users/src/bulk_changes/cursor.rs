//! Where a change of many users goes on.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use shared::{
    platform::{error::Error, idempotency::Fingerprint},
    users::{UserId, UserIdKind},
};

/// The longest has an id of text and a number.
pub(super) const MAX_BYTES: usize = 512;

/// Enough of a hash to notice an honest mistake; a cursor grants nothing.
const FINGERPRINT_BYTES: usize = 8;

/// The place behind the last user that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BulkCursor {
    /// That user.
    pub(super) after: UserId,
    /// How many users come after.
    pub(super) left: u64,
}

/// What an encoded cursor holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    i: String,
    n: u64,
    q: String,
}

impl BulkCursor {
    /// The text, bound to all else that the request says.
    pub(super) fn encode(self, request: &str) -> String {
        let encoded = Encoded {
            i: self.after.to_string(),
            n: self.left,
            q: fingerprint(request),
        };
        // Strings and numbers always have a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&encoded).unwrap_or_default())
    }

    /// Reads the text back.
    pub(super) fn decode(text: &str, request: &str, id_kind: UserIdKind) -> Result<Self, Error> {
        let read = || {
            let text = Some(text).filter(|text| text.len() <= MAX_BYTES)?;
            let json = URL_SAFE_NO_PAD.decode(text).ok()?;
            let encoded: Encoded = serde_json::from_slice(&json).ok()?;
            let after = UserId::parse(&encoded.i, id_kind)?;
            let left = encoded.n;
            Some((Self { after, left }, encoded.q))
        };
        match read() {
            Some((cursor, of)) if of == fingerprint(request) => Ok(cursor),
            Some(_) => Err(Error::invalid_request(
                "cursor belongs to another request; repeat the request that gave it out, with cursor alone added",
            )),
            None => Err(Error::invalid_request(
                "cursor is not one that this API gave out",
            )),
        }
    }
}

fn fingerprint(request: &str) -> String {
    let hash = Fingerprint::of(&[request.as_bytes()]);
    URL_SAFE_NO_PAD.encode(&hash.as_bytes()[..FINGERPRINT_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_on_with_the_request_that_gave_it_out_and_no_other() {
        let cursor = BulkCursor {
            after: 7.into(),
            left: 20_000,
        };
        let text = cursor.encode("{}");
        let decode = |text: &str, request| BulkCursor::decode(text, request, UserIdKind::Integer);
        assert_eq!(decode(&text, "{}").unwrap(), cursor);
        assert!(decode(&text, "{\"all\":true}").is_err());
        for text in ["", "%", "e30", &text[1..]] {
            assert!(decode(text, "{}").is_err(), "{text}");
        }
    }
}
