//! The domain: users, and what can be asked about them.

mod batch;
mod cursor;
mod email;
mod list_query;
mod new_user;
mod page;
mod password;
mod search_term;
mod stats;
mod user;
mod username;

pub use self::{
    batch::NewUserBatch,
    cursor::{Cursor, CursorError, SortKey, Towards},
    list_query::{CountMode, Filter, ListQuery, Position, Sort, SortBy, SortOrder},
    new_user::{FieldError, NewUser},
    page::{Page, Total},
    password::Password,
    search_term::SearchTerm,
    stats::UserStats,
    user::User,
};
