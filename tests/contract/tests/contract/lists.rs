//! Lists in the documentation are complete.

use std::collections::BTreeSet;
use std::fs;

use servers::places::workspace_root;

fn file(path: &str) -> String {
    fs::read_to_string(workspace_root().join(path)).unwrap()
}

/// What stands between backquotes in the first cells of the table under a heading.
fn first_cells(text: &str, heading: &str) -> BTreeSet<String> {
    let (_, text) = text.split_once(heading).unwrap();
    text.lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| {
            let cell = line.split('|').nth(1).unwrap_or_default();
            let names = cell.split('`').skip(1).step_by(2);
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest = file("Cargo.toml");
    let (_, table) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let members = "path = ";
    let used: BTreeSet<_> = table
        .lines()
        .take_while(|line| !line.starts_with('[') && !line.starts_with("# Routes"))
        .filter(|line| !line.starts_with('#') && !line.contains(members))
        .filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()))
        .collect();
    assert!(used.contains("tokio"), "{used:?}");
    let explained = first_cells(&file("CONTRIBUTING.md"), "## Dependencies");
    assert_eq!(explained, used);
}

#[test]
fn the_readme_has_every_variable_that_the_code_reads() {
    let explained = first_cells(&file("README.md"), "## Configuration");
    let mut read = BTreeSet::new();
    for entry in fs::read_dir(workspace_root().join("shared/src/platform/config")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let (code, _tests) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let words = code.split('"').skip(1).step_by(2);
        read.extend(words.filter(|word| is_variable(word)).map(str::to_owned));
    }
    // Lambda sets its own. The level of logs is read before the configuration.
    read.retain(|name| !name.starts_with("AWS_LAMBDA_"));
    read.insert("LOG_LEVEL".to_owned());
    assert!(read.len() > 15, "{read:?}");
    assert_eq!(explained, read);
}

fn is_variable(word: &str) -> bool {
    word.contains('_')
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
}
