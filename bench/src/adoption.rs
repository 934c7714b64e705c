//! Migrations of another application's table while it is written to.

use std::time::Instant;

use anyhow::{Result, ensure};
use rig::foreign_table::{self, Application};
use shared::platform::config::UsersTable;
use shared::store::migrations;
use sqlx::Executor as _;

use crate::fixture;
use crate::report::{milliseconds, number, say, table};

pub async fn run(users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    let mut connection = fixture::create(&postgres, "adopted", "template1").await?;
    foreign_table::create(&mut connection, users).await?;
    fixture::settle(&mut connection).await?;
    let mut rows = Vec::new();
    for direction in ["up", "down"] {
        say(direction);
        let application = Application::start(&postgres.url("adopted"));
        let started = Instant::now();
        if direction == "up" {
            migrations::up(&mut connection, &UsersTable::Unspecified).await?;
        } else {
            let steps = migrations::status(&mut connection).await?.len();
            migrations::down(&mut connection, steps).await?;
        }
        let took = started.elapsed().as_secs_f64();
        let written = application.stop().await?;
        if direction == "up" {
            let count = sqlx::query_scalar("SELECT count(*) FROM users");
            let count: i64 = count.fetch_one(&mut connection).await?;
            ensure!(
                count == i64::from(users) + i64::from(written.users),
                "{count} users"
            );
            fixture::check_counts(&mut connection).await?;
            // On the way down the application inserts the same names again.
            connection
                .execute("DELETE FROM users WHERE username LIKE 'written%'")
                .await?;
        }
        rows.push(vec![
            direction.to_owned(),
            format!("{took:.1} s"),
            written.users.to_string(),
            number(milliseconds(written.median())),
            number(milliseconds(written.longest())),
        ]);
    }
    let conditions = format!(
        "{}, durable commits, {users} users before. No user was lost, and the counts were those of a \
         recount.",
        fixture::conditions(&postgres)
    );
    let head = "direction | took | pairs meanwhile | median pair in ms | longest pair in ms";
    Ok(table(&conditions, head, &rows))
}
