//! Makes users of the API from users of a file whose columns or objects are others.

use std::borrow::Cow;
use std::collections::BTreeSet;

use anyhow::{Result, anyhow, ensure};
use serde_json::Value;

use super::columns;
use super::field::{Field, Values, csv_row};
use super::mapping::Mapping;
use super::record::Record;
use super::records::Format;
use super::repair::Repair;
use super::row::Row;
use super::vendors::read::untrimmed;
use super::vendors::{Context, Rule, Vendor};

/// What the operator says about the users of a file.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) mappings: Vec<Mapping>,
    pub(super) repairs: Vec<Repair>,
    pub(super) keep_ids: bool,
    pub(super) context: Context,
}

/// Makes users of the API from users of a file.
pub(super) struct Converter {
    /// The system that wrote the file.
    pub(super) vendor: Option<&'static Vendor>,
    format: Format,
    delimiter: u8,
    /// The columns of CSV, as the rules spell them.
    columns: Vec<String>,
    sources: Vec<(Field, Source)>,
    left_out: BTreeSet<String>,
    repairs: Vec<Repair>,
    context: Context,
    /// The columns that are sent.
    fields: Vec<Field>,
}

/// Where a field comes from.
pub(super) enum Source {
    Column(String),
    Rule(&'static Rule),
    Mapping(Mapping),
}

/// What becomes of one user of a file.
pub(super) enum Converted {
    User(Values),
    /// It is not a user, for this reason.
    LeftOut(&'static str),
}

impl Converter {
    /// For a file with these columns, which are unknown for JSON.
    pub(super) fn new(
        vendor: Option<&'static Vendor>,
        format: Format,
        delimiter: u8,
        mut columns: Vec<String>,
        wishes: Wishes,
    ) -> Result<Self> {
        let Wishes {
            mut mappings,
            repairs,
            keep_ids,
            context,
        } = wishes;
        if let Some(vendor) = vendor {
            columns::respell(&mut columns, vendor);
        }
        if format == Format::Csv {
            for mapping in &mut mappings {
                mapping
                    .resolve(&columns)
                    .map_err(|name| anyhow!("--map: the file has no column {name:?}"))?;
            }
        }
        let left_out = mappings.iter().filter(|mapping| mapping.field.is_none());
        let left_out: BTreeSet<_> = left_out
            .flat_map(|mapping| mapping.columns().map(str::to_owned))
            .collect();
        let mut sources = Vec::new();
        if let Some(vendor) = vendor {
            sources.extend(
                vendor
                    .rules
                    .iter()
                    .map(|rule| (rule.field, Source::Rule(rule))),
            );
        } else {
            let named = |field: Field| {
                let mut columns = columns.iter().filter(|column| !left_out.contains(*column));
                let column = columns.find(|column| Field::of_column(column) == Some(field));
                let column = column.map_or(field.name(), String::as_str);
                (field, Source::Column(column.to_owned()))
            };
            sources.extend(Field::ALL.map(named));
        }
        for mapping in mappings {
            let Some(field) = mapping.field else {
                continue;
            };
            let is_other = |source: &(Field, Source)| {
                source.0 != field || matches!(source.1, Source::Mapping(_))
            };
            sources.retain(is_other);
            if field == Field::PasswordHash {
                // What is a hash is not a password as well.
                sources.retain(|(field, source)| {
                    let mut read = source.columns();
                    *field != Field::Password
                        || !read.any(|column| mapping.columns().any(|hash| hash == column))
                });
            }
            sources.push((field, Source::Mapping(mapping)));
        }
        sources.retain(|(field, _)| keep_ids || *field != Field::Id);
        sources.retain(|(_, source)| {
            let mut columns = source.columns().peekable();
            columns.peek().is_none() || columns.any(|column| !left_out.contains(column))
        });
        columns::check_repeated(&columns, &sources, &left_out)?;
        let mut converter = Self {
            vendor,
            format,
            delimiter,
            columns,
            sources,
            left_out,
            repairs,
            context,
            fields: Vec::new(),
        };
        let is_made = |field: &Field| {
            matches!(field, Field::Email | Field::Username) || converter.has_source(*field)
        };
        converter.fields = Field::ALL.into_iter().filter(is_made).collect();
        Ok(converter)
    }

    /// Whether the file is CSV.
    pub(super) fn is_csv(&self) -> bool {
        self.format == Format::Csv
    }

    /// The header row of what is sent.
    pub(super) fn header(&self) -> String {
        let names: Vec<_> = self.fields.iter().map(|field| field.name()).collect();
        names.join(",")
    }

