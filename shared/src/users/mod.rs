//! The domain: users, and what can be asked about them.

mod batch;
mod cursor;
mod email;
mod list_query;
mod new_user;
mod page;
mod password;
mod raw_user;
mod search_term;
mod stats;
mod text;
mod user;
mod username;

pub use self::{
    batch::{NewUserBatch, RawRow},
    cursor::{Cursor, CursorError, SortKey, Towards},
    list_query::{CountMode, Filter, ListQuery, Position, Sort, SortBy, SortOrder},
    new_user::{FieldError, NewUser},
    page::{Page, Total},
    password::Password,
    raw_user::{FieldValue, RawUser, UserField},
    search_term::SearchTerm,
    stats::UserStats,
    user::User,
};
