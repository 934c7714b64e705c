//! What `pg_dump` writes of a database before rollcall comes and after it has gone.

use std::{fs, path::Path, path::PathBuf, process::Command};

use shared::store::migrations;
use sqlx::PgConnection;

use crate::foreign_tables::{ForeignTable, TABLES};
use crate::proposals;

/// Tables of `tables/` with what a catalogue has beside columns: enums, domains, generated and identity columns, partial
/// and expression indexes, foreign keys, several schemas, triggers and policies.
const FIXTURES: [&str; 9] = [
    "aspnet_identity",
    "calcom",
    "generated_name",
    "guarded",
    "medusa",
    "odoo",
    "people_numbers",
    "phoenix",
    "tenants",
];

/// A picture of a database, and what it was taken with.
struct Picture {
    lines: Vec<String>,
    by: &'static str,
}

#[tokio::test]
#[expect(
    clippy::print_stdout,
    reason = "a reader of the test's output has to know which of the two it compared"
)]
async fn a_database_is_dumped_as_before_once_rollcall_is_taken_away() {
    for name in TABLES {
        let table = ForeignTable::create(name).await;
        println!("{name}: compared by {}", adopt_and_remove(table).await);
    }
    for name in FIXTURES {
        let (table, _) = proposals::create(name).await;
        println!("{name}: compared by {}", adopt_and_remove(table).await);
    }
}

async fn adopt_and_remove(mut table: ForeignTable) -> &'static str {
    let before = picture(&mut table).await;
    table.adopt().await;
    assert_ne!(picture(&mut table).await.lines, before.lines);
    migrations::remove(&mut table.connection, &table.mapping)
        .await
        .unwrap();
    let after = picture(&mut table).await;
    assert_eq!(after.lines, before.lines);
    before.by
}

/// Schema and rows by `pg_dump`, or, where the server has none beside it, what the catalogue says.
async fn picture(table: &mut ForeignTable) -> Picture {
    match find_pg_dump(&mut table.connection).await {
        Some(program) => Picture {
            lines: dump(&program, table.url()),
            by: "pg_dump",
        },
        None => Picture {
            lines: table.shape().await,
            by: "the catalogue, because the server has no pg_dump beside it",
        },
    }
}

/// The program of the server's own version.
async fn find_pg_dump(connection: &mut PgConnection) -> Option<PathBuf> {
    let folder: String = sqlx::query_scalar("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        .fetch_one(connection)
        .await
        .unwrap();
    let program = Path::new(&folder).join("pg_dump");
    fs::exists(&program).unwrap().then_some(program)
}

fn dump(program: &Path, url: &str) -> Vec<String> {
    let output = Command::new(program).arg(url).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(str::to_owned);
    // Newer versions write a key of their own, another one each time.
    let is_key =
        |line: &String| line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
    lines.filter(|line| !is_key(line)).collect()
}
