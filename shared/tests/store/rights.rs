//! Nobody becomes the owner of the table through what rollcall makes in the database.
//!
//! Every attack is tried by a role with the rights that docs/operations.md asks for, and by one that
//! may only connect; and once more where everybody may execute every function, as after a
//! `pg_restore --no-acl`.

use rig::TestDatabase;
use shared::store::stats::count_users;
use sqlx::{Connection, Executor, PgConnection, PgPool};

use crate::granted_rights::documented_rights;

/// Functions of rollcall's own; those of an extension are its author's.
pub(crate) const OUR_FUNCTIONS: &str = "
    SELECT oid
    FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (
            SELECT FROM pg_depend
            WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
        )";

/// Notes down that it was run with the rights of somebody else. A sequence is not rolled back when what
/// follows fails.
const NOTE: &str = "
    CREATE TEMPORARY SEQUENCE seen;
    GRANT ALL ON SEQUENCE seen TO PUBLIC;
    CREATE FUNCTION pg_temp.note() RETURNS boolean LANGUAGE sql VOLATILE AS $$
        SELECT CASE
            WHEN current_user <> session_user THEN pg_catalog.nextval('pg_temp.seen') > 0
            ELSE TRUE
        END
    $$;
    CREATE FUNCTION pg_temp.note_statement() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_temp.note();
        RETURN NULL;
    END
    $$";

/// A write to the table in each way that is counted.
const WRITES: [&str; 4] = [
    "INSERT INTO public.users (email, username) VALUES ('one@x.com', 'one')",
    "INSERT INTO public.users (email, username) VALUES ('two@x.com', 'two'), ('three@x.com', 'three')",
    "UPDATE public.users SET is_active = FALSE WHERE username = 'one'",
    "UPDATE public.users SET is_active = TRUE, created_at = now() - INTERVAL '1 hour' WHERE username = 'one'",
];

const SHADOWED_TYPES: [&str; 6] = ["text", "timestamptz", "int8", "int4", "bool", "regclass"];

async fn each(connection: &mut PgConnection, statements: impl IntoIterator<Item = String>) {
    for statement in statements {
        // Most of an attack is refused once its door is closed; what counts is what it achieved.
        let _ = connection.execute(statement.as_str()).await;
    }
}

fn shadow_types() -> impl Iterator<Item = String> {
    SHADOWED_TYPES.into_iter().map(|name| {
        format!("CREATE DOMAIN pg_temp.{name} AS pg_catalog.{name} CHECK (pg_temp.note())")
    })
}

fn writes() -> impl Iterator<Item = String> {
    WRITES.into_iter().map(str::to_owned)
}

/// Types of the session's own, found before those of the server where a function has no path.
async fn with_temporary_types(connection: &mut PgConnection) {
    each(connection, shadow_types()).await;
    each(
        connection,
        ["SET search_path = pg_temp, pg_catalog, public".to_owned()],
    )
    .await;
    each(connection, writes()).await;
}

/// Functions compiled for the session with its own types, before a write needs them.
async fn with_functions_compiled_in_advance(connection: &mut PgConnection) {
    let calls: Vec<String> = sqlx::query_scalar(&format!(
        "SELECT format(
             'SELECT public.%I(%s)',
             proname,
             (SELECT string_agg(format('NULL::%s', format_type(type, NULL)), ', ' ORDER BY place)
              FROM unnest(proargtypes) WITH ORDINALITY AS arguments (type, place))
         )
         FROM pg_proc
         WHERE oid IN ({OUR_FUNCTIONS}) AND prorettype <> 'trigger'::regtype"
    ))
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    each(connection, shadow_types()).await;
    each(
        connection,
        ["SET search_path = pg_temp, pg_catalog, public".to_owned()],
    )
    .await;
    each(connection, calls.clone()).await;
    each(connection, ["SET search_path = public".to_owned()]).await;
    each(connection, writes()).await;
}

