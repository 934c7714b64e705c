//! A request as its Idempotency-Key knows it.

use crate::platform::{
    error::Error,
    idempotency::{Fingerprint, IdempotencyKey, IdempotentRequest},
    password_hasher::PasswordHasher,
    request_context::RequestContext,
};

/// The request under its key, if it has one. `parts` and `body` are all that it says.
///
/// The fingerprint is stored: someone who knows all of a request but a password could try passwords
/// until the fingerprints agree. That costs as much as trying them on the stored hash, because a
/// request that may hold passwords is hashed like one.
pub async fn read(
    context: &RequestContext,
    parts: &[&str],
    body: &str,
    hasher: &PasswordHasher,
) -> Result<Option<IdempotentRequest>, Error> {
    let Some(key) = IdempotencyKey::from_headers(context.request.headers())? else {
        return Ok(None);
    };
    let caller_id = context.actor()?.id;
    let route = context.route;
    let parts = parts.iter().copied().chain([body]);
    let parts: Vec<&[u8]> = parts.map(str::as_bytes).collect();
    let mut fingerprint = Fingerprint::of(&parts);
    if may_hold_passwords(body) {
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
