//! The request as its Idempotency-Key knows it.

use shared::{
    platform::{
        error::Error,
        idempotency::{Fingerprint, IdempotencyKey},
        request_context::RequestContext,
    },
    store::idempotency::IdempotentRequest,
};

use crate::{body::Payload, options::Options, passwords::Hasher};

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
    hasher: &Hasher,
) -> Result<Option<IdempotentRequest>, Error> {
    let key = IdempotencyKey::from_headers(context.request.headers())?;
    let (Some(key), Some(caller), false) = (key, context.caller, options.is_dry_run) else {
        return Ok(None);
    };
    let route = context.route;
    let mut fingerprint = Fingerprint::of(&[
        options.fingerprint().as_bytes(),
        payload.format().name().as_bytes(),
        payload.text().as_bytes(),
    ]);
    if may_hold_passwords(payload.text()) {
        let place = [
            &caller.id.to_be_bytes(),
            route.as_bytes(),
            key.as_str().as_bytes(),
        ];
        fingerprint = hasher.stretch(fingerprint, Fingerprint::of(&place)).await?;
    }
    Ok(Some(IdempotentRequest {
        caller_id: caller.id,
        route,
        key,
        fingerprint,
    }))
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
