//! The log of changes.

use std::time::Duration;

use rig::{TestDatabase, UserFixture};
use serde_json::{Value, json};
use shared::{
    store::{
        audit::{
            LogFilter, LogPosition, Maintained, find, is_from_another_server, maintain_partitions,
        },
        mapping::UserWrites,
        superusers::{NewSuperuser, insert_superuser, promote},
    },
    users::{SortOrder, UserId},
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
    for days in [0, 364, 400] {
        insert_entry(pool, days).await;
    }
    assert_eq!(
        entries(pool).await,
        [(0, false), (364, true), (400, true), (9999, false)]
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
    let ada = promote(&mut connection, UserWrites::new(None), "ADA@example.com")
        .await
        .unwrap();
    assert_eq!(ada, Some(1.into()));
    assert_eq!(
        promote(&mut connection, UserWrites::new(None), "no@example.com")
            .await
            .unwrap(),
        None
    );
    let grace = NewSuperuser {
        email: "grace@example.com",
        username: Some("grace"),
        full_name: None,
    };
    insert_superuser(&mut connection, UserWrites::new(None), &grace)
        .await
        .unwrap();
    // A second one is refused.
    insert_superuser(&mut connection, UserWrites::new(None), &grace)
        .await
        .unwrap();
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

/// All entries that may be walked over now, oldest first: what they are about.
async fn walk(pool: &PgPool, beyond: Option<LogPosition>) -> Vec<(UserId, LogPosition)> {
    let mut connection = pool.acquire().await.unwrap();
    let filter = LogFilter::default();
    let found = find(
        &mut connection,
        &filter,
        SortOrder::Ascending,
        beyond,
        1_000,
    )
    .await;
    let entries = found.unwrap().into_iter();
    entries
        .map(|entry| (entry.target_id.unwrap(), entry.position()))
        .collect()
}

/// The same when there are so many: transactions of other databases of the server are waited for too.
async fn walk_over(pool: &PgPool, count: usize) -> Vec<(UserId, LogPosition)> {
    let wait = async {
        loop {
            let found = walk(pool, None).await;
            if found.len() == count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wait)
        .await
        .unwrap()
}

const INSERT: &str =
    "INSERT INTO user_audit (action, actor_kind, target_id) VALUES ('user.update', 'operator', $1)";

#[tokio::test]
async fn an_entry_that_commits_late_is_waited_for() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let mut late = pool.begin().await.unwrap();
    sqlx::query(INSERT)
        .bind(1)
        .execute(&mut *late)
        .await
        .unwrap();
    sqlx::query(INSERT).bind(2).execute(pool).await.unwrap();
    // The second one is there, and its time has not come.
    let mut connection = pool.acquire().await.unwrap();
    let newest = find(
        &mut connection,
        &LogFilter::default(),
        SortOrder::Descending,
        None,
        9,
    )
    .await;
    assert_eq!(newest.unwrap().len(), 1);
    drop(connection);
    assert_eq!(walk(pool, None).await, []);
    late.commit().await.unwrap();
    let both: Vec<_> = walk_over(pool, 2)
        .await
        .into_iter()
        .map(|(target, _)| target)
        .collect();
    assert_eq!(both, [1, 2].map(UserId::from));
}

/// Writers take their time between an entry and the commit; a reader follows them.
#[tokio::test]
async fn a_reader_who_follows_writers_meets_every_entry_once() {
    const WRITERS: i64 = 6;
    const EACH: i64 = 150;
    let database = TestDatabase::create().await.unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let url = database.url().to_owned();
            tokio::spawn(async move {
                let mut random = fastrand::Rng::with_seed(writer.unsigned_abs());
                let mut connection = PgConnection::connect(&url).await.unwrap();
                for number in 0..EACH {
                    let mut transaction = connection.begin().await.unwrap();
                    let target = writer * EACH + number;
                    for _ in 0..random.u8(1..3) {
                        sqlx::query(INSERT)
                            .bind(target)
                            .execute(&mut *transaction)
                            .await
                            .unwrap();
                        let pause = Duration::from_micros(random.u64(0..4_000));
                        tokio::time::sleep(pause).await;
                    }
                    if random.u8(0..8) == 0 {
                        transaction.rollback().await.unwrap();
                    } else {
                        transaction.commit().await.unwrap();
                    }
                }
            })
        })
        .collect();
    let count = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM user_audit")
            .fetch_one(database.pool())
            .await
            .unwrap()
    };
    let mut seen = Vec::new();
    let follow = async {
        loop {
            let is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
            let beyond = seen.last().map(|(_, position)| *position);
            seen.extend(walk(database.pool(), beyond).await);
            if is_over && seen.len() >= usize::try_from(count().await).unwrap() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), follow)
        .await
        .unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    let count = count().await;
    assert!(count > WRITERS * EACH / 2, "{count}");
    assert_eq!(seen.len(), usize::try_from(count).unwrap());
    assert!(seen.is_sorted_by(|(_, one), (_, next)| one < next));
}

#[tokio::test]
async fn entries_of_a_restored_dump_come_before_those_of_the_new_server() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for target in [1, 2, 3] {
        sqlx::query(INSERT)
            .bind(target)
            .execute(pool)
            .await
            .unwrap();
    }
    let (_, last) = walk_over(pool, 3).await[2];
    pool.execute("UPDATE user_audit SET transaction_id = transaction_id + 1000000000000")
        .await
        .unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let foreign = LogPosition {
        transaction_id: last.transaction_id + 1_000_000_000_000,
        ..last
    };
    assert!(
        is_from_another_server(&mut connection, foreign)
            .await
            .unwrap()
    );
    assert!(!is_from_another_server(&mut connection, last).await.unwrap());
    sqlx::query(INSERT).bind(4).execute(pool).await.unwrap();
    for _ in 0..2 {
        maintain_partitions(&mut connection, None).await.unwrap();
        let all = walk_over(pool, 4).await.into_iter();
        assert_eq!(
            all.map(|(target, _)| target).collect::<Vec<_>>(),
            [1, 2, 3, 4].map(UserId::from)
        );
    }
}
