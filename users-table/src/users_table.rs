//! Where the users are, if they are not in rollcall's own table.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::extra_fields::ExtraFields;

/// What `USERS_TABLE` is where rollcall may make a table of its own beside those of another application.
const OWN: &str = "own";

/// `USERS_TABLE`: whose table the users are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum UsersTable {
    /// Not said: a table `users` of rollcall's own or of the same shape.
    #[default]
    Unspecified,
    /// `own`: a table of rollcall's own, also in a database that has other tables.
    Own,
    /// A JSON object: the table of another application.
    Mapped(Box<UsersMapping>),
}

/// What is wrong with `USERS_TABLE`, as the end of a sentence that begins with the name of the variable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidMapping(String);

/// How the columns of a table are the fields of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsersMapping {
    /// The table, with its schema if that is not the first of the `search_path`: `accounts.people`.
    pub table: String,
    /// The key.
    pub id: IdMapping,
    /// The address. Without it, nobody can be created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<FieldMapping>,
    /// The name to log in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<FieldMapping>,
    /// The name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<FieldMapping>,
    /// What a password is verified against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<FieldMapping>,
    /// Whether the user may do anything. Without it, everybody may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<FieldMapping>,
    /// Whether the user may administrate others. Without it, a claim of the token says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_superuser: Option<FieldMapping>,
    /// When the row was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<FieldMapping>,
    /// When the row was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<FieldMapping>,
    /// Columns that the API shows and writes under names of their own, by those names.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub extra: ExtraFields,
    /// A condition in SQL: which rows are users. All, without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users_are: Option<String>,
    /// Other columns that a new row needs, each with an expression in SQL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub new_users: BTreeMap<String, String>,
    /// Why no user can be created, in a sentence that callers read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_new_users: Option<String>,
}

fn is_empty(fields: &ExtraFields) -> bool {
    fields.is_empty()
}

/// What the ids of a users table are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserIdKind {
    /// Whole numbers from 1 on.
    #[default]
    Integer,
    /// UUIDs (RFC 9562).
    Uuid,
    /// Text of at most 64 bytes.
    Text,
}

/// The column of the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdMapping {
    /// Its name.
    pub column: String,
    /// What it holds.
    #[serde(rename = "type", default)]
    pub kind: UserIdKind,
    /// What a new row gets: `uuid7`, or an expression in SQL. Without it, the default of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// What a field is in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a field has to be the name of a column, or an object with \"column\" or \"sql\""
)]
pub enum FieldMapping {
    /// A column.
    Column(String),
    /// More than a column.
    Detailed(DetailedField),
}

/// A field that is not just a column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailedField {
    /// The column, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// An expression in SQL over the columns of the table, if it is more than one column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// Which columns are written to give the field a value, each with an expression in SQL in which
    /// `$value` is that value. An expression without it is read-only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub write: BTreeMap<String, String>,
    /// Of a time without a time zone: the zone that it is in. UTC, if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether no two users have the same value when case is ignored. True, if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<bool>,
    /// What a new row gets that says nothing of the field: an expression in SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

impl UsersTable {
    /// Reads the value of `USERS_TABLE`. An empty one says nothing.
    pub fn parse(text: &str) -> Result<Self, InvalidMapping> {
        match text {
            "" => Ok(Self::Unspecified),
            OWN => Ok(Self::Own),
            json => {
                let mapping: UsersMapping = serde_json::from_str(json).map_err(|error| {
                    InvalidMapping(format!("must be \"own\" or a mapping as JSON, but {error}"))
                })?;
                let mistakes = mapping.mistakes();
                if !mistakes.is_empty() {
                    return Err(InvalidMapping(mistakes.join("; ")));
                }
                Ok(Self::Mapped(Box::new(mapping)))
            }
        }
    }

    /// The mapping, where there is one.
    #[must_use]
    pub fn mapping(&self) -> Option<&UsersMapping> {
        match self {
            Self::Mapped(mapping) => Some(mapping),
            Self::Unspecified | Self::Own => None,
        }
    }

    /// Whether users can be created; if not, a sentence that says why.
    pub fn allow_new_users(&self) -> Result<(), String> {
        match self
            .mapping()
            .and_then(|mapping| mapping.no_new_users.as_ref())
        {
            Some(reason) => Err(format!("Users cannot be created in this table: {reason}")),
            None => Ok(()),
        }
    }

    /// Whether the table says when a user was created.
    #[must_use]
    pub fn has_created_at(&self) -> bool {
        self.mapping()
            .is_none_or(|mapping| mapping.created_at.is_some())
    }

    /// Fields that only this table has.
    #[must_use]
    pub fn extra(&self) -> ExtraFields {
        self.mapping()
            .map_or(ExtraFields::NONE, |mapping| mapping.extra)
    }

