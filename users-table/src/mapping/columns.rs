//! The columns of the view.

use std::collections::BTreeSet;

use super::names::{literal, quoted};
use crate::{
    catalogue::Column,
    users_table::{FieldMapping, UserIdKind, UsersMapping},
};

/// A field of the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ViewColumn {
    /// Its name in rollcall's own table.
    pub(super) name: &'static str,
    /// What it is in the table; a constant, if the table does not have it.
    pub(super) sql: String,
    /// Whether the table does not have it.
    pub(super) is_absent: bool,
    /// Whether a user may have no value, which the view shows as empty text.
    pub(super) may_be_empty: bool,
}

/// What a kind of field is read as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text by which users are found. No value is empty text, so that everybody has a place in each order.
    Key,
    Text,
    /// No value is false.
    Flag,
    /// No value is before every time.
    CreatedAt,
    Time,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "email" | "username" => Self::Key,
            "is_active" | "is_superuser" => Self::Flag,
            "created_at" => Self::CreatedAt,
            "updated_at" => Self::Time,
            _ => Self::Text,
        }
    }

    /// What a field is that the table does not have.
    fn absent(self, name: &str) -> &'static str {
        match self {
            Self::Key => "''::text",
            Self::Text => "NULL::text",
            Self::Flag if name == "is_active" => "TRUE",
            Self::Flag => "FALSE",
            Self::CreatedAt => "'-infinity'::timestamptz",
            Self::Time => "NULL::timestamptz",
        }
    }

    /// What stands for no value, if anything does.
    fn fallback(self) -> Option<&'static str> {
        match self {
            Self::Key => Some("''"),
            Self::Flag => Some("FALSE"),
            Self::CreatedAt => Some("'-infinity'"),
            Self::Text | Self::Time => None,
        }
    }
}

/// The column of the view for a field, or a sentence that says why there can be none.
pub(super) fn view_column(
    name: &'static str,
    field: Option<&FieldMapping>,
    columns: &[Column],
) -> Result<ViewColumn, String> {
    let kind = Kind::of(name);
    let Some(field) = field else {
        return Ok(ViewColumn {
            name,
            sql: kind.absent(name).to_owned(),
            is_absent: true,
            may_be_empty: true,
        });
    };
    let (sql, is_nullable) = match field.column() {
        None => (format!("({})", field.sql().unwrap_or_default()), true),
        Some(column) => {
            let found = columns.iter().find(|found| found.name == column);
            let found = found.ok_or_else(|| {
                let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
                format!(
                    "{name} is mapped to the column {column}, which the table does not have; it has {}",
                    names.join(", ")
                )
            })?;
            (typed(name, kind, field, found)?, found.is_nullable)
        }
    };
    let sql = match kind.fallback() {
        Some(fallback) if is_nullable => format!("coalesce({sql}, {fallback})"),
        _ => sql,
    };
    Ok(ViewColumn {
        name,
        sql,
        is_absent: false,
        may_be_empty: is_nullable,
    })
}

/// A column with the type that the field has.
fn typed(name: &str, kind: Kind, field: &FieldMapping, column: &Column) -> Result<String, String> {
    let quoted = if column.is_collated {
        // Two collations in one expression leave the server none, and some know no patterns.
        format!("({} COLLATE \"default\")", quoted(&column.name))
    } else {
        quoted(&column.name)
    };
    let data_type = column.data_type.as_str();
    match (kind, data_type) {
        (Kind::Key | Kind::Text, "text" | "character varying")
        | (Kind::Flag, "boolean")
        | (Kind::CreatedAt | Kind::Time, "timestamp with time zone") => Ok(quoted),
        (Kind::Key | Kind::Text, "character" | "citext" | "name") => Ok(format!("{quoted}::text")),
        (Kind::CreatedAt | Kind::Time, "timestamp without time zone" | "date") => {
            // A deep page converts thousands of times, and the server would look up the name for each.
            let zone = match field.time_zone() {
                None | Some("UTC") => "INTERVAL '0'".to_owned(),
                Some(zone) => literal(zone),
            };
            Ok(format!("({quoted}::timestamp AT TIME ZONE {zone})"))
        }
        _ => {
            let wanted = match kind {
                Kind::Key | Kind::Text => "text",
                Kind::Flag => "boolean: say what is true with \"sql\", such as \"role = 'admin'\"",
                Kind::CreatedAt | Kind::Time => "a time: convert it with \"sql\"",
            };
            Err(format!(
                "{name} is mapped to the column {}, which is {data_type} and not {wanted}",
                column.name
            ))
        }
    }
}

/// The type of the domain `user_id`.
pub(super) fn id_type(mapping: &UsersMapping, columns: &[Column]) -> Result<&'static str, String> {
    let name = &mapping.id.column;
    let Some(column) = columns.iter().find(|column| column.name == *name) else {
        return Err(format!(
            "the id is mapped to the column {name}, which the table does not have"
        ));
    };
    if column.is_nullable {
        return Err(format!(
            "the id {name} may be NULL: it has to be the key of the table"
        ));
    }
    let data_type = column.data_type.as_str();
    match (mapping.id.kind, data_type) {
        (UserIdKind::Integer, "bigint" | "integer" | "smallint") => Ok("bigint"),
        (UserIdKind::Uuid, "uuid") => Ok("uuid"),
        (UserIdKind::Text, "text" | "character varying") => Ok("text"),
        _ => Err(format!(
            "the id {name} is {data_type}: \"type\" has to be integer, uuid or text, as it is"
        )),
    }
}

/// The columns of the table that rollcall writes, each once.
pub(super) fn written_columns(mapping: &UsersMapping) -> Vec<String> {
    let fields = mapping.fields();
    let columns: BTreeSet<&str> = fields
        .iter()
        .filter_map(|(_, field)| *field)
        .flat_map(|field| field.written())
        .map(|(column, _)| column)
        .chain(mapping.extra.iter().map(|field| field.column))
        .chain(mapping.new_users.keys().map(String::as_str))
        .collect();
    columns.into_iter().map(str::to_owned).collect()
}
