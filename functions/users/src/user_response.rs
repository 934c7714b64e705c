//! The answer to a request that changes one user.

use lambda_http::http::{HeaderValue, StatusCode, header};
use shared::{
    platform::{
        error::Error,
        http::response::Response,
        idempotency::{REPLAYED, StoredResponse},
    },
    users::User,
};

/// What a write has to say, and whether it said so before.
pub(crate) struct Written {
    pub(crate) response: StoredResponse,
    pub(crate) is_replayed: bool,
}

impl Written {
    /// For the first time.
    pub(crate) fn new(status: StatusCode, user: &User) -> Result<Self, Error> {
        let body = serde_json::to_string(user)
            .map_err(|error| Error::internal("writing the response", error))?;
        Ok(Self {
            response: StoredResponse { status, body },
            is_replayed: false,
        })
    }

    /// The answer with the tag of the user in it. A new user's place follows from `path`.
    pub(crate) fn into_response(self, path: &str) -> Result<Response, Error> {
        let user: User = serde_json::from_str(&self.response.body)
            .map_err(|error| Error::internal("reading the response", error))?;
        let status = self.response.status;
        let mut response = Response::from(self.response);
        let headers = response.headers_mut();
        headers.insert(header::ETAG, header_value(user.etag())?);
        if status == StatusCode::CREATED {
            let place = format!("{}/{}", path.trim_end_matches('/'), user.id);
            headers.insert(header::LOCATION, header_value(place)?);
        }
        if self.is_replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        Ok(response)
    }
}

pub(crate) fn header_value(text: String) -> Result<HeaderValue, Error> {
    HeaderValue::try_from(text).map_err(|error| Error::internal("writing a header", error))
}
