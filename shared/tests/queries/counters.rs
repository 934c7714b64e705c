use std::time::Duration;

use rig::TestDatabase;
use shared::{database::Query, queries::stats::CountUsers, users::UserStats};
use sqlx::{Executor, PgPool};

/// The same six numbers, counted.
const RECOUNT: &str = "
    SELECT
        count(*) AS total_users,
        count(*) FILTER (WHERE is_active) AS active_users,
        count(*) FILTER (WHERE NOT is_active) AS inactive_users,
        count(*) FILTER (WHERE is_superuser) AS superusers,
        count(*) FILTER (WHERE created_at >= date_trunc('day', now(), 'UTC')) AS new_users_today,
        count(*) FILTER (WHERE created_at >= now() - INTERVAL '168 hours') AS new_users_week,
        now() AS timestamp
    FROM users";

async fn assert_exact(pool: &PgPool, after: &str) {
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        .await
        .unwrap();
    let kept = CountUsers.run(&mut transaction).await.unwrap();
    let counted: UserStats = sqlx::query_as(RECOUNT)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(kept, counted, "after {after}");
    let wrong_minutes: i64 = sqlx::query_scalar("SELECT count(*) FROM user_counts_drift_by_minute")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(wrong_minutes, 0, "after {after}");
}

#[tokio::test]
async fn every_kind_of_statement_is_counted() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    assert_exact(pool, "nothing").await;
    for statement in [
        "INSERT INTO users (email, username) VALUES ('a@x.com', 'a')",
        "INSERT INTO users (email, username, is_active, is_superuser, created_at)
         SELECT n || '@y.com', 'y' || n, n % 3 > 0, n % 7 = 0, now() - n * INTERVAL '53 minutes'
         FROM generate_series(1, 500) AS n",
        "INSERT INTO users (email, username) SELECT 'z', 'z' WHERE FALSE",
        "INSERT INTO users (email, username, is_superuser) VALUES ('a@x.com', 'a', TRUE)
         ON CONFLICT (lower(email COLLATE \"und-x-icu\") COLLATE \"C\")
         DO UPDATE SET is_superuser = excluded.is_superuser",
        "INSERT INTO users (email, username) VALUES ('A@X.com', 'b') ON CONFLICT DO NOTHING",
        "UPDATE users SET is_active = NOT is_active WHERE id % 2 = 0",
        "UPDATE users SET full_name = username",
        "UPDATE users SET created_at = created_at - INTERVAL '100 hours' WHERE id % 5 = 0",
        "UPDATE users SET created_at = created_at + INTERVAL '300 hours' WHERE id % 5 = 1",
        "UPDATE users SET is_superuser = TRUE, created_at = now() WHERE id % 11 = 0",
        "DELETE FROM users WHERE id % 4 = 0",
        "DELETE FROM users WHERE FALSE",
        "TRUNCATE users",
        "INSERT INTO users (email, username) VALUES ('after@x.com', 'after')",
    ] {
        pool.execute(statement).await.unwrap();
        assert_exact(pool, statement).await;
    }
}

#[tokio::test]
async fn a_writer_whose_own_tables_and_operators_come_first_is_counted_all_the_same() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let mut writer = pool.acquire().await.unwrap();
    writer
        .execute(
            "CREATE SCHEMA decoy;
             CREATE FUNCTION decoy.add(bigint, integer) RETURNS bigint LANGUAGE plpgsql
             AS $$ BEGIN RAISE 'ran as %', current_user; END $$;
             CREATE OPERATOR decoy.+ (FUNCTION = decoy.add, LEFTARG = bigint, RIGHTARG = integer);
             CREATE TEMPORARY TABLE user_counts (LIKE public.user_counts);
             CREATE TEMPORARY TABLE user_counts_by_hour (LIKE public.user_counts_by_hour);
             SET search_path = pg_temp, decoy, pg_catalog, public",
        )
        .await
        .unwrap();
    for statement in [
        // The first of a minute goes a longer way than the next.
        "INSERT INTO public.users (email, username) VALUES ('one@x.com', 'one')",
        "INSERT INTO public.users (email, username) VALUES ('next@x.com', 'next')",
        "INSERT INTO public.users (email, username) VALUES ('two@x.com', 'two'), ('three@x.com', 'three')",
        "UPDATE public.users SET is_active = FALSE WHERE username = 'one'",
        "UPDATE public.users SET is_active = TRUE, created_at = now() WHERE username = 'one'",
        "DELETE FROM public.users WHERE username = 'two'",
        "TRUNCATE public.users",
        "INSERT INTO public.users (email, username) VALUES ('four@x.com', 'four')",
    ] {
        writer.execute(statement).await.unwrap();
        assert_exact(pool, statement).await;
    }
    // The path belongs to this session alone.
    writer.close().await.unwrap();
}

