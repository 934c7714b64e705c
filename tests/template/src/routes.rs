//! What the API exposes, and which of it needs a token.

use std::collections::BTreeSet;

use serde_json::json;

use crate::template::{Deployment, GATEWAY_MODE, JWT_MODE, entries, list, workspace};

/// What no route takes gets the 404 of the function that has neither a database nor a probe to keep waiting.
const DEFAULT: (&str, &str) = (rig::CONSOLE, "$default");

fn protected_paths() -> BTreeSet<String> {
    let routes = rig::routes().unwrap().into_iter();
    let protected = routes.filter(|route| route.is_protected);
    protected.map(|route| route.path).collect()
}

/// Any method, so that a wrong one gets the function's own 405. A protected path has an open route
/// for OPTIONS besides: in gateway mode a browser's preflight request would get 401 otherwise.
#[test]
fn the_routes_are_those_of_the_contract() {
    let contract = rig::routes().unwrap();
    let mut expected = vec![(DEFAULT.0, DEFAULT.1, "ANY")];
    for route in &contract {
        expected.push((route.function.as_str(), route.path.as_str(), "ANY"));
        if route.is_protected {
            expected.push((route.function.as_str(), route.path.as_str(), "OPTIONS"));
        }
    }
    // The gateway writes the rest of a path in its own way.
    let pages = rig::CONSOLE_PATHS.map(|path| path.replace("{*path}", "{path+}"));
    let pages = pages
        .iter()
        .map(|path| (rig::CONSOLE, path.as_str(), "ANY"));
    expected.extend(pages);
    expected.sort_unstable();
    let routes = Deployment::with(JWT_MODE).routes();
    let mut actual: Vec<_> = routes
        .iter()
        .map(|route| {
            (
                route.function.as_str(),
                route.path.as_str(),
                route.method.as_str(),
            )
        })
        .collect();
    actual.sort_unstable();
    assert_eq!(actual, expected);
}

#[test]
fn the_gateway_verifies_tokens_on_exactly_the_protected_routes() {
    let deployment = Deployment::with(GATEWAY_MODE);
    let definition = &deployment.resource("HttpApi")["DefinitionBody"];
    let mut protected = BTreeSet::new();
    for (path, methods) in entries(&definition["paths"]) {
        for (method, operation) in entries(methods) {
            assert_eq!(method, "x-amazon-apigateway-any-method", "{path}");
            assert_eq!(
                operation,
                &json!({ "security": [{ "JwtAuthorizer": [] }] }),
                "{path}"
            );
        }
        protected.insert(path.to_owned());
    }
    assert_eq!(protected, protected_paths());
    let authorizer = &definition["components"]["securitySchemes"]["JwtAuthorizer"]["x-amazon-apigateway-authorizer"];
    assert_eq!(
        authorizer["jwtConfiguration"],
        json!({ "issuer": "https://issuer.example", "audience": ["rollcall"] })
    );
}

#[test]
fn the_gateway_knows_no_authorizer_where_the_functions_verify() {
    let deployment = Deployment::with(JWT_MODE);
    let definition = deployment.resource("HttpApi")["DefinitionBody"].to_string();
    assert!(!definition.contains("security"), "{definition}");
    assert!(!definition.contains("JwtAuthorizer"), "{definition}");
}

#[test]
fn browsers_of_other_origins_are_let_in_only_when_they_are_named() {
    let closed = Deployment::with(JWT_MODE);
    let cors = |deployment: &Deployment| {
        deployment.resource("HttpApi")["DefinitionBody"]["x-amazon-apigateway-cors"].clone()
    };
    assert!(cors(&closed).is_null());
    let origins = [("CorsAllowOrigins", "https://a.example, https://b.example")];
    let open = Deployment::with(JWT_MODE.into_iter().chain(origins));
    assert_eq!(
        cors(&open)["allowOrigins"],
        json!(["https://a.example", "https://b.example"])
    );
}

/// A header that is not exposed cannot be read by a page, and support asks for the id.
#[test]
fn pages_of_other_origins_can_read_every_header_that_the_contract_names() {
    let origins = [("CorsAllowOrigins", "https://a.example")];
    let deployment = Deployment::with(JWT_MODE.into_iter().chain(origins));
    let cors = &deployment.resource("HttpApi")["DefinitionBody"]["x-amazon-apigateway-cors"];
    let exposed = list(&cors["exposeHeaders"]);
    let contract = std::fs::read_to_string(workspace().join("openapi.json")).unwrap();
    let contract: serde_json::Value = serde_json::from_str(&contract).unwrap();
    let responses = entries(&contract["paths"]).flat_map(|(_, path)| entries(path));
    let responses = responses
        .flat_map(|(_, operation)| operation["responses"].as_object().into_iter().flatten());
    let mut named = BTreeSet::new();
    for (_, response) in responses {
        let headers = response["headers"].as_object().into_iter().flatten();
        named.extend(headers.map(|(name, _)| name.to_ascii_lowercase()));
    }
    assert!(named.contains("x-request-id"), "{named:?}");
    for name in named {
        // A page can always read the first three, and needs no Vary.
        let unneeded = ["cache-control", "content-type", "expires", "vary"];
        let is_safelisted = unneeded.contains(&name.as_str());
        assert!(is_safelisted || exposed.contains(&name), "{name}");
    }
}

