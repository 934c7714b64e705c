//! Which columns writers write.

use super::names::raw;
use crate::{
    extra_fields::ExtraFields,
    users_table::{FieldMapping, UsersMapping},
};

/// UUIDs of version 7 (RFC 9562, section 5.7): the milliseconds since 1970 come first, so new rows are
/// neighbours in the index.
const UUID7: &str = "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING \
     substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) \
     FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid";

/// The columns to write for the fields of a user, in rollcall's own table or in another one.
#[derive(Debug, Clone, Copy)]
pub struct UserWrites<'m>(Option<&'m UsersMapping>);

/// A column of the table that an INSERT writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenColumn {
    /// Its name.
    pub name: String,
    /// The field that it is of, or has a part of; `None` of what a new row gets beside the fields.
    pub field: Option<&'static str>,
    /// Whether the field is more than this column.
    pub is_part: bool,
    /// The expression.
    pub value: String,
}

/// Columns of the view `users`, each with an expression.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WrittenColumns {
    /// The columns.
    pub columns: Vec<String>,
    /// Their values, in the same order.
    pub values: Vec<String>,
}

impl WrittenColumns {
    /// Adds one, or gives another value to one that is there.
    pub fn set(&mut self, column: String, value: String) {
        match self.columns.iter().position(|known| *known == column) {
            Some(place) => self.values[place] = value,
            None => self.push(column, value),
        }
    }

    fn push(&mut self, column: String, value: String) {
        self.columns.push(column);
        self.values.push(value);
    }

    /// As in `UPDATE ... SET`.
    #[must_use]
    pub fn assignments(&self) -> String {
        let pairs = self.columns.iter().zip(&self.values);
        let pairs: Vec<_> = pairs
            .map(|(column, value)| format!("{column} = {value}"))
            .collect();
        pairs.join(",\n             ")
    }
}

impl<'m> UserWrites<'m> {
    /// Of a mapping, or of rollcall's own table.
    #[must_use]
    pub fn new(mapping: Option<&'m UsersMapping>) -> Self {
        Self(mapping)
    }

    /// The mapping, where there is one.
    #[must_use]
    pub fn mapping(self) -> Option<&'m UsersMapping> {
        self.0
    }

    /// Fields that only this table has.
    #[must_use]
    pub fn extra(self) -> ExtraFields {
        self.0.map_or(ExtraFields::NONE, |mapping| mapping.extra)
    }

    /// What an INSERT writes. `values` are fields, each with the expression that gives its value.
    #[must_use]
    pub fn insert(self, values: &[(&'static str, &str)]) -> WrittenColumns {
        let mut written = WrittenColumns::default();
        for WrittenColumn { name, value, .. } in self.inserted_columns(values) {
            let name = if self.0.is_some() { raw(&name) } else { name };
            written.push(name, value);
        }
        if let Some(new) = self.0.and_then(|mapping| mapping.id.new.as_deref()) {
            let sql = if new == "uuid7" { UUID7 } else { new };
            written.push("id".to_owned(), format!("({sql})"));
        }
        written
    }

    /// The columns of the table that an INSERT writes, the id of another application's table aside.
    #[must_use]
    pub fn inserted_columns(self, values: &[(&'static str, &str)]) -> Vec<WrittenColumn> {
        let mut written = Vec::new();
        for (name, value) in values {
            let Some(mapping) = self.0 else {
                written.push(WrittenColumn {
                    name: (*name).to_owned(),
                    field: Some(name),
                    is_part: false,
                    value: (*value).to_owned(),
                });
                continue;
            };
            let Some(field) = find(mapping, name) else {
                continue;
            };
            let value = match field.default() {
                Some(default) => format!("coalesce({value}, {default})"),
                None => (*value).to_owned(),
            };
            for (column, sql) in field.written() {
                written.push(WrittenColumn {
                    name: column.to_owned(),
                    field: Some(name),
                    is_part: field.column().is_none(),
                    value: expression(field, sql, &value),
                });
            }
        }
        let others = self.0.into_iter().flat_map(|mapping| &mapping.new_users);
        written.extend(others.map(|(column, sql)| WrittenColumn {
            name: column.clone(),
            field: None,
            is_part: false,
            value: format!("({sql})"),
        }));
        written
    }

    /// What an UPDATE writes. A field that is more than a column is written only where its value changes,
    /// because other values of the column may mean the same.
    #[must_use]
    pub fn update(self, values: &[(&str, &str)]) -> WrittenColumns {
        let mut written = WrittenColumns::default();
        for (name, value) in values {
            let Some(mapping) = self.0 else {
                written.push((*name).to_owned(), (*value).to_owned());
                continue;
            };
            let Some(field) = find(mapping, name) else {
                continue;
            };
            for (column, sql) in field.written() {
                let new = expression(field, sql, value);
                let new = if field.column().is_some() {
                    new
                } else {
                    format!(
                        "CASE WHEN users.{name} IS DISTINCT FROM ({value}) THEN {new} \
                         ELSE users.{} END",
                        raw(column)
                    )
                };
                written.push(raw(column), new);
            }
        }
        written
    }
}

fn find<'m>(mapping: &'m UsersMapping, name: &str) -> Option<&'m FieldMapping> {
    let fields = mapping.fields();
    fields
        .into_iter()
        .find(|(field, _)| *field == name)
        .and_then(|(_, field)| field)
}

fn expression(field: &FieldMapping, sql: &str, value: &str) -> String {
    let written = sql.replace("$value", &format!("({value})"));
    match field.time_zone() {
        Some(zone) => format!("{written} AT TIME ZONE '{}'", zone.replace('\'', "''")),
        None => written,
    }
}
