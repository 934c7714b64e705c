//! Where a request came from.

use std::net::IpAddr;

use lambda_http::{Request, RequestExt, request::RequestContext};

/// The address that the gateway had its connection with. A load balancer puts it at the end of a header whose
/// beginning anybody can write.
#[must_use]
pub fn source_address(request: &Request) -> Option<IpAddr> {
    let text = match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_deref(),
        _ => {
            let header = request
                .headers()
                .get_all("x-forwarded-for")
                .iter()
                .next_back()?;
            header.to_str().ok()?.rsplit(',').next()
        }
    };
    text?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use lambda_http::{Body, aws_lambda_events::alb::AlbTargetGroupRequestContext};

    use super::*;

    #[test]
    fn a_load_balancer_says_the_address_last() {
        let mut request = Request::new(Body::Empty)
            .with_request_context(RequestContext::Alb(AlbTargetGroupRequestContext::default()));
        assert_eq!(source_address(&request), None);
        let value = "203.0.113.9, 2001:db8::7".parse().unwrap();
        request.headers_mut().insert("x-forwarded-for", value);
        assert_eq!(source_address(&request), "2001:db8::7".parse().ok());
    }
}