#[test]
fn a_domain_can_be_the_only_way_in() {
    let domain = [
        ("DomainName", "users.example.com"),
        (
            "CertificateArn",
            "arn:aws:acm:eu-central-1:123456789012:certificate/1",
        ),
    ];
    let is_closed = |parameters: &[(&str, &str)]| {
        let parameters = JWT_MODE.into_iter().chain(parameters.iter().copied());
        Deployment::with(parameters).resource("HttpApi")["DisableExecuteApiEndpoint"] == true
    };
    assert!(!is_closed(&domain));
    assert!(is_closed(
        &[&domain[..], &[("ExecuteApiEndpoint", "false")]].concat()
    ));
}

/// The path of a private API that takes a request: the same one, or else the longest that begins like it.
fn private_path<'a>(paths: &'a serde_json::Value, path: &str) -> &'a serde_json::Value {
    let matching = entries(paths).filter(|(pattern, _)| {
        let greedy = pattern.strip_suffix("{proxy+}");
        *pattern == path
            || greedy.is_some_and(|start| path.len() > start.len() && path.starts_with(start))
    });
    let best = matching.max_by_key(|(pattern, _)| (*pattern == path, pattern.len()));
    best.unwrap_or_else(|| panic!("nothing takes {path}")).1
}

#[test]
fn a_private_api_has_the_routes_of_the_public_one_and_lets_in_the_named_endpoints_alone() {
    let endpoints = [("PrivateApiEndpoints", "vpce-1,vpce-2")];
    let deployment = Deployment::with(JWT_MODE.into_iter().chain(endpoints));
    let api = deployment.resource("PrivateApi");
    assert_eq!(
        api["EndpointConfiguration"],
        json!({ "Type": "PRIVATE", "VPCEndpointIds": ["vpce-1", "vpce-2"] })
    );
    let definition = &api["DefinitionBody"];
    let statements = definition["x-amazon-apigateway-policy"]["Statement"]
        .as_array()
        .unwrap();
    assert_eq!(statements.len(), 1);
    let condition = json!({ "StringEquals": { "aws:SourceVpce": ["vpce-1", "vpce-2"] } });
    assert_eq!(statements[0]["Condition"], condition);

    let resources = crate::template::document()["Resources"].clone();
    let id = |function: &str| {
        let folder = format!("functions/{function}");
        let mut resources = entries(&resources);
        let found = resources.find(|(_, resource)| resource["Properties"]["CodeUri"] == folder);
        format!("{}.Alias", found.unwrap().0)
    };
    let mut aliases = BTreeSet::new();
    for route in deployment.routes() {
        // REST APIs call the rest of a path otherwise, and have no default.
        let path = route
            .path
            .replace("$default", "/nothing")
            .replace("{path+}", "a/b");
        let operation = private_path(&definition["paths"], &path);
        let integration =
            &operation["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"];
        let alias = id(&route.function);
        let uri = integration["uri"].as_str().unwrap();
        assert!(uri.contains(&format!("/{alias}/")), "{}: {uri}", route.path);
        aliases.insert(alias);
    }
    let role = &deployment.resource("PrivateApiRole")["Policies"][0]["PolicyDocument"]["Statement"];
    assert_eq!(BTreeSet::from_iter(list(&role[0]["Resource"])), aliases);
    assert_eq!(role[0]["Action"], "lambda:InvokeFunction");
}

#[test]
fn access_logs_are_json_lines_that_say_who_called_and_hold_no_query_string() {
    let deployment = Deployment::with(JWT_MODE);
    let settings = &deployment.resource("HttpApi")["AccessLogSettings"];
    let format = settings["Format"].as_str().unwrap();
    let line: serde_json::Value = serde_json::from_str(format).unwrap();
    for (_, variable) in entries(&line) {
        let variable = variable.as_str().unwrap();
        assert!(variable.starts_with("$context."), "{variable}");
        assert!(!variable.contains("query"), "{variable}");
    }
    assert_eq!(line["source_address"], "$context.identity.sourceIp");
    assert_eq!(line["subject"], "$context.authorizer.claims.sub");
    assert!(
        !format.contains('\n'),
        "API Gateway wants the format on one line"
    );
    assert!(deployment.named_by(&settings["DestinationArn"])["RetentionInDays"].is_u64());
}
