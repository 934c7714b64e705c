//! Claims that API Gateway's JWT authorizer has verified.

use lambda_http::{Request, RequestExt, request::RequestContext};

use super::parse_subject;
use crate::error::Error;

/// The user that the authorizer found in the token.
pub(super) fn user_id(request: &Request) -> Result<i64, Error> {
    let subject = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context
            .authorizer
            .as_ref()
            .and_then(|authorizer| authorizer.jwt.as_ref())
            .and_then(|jwt| jwt.claims.get("sub"))
            .map(String::as_str),
        // REST APIs have no JWT authorizer; their Cognito authorizer puts claims here.
        Some(RequestContext::ApiGatewayV1(context)) => context
            .authorizer
            .fields
            .get("claims")
            .and_then(|claims| claims.get("sub"))
            .and_then(serde_json::Value::as_str),
        _ => None,
    };
    parse_subject(subject.ok_or(Error::Unauthorized {
        reason: "no claims from the gateway",
    })?)
}
