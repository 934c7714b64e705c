//! The indexes on the table of another application. Each serves the same queries as one of rollcall's own
//! table, by the expressions of the view.

use std::fmt::Write as _;

use super::columns::ViewColumn;
use crate::folded_text::{
    character_pairs_of, folded_text_of, rare_text_of, text_key_of, uncommon_characters_of,
};

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    /// Its name, in the schema of the table.
    pub(super) name: &'static str,
    is_unique: bool,
    /// Everything after the name of the table.
    definition: String,
}

impl Index {
    /// The statement that builds it on a table.
    pub(super) fn create(&self, table: &str, options: &str) -> String {
        self.create_as(self.name, table, options)
    }

    /// The statement that builds it beside the one whose place it takes.
    pub(super) fn create_next(&self, table: &str) -> String {
        let name = format!("{}{NEXT}", self.name);
        self.create_as(&name, table, "CONCURRENTLY")
    }

    pub(super) fn rename(&self, schema: &str, from: &str, to: &str) -> String {
        let name = self.name;
        format!("ALTER INDEX {schema}.{name}{from} RENAME TO {name}{to}")
    }

    fn create_as(&self, name: &str, table: &str, options: &str) -> String {
        let unique = if self.is_unique { "UNIQUE " } else { "" };
        format!(
            "CREATE {unique}INDEX {options} {name} ON {table} {}",
            self.definition
        )
    }
}

/// What is put behind the name of an index that takes the place of another one, and behind that of the other one.
pub(super) const NEXT: &str = "_next";
pub(super) const REPLACED: &str = "_replaced";

/// What the indexes are made of.
pub(super) struct Indexed<'p> {
    /// The columns of the view.
    pub(super) columns: &'p [ViewColumn],
    /// The key of the table, quoted.
    pub(super) id: &'p str,
    /// Which rows are users.
    pub(super) users_are: Option<&'p str>,
    /// Columns of the table that searches and the filters by flags look at, quoted.
    pub(super) searched: &'p [String],
    /// The columns that say when a user was made.
    pub(super) times: &'p [String],
    /// Whether email and username are unique when case is ignored.
    pub(super) unique: [bool; 2],
}

impl Indexed<'_> {
    /// By the version of the migration that makes them for rollcall's own table.
    pub(super) fn of_migration(&self, version: i64) -> Option<Index> {
        match version {
            3 => self.look_up("email", "rollcall_users_email", self.unique[0]),
            4 => self.look_up("username", "rollcall_users_username", self.unique[1]),
            5 => {
                let key = (!self.column("created_at").is_absent)
                    .then(|| self.column("created_at").sql.clone());
                Some(self.list("rollcall_users_by_created_at", key, self.times))
            }
            6 => self.by_text("username", "rollcall_users_by_username"),
            7 => self.by_text("email", "rollcall_users_by_email"),
            12 => self.keep_apart("email", "rollcall_users_email_unique", self.unique[0]),
            13 => self.keep_apart("username", "rollcall_users_username_unique", self.unique[1]),
            31 => Some(self.search()),
            90 => Some(self.pairs()),
            110 => Some(self.uncommon()),
            _ => None,
        }
    }

    fn column(&self, name: &str) -> &ViewColumn {
        // The view has all columns of rollcall's own table.
        let found = self.columns.iter().find(|column| column.name == name);
        found.unwrap_or(&self.columns[0])
    }

    /// Finds users by an exact value, and keeps values apart where every user has one.
    fn look_up(&self, field: &str, name: &'static str, is_unique: bool) -> Option<Index> {
        let column = self.column(field);
        (!column.is_absent).then(|| Index {
            name,
            is_unique: is_unique && !column.may_be_empty,
            definition: format!("(({})){}", text_key_of(&column.sql), self.condition(None)),
        })
    }

    /// Keeps values apart where users may have none. Look-ups do not know the condition, so they have an
    /// index of their own.
    fn keep_apart(&self, field: &str, name: &'static str, is_unique: bool) -> Option<Index> {
        let column = self.column(field);
        let has_value = format!("{} <> ''", column.sql);
        (is_unique && column.may_be_empty && !column.is_absent).then(|| Index {
            name,
            is_unique: true,
            definition: format!(
                "(({})){}",
                text_key_of(&column.sql),
                self.condition(Some(&has_value))
            ),
        })
    }

    fn by_text(&self, name: &str, index: &'static str) -> Option<Index> {
        let column = self.column(name);
        (!column.is_absent).then(|| self.list(index, Some(text_key_of(&column.sql)), &[]))
    }

    /// Serves the lists in one order: flags, key, id. The server answers from an index alone if it has all columns that
    /// the statement names, also where it has the expressions; but those of its own condition it does not need.
    fn list(&self, name: &'static str, key: Option<String>, key_columns: &[String]) -> Index {
        let flags = ["is_active", "is_superuser"]
            .map(|flag| self.column(flag))
            .into_iter()
            .filter(|flag| !flag.is_absent)
            .map(|flag| flag.sql.clone());
        let mut keys: Vec<_> = flags.chain(key).map(|sql| format!("({sql})")).collect();
        keys.push(self.id.to_owned());
        let mut definition = format!("({})", keys.join(", "));
        // A key that is a column has it already.
        let is_key = |column: &String| {
            keys.iter()
                .any(|key| key.trim_matches(['(', ')']) == column)
        };
        let others = key_columns
            .iter()
            .filter(|column| !self.searched.contains(column));
        let included = self.searched.iter().chain(others);
        let included: Vec<_> = included
            .filter(|column| !is_key(column))
            .map(String::as_str)
            .collect();
        if !included.is_empty() {
            let _ = write!(definition, " INCLUDE ({})", included.join(", "));
        }
        definition.push_str(&self.condition(None));
        Index {
            name,
            is_unique: false,
            definition,
        }
    }

    fn search(&self) -> Index {
        let [username, email, full_name] = self.searched();
        let folded_text = folded_text_of(&username, &email, &full_name);
        Index {
            name: "rollcall_users_folded",
            is_unique: false,
            definition: format!(
                "USING gin (({folded_text}) gin_trgm_ops) WITH (gin_pending_list_limit = 16384){}",
                self.condition(None)
            ),
        }
    }

    fn pairs(&self) -> Index {
        let [username, email, full_name] = self.searched();
        let rare_text = rare_text_of(&username, &email, &full_name);
        let pairs = character_pairs_of(&rare_text);
        let is_rare = format!("({rare_text}) <> ''");
        Index {
            name: "rollcall_users_pairs",
            is_unique: false,
            definition: format!(
                "USING gin (({pairs})) WITH (gin_pending_list_limit = 16384){}",
                self.condition(Some(&is_rare))
            ),
        }
    }

    fn uncommon(&self) -> Index {
        let [username, email, full_name] = self.searched();
        let [has_any, characters] = uncommon_characters_of(&username, &email, &full_name);
        Index {
            name: "rollcall_users_uncommon",
            is_unique: false,
            definition: format!(
                "USING gin (({characters})) WITH (gin_pending_list_limit = 16384){}",
                self.condition(Some(&has_any))
            ),
        }
    }

    fn searched(&self) -> [String; 3] {
        ["username", "email", "full_name"].map(|name| format!("({})", self.column(name).sql))
    }

    fn condition(&self, more: Option<&str>) -> String {
        let conditions: Vec<_> = self
            .users_are
            .into_iter()
            .chain(more)
            .map(|condition| format!("({condition})"))
            .collect();
        if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        }
    }
}
