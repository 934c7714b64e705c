//! Imports of files whose columns are others, and what the command says of them.

use super::{Machine, serve};
use crate::fixture::Fixture;

const CUSTOMERS: &[u8] = b"Vorname;Nachname;E-Mail;Benutzer;Telefon;Anmeldung\r\n\
    Zo\xeb;M\xfcller;Zoe@Example.com;zoe;0151;2023-11-14 22:13\r\n\
    ;Hopper;grace@example.com;;;\r\n\
    Alan;;nonsense;alan;;2023-11-14\r\n";

const OPTIONS: [&str; 12] = [
    "--encoding",
    "windows-1252",
    "--map",
    "Vorname+Nachname=full_name",
    "--map",
    "Benutzer=username",
    "--map",
    "Telefon=",
    "--map",
    "Anmeldung=created_at",
    "--repair",
    "utc,case,username",
];

#[tokio::test]
async fn columns_become_what_the_operator_says_and_rejected_rows_can_be_corrected() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    machine.write("kunden.csv", CUSTOMERS);
    let import = [&["import", "kunden.csv", "--yes"], &OPTIONS[..]].concat();
    let ended = machine.run(&import).await;
    ended.assert(1, "correct the rejected rows in kunden.csv.rejected.csv");
    for line in [
        "format        CSV, separated by semicolons, in windows-1252",
        "email         E-Mail",
        "username      Benutzer, or the email",
        "full_name     Vorname, Nachname",
        "created_at    Anmeldung",
        "users         3",
        "of these      1 named by their email, 3 without password",
    ] {
        let mut lines = ended.stderr.lines();
        assert!(
            lines.any(|found| found == line),
            "{line} in {}",
            ended.stderr
        );
    }
    assert_eq!(
        ended.stdout,
        "2 created, 0 updated, 0 skipped, 1 rejected\n"
    );
    let stored: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT email, username, full_name, created_at = '2023-11-14 22:13:00+00' FROM users WHERE id > 3 ORDER BY 1",
    )
    .fetch_all(fixture.database.pool())
    .await
    .unwrap();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        stored,
        [
            (
                text("grace@example.com"),
                text("grace@example.com"),
                text("Hopper"),
                false
            ),
            (
                text("zoe@example.com"),
                text("zoe"),
                text("Zoë Müller"),
                true
            ),
        ]
    );
    assert_eq!(
        machine.read("kunden.csv.errors.csv"),
        "line,field,code,message\n\
         4,email,invalid_format,\"email must be an address like name@example.com: it has no @\"\n"
    );
    let rejected = machine.read("kunden.csv.rejected.csv");
    assert_eq!(
        rejected,
        "email,username,full_name,created_at\n\"nonsense\",\"alan\",\"Alan\",\"2023-11-14T00:00:00Z\"\n"
    );
    machine.write(
        "kunden.csv.rejected.csv",
        rejected.replace("nonsense", "alan@example.com"),
    );
    let again = ["import", "kunden.csv.rejected.csv", "--yes"];
    assert_eq!(
        machine.output(&again).await,
        "1 created, 0 updated, 0 skipped, 0 rejected\n"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_meant_is_refused_with_all_that_is_in_the_way() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    for (name, content, options, message) in [
        (
            "a.csv",
            "email,username,phone,Wohnort\na@example.com,a,1,x\n",
            &[][..],
            "the API does not know the columns \"phone\", \"Wohnort\". Its fields are email, username, full_name, \
             password, password_hash, is_active, is_superuser, created_at, id. Say what the columns are, for example \
             --map \"phone=full_name\", or leave them out: --map \"phone=\" --map \"Wohnort=\"",
        ),
        (
            "b.csv",
            "email,username\na@example.com,a,b,c\nb@example.com,b\nc@example.com,\"c\"d\n",
            &["--repair", "case"],
            "rows cannot be read, correct them in the file:\n  line 2: it has 4 cells, the header 2\n  line 4: text \
             stands behind a closing quote",
        ),
        (
            "c.csv",
            "email,username\na@example.com,a\n",
            &["--map", "Vorname=full_name"],
            "--map: the file has no column \"Vorname\"",
        ),
        (
            "d.ndjson",
            "{\"email\":\"a@example.com\",\"username\":\"a\",\"phone\":1}\n",
            &["--map", "name=full_name"],
            "--map: no user of the file has \"name\"",
        ),
        (
            "e.ndjson",
            "{\"email\":\"a@example.com\",\"username\":\"a\",\"phone\":1}\n",
            &["--map", "'x'=full_name"],
            "the API does not know the columns \"phone\"",
        ),
    ] {
        machine.write(name, content);
        let ended = machine
            .run(&[&["import", name, "--yes"], options].concat())
            .await;
        ended.assert(2, message);
    }
    assert_eq!(fixture.count_users().await, 3);
}
