use std::time::Duration;

use rig::TestDatabase;
use shared::{store::stats::count_users, users::UserStats};
use sqlx::{Executor, PgPool};

use crate::random_changes;

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
    let kept = count_users(&mut transaction).await.unwrap();
    let counted: UserStats = sqlx::query_as(RECOUNT)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(kept, counted, "after {after}");
    let wrong: Vec<(String, i64)> =
        sqlx::query_as("SELECT unit || ' ' || start, users FROM user_signups_drift")
            .fetch_all(&mut *transaction)
            .await
            .unwrap();
    assert_eq!(wrong, [], "after {after}");
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
             CREATE TEMPORARY TABLE users (LIKE public.users);
             CREATE TEMPORARY TABLE user_count_changes (LIKE public.user_count_changes);
             CREATE TEMPORARY TABLE user_count_totals (LIKE public.user_count_totals);
             CREATE TEMPORARY TABLE user_signups (LIKE public.user_signups);
             SET search_path = pg_temp, decoy, pg_catalog, public",
        )
        .await
        .unwrap();
    for statement in [
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
async fn many_changes_at_once_are_added_up_at_once() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for statement in [
        "INSERT INTO users (email, username, created_at)
         SELECT n || '@x.com', 'u' || n, now() - n * INTERVAL '3 hours'
         FROM generate_series(1, 9000) AS n",
        "DELETE FROM users WHERE id > 500",
    ] {
        pool.execute(statement).await.unwrap();
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM user_count_changes")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(left, 0, "after {statement}");
        assert_exact(pool, statement).await;
    }
}

#[tokio::test]
async fn users_stay_counted_when_the_hour_of_their_creation_is_forgotten() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for statement in [
        "INSERT INTO users (email, username) SELECT n || '@x.com', 'u' || n FROM generate_series(1, 3) AS n",
        "SELECT compact_user_counts()",
        // As if ten days had passed.
        "ALTER TABLE users DISABLE TRIGGER USER",
        "UPDATE users SET created_at = created_at - INTERVAL '10 days'",
        "ALTER TABLE users ENABLE TRIGGER USER",
        "UPDATE user_signups SET start = start - INTERVAL '10 days'",
        "INSERT INTO users (email, username) VALUES ('next@x.com', 'next')",
        "SELECT compact_user_counts()",
        "DELETE FROM users WHERE username = 'u1'",
        "SELECT compact_user_counts()",
    ] {
        pool.execute(statement).await.unwrap();
    }
    assert_exact(pool, "ten days").await;
    let units: Vec<(String, i64)> =
        sqlx::query_as("SELECT unit, count(*) FROM user_signups GROUP BY unit ORDER BY unit")
            .fetch_all(pool)
            .await
            .unwrap();
    let expected = [("day", 2), ("hour", 1), ("minute", 1)];
    assert_eq!(units, expected.map(|(unit, rows)| (unit.to_owned(), rows)));
}

#[tokio::test]
async fn times_without_end_are_counted_and_go_again() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for statement in [
        "INSERT INTO users (email, username, created_at) VALUES ('a@x.com', 'a', 'infinity')",
        "INSERT INTO users (email, username, created_at) VALUES ('b@x.com', 'b', '-infinity')",
        "SELECT compact_user_counts()",
        "ALTER TABLE users DISABLE TRIGGER USER",
        "INSERT INTO users (email, username, created_at) VALUES ('c@x.com', 'c', 'infinity')",
        "ALTER TABLE users ENABLE TRIGGER USER",
        "SELECT repair_user_counts()",
        "UPDATE users SET created_at = now() WHERE username = 'a'",
        "DELETE FROM users",
    ] {
        pool.execute(statement).await.unwrap();
        if !statement.contains("TRIGGER") && !statement.contains("'c'") {
            assert_exact(pool, statement).await;
        }
    }
}

