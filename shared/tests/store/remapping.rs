//! Another mapping of a table that is adopted already.

use shared::platform::config::UsersTable;
use shared::store::migrations;
use shared::users::{Filter, SearchTerm};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::foreign_tables::{ForeignTable, assert_no_drift, orders};

fn mapping(fields: &str) -> UsersTable {
    let mapping = format!(
        r#"{{ "table": "staff", "id": {{ "column": "id" }}, "email": "email", {fields} }}"#
    );
    UsersTable::parse(&mapping).unwrap()
}

async fn scalar<T>(connection: &mut PgConnection, sql: &str) -> T
where
    T: Send + Unpin + sqlx::Type<sqlx::Postgres> + for<'r> sqlx::Decode<'r, sqlx::Postgres>,
{
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

const TABLE: &str = "
    CREATE TABLE staff (
        id serial PRIMARY KEY, email text NOT NULL UNIQUE, login text, nick text, state text NOT NULL DEFAULT 'on',
        hired timestamptz, phone text
    );
    INSERT INTO staff (email, login, nick, state, hired)
    SELECT 'p' || n || '@x.example', 'l' || n, 'n' || n, CASE WHEN n % 3 = 0 THEN 'off' ELSE 'on' END, now()
    FROM generate_series(1, 500) AS n";

#[tokio::test]
async fn another_mapping_is_applied_in_place_while_the_application_writes_and_the_log_and_rights_stay()
 {
    let first = mapping(r#""username": "login", "created_at": "hired""#);
    let mut table = ForeignTable::of(TABLE, first).await;
    let before = table.shape().await;
    table.adopt().await;
    let reader = format!("remapping_reader_{}", std::process::id());
    let setup = format!(
        "INSERT INTO user_audit (action, actor_kind) VALUES ('user.update', 'operator');
         CREATE ROLE {reader};
         GRANT SELECT ON users, user_count_totals TO {reader};
         GRANT EXECUTE ON FUNCTION compact_user_counts() TO {reader}"
    );
    table.connection.execute(setup.as_str()).await.unwrap();

    let url = table.url().to_owned();
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let writer = tokio::spawn(async move {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let mut written = 0_u32;
        while stopped.try_recv().is_err() {
            let sql = "INSERT INTO public.staff (email, login, nick) \
                       VALUES (gen_random_uuid()::text, gen_random_uuid()::text, 'w');
                       UPDATE public.staff SET state = 'off' WHERE id = (SELECT max(id) FROM public.staff)";
            connection.execute(sql).await.unwrap();
            written += 1;
        }
        written
    });
    table.mapping = mapping(
        r#""username": { "column": "nick", "unique": false }, "is_active": { "sql": "state = 'on'" }, "created_at": "hired",
           "extra": { "phone": "phone" }, "users_are": "state <> 'gone'""#,
    );
    table.adopt().await;
    stop.send(()).unwrap();
    let written = writer.await.unwrap();
    assert!(written > 0);

    let connection = &mut table.connection;
    assert_no_drift(connection, "remapped").await;
    assert_eq!(
        scalar::<i64>(connection, "SELECT count(*) FROM user_audit").await,
        1
    );
    let rights = format!(
        "SELECT has_table_privilege('{reader}', 'rollcall.users', 'SELECT')
             AND has_table_privilege('{reader}', 'rollcall.user_count_totals', 'SELECT')
             AND has_function_privilege('{reader}', 'rollcall.compact_user_counts()', 'EXECUTE')
             AND NOT has_table_privilege('{reader}', 'rollcall.users', 'INSERT')"
    );
    assert!(scalar::<bool>(connection, &rights).await);
    let counted = "SELECT sum(users)::bigint FROM (
                       SELECT users FROM user_count_totals WHERE is_active
                       UNION ALL SELECT users FROM user_count_changes WHERE is_active
                   ) AS counts";
    assert_eq!(scalar::<i64>(connection, counted).await, 334);
    let stale_indexes = "SELECT count(*) FROM pg_class WHERE relname ~ '_(next|replaced)$'";
    assert_eq!(scalar::<i64>(connection, stale_indexes).await, 0);
    for sort in orders(&table) {
        let search = Filter {
            search: Some(SearchTerm::parse("n499").unwrap()),
            ..Filter::default()
        };
        let found = table.list(search, sort).await;
        assert_eq!(found[0].username.as_deref(), Some("n499"), "{sort:?}");
    }

    // As if another change had been interrupted before its end.
    let index = "CREATE INDEX rollcall_users_email_next ON staff (email)";
    table.connection.execute(index).await.unwrap();
    table.adopt().await;
    assert_eq!(scalar::<i64>(&mut table.connection, stale_indexes).await, 0);
    let drop = format!("DROP OWNED BY {reader}; DROP ROLE {reader}");
    table.connection.execute(drop.as_str()).await.unwrap();
    migrations::remove(&mut table.connection, &table.mapping)
        .await
        .unwrap();
    assert_eq!(table.shape().await, before);
}

#[tokio::test]
async fn a_mapping_of_another_table_or_one_that_cannot_work_leaves_the_applied_one() {
    let first = mapping(r#""username": "login""#);
    let mut table = ForeignTable::of(TABLE, first.clone()).await;
    table.adopt().await;
    let adopted = table.shape().await;
    table
        .connection
        .execute("UPDATE staff SET nick = 'same'")
        .await
        .unwrap();
    for (other, reason) in [
        (mapping(r#""username": "nick""#), "usernames of more than one user"),
        (mapping(r#""username": "nobody""#), "which the table does not have"),
        (
            UsersTable::parse(r#"{ "table": "staff", "id": { "column": "email", "type": "text" }, "username": "login" }"#).unwrap(),
            "names another table or another id",
        ),
    ] {
        let refused = migrations::up(&mut table.connection, &other).await.unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
        assert_eq!(table.shape().await, adopted);
    }
    migrations::up(&mut table.connection, &first).await.unwrap();
}
