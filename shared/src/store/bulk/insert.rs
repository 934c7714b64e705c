//! Inserts many users in one statement.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::{PgConnection, QueryBuilder};

use super::{input, row::ImportRow};
use crate::{
    platform::config::ExtraField,
    store::{
        extra::{row_of_view, user_columns},
        mapping::{UserWrites, raw},
    },
    users::User,
};

/// The fields of a new user, each with its value in terms of the row `input`.
pub(super) const FIELDS: [(&str, &str); 8] = [
    ("email", "input.email"),
    ("username", "input.username"),
    ("full_name", "input.full_name"),
    ("password_hash", "input.password_hash"),
    ("is_active", "input.is_active"),
    ("is_superuser", "input.is_superuser"),
    ("created_at", "coalesce(input.created_at, now())"),
    ("updated_at", "now()"),
];

/// Inserts all rows, and returns the users by the email of their row, or `None` if the table has changed
/// them so that they cannot be found again. Fails if any value is taken.
pub(super) async fn all(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
) -> Result<Option<HashMap<String, User>>, sqlx::Error> {
    let inserted = insert(connection, writes, rows, "").await?;
    Ok(by_row(rows, inserted).filter(|inserted| inserted.len() == rows.len()))
}

/// Inserts the rows that meet no stored one, and returns the users as [`all`] does.
pub(super) async fn new(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
) -> Result<Option<HashMap<String, User>>, sqlx::Error> {
    let inserted = insert(connection, writes, rows, "ON CONFLICT DO NOTHING").await?;
    Ok(by_row(rows, inserted))
}

/// Finds the row of every user by the email. Where a trigger of the table writes emails differently, such
/// as in lower case, it finds the row without regard to case, or by the username.
fn by_row(rows: &[&ImportRow], inserted: Vec<User>) -> Option<HashMap<String, User>> {
    let emails: HashSet<&str> = rows.iter().map(|row| row.email.as_str()).collect();
    let (found, changed): (Vec<_>, Vec<_>) = inserted
        .into_iter()
        .partition(|user| emails.contains(user.email.as_deref().unwrap_or_default()));
    let mut users: HashMap<String, User> = found
        .into_iter()
        .map(|user| (user.email.clone().unwrap_or_default(), user))
        .collect();
    if changed.is_empty() {
        return Some(users);
    }
    let mut by_email = HashMap::new();
    let mut by_username = HashMap::new();
    for row in rows.iter().filter(|row| !users.contains_key(&row.email)) {
        by_email.insert(row.email.to_lowercase(), &row.email);
        if let Some(username) = &row.username {
            by_username.insert(username.to_lowercase(), &row.email);
        }
    }
    for user in changed {
        let folded = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
        let email = folded(&user.email)
            .and_then(|email| by_email.get(&email))
            .or_else(|| by_username.get(&folded(&user.username)?))?;
        // Two users of one row are as bad as none.
        if users.insert((*email).clone(), user).is_some() {
            return None;
        }
    }
    Some(users)
}

/// Inserts the rows that keep their ids after those that get the next ones. Rows that say other extra fields are
/// other statements, so that what is not said has the default of the table.
async fn insert(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
    on_conflict: &str,
) -> Result<Vec<User>, sqlx::Error> {
    let mut parts: BTreeMap<_, Vec<&ImportRow>> = BTreeMap::new();
    for row in rows {
        let said: Vec<&str> = row.extra.keys().map(String::as_str).collect();
        parts.entry((row.id.is_some(), said)).or_default().push(row);
    }
    let mut inserted = Vec::with_capacity(rows.len());
    for ((keeps_ids, said), rows) in parts {
        let fields = writes.extra().iter();
        let said: Vec<_> = fields.filter(|field| said.contains(&field.name)).collect();
        let part = Part {
            rows: &rows,
            keeps_ids,
            said: &said,
        };
        inserted.extend(insert_into(connection, writes, part, on_conflict).await?);
    }
    Ok(inserted)
}

/// Rows that are inserted in the same way.
#[derive(Clone, Copy)]
struct Part<'a> {
    rows: &'a [&'a ImportRow],
    keeps_ids: bool,
    /// The extra fields that all of them say.
    said: &'a [ExtraField],
}

/// A row that meets another transaction's uncommitted one waits for the outcome. Rows are inserted
/// in the order of their email, so that imports of the same users wait for each other instead of
/// deadlocking; it also keeps the new entries of the index on emails close together. Imports whose rows say different
/// extra fields may still deadlock, as those that meet on usernames may: the transaction is begun anew then.
async fn insert_into(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    Part {
        rows,
        keeps_ids,
        said,
    }: Part<'_>,
    on_conflict: &str,
) -> Result<Vec<User>, sqlx::Error> {
    let extra = writes.extra();
    let mut sorted: Vec<_> = rows.to_vec();
    sorted.sort_by_cached_key(|row| row.email.to_lowercase());
    let mut fields = FIELDS.to_vec();
    let overriding = if keeps_ids {
        fields.push(("id", "input.id::user_id"));
        "OVERRIDING SYSTEM VALUE"
    } else {
        ""
    };
    let mut written = writes.insert(&fields);
    for field in said {
        let column = raw(field.column);
        written.set(column.clone(), format!("extra.{column}"));
    }
    let mut sql = QueryBuilder::new(format!(
        "INSERT INTO users ({}) {overriding} SELECT {} FROM UNNEST(",
        written.columns.join(", "),
        written.values.join(", ")
    ));
    input::push_arrays(&mut sql, &sorted);
    let [name, filled] = if said.is_empty() {
        ["", ""]
    } else {
        let values = sorted.iter().map(|row| row_of_view(&row.extra, extra));
        sql.push(", ").push_bind(values.collect::<Vec<_>>());
        [
            ", extra",
            "CROSS JOIN LATERAL jsonb_populate_record(NULL::users, input.extra) AS extra ",
        ]
    };
    sql.push(format_args!(
        ") AS input ({}{name}) {filled}{on_conflict} RETURNING {}",
        input::COLUMNS,
        user_columns(extra)
    ));
    sql.build_query_as().fetch_all(connection).await
}
