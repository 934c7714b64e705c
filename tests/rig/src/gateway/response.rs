//! An HTTP response as the client behind the gateway gets it.

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// All headers, repeated ones too.
    pub headers: HeaderMap,
    /// The decoded body.
    pub body: Vec<u8>,
}

impl Response {
    /// Reads the response event of a function as a gateway does, in any of the known shapes.
    pub fn from_event(event: &Value) -> anyhow::Result<Self> {
        let status = event["statusCode"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .with_context(|| format!("no statusCode in {event}"))?;
        ensure!(
            (100..600).contains(&status),
            "{status} is not an HTTP status"
        );
        let text = event["body"].as_str().unwrap_or_default();
        let body = if event["isBase64Encoded"] == true {
            STANDARD.decode(text).context("the body is not base64")?
        } else {
            text.as_bytes().to_vec()
        };
        Ok(Self {
            status,
            headers: headers(event)?,
            body,
        })
    }

    /// The value of a header; several values are joined by a comma.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(error) => panic!("the body is not JSON ({error}): {}", self.text()),
        }
    }
}

/// A gateway prefers the list of values where a header comes in both forms.
fn headers(event: &Value) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, values) in members(event, "multiValueHeaders") {
        for value in values.as_array().context("multiValueHeaders holds lists")? {
            append(&mut headers, name, value)?;
        }
    }
    for (name, value) in members(event, "headers") {
        if !headers.contains_key(name) {
            append(&mut headers, name, value)?;
        }
    }
    for cookie in event["cookies"].as_array().into_iter().flatten() {
        append(&mut headers, "set-cookie", cookie)?;
    }
    Ok(headers)
}

fn members<'a>(event: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    event[name].as_object().into_iter().flat_map(Map::iter)
}

fn append(headers: &mut HeaderMap, name: &str, value: &Value) -> anyhow::Result<()> {
    let name: HeaderName = name.parse().context("an invalid header name")?;
    let value = value.as_str().context("a header value is not text")?;
    headers.append(
        name,
        HeaderValue::from_str(value).context("an invalid header value")?,
    );
    Ok(())
}
