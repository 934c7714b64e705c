//! The document that holds the results, each between two marks.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use servers::places::workspace_root;

const TITLE: &str = "# Performance\n\nEvery table is written by the command that it names.\n";

/// Puts a text between the marks of a subject in docs/performance.md, or at its end if it has none.
pub(super) fn replace(subject: &str, text: &str) -> Result<PathBuf> {
    replace_in("docs/performance.md", subject, text)
}

/// The same in another document.
pub(super) fn replace_in(document: &str, subject: &str, text: &str) -> Result<PathBuf> {
    let path = workspace_root().join(document);
    let old = match fs::read_to_string(&path) {
        Ok(old) => old,
        Err(error) if error.kind() == ErrorKind::NotFound => TITLE.to_owned(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {document}")),
    };
    let folder = path.parent().context("the document lies in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, replaced(&old, subject, text)))
        .with_context(|| format!("cannot write {document}"))?;
    Ok(path)
}

fn replaced(old: &str, subject: &str, text: &str) -> String {
    let begin = format!("<!-- bench {subject}: begin -->");
    let end = format!("<!-- bench {subject}: end -->");
    let (before, after) = match (old.split_once(&begin), old.split_once(&end)) {
        (Some((before, _)), Some((_, after))) => (before.to_owned(), after.to_owned()),
        _ => (format!("{}\n\n", old.trim_end()), "\n".to_owned()),
    };
    format!("{before}{begin}\n{}\n{end}{after}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_table_takes_the_place_of_the_old_one() {
        let first = replaced("# Title\n", "bulk", "old\n");
        assert_eq!(
            first,
            "# Title\n\n<!-- bench bulk: begin -->\nold\n<!-- bench bulk: end -->\n"
        );
        let more = format!("{first}\nMore.\n");
        assert_eq!(
            replaced(&more, "bulk", "new"),
            "# Title\n\n<!-- bench bulk: begin -->\nnew\n<!-- bench bulk: end -->\n\nMore.\n"
        );
    }
}
