//! The log of changes.

use rig::{TestDatabase, UserFixture};
use serde_json::{Value, json};
use shared::store::{
    audit::{Maintained, maintain_partitions},
    superusers::{NewSuperuser, insert_superuser, promote},
};
use sqlx::{Connection, Executor, PgConnection, PgPool};

/// An entry of that age.
async fn insert_entry(pool: &PgPool, days: i32) {
    sqlx::query(
        "INSERT INTO user_audit (action, actor_kind, target_id, occurred_at)
         VALUES ('user.delete', 'operator', $1, now() - make_interval(days => $1))",
    )
    .bind(days)
    .execute(pool)
    .await
    .unwrap();
}

/// The ages of the entries, and the tables that they are in.
async fn entries(pool: &PgPool) -> Vec<(i64, bool)> {
    sqlx::query_as(
        "SELECT target_id, tableoid = 'user_audit_default'::regclass FROM user_audit ORDER BY target_id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn months_are_made_in_time_and_old_entries_go() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let mut connection = pool.acquire().await.unwrap();
    let made = maintain_partitions(&mut connection, Some(365)).await;
    let created = |created| Maintained {
        created,
        ..Maintained::default()
    };
    assert_eq!(made.unwrap(), Some(created(4)));
    let again = maintain_partitions(&mut connection, Some(365)).await;
    assert_eq!(again.unwrap(), Some(created(0)));

    // A month that has ended is as old as its last day.
    pool.execute(
        "CREATE TABLE user_audit_2001_02 PARTITION OF user_audit
             FOR VALUES FROM ('2001-02-01T00:00:00Z') TO ('2001-03-01T00:00:00Z');
         INSERT INTO user_audit (action, actor_kind, target_id, occurred_at)
         VALUES ('user.delete', 'operator', 9999, '2001-02-28T23:59:59Z')",
    )
    .await
    .unwrap();
    for days in [0, 364, 366] {
        insert_entry(pool, days).await;
    }
    assert_eq!(
        entries(pool).await,
        [(0, false), (364, true), (366, true), (9999, false)]
    );
    let for_ever = maintain_partitions(&mut connection, None).await;
    assert_eq!(for_ever.unwrap(), Some(created(0)));
    assert_eq!(entries(pool).await.len(), 4);
    let cleaned = maintain_partitions(&mut connection, Some(365)).await;
    let expected = Maintained {
        created: 0,
        dropped: 1,
        deleted: 1,
    };
    assert_eq!(cleaned.unwrap(), Some(expected));
    assert_eq!(entries(pool).await, [(0, false), (364, true)]);
}

#[tokio::test]
async fn a_month_that_has_begun_without_a_partition_stays_where_it_is() {
    let database = TestDatabase::create().await.unwrap();
    insert_entry(database.pool(), 0).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let made = maintain_partitions(&mut connection, None).await.unwrap();
    assert_eq!(made.unwrap().created, 3);
    assert_eq!(entries(database.pool()).await, [(0, true)]);
}

#[tokio::test]
async fn who_does_not_get_a_lock_at_once_leaves_the_months_alone() {
    let database = TestDatabase::create().await.unwrap();
    let mut writer = PgConnection::connect(database.url()).await.unwrap();
    let mut writing = writer.begin().await.unwrap();
    writing
        .execute("INSERT INTO user_audit (action, actor_kind) VALUES ('user.create', 'operator')")
        .await
        .unwrap();
    let mut connection = database.pool().acquire().await.unwrap();
    let made = maintain_partitions(&mut connection, None).await.unwrap();
    assert_eq!(made, Some(Maintained::default()));
    writing.commit().await.unwrap();
}

#[tokio::test]
async fn operators_who_make_superusers_are_in_the_log() {
    let database = TestDatabase::create().await.unwrap();
    let users = [UserFixture::new(1, "ada").inactive()];
    database.insert(&users).await.unwrap();
    let mut connection = database.pool().acquire().await.unwrap();
    let ada = promote(&mut connection, "ADA@example.com").await.unwrap();
    assert_eq!(ada, Some(1.into()));
    assert_eq!(
        promote(&mut connection, "no@example.com").await.unwrap(),
        None
    );
    let grace = NewSuperuser {
        email: "grace@example.com",
        username: "grace",
        full_name: None,
    };
    insert_superuser(&mut connection, &grace).await.unwrap();
    // A second one is refused.
    insert_superuser(&mut connection, &grace).await.unwrap();
    let entries: Vec<(String, String, i64, Option<Value>, Value)> = sqlx::query_as(
        "SELECT action, actor_kind, target_id, before, after FROM user_audit ORDER BY id",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    let operator = || "operator".to_owned();
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(
        entries[0],
        (
            "user.update".to_owned(),
            operator(),
            1,
            Some(json!({ "is_active": false, "is_superuser": false })),
            json!({ "is_active": true, "is_superuser": true }),
        )
    );
    assert_eq!(
        (&entries[1].0, &entries[1].1),
        (&"user.create".to_owned(), &operator())
    );
    assert_eq!(
        (&entries[1].3, &entries[1].4),
        (
            &None,
            &json!({
                "email": "grace@example.com",
                "username": "grace",
                "full_name": null,
                "is_active": true,
                "is_superuser": true,
            })
        )
    );
}
