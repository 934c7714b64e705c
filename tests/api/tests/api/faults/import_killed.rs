//! An import is killed again and again, and the server with it.

use std::time::Duration;

use servers::PostgresOptions;

use super::{ROUNDS, blocking, own_server};
use crate::command::{Machine, serve};
use crate::fixture::Fixture;

const USERS: usize = 6_000;

/// A line as Auth0 exports it.
fn exported(number: usize) -> String {
    format!(
        "{{\"user_id\":\"auth0|{number}\",\"email\":\"u{number}@example.com\",\"email_verified\":true,\
         \"name\":\"User {number}\",\"nickname\":\"u{number}\",\"created_at\":\"2023-11-14T22:13:20.000Z\",\
         \"identities\":[{{\"provider\":\"auth0\",\"user_id\":\"{number}\",\"isSocial\":false}}]}}\n"
    )
}

#[tokio::test]
async fn an_export_of_auth0_is_imported_once_though_command_and_server_die_ten_times() {
    // What was confirmed must outlive the crash.
    let options = PostgresOptions::temporary().setting("synchronous_commit", "on");
    let mut server = own_server(options).await;
    let fixture = Fixture::on(&server.url("postgres")).await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    machine.write("export.json", (0..USERS).map(exported).collect::<String>());
    let import = ["import", "export.json", "--yes", "--batch", "20"];
    let mut before = 3;
    for round in 0..ROUNDS {
        let mut child = machine.command(&import).spawn().unwrap();
        let goal = before + 40 + 7 * i64::try_from(round).unwrap();
        while fixture.count_users().await < goal {
            assert!(
                child.try_wait().unwrap().is_none(),
                "round {round} has ended"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if round % 3 == 0 {
            server = blocking(move || server.crash().map(|()| server)).await;
            server = blocking(move || server.restart().map(|()| server)).await;
        }
        child.kill().await.unwrap();
        before = fixture.count_users().await;
    }
    let ended = machine.run(&import).await;
    ended.assert(0, "going on after");
    assert_eq!(
        ended.stdout,
        "6,000 created, 0 updated, 0 skipped, 0 rejected\n"
    );
    let emails: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT email) FROM users WHERE username LIKE 'u%@%'")
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
    assert_eq!(usize::try_from(emails).unwrap(), USERS);
    assert_eq!(
        usize::try_from(fixture.count_users().await).unwrap(),
        USERS + 3
    );
    assert_eq!(machine.files(), ["export.json"]);
}
