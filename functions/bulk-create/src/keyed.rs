//! The request as its Idempotency-Key knows it.

use shared::{
    platform::{
        error::Error,
        idempotency::{Fingerprint, IdempotencyKey, IdempotentRequest, StoredResponse},
        password_hasher::PasswordHasher,
        request_context::RequestContext,
    },
    store::idempotency::StoredRow,
};

use crate::{body::Payload, options::Options};

/// The request under its key, if it has one. A dry run changes nothing that could be repeated, so its
/// key is only checked.
///
/// The fingerprint is stored, and whoever knew all of a request but a password could try passwords
/// until the fingerprints agree. That costs as much as trying them on the stored hash, because a
/// request that may hold passwords is hashed like one.
pub(crate) async fn request(
    context: &RequestContext,
    options: Options,
    payload: &Payload<'_>,
    hasher: &PasswordHasher,
) -> Result<Option<IdempotentRequest>, Error> {
    let key = IdempotencyKey::from_headers(context.request.headers())?;
    let (Some(key), false) = (key, options.is_dry_run) else {
        return Ok(None);
    };
    let caller_id = context.actor()?.id;
    let route = context.route;
    let mut fingerprint = Fingerprint::of(&[
        options.fingerprint().as_bytes(),
        payload.format().name().as_bytes(),
        payload.text().as_bytes(),
    ]);
    if may_hold_passwords(payload.text()) {
        let place = [
            &caller_id.to_bytes(),
            route.as_bytes(),
            key.as_str().as_bytes(),
        ];
        fingerprint = hasher.stretch(fingerprint, Fingerprint::of(&place)).await?;
    }
    Ok(Some(IdempotentRequest {
        caller_id,
        route,
        key,
        fingerprint,
    }))
}

/// The response to the request, if it was answered before. Fails if its key was used for another request.
pub(crate) fn stored_response(
    request: &IdempotentRequest,
    stored: Option<StoredRow>,
) -> Result<Option<StoredResponse>, Error> {
    let Some(stored) = stored else {
        return Ok(None);
    };
    if stored.request_hash != request.fingerprint.as_bytes() {
        return Err(Error::IdempotencyMismatch);
    }
    StoredResponse::decompress(stored.status, &stored.body).map(Some)
}

/// Whether a field of the text may be called `password`, in plain letters or in escaped ones. A wrong
/// yes costs the time of one hash.
fn may_hold_passwords(text: &str) -> bool {
    let is_plain = |(at, _): (usize, &str)| !text[at..].starts_with("password_hash");
    text.match_indices("password").any(is_plain) || text.contains("\\u")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_may_hold_passwords_is_known() {
        for text in [
            r#"[{"password":"correct horse"}]"#,
            r#"[{"password_hash":"$2b$","password":"correct horse"}]"#,
            r#"[{"pass\u0077ord":"correct horse"}]"#,
            "email,password\na@example.com,correct horse",
        ] {
            assert!(may_hold_passwords(text), "{text}");
        }
        for text in [r#"[{"password_hash":"$2b$"}]"#, "email,password_hash", ""] {
            assert!(!may_hold_passwords(text), "{text}");
        }
    }
}