    /// What the ids of users are.
    #[must_use]
    pub fn id_kind(&self) -> UserIdKind {
        self.mapping()
            .map_or(UserIdKind::Integer, |mapping| mapping.id.kind)
    }
}

impl UsersMapping {
    /// The schema in which everything of rollcall's is, beside the indexes and triggers of the table.
    pub const SCHEMA: &str = "rollcall";

    /// The fields with their names, the id aside, in the order in which rollcall's own table has them.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, Option<&FieldMapping>); 8] {
        [
            ("email", self.email.as_ref()),
            ("username", self.username.as_ref()),
            ("full_name", self.full_name.as_ref()),
            ("password_hash", self.password_hash.as_ref()),
            ("is_active", self.is_active.as_ref()),
            ("is_superuser", self.is_superuser.as_ref()),
            ("created_at", self.created_at.as_ref()),
            ("updated_at", self.updated_at.as_ref()),
        ]
    }

    /// Whether an email names one user.
    #[must_use]
    pub fn are_emails_unique(&self) -> bool {
        self.email.as_ref().is_some_and(FieldMapping::is_unique)
    }

    /// The mapping as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A struct of plain fields always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The schema of the table, if it is said, and its name.
    #[must_use]
    pub fn table_name(&self) -> (Option<&str>, &str) {
        match self.table.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, &self.table),
        }
    }

    /// All that is wrong with the mapping and can be known without the table.
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut written = BTreeSet::from([self.id.column.as_str()]);
        for (name, field) in self.fields() {
            let Some(FieldMapping::Detailed(field)) = field else {
                continue;
            };
            if field.column.is_some() == field.sql.is_some() {
                mistakes.push(format!("{name} needs either \"column\" or \"sql\""));
            }
            if field.column.is_some() && !field.write.is_empty() {
                mistakes.push(format!(
                    "{name} is a column, so \"write\" is for {name} as \"sql\""
                ));
            }
            if field.time_zone.is_some() && !matches!(name, "created_at" | "updated_at") {
                mistakes.push(format!("{name} is not a time and has no \"time_zone\""));
            }
            if field.unique.is_some() && !matches!(name, "email" | "username") {
                mistakes.push(format!(
                    "\"unique\" is for email and username, not for {name}"
                ));
            }
        }
        mistakes.extend(self.extra.mistakes());
        let fields = self.fields();
        let columns = fields
            .iter()
            .flat_map(|(_, field)| field.iter().flat_map(|field| field.written()))
            .map(|(column, _)| column)
            .chain(self.extra.iter().map(|field| field.column));
        // What a new user gets gives way to what a request says.
        let is_extra = |column: &&str| self.extra.iter().any(|field| field.column == *column);
        let constants = self.new_users.keys().map(String::as_str);
        let columns = columns.chain(constants.filter(|column| !is_extra(column)));
        for column in columns {
            if !written.insert(column) {
                mistakes.push(format!("the column {column} is written twice"));
            }
        }
        mistakes
    }
}

impl FieldMapping {
    /// A field in its shortest form: a column that needs nothing else is its name.
    #[must_use]
    pub fn detailed(field: DetailedField) -> Self {
        match field.column.clone() {
            Some(column)
                if field
                    == DetailedField {
                        column: field.column.clone(),
                        ..DetailedField::default()
                    } =>
            {
                Self::Column(column)
            }
            _ => Self::Detailed(field),
        }
    }

    /// The column that the field is, if it is one.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Column(column) => Some(column),
            Self::Detailed(field) => field.column.as_deref(),
        }
    }

    /// The expression that the field is, if it is not a column.
    #[must_use]
    pub fn sql(&self) -> Option<&str> {
        match self {
            Self::Column(_) => None,
            Self::Detailed(field) => field.sql.as_deref(),
        }
    }

    /// Which columns are written, each with its expression of `$value`.
    #[must_use]
    pub fn written(&self) -> Vec<(&str, &str)> {
        match (self.column(), self) {
            (Some(column), _) => vec![(column, "$value")],
            (None, Self::Detailed(field)) => field
                .write
                .iter()
                .map(|(column, sql)| (column.as_str(), sql.as_str()))
                .collect(),
            (None, Self::Column(_)) => Vec::new(),
        }
    }

    /// The zone of a time without one.
    #[must_use]
    pub fn time_zone(&self) -> Option<&str> {
        match self {
            Self::Column(_) => None,
            Self::Detailed(field) => field.time_zone.as_deref(),
        }
    }

    /// What a new row gets that says nothing of the field.
    #[must_use]
    pub fn default(&self) -> Option<&str> {
        match self {
            Self::Column(_) => None,
            Self::Detailed(field) => field.default.as_deref(),
        }
    }

    /// Whether no two users have the same value when case is ignored.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        match self {
            Self::Column(_) => true,
            Self::Detailed(field) => field.unique.unwrap_or(true),
        }
    }
}

#[cfg(test)]
mod tests;
