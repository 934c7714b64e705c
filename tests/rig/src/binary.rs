//! Finds the binaries under test, which Cargo puts near the test executable, or `sam build` into a
//! folder of artifacts.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// Names the folder that `sam build` has filled, for tests of exactly what a deploy would upload.
const ARTIFACTS: &str = "ROLLCALL_ARTIFACTS";

/// The path of a function (`"stats"`): the one of the artifacts if there are any, or else as in [`find`].
pub fn find_function(name: &str) -> anyhow::Result<PathBuf> {
    let Some(folder) = env::var_os(ARTIFACTS) else {
        return find(name);
    };
    let path = Path::new(&folder).join(resource_id(name)).join("bootstrap");
    ensure!(
        path.is_file(),
        "{ARTIFACTS} is set, but there is no {}",
        path.display()
    );
    Ok(path)
}

/// The path of a binary (`"xtask"`) or example (`"examples/echo"`) built with the same profile as the
/// running test.
pub fn find(name: &str) -> anyhow::Result<PathBuf> {
    let path = profile_directory()?.join(name);
    ensure!(
        path.is_file(),
        "the binary `{name}` does not exist yet: run `cargo build --bins` before the tests"
    );
    Ok(path)
}

/// What the template calls the function of a package: `BulkCreateFunction` for `bulk-create`.
fn resource_id(name: &str) -> String {
    let name = if name == "users" { "list-users" } else { name };
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.chain(["Function".to_owned()]).collect()
}

/// Cargo runs tests from `target/<profile>/deps` and other executables from `target/<profile>`.
fn profile_directory() -> anyhow::Result<PathBuf> {
    let executable = std::env::current_exe().context("the running test has no known path")?;
    let directory = executable
        .parent()
        .context("the running test lies in no directory")?;
    let is_nested = ["deps", "examples"]
        .iter()
        .any(|name| directory.ends_with(name));
    let profile = if is_nested {
        directory.parent()
    } else {
        Some(directory)
    };
    profile
        .map(Path::to_path_buf)
        .context("the running test lies outside a target directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_under_the_name_that_the_template_gives_it() {
        assert_eq!(resource_id("bulk-create"), "BulkCreateFunction");
        assert_eq!(resource_id("users"), "ListUsersFunction");
    }
}
