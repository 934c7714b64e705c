//! Answers out of a cache.

use lambda_http::http::{HeaderValue, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use shared::platform::{
    cache::{Aged, TwoLevelCache, Wanted},
    error::Error,
    http::response::{self, Response},
    request_context::RequestContext,
    state::State,
};

/// What the cache has, or what `query` finds if that is too old or the caller wants it new.
pub(crate) async fn get<T, Q>(
    cache: &TwoLevelCache<T>,
    context: &RequestContext,
    query: Q,
) -> Result<Aged<T>, Error>
where
    T: Clone + Serialize + DeserializeOwned,
    Q: Future<Output = Result<T, Error>>,
{
    let wanted = if wants_fresh(context) {
        Wanted::New
    } else {
        Wanted::Cached
    };
    cache.get(&context.budget, wanted, query).await
}

/// The answer, with the headers that say how old it is and who may keep it for how long.
pub(crate) fn response<T: Serialize>(state: &State, aged: &Aged<T>) -> Result<Response, Error> {
    let mut response = response::json(StatusCode::OK, &aged.value)?;
    let headers = response.headers_mut();
    headers.insert(header::AGE, HeaderValue::from(aged.age.as_secs()));
    let max_age = state.config.stats_cache.as_secs();
    let cache_control = HeaderValue::from_str(&format!("private, max-age={max_age}"));
    headers.insert(
        header::CACHE_CONTROL,
        cache_control.unwrap_or(HeaderValue::from_static("no-store")),
    );
    // A cache that serves several callers must not give one the answer of another.
    headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
    Ok(response)
}

/// Whether the request asks for numbers of this very moment (RFC 9111, section 5.2.1.4).
fn wants_fresh(context: &RequestContext) -> bool {
    let values = context.request.headers().get_all(header::CACHE_CONTROL);
    values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
}

/// What the document of the API says of such an answer.
#[cfg(feature = "openapi")]
pub(crate) mod openapi {
    use serde_json::{Value, json};
    use shared::platform::openapi::{json_response, request_header, response_header, schema_ref};

    pub(crate) fn ok(schema: &str, example: Value) -> Value {
        let description = "The numbers, in one snapshot of the database.";
        let mut response = json_response(description, schema_ref(schema), example);
        response["headers"] = json!({
            "Age": response_header("Age"),
            "Cache-Control": response_header("Cache-Control"),
            "Vary": response_header("Vary"),
        });
        response
    }

    pub(crate) fn cache_control() -> Value {
        request_header(
            "Cache-Control",
            json!({ "type": "string" }),
            "`no-cache` asks for numbers of this very moment.",
        )
    }
}
