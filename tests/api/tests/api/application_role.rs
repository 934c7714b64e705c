//! The functions with the role that `migrate` makes for them.

use rig::{Outcome, Request, secrets};
use serde_json::json;

use crate::fixture::{ADMIN, Api, Fixture, ORDINARY};
use crate::imports::BULK;
use crate::rotation;

#[tokio::test]
async fn everything_works_with_the_role_that_migrate_makes() {
    let fixture = Fixture::new().await;
    let name = fixture.unique("owner");
    let owner = secrets::create(&name, &fixture.database_secret())
        .await
        .unwrap();
    let role = fixture.database_secret_of(fixture.database.name(), "made by migrate");
    let application = secrets::create(&fixture.unique("application"), &role)
        .await
        .unwrap();

    let migrate = rotation::function(&fixture, "migrate", &owner)
        .env("APPLICATION_SECRET_ARN", &application)
        .start()
        .await
        .unwrap();
    // At every deploy.
    for _ in 0..2 {
        let invocation = migrate.invoke(json!({ "command": "up" })).await;
        assert!(
            matches!(invocation.outcome, Outcome::Response(_)),
            "{invocation:?}"
        );
    }

    let start =
        async |name: &str| Api::start(rotation::function(&fixture, name, &application)).await;
    let user = format!("/api/v1/users/{ORDINARY}");
    let patch = Request::new("PATCH", &user).bearer(&fixture.token(ADMIN));
    let delete = Request::new("DELETE", &user).bearer(&fixture.token(ADMIN));
    let erase = Request::new("DELETE", &format!("{user}?erase=true")).bearer(&fixture.token(ADMIN));
    let new = json!({ "email": "new@example.com", "username": "new" });
    let (users, stats) = (start("users").await, start("stats").await);
    let (bulk, health) = (start("bulk-create").await, start("health").await);
    for (api, request, status) in [
        (&users, fixture.get("/api/v1/users?search=adm"), 200),
        (&users, fixture.post("/api/v1/users").json(&new), 201),
        (&users, patch.json(&json!({ "full_name": "Other" })), 200),
        (&users, delete, 204),
        (&users, erase, 204),
        (&users, fixture.get("/api/v1/audit"), 200),
        (&stats, fixture.get("/api/v1/dashboard/stats"), 200),
        (&stats, fixture.get("/api/v1/dashboard/signups?days=7"), 200),
        (
            &bulk,
            fixture
                .post(BULK)
                .header("idempotency-key", "key-1")
                .json(&json!([crate::imports::user("imported")])),
            201,
        ),
        (&health, fixture.get("/health"), 200),
        (&health, fixture.get("/api/v1/metrics/database"), 200),
    ] {
        let response = api.send(&request).await;
        assert_eq!(response.status, status, "{}", response.text());
    }
}
