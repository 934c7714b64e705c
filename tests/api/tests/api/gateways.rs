use rig::{Gateway, Request, UserFixture};
use serde_json::json;

use crate::fixture::{Api, Fixture, assert_unauthorized};

#[tokio::test]
async fn a_list_is_the_same_behind_every_gateway() {
    let users = [UserFixture::new(10, "o.neil").full_name("Pat O'Neil & Söhne+")];
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("users").await;
    let path = "/api/v1/users?search=O%27Neil%20%26%20S%C3%B6hne%2B&is_active=true&size=5";
    for gateway in Gateway::ALL {
        let response = api.send_through(gateway, &fixture.get(path)).await;
        assert_eq!(response.status, 200, "{gateway:?}: {}", response.text());
        assert_eq!(response.header("content-type").unwrap(), "application/json");
        assert!(response.header("link").is_some(), "{gateway:?}");
        let body = response.json();
        assert_eq!(
            body,
            json!({
                "items": [users[0].json()],
                "total": 1,
                "total_relation": "eq",
                "page": 1,
                "size": 5,
                "pages": 1,
                "complete": true,
                "next_cursor": null,
                "prev_cursor": null,
            }),
            "{gateway:?}"
        );
    }
}

#[tokio::test]
async fn users_are_created_behind_every_gateway() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    for (number, gateway) in Gateway::ALL.into_iter().enumerate() {
        let name = format!("zoë{number}");
        let rows = json!([{ "email": format!("zoe{number}@example.com"), "username": name }]);
        let response = api
            .send_through(gateway, &fixture.post("/api/v1/users/bulk").json(&rows))
            .await;
        assert_eq!(response.status, 201, "{gateway:?}: {}", response.text());
        assert_eq!(response.json()[0]["username"], name);
    }
}

#[tokio::test]
async fn errors_are_the_same_behind_every_gateway() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    for gateway in Gateway::ALL {
        let request = Request::get("/api/v1/dashboard/stats");
        assert_unauthorized(&api.send_through(gateway, &request).await);
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_noticed_wherever_the_gateway_shows_it() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    // A load balancer in its default mode hides all but the last one.
    for gateway in [Gateway::HttpApi, Gateway::RestApi, Gateway::FunctionUrl] {
        let request = fixture.get("/api/v1/users?size=1&size=2");
        let response = api.send_through(gateway, &request).await;
        assert_eq!(response.status, 400, "{gateway:?}");
    }
}

#[tokio::test]
async fn claims_are_found_behind_both_kinds_of_api_gateway() {
    let fixture = Fixture::new().await;
    let function = fixture
        .function("stats")
        .without_env("JWT_KEY")
        .env("AUTH_MODE", "gateway");
    let api = Api::start(function).await;
    let request = Request::get("/api/v1/dashboard/stats").claims(json!({ "sub": "1" }));
    for gateway in [Gateway::HttpApi, Gateway::RestApi] {
        let response = api.send_through(gateway, &request).await;
        assert_eq!(response.status, 200, "{gateway:?}: {}", response.text());
    }
    // Neither of these verifies tokens, so whatever looks like claims there is not to be believed.
    for gateway in [Gateway::FunctionUrl, Gateway::LoadBalancer] {
        assert_unauthorized(&api.send_through(gateway, &request).await);
    }
}
