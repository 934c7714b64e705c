//! The schema's migrations, embedded in the binary.

mod adoption;
mod remapping;

use std::{collections::HashSet, time::Duration};

use sqlx::{
    PgConnection,
    migrate::{Migrate, MigrateError, Migration, Migrator},
};

use crate::{
    adoption::{self as table, drop_invalid_indexes},
    catalogue,
    mapping::{self, PlanError, TablePlan},
    schema,
    users_table::{UsersMapping, UsersTable},
};

/// How often a migrator looks whether another one has finished. It asks instead of waiting on the
/// lock, because a session that waits holds a snapshot, and CREATE INDEX CONCURRENTLY waits for all
/// snapshots to go: both would wait for each other.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// SQLSTATE `lock_not_available`: a migration's `lock_timeout` passed.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// SQLSTATE `unique_violation`: of a unique index, in the making.
const UNIQUE_VIOLATION: &str = "23505";

/// With one second of waiting and one of rest each, a busy table is courted for five minutes.
const LOCK_ATTEMPTS: u32 = 150;
const LOCK_PAUSE: Duration = Duration::from_secs(1);

/// Why the schema is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table that is there cannot be adopted as it is; nothing, or nothing more, was changed. The
    /// sentences are for its owner, and hold no user's data.
    #[error("the table of users cannot be adopted yet: {}", .0.join("; "))]
    NotAdoptable(Vec<String>),
    /// A migration, or the database itself, failed.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A statement beside the migrations failed.
    #[error("while preparing migrations: {0}")]
    Prepare(#[from] sqlx::Error),
}

/// A migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The number that its file name begins with.
    pub version: i64,
    /// The rest of the file name, with spaces.
    pub description: String,
    /// Whether the database has it.
    pub is_applied: bool,
}

/// Applies all migrations that the database lacks, and returns them in order.
///
/// Where nothing is missing, nothing is needed but the right to read the list of what is applied: the
/// owner of a table may keep migrations to himself. Each migration is a whole step: one that fails
/// leaves those before it in place and can be tried again. A database that is ahead of this code is
/// left as it is: that is how a deploy is rolled back.
///
/// With a mapping, the session has to have the schema [`UsersMapping::SCHEMA`] first in its `search_path`.
pub async fn up(
    connection: &mut PgConnection,
    users_table: &UsersTable,
) -> Result<Vec<Status>, Error> {
    let before = alone(connection, async |connection| {
        if users_table.mapping().is_some() {
            schema::create(connection, UsersMapping::SCHEMA).await?;
        }
        let before = status(connection).await?;
        if before.iter().any(|migration| migration.is_applied) {
            remapping::apply_changed_mapping(connection, users_table).await?;
        }
        let pending = before.iter().filter(|migration| !migration.is_applied);
        if let Some(first) = pending.map(|migration| migration.version).min() {
            let plan = plan(connection, users_table).await?;
            apply_pending(connection, users_table, plan.as_ref(), first).await?;
        }
        let replaced = adoption::list_replaced_indexes(connection, &before).await?;
        adoption::drop_replaced_indexes(connection, replaced).await?;
        Ok(before)
    })
    .await?;
    Ok(before
        .into_iter()
        .filter(|migration| !migration.is_applied)
        .collect())
}

/// What the mapping is in terms of the table, if there is one.
async fn plan(
    connection: &mut PgConnection,
    users_table: &UsersTable,
) -> Result<Option<TablePlan>, Error> {
    let Some(mapping) = users_table.mapping() else {
        return Ok(None);
    };
    Ok(Some(mapping::plan(connection, mapping).await?))
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::PreflightErrors(preflight_errors) => Self::NotAdoptable(preflight_errors),
            PlanError::Query(error) => error.into(),
        }
    }
}

async fn apply_pending(
    connection: &mut PgConnection,
    users_table: &UsersTable,
    plan: Option<&TablePlan>,
    first: i64,
) -> Result<(), Error> {
    drop_invalid(connection, plan).await?;
    if first <= adoption::LAST_MIGRATION {
        adoptable(adoption::preflight_errors(connection, users_table, plan).await?)?;
    }
    let outcome =
        retry_on_lock_timeout(is_migration_busy, async || run(connection, plan).await).await;
    if let Err(error) = outcome {
        // An index that could not be finished would still refuse and slow down what others write. A
        // connection that broke cannot drop it; the next attempt will.
        let _ = drop_invalid(connection, plan).await;
        if has_code(&error, UNIQUE_VIOLATION) {
            // Somebody stored a duplicate after they were looked for.
            adoptable(adoption::duplicates(connection, plan).await?)?;
        }
        return Err(error.into());
    }
    Ok(())
}

async fn drop_invalid(
    connection: &mut PgConnection,
    plan: Option<&TablePlan>,
) -> Result<(), sqlx::Error> {
    match plan {
        Some(plan) => drop_invalid_indexes(connection, plan.table(), &plan.index_names()).await,
        None => drop_invalid_indexes(connection, "users", &table::INDEXES).await,
    }
}

fn adoptable(preflight_errors: Vec<String>) -> Result<(), Error> {
    if preflight_errors.is_empty() {
        Ok(())
    } else {
        Err(Error::NotAdoptable(preflight_errors))
    }
}

