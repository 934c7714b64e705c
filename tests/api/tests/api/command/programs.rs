//! Imports of what programs, databases and APIs print.

use super::{Machine, serve};
use crate::fixture::Fixture;

const HASH: &str = "$2y$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";

impl Fixture {
    /// Username and name of the imported users.
    async fn imported(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT concat_ws(' ', username, full_name) FROM users WHERE id > 3 ORDER BY username",
        )
        .fetch_all(self.database.pool())
        .await
        .unwrap()
    }

    async fn forget_imported(&self) {
        sqlx::query("DELETE FROM users WHERE id > 3")
            .execute(self.database.pool())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn files_that_programs_print_are_imported() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    for (name, content, options) in [
        (
            "pandas.csv",
            ",email,username,full_name\n0,a@example.com,a,Ann\n1,b@example.com,b,\n",
            &[][..],
        ),
        (
            "pandas-mapped.csv",
            ",email,login,full_name\n0,a@example.com,a,Ann\n1,b@example.com,b,\n",
            &["--map", "login=username"],
        ),
        (
            "sqlite.tsv",
            "email|username|full_name\na@example.com|a|Ann\nb@example.com|b|\n",
            &[],
        ),
        (
            "powershell.csv",
            "#TYPE Selected.User\r\n\"email\";\"username\";\"full_name\"\r\n\
             \"a@example.com\";\"a\";\"Ann\"\r\n\"b@example.com\";\"b\";\r\n",
            &[],
        ),
        (
            "numbers.csv",
            "Table 1\nemail,username,full_name\na@example.com,a,Ann\nb@example.com,b,\n",
            &["--batch", "1"],
        ),
        (
            "answer.json",
            "{\"total\": 2, \"items\": [\n{\"id\": 8, \"email\": \"a@example.com\", \"username\": \"a\", \
             \"full_name\": \"Ann\"},\n{\"email\": \"b@example.com\", \"username\": \"b\"}]}\n",
            &["--batch", "1"],
        ),
        (
            "scim.json",
            "{\"Resources\": [{\"userName\": \"a\", \"name\": {\"formatted\": \"Ann\"}, \
             \"emails\": [{\"value\": \"a@example.com\"}]}, {\"userName\": \"b\", \
             \"emails\": [{\"value\": \"b@example.com\"}]}]}",
            &[
                "--map",
                "userName=username",
                "--map",
                "name.formatted=full_name",
                "--map",
                "emails.0.value=email",
            ],
        ),
        (
            "jq.json",
            "{\n  \"email\": \"a@example.com\",\n  \"username\": \"a\",\n  \"full_name\": \"Ann\"\n}\n\
             {\n  \"email\": \"b@example.com\",\n  \"username\": \"b\"\n}\n",
            &["--batch", "1"],
        ),
        (
            "plus.csv",
            "email,username,name (first+last),c++\na@example.com,a,Ann,1\nb@example.com,b,,2\n",
            &["--map", "name (first+last)=full_name", "--map", "c++="],
        ),
        (
            "twice.csv",
            "E-Mail,Email,username,full_name\nx@example.com,a@example.com,a,Ann\ny@example.com,b@example.com,b,\n",
            &["--map", "E-Mail="],
        ),
    ] {
        machine.write(name, content);
        let ended = machine
            .run(&[&["import", name, "--yes"], options].concat())
            .await;
        ended.assert(0, "");
        assert_eq!(fixture.imported().await, ["a Ann", "b"], "{name}");
        fixture.forget_imported().await;
    }
}

#[tokio::test]
async fn files_in_which_something_is_in_the_way_are_refused_with_what_to_do() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    for (name, content, options, parts) in [
        (
            "mailchimp.csv",
            &b"Email Address,First Name,TAGS\na@example.com,Ann,\n"[..],
            &[][..],
            &[
                "\"Email Address\", \"First Name\", \"TAGS\"",
                "No column is the email",
                "give --repair username",
                "give --from rollcall",
            ][..],
        ),
        (
            "outfile.csv",
            b"1\ta@example.com\ta\n2\tb@example.com\tb\n",
            &[],
            &["a header row with the names of columns must come first"],
        ),
        (
            "quoted.csv",
            b"\"email,username\"\n\"a@example.com,a\"\n",
            &[],
            &["quotes around whole rows"],
        ),
        (
            "page.csv",
            b"<!DOCTYPE html>\n<html lang=\"en\">Sign in</html>\n",
            &[],
            &["the file is HTML or XML"],
        ),
        (
            "book.csv",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0\0\0\0\0",
            &[],
            &["a workbook of Excel 97 to 2003: unpack it, or save the sheet as CSV"],
        ),
        (
            "mac.csv",
            b"email,username,full_name\ra@example.com,a,Zo\x91\r",
            &[],
            &["--encoding macintosh"],
        ),
        (
            "twice.csv",
            b"E-Mail,Email,username\na@example.com,b@example.com,a\n",
            &["--repair", "case"],
            &["\"E-Mail\" and \"Email\" are both email"],
        ),
        (
            "twice-alone.csv",
            b"E-Mail,Email,username\na@example.com,b@example.com,a\n",
            &[],
            &["\"E-Mail\" and \"Email\" are both email"],
        ),
        (
            "zendesk.json",
            b"{\"users\": [{\"email\": \"a@example.com\", \"name\": \"Ann\", \"role\": \"end-user\"}]}",
            &[],
            &["\"name\", \"role\"", "give --repair username"],
        ),
        (
            "unnamed.csv",
            b"email,username,\na@example.com,a,x\n",
            &["--repair", "case"],
            &["cell 3 has a value, but its column has no name"],
        ),
    ] {
        machine.write(name, content);
        let ended = machine
            .run(&[&["import", name, "--yes"], options].concat())
            .await;
        for part in parts {
            ended.assert(2, part);
        }
    }
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn an_element_that_is_not_json_is_rejected_alone() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    machine.write(
        "nan.json",
        "[{\"email\": \"a@example.com\", \"username\": \"a\", \"full_name\": NaN},\n\
         {\"email\": \"b@example.com\", \"username\": \"b\"}]\n",
    );
    let ended = machine.run(&["import", "nan.json", "--yes"]).await;
    ended.assert(1, "correct the rejected rows");
    assert_eq!(fixture.imported().await, ["b"]);
    let reasons = machine.read("nan.json.errors.csv");
    assert!(
        reasons.contains("1,,malformed_row,\"it is not valid JSON"),
        "{reasons}"
    );
}

#[tokio::test]
async fn a_column_of_passwords_that_are_hashes_is_not_hashed_again() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    machine.write(
        "laravel.csv",
        format!("\"email\",\"username\",\"password\"\n\"a@example.com\",\"a\",\"{HASH}\"\n"),
    );
    let ended = machine.run(&["import", "laravel.csv", "--yes"]).await;
    ended.assert(1, "correct the rejected rows");
    let reasons = machine.read("laravel.csv.errors.csv");
    assert!(reasons.contains("password_hash"), "{reasons}");
    let mapped = ["--map", "password=password_hash"];
    machine
        .output(&[&["import", "laravel.csv", "--yes"], &mapped[..]].concat())
        .await;
    let stored: String = sqlx::query_scalar("SELECT password_hash FROM users WHERE username = 'a'")
        .fetch_one(fixture.database.pool())
        .await
        .unwrap();
    assert_eq!(stored, HASH);
}
