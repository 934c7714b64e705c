//! The functions in front of tables that other applications made; see `docs/tables`.

use std::fs;

use rig::{Function, FunctionBuilder, Outcome, Request, SigningKey, TestDatabase, token};
use serde_json::{Value, json};
use servers::places::workspace_root;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::fixture::{Api, assert_error, assert_unauthorized, concurrency};

const SECRET: &str = "the-signing-secret-of-these-tests-0123456789";
const USERS: &str = "/api/v1/users";
const BULK: &str = "/api/v1/users/bulk";

/// A database with the table of another application, adopted by `migrate`.
pub(crate) struct Mapped {
    database: TestDatabase,
    mapping: String,
    key: SigningKey,
}

impl Mapped {
    pub(crate) async fn new(name: &str) -> Self {
        let path = workspace_root().join("docs/tables").join(name);
        let sql = fs::read_to_string(path.with_extension("sql")).unwrap();
        Self::of(
            &sql,
            fs::read_to_string(path.with_extension("json")).unwrap(),
        )
        .await
    }

    pub(crate) async fn of(sql: &str, mapping: String) -> Self {
        let database = TestDatabase::create_empty().await.unwrap();
        database.pool().execute(sql).await.unwrap();
        let mapped = Self {
            database,
            mapping,
            key: SigningKey::hs256(SECRET),
        };
        let migrate = mapped.function("migrate").start().await.unwrap();
        let outcome = migrate.invoke(json!({})).await.outcome;
        let Outcome::Response(body) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(body["pending"], json!([]));
        mapped
    }

    pub(crate) fn function(&self, name: &str) -> FunctionBuilder {
        Function::builder(name)
            .concurrency(concurrency())
            .env("DATABASE_URL", self.database.url())
            .env("USERS_TABLE", &self.mapping)
            .env("JWT_KEY", SECRET)
    }

    pub(crate) async fn start(&self, name: &str) -> Api {
        Api::start(self.function(name)).await
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        let mut all = token::claims(1);
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        self.key.sign(&all).unwrap()
    }

    pub(crate) fn get(&self, path: &str, claims: &Value) -> Request {
        Request::get(path).bearer(&self.token(claims))
    }

