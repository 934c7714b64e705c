//! Input that is meant to hurt.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use rig::{Outcome, Request, Response};
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, assert_error};
use crate::imports::{BULK, place, places, user};
use crate::{leaks, memory};

/// What the issue allows an import; the functions are given more.
const MEGABYTES: u64 = 150;

fn post(fixture: &Fixture, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
    fixture
        .post(BULK)
        .header("content-type", content_type)
        .body(body)
}

/// The most memory that the function's process has had.
fn peak_megabytes(api: &Api) -> u64 {
    memory::kilobytes(api, "VmHWM:") / 1_024
}

#[tokio::test]
async fn four_and_a_half_megabytes_of_brackets_are_invalid_json() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let brackets = "[".repeat(4_500_000);
    let response = api
        .send(&post(&fixture, "application/json", brackets))
        .await;
    assert_eq!(response.status, 400, "{}", response.text());
    assert_eq!(response.json()["error"], "invalid_request");
    assert!(
        peak_megabytes(&api) <= MEGABYTES,
        "{}",
        peak_megabytes(&api)
    );
}

/// The gateway hands on what it takes for binary in base64, and Lambda takes 6 MB of that.
#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_the_limit_whatever_its_format() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let message = "The body may have at most 4500000 bytes; compress it, or send fewer users";
    for content_type in ["application/json", "application/x-ndjson"] {
        let send = async |length: usize| {
            let body = format!("{}[]", " ".repeat(length - 2));
            let request = post(&fixture, content_type, body);
            let is_binary = content_type != "application/json";
            api.send(&if is_binary { request.base64() } else { request })
                .await
        };
        assert_ne!(send(4_500_000).await.status, 413, "{content_type}");
        assert_error(&send(4_500_001).await, 413, "too_large", message);
    }
}

#[tokio::test]
async fn millions_of_tiny_rows_are_counted_and_not_kept() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = format!("[{}1]", "1,".repeat(2_200_000));
    let response = api.send(&post(&fixture, "application/json", rows)).await;
    let message = "A request may contain at most 10000 users; this one contains 2200001";
    assert_error(&response, 413, "too_large", message);
    assert!(
        peak_megabytes(&api) <= MEGABYTES,
        "{}",
        peak_megabytes(&api)
    );
}

#[tokio::test]
async fn one_address_in_ten_thousand_writings_is_one_address() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    // 13 letters in upper or lower case, and an accent in one or two code points.
    let rows: Value = (0..10_000)
        .map(|number: u32| {
            let letters = (0..13).map(|bit| if number & (1 << bit) == 0 { 'a' } else { 'A' });
            let accent = if number < 8_192 { "é" } else { "e\u{301}" };
            let local: String = letters.collect();
            json!({
                "email": format!("{local}{accent}@example.com"),
                "username": format!("u{number}"),
            })
        })
        .collect();
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 422, "{}", response.text());
    let details = places(&response);
    assert_eq!(details.len(), 9_999);
    assert_eq!(
        details[9_998],
        place(9_999, "email", "duplicate_in_request")
    );
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn nul_bytes_and_half_surrogates_are_bad_rows() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let body = r#"[
        {"email": "a\u0000@example.com", "username": "a"},
        {"email": "b@example.com", "username": "b\u0000"},
        {"email": "c@example.com", "username": "c", "full_name": "c\u0000"},
        {"email": "d@example.com", "username": "\ud800"},
        {"email": "e@example.com", "username": "e", "full_name": "\udc00\ud800"},
        {"email": "f@example.com", "username": "f", "password_hash": "$2b$12$\u0000"},
        {"email": "g@example.com", "username": "g", "\ud800": 1}
    ]"#;
    let response = api.send(&post(&fixture, "application/json", body)).await;
    assert_eq!(response.status, 422, "{}", response.text());
    assert_eq!(
        places(&response),
        [
            place(0, "email", "invalid_format"),
            place(1, "username", "invalid_format"),
            place(2, "full_name", "invalid_format"),
            place(3, "username", "invalid_type"),
            place(4, "full_name", "invalid_type"),
            place(5, "password_hash", "invalid_format"),
            place(6, "", "invalid_json"),
        ]
    );
    let csv = "email,username\n\"a\0@example.com\",a\n";
    let response = api.send(&post(&fixture, "text/csv", csv)).await;
    assert_eq!(places(&response), [place(0, "email", "invalid_format")]);
}

