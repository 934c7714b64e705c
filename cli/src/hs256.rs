//! Bearer tokens that are signed with HS256.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::json;

/// A token with this subject that is valid from now on, with further claims.
pub fn sign(
    key: &str,
    subject: &str,
    validity: Duration,
    further: &[(String, String)],
) -> Result<String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock of this machine is before 1970")?;
    let mut claims = json!({
        "sub": subject,
        "iat": now.as_secs(),
        "exp": (now + validity).as_secs(),
    });
    for (name, value) in further {
        claims[name] = value.as_str().into();
    }
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = hmac::sign(&key, signed.as_bytes());
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
