//! Creating, changing and deleting single users.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use super::{Machine, serve};
use crate::fixture::Fixture;

#[tokio::test]
async fn a_user_is_created_changed_switched_off_and_deleted() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let user = async |arguments: &[&str]| -> Value {
        let arguments = [&["users"], arguments, &["--json"]].concat();
        serde_json::from_str(&machine.output(&arguments).await).unwrap()
    };
    let created = user(&["create", "--email", "new@example.com", "--username", "new"]).await;
    assert_eq!(created["is_active"], true);
    let changed = [
        "set",
        "new@example.com",
        "--username",
        "newer",
        "--full-name",
        "Newer",
    ];
    assert_eq!(user(&changed).await["username"], "newer");
    assert_eq!(
        user(&["set", "newer", "--full-name", ""]).await["full_name"],
        Value::Null
    );
    assert_eq!(user(&["deactivate", "newer"]).await["is_active"], false);
    assert_eq!(user(&["activate", "newer"]).await["is_active"], true);

    let trial = machine
        .output(&["users", "delete", "newer", "--dry-run"])
        .await;
    assert!(trial.contains("new@example.com"), "{trial}");
    machine
        .run(&["users", "delete", "newer"])
        .await
        .assert(2, "nobody can be asked here: give --yes to delete");
    assert_eq!(fixture.count_users().await, 4);
    machine
        .run(&["users", "delete", "newer", "--yes"])
        .await
        .assert(0, "deleted");
    assert_eq!(fixture.count_users().await, 3);
    machine
        .run(&["users", "delete", "newer", "--yes"])
        .await
        .assert(1, "no user has the username newer");
}

#[tokio::test]
async fn a_password_comes_from_standard_input() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let set = ["users", "set", "ordinary", "--password-from-stdin"];
    let mut child = machine.command(&set).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"violet kettle 41\n").await.unwrap();
    drop(stdin);
    assert!(child.wait().await.unwrap().success());
    let hash: String = sqlx::query_scalar("SELECT password_hash FROM users WHERE id = 2")
        .fetch_one(fixture.database.pool())
        .await
        .unwrap();
    assert!(!hash.contains("notARealHash"), "{hash}");
}

#[tokio::test]
async fn what_the_api_refuses_is_said_with_all_reasons() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    for (arguments, message) in [
        (&["deactivate", "admin"][..], "the API answers 409"),
        (
            &["create", "--email", "nonsense", "--username", "a b"],
            "it has no @; username may have letters",
        ),
    ] {
        let ended = machine.run(&[&["users"], arguments].concat()).await;
        ended.assert(3, message);
    }
    let nothing = machine.run(&["users", "set", "ordinary"]).await;
    nothing.assert(2, "nothing is said that could be changed");
}