/// Takes back the last `steps` migrations, and returns them in the order in which they went.
pub async fn down(connection: &mut PgConnection, steps: usize) -> Result<Vec<Status>, Error> {
    let applied: Vec<_> = status(connection)
        .await?
        .into_iter()
        .filter(|migration| migration.is_applied)
        .collect();
    let kept = applied.len().saturating_sub(steps);
    let target = kept.checked_sub(1).map_or(0, |last| applied[last].version);
    alone(connection, async |connection| {
        drop_invalid(connection, None).await?;
        if target == 0 && !applied.is_empty() {
            adoption::restore_replaced_indexes(connection).await?;
        }
        let undo = async || migrator(None).undo(&mut *connection, target).await;
        retry_on_lock_timeout(is_migration_busy, undo).await?;
        Ok(())
    })
    .await?;
    Ok(applied.into_iter().skip(kept).rev().collect())
}

/// Takes everything of rollcall's away from the table of another application: triggers, indexes, and the
/// schema with all that rollcall has stored in it. What the application has made stays as it is.
pub async fn remove(connection: &mut PgConnection, users_table: &UsersTable) -> Result<(), Error> {
    let Some(plan) = plan(connection, users_table).await? else {
        return Ok(());
    };
    let statements = plan.removal();
    alone(connection, async |connection| {
        Ok(catalogue::run_each(connection, &statements).await?)
    })
    .await
}

/// All migrations in order.
pub async fn status(connection: &mut PgConnection) -> Result<Vec<Status>, MigrateError> {
    if !schema::has_list_of_migrations(connection).await? {
        connection.ensure_migrations_table().await?;
    }
    let applied: HashSet<i64> = connection
        .list_applied_migrations()
        .await?
        .into_iter()
        .map(|migration| migration.version)
        .collect();
    let migrator = migrator(None);
    let upward = migrator
        .iter()
        .filter(|migration| migration.migration_type.is_up_migration());
    Ok(upward
        .map(|migration| Status {
            version: migration.version,
            description: migration.description.to_string(),
            is_applied: applied.contains(&migration.version),
        })
        .collect())
}

async fn run(connection: &mut PgConnection, plan: Option<&TablePlan>) -> Result<(), MigrateError> {
    let mut migrator = migrator(plan);
    migrator.set_ignore_missing(is_ahead(connection).await?);
    migrator.run(connection).await
}

/// Tries again where something could not have its lock in time, after a pause, in which the writers that waited
/// behind it get on.
async fn retry_on_lock_timeout<E>(
    is_busy: impl Fn(&E) -> bool,
    mut work: impl AsyncFnMut() -> Result<(), E>,
) -> Result<(), E> {
    for _ in 1..LOCK_ATTEMPTS {
        match work().await {
            Err(error) if is_busy(&error) => {
                tracing::info!("the table is busy; trying again");
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            outcome => return outcome,
        }
    }
    work().await
}

/// Whether a statement could not have its lock in time.
fn is_busy(error: &sqlx::Error) -> bool {
    let found = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    found.as_deref() == Some(LOCK_NOT_AVAILABLE)
}

fn is_migration_busy(error: &MigrateError) -> bool {
    has_code(error, LOCK_NOT_AVAILABLE)
}

fn has_code(error: &MigrateError, code: &str) -> bool {
    let MigrateError::ExecuteMigration(error, _) = error else {
        return false;
    };
    let found = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    found.as_deref() == Some(code)
}

/// Whether the database has migrations that came after the last one known here.
async fn is_ahead(connection: &mut PgConnection) -> Result<bool, MigrateError> {
    let migrator = migrator(None);
    let last_known = migrator.iter().map(|migration| migration.version).max();
    let applied = connection.list_applied_migrations().await?;
    let unknown = applied
        .iter()
        .filter(|migration| !migrator.version_exists(migration.version));
    let mut unknown = unknown.map(|migration| migration.version).peekable();
    // One that is missing in the middle is a mistake, which the migrator reports.
    Ok(unknown.peek().is_some() && unknown.all(|version| Some(version) > last_known))
}

/// The migrations, those that concern the table in their form for the table of another application. All
/// keep the checksums of rollcall's own: a mapping may be written differently and mean the same.
fn migrator(plan: Option<&TablePlan>) -> Migrator {
    let mut migrator = sqlx::migrate!("../migrations");
    migrator.set_locking(false);
    if let Some(plan) = plan {
        let migrations = migrator.iter().map(|migration| {
            let is_up = migration.migration_type.is_up_migration();
            match plan.migration(migration.version).filter(|_| is_up) {
                Some(sql) => Migration {
                    no_tx: mapping::BUILDS_INDEX.contains(&migration.version),
                    sql: sql.into(),
                    ..migration.clone()
                },
                None => migration.clone(),
            }
        });
        migrator.migrations = migrations.collect::<Vec<_>>().into();
    }
    migrator
}

/// Runs work while no other migrator does, in any session of the database.
async fn alone<T>(
    connection: &mut PgConnection,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    while !schema::try_lock(connection).await? {
        tokio::time::sleep(LOCK_POLL).await;
    }
    let outcome = work(connection).await;
    // A connection that broke has lost the lock already; the outcome is what matters.
    let _ = schema::unlock(connection).await;
    outcome
}
