//! Files that are written from the code.

use std::fs;

use servers::places::workspace_root;

/// Set by `cargo xtask openapi`, it makes the tests write the files instead of comparing them.
const WRITE: &str = "ROLLCALL_WRITE_OPENAPI";

/// Fails if a file is not what the code says, or makes it so.
#[track_caller]
pub fn assert_written(path: &str, said: &str) {
    let file = workspace_root().join(path);
    if std::env::var_os(WRITE).is_some() {
        fs::write(&file, said).unwrap();
        return;
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == said,
        "{path} differs from the code: write it again with `cargo xtask openapi`"
    );
}