#[tokio::test]
async fn characters_that_cannot_be_seen_are_named_with_their_place() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "a\u{61c}@example.com", "username": "a" },
        { "email": "b@example.com", "username": "admin\u{3164}" },
        { "email": "c@example.com", "username": "c", "full_name": "Ada\u{200c} Admin" },
    ]);
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 422, "{}", response.text());
    let body = response.json();
    let messages: Vec<_> = body["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| detail["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "email may not have control or invisible characters: character 2 is U+061C",
            "username may not have control or invisible characters: character 6 is U+3164",
            "full_name may not have control or invisible characters: character 4 is U+200C",
        ]
    );
    let persian =
        json!([{ "email": "d@example.com", "username": "d", "full_name": "علی\u{200c}رضا" }]);
    let response = api.send(&fixture.post(BULK).json(&persian)).await;
    assert_eq!(response.json()[0]["full_name"], "علی\u{200c}رضا");
}

#[tokio::test]
async fn a_gigabyte_of_quotes_in_a_megabyte_of_gzip_is_too_large() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b'"'; 1 << 20]).unwrap();
    // A gzip file may have several members.
    let bomb = encoder.finish().unwrap().repeat(1_024);
    let request = post(&fixture, "text/csv", bomb).header("content-encoding", "gzip");
    let response = api.send(&request).await;
    let message = "The decompressed body may have at most 33554432 bytes";
    assert_error(&response, 413, "too_large", message);
    assert!(
        peak_megabytes(&api) <= MEGABYTES,
        "{}",
        peak_megabytes(&api)
    );
}

#[tokio::test]
async fn thirty_megabytes_of_one_quoted_cell_are_one_bad_row() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(b"email,username\na@example.com,\"")
        .unwrap();
    encoder.write_all(&vec![b'"'; 30_000_000]).unwrap();
    encoder.write_all(b"\"\n").unwrap();
    let body = encoder.finish().unwrap();
    let request = post(&fixture, "text/csv", body).header("content-encoding", "gzip");
    let response = api.send(&request).await;
    assert_eq!(places(&response), [place(0, "username", "too_long")]);
    assert!(
        peak_megabytes(&api) <= MEGABYTES,
        "{}",
        peak_megabytes(&api)
    );
}

#[tokio::test]
async fn bodies_of_which_every_byte_could_become_many_take_no_more_memory_than_others() {
    let known = "email,username\n";
    let commas = ",".repeat(7_000_000);
    let repeated = format!("{{{}\"email\":1}}", "\"email\":1,".repeat(1_000_000));
    let unknown = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(200_000));
    // In normalization form C, the first is three times as long, and the marks have to be sorted.
    let long = format!(r#"{{"email":"{}"}}"#, "\u{1d160}".repeat(8_000_000));
    let marks = "\u{301}\u{316}".repeat(8_000_000);
    let many = format!(r#"{{"email":"a{0}","username":"a{0}"}}"#, &marks[..1_500]);
    for (content_type, body, code) in [
        ("text/csv", commas.clone(), "invalid_request"),
        (
            "text/csv",
            format!("{known}{commas}x\n"),
            "wrong_cell_count",
        ),
        ("text/csv", "\n".repeat(2_000_000), "invalid_request"),
        (
            "application/x-ndjson",
            "\n".repeat(2_000_000),
            "invalid_request",
        ),
        ("application/x-ndjson", repeated, "duplicate_field"),
        ("application/x-ndjson", unknown, "unknown_field"),
        ("application/x-ndjson", long, "too_long"),
        (
            "application/x-ndjson",
            format!(r#"{{"username":"a{marks}"}}"#),
            "too_long",
        ),
        (
            "application/x-ndjson",
            (many + "\n").repeat(1_000),
            "too_long",
        ),
        ("application/json", "[".repeat(8_000_000), "invalid_request"),
    ] {
        let fixture = Fixture::new().await;
        let api = fixture.start("bulk-create").await;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body.as_bytes()).unwrap();
        let request = post(&fixture, content_type, encoder.finish().unwrap())
            .header("content-encoding", "gzip");
        let response = api.send(&request).await;
        assert!(response.text().contains(code), "{}", response.text());
        let peak = peak_megabytes(&api);
        assert!(peak <= MEGABYTES, "{code} of {:?}: {peak}", &body[..20]);
    }
}

#[tokio::test]
async fn hashes_that_would_cost_gigabytes_to_verify_are_refused() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let tag = "c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc";
    let rows: Value = [
        format!("$argon2id$v=19$m=2147483648,t=2,p=1${tag}"),
        format!("$argon2id$v=19$m=19456,t=4294967295,p=1${tag}"),
        format!("$argon2id$v=19$m=64,m=2147483648,t=2,p=1${tag}"),
        format!("$argon2id$v=19$m=99999999999999999999,t=2,p=1${tag}"),
        format!("$scrypt$ln=40,r=8,p=1${tag}"),
        format!("$pbkdf2-sha256$i=4000000000,l=32${tag}"),
    ]
    .iter()
    .enumerate()
    .map(|(number, hash)| {
        let mut user = user(&format!("u{number}"));
        user["password_hash"] = hash.as_str().into();
        user
    })
    .collect();
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    let codes: Vec<_> = places(&response)
        .into_iter()
        .map(|(_, field, code)| (field, code))
        .collect();
    let code = |code: &str| ("password_hash".to_owned(), code.to_owned());
    assert_eq!(
        codes,
        [
            code("out_of_range"),
            code("out_of_range"),
            code("invalid_format"),
            code("invalid_format"),
            code("out_of_range"),
            code("out_of_range"),
        ]
    );
}