#[tokio::test]
async fn writers_under_stricter_isolation_leave_nothing_that_stays() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let mut writer = pool.acquire().await.unwrap();
    writer
        .execute("SET default_transaction_isolation = 'repeatable read'")
        .await
        .unwrap();
    for n in 0..200 {
        let insert = format!("INSERT INTO users (email, username) VALUES ('{n}@x.com', 'u{n}')");
        writer.execute(insert.as_str()).await.unwrap();
    }
    pool.execute("SELECT compact_user_counts()").await.unwrap();
    let rows: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM user_count_changes), (SELECT count(*) FROM user_signups)",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(rows.0, 0);
    // One row a minute, hour and day, of which each may have ended meanwhile.
    assert!(rows.1 <= 6, "{rows:?}");
    writer.close().await.unwrap();
    assert_exact(pool, "inserts under REPEATABLE READ").await;
}

/// One statement in some 500 adds up: that none of 8,000 does happens once in six million runs.
#[tokio::test]
async fn writers_add_up_what_they_leave() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    pool.execute(
        "DO $$
         BEGIN
             FOR n IN 1..8000 LOOP
                 INSERT INTO users (email, username) VALUES (n || '@x.com', 'u' || n);
             END LOOP;
         END
         $$",
    )
    .await
    .unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM user_count_changes")
        .fetch_one(pool)
        .await
        .unwrap();
    assert!(left < 8000, "{left} changes are left");
    assert_exact(pool, "8000 inserts").await;
}

#[tokio::test]
async fn a_truncate_waits_for_no_one_who_waits_for_it() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    pool.execute("INSERT INTO users (email, username) VALUES ('a@x.com', 'a')")
        .await
        .unwrap();
    // The statistics wait for the users that the truncate has locked, and it for the reader.
    let mut reader = pool.begin().await.unwrap();
    reader.execute("SELECT FROM users").await.unwrap();
    let truncate = tokio::spawn({
        let pool = pool.clone();
        async move { pool.execute("TRUNCATE users").await }
    });
    wait_for_lock(pool, 1).await;
    let statistics = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut connection = pool.acquire().await?;
            count_users(&mut connection).await
        }
    });
    wait_for_lock(pool, 2).await;
    reader.rollback().await.unwrap();
    truncate.await.unwrap().unwrap();
    assert_eq!(statistics.await.unwrap().unwrap().total_users, 0);
    assert_exact(pool, "a truncate beside readers").await;
}

#[tokio::test]
async fn a_truncate_whose_snapshot_is_old_takes_the_counts_of_younger_users_too() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        .await
        .unwrap();
    transaction
        .execute("SELECT FROM _sqlx_migrations")
        .await
        .unwrap();
    pool.execute("INSERT INTO users (email, username) VALUES ('a@x.com', 'a')")
        .await
        .unwrap();
    transaction.execute("TRUNCATE users").await.unwrap();
    transaction.commit().await.unwrap();
    assert_exact(pool, "a truncate under REPEATABLE READ").await;
}

/// Waits until that many sessions of the database wait for a lock.
async fn wait_for_lock(pool: &PgPool, sessions: i64) {
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        if waiting >= sessions {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
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
    let drift: Vec<(bool, bool, i64)> = sqlx::query_as(
        "SELECT is_active, is_superuser, users FROM user_counts_drift ORDER BY is_superuser",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(drift, [(true, false, -47), (true, true, 14)]);
    pool.execute("SELECT repair_user_counts()").await.unwrap();
    assert_exact(pool, "a repair").await;
}

#[tokio::test]
async fn eight_sessions_that_change_rows_at_random_are_counted_exactly() {
    let database = TestDatabase::create().await.unwrap();
    let mix = random_changes::run(database.url(), 8, Duration::from_secs(3))
        .await
        .unwrap();
    assert!(mix.committed > 0 && mix.rolled_back > 0, "{mix:?}");
    assert_eq!(mix.deadlocks, 0, "{mix:?}");
    assert_exact(database.pool(), "random changes").await;
}
