//! What is in a token: whom it names, what it must claim, and what the log says of one that is refused.

use chrono::Utc;
use rig::{FunctionBuilder, Gateway, Request, SigningKey, StartError, token};
use serde_json::{Value, json};

use crate::fixture::{ADMIN, Api, Fixture, assert_unauthorized};

const STATS: &str = "/api/v1/dashboard/stats";

/// Values of `sub` that are not the one way to write the id of a user.
const NOT_AN_ID: [&str; 14] = [
    "", "+1", "01", "001", "-1", "-0", "0", "1.0", "1e0", " 1", "1 ", "0x1", "١", "１",
];

fn with_subject(fixture: &Fixture, subject: &str) -> Request {
    // As text, because a JSON library would write 1e0 in its own way.
    let claims = format!(
        r#"{{"sub":{subject},"exp":{}}}"#,
        Utc::now().timestamp() + 3600
    );
    let header = json!({ "alg": fixture.key.algorithm() }).to_string();
    Request::get(STATS).bearer(&fixture.key.sign_text(&header, &claims).unwrap())
}

/// A function that takes the claims from API Gateway.
fn behind_authorizer(fixture: &Fixture) -> FunctionBuilder {
    fixture
        .function("stats")
        .without_env("JWT_KEY")
        .env("AUTH_MODE", "gateway")
}

/// What the log says about a refused request.
async fn reason(api: &Api, request: &Request) -> String {
    let response = api.send(request).await;
    assert_unauthorized(&response);
    let id = response.header("x-request-id").unwrap();
    let line = api.log_line(&id, "request refused").await;
    line["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_id_is_written_in_one_way_in_a_token() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    for subject in NOT_AN_ID {
        let request = with_subject(&fixture, &json!(subject).to_string());
        let reason = reason(&api, &request).await;
        assert_eq!(
            reason, "unauthorized: the subject is not a user id",
            "{subject:?}"
        );
    }
    let not_an_id = "unauthorized: the subject is not a user id";
    let not_a_text = "unauthorized: the claim that names the user is missing or is not a text";
    let malformed = "unauthorized: the claims are malformed";
    for (subject, expected) in [
        ("1.0", not_an_id),
        ("1e0", not_an_id),
        ("1.5", not_an_id),
        ("0", not_an_id),
        ("-0", not_an_id),
        ("-1", not_an_id),
        ("9223372036854775808", not_an_id),
        ("true", not_a_text),
        ("null", not_a_text),
        ("[1]", malformed),
        (r#"["1"]"#, malformed),
        ("{}", malformed),
    ] {
        let request = with_subject(&fixture, subject);
        assert_eq!(reason(&api, &request).await, expected, "{subject}");
    }
    for subject in [r#""1""#, "1"] {
        let response = api.send(&with_subject(&fixture, subject)).await;
        assert_eq!(response.status, 200, "{subject}: {}", response.text());
    }
}

#[tokio::test]
async fn an_id_is_written_in_one_way_in_the_claims_of_the_gateway() {
    let fixture = Fixture::new().await;
    let api = Api::start(behind_authorizer(&fixture)).await;
    for gateway in [Gateway::HttpApi, Gateway::RestApi] {
        for subject in NOT_AN_ID {
            let request = Request::get(STATS).claims(json!({ "sub": subject }));
            let response = api.send_through(gateway, &request).await;
            assert_eq!(response.status, 401, "{gateway:?}: {subject:?}");
        }
        let request = Request::get(STATS).claims(json!({ "sub": "1" }));
        assert_eq!(api.send_through(gateway, &request).await.status, 200);
    }
    // A REST API hands the types of JSON on.
    for (subject, status) in [(json!(1), 200), (json!(1.0), 401), (json!(true), 401)] {
        let request = Request::get(STATS).claims(json!({ "sub": subject }));
        let response = api.send_through(Gateway::RestApi, &request).await;
        assert_eq!(response.status, status, "{subject}");
    }
}

#[tokio::test]
async fn the_log_says_what_was_wrong_with_a_token_and_the_answer_does_not() {
    let fixture = Fixture::new().await;
    let function = fixture
        .function("stats")
        .env("JWT_ISSUER", "https://login.test")
        .env("JWT_AUDIENCE", "rollcall")
        .env("JWT_REQUIRED_CLAIMS", "type=access");
    let api = Api::start(function).await;
    let now = Utc::now().timestamp();
    let key = &fixture.key;
    let good = json!({
        "sub": "1", "exp": now + 3600, "iss": "https://login.test", "aud": "rollcall", "type": "access",
    });
    let response = api
        .send(&Request::get(STATS).bearer(&key.sign(&good).unwrap()))
        .await;
    assert_eq!(response.status, 200, "{}", response.text());

    let but = |claim: &str, value: Value| {
        let mut claims = good.clone();
        claims[claim] = value;
        key.sign(&claims).unwrap()
    };
    let without = |claim: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(claim);
        key.sign(&claims).unwrap()
    };
    let headed = |header: Value| key.sign_with_header(&header, &good).unwrap();
    let other_key = SigningKey::hs256("another-secret-of-the-same-length-0123456789");
    for (token, expected) in [
        (but("exp", json!(now - 3600)), "the token has expired"),
        (without("exp"), "the expiry is missing or malformed"),
        (
            but("exp", json!("never")),
            "the expiry is missing or malformed",
        ),
        (but("nbf", json!(now + 3600)), "the token is not valid yet"),
        (but("nbf", json!("soon")), "the claims are malformed"),
        (
            other_key.sign(&good).unwrap(),
            "no known key fits the signature",
        ),
        (
            headed(json!({ "alg": "HS512" })),
            "the token is signed with another algorithm",
        ),
        (
            token::unsigned(&good),
            "the header is malformed or names an unknown algorithm",
        ),
        (
            headed(json!({ "typ": "JWT" })),
            "the header is malformed or names an unknown algorithm",
        ),
        ("garbage".to_owned(), "the token is malformed"),
        ("a.b".to_owned(), "the token is malformed"),
        (key.sign(&json!([1])).unwrap(), "the claims are malformed"),
        (
            headed(json!({ "alg": "HS256", "crit": ["exp"], "exp": 1 })),
            "the header has critical extensions",
        ),
        (
            headed(json!({ "alg": "HS256", "crit": [] })),
            "the header has critical extensions",
        ),
        (
            but("iss", json!("https://other.test")),
            "the token is of another issuer",
        ),
        (without("iss"), "the issuer is missing or malformed"),
        (
            but("aud", json!("other")),
            "the token is for another audience",
        ),
        (without("aud"), "the audience is missing or malformed"),
        (
            but("type", json!("refresh")),
            "a required claim is missing or has another value",
        ),
        (
            without("type"),
            "a required claim is missing or has another value",
        ),
        (but("sub", json!("admin")), "the subject is not a user id"),
        (
            without("sub"),
            "the claim that names the user is missing or is not a text",
        ),
        (but("sub", json!("404")), "unknown user"),
        (but("sub", json!("3")), "inactive user"),
    ] {
        let request = Request::get(STATS).bearer(&token);
        assert_eq!(
            reason(&api, &request).await,
            format!("unauthorized: {expected}"),
            "{token}"
        );
    }
}

