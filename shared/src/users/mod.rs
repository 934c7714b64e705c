//! The domain: users, and what can be asked about them.

mod batch;
mod cursor;
mod email;
mod exact_value;
mod field_error;
mod field_names;
mod filter;
mod folding;
mod guard;
mod list_query;
mod located;
mod new_user;
#[cfg(feature = "openapi")]
pub mod openapi;
mod page;
mod password;
mod password_hash;
mod raw_user;
mod search_term;
mod signups;
mod sort;
mod stats;
mod text;
mod user;
mod user_field;
mod user_fields;
mod user_patch;
mod username;

/// The limits of single values, for the document of the API.
#[cfg(feature = "openapi")]
pub mod limits {
    pub use super::{
        cursor::MAX_ENCODED_BYTES as CURSOR_BYTES,
        email::MAX_BYTES as EMAIL_BYTES,
        exact_value::MAX_CHARACTERS as EXACT_VALUE_CHARACTERS,
        password::{MAX_BYTES as PASSWORD_MAX_BYTES, MIN_CHARACTERS as PASSWORD_MIN_CHARACTERS},
        password_hash::MAX_BYTES as PASSWORD_HASH_BYTES,
        search_term::{MAX_CHARACTERS as SEARCH_CHARACTERS, MAX_WORDS as SEARCH_WORDS},
        username::{FULL_NAME_CHARACTERS, USERNAME_CHARACTERS},
    };
}

pub use crate::platform::user_id::{UserId, UserIdKind};

pub(crate) use self::{
    folding::folded,
    user::{TAG_BYTES, TAG_SEPARATOR},
};

pub use self::{
    batch::parse_batch,
    cursor::{Cursor, CursorError, Direction, SortKey},
    exact_value::ExactValue,
    field_error::FieldError,
    field_names::{FieldName, UnknownNames, extra_of_column},
    filter::Filter,
    guard::Guard,
    list_query::{CountMode, ListQuery, Position},
    located::Located,
    new_user::NewUser,
    page::{Page, Total},
    password::Password,
    password_hash::AcceptedHashes,
    raw_user::{FieldValue, RawUser},
    search_term::{SearchTerm, SearchWord},
    signups::{DaySignups, Signups},
    sort::{Sort, SortBy, SortOrder},
    stats::UserStats,
    text::trimmed,
    user::User,
    user_field::UserField,
    user_fields::{FieldAccess, UserFields, field_access},
    user_patch::UserPatch,
};
