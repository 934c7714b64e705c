//! The answer to a change of many users.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    platform::{
        error::Error,
        http::envelope::{MAX_BYTES_IN_ENVELOPE, bytes_in_envelope},
        idempotency::StoredResponse,
    },
    users::{User, UserId},
};

/// What was done to many users, or would be.
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    pub(super) count: u64,
    #[serde(flatten)]
    pub(super) done: Done,
    pub(super) skipped: Vec<Skipped<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) examples: Option<Vec<User>>,
    pub(super) next: Option<String>,
}

/// What was done, to how many.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Done {
    Changed(usize),
    Deleted(usize),
}

/// A user to whom nothing was done.
#[derive(Serialize)]
pub(super) struct Skipped<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<&'a str>,
    pub(super) reason: &'static str,
}

impl Answer<'_> {
    pub(super) fn write(&self) -> Result<StoredResponse, Error> {
        let body = serde_json::to_string(self)
            .map_err(|error| Error::internal("writing the response", error))?;
        if bytes_in_envelope(&body) > MAX_BYTES_IN_ENVELOPE {
            return Err(Error::TooLarge {
                message: "The response would be larger than 6 MB; name fewer users".to_owned(),
            });
        }
        Ok(StoredResponse {
            status: StatusCode::OK,
            body,
        })
    }
}
