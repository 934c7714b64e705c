//! How long it takes to change and delete 10,000 users of a large table.

use anyhow::{Context as _, Result, ensure};
use rig::Request;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::fixture;
use crate::imports;
use crate::program::signing_key;
use crate::report::{Samples, number, say, table};

/// As many users as one transaction takes.
const SIZE: i64 = 10_000;

/// What is done in a row. The index for searches collects what is written, and one of two or three updates
/// has to sort what those before it have left.
const NAMES: [&str; 7] = [
    "update by ids",
    "update by ids, the second",
    "update by ids, the third",
    "update by search",
    "update by flags",
    "delete by ids, dry run",
    "delete by ids",
];

/// A name that nobody of the dataset has.
const NAME: &str = "Zyx Wvutsrq";

pub async fn run(rounds: u32, users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    let mut connection = fixture::dataset(&postgres, "bench", users).await?;
    let function = imports::start("users", &postgres.url("bench"), &[]).await?;
    let mut times = vec![Samples::default(); NAMES.len()];
    for round in 0..=rounds {
        say(&format!("round {round} of {rounds}"));
        let ids = spread_ids(&mut connection).await?;
        name_them(&mut connection, &ids).await?;
        let off = json!({ "is_active": false });
        let by_ids = |set: bool| json!({ "ids": ids, "set": { "is_superuser": set } });
        let by_search = json!({ "filter": { "search": NAME }, "expected_count": SIZE, "set": off });
        let flags = json!({ "is_active": false, "is_superuser": true });
        let count = count(&mut connection).await?;
        let by_flags =
            json!({ "filter": flags, "expected_count": count, "set": { "is_superuser": false } });
        let (preview, delete) = (
            json!({ "ids": ids, "dry_run": true }),
            json!({ "ids": ids }),
        );
        for (place, (path, body)) in [
            ("update", by_ids(true)),
            ("update", by_ids(false)),
            ("update", by_ids(true)),
            ("update", by_search),
            ("update", by_flags),
            ("delete", preview),
            ("delete", delete),
        ]
        .into_iter()
        .enumerate()
        {
            let time = function.send(&request(path, &body)?).await?;
            if round > 0 {
                times[place].0.push(time);
            }
        }
        fixture::check_counts(&mut connection).await?;
        let left = sqlx::query_scalar("SELECT count(*) FROM users WHERE id = ANY($1)");
        let left: i64 = left.bind(&ids).fetch_one(&mut connection).await?;
        ensure!(left == 0, "{left} users were not deleted");
        fixture::settle(&mut connection).await?;
    }
    let rows: Vec<_> = NAMES
        .iter()
        .zip(&times)
        .map(|(name, times)| vec![(*name).to_owned(), times.spread()])
        .collect();
    let conditions = format!(
        "{}, durable commits, {users} users before, {SIZE} users a request, through the function, {rounds} rounds. \
         Median / 99th percentile in ms. The function takes {} MB.",
        fixture::conditions(&postgres),
        number(function.memory("VmHWM:")?),
    );
    connection.close().await?;
    Ok(table(&conditions, "change | time", &rows))
}

/// Users from all over the table, who are on pages of their own.
async fn spread_ids(connection: &mut PgConnection) -> Result<Vec<i64>> {
    let ids =
        sqlx::query_scalar("SELECT id FROM users WHERE id > 1 ORDER BY md5(id::text) LIMIT $1");
    Ok(ids.bind(SIZE).fetch_all(connection).await?)
}

/// Makes the users ones that a search finds and who have all to lose.
async fn name_them(connection: &mut PgConnection, ids: &[i64]) -> Result<()> {
    let update = "UPDATE users SET full_name = $2, is_active = TRUE, is_superuser = FALSE WHERE id = ANY($1)";
    sqlx::query(update)
        .bind(ids)
        .bind(NAME)
        .execute(&mut *connection)
        .await?;
    // What this leaves to be sorted is not the next request's.
    connection.execute("VACUUM users").await?;
    Ok(())
}

/// How many users will pass the filter by flags.
async fn count(connection: &mut PgConnection) -> Result<i64> {
    let others = "SELECT count(*) FROM users WHERE NOT is_active AND is_superuser";
    let others: i64 = sqlx::query_scalar(others).fetch_one(connection).await?;
    others
        .checked_add(SIZE)
        .filter(|count| *count <= SIZE * 2)
        .context("the dataset has too many inactive superusers")
}

fn request(path: &str, body: &Value) -> Result<Request> {
    let token = signing_key().token(1)?;
    let path = format!("/api/v1/users/bulk/{path}");
    Ok(Request::post(&path).bearer(&token).json(body))
}
