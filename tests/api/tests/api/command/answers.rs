//! What the commands that ask something print.

use std::collections::BTreeSet;

use rig::UserFixture;
use serde_json::Value;

use super::{Ended, Machine, binary, serve, serve_with};
use crate::fixture::Fixture;

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn a_page_is_a_table_and_says_where_the_next_one_begins() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let list = [
        "users",
        "list",
        "--sort-by",
        "username",
        "--sort-order",
        "asc",
    ];
    let first = machine.run(&[&list[..], &["--size", "2"]].concat()).await;
    first.assert(
        0,
        "2 of 3 users; the others: --all, or the next page: --cursor ",
    );
    let rows: Vec<Vec<_>> = first
        .stdout
        .lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(
        rows[0],
        [
            "id",
            "username",
            "email",
            "full name",
            "active",
            "superuser",
            "created"
        ]
    );
    assert_eq!(
        rows[1][..6],
        ["1", "admin", "admin@example.com", "Ada Admin", "yes", "yes"]
    );
    assert_eq!(rows[2][..3], ["2", "ordinary", "ordinary@example.com"]);
    assert_eq!(rows.len(), 3);

    let cursor = first.stderr.trim().rsplit(' ').next().unwrap();
    let second = machine
        .run(&[&list[..], &["--cursor", cursor]].concat())
        .await;
    assert!(
        second.stdout.contains("retired@example.com"),
        "{}",
        second.stdout
    );
    assert_eq!(second.stdout.lines().count(), 2);
}

#[tokio::test]
async fn all_pages_are_one_object_a_line() {
    let users: Vec<_> = (10..260)
        .map(|id| UserFixture::new(id, &format!("user-{id}")))
        .collect();
    let fixture = Fixture::with(&users).await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    for size in [&["--size", "20"][..], &[]] {
        let list = ["users", "list", "--all", "--json"];
        let text = machine.output(&[&list[..], size].concat()).await;
        let ids: BTreeSet<_> = lines(&text)
            .iter()
            .map(|user| user["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, (1..=3).chain(10..260).collect());
        assert_eq!(text.lines().count(), 253);
    }
    let table = machine.output(&["users", "list", "--all"]).await;
    assert_eq!(table.lines().count(), 1 + 253);
}

#[tokio::test]
async fn filters_and_searches_are_those_of_the_api() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    for (filter, expected) in [
        (&["--is-active", "false"][..], &["retired"][..]),
        (&["--is-superuser", "false"], &["ordinary"]),
        (&["--search", "da ad"], &["admin"]),
        (&["--search", "50% & more"], &[]),
    ] {
        let list = ["users", "list", "--json"];
        let text = machine.output(&[&list[..], filter].concat()).await;
        let names: Vec<_> = lines(&text)
            .iter()
            .map(|user| user["username"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn one_user_is_found_by_id_email_and_username() {
    let digits = UserFixture::new(10, "4711");
    let fixture = Fixture::with(&[digits]).await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    for (arguments, id) in [
        (&["2"][..], 2),
        (&["Ordinary@example.com"], 2),
        (&["ORDINARY"], 2),
        (&["--by", "username", "4711"], 10),
    ] {
        let get = [&["users", "get", "--json"], arguments].concat();
        assert_eq!(
            lines(&machine.output(&get).await)[0]["id"],
            id,
            "{arguments:?}"
        );
    }
    let table = machine.output(&["users", "get", "admin"]).await;
    for line in [
        "id            1",
        "is active     yes",
        "full name     Ada Admin",
    ] {
        assert!(
            table.lines().any(|found| found == line),
            "{line} in {table}"
        );
    }
    let nobody = machine.run(&["users", "get", "4711"]).await;
    nobody.assert(1, "error: no user has the id 4711");
}

#[tokio::test]
async fn lists_and_exports_can_be_of_a_range_of_times() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    for (arguments, count) in [
        (&["--created-from", "2026-01-01"][..], 3),
        (&["--created-from", "2026-01-02"], 0),
        (&["--created-to", "2026-01-01"], 0),
        (&["--created-to", "2026-01-02T00:00:00Z"], 3),
    ] {
        let list = [&["users", "list", "--all", "--json"], arguments].concat();
        assert_eq!(
            machine.output(&list).await.lines().count(),
            count,
            "{arguments:?}"
        );
        let export = [&["export", "users.ndjson", "--force"], arguments].concat();
        machine.output(&export).await;
        assert_eq!(
            machine.read("users.ndjson").lines().count(),
            count,
            "{arguments:?}"
        );
    }
}

#[tokio::test]
async fn numbers_are_a_table_or_json() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());

    let table = machine.output(&["stats", "--fresh"]).await;
    let numbers: Vec<_> = table
        .lines()
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(numbers[..4], ["3", "2", "1", "2"], "{table}");
    let json = &lines(&machine.output(&["stats", "--json"]).await)[0];
    assert_eq!(json["total_users"], 3);
    assert_eq!(json["active_users"], 2);

    let table = machine.output(&["signups", "--days", "2"]).await;
    assert_eq!(table.lines().count(), 3, "{table}");
    let json = &lines(&machine.output(&["signups", "--days", "2", "--json"]).await)[0];
    assert_eq!(json["days"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn health_needs_no_token_and_fails_with_the_service() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::new();
    let url = front.url();
    let table = machine.output(&["health", "--url", &url]).await;
    assert!(table.starts_with("rollcall "), "{table}");
    assert!(
        table.lines().nth(1).unwrap().starts_with("database"),
        "{table}"
    );

    let nowhere = "postgres://nobody@127.0.0.1:1/nothing";
    let front = serve_with(&fixture, |name, builder| match name {
        "health" => builder.env("DATABASE_URL", nowhere),
        _ => builder,
    })
    .await;
    let url = front.url();
    let ended = machine.run(&["health", "--url", &url]).await;
    ended.assert(1, "error: the service is unhealthy");
    let ended = machine.run(&["health", "--url", &url, "--json"]).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(lines(&ended.stdout)[0]["status"], "unhealthy");
}

#[tokio::test]
async fn a_reader_that_has_enough_is_no_error() {
    let users: Vec<_> = (10..1_010)
        .map(|id| UserFixture::new(id, &format!("user-{id}")))
        .collect();
    let fixture = Fixture::with(&users).await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let mut shell = machine.program("bash");
    let script = "\"$0\" users list --all --json | head -n 1; echo \"${PIPESTATUS[0]}\"";
    shell.args(["-c", script]).arg(binary());
    let ended = Ended::of(&mut shell).await;
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.stdout.lines().last(), Some("0"));
    assert_eq!(ended.stdout.lines().count(), 2);
}
