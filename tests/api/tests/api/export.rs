//! Exports, part by part, and their way back.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::GzDecoder;
use rig::{Response, UserFixture};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::fixture::{Api, Fixture, ORDINARY, assert_error};
use crate::imports::BULK;

pub(crate) const EXPORT: &str = "/api/v1/users/export";

/// The digest of records, as the documentation says.
pub(crate) fn digest_of<'r>(records: impl IntoIterator<Item = &'r str>) -> String {
    let mut value = vec![0; 32];
    for record in records {
        value.extend(record.as_bytes());
        value = digest(&SHA256, &value).as_ref().to_vec();
    }
    let parts: Vec<_> = value.iter().map(|byte| format!("{byte:02x}")).collect();
    parts.concat()
}

fn next(response: &Response) -> Option<String> {
    let link = response.header("link")?;
    let path = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    Some(path.to_owned())
}

/// All parts, one after the other.
pub(crate) async fn export(fixture: &Fixture, api: &Api, path: &str) -> Vec<Response> {
    let mut parts = Vec::new();
    let mut path = Some(path.to_owned());
    while let Some(part) = path {
        let response = api.send(&fixture.get(&part)).await;
        assert_eq!(response.status, 200, "{}", response.text());
        path = next(&response);
        parts.push(response);
    }
    parts
}

async fn insert_many(fixture: &Fixture, count: i64) {
    sqlx::query(
        "INSERT INTO users (email, username, full_name)
         SELECT n || '@example.com', 'many' || n,
             CASE WHEN n < 5000 THEN repeat('\"', 100) ELSE repeat('x', 600) END
         FROM generate_series(1, $1) AS n",
    )
    .bind(count)
    .execute(fixture.database.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn parts_are_small_enough_and_have_everybody_once_and_the_end_says_how_many() {
    let fixture = Fixture::new().await;
    insert_many(&fixture, 25_000).await;
    let api = fixture.start("users").await;
    let parts = export(&fixture, &api, EXPORT).await;
    assert!(parts.len() > 1, "{}", parts.len());
    let text: String = parts.iter().map(Response::text).collect();
    let (records, end) = text.trim_end().rsplit_once('\n').unwrap();
    let records: Vec<_> = format!("{records}\n")
        .split_inclusive('\n')
        .map(str::to_owned)
        .collect();
    let ids: Vec<i64> = records
        .iter()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_i64()
                .unwrap()
        })
        .collect();
    let stored: Vec<i64> = sqlx::query_scalar("SELECT id FROM users ORDER BY id")
        .fetch_all(fixture.database.pool())
        .await
        .unwrap();
    assert!(ids == stored, "{} of {}", ids.len(), stored.len());
    let expected = json!({
        "end": true, "count": 25_003, "digest": digest_of(records.iter().map(String::as_str)),
    });
    assert_eq!(serde_json::from_str::<Value>(end).unwrap(), expected);
    let last = parts.last().unwrap();
    assert_eq!(last.header("export-count").unwrap(), "25003");
    assert_eq!(last.header("export-digest").unwrap(), expected["digest"]);
    for part in &parts {
        assert!(part.text().len() < 5_000_000);
        assert_eq!(part.header("content-type").unwrap(), "application/x-ndjson");
    }
    // One entry, for the beginning.
    let entries = fixture.audit().await;
    let actions: Vec<_> = entries.iter().map(|entry| entry.0.as_str()).collect();
    assert_eq!(actions, ["user.export"]);
}

#[tokio::test]
async fn filters_are_those_of_the_list_and_gzip_is_given_to_those_who_take_it() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    for (query, names) in [
        ("is_active=false", vec!["retired"]),
        ("search=ada", vec!["admin"]),
        ("id=2&id=3", vec!["ordinary", "retired"]),
        ("email=ORDINARY@example.com", vec!["ordinary"]),
        ("created_to=2026-01-01", vec![]),
    ] {
        let plain = api.send(&fixture.get(&format!("{EXPORT}?{query}"))).await;
        let lines: Vec<Value> = plain
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let (end, users) = lines.split_last().unwrap();
        assert_eq!(end["count"], users.len(), "{query}");
        let found: Vec<_> = users
            .iter()
            .map(|user| user["username"].as_str().unwrap())
            .collect();
        assert_eq!(found, names, "{query}");
        let request = fixture
            .get(&format!("{EXPORT}?{query}"))
            .header("accept-encoding", "gzip, br");
        let packed = api.send(&request).await;
        assert_eq!(packed.header("content-encoding").unwrap(), "gzip");
        let mut text = String::new();
        GzDecoder::new(packed.body.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, plain.text());
    }
    for (query, message) in [
        (
            "cursor=e30",
            "Parameter cursor is not one that this export gave out; repeat its other parameters as they were",
        ),
        (
            "spreadsheet=true",
            "Parameter spreadsheet is for format=csv alone",
        ),
        ("format=xlsx", "Parameter format must be one of ndjson, csv"),
    ] {
        let refused = api.send(&fixture.get(&format!("{EXPORT}?{query}"))).await;
        assert_error(&refused, 400, "invalid_request", message);
    }
    let ordinary = rig::Request::get(EXPORT).bearer(&fixture.token(ORDINARY));
    assert_eq!(api.send(&ordinary).await.status, 403);
}