    /// What becomes of a user. It fails where the file cannot be read.
    pub(super) fn convert(&self, record: &Record) -> Result<Converted> {
        let row = self.row(record)?;
        if let Some(vendor) = self.vendor
            && let Some(reason) = (vendor.left_out)(&row)
        {
            return Ok(Converted::LeftOut(reason));
        }
        let mut values = Values::default();
        for (field, source) in &self.sources {
            let value = &mut values[*field as usize];
            if value.is_none() {
                *value = source.value(&row, &self.context);
            }
        }
        if self.is_named_by_email() {
            Repair::Username.apply(&mut values);
        }
        for repair in &self.repairs {
            repair.apply(&mut values);
        }
        Ok(Converted::User(values))
    }

    /// The user as it is sent, or nothing if it is not one.
    pub(super) fn converted(&self, record: &Record) -> Result<Option<Record>> {
        Ok(match self.convert(record)? {
            Converted::LeftOut(_) => None,
            Converted::User(values) => Some(Record {
                raw: csv_row(&self.fields, &values),
                line: record.line,
                problem: None,
                end: record.end,
                next_line: record.next_line,
            }),
        })
    }

    /// A user of the file as the rules read it.
    pub(super) fn row(&self, record: &Record) -> Result<Row> {
        let line = record.line;
        if let Some(problem) = record.problem {
            return Err(anyhow!("line {line}: {problem}"));
        }
        let row = if self.format == Format::Csv {
            Row::of_csv(&record.raw, &self.columns, self.delimiter)
        } else {
            Row::of_json(&record.raw)
        };
        let mut row = row.map_err(|problem| anyhow!("line {line}: {problem}"))?;
        if let Some(vendor) = self.vendor {
            row = (vendor.prepare)(row);
        }
        row.0.retain(|name, _| !self.left_out.contains(name));
        Ok(row)
    }

    /// What each field is made of, for people.
    pub(super) fn describe(&self) -> Vec<(&'static str, String)> {
        let describe = |field: &Field| {
            let mut columns: Vec<&str> = Vec::new();
            let sources = self.sources.iter().filter(|(of, _)| of == field);
            for (_, source) in sources {
                columns.extend(source.columns().filter(|column| self.may_have(column)));
            }
            columns.dedup();
            if *field == Field::Username && self.is_named_by_email() {
                columns.push(if columns.is_empty() {
                    "the email"
                } else {
                    "or the email"
                });
            }
            (field.name(), columns.join(", "))
        };
        self.fields.iter().map(describe).collect()
    }

    /// Whether a user without a username gets the email as username.
    fn is_named_by_email(&self) -> bool {
        self.vendor.is_some() || self.repairs.contains(&Repair::Username)
    }

    /// Whether a column or member is used, or is left out because the operator says so.
    pub(super) fn is_used(&self, name: &str) -> bool {
        let mut columns = self.sources.iter().flat_map(|(_, source)| source.columns());
        columns.any(|column| column.split('.').next() == Some(name) || column == name)
            || self.left_out.contains(name)
    }

    /// Fails if a file does not have what its users are said to be made of, or has something else.
    pub(super) fn check_names(&self, names: &BTreeSet<String>) -> Result<()> {
        for (_, source) in &self.sources {
            let Source::Mapping(mapping) = source else {
                continue;
            };
            for column in mapping.columns() {
                let member = column.split('.').next().unwrap_or_default();
                ensure!(
                    names.contains(column) || names.contains(member),
                    "--map: no user of the file has {column:?}"
                );
            }
        }
        if self.vendor.is_some() {
            return Ok(());
        }
        let names = names.iter().map(String::as_str);
        let unknown = columns::unknown(names.filter(|name| !self.is_used(name)));
        let is_made =
            |field| self.has_source(field) || field == Field::Username && self.is_named_by_email();
        columns::check_known(&unknown, is_made, "")
    }

    fn has_source(&self, field: Field) -> bool {
        let mut sources = self.sources.iter().filter(|(of, _)| *of == field);
        sources.any(|(_, source)| match source {
            Source::Mapping(_) => true,
            Source::Column(column) => self.may_have(column),
            Source::Rule(rule) => rule.paths.iter().any(|path| self.may_have(path)),
        })
    }

    /// Whether a path may lead somewhere: any may in JSON.
    fn may_have(&self, path: &str) -> bool {
        let name = path.split('.').next().unwrap_or_default();
        let mut columns = self.columns.iter();
        self.format != Format::Csv || columns.any(|column| column == path || column == name)
    }
}

impl Source {
    /// The columns or paths that it reads.
    pub(super) fn columns(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Column(name) => Box::new(std::iter::once(name.as_str())),
            Self::Rule(rule) => Box::new(rule.paths.iter().copied()),
            Self::Mapping(mapping) => Box::new(mapping.columns()),
        }
    }

    fn value(&self, row: &Row, context: &Context) -> Option<String> {
        match self {
            Self::Column(name) => untrimmed(&row.get(name)),
            Self::Rule(rule) => {
                let found: Vec<Cow<'_, Value>> =
                    rule.paths.iter().map(|path| row.get(path)).collect();
                (rule.read)(&found, context)
            }
            Self::Mapping(mapping) => mapping.value(row),
        }
    }
}
