use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use rig::{Request, SigningKey, token};
use serde_json::json;

use crate::fixture::{ADMIN, Api, Fixture, ORDINARY, RETIRED, assert_error, assert_unauthorized};

const STATS: &str = "/api/v1/dashboard/stats";

/// The only route that is for every active user.
const ME: &str = "/api/v1/me";

#[tokio::test]
async fn every_protected_route_asks_for_a_token_and_for_a_superuser() {
    let fixture = Fixture::new().await;
    let mut asked = 0;
    for route in rig::routes().unwrap() {
        if !route.is_protected {
            continue;
        }
        let api = fixture.start(&route.function).await;
        let path = route.path.replace("{id}", "1");
        for method in &route.methods {
            let request = |user| Request::new(method, &path).bearer(&fixture.token(user));
            assert_unauthorized(&api.send(&Request::new(method, &path)).await);
            assert_unauthorized(&api.send(&request(RETIRED)).await);
            if path != ME {
                let message = "Only superusers may do this";
                assert_error(
                    &api.send(&request(ORDINARY)).await,
                    403,
                    "forbidden",
                    message,
                );
            }
            asked += 1;
        }
    }
    assert!(asked >= 10, "{asked}");
}

#[tokio::test]
async fn what_is_no_bearer_token_is_unauthorized() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let good = fixture.token(ADMIN);
    for header in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer garbage",
        "Bearer a.b.c",
        "Bearer ..",
        "Basic YWRtaW46YWRtaW4=",
        &format!("Token {good}"),
        &good,
    ] {
        let request = Request::get(STATS).header("authorization", header);
        let response = api.send(&request).await;
        assert_eq!(response.status, 401, "{header:?}");
        assert_unauthorized(&response);
    }
    let twice = fixture.get(STATS).bearer(&fixture.token(ORDINARY));
    assert_unauthorized(&api.send(&twice).await);
}

#[tokio::test]
async fn the_scheme_may_be_written_in_any_case() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let header = format!("bearer {}", fixture.token(ADMIN));
    let request = Request::get(STATS).header("Authorization", &header);
    assert_eq!(api.send(&request).await.status, 200);
}

#[tokio::test]
async fn a_token_that_cannot_be_trusted_is_unauthorized() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let now = Utc::now().timestamp();
    let key = &fixture.key;
    let claims = token::claims(ADMIN);
    let other_key = SigningKey::hs256("another-secret-of-the-same-length-0123456789");
    let cases = [
        ("alg none", token::unsigned(&claims)),
        (
            "alg none in capitals, with a signature",
            key.sign_with_header(&json!({ "alg": "NONE" }), &claims)
                .unwrap(),
        ),
        (
            "another algorithm of the same family",
            key.sign_with_header(&json!({ "alg": "HS512" }), &claims)
                .unwrap(),
        ),
        (
            "no algorithm",
            key.sign_with_header(&json!({ "typ": "JWT" }), &claims)
                .unwrap(),
        ),
        ("another key", other_key.sign(&claims).unwrap()),
        (
            "claims of somebody else",
            token::tampered(&fixture.token(ORDINARY), &claims),
        ),
        (
            "expired an hour ago",
            key.sign(&json!({ "sub": "1", "exp": now - 3600 })).unwrap(),
        ),
        ("no expiry", key.sign(&json!({ "sub": "1" })).unwrap()),
        (
            "an expiry that is not a number",
            key.sign(&json!({ "sub": "1", "exp": "never" })).unwrap(),
        ),
        (
            "not valid yet",
            key.sign(&json!({ "sub": "1", "exp": now + 7200, "nbf": now + 3600 }))
                .unwrap(),
        ),
        (
            "no subject",
            key.sign(&json!({ "exp": now + 3600 })).unwrap(),
        ),
        (
            "a subject that is not an id",
            key.sign(&json!({ "sub": "admin", "exp": now + 3600 }))
                .unwrap(),
        ),
        (
            "a subject beyond all ids",
            key.sign(&json!({ "sub": "99999999999999999999", "exp": now + 3600 }))
                .unwrap(),
        ),
        (
            "claims that are not an object",
            key.sign(&json!([1])).unwrap(),
        ),
    ];
    for (case, token) in cases {
        let response = api.send(&Request::get(STATS).bearer(&token)).await;
        assert_eq!(response.status, 401, "{case}: {}", response.text());
        assert_unauthorized(&response);
    }
}