#[tokio::test]
async fn a_wrong_charset_is_not_guessed() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let latin1 = b"email,username,full_name\na@example.com,a,Ren\xe9\n";
    let named = post(&fixture, "text/csv; charset=iso-8859-1", latin1);
    let message = "The body must be application/json, application/x-ndjson or text/csv, in UTF-8; it was sent \
                   as \"text/csv; charset=iso-8859-1\"";
    assert_error(
        &api.send(&named).await,
        415,
        "unsupported_media_type",
        message,
    );
    let unnamed = post(&fixture, "text/csv", latin1);
    let message = "The body is not valid UTF-8: line 2 has the bytes [E9] after 19 characters. It looks like windows-1252; convert it to UTF-8";
    assert_error(&api.send(&unnamed).await, 400, "invalid_request", message);
    let utf16: Vec<u8> = "[{}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let response = api.send(&post(&fixture, "application/json", utf16)).await;
    assert_eq!(response.status, 400, "{}", response.text());
}

#[tokio::test]
async fn mistakes_without_number_fit_an_answer() {
    let bad = json!({
        "email": "no", "username": "a b", "full_name": "\u{1}", "password": 1, "is_active": 1,
        "is_superuser": 1, "ááááááááááááááááááááááá": 1, "ééééééééééééééééééé": 2,
    });
    let listed = listed_of_ten_thousand(&bad, 70_000).await;
    assert!(listed > 15_000, "{listed}");
}

#[tokio::test]
async fn mistakes_full_of_characters_that_json_escapes_fit_an_answer() {
    let name = |letter: char| format!("{}{letter}", "\"\\".repeat(19));
    let bad = json!({ name('a'): 1, name('b'): 1, name('c'): 1 });
    let listed = listed_of_ten_thousand(&bad, 10_000).await;
    assert!(listed > 3_000, "{listed}");
}

/// Sends a bad row ten thousand times, and says how many of the mistakes the answer lists.
async fn listed_of_ten_thousand(bad: &Value, mistakes: usize) -> usize {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows: Value = std::iter::repeat_n(bad.clone(), 10_000).collect();
    let invocation = api
        .invoke(fixture.post(BULK).json(&rows).event(rig::Gateway::HttpApi))
        .await;
    let Outcome::Response(event) = invocation.outcome else {
        panic!("{:?}", invocation.outcome);
    };
    let response = Response::from_event(&event).unwrap();
    leaks::check_response(&response);
    assert_eq!(response.status, 422);
    let body = response.json();
    let listed = body["details"].as_array().unwrap().len();
    assert_eq!(
        body["message"],
        format!("Nothing was imported: {mistakes} errors found, the first {listed} are in details")
    );
    assert!(
        peak_megabytes(&api) <= MEGABYTES,
        "{}",
        peak_megabytes(&api)
    );
    listed
}
