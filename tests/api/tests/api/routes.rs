use std::collections::BTreeSet;

use rig::{Gateway, Request};

use crate::fixture::{ADMIN, Fixture, assert_error};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_right_ones() {
    let fixture = Fixture::new().await;
    for route in rig::routes().unwrap() {
        let api = fixture.start(&route.function).await;
        let mut allowed: BTreeSet<_> = route.methods.iter().map(String::as_str).collect();
        if allowed.contains("GET") {
            allowed.insert("HEAD");
        }
        let allowed = Vec::from_iter(allowed).join(", ");
        let path = route.path.as_str();
        for method in METHODS {
            if route.methods.iter().any(|own| own == method) {
                continue;
            }
            let response = api.send(&Request::new(method, path)).await;
            let message = "This path does not support this method; see the Allow header";
            assert_error(&response, 405, "method_not_allowed", message);
            assert_eq!(
                response.header("allow").unwrap(),
                allowed,
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn head_is_answered_where_get_is() {
    let fixture = Fixture::new().await;
    for route in rig::routes().unwrap() {
        if route.methods.iter().any(|method| method == "GET") {
            let api = fixture.start(&route.function).await;
            let path = route.path.replace("{id}", "1");
            let request = Request::new("HEAD", &path).bearer(&fixture.token(ADMIN));
            assert_eq!(api.send(&request).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let fixture = Fixture::new().await;
    for function in ["stats", "users", "bulk-create", "health"] {
        let api = fixture.start(function).await;
        for path in [
            "/",
            "/api/v1",
            "/api/v1/nothing",
            "/api/v1/users/1/2",
            "/api/v1/users/bulk/health",
            "/api/v1/users/api/v1/dashboard",
            "/healthy",
        ] {
            let response = api.send(&fixture.get(path)).await;
            assert_error(&response, 404, "not_found", "There is no such path");
        }
    }
}

#[tokio::test]
async fn the_request_id_of_an_answer_is_the_one_of_the_invocation() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let event = Request::get("/nothing").event(Gateway::HttpApi);
    let invocation = api.invoke(event).await;
    let request_id = invocation.request_id.clone();
    let response = rig::Response::from_event(&invocation.into_response()).unwrap();
    assert_eq!(response.json()["request_id"], request_id);
    assert_eq!(response.header("x-request-id").unwrap(), request_id);
}
