//! The rows that were rejected, as a table for a spreadsheet.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::batch::Rejected;

const HEADER: &str = "line,field,code,message\n";

/// A file that is made when the first row is rejected.
pub(super) struct Report<'p> {
    path: &'p Path,
    file: Option<File>,
    length: u64,
}

impl<'p> Report<'p> {
    /// Goes on with a report of an earlier run that had `length` bytes when that run last knew; what
    /// was written after that belongs to a batch that is sent again. A new run begins with none.
    pub(super) fn open(path: &'p Path, length: u64) -> Result<Self> {
        let mut file = None;
        if length > 0 {
            let mut report = OpenOptions::new()
                .write(true)
                .open(path)
                .with_context(|| format!("cannot go on with {}", path.display()))?;
            report.set_len(length).context("cannot write the report")?;
            report
                .seek(SeekFrom::End(0))
                .context("cannot write the report")?;
            file = Some(report);
        } else if path.exists() {
            std::fs::remove_file(path)
                .with_context(|| format!("cannot replace {}", path.display()))?;
        }
        Ok(Self { path, file, length })
    }

    /// Adds rows.
    pub(super) fn append(&mut self, rejected: &[Rejected]) -> Result<()> {
        let mut text = String::new();
        for row in rejected {
            for reason in &row.reasons {
                text.push_str(&line(
                    row.line,
                    reason.field.as_deref().unwrap_or_default(),
                    &reason.code,
                    &reason.message,
                ));
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        let mut file = if let Some(file) = self.file.take() {
            file
        } else {
            text.insert_str(0, HEADER);
            File::create(self.path)
                .with_context(|| format!("cannot make {}", self.path.display()))?
        };
        file.write_all(text.as_bytes())
            .context("cannot write the report")?;
        self.length += text.len() as u64;
        self.file = Some(file);
        Ok(())
    }

    /// How long it is.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

fn line(line: u64, field: &str, code: &str, message: &str) -> String {
    format!(
        "{line},{field},{code},\"{}\"\n",
        message.replace('"', "\"\"")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_quoted() {
        assert_eq!(
            line(7, "", "unknown_field", "unknown field \"x\", sorry"),
            "7,,unknown_field,\"unknown field \"\"x\"\", sorry\"\n"
        );
    }
}