#[tokio::test]
async fn an_export_that_is_imported_again_changes_nobody() {
    let names = [
        "=1+1",
        "'quoted'",
        "+49, \"x\"",
        "NULL",
        "@b; c",
        "O'Neil",
        "-",
    ];
    let users: Vec<_> = (10..)
        .zip(names)
        .map(|(id, name)| UserFixture::new(id, &format!("+user{id}")).full_name(name))
        .collect();
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("users").await;
    let imports = fixture.start("bulk-create").await;
    for (query, media_type) in [
        ("format=ndjson", "application/x-ndjson"),
        ("format=csv", "text/csv"),
        ("format=csv&spreadsheet=true", "text/csv"),
    ] {
        let parts = export(&fixture, &api, &format!("{EXPORT}?{query}")).await;
        let text = parts[0].text();
        if query.contains("spreadsheet") {
            assert!(
                text.contains(",'=1+1,") && text.contains(",''quoted',"),
                "{text}"
            );
        }
        let guard = if query.contains("spreadsheet") {
            "&spreadsheet=true"
        } else {
            ""
        };
        let request = fixture
            .post(&format!("{BULK}?on_conflict=update{guard}"))
            .header("content-type", media_type)
            .header("prefer", "return=minimal")
            .body(text.clone());
        let imported = imports.send(&request).await;
        let skipped = json!({ "created": 0, "updated": 0, "skipped": 10 });
        assert_eq!(
            (imported.status, imported.json()),
            (200, skipped),
            "{text}\n{}",
            imported.text()
        );
    }
}

#[tokio::test]
async fn nobody_is_left_out_or_repeated_while_others_write() {
    let fixture = Fixture::new().await;
    insert_many(&fixture, 30_000).await;
    let api = fixture.start("users").await;
    let is_over = Arc::new(AtomicBool::new(false));
    let pool = fixture.database.pool().clone();
    let stop = Arc::clone(&is_over);
    let writer = tokio::spawn(async move {
        let mut rounds = 0;
        while !stop.load(Ordering::Relaxed) {
            // Users with even numbers stay, whatever they are called; every third one of the others goes.
            let write = format!(
                "INSERT INTO users (email, username) VALUES ('new{rounds}@example.com', 'new{rounds}');
                 UPDATE users SET email = 'x' || email, updated_at = now() WHERE id % 1000 = {} AND id % 2 = 0;
                 DELETE FROM users WHERE id % 3000 = {} AND id % 2 = 1 AND id > 3",
                rounds % 1_000,
                rounds % 3_000,
            );
            pool.execute(write.as_str()).await.unwrap();
            rounds += 1;
        }
        rounds
    });
    let mut seen = Vec::new();
    for part in export(&fixture, &api, EXPORT).await {
        for line in part.text().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            seen.extend(line["id"].as_i64());
        }
    }
    is_over.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 2);
    assert!(seen.is_sorted_by(|one, other| one < other));
    assert!(*seen.last().unwrap() <= 30_003, "{:?}", seen.last());
    let stayed: Vec<i64> = seen.iter().copied().filter(|id| id % 2 == 0).collect();
    assert!(stayed == (2..=30_003).step_by(2).collect::<Vec<i64>>());
    let left: Vec<i64> = sqlx::query_scalar("SELECT id FROM users WHERE id <= 30003")
        .fetch_all(fixture.database.pool())
        .await
        .unwrap();
    assert!(left.iter().all(|id| seen.binary_search(id).is_ok()));
}
