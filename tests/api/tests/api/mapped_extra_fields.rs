//! Columns of the application that the API shows and writes under names of their own.

use rig::Request;
use serde_json::{Value, json};

use crate::{fixture::Api, mapped_tables::Mapped};

const USERS: &str = "/api/v1/users";
const BULK: &str = "/api/v1/users/bulk";

const TABLE: &str = "
    CREATE TYPE member_role AS ENUM ('member', 'editor', 'owner');
    CREATE TABLE members (
        id serial PRIMARY KEY,
        email text NOT NULL UNIQUE,
        name text,
        active boolean NOT NULL DEFAULT TRUE,
        admin boolean NOT NULL DEFAULT FALSE,
        role member_role NOT NULL DEFAULT 'member',
        phone varchar(12),
        born date,
        points integer NOT NULL,
        ratio numeric,
        verified boolean,
        seen timestamptz,
        settings jsonb,
        \"externalId\" uuid,
        labels text[]
    );
    INSERT INTO members (email, name, admin, role, points, settings)
    VALUES ('root@shop.example', 'Root', TRUE, 'owner', 7, '{\"theme\": \"dark\"}')";

const ALL: [&str; 10] = [
    "role",
    "phone",
    "born",
    "points",
    "ratio",
    "verified",
    "seen",
    "settings",
    "externalId",
    "labels",
];

/// A table whose extra fields are of all kinds of types.
pub(crate) async fn table() -> Mapped {
    let extra: serde_json::Map<_, _> = ALL
        .map(|name| (name.to_owned(), json!(name)))
        .into_iter()
        .collect();
    let mapping = json!({
        "table": "members",
        "id": { "column": "id" },
        "email": "email",
        "full_name": "name",
        "is_active": "active",
        "is_superuser": "admin",
        "extra": extra,
        "new_users": { "points": "0" },
    });
    Mapped::of(TABLE, mapping.to_string()).await
}

/// The table, its two functions, and a token.
struct Members {
    table: Mapped,
    users: Api,
    imports: Api,
    token: String,
}

