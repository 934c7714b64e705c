//! Exports: every user once, in every format, and back again.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use argon2::{Argon2, PasswordVerifier as _};
use rig::{FunctionBuilder, UserFixture};
use serde_json::{Value, json};

use super::interrupted_import::start;
use super::{Machine, serve, serve_with};
use crate::export::digest_of;
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
        let expected = format!("261 users in {file}, verified by count and digest\n");
        assert_eq!(exported, expected);
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
    assert!(
        safe.contains(",'=1+1,") && safe.contains(",''=1+1,"),
        "{safe}"
    );
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
    let exported: Value = serde_json::from_str(&machine.output(&export).await).unwrap();
    let text = machine.read("inactive.ndjson");
    assert!(text.contains("retired@example.com"), "{text}");
    let digest = digest_of([text.as_str()]);
    assert_eq!(exported, json!({ "exported": 1, "digest": digest }));
    machine
        .run(&export)
        .await
        .assert(2, "inactive.ndjson exists");
    machine.output(&[&export[..], &["--force"]].concat()).await;
    for (file, content) in [
        (
            "none.csv",
            "id,email,username,full_name,is_active,is_superuser,created_at,updated_at\r\n",
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
    let fixture = Fixture::new().await;
    // Five parts of five megabytes.
    let insert = "INSERT INTO users (email, username, full_name)
         SELECT n || '@example.com', 'many' || n, repeat('x', 4000) FROM generate_series(1, 5500) AS n";
    fixture.execute(insert).await;
    let (front, url) = start(fixture.function("users"), usize::MAX).await;
    let machine = Machine::of(&fixture, &url);
    // The first one counts the users too. What asks for a second part has written the first one.
    for requests in [3, 5] {
        let mut child = machine
            .command(&["export", "users.ndjson"])
            .spawn()
            .unwrap();
        while front.requests() < requests {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{:?}", child.wait_with_output().await);
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
    assert_eq!(
        ended.stdout,
        "5,503 users in users.ndjson, verified by count and digest\n"
    );
    assert!(front.requests() >= 7, "{}", front.requests());
    let text = machine.read("users.ndjson");
    let ids = text.lines().map(|line| {
        let user: Value = serde_json::from_str(line).unwrap();
        user["id"].as_i64().unwrap()
    });
    assert_eq!(ids.collect::<BTreeSet<_>>().len(), 5_503);
    assert_eq!(text.lines().count(), 5_503);
    assert_eq!(machine.files(), ["users.ndjson"]);
}

#[tokio::test]
async fn users_who_are_exported_with_their_hashes_and_imported_again_sign_in_as_before() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let export = ["export", "users.csv", "--password-hashes"];
    let refused = machine.run(&export).await;
    refused.assert(
        3,
        "does not export password hashes, see EXPORT_PASSWORD_HASHES",
    );
    assert_eq!(machine.files(), Vec::<String>::new());

    let allowed = |_: &str, builder: FunctionBuilder| builder.env("EXPORT_PASSWORD_HASHES", "true");
    let front = serve_with(&fixture, allowed).await;
    let machine = Machine::of(&fixture, &front.url());
    let bcrypt = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
    machine.write(
        "new.csv",
        format!(
            "email,username,password,password_hash\n\
             plain@example.com,plain,correct horse battery,\n\
             hashed@example.com,hashed,,{bcrypt}\n"
        ),
    );
    machine.output(&["import", "new.csv", "--yes"]).await;
    // Those of every fixture are none that an import takes.
    fixture
        .execute("UPDATE users SET password_hash = NULL WHERE id <= 3")
        .await;
    for file in ["users.csv", "users.ndjson", "users.json"] {
        machine.output(&["export", file, "--password-hashes"]).await;
        let mode = fs::metadata(machine.path(file)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{file}");
        fixture.execute("DELETE FROM users WHERE id > 3").await;
        let import = ["import", file, "--yes", "--on-conflict", "skip"];
        let imported = machine.output(&import).await;
        assert_eq!(imported, "2 created, 0 updated, 3 skipped, 0 rejected\n");
        let stored: Vec<String> = sqlx::query_scalar(
            "SELECT password_hash FROM users WHERE email IN ('plain@example.com', 'hashed@example.com')
             ORDER BY email DESC",
        )
        .fetch_all(fixture.database.pool())
        .await
        .unwrap();
        let [plain, taken_over] = stored.as_slice() else {
            panic!("{stored:?}");
        };
        let signs_in =
            |password: &str| Argon2::default().verify_password(password.as_bytes(), plain.as_str());
        signs_in("correct horse battery").unwrap();
        signs_in("another password").unwrap_err();
        assert_eq!(taken_over, bcrypt);
    }
}
