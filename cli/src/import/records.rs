//! Cuts a file into users without reading them: each is sent as the file has it, and the service
//! judges it.

use std::io::BufRead;
use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;

use super::csv::{self, Rows};
use super::json::{self, Objects};
use super::record::Record;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A header row and a user on each row after it
    Csv,
    /// A JSON object on each line
    Ndjson,
    /// An array of JSON objects, which may be a member of an object, or objects one after the other
    Json,
}

impl Format {
    /// What the end of a file's name says.
    pub fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "tab" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// How the names of such files end.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
        }
    }

    /// The media type.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Json => "application/json",
        }
    }
}

/// What comes before the users: the header row of CSV, the bracket of an array, nothing.
pub(super) fn header(reader: impl BufRead, format: Format) -> Result<Record> {
    match format {
        Format::Csv => csv::header(reader),
        Format::Ndjson | Format::Json => json::header(reader, format == Format::Json),
    }
}

/// The users after byte `offset`, which is on line `line`.
pub(super) fn after<'r>(
    reader: impl BufRead + 'r,
    format: Format,
    header: &Record,
    offset: u64,
    line: u64,
) -> Box<dyn Iterator<Item = Result<Record>> + 'r> {
    match format {
        Format::Csv => Box::new(Rows::new(reader, &header.raw, offset, line)),
        Format::Ndjson | Format::Json => {
            let is_array = format == Format::Json;
            Box::new(Objects::new(reader, is_array, &header.raw, offset, line))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_can_go_on_behind_any_record() {
        for (format, text) in [
            (Format::Csv, "h,i\na,1\n\n\"b\nc\",2\r\nd,3\n"),
            (Format::Csv, "\"sep=;\"\rh;i\rx\"y;\r\"b\rc\";2\rd;3\r"),
            (Format::Ndjson, "{\"a\":1}\n\n{\"b\":2}\r\n{}"),
            (Format::Json, " [{\"a\":1},\n{\"b\":2}\n,{\"c\":3}]"),
            (Format::Json, "[{\"a\":1}]\n[{\"b\":2},{\"c\":3}]"),
            (
                Format::Json,
                "{\"users\":[{\"a\":1}]}{\"users\":[{\"b\":2},{\"c\":3}]}",
            ),
            (Format::Json, "{\n\"a\":1}\n{\"b\":2}\n\n{}\n"),
        ] {
            let header = header(text.as_bytes(), format).unwrap();
            let behind = |record: &Record| -> Vec<Record> {
                let rest = &text.as_bytes()[usize::try_from(record.end).unwrap()..];
                after(rest, format, &header, record.end, record.next_line)
                    .map(Result::unwrap)
                    .collect()
            };
            let whole = behind(&header);
            assert_eq!(whole.len(), 3);
            for (place, record) in whole.iter().enumerate() {
                assert_eq!(behind(record), whole[place + 1..]);
            }
        }
    }
}
