//! Exports: every user once, in every format, and back again.

use std::collections::BTreeSet;
use std::time::Duration;

use rig::UserFixture;
use serde_json::Value;

use super::interrupted_import::start;
use super::{Machine, serve};
use crate::fixture::Fixture;

/// Users with everything that a file could get wrong, beside the three of every fixture.
fn users() -> Vec<UserFixture> {
    let named = [
        "=1+1",
        "'=1+1",
        "-",
        "NULL",
        "5\" wide, \"x\"",
        "'t Hooft",
        "名前 🔥",
        r"\N,",
    ];
    let named = named
        .iter()
        .zip(10..)
        .map(|(name, id)| UserFixture::new(id, &format!("named-{id}")).full_name(name));
    let many = (100..350).map(|id| UserFixture::new(id, &format!("user-{id}")));
    named.chain(many).collect()
}

/// Emails, names and times of all users but those of every fixture.
async fn stored(fixture: &Fixture) -> Vec<(String, Option<String>, bool, String)> {
    sqlx::query_as(
        "SELECT email, full_name, is_active, created_at::text FROM users WHERE email ~ '-[0-9]' ORDER BY email",
    )
    .fetch_all(fixture.database.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn every_format_brings_back_the_same_users() {
    let fixture = Fixture::with(&users()).await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let before = stored(&fixture).await;
    assert_eq!(before.len(), 258);
    for (file, export, import) in [
        ("users.csv", &[][..], &[][..]),
        (
            "safe.csv",
            &["--spreadsheet-safe"],
            &["--repair", "spreadsheet"],
        ),
        ("users.ndjson", &[], &[]),
        ("users.json", &[], &[]),
    ] {
        let exported = machine.output(&[&["export", file], export].concat()).await;
        assert_eq!(exported, format!("261 users in {file}\n"));
        sqlx::query("DELETE FROM users WHERE id > 3")
            .execute(fixture.database.pool())
            .await
            .unwrap();
        let options = ["import", file, "--yes", "--on-conflict", "skip"];
        let imported = machine.output(&[&options, import].concat()).await;
        assert_eq!(
            imported, "258 created, 0 updated, 3 skipped, 0 rejected\n",
            "{file}"
        );
        assert_eq!(stored(&fixture).await, before, "{file}");
    }
    let safe = machine.read("safe.csv");
    assert!(safe.contains(",\"'=1+1\","), "{safe}");
    assert!(safe.contains(",\"''=1+1\","), "{safe}");
    let array: Vec<Value> = serde_json::from_str(&machine.read("users.json")).unwrap();
    assert_eq!(array.len(), 261);
    assert_eq!(machine.files().len(), 4);
}

#[tokio::test]
async fn filters_choose_the_users_and_a_file_is_not_replaced_unasked() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let export = [
        "export",
        "inactive.ndjson",
        "--is-active",
        "false",
        "--json",
    ];
    assert_eq!(
        machine.output(&export).await,
        "{\"exported\":1,\"users_after\":1,\"users_before\":1}\n"
    );
    assert!(
        machine
            .read("inactive.ndjson")
            .contains("retired@example.com")
    );
    machine
        .run(&export)
        .await
        .assert(2, "inactive.ndjson exists");
    machine.output(&[&export[..], &["--force"]].concat()).await;
    for (file, content) in [
        (
            "none.csv",
            "id,email,username,full_name,is_active,is_superuser,created_at,updated_at\n",
        ),
        ("none.ndjson", ""),
        ("none.json", "[]\n"),
    ] {
        machine
            .output(&["export", file, "--search", "nobody has this name"])
            .await;
        assert_eq!(machine.read(file), content);
    }
}

#[tokio::test]
async fn an_export_that_dies_goes_on_where_it_was() {
    let many: Vec<_> = (10..2_010)
        .map(|id| UserFixture::new(id, &format!("user-{id}")))
        .collect();
    let fixture = Fixture::with(&many).await;
    let (front, url) = start(fixture.function("users"), usize::MAX).await;
    let machine = Machine::of(&fixture, &url);
    for round in 1..=3 {
        let mut child = machine
            .command(&["export", "users.ndjson"])
            .spawn()
            .unwrap();
        while front.requests() < round * 5 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.kill().await.unwrap();
    }
    let other = ["export", "users.ndjson", "--is-active", "true"];
    machine
        .run(&other)
        .await
        .assert(2, "an earlier export was interrupted");
    let ended = machine.run(&["export", "users.ndjson"]).await;
    ended.assert(0, "going on after");
    assert_eq!(ended.stdout, "2,003 users in users.ndjson\n");
    let text = machine.read("users.ndjson");
    let ids = text.lines().map(|line| {
        let user: Value = serde_json::from_str(line).unwrap();
        user["id"].as_i64().unwrap()
    });
    assert_eq!(ids.collect::<BTreeSet<_>>().len(), 2_003);
    assert_eq!(text.lines().count(), 2_003);
    assert_eq!(machine.files(), ["users.ndjson"]);
}
