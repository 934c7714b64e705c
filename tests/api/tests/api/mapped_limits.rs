//! What callers are told of limits that only the table of another application has.

use rig::Request;
use serde_json::{Value, json};

use crate::{fixture::Api, mapped_tables::Mapped};

const USERS: &str = "/api/v1/users";

const TABLE: &str = "
    CREATE DOMAIN shop_address AS text CHECK (VALUE LIKE '%@shop.example');
    CREATE TYPE account_state AS ENUM ('open', 'closed');
    CREATE TABLE plans (name text PRIMARY KEY);
    CREATE TABLE accounts (
        id serial PRIMARY KEY,
        address shop_address NOT NULL UNIQUE,
        login varchar(12) NOT NULL UNIQUE CONSTRAINT accounts_login_check CHECK (login ~ '^[a-z]'),
        display varchar(20) NOT NULL,
        state account_state NOT NULL DEFAULT 'open',
        is_admin boolean NOT NULL DEFAULT FALSE,
        CONSTRAINT accounts_names_check CHECK (display <> login)
    );
    INSERT INTO accounts (address, login, display, is_admin) VALUES ('root@shop.example', 'root', 'Root', TRUE)";

async fn table() -> Mapped {
    let mapping = json!({
        "table": "accounts",
        "id": { "column": "id" },
        "email": { "sql": "address::text", "write": { "address": "$value" } },
        "username": "login",
        "full_name": "display",
        "is_active": {
            "sql": "state = 'open'",
            "write": { "state": "CASE WHEN $value THEN 'open' ELSE 'closed' END::account_state" },
        },
        "is_superuser": "is_admin",
    });
    Mapped::of(TABLE, mapping.to_string()).await
}

/// Place, field, code and message of every detail. No answer names anything of the table.
fn details(answer: &Value) -> Vec<String> {
    let text = answer.to_string();
    for name in ["accounts", "_check", "display", "login", "VALUE", "address"] {
        assert!(!text.contains(name), "{text}");
    }
    let details = answer["details"].as_array().into_iter().flatten();
    details
        .map(|detail| {
            let place = detail.get("line").unwrap_or(&detail["index"]);
            let [field, code, message] = ["field", "code", "message"]
                .map(|name| detail[name].as_str().unwrap_or("-").to_owned());
            format!("{place} {field} {code}: {message}")
        })
        .collect()
}

async fn send(api: &Api, request: Request) -> (u16, Vec<String>) {
    let response = api.send(&request).await;
    (response.status, details(&response.json()))
}

#[tokio::test]
async fn a_limit_of_the_table_is_told_with_field_and_line_and_without_a_name_of_the_table() {
    let table = table().await;
    let token = table.token(&json!({ "sub": "1" }));
    let import = table.start("bulk-create").await;
    let file = "email,username,full_name\n\
                a@elsewhere.example,amy,Amy\n\
                b@shop.example,bartholomew-the-2nd,Bart\n\
                c@shop.example,1st,A name of more than 20 letters\n\
                d@shop.example,dan,\n\
                e@shop.example,eve,eve\n\
                f@shop.example,fay,Fay\n";
    let request = Request::post("/api/v1/users/bulk")
        .bearer(&token)
        .header("content-type", "text/csv")
        .body(file);
    let (status, details) = send(&import, request).await;
    assert_eq!(status, 422, "{details:?}");
    let expected = [
        "2 email not_allowed: the row violates a rule of this table about email",
        "3 username too_long: username may have at most 12 characters in this table",
        "4 full_name too_long: full_name may have at most 20 characters in this table",
        "4 username not_allowed: the row violates a rule of this table about username",
        "5 full_name required: full_name is required in this table",
        "6 - not_allowed: the row violates a rule of this table about username and full_name",
    ];
    assert_eq!(details, expected);

    let api = table.start("users").await;
    let user = json!({ "email": "a@shop.example", "username": "Amy", "full_name": "Amy A" });
    let create = Request::post(USERS).bearer(&token).json(&user);
    let expected = ["0 username not_allowed: the row violates a rule of this table about username"];
    assert_eq!(
        send(&api, create).await,
        (422, expected.map(str::to_owned).to_vec())
    );
    let patch = |patch: Value| {
        Request::new("PATCH", &format!("{USERS}/1"))
            .bearer(&token)
            .json(&patch)
    };
    for (change, expected) in [
        (
            json!({ "full_name": null }),
            "0 full_name required: full_name is required in this table",
        ),
        (
            json!({ "full_name": "A name of more than 20 letters", "username": "bo" }),
            "0 full_name too_long: full_name may have at most 20 characters in this table",
        ),
        (
            json!({ "email": "a@elsewhere.example" }),
            "0 email not_allowed: the row violates a rule of this table about email",
        ),
    ] {
        let answer = send(&api, patch(change)).await;
        assert_eq!(answer, (422, vec![expected.to_owned()]));
    }
    let bulk = Request::post("/api/v1/users/bulk/update").bearer(&token);
    let bulk = bulk.json(&json!({ "ids": [1], "set": { "full_name": null } }));
    let expected = "0 full_name required: full_name is required in this table";
    assert_eq!(send(&api, bulk).await, (422, vec![expected.to_owned()]));
    let accepted = patch(json!({ "full_name": "Still here" }));
    assert_eq!(send(&api, accepted).await, (200, Vec::new()));
}
