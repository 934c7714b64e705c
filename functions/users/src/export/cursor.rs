//! Where an export goes on.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use shared::{
    platform::{error::Error, idempotency::Fingerprint},
    users::{UserId, UserIdKind},
};

use super::{Wanted, part::Progress};

/// The longest has two ids of text and a digest.
pub(super) const MAX_BYTES: usize = 1_024;

/// Enough of a hash to notice an honest mistake; a cursor grants nothing.
const FINGERPRINT_BYTES: usize = 8;

/// Which users are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExportCursor {
    /// Those with higher ids.
    pub(super) after: Option<UserId>,
    /// Up to the highest id that there was when the export began.
    pub(super) until: UserId,
    /// What was exported before.
    pub(super) progress: Progress,
}

/// What an encoded cursor holds, in short names because it travels in URLs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    i: Option<String>,
    e: String,
    n: u64,
    d: String,
    q: String,
}

impl ExportCursor {
    /// The text for URLs, bound to what is exported.
    pub(super) fn encode(self, wanted: &Wanted) -> String {
        let encoded = Encoded {
            i: self.after.map(|id| id.to_string()),
            e: self.until.to_string(),
            n: self.progress.count,
            d: URL_SAFE_NO_PAD.encode(self.progress.digest),
            q: fingerprint(wanted),
        };
        // Strings and numbers always have a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&encoded).unwrap_or_default())
    }

    /// Reads the text back.
    pub(super) fn decode(text: &str, wanted: &Wanted, id_kind: UserIdKind) -> Result<Self, Error> {
        let read = || {
            let text = Some(text).filter(|text| text.len() <= MAX_BYTES)?;
            let json = URL_SAFE_NO_PAD.decode(text).ok()?;
            let encoded: Encoded = serde_json::from_slice(&json).ok()?;
            let parse = |id: &str| UserId::parse(id, id_kind);
            let after = match &encoded.i {
                Some(id) => Some(parse(id)?),
                None => None,
            };
            let digest = URL_SAFE_NO_PAD.decode(encoded.d).ok()?.try_into().ok()?;
            let count = encoded.n;
            let cursor = Self {
                after,
                until: parse(&encoded.e)?,
                progress: Progress { count, digest },
            };
            (encoded.q == fingerprint(wanted)).then_some(cursor)
        };
        read().ok_or_else(|| {
            Error::invalid_request(
                "Parameter cursor is not one that this export gave out; repeat its other parameters as they were",
            )
        })
    }
}

fn fingerprint(wanted: &Wanted) -> String {
    let hash = Fingerprint::of(&[format!("{wanted:?}").as_bytes()]);
    URL_SAFE_NO_PAD.encode(&hash.as_bytes()[..FINGERPRINT_BYTES])
}
