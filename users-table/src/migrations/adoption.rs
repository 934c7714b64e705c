//! Whether the table of another application can be adopted, and what only code can do about it:
//! CREATE and DROP INDEX CONCURRENTLY of indexes that no migration knows.

use sqlx::PgConnection;

use super::Status;
use crate::{
    adoption::{self, Feature, FeatureKind},
    catalogue::{self, Column},
    mapping::TablePlan,
    users_table::UsersTable,
};

/// The last migration that changes what an adopted table may have had before.
pub(super) const LAST_MIGRATION: i64 = 13;

const TEXT: &[&str] = &["text", "character varying"];
const INTEGER: &[&str] = &["bigint", "integer", "smallint"];
const BOOLEAN: &[&str] = &["boolean"];
const TIME: &[&str] = &["timestamp with time zone"];

/// What a column must be.
struct Wanted {
    name: &'static str,
    types: &'static [&'static str],
    /// Whether each user must have a value.
    is_required: bool,
}

const fn wanted(name: &'static str, types: &'static [&'static str], is_required: bool) -> Wanted {
    Wanted {
        name,
        types,
        is_required,
    }
}

/// A missing `updated_at` is read as `created_at`: SQLAlchemy's `onupdate` leaves it out of new rows.
const WANTED: [Wanted; 9] = [
    wanted("id", INTEGER, true),
    wanted("email", TEXT, true),
    wanted("username", TEXT, true),
    wanted("full_name", TEXT, false),
    wanted("password_hash", TEXT, false),
    wanted("is_active", BOOLEAN, true),
    wanted("is_superuser", BOOLEAN, true),
    wanted("created_at", TIME, true),
    wanted("updated_at", TIME, false),
];

/// What keeps the table from being adopted, in sentences for its owner, without any user's data.
pub(super) async fn preflight_errors(
    connection: &mut PgConnection,
    users_table: &UsersTable,
    plan: Option<&TablePlan>,
) -> Result<Vec<String>, sqlx::Error> {
    if plan.is_some() {
        return duplicates(connection, plan).await;
    }
    let Some(table) = adoption::find_table(connection, "users").await? else {
        return missing_consent(connection, users_table).await;
    };
    if table.is_ours {
        return Ok(Vec::new());
    }
    if !table.is_ordinary {
        return Ok(vec![
            "users is not an ordinary table, and triggers and indexes need one".to_owned(),
        ]);
    }
    let columns = catalogue::list_columns(connection, "users").await?;
    warn_of_columns_without_default(&columns);
    let features = adoption::list_features(connection, "users").await?;
    let mut preflight_errors: Vec<_> = WANTED
        .iter()
        .filter_map(|wanted| wanted.preflight_error_in(&columns))
        .collect();
    for name in adoption::list_taken_names(connection).await? {
        preflight_errors.push(format!("{name} is not an index on users: rename it"));
    }
    preflight_errors.extend(features.iter().filter_map(preflight_error_or_warning));
    // What follows reads the table by columns that may be missing.
    if preflight_errors.is_empty() {
        preflight_errors.extend(missing_values(connection, &columns).await?);
        preflight_errors.extend(times_without_date(connection).await?);
        preflight_errors.extend(duplicates(connection, None).await?);
    }
    Ok(preflight_errors)
}

/// A database that has tables has users somewhere, most of the time: a second table of users beside them
/// is made only where somebody has said so.
async fn missing_consent(
    connection: &mut PgConnection,
    users_table: &UsersTable,
) -> Result<Vec<String>, sqlx::Error> {
    let tables = catalogue::list_tables(connection).await?;
    if tables.is_empty() || *users_table == UsersTable::Own {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "this database has tables ({}), and none is named users: set USERS_TABLE to a mapping of the one that \
         holds the users, or to \"own\" for a new table of rollcall's own",
        tables.join(", ")
    )])
}

impl Wanted {
    fn preflight_error_in(&self, columns: &[Column]) -> Option<String> {
        let Self {
            name,
            types,
            is_required,
        } = self;
        let right = types[0];
        let Some(column) = columns.iter().find(|column| column.name == *name) else {
            let constraint = if *is_required { " NOT NULL" } else { "" };
            return Some(format!(
                "users has no column {name} ({right}{constraint}): add it, or rename the one that holds it"
            ));
        };
        if !types.contains(&column.data_type.as_str()) {
            let advice = if column.data_type == "timestamp without time zone" {
                format!(
                    ": if it is in UTC, SET timezone = 'UTC'; ALTER TABLE users ALTER COLUMN {name} \
                     TYPE timestamptz"
                )
            } else {
                String::new()
            };
            return Some(format!(
                "users.{name} is {}, not {right}{advice}",
                column.data_type
            ));
        }
        if column.is_generated {
            return Some(format!(
                "users.{name} is a generated column, which cannot be written: ALTER TABLE users ALTER COLUMN \
                 {name} DROP EXPRESSION, or let the table be written through the column behind it"
            ));
        }
        let is_key = *name == "id";
        if is_key && column.is_nullable {
            return Some("users.id is not the primary key".to_owned());
        }
        (is_key && !column.has_default).then(|| {
            "users.id has no default: ALTER TABLE users ALTER COLUMN id ADD GENERATED BY DEFAULT AS \
             IDENTITY, and set its sequence"
                .to_owned()
        })
    }
}

