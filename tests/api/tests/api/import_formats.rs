//! Three formats, compressed or not.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use rig::Request;
use serde_json::{Value, json};

use crate::fixture::{Fixture, assert_error};
use crate::imports::{BULK, places};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn post(fixture: &Fixture, content_type: &str, body: &str) -> Request {
    fixture
        .post(BULK)
        .header("content-type", content_type)
        .body(body)
}

#[tokio::test]
async fn every_format_creates_the_same_users() {
    let csv = "\u{feff}username,email,full_name,is_active,is_superuser\r\n\
               zoe,zoe@example.com,\"Zoë \"\"Zo\"\" Ångström, Dr.\",TRUE,\r\n\
               bob,bob@example.com,,false,true\r\n";
    let ndjson = r#"{"username":"zoe","email":"zoe@example.com","full_name":"Zoë \"Zo\" Ångström, Dr.","is_active":true}

{"username":"bob","email":"bob@example.com","full_name":null,"is_active":false,"is_superuser":true}
"#;
    let json = format!("[{}]", ndjson.trim().replace("\n\n", ","));
    for (content_type, body) in [
        ("application/json", json.as_str()),
        ("application/x-ndjson", ndjson),
        ("text/csv; charset=utf-8", csv),
    ] {
        for is_compressed in [false, true] {
            let fixture = Fixture::new().await;
            let api = fixture.start("bulk-create").await;
            let mut request = post(&fixture, content_type, body);
            if is_compressed {
                request = request
                    .header("content-encoding", "gzip")
                    .body(gzip(body.as_bytes()));
            }
            let response = api.send(&request).await;
            assert_eq!(response.status, 201, "{content_type}: {}", response.text());
            let users = response.json();
            let shown = |index: usize, field: &str| users[index][field].clone();
            assert_eq!(shown(0, "full_name"), "Zoë \"Zo\" Ångström, Dr.");
            assert_eq!(shown(0, "is_active"), true);
            assert_eq!(shown(0, "is_superuser"), false);
            assert_eq!(shown(1, "username"), "bob");
            assert_eq!(shown(1, "full_name"), Value::Null);
            assert_eq!(shown(1, "is_active"), false);
            assert_eq!(shown(1, "is_superuser"), true);
        }
    }
}

#[tokio::test]
async fn bad_lines_are_named_by_line_and_row() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let csv = "email,username,full_name\n\
               a@example.com,a,\"two\nlines\"\n\
               \n\
               b@example.com,b\n\
               A@example.com,c,\n\
               admin@example.com,d,\n";
    let response = api.send(&post(&fixture, "text/csv", csv)).await;
    assert_eq!(response.status, 422, "{}", response.text());
    let detail = |index: usize, line: usize, field: Value, code: &str, message: &str| {
        json!({
            "index": index, "line": line, "field": field, "code": code, "message": message,
        })
    };
    assert_eq!(
        response.json()["details"],
        json!([
            detail(
                0,
                2,
                "full_name".into(),
                "invalid_format",
                "full_name may not have control or invisible characters: character 4 is U+000A"
            ),
            detail(
                1,
                5,
                Value::Null,
                "wrong_cell_count",
                "the row has 2 cells, the header 3"
            ),
            detail(
                2,
                6,
                "email".into(),
                "duplicate_in_request",
                "email is the same as in line 2 of this request"
            ),
        ])
    );
    let ndjson = "{\"email\":\"a@example.com\",\"username\":\"a\"}\n\
                  {\"email\":\"b@example.com\",\n\
                  {\"email\":\"A@example.com\",\"username\":\"c\"}\n";
    let response = api
        .send(&post(&fixture, "application/x-ndjson", ndjson))
        .await;
    assert_eq!(
        response.json()["details"],
        json!([
            detail(
                1,
                2,
                Value::Null,
                "invalid_json",
                "a user must be a JSON object; invalid JSON at column 25"
            ),
            detail(
                2,
                3,
                "email".into(),
                "duplicate_in_request",
                "email is the same as in line 1 of this request"
            ),
        ])
    );
    let stored = "email,username\n\"admin@example.com\",fresh\n";
    let response = api.send(&post(&fixture, "text/csv", stored)).await;
    assert_eq!(response.status, 409);
    assert_eq!(
        response.json()["details"],
        json!([detail(
            0,
            2,
            "email".into(),
            "already_exists",
            "a user with this email exists already"
        )])
    );
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn a_table_that_cannot_be_read_is_an_invalid_request_with_the_line() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    for (body, message) in [
        (
            "email,username,role\n",
            "Line 1: unknown column \"role\"; supported: email, username, full_name, password, \
             password_hash, is_active, is_superuser, created_at",
        ),
        (
            "email,username,email\n",
            "Line 1: column email appears twice",
        ),
        ("email\n", "Line 1: column username is missing"),
        (
            "email,username\na@example.com,a\n\"b@example.com,b\n",
            "Line 3: a quoted cell is never closed",
        ),
        (
            "email,username\n\"a@example.com\"x,a\n",
            "Line 2: text stands behind a closing quote",
        ),
        ("", "The body must begin with a header row"),
        ("email,username\n", "The body must hold at least one user"),
    ] {
        let response = api.send(&post(&fixture, "text/csv", body)).await;
        assert_error(&response, 400, "invalid_request", message);
    }
}

#[tokio::test]
async fn other_compressions_and_damaged_ones_are_refused() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let request = post(&fixture, "application/json", "[]").header("content-encoding", "br");
    let message = "The body may be compressed with gzip, once, or not at all";
    assert_error(
        &api.send(&request).await,
        415,
        "unsupported_media_type",
        message,
    );
    let mut damaged = gzip(b"[{}]");
    damaged.truncate(14);
    let request = post(&fixture, "application/json", "")
        .header("content-encoding", "gzip")
        .body(damaged);
    let response = api.send(&request).await;
    assert_eq!(response.status, 400, "{}", response.text());
    assert_eq!(places_or_none(&response), None);
}

fn places_or_none(response: &rig::Response) -> Option<Vec<(i64, String, String)>> {
    response.json().get("details").map(|_| places(response))
}
