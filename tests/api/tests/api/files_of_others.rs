//! Files as other systems and spreadsheets write them: `../../cases`.

use std::path::Path;

use rig::{Request, Response};
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture};
use crate::imports::BULK;

fn case(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("cases")
        .join(file);
    std::fs::read(path).unwrap()
}

/// Sends a file without storing its users.
async fn check(fixture: &Fixture, api: &Api, file: &str) -> Response {
    let content_type = match file.rsplit_once('.').unwrap().1 {
        "csv" => "text/csv",
        "ndjson" => "application/x-ndjson",
        _ => "application/json",
    };
    api.send(&dry_run(fixture, content_type).body(case(file)))
        .await
}

fn dry_run(fixture: &Fixture, content_type: &str) -> Request {
    fixture
        .post(&format!("{BULK}?dry_run=true"))
        .header("content-type", content_type)
}

/// One field of every user of an answer.
fn values(response: &Response, field: &str) -> Vec<Value> {
    assert_eq!(response.status, 200, "{}", response.text());
    let users = response.json();
    let users = users.as_array().unwrap().iter();
    users.map(|user| user[field].clone()).collect()
}

#[tokio::test]
async fn what_can_be_read_with_certainty_is_read() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let cases: Value = serde_json::from_slice(&case("expected.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() > 25, "{}", cases.len());
    for expected in cases {
        let (file, field) = (&expected["file"], &expected["field"]);
        let response = check(&fixture, &api, file.as_str().unwrap()).await;
        let found = values(&response, field.as_str().unwrap());
        assert_eq!(json!(found), expected["values"], "{file}");
    }
}

#[tokio::test]
async fn what_is_not_certain_is_refused_with_all_that_is_in_the_way() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    for (file, status, expected) in [
        (
            "A10b-windows-1252.csv",
            400,
            &["windows-1252", "line 2", "[E9]"][..],
        ),
        (
            "A10c-utf-16le-no-bom.csv",
            400,
            &["UTF-16LE without a byte order mark"],
        ),
        (
            "A12b-header-aliases.csv",
            400,
            &["full_name?", "is_active?"],
        ),
        (
            "A13a-cognito.csv",
            400,
            &[
                "\"phone_number\"",
                "(did you mean username?)",
                "username is missing",
            ],
        ),
        (
            "A13b-google-workspace.csv",
            400,
            &["(did you mean email?)", "New Status", "email is missing"],
        ),
        (
            "A13c-entra.csv",
            400,
            &["version:v1.0", "username is missing"],
        ),
        (
            "A13d-keycloak-realm.json",
            400,
            &[
                "\"users\"",
                "unknown fields \\\"enabled\\\"",
                "firstName",
                "credentials",
            ],
        ),
        (
            "A13e-firebase-export.json",
            400,
            &[
                "\"users\"",
                "displayName",
                "providerUserInfo",
                "username is required",
            ],
        ),
        (
            "A13f-auth0-export.ndjson",
            422,
            &[
                "user_id",
                "nickname",
                "identities.0.provider",
                "username is required",
            ],
        ),
        (
            "A13g-auth0-import.json",
            422,
            &["custom_password_hash", "email_verified"],
        ),
    ] {
        let response = check(&fixture, &api, file).await;
        assert_eq!(response.status, status, "{file}: {}", response.text());
        let text = response.text().replace("\\\"", "\"");
        for part in expected {
            let part = part.replace("\\\"", "\"");
            assert!(text.contains(&part), "{file}: {part} is not in {text}");
        }
    }
    let response = check(&fixture, &api, "B05-email-with-more-behind.csv").await;
    let details = response.json()["details"].clone();
    assert_eq!(details.as_array().unwrap().len(), 9, "{details}");
}

#[tokio::test]
async fn bodies_are_read_under_the_types_and_in_the_forms_that_clients_send() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let csv = "email,username\na@example.com,a\nb@example.com,b\n";
    let ndjson = "{\"email\":\"a@example.com\",\"username\":\"a\"}\n{\"email\":\"b@example.com\",\"username\":\"b\"}\n";
    let form = format!(
        "--------x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"u.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{csv}\r\n--------x--\r\n"
    );
    for (content_type, body) in [
        ("application/jsonl", ndjson),
        ("application/x-jsonlines", ndjson),
        ("application/csv", csv),
        ("application/vnd.ms-excel", csv),
        ("text/csv; charset=utf8", csv),
        ("multipart/form-data; boundary=------x", &form),
    ] {
        let response = api.send(&dry_run(&fixture, content_type).body(body)).await;
        assert_eq!(values(&response, "username"), ["a", "b"], "{content_type}");
    }
    for (content_type, body) in [("text/csv", csv), ("application/x-ndjson", ndjson)] {
        let joined = body.replace('\n', "");
        let response = api
            .send(&dry_run(&fixture, content_type).body(joined))
            .await;
        assert_eq!(response.status, 400, "{}", response.text());
        assert!(
            response.text().contains("--data-binary"),
            "{}",
            response.text()
        );
    }
}

#[tokio::test]
async fn what_the_service_writes_can_be_sent_back_and_keeps_the_time_of_creation() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let row = json!([{
        "id": 12345, "email": "ada@example.com", "username": "ada", "full_name": null, "is_active": true,
        "is_superuser": false, "created_at": "2021-03-04T05:06:07.5Z", "updated_at": "2022-01-01T00:00:00Z",
    }]);
    let response = api.send(&fixture.post(BULK).json(&row)).await;
    assert_eq!(response.status, 201, "{}", response.text());
    let user = &response.json()[0];
    assert_eq!(user["created_at"], "2021-03-04T05:06:07.500Z");
    assert_ne!(user["id"], 12345);
    assert_ne!(user["updated_at"], "2022-01-01T00:00:00Z");
    let update = json!([{
        "email": "ada@example.com", "username": "ada", "created_at": "2020-01-01T00:00:00Z",
    }]);
    let path = format!("{BULK}?on_conflict=update");
    let response = api.send(&fixture.post(&path).json(&update)).await;
    assert_eq!(response.json()[0]["created_at"], "2021-03-04T05:06:07.500Z");
    assert_eq!(response.json()[0]["result"], "skipped");
}

#[tokio::test]
async fn other_hashes_are_stored_where_they_are_asked_for() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let hash = format!("$6$0123456789abcdef${}", "x".repeat(86));
    let row = json!([{ "email": "a@example.com", "username": "a", "password_hash": hash }]);
    let response = api.send(&fixture.post(BULK).json(&row)).await;
    assert_eq!(response.status, 422, "{}", response.text());
    let path = format!("{BULK}?accept_hashes=phpass,sha-crypt");
    let response = api.send(&fixture.post(&path).json(&row)).await;
    assert_eq!(response.status, 201, "{}", response.text());
    let response = api
        .send(
            &fixture
                .post(&format!("{BULK}?accept_hashes=md5"))
                .json(&row),
        )
        .await;
    assert!(
        response
            .text()
            .contains("sha-crypt, yescrypt, phpass, firebase-scrypt"),
        "{}",
        response.text()
    );
}