impl Members {
    async fn start() -> Self {
        let table = table().await;
        Self {
            users: table.start("users").await,
            imports: table.start("bulk-create").await,
            token: table.token(&json!({ "sub": "1" })),
            table,
        }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = Request::new(method, path).bearer(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = self.users.send(&request).await;
        let body = match response.text().as_str() {
            "" => Value::Null,
            _ => response.json(),
        };
        (response.status, body)
    }

    async fn import(&self, content_type: &str, query: &str, body: &str) -> (u16, Value) {
        let request = Request::post(&format!("{BULK}{query}"))
            .bearer(&self.token)
            .header("content-type", content_type)
            .body(body);
        let response = self.imports.send(&request).await;
        (response.status, response.json())
    }
}

#[tokio::test]
async fn extra_fields_of_every_type_are_shown_written_kept_in_the_log_and_restored() {
    let members = Members::start().await;
    let values = json!({
        "role": "editor", "phone": "+49 30 1", "born": "2001-02-03", "points": 12, "ratio": 1.5, "verified": true,
        "seen": "2026-01-02T03:04:05+00:00", "settings": { "theme": "light", "size": [1, 2] },
        "externalId": "6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0001", "labels": ["a", "b"],
    });
    let mut user = values.clone();
    user["email"] = json!("amy@shop.example");
    let (status, created) = members.send("POST", USERS, Some(user)).await;
    assert_eq!(status, 201, "{created}");
    for name in ALL {
        assert_eq!(created[name], values[name], "{name}");
    }
    let (_, plain) = members
        .send(
            "POST",
            USERS,
            Some(json!({ "email": "bob@shop.example", "phone": " ", "born": null })),
        )
        .await;
    assert_eq!(
        [&plain["role"], &plain["points"]],
        [&json!("member"), &json!(0)]
    );
    assert_eq!(
        [&plain["phone"], &plain["settings"]],
        [&Value::Null, &Value::Null]
    );

    let (_, list) = members
        .send(
            "GET",
            &format!("{USERS}?sort_by=email&sort_order=asc"),
            None,
        )
        .await;
    assert_eq!(list["items"][0], created);
    let path = format!("{USERS}/{}", created["id"]);
    let (_, one) = members.send("GET", &path, None).await;
    assert_eq!(one, created);
    let (_, unchanged) = members.send("PATCH", &path, Some(values.clone())).await;
    assert_eq!(unchanged, created);
    let (status, changed) = members
        .send(
            "PATCH",
            &path,
            Some(json!({ "role": "owner", "phone": null, "settings": [] })),
        )
        .await;
    assert_eq!(status, 200, "{changed}");
    let shown = [&changed["role"], &changed["phone"], &changed["settings"]];
    assert_eq!(shown, [&json!("owner"), &Value::Null, &json!([])]);

    let bulk = json!({ "ids": [created["id"], plain["id"]], "set": { "role": "owner", "is_active": false } });
    let (status, answer) = members
        .send("POST", "/api/v1/users/bulk/update", Some(bulk))
        .await;
    assert_eq!((status, &answer["changed"]), (200, &json!(2)), "{answer}");
    let bulk = json!({ "ids": [created["id"], plain["id"]], "set": { "role": "owner" } });
    let (_, answer) = members
        .send("POST", "/api/v1/users/bulk/update", Some(bulk))
        .await;
    assert_eq!(answer["skipped"][1]["reason"], "unchanged", "{answer}");

    let (_, before) = members.send("GET", &path, None).await;
    let (status, _) = members.send("DELETE", &path, None).await;
    assert_eq!(status, 204);
    let (status, restored) = members.send("POST", &format!("{path}/restore"), None).await;
    assert_eq!(status, 200, "{restored}");
    for name in ALL {
        assert_eq!(restored["user"][name], before[name], "{name}");
    }
    let (_, history) = members.send("GET", &format!("{path}/history"), None).await;
    let entries = history["items"].as_array().unwrap();
    let values = |entry: &Value| {
        [
            entry["before"]["role"].clone(),
            entry["after"]["role"].clone(),
        ]
    };
    let roles: Vec<_> = entries.iter().map(values).collect();
    let owner = json!("owner");
    for expected in [
        [Value::Null, json!("editor")],
        [json!("editor"), owner.clone()],
        [owner.clone(), Value::Null],
        [Value::Null, owner],
    ] {
        assert!(roles.contains(&expected), "{expected:?} in {roles:?}");
    }
}

#[tokio::test]
async fn a_tag_changes_with_an_extra_field_and_is_the_one_that_the_statement_makes() {
    let members = Members::start().await;
    let path = format!("{USERS}/1");
    let tag = async || {
        let request = Request::get(&path).bearer(&members.token);
        let response = members.users.send(&request).await;
        response.header("etag").unwrap()
    };
    let change = async |tag: &str, change: Value| {
        let request = Request::new("PATCH", &path)
            .bearer(&members.token)
            .header("if-match", tag)
            .json(&change);
        members.users.send(&request).await.status
    };
    let first = tag().await;
    let values = json!({ "role": "editor", "phone": "ä\u{1f}", "ratio": 0.5, "verified": false, "settings": {} });
    assert_eq!(change(&first, values).await, 200);
    assert_eq!(change(&first, json!({ "points": 8 })).await, 412);
    let second = tag().await;
    assert_eq!(change(&second, json!({ "points": -8 })).await, 200);
    let sql = "UPDATE members SET role = 'owner' RETURNING role::text";
    members.table.query(sql).await;
    assert_eq!(change(&second, json!({ "points": 9 })).await, 412);
}

#[tokio::test]
async fn files_carry_extra_fields_in_and_out() {
    let members = Members::start().await;
    let csv = "email,Role,points,verified,born\n\
               amy@shop.example,editor,3,t,2001-02-03\n\
               bob@shop.example,,,,\n";
    let (status, answer) = members.import("text/csv", "", csv).await;
    assert_eq!(status, 201, "{answer}");
    let shown = [
        &answer[0]["role"],
        &answer[0]["points"],
        &answer[0]["verified"],
        &answer[0]["born"],
    ];
    assert_eq!(
        shown,
        [
            &json!("editor"),
            &json!(3),
            &json!(true),
            &json!("2001-02-03")
        ]
    );
    assert_eq!(answer[1]["role"], "member");

    let export = Request::get(&format!("{USERS}/export")).bearer(&members.token);
    let ndjson = members.users.send(&export).await.text();
    assert!(ndjson.contains(r#""role":"editor""#), "{ndjson}");
    let (status, again) = members
        .import("application/x-ndjson", "?on_conflict=update", &ndjson)
        .await;
    assert_eq!(status, 200, "{again}");
    let results: Vec<_> = again
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["result"])
        .collect();
    assert_eq!(results, ["skipped", "skipped", "skipped"]);
    let (_, updated) = members
        .import(
            "application/x-ndjson",
            "?on_conflict=update",
            "{\"email\": \"bob@shop.example\", \"role\": \"owner\"}\n{\"email\": \"amy@shop.example\", \"points\": 4}\n",
        )
        .await;
    let shown = updated.as_array().unwrap().iter();
    let shown: Vec<_> = shown
        .map(|user| (user["role"].clone(), user["points"].clone()))
        .collect();
    assert_eq!(
        shown,
        [(json!("owner"), json!(0)), (json!("editor"), json!(4))]
    );

    let csv = Request::get(&format!("{USERS}/export?format=csv")).bearer(&members.token);
    let csv = members.users.send(&csv).await.text();
    let head = "id,email,username,full_name,is_active,is_superuser,created_at,updated_at,born,externalId,labels,phone,points";
    assert!(csv.starts_with(head), "{csv}");
}

#[tokio::test]
async fn an_extra_field_that_does_not_fit_is_named_with_its_line() {
    let members = Members::start().await;
    let rows = "email,role,points,phone,born\n\
                c@shop.example,boss,1,,\n\
                d@shop.example,member,many,,\n\
                e@shop.example,member,1,a number that is too long,\n\
                f@shop.example,member,1,,2026-02-30\n";
    let (status, refused) = members.import("text/csv", "", rows).await;
    assert_eq!(status, 422, "{refused}");
    let places: Vec<_> = refused["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| {
            (
                detail["line"].clone(),
                detail["field"].clone(),
                detail["code"].clone(),
            )
        })
        .collect();
    let place = |line: u32, field: &str, code: &str| (json!(line), json!(field), json!(code));
    let expected = [
        place(2, "role", "not_allowed"),
        place(3, "points", "invalid_format"),
        place(4, "phone", "too_long"),
        place(5, "born", "invalid_format"),
    ];
    assert_eq!(places, expected, "{refused}");
    let patch = json!({ "role": null, "emial": "x" });
    let (_, unknown) = members
        .send("PATCH", &format!("{USERS}/1"), Some(patch))
        .await;
    let message = unknown["details"][0]["message"].as_str().unwrap();
    assert!(
        message.ends_with("points, ratio, role, seen, settings, verified"),
        "{message}"
    );
    for (patch, code) in [
        (json!({ "role": null }), "required"),
        (json!({ "seen": "soon" }), "invalid_format"),
    ] {
        let (status, refused) = members
            .send("PATCH", &format!("{USERS}/1"), Some(patch))
            .await;
        assert_eq!(
            (status, &refused["details"][0]["code"]),
            (422, &json!(code)),
            "{refused}"
        );
    }
}
