//! Claims that API Gateway's JWT authorizer has verified.

use lambda_http::{Request, RequestExt, request::RequestContext};
use serde_json::Value;

use super::claims::Claims;
use crate::platform::error::Error;

/// The claims that the authorizer found in the token.
pub(super) fn claims(request: &Request) -> Result<Claims, Error> {
    let claims = match request.request_context_ref() {
        // An HTTP API makes text of every claim.
        Some(RequestContext::ApiGatewayV2(context)) => context
            .authorizer
            .as_ref()
            .and_then(|authorizer| authorizer.jwt.as_ref())
            .map(|jwt| {
                let claims = jwt.claims.iter();
                let claims = claims.map(|(name, text)| (name.clone(), Value::from(text.as_str())));
                claims.collect()
            }),
        // REST APIs have no JWT authorizer; their Cognito authorizer puts claims here.
        Some(RequestContext::ApiGatewayV1(context)) => {
            let claims = context.authorizer.fields.get("claims");
            claims.and_then(Value::as_object).cloned()
        }
        _ => None,
    };
    claims.map(Claims).ok_or(Error::Unauthorized {
        reason: "no claims from the gateway",
    })
}
