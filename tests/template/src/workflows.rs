//! The workflows of CI, as far as a machine can check them that is not GitHub's.

use std::process::Command;

use serde_json::Value;

use crate::template::{read, text, workspace};

const WORKFLOWS: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/release.yml"];

/// A tag can be moved to other code by whoever controls the action.
#[test]
fn every_action_is_named_by_its_commit_and_says_its_version() {
    let mut count = 0;
    for path in WORKFLOWS {
        let file = std::fs::read_to_string(workspace().join(path)).unwrap();
        for line in file.lines().filter(|line| line.contains("uses: ")) {
            let (_, action) = line.split_once("uses: ").unwrap();
            let (_, version) = action.split_once('@').unwrap();
            let (commit, version) = version.split_once(" # v").unwrap();
            assert_eq!(commit.len(), 40, "{line}");
            assert!(
                commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{line}"
            );
            assert_eq!(version.split('.').count(), 3, "{line}");
            count += 1;
        }
    }
    assert!(count >= 10, "{count}");
}

/// The variable may have a parameter on each line.
#[test]
fn a_deploy_passes_on_the_parameters_of_every_line() {
    let workflow = read(WORKFLOWS[0]);
    let steps = workflow["jobs"]["deploy"]["steps"].as_array().unwrap();
    let scripts = steps.iter().filter_map(|step| step["run"].as_str());
    let script = scripts
        .into_iter()
        .find(|script| script.contains("sam deploy"))
        .unwrap();
    let folder = std::env::temp_dir();
    let output = Command::new("bash")
        // As GitHub runs it.
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c"])
        .arg(format!("sam() {{ printf '%s\\n' \"$@\"; }}\n{script}"))
        .env("STACK", "rollcall")
        .env("ARCHITECTURE", "arm64")
        .env("PARAMETERS", "Database=existing DatabaseSecretArn=arn:1\nSubnetIds=a,b\n\nAlarmEmail=x@example.com\n")
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let parameters: Vec<_> = printed
        .lines()
        .skip_while(|line| *line != "--parameter-overrides")
        .skip(1)
        .collect();
    assert_eq!(
        parameters,
        [
            "Architecture=arm64",
            "Database=existing",
            "DatabaseSecretArn=arn:1",
            "SubnetIds=a,b",
            "AlarmEmail=x@example.com"
        ]
    );
}

#[test]
fn a_release_has_both_architectures_checksums_and_a_statement_of_origin() {
    let workflow = read(WORKFLOWS[1]);
    let matrix = &workflow["jobs"]["build"]["strategy"]["matrix"]["include"];
    let architectures = matrix
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text(&row["architecture"]));
    assert_eq!(architectures.collect::<Vec<_>>(), ["x86_64", "arm64"]);
    let publish = &workflow["jobs"]["publish"];
    for permission in ["attestations", "contents", "id-token"] {
        assert_eq!(publish["permissions"][permission], "write");
    }
    assert_eq!(workflow["permissions"]["contents"], "read");
    let steps = publish["steps"].to_string();
    for part in [
        "sha256sum",
        "attest-build-provenance@",
        "SHA256SUMS",
        "gh release create",
    ] {
        assert!(steps.contains(part), "{part}");
    }
    assert_ne!(publish["needs"], Value::Null);
}