    pub(crate) async fn query(&self, sql: &str) -> Option<String> {
        sqlx::query_scalar(sql)
            .fetch_one(self.database.pool())
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn the_application_that_rollcall_was_written_for_is_served_with_its_own_tokens() {
    let table = Mapped::new("01-seed-windx").await;
    // The seed's `sub` is the id as a text.
    let root = json!({ "sub": "1" });
    let api = table.start("users").await;
    let list = api
        .send(&table.get(&format!("{USERS}?sort_by=username&sort_order=asc"), &root))
        .await;
    let names: Vec<_> = list.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["username"].clone())
        .collect();
    assert_eq!(names, ["gone", "root", "sales"]);
    let user = api.send(&table.get(&format!("{USERS}/2"), &root)).await;
    assert_eq!(user.json()["id"], 2);

    let import = table.function("bulk-create").env("PASSWORD_HASH", "bcrypt");
    let import = Api::start(import).await;
    let request = Request::post(BULK)
        .bearer(&table.token(&root))
        .json(&json!([
            { "email": "new@shop.example", "username": "new" },
            { "email": "pw@shop.example", "username": "pw", "password": "a long enough one" },
        ]));
    let created = import.send(&request).await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.json()[0]["id"].clone();
    let stored = format!("SELECT hashed_password || ' ' || role FROM public.users WHERE id = {id}");
    assert_eq!(table.query(&stored).await.as_deref(), Some("! customer"));
    let hash = "SELECT left(hashed_password, 7) FROM public.users WHERE username = 'pw'";
    assert_eq!(table.query(hash).await.as_deref(), Some("$2b$12$"));
    let too_long = Request::post(BULK).bearer(&table.token(&root)).json(
        &json!([{ "email": "l@shop.example", "username": "l", "password": "12345678".repeat(10) }]),
    );
    let refused = import.send(&too_long).await.json();
    let message = "password may have at most 72 bytes";
    assert_eq!(refused["details"][0]["message"], message);

    let numbers = table.start("stats").await;
    let numbers = numbers
        .send(&table.get("/api/v1/dashboard/stats", &root))
        .await
        .json();
    assert_eq!(numbers["total_users"], 5);
    assert_eq!(numbers["new_users_today"], 5);
}

#[tokio::test]
async fn users_with_uuids_and_without_names_or_times_are_served() {
    let table = Mapped::new("03-fastapi-users").await;
    let id = "6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0001";
    let owner = json!({ "sub": id });
    let api = table.start("users").await;
    let list = api
        .send(&table.get(&format!("{USERS}?size=1"), &owner))
        .await
        .json();
    let user = &list["items"][0];
    assert_eq!(user["id"], "6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0002");
    assert_eq!(user["username"], Value::Null);
    assert_eq!(user["created_at"], Value::Null);
    let next = format!(
        "{USERS}?size=1&cursor={}",
        list["next_cursor"].as_str().unwrap()
    );
    let list = api.send(&table.get(&next, &owner)).await.json();
    assert_eq!(list["items"][0]["id"], id);
    assert_eq!(list["next_cursor"], Value::Null);
    let by_name = api
        .send(&table.get(&format!("{USERS}?sort_by=username"), &owner))
        .await;
    assert_eq!(by_name.status, 400, "{by_name:?}");

    let one = api.send(&table.get(&format!("{USERS}/{id}"), &owner)).await;
    assert_eq!(one.json()["email"], "Owner@fu.example");
    for unknown in ["1", "6F1C2C1E-8F0D-4A55-9D0E-3A3F9B1A0001", "x"] {
        let missing = api
            .send(&table.get(&format!("{USERS}/{unknown}"), &owner))
            .await;
        assert_error(&missing, 404, "not_found", "No user has this id");
    }
    assert_unauthorized(&api.send(&table.get(USERS, &json!({ "sub": "1" }))).await);

    let numbers = table.start("stats").await;
    let stats = numbers
        .send(&table.get("/api/v1/dashboard/stats", &owner))
        .await
        .json();
    assert_eq!(
        (&stats["total_users"], &stats["new_users_week"]),
        (&json!(2), &Value::Null)
    );
    let signups = numbers
        .send(&table.get("/api/v1/dashboard/signups", &owner))
        .await;
    assert_error(
        &signups,
        404,
        "not_found",
        "The table of users does not say when they were created",
    );

    let import = table.start("bulk-create").await;
    let rows =
        json!([{ "email": "a@fu.example" }, { "email": "b@fu.example", "is_superuser": true }]);
    let request = Request::post(BULK).bearer(&table.token(&owner)).json(&rows);
    let created = import.send(&request).await;
    assert_eq!(created.status, 201, "{created:?}");
    let versions = "SELECT string_agg(DISTINCT substr(id::text, 15, 1), '') FROM \"user\" WHERE email LIKE '_@fu.example'";
    assert_eq!(table.query(versions).await.as_deref(), Some("7"));
    let named = Request::post(BULK)
        .bearer(&table.token(&owner))
        .json(&json!([{ "email": "c@fu.example", "username": "c", "full_name": "C" }]));
    let refused = import.send(&named).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let fields: Vec<_> = refused.json()["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| (detail["field"].clone(), detail["code"].clone()))
        .collect();
    assert_eq!(
        fields,
        [
            (json!("username"), json!("read_only")),
            (json!("full_name"), json!("read_only"))
        ]
    );
}

#[tokio::test]
async fn a_table_without_rights_takes_them_from_the_token() {
    let table = Mapped::new("07-laravel").await;
    let function = table
        .function("users")
        .env("JWT_SUBJECT_CLAIM", "email")
        .env("JWT_SUBJECT_FIELD", "email")
        .env("JWT_SUPERUSER_CLAIM", "role=admin")
        .env("JWT_SUPERUSERS", "notime@lv.example");
    let api = Api::start(function).await;
    let admin = json!({ "email": "Lara@LV.example", "role": ["user", "admin"] });
    assert_eq!(api.send(&table.get(USERS, &admin)).await.status, 200);
    // The right is remembered for a token that claims it, and for no other one.
    let ordinary = json!({ "email": "Lara@LV.example" });
    let refused = api.send(&table.get(USERS, &ordinary)).await;
    assert_error(&refused, 403, "forbidden", "Only superusers may do this");
    let listed = json!({ "email": "notime@lv.example" });
    assert_eq!(api.send(&table.get(USERS, &listed)).await.status, 200);
    for unknown in [
        json!({ "email": "nobody@lv.example", "role": "admin" }),
        json!({ "email": "", "role": "admin" }),
        json!({ "role": "admin" }),
    ] {
        assert_unauthorized(&api.send(&table.get(USERS, &unknown)).await);
    }
    let users = api.send(&table.get(USERS, &admin)).await.json();
    assert_eq!(users["items"][0]["created_at"], "2026-03-29T02:30:00Z");
    assert_eq!(users["items"][1]["created_at"], Value::Null);
}

#[tokio::test]
async fn a_user_is_changed_and_deleted_through_a_mapping_and_the_log_knows_it() {
    let table = Mapped::new("10-better-auth").await;
    let admin = json!({ "sub": "Zk3vJm2bX8nR5tY7" });
    let api = table.start("users").await;
    let path = format!("{USERS}/Bk3vJm2bX8nR5tY9");
    let change = |body: Value| {
        Request::new("PATCH", &path)
            .bearer(&table.token(&admin))
            .json(&body)
    };
    let changed = api
        .send(&change(json!({ "is_active": false, "full_name": "Newer" })))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json()["is_active"], false);
    let stored = "SELECT name || ' ' || banned::text || ' ' || coalesce(role, 'none') FROM \"user\" WHERE email = 'new@ba.example'";
    assert_eq!(
        table.query(stored).await.as_deref(),
        Some("Newer true none"),
        "the role, which means the same as before, stays as it was"
    );
    let refused = api.send(&change(json!({ "username": "new" }))).await;
    assert_eq!(refused.json()["details"][0]["code"], "read_only");

    let gone = Request::new("DELETE", &path).bearer(&table.token(&admin));
    assert_eq!(api.send(&gone).await.status, 204);
    let log = api.send(&table.get("/api/v1/audit", &admin)).await.json();
    let entries: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["action"].clone(), entry["target"]["id"].clone()))
        .collect();
    let target = json!("Bk3vJm2bX8nR5tY9");
    assert!(
        entries.contains(&(json!("user.update"), target.clone())),
        "{log}"
    );
    assert!(entries.contains(&(json!("user.delete"), target)), "{log}");
    let own =
        Request::new("DELETE", &format!("{USERS}/Zk3vJm2bX8nR5tY7")).bearer(&table.token(&admin));
    assert_eq!(api.send(&own).await.status, 409);
}