#[tokio::test]
async fn the_row_of_the_caller_decides_and_not_the_token() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let as_user = |id| Request::get(STATS).bearer(&fixture.token(id));
    assert_unauthorized(&api.send(&as_user(RETIRED)).await);
    assert_unauthorized(&api.send(&as_user(404)).await);
    sqlx::query("DELETE FROM users WHERE id = $1")
        .bind(ORDINARY)
        .execute(fixture.database.pool())
        .await
        .unwrap();
    assert_unauthorized(&api.send(&as_user(ORDINARY)).await);
    assert_eq!(api.send(&as_user(ADMIN)).await.status, 200);
}

#[tokio::test]
async fn a_user_who_becomes_superuser_is_let_in_at_once() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let request = Request::get(STATS).bearer(&fixture.token(ORDINARY));
    assert_eq!(api.send(&request).await.status, 403);
    sqlx::query("UPDATE users SET is_superuser = TRUE WHERE id = $1")
        .bind(ORDINARY)
        .execute(fixture.database.pool())
        .await
        .unwrap();
    assert_eq!(api.send(&request).await.status, 200);
}

#[tokio::test]
async fn the_public_key_algorithms_work_and_the_token_cannot_choose_another() {
    for key in [SigningKey::es256().unwrap(), SigningKey::rs256().unwrap()] {
        let fixture = Fixture {
            key,
            ..Fixture::new().await
        };
        let api = fixture.start("stats").await;
        assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);

        // The classic attack: the public key, which everybody knows, used as an HMAC secret.
        let attacker = SigningKey::hs256(&fixture.key.verification_key());
        let forged = attacker.token(ADMIN).unwrap();
        assert_unauthorized(&api.send(&Request::get(STATS).bearer(&forged)).await);
        let under_other_name = attacker
            .sign_with_header(
                &json!({ "alg": fixture.key.algorithm() }),
                &token::claims(ADMIN),
            )
            .unwrap();
        assert_unauthorized(
            &api.send(&Request::get(STATS).bearer(&under_other_name))
                .await,
        );
    }
}

#[tokio::test]
async fn issuer_and_audience_are_checked_where_they_are_configured() {
    let fixture = Fixture::new().await;
    let function = fixture
        .function("stats")
        .env("JWT_ISSUER", "https://login.test")
        .env("JWT_AUDIENCE", "rollcall");
    let api = Api::start(function).await;
    let token = |issuer: &str, audience: &str| {
        let mut claims = token::claims(ADMIN);
        claims["iss"] = issuer.into();
        claims["aud"] = audience.into();
        fixture.key.sign(&claims).unwrap()
    };
    let send = async |token: String| api.send(&Request::get(STATS).bearer(&token)).await;
    assert_eq!(
        send(token("https://login.test", "rollcall")).await.status,
        200
    );
    assert_unauthorized(&send(token("https://other.test", "rollcall")).await);
    assert_unauthorized(&send(token("https://login.test", "other")).await);
    assert_unauthorized(&send(fixture.token(ADMIN)).await);
}

#[tokio::test]
async fn claims_of_the_gateway_count_only_where_configuration_says_so() {
    let fixture = Fixture::new().await;
    let verifying = fixture.start("stats").await;
    let with_claims = Request::get(STATS).claims(json!({ "sub": "1" }));
    assert_unauthorized(&verifying.send(&with_claims).await);

    let function = fixture
        .function("stats")
        .without_env("JWT_KEY")
        .env("AUTH_MODE", "gateway");
    let trusting = Api::start(function).await;
    assert_eq!(trusting.send(&with_claims).await.status, 200);
    assert_unauthorized(&trusting.send(&fixture.get(STATS)).await);
    for (subject, status) in [("2", 403), ("3", 401), ("404", 401), ("admin", 401)] {
        let request = Request::get(STATS).claims(json!({ "sub": subject }));
        assert_eq!(trusting.send(&request).await.status, status, "{subject}");
    }
    let without_subject = Request::get(STATS).claims(json!({ "scope": "admin" }));
    assert_unauthorized(&trusting.send(&without_subject).await);
}

#[tokio::test]
async fn a_forged_payload_in_the_right_shape_is_refused() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let token = format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256"}"#),
        part(r#"{"sub":"1","exp":4102444800}"#),
        part("signature")
    );
    assert_unauthorized(&api.send(&Request::get(STATS).bearer(&token)).await);
}