/// What makes wrong what rollcall shows or writes is a preflight error. What may refuse an import is a warning:
/// such an import is answered with the rule's name.
fn preflight_error_or_warning(feature: &Feature) -> Option<String> {
    let preflight_error = feature.preflight_error("users");
    if preflight_error.is_some() {
        return preflight_error;
    }
    let warning = match feature.kind {
        FeatureKind::Policy => "row level security may hide users from lists, which are counted",
        FeatureKind::Unique => "imports that break this unique rule are refused with its name",
        FeatureKind::Trigger => "a trigger of the table may change or refuse what is imported",
        FeatureKind::Check => "imports that break this rule are refused with its name",
        FeatureKind::Inheritance | FeatureKind::Rule | FeatureKind::Deferrable => return None,
    };
    tracing::warn!(name = feature.name, "{warning}");
    None
}

/// Nobody can say them in an answer, and `infinity` is not a time at which anybody signed up.
async fn times_without_date(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut preflight_errors = Vec::new();
    for name in ["created_at", "updated_at"] {
        let users = adoption::count_times_without_date(connection, name).await?;
        if users > 0 {
            preflight_errors.push(format!(
                "users whose {name} is infinite or not in the years 1 to 9999: {users}, listed by SELECT id, \
                 {name} FROM users WHERE {name} < '0001-01-01Z' OR {name} >= '10000-01-01Z'"
            ));
        }
    }
    Ok(preflight_errors)
}

/// rollcall does not know these, so whatever it inserts has nothing in them. Lists and numbers work.
fn warn_of_columns_without_default(columns: &[Column]) {
    for column in columns {
        let is_known = WANTED.iter().any(|wanted| wanted.name == column.name);
        if !is_known && !column.is_nullable && !column.has_default {
            tracing::warn!(
                column = column.name,
                "new users cannot be stored: the column must hold something and has no default"
            );
        }
    }
}

/// What a missing value means only the application knows.
async fn missing_values(
    connection: &mut PgConnection,
    columns: &[Column],
) -> Result<Vec<String>, sqlx::Error> {
    let mut preflight_errors = Vec::new();
    for Wanted { name, .. } in WANTED.iter().filter(|wanted| wanted.is_required) {
        let is_nullable = |column: &Column| column.name == *name && column.is_nullable;
        if !columns.iter().any(is_nullable) {
            continue;
        }
        let missing = adoption::count_missing(connection, name).await?;
        if missing > 0 {
            preflight_errors.push(format!(
                "users without {name}: {missing}; UPDATE users SET {name} = <what they should have> \
                 WHERE {name} IS NULL"
            ));
        }
    }
    Ok(preflight_errors)
}

/// What our unique indexes would refuse.
pub(super) async fn duplicates(
    connection: &mut PgConnection,
    plan: Option<&TablePlan>,
) -> Result<Vec<String>, sqlx::Error> {
    let queries: Vec<_> = match plan {
        Some(plan) => plan.shared_values(),
        None => ["email", "username"]
            .map(|name| {
                (
                    name,
                    catalogue::shared_values("users", "id", name, name, ""),
                )
            })
            .into(),
    };
    let advice = if plan.is_some() {
        "; or say \"unique\": false in the mapping"
    } else {
        ""
    };
    let mut preflight_errors = Vec::new();
    for (name, query) in queries {
        let shared = catalogue::count_rows(connection, &query).await?;
        if shared > 0 {
            preflight_errors.push(format!(
                "{name}s of more than one user when case is ignored: {shared}, listed by {query}{advice}"
            ));
        }
    }
    Ok(preflight_errors)
}

/// The migration that made the first index of searches, and the one that replaced it.
const SEARCH_MIGRATION: i64 = 8;
const FOLDED_SEARCH_MIGRATION: i64 = 31;

/// The indexes that ours have replaced by now, after a database that had had the migrations of `before`
/// got all. The index of searches goes with the second deploy of the migration that replaced it: until then the
/// release before may be in use, unless there was none.
pub(super) async fn list_replaced_indexes(
    connection: &mut PgConnection,
    before: &[Status],
) -> Result<Vec<String>, sqlx::Error> {
    let had = |version| {
        let migration = before.iter().find(|status| status.version == version);
        migration.is_some_and(|migration| migration.is_applied)
    };
    let is_search_folded = had(FOLDED_SEARCH_MIGRATION) || !had(SEARCH_MIGRATION);
    adoption::list_replaced(connection, is_search_folded).await
}

/// Drops indexes that ours have replaced, one at a time. The definitions of an application's are remembered.
pub(super) async fn drop_replaced_indexes(
    connection: &mut PgConnection,
    indexes: Vec<String>,
) -> Result<(), sqlx::Error> {
    for index in indexes {
        tracing::info!(index, "drops an index that another one has replaced");
        adoption::drop_index(connection, &index).await?;
    }
    Ok(())
}

/// Builds them again, still under the names that they were given then.
pub(super) async fn restore_replaced_indexes(
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    for statement in adoption::list_definitions(connection).await? {
        adoption::create_index(connection, &statement).await?;
    }
    Ok(())
}
