//! Imports of CSV as spreadsheets write it.

use super::{Machine, serve};
use crate::fixture::Fixture;

impl Fixture {
    /// The full names of the imported users.
    async fn imported_names(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT full_name FROM users WHERE email LIKE 'u%' ORDER BY email")
            .fetch_all(self.database.pool())
            .await
            .unwrap()
    }
}

fn utf16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16();
    units.flat_map(u16::to_le_bytes).collect()
}

#[tokio::test]
async fn files_of_every_dialect_are_imported_in_several_batches() {
    let western = b"email;username;full_name\r\nu1@example.com;u1;Zo\xeb, 5 \x80\r\nu2@example.com;u2;\xc5sa\r\n";
    for (content, arguments, format, names) in [
        (
            b"sep=;\r\nemail;username;full_name\r\nu1@example.com;u1;a,b,c,d\r\nu2@example.com;u2;\"e;f\"\r\n"
                .to_vec(),
            &[][..],
            "CSV, separated by semicolons",
            ["a,b,c,d", "e;f"],
        ),
        (
            b"sep=|\nemail|username|full_name\nu1@example.com|u1|a;b;c\nu2@example.com|u2|d\n".to_vec(),
            &[],
            "CSV, separated by |",
            ["a;b;c", "d"],
        ),
        (
            b"email,username,full_name\r\ru1@example.com,u1,\"a, b\"\ru2@example.com,u2,c\r".to_vec(),
            &[],
            "CSV, separated by commas",
            ["a, b", "c"],
        ),
        (
            utf16("\u{feff}email\tusername\tfull_name\r\nu1@example.com\tu1\t名前 🔥\r\nu2@example.com\tu2\tZoë\r\n"),
            &[],
            "CSV, separated by tabs, in UTF-16LE",
            ["名前 🔥", "Zoë"],
        ),
        (
            western.to_vec(),
            &["--encoding", "windows-1252"],
            "CSV, separated by semicolons, in windows-1252",
            ["Zoë, 5 €", "Åsa"],
        ),
    ] {
        let fixture = Fixture::new().await;
        let front = serve(&fixture).await;
        let machine = Machine::of(&fixture, &front.url());
        machine.write("users.csv", content);
        let import = ["import", "users.csv", "--yes", "--batch", "1"];
        let ended = machine.run(&[&import, arguments].concat()).await;
        ended.assert(0, &format!("format        {format}\ncolumns       email, username, full_name\n"));
        assert_eq!(fixture.imported_names().await, names, "{format}");
        assert_eq!(machine.files(), ["users.csv"]);
    }
}

#[tokio::test]
async fn a_row_with_a_misplaced_quote_is_rejected_alone_and_can_be_corrected() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let users = "sep=;\nemail;username;full_name\n\
                 u1@example.com;u1;5\" wide\n\
                 u2@example.com;u2;b\n\
                 u3@example.com;u3;\"c\"d\n\
                 nonsense;u4;\"e\"\n";
    machine.write("users.csv", users);
    let import = ["import", "users.csv", "--yes"];
    machine
        .run(&[&import[..], &["--strict"]].concat())
        .await
        .assert(1, "line 3: a quote stands inside a cell");
    assert_eq!(fixture.count_users().await, 3);
    let ended = machine.run(&import).await;
    ended.assert(1, "correct the rejected rows in users.csv.rejected.csv");
    assert_eq!(
        ended.stdout,
        "1 created, 0 updated, 0 skipped, 3 rejected\n"
    );
    assert_eq!(
        machine.read("users.csv.errors.csv"),
        "line,field,code,message\n\
         3,,malformed_row,\"a quote stands inside a cell that does not begin with one\"\n\
         5,,malformed_row,\"text stands behind a closing quote\"\n\
         6,email,invalid_format,\"email must be an address like name@example.com: it has no @\"\n"
    );
    let rejected = machine.read("users.csv.rejected.csv");
    assert_eq!(rejected, users.replace("u2@example.com;u2;b\n", ""));
    let corrected = rejected
        .replace("5\" wide", "\"5\"\" wide\"")
        .replace("\"c\"d", "cd")
        .replace("nonsense", "u4@example.com");
    machine.write("users.csv.rejected.csv", corrected);
    machine
        .output(&["import", "users.csv.rejected.csv", "--yes"])
        .await;
    assert_eq!(fixture.imported_names().await, ["5\" wide", "b", "cd", "e"]);
}

#[tokio::test]
async fn a_file_in_another_encoding_is_imported_to_its_end() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let mut content = b"email;username;full_name\r\n".to_vec();
    for number in 0..5_000 {
        let row = format!("u{number}@example.com;u{number};M");
        content.extend(row.as_bytes());
        content.extend(b"\xfcller\r\n");
    }
    assert!(content.len() > 2 << 16);
    machine.write("users.csv", content);
    let import = ["import", "users.csv", "--yes", "--encoding", "windows-1252"];
    assert_eq!(
        machine.output(&import).await,
        "5,000 created, 0 updated, 0 skipped, 0 rejected\n"
    );
    assert_eq!(fixture.count_users().await, 5_003);
}
