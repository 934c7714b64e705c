//! Imports into a table whose owner has given it rules of its own: each is answered with its reason.

use rig::Response;
use serde_json::{Value, json};
use sqlx::Executor;

use crate::fixture::{Api, Fixture};
use crate::imports::{BULK, place, places, results, user};

/// A table with a rule, and a function that imports into it.
async fn with_rule(rule: &str) -> (Fixture, Api) {
    let fixture = Fixture::new().await;
    fixture.database.pool().execute(rule).await.unwrap();
    let api = fixture.start("bulk-create").await;
    (fixture, api)
}

async fn import(fixture: &Fixture, api: &Api, mode: &str, rows: &Value) -> Response {
    let before = fixture.count_users().await;
    let path = format!("{BULK}?on_conflict={mode}");
    let response = api.send(&fixture.post(&path).json(rows)).await;
    if response.status != 200 && response.status != 201 {
        assert_eq!(fixture.count_users().await, before, "nothing is written");
    }
    response
}

#[track_caller]
fn assert_refused(response: &Response, status: u16, code: &str, reason: &str) {
    let body = response.json();
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(body["error"], code, "{}", response.text());
    let message = body["message"].as_str().unwrap();
    assert!(message.contains(reason), "{message}");
}

const LOWER: &str = "
    CREATE FUNCTION adapt() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.email := lower(NEW.email);
        RETURN NEW;
    END
    $$;
    CREATE TRIGGER adapt BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION adapt()";

#[tokio::test]
async fn users_are_imported_past_a_trigger_that_lower_cases_addresses() {
    let (fixture, api) = with_rule(LOWER).await;
    let rows = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| json!({ "email": format!("{name}@Example.COM"), "username": name }))
            .collect()
    };
    let response = import(&fixture, &api, "fail", &rows(&["Amy", "Bob"])).await;
    assert_eq!(response.status, 201, "{}", response.text());
    assert_eq!(response.json()[0]["email"], "amy@example.com");
    assert_eq!(response.json()[1]["username"], "Bob");
    for (mode, expected) in [
        ("skip", ["skipped", "created"]),
        ("update", ["updated", "created"]),
    ] {
        let mut rows = rows(&["Amy", &format!("New{mode}")]);
        rows[0]["full_name"] = "Amy".into();
        let response = import(&fixture, &api, mode, &rows).await;
        assert_eq!(response.status, 201, "{}", response.text());
        assert_eq!(results(&response), expected);
    }
    assert_refused(
        &import(&fixture, &api, "fail", &rows(&["AMY"])).await,
        409,
        "conflict",
        "2 values are already in use",
    );
}

#[tokio::test]
async fn a_trigger_after_which_rows_cannot_be_told_apart_refuses_the_import() {
    for body in [
        "NEW.email := md5(NEW.email); NEW.username := md5(NEW.email); RETURN NEW;",
        "RETURN NULL;",
    ] {
        let (fixture, api) = with_rule(&format!(
            "CREATE FUNCTION adapt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
             CREATE TRIGGER adapt BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION adapt()"
        ))
        .await;
        for mode in ["fail", "skip", "update"] {
            let response = import(&fixture, &api, mode, &json!([user("amy"), user("bob")])).await;
            let reason = "a trigger of the table changes emails or usernames, or skips rows";
            assert_refused(&response, 422, "validation_failed", reason);
        }
    }
}

#[tokio::test]
async fn a_trigger_that_refuses_rows_is_a_422_without_its_words() {
    let (fixture, api) = with_rule(
        "CREATE FUNCTION check_domain() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             RAISE EXCEPTION 'the address % is not welcome', NEW.email;
         END
         $$;
         CREATE TRIGGER check_domain BEFORE INSERT ON users
         FOR EACH ROW EXECUTE FUNCTION check_domain()",
    )
    .await;
    for mode in ["fail", "skip", "update"] {
        let response = import(&fixture, &api, mode, &json!([user("amy")])).await;
        assert_refused(
            &response,
            422,
            "validation_failed",
            "a trigger of the table rejected a row",
        );
        assert!(!response.text().contains("welcome"), "{}", response.text());
    }
    let logs = api.logs();
    assert!(
        logs.contains("P0001") && !logs.contains("welcome"),
        "{logs}"
    );
}

#[tokio::test]
async fn another_unique_rule_is_a_conflict_with_its_name() {
    for rule in [
        "ALTER TABLE users ADD CONSTRAINT one_name UNIQUE (full_name)",
        "CREATE UNIQUE INDEX one_name ON users (lower(full_name))",
        "ALTER TABLE users ADD CONSTRAINT one_name UNIQUE (full_name) DEFERRABLE",
        "ALTER TABLE users ADD CONSTRAINT one_name UNIQUE (full_name) DEFERRABLE INITIALLY DEFERRED",
        "ALTER TABLE users ADD CONSTRAINT one_name EXCLUDE (full_name WITH =)",
    ] {
        let (fixture, api) = with_rule(rule).await;
        let mut rows = json!([user("amy"), user("bob")]);
        rows[0]["full_name"] = "The One".into();
        rows[1]["full_name"] = "The One".into();
        for mode in ["fail", "skip", "update"] {
            let response = import(&fixture, &api, mode, &rows).await;
            let reason = if rule.contains("DEFERRABLE") && mode != "fail" {
                "a deferrable unique rule"
            } else {
                "the table's rule \"one_name\""
            };
            assert_refused(&response, 409, "conflict", reason);
        }
        // Conflicts of addresses and names are told as ever.
        let rows = json!([user("admin")]);
        let response = import(&fixture, &api, "fail", &rows).await;
        let expected = ["email", "username"].map(|field| place(0, field, "already_exists"));
        assert_eq!(places(&response), expected);
    }
}