/// The functions of the triggers on a table of the attacker's own.
async fn with_triggers_on_an_own_table(connection: &mut PgConnection) {
    let functions: Vec<String> = sqlx::query_scalar(&format!(
        "SELECT proname::text FROM pg_proc
         WHERE oid IN ({OUR_FUNCTIONS}) AND prorettype = 'trigger'::regtype"
    ))
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    assert!(functions.len() >= 4, "{functions:?}");
    let columns = "is_active, is_superuser, created_at";
    each(
        connection,
        [
            "CREATE TYPE pg_temp.flag AS (n integer)".to_owned(),
            "CREATE FUNCTION pg_temp.to_boolean(pg_temp.flag) RETURNS boolean LANGUAGE sql VOLATILE
             AS $$ SELECT pg_temp.note() $$"
                .to_owned(),
            "CREATE CAST (pg_temp.flag AS boolean) WITH FUNCTION pg_temp.to_boolean(pg_temp.flag)
             AS IMPLICIT"
                .to_owned(),
            "CREATE VIEW pg_temp.added AS
             SELECT pg_temp.note() AS is_active, TRUE AS is_superuser, now() AS created_at"
                .to_owned(),
            "CREATE VIEW pg_temp.removed AS SELECT * FROM pg_temp.added".to_owned(),
        ],
    )
    .await;
    for function in functions {
        for (flag, references) in [
            ("boolean", ""),
            ("pg_temp.flag", "REFERENCING NEW TABLE AS added"),
            ("pg_temp.flag", "REFERENCING OLD TABLE AS removed"),
        ] {
            let value = if flag == "boolean" {
                "TRUE"
            } else {
                "ROW(1)::pg_temp.flag"
            };
            let events: &[&str] = match references {
                "" => &["INSERT", "UPDATE", "DELETE", "TRUNCATE"],
                added if added.contains("NEW") => &["INSERT", "UPDATE"],
                _ => &["UPDATE", "DELETE"],
            };
            for event in events {
                for level in ["ROW", "STATEMENT"] {
                    each(
                        connection,
                        [
                            "DROP TABLE IF EXISTS pg_temp.users".to_owned(),
                            format!(
                                "CREATE TABLE pg_temp.users (is_active {flag}, is_superuser {flag}, \
                                 created_at timestamptz)"
                            ),
                            format!(
                                "INSERT INTO pg_temp.users ({columns}) VALUES ({value}, {value}, now())"
                            ),
                            format!(
                                "CREATE TRIGGER attack AFTER {event} ON pg_temp.users {references} \
                                 FOR EACH {level} EXECUTE FUNCTION public.{function}()"
                            ),
                            format!(
                                "INSERT INTO pg_temp.users ({columns}) VALUES ({value}, {value}, now())"
                            ),
                            "UPDATE pg_temp.users SET created_at = now() - INTERVAL '2 hours'".to_owned(),
                            "DELETE FROM pg_temp.users".to_owned(),
                            "TRUNCATE pg_temp.users".to_owned(),
                        ],
                    )
                    .await;
                }
            }
        }
    }
}

/// A schema with the name of the owner, which `"$user"` in a stored path means.
async fn with_a_schema_of_the_owners_name(connection: &mut PgConnection) {
    let owner: String = sqlx::query_scalar(
        "SELECT relowner::regrole::text FROM pg_class WHERE oid = 'public.users'::regclass",
    )
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname LIKE 'user%'",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    each(connection, [format!("CREATE SCHEMA IF NOT EXISTS {owner}")]).await;
    for table in tables.iter().filter(|table| *table != "users") {
        each(
            connection,
            [
                format!("CREATE TABLE {owner}.{table} (LIKE public.{table} INCLUDING ALL)"),
                format!("GRANT ALL ON {owner}.{table} TO PUBLIC"),
                format!("INSERT INTO {owner}.{table} SELECT * FROM public.{table}"),
                format!(
                    "CREATE TRIGGER attack BEFORE INSERT OR UPDATE OR DELETE ON {owner}.{table} \
                     FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.note_statement()"
                ),
            ],
        )
        .await;
    }
    each(
        connection,
        [format!("GRANT ALL ON SCHEMA {owner} TO PUBLIC")],
    )
    .await;
    each(connection, writes()).await;
    each(
        connection,
        ["SELECT public.compact_user_counts()".to_owned()],
    )
    .await;
}