#[tokio::test]
async fn a_token_with_critical_extensions_is_refused() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    for header in [
        json!({ "alg": "HS256", "crit": ["exp"], "exp": 4_102_444_800_u64 }),
        json!({ "alg": "HS256", "crit": ["b64"], "b64": true }),
        json!({ "alg": "HS256", "crit": [] }),
        json!({ "alg": "HS256", "crit": "exp" }),
    ] {
        let token = fixture
            .key
            .sign_with_header(&header, &token::claims(ADMIN))
            .unwrap();
        let response = api.send(&Request::get(STATS).bearer(&token)).await;
        assert_eq!(response.status, 401, "{header}");
        assert_unauthorized(&response);
    }
}

#[tokio::test]
async fn only_a_token_with_the_required_claims_opens_the_api() {
    let fixture = Fixture::new().await;
    let function = fixture.function("stats").env(
        "JWT_REQUIRED_CLAIMS",
        "type=access, level=2,mfa=true,role=admin,note=a=b",
    );
    let api = Api::start(function).await;
    let mut good = token::claims(ADMIN);
    good["type"] = json!("access");
    good["level"] = json!(2);
    good["mfa"] = json!(true);
    good["role"] = json!(["user", "admin"]);
    good["note"] = json!("a=b");
    let send = async |claims: &Value| {
        let token = fixture.key.sign(claims).unwrap();
        api.send(&Request::get(STATS).bearer(&token)).await
    };
    let response = send(&good).await;
    assert_eq!(response.status, 200, "{}", response.text());
    for (claim, value) in [
        ("type", json!("refresh")),
        ("type", json!("reset")),
        ("type", json!("Access")),
        ("type", json!("access ")),
        ("type", json!(null)),
        ("type", json!({ "access": true })),
        ("type", json!([["access"]])),
        ("level", json!(20)),
        ("level", json!(2.5)),
        ("mfa", json!(false)),
        ("role", json!(["user"])),
        ("role", json!([])),
        ("note", json!("a")),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        let response = send(&claims).await;
        assert_eq!(response.status, 401, "{claims}");
        assert_unauthorized(&response);
    }
    assert_unauthorized(&send(&token::claims(ADMIN)).await);
    // One way to write a value is as good as another.
    good["level"] = json!("2");
    good["mfa"] = json!("true");
    good["type"] = json!(["access"]);
    assert_eq!(send(&good).await.status, 200);
}

#[tokio::test]
async fn claims_are_required_of_the_gateway_too() {
    let fixture = Fixture::new().await;
    let function =
        behind_authorizer(&fixture).env("JWT_REQUIRED_CLAIMS", "token_use=access,level=2");
    let api = Api::start(function).await;
    for gateway in [Gateway::HttpApi, Gateway::RestApi] {
        for (claims, status) in [
            (
                json!({ "sub": "1", "token_use": "access", "level": "2" }),
                200,
            ),
            (json!({ "sub": "1", "token_use": "id", "level": "2" }), 401),
            (json!({ "sub": "1", "level": "2" }), 401),
            (json!({ "sub": "1" }), 401),
        ] {
            let request = Request::get(STATS).claims(claims.clone());
            let response = api.send_through(gateway, &request).await;
            assert_eq!(response.status, status, "{gateway:?}: {claims}");
        }
    }
}

#[tokio::test]
async fn required_claims_that_cannot_be_read_are_refused_at_start_in_both_modes() {
    let fixture = Fixture::new().await;
    for malformed in [
        "type",
        "=access",
        "type=",
        "type=access,",
        ",",
        "type=access,,a=b",
        " ",
    ] {
        for builder in [fixture.function("stats"), behind_authorizer(&fixture)] {
            let error = start_error(builder.env("JWT_REQUIRED_CLAIMS", malformed)).await;
            let message = format!(
                "JWT_REQUIRED_CLAIMS must be claims with their values, such as \
                 type=access,token_use=access, but is {malformed:?}"
            );
            assert!(error.logs.contains(&message), "{malformed:?}: {error}");
        }
    }
}

async fn start_error(builder: FunctionBuilder) -> StartError {
    match builder.start().await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}