#[tokio::test]
async fn every_row_that_breaks_a_check_is_named() {
    let (fixture, api) = with_rule(
        "ALTER TABLE users
             ADD CONSTRAINT ours_alone CHECK (email LIKE '%@example.com'),
             ADD CONSTRAINT no_root CHECK (username <> 'root' OR NOT is_superuser)",
    )
    .await;
    let rows = json!([
        user("amy"),
        { "email": "bob@example.org", "username": "bob" },
        { "email": "root@example.com", "username": "root", "is_superuser": true },
        { "email": "eve@example.net", "username": "eve" },
    ]);
    for mode in ["fail", "skip", "update"] {
        let response = import(&fixture, &api, mode, &rows).await;
        assert_refused(&response, 422, "validation_failed", "3 errors found");
        let expected = [
            place(1, "email", "not_allowed"),
            place(2, "", "not_allowed"),
            place(3, "email", "not_allowed"),
        ];
        assert_eq!(places(&response), expected);
        let message = response.json()["details"][0]["message"].clone();
        assert_eq!(message, "email violates the table's rule \"ours_alone\"");
    }
}

#[tokio::test]
async fn a_rule_about_columns_that_an_import_does_not_give_is_named() {
    for (rule, reason) in [
        (
            "ALTER TABLE users ADD COLUMN age integer DEFAULT 0, ADD CONSTRAINT grown_up CHECK (age >= 18) NOT VALID",
            "the table's rule \"grown_up\"",
        ),
        (
            "ALTER TABLE users ADD COLUMN phone text; UPDATE users SET phone = id;
             ALTER TABLE users ALTER COLUMN phone SET NOT NULL",
            "column \"phone\" of the table needs a value",
        ),
        (
            "ALTER TABLE users DROP COLUMN full_name;
             ALTER TABLE users ADD COLUMN full_name text GENERATED ALWAYS AS (username) STORED",
            "the table generates a column",
        ),
    ] {
        let (fixture, api) = with_rule(rule).await;
        for mode in ["fail", "skip", "update"] {
            let response = import(&fixture, &api, mode, &json!([user("amy")])).await;
            assert_refused(&response, 422, "validation_failed", reason);
        }
    }
    let (fixture, api) = with_rule(
        "CREATE TABLE tenants (id integer PRIMARY KEY);
         ALTER TABLE users ADD COLUMN tenant integer DEFAULT 7;
         UPDATE users SET tenant = NULL;
         ALTER TABLE users ADD CONSTRAINT has_tenant FOREIGN KEY (tenant) REFERENCES tenants",
    )
    .await;
    let response = import(&fixture, &api, "fail", &json!([user("amy")])).await;
    assert_refused(
        &response,
        409,
        "conflict",
        "the table's rule \"has_tenant\"",
    );
}

#[tokio::test]
async fn a_dry_run_finds_that_hashes_do_not_fit_their_column() {
    let (fixture, api) =
        with_rule("UPDATE users SET password_hash = NULL; ALTER TABLE users ALTER COLUMN password_hash TYPE varchar(60)").await;
    let mut row = user("amy");
    row["password"] = "correct horse".into();
    for query in ["?dry_run=true", ""] {
        let response = api
            .send(&fixture.post(&format!("{BULK}{query}")).json(&json!([row])))
            .await;
        assert_eq!(response.status, 422, "{query}: {}", response.text());
        assert_eq!(places(&response), [place(0, "password_hash", "too_long")]);
    }
}

#[tokio::test]
async fn a_lock_that_is_not_to_be_had_in_the_servers_time_is_a_503() {
    let fixture = Fixture::new().await;
    let set = format!(
        "ALTER DATABASE {} SET lock_timeout = '20ms'",
        fixture.database.name()
    );
    fixture.database.pool().execute(set.as_str()).await.unwrap();
    let api = fixture.start("bulk-create").await;
    let mut blocker = fixture.database.pool().begin().await.unwrap();
    blocker
        .execute("LOCK TABLE users IN SHARE MODE")
        .await
        .unwrap();
    let response = import(&fixture, &api, "fail", &json!([user("amy")])).await;
    assert_refused(
        &response,
        503,
        "database_unavailable",
        "Too many requests are changing",
    );
    blocker.rollback().await.unwrap();
    let response = import(&fixture, &api, "fail", &json!([user("amy")])).await;
    assert_eq!(response.status, 201, "{}", response.text());
}
