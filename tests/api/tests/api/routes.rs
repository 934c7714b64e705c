use rig::{Gateway, Request};

use crate::world::{ADMIN, World, assert_error};

/// Every function, its routes and the one method that each answers.
const ROUTES: [(&str, &str, &str); 7] = [
    ("stats", "GET", "/api/v1/dashboard/stats"),
    ("stats", "GET", "/api/v1/dashboard/signups"),
    ("list-users", "GET", "/api/v1/users"),
    ("bulk-create", "POST", "/api/v1/users/bulk"),
    ("health", "GET", "/health"),
    ("health", "GET", "/health/live"),
    ("health", "GET", "/api/v1/metrics/database"),
];

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_right_one() {
    let world = World::new().await;
    for (function, allowed, path) in ROUTES {
        let api = world.start(function).await;
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if method == allowed {
                continue;
            }
            let response = api.send(&Request::new(method, path)).await;
            let message = "This path does not support this method; see the Allow header";
            assert_error(&response, 405, "method_not_allowed", message);
            let allow = if allowed == "GET" {
                "GET, HEAD"
            } else {
                allowed
            };
            assert_eq!(response.header("allow").unwrap(), allow, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn head_is_answered_where_get_is() {
    let world = World::new().await;
    for (function, allowed, path) in ROUTES {
        if allowed == "GET" {
            let api = world.start(function).await;
            let request = Request::new("HEAD", path).bearer(&world.token(ADMIN));
            assert_eq!(api.send(&request).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let world = World::new().await;
    for function in ["stats", "list-users", "bulk-create", "health"] {
        let api = world.start(function).await;
        for path in [
            "/",
            "/api/v1",
            "/api/v1/nothing",
            "/api/v1/users/1",
            "/api/v1/users/health",
            "/api/v1/users/api/v1/dashboard",
            "/healthy",
        ] {
            let response = api.send(&world.get(path)).await;
            assert_error(&response, 404, "not_found", "There is no such path");
        }
    }
}

#[tokio::test]
async fn the_request_id_of_an_answer_is_the_one_of_the_invocation() {
    let world = World::new().await;
    let api = world.start("stats").await;
    let event = Request::get("/nothing").event(Gateway::HttpApi);
    let invocation = api.invoke(event).await;
    let request_id = invocation.request_id.clone();
    let response = rig::Response::from_event(&invocation.into_response()).unwrap();
    assert_eq!(response.json()["request_id"], request_id);
    assert_eq!(response.header("x-request-id").unwrap(), request_id);
}
