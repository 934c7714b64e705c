//! What `sam build` makes of the functions.

use std::collections::BTreeSet;

use serde_json::json;

use crate::template::{Deployment, JWT_MODE, workspace};

#[test]
fn every_folder_of_functions_is_deployed_once() {
    let folders: BTreeSet<_> = std::fs::read_dir(workspace().join("functions"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let functions = Deployment::with(JWT_MODE).functions();
    let deployed: BTreeSet<_> = functions
        .iter()
        .map(|function| function.name.clone())
        .collect();
    assert_eq!(deployed, folders);
    assert_eq!(deployed.len(), functions.len());
}

/// `sam build` runs cargo-lambda in the folder and copies the package's one binary.
#[test]
fn every_function_is_a_package_with_one_binary_of_its_name() {
    for function in Deployment::with(JWT_MODE).functions() {
        let name = &function.name;
        let folder = workspace().join("functions").join(name);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let named: BTreeSet<_> = manifest
            .lines()
            .filter_map(|line| line.strip_prefix("name = "))
            .collect();
        assert_eq!(
            named,
            BTreeSet::from([format!("\"{name}\"").as_str()]),
            "{manifest}"
        );
        assert!(manifest.matches("[[bin]]").count() <= 1, "{manifest}");
        assert!(
            folder.join("src/main.rs").is_file(),
            "{name} has no src/main.rs"
        );
        assert!(!folder.join("src/bin").exists(), "{name} has more binaries");
        assert_eq!(
            function.metadata["BuildMethod"], "rust-cargolambda",
            "{name}"
        );
        assert_eq!(function.properties["Runtime"], "provided.al2023", "{name}");
        assert_eq!(function.properties["Handler"], "bootstrap", "{name}");
    }
}

#[test]
fn the_architecture_of_every_function_is_the_parameters() {
    for architecture in ["arm64", "x86_64"] {
        let deployment =
            Deployment::with(JWT_MODE.into_iter().chain([("Architecture", architecture)]));
        for function in deployment.functions() {
            assert_eq!(function.properties["Architectures"], json!([architecture]));
        }
    }
}

/// cargo-lambda builds releases with `panic = "abort"` unless the profile says something else, and
/// then one panic would end the environment instead of one request.
#[test]
fn the_release_profile_says_that_a_panic_unwinds() {
    let manifest = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let profile = manifest
        .split("[profile.release]")
        .nth(1)
        .unwrap_or_default();
    let profile = profile.split("\n[").next().unwrap_or_default();
    assert!(
        profile
            .lines()
            .any(|line| line.trim() == "panic = \"unwind\""),
        "{profile}"
    );
}
