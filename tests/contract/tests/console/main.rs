//! The console in a real browser, on the real functions and a real database. `console/tests` has the journeys.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    net::TcpListener,
    process::{Command, Stdio},
};

use contract_tests::stack::{SECRET, Stack};
use rig::{CONSOLE, Function, UserFixture};
use serde_json::{Value, json};
use servers::places::workspace_root;

/// Where screenshots go; nowhere, if it is not set.
const SCREENSHOTS: &str = "CONSOLE_SCREENSHOTS";

/// A user without rights: [`Stack`] makes every seventh user a superuser, beginning with the first.
const ORDINARY_USER: i64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn people_can_use_the_console_by_keyboard_and_by_mouse() {
    let stack = Stack::start(2).await.unwrap();
    stack.database().insert(&hostile_users()).await.unwrap();
    let tables = sqlx::raw_sql(REFERRING_TABLE);
    tables.execute(stack.database().pool()).await.unwrap();

    let issuer = format!("http://127.0.0.1:{}", free_port());
    let console = Function::builder(CONSOLE)
        .env("CONSOLE_OIDC_ISSUER", &issuer)
        .env("CONSOLE_OIDC_CLIENT_ID", "console")
        .env("CONSOLE_OIDC_SCOPES", "openid users");
    let with_provider = stack.with_console(console.start().await.unwrap());
    let with_provider = with_provider.await.unwrap();

    let adopted = adopted().await;
    let mut journeys = Command::new("node");
    journeys
        .arg("tests/index.js")
        .current_dir(workspace_root().join("console"))
        .env("CONSOLE_URL", stack.url())
        .env("CONSOLE_TOKEN", stack.token())
        .env("CONSOLE_ADOPTED_URL", adopted.url())
        .env("CONSOLE_ADOPTED_TOKEN", adopted.token())
        .env("CONSOLE_OIDC_URL", with_provider.url())
        .env("CONSOLE_OIDC_ISSUER", &issuer)
        .env("CONSOLE_OIDC_SECRET", SECRET)
        .env(
            "CONSOLE_ORDINARY_TOKEN",
            stack.token_of(ORDINARY_USER).unwrap(),
        );
    if let Some(folder) = std::env::var_os(SCREENSHOTS) {
        journeys.env(SCREENSHOTS, workspace_root().join(folder));
    }
    journeys.stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || journeys.output());
    let output = output.await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("{said}");
    assert!(output.status.success(), "{}", failures(&said));
    let logs = stack.logs();
    assert!(!logs.contains("panicked"), "{logs}");
}

/// What has failed, to be read at the end of a long output; newer versions of Node.js say it there themselves.
fn failures(said: &str) -> String {
    let journeys = said.split("# Subtest: ");
    let failed = journeys.filter(|journey| journey.contains("\nnot ok "));
    failed.collect()
}

/// A table of another application with UUIDs and neither usernames nor passwords, whose administrators it alone names.
async fn adopted() -> Stack {
    let table = workspace_root().join("docs/tables/11-polar");
    let read = |extension| fs::read_to_string(table.with_extension(extension)).unwrap();
    let mut mapping: Value = serde_json::from_str(&read("json")).unwrap();
    mapping["is_superuser"] = json!({ "sql": "is_admin" });
    mapping["new_users"]["is_admin"] = json!("FALSE");
    let administrator = "0191a5c0-0000-7000-8000-0000000000b1";
    Stack::adopting(&read("sql"), &mapping.to_string(), administrator)
        .await
        .unwrap()
}

/// A port for the provider, which the console has to know before it is there.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A table of another application, whose rows refer to users in both ways.
const REFERRING_TABLE: &str = "
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE);
    CREATE TABLE invoices (id bigint PRIMARY KEY, user_id int REFERENCES users);
    INSERT INTO orders SELECT n, 20 FROM generate_series(1, 12) AS n;
    INSERT INTO invoices VALUES (1, 22)";

/// Names that a table may hold which other programs have written.
fn hostile_users() -> Vec<UserFixture> {
    [
        "<img src=x onerror=\"document.title='pwned'\">".to_owned(),
        "\u{202e}gnp.exe \u{2067}مرحبا بالعالم".to_owned(),
        "👩‍👩‍👧‍👦 ⃝🏴‍☠️ Z̸͕̓a̷l̵g̶o̸".to_owned(),
        "long ".repeat(2_000),
        "{{7*7}} ${alert(1)} javascript:alert(1)".to_owned(),
    ]
    .into_iter()
    .zip(9_001..)
    .map(|(name, id)| UserFixture::new(id, &format!("hostile-{id}")).full_name(&name))
    .collect()
}
