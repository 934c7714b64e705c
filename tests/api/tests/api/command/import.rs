//! Imports: what is stored, what is rejected, and how that is corrected.

use super::{Machine, csv, serve, serve_with};
use crate::fixture::Fixture;

#[tokio::test]
async fn bad_rows_are_reported_and_the_others_imported() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let users = csv(250, |number| match number {
        40 => "nonsense,u40".to_owned(),
        120 => "admin@example.com,u120".to_owned(),
        121 => "u121@example.com,\"u\n121\"".to_owned(),
        200 => "u200@example.com".to_owned(),
        _ => format!("u{number}@example.com,u{number}"),
    });
    machine.write("users.csv", &users);
    let ended = machine
        .run(&["import", "users.csv", "--yes", "--batch", "100"])
        .await;
    ended.assert(
        1,
        "error: correct the rejected rows in users.csv.rejected.csv and import that file; \
         users.csv.errors.csv has the reasons",
    );
    assert_eq!(
        ended.stdout,
        "246 created, 0 updated, 0 skipped, 4 rejected\n"
    );
    assert_eq!(
        machine.read("users.csv.errors.csv"),
        "line,field,code,message\n\
         42,email,invalid_format,\"email must be an address like name@example.com: it has no @\"\n\
         122,email,already_exists,\"a user with this email exists already\"\n\
         123,username,invalid_format,\"username may not have control or invisible characters: character 2 is U+000A\"\n\
         203,,wrong_cell_count,\"the row has 1 cells, the header 2\"\n"
    );
    assert_eq!(fixture.count_users().await, 3 + 246);

    let rejected = machine.read("users.csv.rejected.csv");
    assert_eq!(
        rejected,
        "email,username\nnonsense,u40\nadmin@example.com,u120\n\
         u121@example.com,\"u\n121\"\nu200@example.com\n"
    );
    let corrected = rejected
        .replace("nonsense", "u40@example.com")
        .replace("admin@", "u120@")
        .replace("u\n121", "u121")
        .replace("u200@example.com", "u200@example.com,u200");
    machine.write("users.csv.rejected.csv", corrected);
    let again = ["import", "users.csv.rejected.csv", "--yes", "--json"];
    assert_eq!(
        machine.output(&again).await,
        "{\"created\":4,\"dry_run\":false,\"rejected\":0,\"skipped\":0,\"updated\":0}\n"
    );
    assert_eq!(fixture.count_users().await, 3 + 250);

    let strict = machine
        .run(&["import", "users.csv", "--yes", "--strict"])
        .await;
    strict.assert(
        1,
        "rows of a batch are rejected, so nothing of it was imported:\n  line 42: ",
    );
    assert_eq!(fixture.count_users().await, 3 + 250);
}

#[tokio::test]
async fn a_rejected_element_takes_none_with_it_that_is_on_the_same_line() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let element = |n| match n {
        3 | 5 => format!("{{\"email\":\"nonsense\",\"username\":\"u{n}\"}}"),
        _ => format!("{{\"email\":\"u{n}@example.com\",\"username\":\"u{n}\"}}"),
    };
    let elements: Vec<_> = (0..10).map(element).collect();
    machine.write("users.json", format!("[{}]", elements.join(",")));
    let ended = machine.run(&["import", "users.json", "--yes"]).await;
    assert_eq!(
        ended.stdout,
        "8 created, 0 updated, 0 skipped, 2 rejected\n"
    );
    assert_eq!(fixture.count_users().await, 3 + 8);
    assert_eq!(
        machine.read("users.json.rejected.json"),
        format!("[\n{},\n{}\n]\n", elements[3], elements[5])
    );
}

#[tokio::test]
async fn stored_users_are_skipped_or_updated_on_request() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    machine.write(
        "users.csv",
        "email,full_name,username\nordinary@example.com,Otto,ordinary\n",
    );
    for (on_conflict, counts) in [
        ("skip", "0 created, 0 updated, 1 skipped, 0 rejected\n"),
        ("update", "0 created, 1 updated, 0 skipped, 0 rejected\n"),
    ] {
        let import = ["import", "users.csv", "--yes", "--on-conflict", on_conflict];
        assert_eq!(machine.output(&import).await, counts);
    }
    let name: String =
        sqlx::query_scalar("SELECT full_name FROM users WHERE username = 'ordinary'")
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
    assert_eq!(name, "Otto");
}

#[tokio::test]
async fn a_batch_that_is_too_large_goes_in_parts() {
    let fixture = Fixture::new().await;
    let front = serve_with(&fixture, |_, builder| builder.env("BULK_MAX_ROWS", "30")).await;
    let machine = Machine::of(&fixture, &front.url());
    machine.write("users.csv", csv(100, |n| format!("u{n}@example.com,u{n}")));
    machine
        .output(&["import", "users.csv", "--yes", "--gzip"])
        .await;
    assert_eq!(fixture.count_users().await, 103);
}
