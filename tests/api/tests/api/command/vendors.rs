//! Imports of what other systems export, as far as the service accepts their users.

use std::fs;
use std::path::Path;

use servers::places::workspace_root;

use super::{Machine, serve};
use crate::fixture::Fixture;

/// Files of which the service rejects users, and how many: those without an email, those that repeat
/// one, and others.
const REJECTED: [(&str, u32); 16] = [
    ("auth0/1-users-export.json", 1),
    ("auth0/2-users-export.csv", 1),
    ("cognito/1-list-users.json", 1),
    ("devise/3-users-mysql.csv", 1),
    ("devise/5-duplicates.csv", 1),
    ("django/1-dumpdata.json", 1),
    ("django/2-dumpdata-lines.jsonl", 1),
    ("firebase/2-auth-export.csv", 1),
    ("firebase/3-anonymous-and-phone.json", 1),
    ("firebase/5-auth-export-windows.csv", 1),
    ("keycloak/3-admin-api.json", 1),
    ("kratos/3-identities-lines.ndjson", 1),
    ("okta/3-users-lines.ndjson", 1),
    ("supabase/5-phone-and-sso.csv", 1),
    // One has no email, and the username of the other has a space.
    ("wordpress/2-wp-users-phpmyadmin.csv", 2),
    // An MD5 hash.
    ("wordpress/5-wp-cli.json", 1),
];

#[tokio::test]
async fn the_service_accepts_the_users_of_other_systems() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    let vendors = workspace_root().join("cli/tests/vendors");
    let mut count = 0;
    for vendor in fs::read_dir(vendors).unwrap() {
        let vendor = vendor.unwrap();
        for file in fs::read_dir(vendor.path()).unwrap() {
            let file = file.unwrap().path();
            if let Some(file) = file.to_str().unwrap().strip_suffix(".expected.csv") {
                let vendor = vendor.file_name().into_string().unwrap();
                import(&fixture, &machine, &vendor, Path::new(file)).await;
                count += 1;
            }
        }
    }
    assert_eq!(count, 12 * 5 + 4 + 7);
}

async fn import(fixture: &Fixture, machine: &Machine, vendor: &str, file: &Path) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let path = format!("{vendor}/{name}");
    for needed in ["parameters.txt".to_owned(), name.to_owned()] {
        let source = file.with_file_name(&needed);
        if source.exists() {
            fs::copy(source, machine.path(&needed)).unwrap();
        }
    }
    let options = fs::read_to_string(file.with_added_extension("options")).unwrap_or_default();
    let hashes = "sha-crypt,phpass,firebase-scrypt";
    let mut arguments = vec!["import", name, "--yes", "--accept-hashes", hashes];
    arguments.extend(options.lines());
    let ended = machine.run(&arguments).await;
    let expected = fs::read_to_string(file.with_added_extension("expected.csv")).unwrap();
    let users = expected.lines().count() - 1;
    let known = REJECTED.iter().find(|(known, _)| *known == path);
    let rejected = known.map_or(0, |(_, count)| *count as usize);
    let created = users - rejected;
    assert_eq!(
        ended.stdout,
        format!("{created} created, 0 updated, 0 skipped, {rejected} rejected\n"),
        "{path}: {}",
        ended.stderr
    );
    sqlx::query("DELETE FROM users WHERE id > 3")
        .execute(fixture.database.pool())
        .await
        .unwrap();
}
