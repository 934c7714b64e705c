//! Imports that keep the ids of another system.

use futures_util::future::join_all;
use rig::{Request, Response};
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture};
use crate::imports::{BULK, place, places, results, user, users};

fn keep(fixture: &Fixture, options: &str) -> Request {
    fixture.post(&format!("{BULK}?keep_ids=true{options}"))
}

/// A user with an id.
fn numbered(id: Value, name: &str) -> Value {
    let mut user = user(name);
    user["id"] = id;
    user
}

fn ids(response: &Response) -> Vec<i64> {
    let users = response.json();
    let users = users
        .as_array()
        .unwrap_or_else(|| panic!("{}", response.text()));
    users
        .iter()
        .map(|user| user["id"].as_i64().unwrap())
        .collect()
}

/// The id that the next user gets who brings none.
async fn next_id(fixture: &Fixture, api: &Api, name: &str) -> i64 {
    let response = api
        .send(&fixture.post(BULK).json(&json!([user(name)])))
        .await;
    ids(&response)[0]
}

#[tokio::test]
async fn new_users_keep_their_ids_and_later_ones_get_the_next() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        numbered(json!(70), "a"),
        user("b"),
        numbered(json!("50"), "c")
    ]);
    let ignored = api
        .send(&fixture.post(&format!("{BULK}?dry_run=1")).json(&rows))
        .await;
    assert_eq!(ignored.status, 200, "{}", ignored.text());
    let dry_run = api.send(&keep(&fixture, "&dry_run=true").json(&rows)).await;
    assert_eq!(dry_run.status, 200, "{}", dry_run.text());
    assert!(next_id(&fixture, &api, "before").await < 10);

    let kept = api.send(&keep(&fixture, "").json(&rows)).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    let kept = ids(&kept);
    assert_eq!((kept[0], kept[2]), (70, 50));
    assert!((4..50).contains(&kept[1]), "{kept:?}");
    assert_eq!(next_id(&fixture, &api, "after").await, 71);

    let smaller = json!([numbered(json!(60), "d")]);
    assert_eq!(
        ids(&api.send(&keep(&fixture, "").json(&smaller)).await),
        [60]
    );
    assert_eq!(next_id(&fixture, &api, "last").await, 72);

    let csv = "ID,email,username\n80,e@example.com,e\n\\N,f@example.com,f\n";
    let csv = keep(&fixture, "")
        .header("content-type", "text/csv")
        .body(csv);
    assert_eq!(ids(&api.send(&csv).await), [80, 73]);
    assert_eq!(next_id(&fixture, &api, "end").await, 81);
}

#[tokio::test]
async fn an_id_that_is_taken_is_a_conflict_of_its_row() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        numbered(json!(2), "a"),
        numbered(json!(90), "b"),
        numbered(json!(90), "c"),
        numbered(json!(91), "ordinary"),
    ]);
    let taken = place(0, "id", "already_exists");
    let repeated = place(2, "id", "duplicate_in_request");
    let fail = api.send(&keep(&fixture, "").json(&rows)).await;
    assert_eq!(fail.status, 409, "{}", fail.text());
    let stored = ["email", "username"].map(|field| place(3, field, "already_exists"));
    let expected = [&[taken.clone(), repeated.clone()], &stored[..]].concat();
    assert_eq!(places(&fail), expected);
    for mode in ["skip", "update"] {
        let refused = api
            .send(&keep(&fixture, &format!("&on_conflict={mode}")).json(&rows))
            .await;
        assert_eq!(refused.status, 409, "{}", refused.text());
        assert_eq!(places(&refused), [taken.clone(), repeated.clone()]);
    }
    let bad = json!([numbered(json!(0), "a"), numbered(json!("x"), "b")]);
    let bad = api.send(&keep(&fixture, "").json(&bad)).await;
    assert_eq!(bad.status, 422, "{}", bad.text());
    let invalid = |index| place(index, "id", "invalid_format");
    assert_eq!(places(&bad), [invalid(0), invalid(1)]);
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn a_stored_user_is_meant_by_the_email_whatever_the_id() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        numbered(json!(1), "ordinary"),
        numbered(json!(5), "retired"),
        numbered(json!(9), "new")
    ]);
    let response = api
        .send(&keep(&fixture, "&on_conflict=skip").json(&rows))
        .await;
    assert_eq!(results(&response), ["skipped", "skipped", "created"]);
    assert_eq!(ids(&response), [2, 3, 9]);
}

#[tokio::test]
async fn imports_beside_it_get_no_id_twice() {
    let fixture = Fixture::new().await;
    let apis = [
        fixture.start("bulk-create").await,
        fixture.start("bulk-create").await,
    ];
    let requests = (0..40).map(|number| {
        let api = &apis[number % 2];
        let request = if number % 2 == 0 {
            let id = json!(10 + 20 * number);
            keep(&fixture, "").json(&json!([numbered(id, &format!("kept{number}"))]))
        } else {
            fixture
                .post(BULK)
                .json(&users(&format!("new{number}-"), 30))
        };
        async move { api.send(&request).await }
    });
    let mut conflicts = 0;
    for response in join_all(requests).await {
        match response.status {
            201 => {}
            // The numbers of the other imports may have reached the id before.
            409 => {
                assert_eq!(places(&response), [place(0, "id", "already_exists")]);
                conflicts += 1;
            }
            status => panic!("{status}: {}", response.text()),
        }
    }
    let count = usize::try_from(fixture.count_users().await).unwrap();
    assert_eq!(count, 3 + 20 * 30 + 20 - conflicts);
    assert!(next_id(&fixture, &apis[0], "last").await > 10 + 20 * 30);
}

#[tokio::test]
async fn the_role_needs_the_right_to_move_the_sequence() {
    let fixture = Fixture::new().await;
    let role = fixture.database.name();
    let run = async |statement: String| {
        sqlx::query(&statement)
            .execute(fixture.database.pool())
            .await
            .unwrap();
    };
    run(format!("CREATE ROLE {role} LOGIN PASSWORD 'pw'")).await;
    run(format!("GRANT SELECT, INSERT, UPDATE ON users TO {role}")).await;
    run(format!("GRANT SELECT, INSERT ON user_audit TO {role}")).await;
    run(format!("GRANT USAGE ON SEQUENCE users_id_seq TO {role}")).await;
    let (start_of_url, host) = fixture.database.url().rsplit_once('@').unwrap();
    let (scheme, _) = start_of_url.split_once("://").unwrap();
    let url = format!("{scheme}://{role}:pw@{host}");
    let function = fixture.function("bulk-create").env("DATABASE_URL", &url);
    let api = Api::start(function).await;
    let rows = json!([numbered(json!(70), "a")]);
    let refused = api.send(&keep(&fixture, "").json(&rows)).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(
        refused.text().contains("the right UPDATE on the sequence"),
        "{}",
        refused.text()
    );
    run(format!("GRANT UPDATE ON SEQUENCE users_id_seq TO {role}")).await;
    assert_eq!(ids(&api.send(&keep(&fixture, "").json(&rows)).await), [70]);
    let next = api
        .send(&fixture.post(BULK).json(&json!([user("b")])))
        .await;
    assert_eq!(ids(&next), [71]);
}
