//! The table of users: its migrations, the mapping of a table that another application made, and all that is
//! known of such a table before it is adopted.
//!
//! The functions and the command share this. It knows no request, no Lambda and no secret.

pub mod adoption;
pub mod catalogue;
pub mod connection;
mod extra_fields;
mod folded_text;
pub mod mapping;
pub mod migrations;
pub mod proposal;
pub mod schema;
pub mod seals;
mod users_table;

pub use self::{
    extra_fields::{ExtraField, ExtraFields},
    folded_text::{
        PLAIN_CHARACTERS, UNCOMMON_CHARACTERS, character_pairs_of, folded_text_of, rare_text_of,
        text_key_of, uncommon_characters_of,
    },
    users_table::{
        DetailedField, FieldMapping, IdMapping, InvalidMapping, UserIdKind, UsersMapping,
        UsersTable,
    },
};
