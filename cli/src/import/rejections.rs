//! What becomes of rejected rows: a file of the rows, which can be corrected and sent again, and a table
//! of the reasons for a spreadsheet.

use std::path::Path;

use anyhow::Result;

use super::batch::Rejected;
use super::beside;
use super::records::Format;
use super::state::State;
use crate::side_file::{Layout, SideFile};

/// The files of rejected rows.
pub(super) struct Rejections {
    rows: SideFile,
    reasons: SideFile,
}

impl Rejections {
    /// Begins the files, or continues those of an earlier run.
    pub(super) fn open(users: &Path, format: Format, header: &[u8], state: &State) -> Result<Self> {
        let rows = beside(users, &format!(".rejected.{}", format.extension()));
        let reasons = Layout {
            opening: b"line,field,code,message\n".to_vec(),
            separator: b"\n",
            closing: b"\n",
        };
        let path = beside(users, ".errors.csv");
        Ok(Self {
            rows: SideFile::open(rows, layout(format, header), state.rejected_length)?,
            reasons: SideFile::open(path, reasons, state.errors_length)?,
        })
    }

    /// Adds rows, and notes in the state how long the files are.
    pub(super) fn append(&mut self, rejected: &[Rejected], state: &mut State) -> Result<()> {
        let rows: Vec<_> = rejected
            .iter()
            .map(|row| row.record.raw.as_bytes())
            .collect();
        self.rows.append(&rows)?;
        let reasons: Vec<_> = rejected.iter().flat_map(reasons).collect();
        let reasons: Vec<_> = reasons.iter().map(String::as_bytes).collect();
        self.reasons.append(&reasons)?;
        state.rejected_length = self.rows.length();
        state.errors_length = self.reasons.length();
        Ok(())
    }

    /// Completes the files, and says where they are.
    pub(super) fn finish(mut self) -> Result<Option<String>> {
        let (Some(rows), Some(reasons)) = (self.rows.finish()?, self.reasons.finish()?) else {
            return Ok(None);
        };
        Ok(Some(format!(
            "correct the rejected rows in {} and import that file; {} has the reasons",
            rows.display(),
            reasons.display()
        )))
    }
}

fn layout(format: Format, header: &[u8]) -> Layout {
    let (opening, separator, closing): (_, &'static [u8], &'static [u8]) = match format {
        Format::Csv => ([header, b"\n"].concat(), b"\n", b"\n"),
        Format::Ndjson => (Vec::new(), b"\n", b"\n"),
        Format::Json => (b"[\n".to_vec(), b",\n", b"\n]\n"),
    };
    Layout {
        opening,
        separator,
        closing,
    }
}

fn reasons(row: &Rejected) -> impl Iterator<Item = String> {
    let line = row.record.line;
    row.reasons.iter().map(move |reason| {
        let field = reason.field.as_deref().unwrap_or_default();
        let message = reason.message.replace('"', "\"\"");
        format!("{line},{field},{},\"{message}\"", reason.code)
    })
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::super::upload::Reason;
    use super::*;

    #[test]
    fn messages_are_quoted() {
        let row = Rejected {
            record: Record {
                raw: String::new(),
                line: 7,
                problem: None,
                end: 0,
                next_line: 8,
            },
            reasons: vec![Reason {
                index: 0,
                field: None,
                code: "unknown_field".to_owned(),
                message: "unknown field \"x\", sorry".to_owned(),
            }],
        };
        assert_eq!(
            reasons(&row).collect::<Vec<_>>(),
            ["7,,unknown_field,\"unknown field \"\"x\"\", sorry\""]
        );
    }
}
