//! The event shapes of the four gateways.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::Request;

const ACCOUNT: &str = "123456789012";
const REQUEST_ID: &str = "gateway-request-1";
const SOURCE_IP: &str = "192.0.2.1";
const USER_AGENT: &str = "rig";
const TIME: &str = "01/Jan/2026:00:00:00 +0000";
const EPOCH_MILLISECONDS: u64 = 1_767_225_600_000;

pub(super) fn http_api(request: &Request) -> Value {
    let mut event = payload_version_2(request, "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com");
    if let Some(claims) = &request.claims {
        event["requestContext"]["authorizer"] =
            json!({ "jwt": { "claims": claims, "scopes": null } });
    }
    event
}

pub(super) fn function_url(request: &Request) -> Value {
    payload_version_2(request, "a1b2c3d4e5.lambda-url.eu-central-1.on.aws")
}

fn payload_version_2(request: &Request, domain: &str) -> Value {
    let domain_prefix = domain.split('.').next();
    let parameters = decoded_parameters(&request.query);
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": joined(lower_case_headers(request)),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": domain_prefix,
            "domainName": domain,
            "domainPrefix": domain_prefix,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE_IP,
                "userAgent": USER_AGENT,
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
            "time": TIME,
            "timeEpoch": EPOCH_MILLISECONDS,
        },
    });
    if !parameters.is_empty() {
        event["queryStringParameters"] = joined(parameters);
    }
    add_body(&mut event, request);
    event
}

pub(super) fn rest_api(request: &Request) -> Value {
    let stage = "Prod";
    let parameters = decoded_parameters(&request.query);
    let mut event = json!({
        "resource": request.path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": last(request.headers.clone()),
        "multiValueHeaders": grouped(request.headers.clone()),
        "queryStringParameters": null_if_empty(last(parameters.clone())),
        "multiValueQueryStringParameters": null_if_empty(grouped(parameters)),
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "extendedRequestId": REQUEST_ID,
            "httpMethod": request.method,
            "identity": { "sourceIp": SOURCE_IP, "userAgent": USER_AGENT },
            "path": format!("/{stage}{}", request.path),
            "protocol": "HTTP/1.1",
            "requestId": REQUEST_ID,
            "requestTime": TIME,
            "requestTimeEpoch": EPOCH_MILLISECONDS,
            "resourceId": "abc123",
            "resourcePath": request.path,
            "stage": stage,
        },
        "body": null,
    });
    if let Some(claims) = &request.claims {
        event["requestContext"]["authorizer"] = json!({ "claims": claims });
    }
    add_body(&mut event, request);
    event
}

/// A load balancer hands parameters over as they came, still encoded, and keeps the last of several.
pub(super) fn load_balancer(request: &Request) -> Value {
    let target_group = format!(
        "arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:targetgroup/rollcall/0123456789abcdef"
    );
    let mut event = json!({
        "requestContext": { "elb": { "targetGroupArn": target_group } },
        "httpMethod": request.method,
        "path": request.path,
        "queryStringParameters": last(raw_parameters(&request.query)),
        "headers": last(lower_case_headers(request)),
        "body": "",
    });
    add_body(&mut event, request);
    event
}

fn add_body(event: &mut Value, request: &Request) {
    let text = request.body.as_deref().map(std::str::from_utf8);
    let (body, is_base64) = match (&request.body, text) {
        (None, _) | (_, None) => (None, false),
        (Some(_), Some(Ok(text))) if !request.is_base64 => (Some(text.to_owned()), false),
        (Some(bytes), _) => (Some(STANDARD.encode(bytes)), true),
    };
    if let Some(body) = body {
        event["body"] = body.into();
    }
    event["isBase64Encoded"] = is_base64.into();
}

type Pairs = Vec<(String, String)>;

fn lower_case_headers(request: &Request) -> Pairs {
    request
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .collect()
}

fn raw_parameters(query: &str) -> Pairs {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn decoded_parameters(query: &str) -> Pairs {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn last(pairs: Pairs) -> Value {
    pairs
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect::<Map<_, _>>()
        .into()
}

fn joined(pairs: Pairs) -> Value {
    let mut object = Map::new();
    for (name, value) in pairs {
        let text = match object.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value,
        };
        object.insert(name, text.into());
    }
    object.into()
}

fn grouped(pairs: Pairs) -> Value {
    let mut object = Map::new();
    for (name, value) in pairs {
        let values = object.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(value.into());
        }
    }
    object.into()
}

fn null_if_empty(value: Value) -> Value {
    if value.as_object().is_some_and(Map::is_empty) {
        Value::Null
    } else {
        value
    }
}