/// Functions and operators in the table's own schema, which everybody may create up to PostgreSQL 14, for
/// types that fit better than those of the server's own.
async fn with_functions_that_fit_better(connection: &mut PgConnection) {
    let mut statements = Vec::new();
    for (number, (left, right)) in [
        ("bigint", "integer"),
        ("integer", "bigint"),
        ("oid", "regclass"),
        ("regclass", "oid"),
        ("timestamptz", "text"),
        ("double precision", "integer"),
        ("numeric", "integer"),
        ("numeric", "bigint"),
    ]
    .into_iter()
    .enumerate()
    {
        statements.push(format!(
            "CREATE FUNCTION public.compare{number}({left}, {right}) RETURNS boolean LANGUAGE sql VOLATILE
             AS $$ SELECT pg_temp.note() IS NULL $$"
        ));
        statements.push(format!(
            "CREATE FUNCTION public.compute{number}({left}, {right}) RETURNS {left} LANGUAGE sql VOLATILE
             AS $$ SELECT $1 FROM pg_temp.note() $$"
        ));
        for (kind, operators) in [
            ("compare", ["=", "<>", "<", ">=", ">"].as_slice()),
            ("compute", &["+", "-", "*", "%"]),
        ] {
            statements.extend(operators.iter().map(|operator| {
                format!(
                    "CREATE OPERATOR public.{operator} \
                     (FUNCTION = public.{kind}{number}, LEFTARG = {left}, RIGHTARG = {right})"
                )
            }));
        }
    }
    for (signature, result) in [
        ("unnest(text[])", "SETOF text"),
        ("date_trunc(varchar, timestamptz, varchar)", "timestamptz"),
        ("date_part(varchar, timestamptz)", "double precision"),
        ("current_setting(varchar)", "text"),
    ] {
        statements.push(format!(
            "CREATE FUNCTION public.{signature} RETURNS {result} LANGUAGE sql VOLATILE
             AS $$ SELECT NULL::{} FROM pg_temp.note() $$",
            result.trim_start_matches("SETOF ")
        ));
    }
    each(connection, statements).await;
    // Often enough for the changes to be added up now and then.
    for round in 0..300 {
        each(
            connection,
            [
                format!("INSERT INTO public.users (email, username) VALUES ('{round}@y.com', 'y{round}')"),
                format!("UPDATE public.users SET is_superuser = TRUE WHERE username = 'y{round}'"),
            ],
        )
        .await;
    }
    each(
        connection,
        ["SELECT public.compact_user_counts()".to_owned()],
    )
    .await;
}

/// A session of a role, with nothing but what was granted to it.
pub(crate) async fn session(database: &TestDatabase, role: &str) -> PgConnection {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let become_role = format!("SET SESSION AUTHORIZATION {role}");
    connection.execute(become_role.as_str()).await.unwrap();
    connection.execute(NOTE).await.unwrap();
    connection
}

async fn assert_counts_are_true(pool: &PgPool, attack: &str) {
    let mut connection = pool.acquire().await.unwrap();
    connection
        .execute("SET search_path = public")
        .await
        .unwrap();
    let kept = count_users(&mut connection).await.unwrap();
    let total: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(kept.total_users, total, "after {attack}");
}

#[tokio::test]
async fn nobody_runs_code_with_the_rights_of_the_owner() {
    for is_acl_lost in [false, true] {
        for is_documented in [false, true] {
            let database = TestDatabase::create().await.unwrap();
            let pool = database.pool();
            let role = format!("{}_role", database.name());
            let rights = if is_documented {
                documented_rights(database.name(), &role)
            } else {
                String::new()
            };
            pool.execute(format!("CREATE ROLE {role}; {rights}").as_str())
                .await
                .unwrap();
            if is_acl_lost {
                pool.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC")
                    .await
                    .unwrap();
            }
            pool.execute("INSERT INTO users (email, username) VALUES ('first@x.com', 'first')")
                .await
                .unwrap();
            // Attacks that succeed are listed together, so that one does not hide another.
            let mut successes = Vec::new();
            for number in 0..5 {
                let mut attacker = session(&database, &role).await;
                let attack = match number {
                    0 => {
                        with_temporary_types(&mut attacker).await;
                        "temporary types"
                    }
                    1 => {
                        with_functions_compiled_in_advance(&mut attacker).await;
                        "functions compiled in advance"
                    }
                    2 => {
                        with_triggers_on_an_own_table(&mut attacker).await;
                        "triggers on an own table"
                    }
                    3 => {
                        let grant =
                            format!("GRANT CREATE ON DATABASE {} TO {role}", database.name());
                        pool.execute(grant.as_str()).await.unwrap();
                        with_a_schema_of_the_owners_name(&mut attacker).await;
                        "a schema of the owner's name"
                    }
                    _ => {
                        pool.execute(format!("GRANT CREATE ON SCHEMA public TO {role}").as_str())
                            .await
                            .unwrap();
                        with_functions_that_fit_better(&mut attacker).await;
                        "functions that fit better"
                    }
                };
                let is_owner: bool = sqlx::query_scalar("SELECT is_called FROM pg_temp.seen")
                    .fetch_one(&mut attacker)
                    .await
                    .unwrap();
                if is_owner {
                    successes.push(attack);
                }
                attacker.close().await.unwrap();
                assert_counts_are_true(pool, attack).await;
            }
            assert!(
                successes.is_empty(),
                "with the rights {rights:?}, lost ACL {is_acl_lost}: {successes:#?}"
            );
        }
    }
}
