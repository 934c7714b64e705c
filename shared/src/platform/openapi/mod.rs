//! What the functions have in common in the document of the API (`openapi.json`).
//!
//! Every function describes its own routes beside its code, with the constants that it checks and the
//! types that it writes. The feature `openapi` turns this on; the programs that are deployed are built
//! without it.

mod errors;
mod headers;

use std::collections::BTreeSet;

use lambda_http::http::Method;
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use self::errors::CommonErrors;
pub use self::{
    errors::{catalogue, errors_with},
    headers::{idempotency_key, if_match, request_header, response_header},
};
use crate::platform::{
    error::{Detail, Error},
    http::{
        response::ErrorBody,
        router::{Access, Route},
    },
};

/// The newest version that the checks of this project and most generators of clients read.
const VERSION: &str = "3.1.0";

const DESCRIPTION: &str = "\
An administration API for one table of users. Every error is an object with `error` (a stable word for \
programs), `message` (for people) and `request_id`; some have `details`. A path that does not exist is \
answered with 404 `not_found`, a method that a path does not take with 405 `method_not_allowed` and the \
header `Allow`. `GET` answers `HEAD` too. Unknown and repeated query parameters are refused.";

/// What one function adds to the document.
#[derive(Debug, Default)]
pub struct Part {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
}

/// One operation, before what all operations have in common.
#[derive(Debug)]
pub struct Operation {
    /// A name for generated clients.
    pub id: &'static str,
    /// The group that it is shown in.
    pub tag: &'static str,
    /// One line.
    pub summary: &'static str,
    /// All there is to say.
    pub description: String,
    /// Query parameters and request headers.
    pub parameters: Vec<Value>,
    /// What the request carries.
    pub request_body: Option<Value>,
    /// The answers to requests that were granted, by status.
    pub responses: Vec<(&'static str, Value)>,
    /// The errors beside those that all operations share.
    pub errors: Vec<Error>,
}

impl Part {
    /// Adds the schema of a type that answers are written from, and those that it refers to. All of
    /// its fields are always there, but for those in `optional`.
    #[must_use]
    pub fn schema<T: ToSchema>(mut self, optional: &[&str]) -> Self {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        for (name, schema) in schemas {
            self.schemas
                .entry(name)
                .or_insert_with(|| with_required(&schema, optional));
        }
        self
    }

    /// Adds a schema that no type stands for.
    #[must_use]
    pub fn schema_value(mut self, name: &str, schema: Value) -> Self {
        self.schemas.insert(name.to_owned(), schema);
        self
    }

    /// Adds what a route does.
    #[must_use]
    pub fn operation<F>(mut self, route: &Route<F>, operation: Operation) -> Self {
        let method = route.method.as_str().to_lowercase();
        let methods = self.paths.entry(route.path).or_insert(json!({}));
        methods[method] = operation.into_value(route.access, route.method == Method::GET);
        self
    }
}

impl Operation {
    fn into_value(mut self, access: Access, reads: bool) -> Value {
        let is_protected = access != Access::Open;
        let common = CommonErrors {
            is_protected,
            is_for_superusers: access == Access::Superuser,
            uses_database: is_protected,
        };
        let mut responses = errors::responses(common.list().iter().chain(&self.errors));
        for (status, mut response) in self.responses {
            if !reads {
                let token = response_header("X-Consistency-Token");
                response["headers"]["X-Consistency-Token"] = token;
            }
            responses.insert(status.to_owned(), with_common_headers(response));
        }
        if reads && is_protected {
            self.parameters.push(headers::consistency_token());
        }
        let mut value = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "responses": responses,
            "security": if is_protected { json!([{ "bearer": [] }]) } else { json!([]) },
        });
        if !self.parameters.is_empty() {
            value["parameters"] = self.parameters.into();
        }
        if let Some(body) = self.request_body {
            value["requestBody"] = body;
        }
        value
    }
}

/// The whole document of these parts.
#[must_use]
pub fn document(parts: impl IntoIterator<Item = Part>) -> Value {
    let errors = Part::default()
        .schema::<Detail>(&["line"])
        .schema::<ErrorBody<'_>>(&["details", "current", "references", "count"]);
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for part in parts.into_iter().chain([errors]) {
        paths.extend(part.paths);
        schemas.extend(part.schemas);
    }
    json!({
        "openapi": VERSION,
        "info": {
            "title": "rollcall",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "http://127.0.0.1:9000", "description": "cargo dev" }],
        "tags": [
            { "name": "users", "description": "The users, one by one or many at once." },
            { "name": "audit", "description": "Who did what to whom." },
            { "name": "dashboard", "description": "Numbers of all users." },
            { "name": "operations", "description": "Whether a deployment is well." },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": headers::components(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A JSON Web Token with `sub` (the id of a user who is active and \
                                    superuser now) and `exp`, signed with the algorithm and key that \
                                    the deployment is configured with.",
                },
            },
        },
    })
}

/// A query parameter.
#[must_use]
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers make schemas in place"
)]
pub fn query_parameter(name: &str, schema: Value, description: &str) -> Value {
    json!({
        "name": name,
        "in": "query",
        "required": false,
        "description": description,
        "schema": schema,
    })
}

/// A parameter in the path.
#[must_use]
pub fn path_parameter(name: &str, schema: Value, description: &str) -> Value {
    let mut parameter = query_parameter(name, schema, description);
    parameter["in"] = "path".into();
    parameter["required"] = true.into();
    parameter
}

/// A parameter that is one of a few words, the first of which is the default.
#[must_use]
pub fn words<'w>(words: impl IntoIterator<Item = &'w str>, default: &str) -> Value {
    let words: Vec<_> = words.into_iter().collect();
    json!({ "type": "string", "enum": words, "default": default })
}

/// A parameter that is `true` or `false`.
#[must_use]
pub fn flag() -> Value {
    json!({ "type": "boolean" })
}

/// An answer in JSON.
#[must_use]
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers make values in place"
)]
pub fn json_response(description: &str, schema: Value, example: Value) -> Value {
    json!({
        "description": description,
        "content": { "application/json": { "schema": schema, "example": example } },
    })
}

/// A reference to a schema of the document.
#[must_use]
pub fn schema_ref(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn with_common_headers(mut response: Value) -> Value {
    let headers = &mut response["headers"];
    for name in ["X-Request-Id", "RateLimit", "RateLimit-Policy"] {
        headers[name] = response_header(name);
    }
    if headers["Cache-Control"].is_null() {
        headers["Cache-Control"] = response_header("Cache-Control");
    }
    response
}

fn with_required(schema: &RefOr<Schema>, optional: &[&str]) -> Value {
    // A schema is plain data, which always has a JSON form.
    let mut value = serde_json::to_value(schema).unwrap_or_default();
    let required: BTreeSet<_> = value["properties"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| !optional.contains(&name.as_str()))
        .cloned()
        .collect();
    if !required.is_empty() {
        value["required"] = json!(required);
    }
    value
}
