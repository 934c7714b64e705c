//! The room where all SQL lives: one file per purpose, one function per statement.
//!
//! Functions take a connection; [`crate::platform::database::Database`] owns transactions and timeouts. Row
//! structs are private, domain types come out.

pub mod application_role;
pub mod audit;
pub mod bulk;
pub mod callers;
pub mod capacity;
mod extra;
pub mod idempotency;
pub mod list;
pub mod listing;
pub mod server;
pub mod signups;
pub mod stats;
pub mod superusers;
pub mod users;

pub use users_table::{mapping, migrations, schema, seals};

/// The columns of a [`User`](crate::users::User).
///
/// Each has its type written out, so that a change of the column's own type does not change what a
/// prepared statement returns: the server would refuse to run it again. Times that have no calendar date
/// of four digits for a year, which RFC 3339 asks for, are shown as the nearest one that has. A missing
/// `updated_at` is read as `created_at`: `onupdate` of SQLAlchemy leaves it out of new rows.
///
/// In the table of another application, empty text and a time before all others stand for no value.
const USER_COLUMNS: &str = "
    users.id::user_id AS id,
    nullif(users.email::text, '') AS email,
    nullif(users.username::text, '') AS username,
    users.full_name::text AS full_name,
    users.is_active,
    users.is_superuser,
    CASE
        WHEN users.created_at > '-infinity' THEN least(
            greatest(users.created_at, '0001-01-01T00:00:00Z'),
            '9999-12-31T23:59:59.999999Z'
        )
    END AS created_at,
    CASE
        WHEN coalesce(users.updated_at, users.created_at) > '-infinity' THEN least(
            greatest(coalesce(users.updated_at, users.created_at), '0001-01-01T00:00:00Z'),
            '9999-12-31T23:59:59.999999Z'
        )
    END AS updated_at";
