//! Users in the table of another application, whose ids are not numbers and whose fields may be missing.

use serde_json::{Value, json};

use super::{Machine, serve_all};
use crate::{mapped_extra_fields, mapped_tables::Mapped};

async fn machine(table: &Mapped, subject: &str) -> (Machine, rig::GatewayServer) {
    let front = serve_all(|name| table.function(name)).await;
    let machine = Machine::new();
    let token = table.token(&json!({ "sub": subject }));
    machine.configure(&format!(
        "default_profile = \"test\"\n[profiles.test]\nurl = \"{}\"\ntoken = \"{token}\"\n",
        front.url()
    ));
    (machine, front)
}

#[tokio::test]
async fn users_without_names_and_times_are_listed_found_and_changed_by_their_uuid() {
    let table = Mapped::new("03-fastapi-users").await;
    let owner = "6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0001";
    let guest = "6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0002";
    let (machine, _front) = machine(&table, owner).await;

    let list = machine.output(&["users", "list"]).await;
    assert!(list.contains(owner) && list.contains(guest), "{list}");
    let numbers = machine.output(&["stats", "--fresh"]).await;
    assert!(
        numbers.contains("unknown: the table has no time"),
        "{numbers}"
    );
    let changed = machine
        .output(&["users", "activate", guest, "--json"])
        .await;
    let changed: Value = serde_json::from_str(&changed).unwrap();
    assert_eq!(changed["is_active"], true);
    assert_eq!(changed["id"], guest);
    let created = machine
        .output(&["users", "create", "--email", "new@fu.example", "--json"])
        .await;
    let created: Value = serde_json::from_str(&created).unwrap();
    assert_eq!(created["username"], Value::Null);
    let id = created["id"].as_str().unwrap();
    machine.output(&["users", "delete", id, "--yes"]).await;
    machine
        .run(&["users", "get", id])
        .await
        .assert(1, &format!("no user has the id {id}"));
}

#[tokio::test]
async fn text_ids_are_found_when_they_are_called_ids() {
    let table = Mapped::new("10-better-auth").await;
    let (machine, _front) = machine(&table, "Zk3vJm2bX8nR5tY7").await;

    let user = ["users", "get", "Ak3vJm2bX8nR5tY8", "--by", "id"];
    let found = machine.output(&user).await;
    assert!(found.contains("ban@ba.example"), "{found}");
    let list = ["users", "list", "--sort-by", "id", "--sort-order", "asc"];
    let listed = machine.run(&list).await;
    listed.assert(3, "sort_by");
}

#[tokio::test]
async fn extra_fields_are_imported_where_the_operator_says_that_the_api_knows_them() {
    let table = mapped_extra_fields::table().await;
    let (machine, _front) = machine(&table, "1").await;
    machine.write(
        "members.csv",
        "email,role,points\nann@shop.example,editor,3\n",
    );
    let import = ["import", "members.csv", "--yes"];
    machine.run(&import).await.assert(2, "give --from rollcall");
    let imported = machine
        .output(&[&import[..], &["--from", "rollcall"]].concat())
        .await;
    assert_eq!(imported, "1 created, 0 updated, 0 skipped, 0 rejected\n");
}
