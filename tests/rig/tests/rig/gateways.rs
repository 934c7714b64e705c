use rig::{Gateway, Request};
use serde_json::json;

use crate::echo;

#[tokio::test]
async fn a_body_that_is_no_text_travels_in_base64() {
    let function = echo().start().await.unwrap();
    for gateway in Gateway::ALL {
        let request = Request::post("/echo").body([0xff, 0x00]);
        let seen = function.send_through(gateway, &request).await.json();
        assert_eq!(
            seen["body"],
            json!({ "binary": [0xff, 0x00] }),
            "{gateway:?}"
        );
    }
}

#[test]
fn repeated_parameters_look_as_each_gateway_shows_them() {
    let request = Request::get("/users?size=1&size=2");
    let http_api = request.event(Gateway::HttpApi);
    assert_eq!(http_api["rawQueryString"], "size=1&size=2");
    assert_eq!(http_api["queryStringParameters"], json!({ "size": "1,2" }));
    let rest_api = request.event(Gateway::RestApi);
    assert_eq!(rest_api["queryStringParameters"], json!({ "size": "2" }));
    assert_eq!(
        rest_api["multiValueQueryStringParameters"],
        json!({ "size": ["1", "2"] })
    );
    let load_balancer = request.event(Gateway::LoadBalancer);
    assert_eq!(
        load_balancer["queryStringParameters"],
        json!({ "size": "2" })
    );
}

#[test]
fn response_events_of_both_shapes_are_read() {
    let version_2 = json!({
        "statusCode": 201,
        "headers": { "link": "<a>, <b>" },
        "cookies": ["a=1", "b=2"],
        "body": "aGk=",
        "isBase64Encoded": true,
    });
    let response = rig::Response::from_event(&version_2).unwrap();
    assert_eq!(response.status, 201);
    assert_eq!(response.text(), "hi");
    assert_eq!(response.header("Link").unwrap(), "<a>, <b>");
    assert_eq!(response.header("Set-Cookie").unwrap(), "a=1, b=2");

    let version_1 = json!({
        "statusCode": 404,
        "headers": { "x": "once" },
        "multiValueHeaders": { "x": ["once"], "y": ["1", "2"] },
        "body": null,
    });
    let response = rig::Response::from_event(&version_1).unwrap();
    assert_eq!(response.header("x").unwrap(), "once");
    assert_eq!(response.header("y").unwrap(), "1, 2");
    assert!(response.body.is_empty());

    rig::Response::from_event(&json!({ "body": "no status" })).unwrap_err();
}