#[tokio::test]
async fn many_users_are_changed_and_deleted_through_a_mapping() {
    let table = Mapped::new("10-better-auth").await;
    let (own, other) = ("Zk3vJm2bX8nR5tY7", "Bk3vJm2bX8nR5tY9");
    let admin = json!({ "sub": own });
    let api = table.start("users").await;
    let post = |path: &str, body: &Value| {
        Request::post(&format!("{BULK}/{path}"))
            .bearer(&table.token(&admin))
            .json(body)
    };
    let set = json!({ "is_active": false, "full_name": "Same" });
    let by_filter = json!({ "filter": { "search": "@ba.example" }, "set": set, "dry_run": true });
    let preview = api.send(&post("update", &by_filter)).await.json();
    let count = preview["count"].as_i64().unwrap();
    assert!(count > 2, "{preview}");
    let by_email = json!({ "emails": ["NEW@ba.example"], "set": set });
    let changed = api.send(&post("update", &by_email)).await.json();
    assert_eq!(
        (&changed["count"], &changed["changed"]),
        (&json!(1), &json!(1))
    );
    let stored = "SELECT name || ' ' || banned::text || ' ' || coalesce(role, 'none') FROM \"user\" WHERE email = 'new@ba.example'";
    assert_eq!(table.query(stored).await.as_deref(), Some("Same true none"));

    let referring = "CREATE TABLE session (user_id text REFERENCES \"user\" (id));
         INSERT INTO session VALUES ('Bk3vJm2bX8nR5tY9')";
    table.database.pool().execute(referring).await.unwrap();
    let delete = post("delete", &json!({ "ids": [own, other, "nobody"] }));
    let kept = api.send(&delete).await.json();
    let skipped = json!([
        { "id": "nobody", "reason": "not_found" },
        { "id": other, "reason": "referenced" },
        { "id": own, "reason": "self" },
    ]);
    assert_eq!((&kept["deleted"], &kept["skipped"]), (&json!(0), &skipped));
    table
        .database
        .pool()
        .execute("DROP TABLE session")
        .await
        .unwrap();
    assert_eq!(api.send(&delete).await.json()["deleted"], 1);
}

