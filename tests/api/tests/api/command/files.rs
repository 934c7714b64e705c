//! What an import says about a file before it sends anything.

use std::io::Write as _;
use std::process::Stdio;

use flate2::{Compression, write::GzEncoder};
use tokio::io::AsyncWriteExt as _;

use super::{Machine, binary, csv, serve};
use crate::fixture::Fixture;

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_is_not_sent() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let good = csv(3, |n| format!("u{n}@example.com,u{n}"));
    for (name, content, message) in [
        (
            "a.csv",
            format!("{good}\"never closed,x\n").into_bytes(),
            "line 5: a quote is never closed",
        ),
        (
            "b.csv",
            [good.as_bytes(), b"m\xfcller@example.com,m\n"].concat(),
            "line 5 has the bytes [FC] after 1 characters. It looks like windows-1252; convert it to UTF-8, \
             for example with iconv -f windows-1252 -t UTF-8, or give --encoding windows-1252",
        ),
        (
            "h.csv",
            b"e\0m\0a\0i\0l\0".to_vec(),
            "UTF-16LE without a byte order mark",
        ),
        (
            "i.csv",
            format!("{good}u@example.com,\"{}", "x\n".repeat(1 << 20)).into_bytes(),
            "line 5: the row is longer than a megabyte",
        ),
        (
            "c.csv",
            b"email,username\n".to_vec(),
            "the file holds no users",
        ),
        ("d.csv", Vec::new(), "the file has no header row"),
        (
            "e.json",
            b"\"users\"".to_vec(),
            "the file is not a JSON array",
        ),
        ("f.json", b"[{}".to_vec(), "the array is never closed"),
        (
            "j.csv.gz",
            gzip(&good)[..30].to_vec(),
            "cannot read the file",
        ),
        (
            "k.csv",
            b"PK\x03\x04\x14\0".to_vec(),
            "the file is a ZIP archive or a workbook of Excel: unpack it, or save the sheet as CSV",
        ),
        (
            "g.xlsx",
            b"PK".to_vec(),
            "the name of the file does not say its format",
        ),
    ] {
        machine.write(name, content);
        let ended = machine
            .run(&["import", name, "--yes", "--batch", "1"])
            .await;
        ended.assert(2, message);
    }
    machine
        .run(&["import", "missing.csv"])
        .await
        .assert(2, "cannot open missing.csv");
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn a_compressed_file_is_imported_like_the_file_in_it() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let users = csv(250, |n| format!("u{n}@example.com,u{n}"));
    machine.write("users.csv.gz", gzip(&users));
    let ended = machine
        .run(&["import", "users.csv.gz", "--yes", "--batch", "100"])
        .await;
    ended.assert(0, "");
    assert_eq!(fixture.count_users().await, 3 + 250);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn nothing_is_sent_before_somebody_has_agreed() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let url = front.url();
    let machine = Machine::of(&fixture, &url);
    machine.write("users.csv", csv(3, |n| format!("u{n}@example.com,u{n}")));
    let ended = machine.run(&["import", "users.csv"]).await;
    ended.assert(
        2,
        "nobody can be asked here: give --yes to import, or --dry-run",
    );
    for line in [
        "format        CSV, separated by commas".to_owned(),
        "columns       email, username".to_owned(),
        "users         3".to_owned(),
        "stored users  rejected".to_owned(),
        format!("API           {url}"),
    ] {
        assert!(
            ended.stderr.lines().any(|found| found == line),
            "{line} in {}",
            ended.stderr
        );
    }
    for (answer, code, users) in [("\n", 1, 3), ("n\n", 1, 3), ("y\n", 0, 6)] {
        let mut terminal = machine.program("python3");
        let spawn = "import os, pty, sys\n\
                     sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
        terminal
            .args(["-c", spawn])
            .arg(binary())
            .args(["import", "users.csv"]);
        let mut child = terminal.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(answer.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        drop(stdin);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains("Import these users? [y/N]"), "{text}");
        assert_eq!(fixture.count_users().await, users);
    }
}

#[tokio::test]
async fn a_dry_run_checks_the_whole_file_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    machine.write(
        "users.csv",
        csv(250, |n| match n {
            40 | 200 => format!("nonsense,u{n}"),
            _ => format!("u{n}@example.com,u{n}"),
        }),
    );
    let ended = machine
        .run(&["import", "users.csv", "--dry-run", "--batch", "100"])
        .await;
    ended.assert(1, "correct the rejected rows in users.csv.rejected.csv");
    assert_eq!(
        ended.stdout,
        "dry run: 248 created, 0 updated, 0 skipped, 2 rejected\n"
    );
    assert_eq!(fixture.count_users().await, 3);
    assert_eq!(
        machine.read("users.csv.rejected.csv"),
        "email,username\nnonsense,u40\nnonsense,u200\n"
    );
    assert_eq!(
        machine.files(),
        [
            "users.csv",
            "users.csv.errors.csv",
            "users.csv.rejected.csv"
        ]
    );
}
