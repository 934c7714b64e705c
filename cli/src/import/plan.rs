//! What a file is and how its users are read, before anything is sent.

use std::path::Path;

use anyhow::{Context as _, Result};
use chrono::Utc;
use indicatif::HumanCount;

use super::Arguments;
use super::columns;
use super::converter::{Converter, Wishes};
use super::inspection::Inspection;
use super::json;
use super::record::Record;
use super::records::{self, Format};
use super::row::Row;
use super::source::Source;
use super::survey::Survey;
use super::vendors::{Context, HashParameters, System, Vendor};

/// What columns may be too that only the API knows.
const EXTRA_FIELDS: &str =
    ". If the API's table has them as extra fields, give --from rollcall: the API then checks them";

/// A file, and how its users are read.
pub(super) struct Plan {
    pub(super) source: Source,
    format: Format,
    pub(super) header: Record,
    /// Whether the operator says that the API knows the columns.
    is_for_api: bool,
    /// What makes users of the API. Without one, users are sent as the file has them.
    converter: Option<Converter>,
}

impl Plan {
    /// Looks at the beginning of the file.
    pub(super) fn open(arguments: &Arguments) -> Result<Self> {
        let source = Source::open(&arguments.file, arguments.encoding)?;
        let format = match arguments.format {
            Some(format) => format,
            None => format_of(&arguments.file, &source)?,
        };
        let mut header = records::header(source.text(0)?, format)?;
        let (mut columns, delimiter) = if format == Format::Csv {
            super::csv::columns(&header.raw)
        } else {
            (Vec::new(), b',')
        };
        let chosen = arguments.from.and_then(System::vendor);
        let mut vendor = chosen;
        if arguments.from != Some(System::Rollcall)
            && let Some(found) = Vendor::without_header(&columns)
            && chosen.is_none_or(|chosen| chosen.name == found.name)
        {
            columns = found
                .columns
                .iter()
                .map(|&column| column.to_owned())
                .collect();
            header = Record {
                raw: found.columns.join(","),
                line: 1,
                problem: None,
                end: 0,
                next_line: 1,
            };
            vendor = Some(found);
        }
        let mut plan = Self {
            source,
            format,
            header,
            is_for_api: arguments.from == Some(System::Rollcall),
            converter: None,
        };
        if arguments.from.is_none() && vendor.is_none() {
            let names = if format == Format::Csv {
                columns.clone()
            } else {
                plan.first_members()?
            };
            vendor = Vendor::detect(&names);
        }
        if vendor.is_some() || !arguments.map.is_empty() || !arguments.repair.is_empty() {
            let wishes = Wishes {
                mappings: arguments.map.clone(),
                repairs: arguments.repair.clone(),
                keep_ids: arguments.keep_ids,
                context: Context {
                    now: Utc::now(),
                    hash_parameters: arguments
                        .hash_parameters
                        .as_deref()
                        .map(HashParameters::read)
                        .transpose()?,
                },
            };
            let converter = Converter::new(vendor, format, delimiter, columns, wishes)?;
            plan.converter = Some(converter);
        }
        Ok(plan)
    }

    /// The users after byte `offset`, which is on line `line`, as they are sent.
    pub(super) fn records(
        &self,
        offset: u64,
        line: u64,
    ) -> Result<impl Iterator<Item = Result<Record>>> {
        let records = self.raw_records(offset, line)?;
        Ok(
            records.filter_map(move |record| match (&self.converter, record) {
                (Some(converter), Ok(record)) => converter.converted(&record).transpose(),
                (_, record) => Some(record),
            }),
        )
    }

    fn raw_records(&self, offset: u64, line: u64) -> Result<impl Iterator<Item = Result<Record>>> {
        let text = self.source.text(offset)?;
        Ok(records::after(
            text,
            self.format,
            &self.header,
            offset,
            line,
        ))
    }

    fn first_members(&self) -> Result<Vec<String>> {
        let first = self
            .raw_records(self.header.end, self.header.next_line)?
            .next();
        let row = match first.transpose()? {
            Some(record) => Row::of_json(&record.raw).unwrap_or_default(),
            None => Row::default(),
        };
        Ok(row.0.into_iter().map(|(name, _)| name).collect())
    }

    /// The format of what is sent.
    pub(super) fn sent_format(&self) -> Format {
        match self.converter {
            Some(_) => Format::Csv,
            None => self.format,
        }
    }

    /// What comes before the users that are sent.
    pub(super) fn sent_header(&self) -> String {
        match &self.converter {
            Some(converter) => converter.header(),
            None => self.header.raw.clone(),
        }
    }

    /// What tells this way of reading the file apart from another.
    pub(super) fn identity(&self, arguments: &Arguments) -> String {
        let name = self
            .converter
            .as_ref()
            .and_then(|converter| converter.vendor)
            .map(|vendor| vendor.name);
        let Arguments {
            map,
            repair,
            hash_parameters,
            ..
        } = arguments;
        format!(
            "{} {name:?} {map:?} {repair:?} {hash_parameters:?}",
            self.source.encoding.name()
        )
    }

    /// Reads the whole file, and says what is in it and how many users that are.
    pub(super) fn inspect(
        &self,
        accepted: &[String],
    ) -> Result<(Vec<(&'static str, String)>, u64)> {
        let (offset, line) = (self.header.end, self.header.next_line);
        let users = self.raw_records(offset, line)?;
        let Some(converter) = &self.converter else {
            let found = Inspection::of(users, self.format, &self.header)?;
            if !self.is_for_api {
                columns::check(self.format, &found.columns, EXTRA_FIELDS)?;
            }
            let lines = vec![
                ("format", self.describe_format(&found.format, None)),
                ("columns", found.columns.join(", ")),
                ("users", HumanCount(found.users).to_string()),
            ];
            return Ok((lines, found.users));
        };
        let format = Inspection::format(self.format, &self.header.raw);
        let survey = Survey::of(users, converter)?;
        survey.check_hashes()?;
        let mut lines = vec![("format", self.describe_format(&format, converter.vendor))];
        lines.extend(survey.describe(converter, accepted));
        Ok((lines, survey.users))
    }

    fn describe_format(&self, format: &str, vendor: Option<&Vendor>) -> String {
        let origin = vendor.map_or(String::new(), |vendor| format!("{}: ", vendor.name));
        match self.source.encoding.name() {
            "UTF-8" => format!("{origin}{format}"),
            encoding => format!("{origin}{format}, in {encoding}"),
        }
    }
}

/// What the name of a file says. Many programs call a file .json that has an object on each line.
fn format_of(path: &Path, source: &Source) -> Result<Format> {
    let is_packed = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let unpacked = is_packed.then(|| path.with_extension(""));
    let format = Format::of(unpacked.as_deref().unwrap_or(path)).context(
        "the name of the file does not say its format: give --format csv, ndjson or json",
    )?;
    if format == Format::Json && json::is_lines(source.text(0)?)? {
        return Ok(Format::Ndjson);
    }
    Ok(format)
}
