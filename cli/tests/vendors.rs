//! Files as other systems write them become the users that a person expects. Each `NAME.expected.csv` has the
//! users of `NAME` as they are sent, and `NAME.options` has options, one on each line.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers do too"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder(vendor: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vendors")
        .join(vendor)
}

fn print(vendor: &str, name: &str, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.current_dir(folder(vendor));
    command.args(["import", name, "--print"]).args(options);
    command.output().unwrap()
}

/// Reads all files of a system, which has this many.
fn check(vendor: &str, expected_count: usize) {
    let mut count = 0;
    for entry in fs::read_dir(folder(vendor)).unwrap() {
        let expected_path = entry.unwrap().path();
        let expected_name = expected_path.file_name().unwrap().to_str().unwrap();
        let Some(name) = expected_name.strip_suffix(".expected.csv") else {
            continue;
        };
        count += 1;
        let options = folder(vendor).join(format!("{name}.options"));
        let options = fs::read_to_string(options).unwrap_or_default();
        let output = print(vendor, name, &options.lines().collect::<Vec<_>>());
        let problem = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{name}: {problem}");
        let expected = fs::read_to_string(&expected_path).unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(found, expected, "{vendor}/{name}");
    }
    assert_eq!(count, expected_count);
}

#[test]
fn files_of_auth0_have_the_users_that_a_person_expects() {
    check("auth0", 5);
}

#[test]
fn files_of_firebase_have_the_users_that_a_person_expects() {
    check("firebase", 5);
}

#[test]
fn files_of_cognito_have_the_users_that_a_person_expects() {
    check("cognito", 6);
}

#[test]
fn files_of_keycloak_have_the_users_that_a_person_expects() {
    check("keycloak", 6);
}

#[test]
fn files_of_okta_have_the_users_that_a_person_expects() {
    check("okta", 5);
}

#[test]
fn files_of_entra_have_the_users_that_a_person_expects() {
    check("entra", 7);
}

#[test]
fn files_of_google_workspace_have_the_users_that_a_person_expects() {
    check("google", 5);
}

#[test]
fn files_of_django_have_the_users_that_a_person_expects() {
    check("django", 5);
}

#[test]
fn files_of_kratos_have_the_users_that_a_person_expects() {
    check("kratos", 5);
}

#[test]
fn files_of_supabase_have_the_users_that_a_person_expects() {
    check("supabase", 5);
}

#[test]
fn files_of_wordpress_have_the_users_that_a_person_expects() {
    check("wordpress", 5);
}

#[test]
fn files_of_devise_have_the_users_that_a_person_expects() {
    check("devise", 5);
}

#[test]
fn files_that_users_have_reported_are_read() {
    check("cases", 7);
}

#[test]
fn ids_are_kept_where_that_is_asked_for() {
    for (vendor, name) in [
        ("django", "1-dumpdata.json"),
        ("wordpress", "3-wp-cli.csv"),
        ("devise", "1-users-postgres.csv"),
    ] {
        let output = print(vendor, name, &["--keep-ids"]);
        let found = String::from_utf8(output.stdout).unwrap();
        let mut lines = found.lines();
        assert!(lines.next().unwrap().ends_with(",id"), "{found}");
        assert!(lines.next().unwrap().ends_with(",\"1\""), "{found}");
    }
}

#[test]
fn hashes_of_firebase_without_their_parameters_are_refused_with_advice() {
    let output = print("firebase", "4-without-passwords.json", &[]);
    assert_eq!(output.status.code(), Some(2));
    let problem = String::from_utf8(output.stderr).unwrap();
    assert!(problem.contains("give --hash-parameters FILE"), "{problem}");
}

#[test]
fn a_column_that_is_left_out_leaves_the_others_of_its_field() {
    let output = print("entra", "6-powershell.csv", &["--map", "Mail="]);
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(
        found.contains("\n\"ada@corp.example\",\"ada@corp.example\",\"Ada Lovelace\""),
        "{found}"
    );
}