#[tokio::test]
async fn an_email_that_several_users_have_means_none_of_them() {
    let table = Mapped::new("06-django").await;
    let admin = json!({ "sub": "1" });
    let api = table.start("users").await;
    let by_email = Request::post(&format!("{BULK}/delete"))
        .bearer(&table.token(&admin))
        .json(&json!({ "emails": ["ada@dj.example"] }));
    assert_eq!(api.send(&by_email).await.status, 400);
    let import = table.start("bulk-create").await;
    let row = json!([{ "email": "ada@dj.example", "username": "ada2", "full_name": "Ada Marie Lovelace" }]);
    let request = |query: &str| {
        Request::post(&format!("{BULK}{query}"))
            .bearer(&table.token(&admin))
            .json(&row)
    };
    let refused = import.send(&request("?on_conflict=skip")).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let created = import.send(&request("")).await;
    assert_eq!(created.status, 201, "{created:?}");
    let names = "SELECT first_name || '|' || last_name FROM auth_user WHERE username = 'ada2'";
    assert_eq!(
        table.query(names).await.as_deref(),
        Some("Ada Marie|Lovelace")
    );
}

/// What docs/adoption.md grants.
const GUIDE: &str = include_str!("../../../../docs/adoption.md");

#[tokio::test]
async fn the_documented_rights_are_enough_and_reach_the_table_through_the_view_alone() {
    let table = Mapped::new("05-vue-fastapi-admin").await;
    let role = table.database.name().to_owned();
    let (_, rest) = GUIDE
        .split_once("CREATE ROLE rollcall LOGIN PASSWORD '...';")
        .unwrap();
    let (grants, _) = rest.split_once("```").unwrap();
    let grants = grants.replace("TO rollcall;", &format!("TO {role};"));
    let sequence = format!("GRANT USAGE ON SEQUENCE user_id_seq TO {role}");
    for statement in [
        format!("CREATE ROLE {role} LOGIN PASSWORD 'pw'").as_str(),
        &grants,
        &sequence,
    ] {
        table.database.pool().execute(statement).await.unwrap();
    }
    let (_, host) = table.database.url().rsplit_once('@').unwrap();
    let url = format!("postgres://{role}:pw@{host}");
    let admin = json!({ "sub": "1" });
    let start = async |name| Api::start(table.function(name).env("DATABASE_URL", &url)).await;

    let api = start("users").await;
    assert_eq!(
        api.send(&table.get(&format!("{USERS}?search=work"), &admin))
            .await
            .json()["total"],
        1
    );
    let path = format!("{USERS}/2");
    let change = Request::new("PATCH", &path)
        .bearer(&table.token(&admin))
        .json(&json!({ "is_active": false }));
    assert_eq!(api.send(&change).await.status, 200);
    assert_eq!(
        api.send(&table.get(&format!("{path}/history"), &admin))
            .await
            .status,
        200
    );
    let delete = Request::new("DELETE", &path).bearer(&table.token(&admin));
    assert_eq!(api.send(&delete).await.status, 204);
    let import = start("bulk-create").await;
    let request = Request::post(BULK)
        .bearer(&table.token(&admin))
        .header("idempotency-key", "a")
        .json(&json!([{ "email": "new@vfa.example", "username": "new" }]));
    assert_eq!(import.send(&request).await.status, 201);
    let numbers = start("stats").await;
    let stats = numbers
        .send(&table.get("/api/v1/dashboard/stats", &admin))
        .await;
    assert_eq!(stats.json()["total_users"], 2);

    let mut connection = PgConnection::connect(&url).await.unwrap();
    let refused = connection.execute("SELECT FROM public.\"user\"").await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("permission denied")
    );
}

#[tokio::test]
async fn a_table_that_takes_no_new_users_says_why_and_serves_the_others() {
    let mut table = Mapped::new("05-vue-fastapi-admin").await;
    let mut mapping: Value = serde_json::from_str(&table.mapping).unwrap();
    mapping["no_new_users"] = json!("dept_id has to refer to something");
    table.mapping = mapping.to_string();
    let admin = json!({ "sub": "1" });
    let api = table.start("users").await;
    let listed = api.send(&table.get(USERS, &admin)).await;
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 2);
    let user = json!({ "email": "new@vfa.example", "username": "new" });
    let create = Request::post(USERS)
        .bearer(&table.token(&admin))
        .json(&user);
    let message = "Users cannot be created in this table: dept_id has to refer to something";
    let refused = api.send(&create).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(refused.json()["message"], message);
    let import = table.start("bulk-create").await;
    let create = Request::post(BULK)
        .bearer(&table.token(&admin))
        .json(&json!([user]));
    let refused = import.send(&create).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(refused.json()["message"], message);
}