#[tokio::test]
async fn rows_that_are_copied_in_are_counted() {
    let database = TestDatabase::create().await.unwrap();
    let mut connection = database.pool().acquire().await.unwrap();
    let mut copy = connection
        .copy_in_raw("COPY users (email, username, is_active) FROM STDIN")
        .await
        .unwrap();
    copy.send(&b"a@x.com\ta\tt\nb@x.com\tb\tf\n"[..])
        .await
        .unwrap();
    copy.finish().await.unwrap();
    drop(connection);
    assert_exact(database.pool(), "COPY").await;
}

#[tokio::test]
async fn what_is_rolled_back_is_not_counted() {
    let database = TestDatabase::create().await.unwrap();
    let mut transaction = database.pool().begin().await.unwrap();
    transaction
        .execute("INSERT INTO users (email, username) VALUES ('a@x.com', 'a')")
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    assert_exact(database.pool(), "a rollback").await;
}

#[tokio::test]
async fn stricter_isolation_levels_are_counted_too() {
    let database = TestDatabase::create().await.unwrap();
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        let mut transaction = database.pool().begin().await.unwrap();
        let set = format!("SET TRANSACTION ISOLATION LEVEL {level}");
        transaction.execute(set.as_str()).await.unwrap();
        let insert =
            format!("INSERT INTO users (email, username) VALUES ('{level}@x.com', '{level}')");
        transaction.execute(insert.as_str()).await.unwrap();
        transaction
            .execute("UPDATE users SET is_active = FALSE")
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        assert_exact(database.pool(), level).await;
    }
    database
        .pool()
        .execute("SELECT compact_user_counts()")
        .await
        .unwrap();
    assert_exact(
        database.pool(),
        "merging the rows that were inserted meanwhile",
    )
    .await;
}

#[tokio::test]
async fn users_stay_counted_when_the_hour_of_their_creation_is_forgotten() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for (number, forget) in [
        "INSERT INTO users (email, username) VALUES ('next@x.com', 'next')",
        "SELECT compact_user_counts()",
    ]
    .into_iter()
    .enumerate()
    {
        for n in 0..3 {
            let insert = format!(
                "INSERT INTO users (email, username) VALUES ('{number}-{n}@x.com', '{number}-{n}')"
            );
            pool.execute(insert.as_str()).await.unwrap();
        }
        // As if ten days had passed.
        for statement in [
            "ALTER TABLE users DISABLE TRIGGER USER",
            "UPDATE users SET created_at = created_at - INTERVAL '10 days'",
            "ALTER TABLE users ENABLE TRIGGER USER",
            "UPDATE user_counts_by_hour SET hour = hour - INTERVAL '10 days'",
            "UPDATE user_counts SET minute = minute - INTERVAL '10 days'",
            forget,
        ] {
            pool.execute(statement).await.unwrap();
        }
        let forgotten: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM user_counts_by_hour WHERE hour < now() - INTERVAL '9 days'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        assert_eq!(forgotten, 0, "after {forget}");
        assert_exact(pool, forget).await;
    }
}

#[tokio::test]
async fn a_repair_makes_true_what_drifted() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for statement in [
        "INSERT INTO users (email, username) SELECT n || '@x.com', 'u' || n FROM generate_series(1, 100) AS n",
        "ALTER TABLE users DISABLE TRIGGER USER",
        "DELETE FROM users WHERE id % 3 = 0",
        "UPDATE users SET is_superuser = TRUE WHERE id % 5 = 0",
        "ALTER TABLE users ENABLE TRIGGER USER",
    ] {
        pool.execute(statement).await.unwrap();
    }
    let drift: (i64, i64) =
        sqlx::query_as("SELECT plain_active, super_active FROM user_counts_drift")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(drift, (-47, 14));
    pool.execute("SELECT repair_user_counts()").await.unwrap();
    assert_exact(pool, "a repair").await;
}

/// The minute that the figures in docs/performance.md are of is run by `cargo xtask bench writers`.
#[tokio::test]
async fn eight_sessions_that_change_rows_at_random_are_counted_exactly() {
    let database = TestDatabase::create().await.unwrap();
    let mix = rig::changes::run(database.url(), 8, Duration::from_secs(3))
        .await
        .unwrap();
    assert!(mix.committed > 0 && mix.rolled_back > 0, "{mix:?}");
    assert_eq!(mix.deadlocks, 0, "{mix:?}");
    assert_exact(database.pool(), "random changes").await;
}
