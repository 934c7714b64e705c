//! What a deploy needs of the database: the schema of this code, and room for the functions.

use std::time::Duration;

use lambda_runtime::Error;
use ring::digest;
use serde_json::{Value, json};
use shared::{
    platform::{
        config::{UsersTable, users_table},
        database,
        error::{Reason, chain},
        start_error::StartError,
    },
    store::{
        application_role,
        capacity::{Capacity, find_capacity},
        migrations, schema,
    },
};

use crate::{
    budget::Budget,
    cloudformation::{Change, Request},
    manual_commands::names,
};

/// Does what CloudFormation asks. The error is what people read in the events of the stack.
pub async fn run(request: &Request, time: Duration) -> Result<Value, String> {
    // The table outlives the stack: it may have been there before, and it is not ours to drop.
    if request.change == Change::Delete {
        return Ok(json!({}));
    }
    let budget = Budget::from_properties(&request.resource_properties)?;
    let mut connection = database::connect_for_migrations()
        .await
        .map_err(|error| connection_failure(&error))?;
    // A statement that outlived this invocation would hold its locks against the next deploy.
    schema::limit_statements(&mut connection, time)
        .await
        .map_err(|error| format!("The database does not answer: {}", chain(&error)))?;
    let capacity = find_capacity(&mut connection)
        .await
        .map_err(|error| format!("The database's limits cannot be read: {}", chain(&error)))?;
    if let Some(budget) = &budget {
        check(budget, capacity, request)?;
    }
    let table = users_table().map_err(|error| error.to_string())?;
    let applied = migrations::up(&mut connection, &table)
        .await
        .map_err(|error| format!("A migration failed: {}", chain(&error)))?;
    ensure_application_role(&mut connection, &table)
        .await
        .map_err(|error| {
            format!(
                "The role of the functions cannot be made: {}",
                chain(error.as_ref())
            )
        })?;
    let all = migrations::status(&mut connection)
        .await
        .map_err(|error| format!("The migrations cannot be listed: {}", chain(&error)))?;
    let applied = names(&applied);
    tracing::info!(?applied, "the schema is up to date");
    Ok(json!({
        "Applied": applied.join(", "),
        "SchemaVersion": all.last().map_or(0, |last| last.version).to_string(),
        "Connections": budget.as_ref().map_or(0, Budget::demand).to_string(),
        "Configuration": configuration(&request.resource_properties),
        "ConnectionLimit": budget.as_ref().map_or(0, |budget| budget.limit(capacity)).to_string(),
    }))
}

/// Why there is no connection. Of a certificate that is not accepted, an operator has to know what to do.
fn connection_failure(error: &StartError) -> String {
    match error {
        StartError::Database(unavailable) if unavailable.reason() == Reason::TlsFailed => format!(
            "{error}. If the region is newer than this release, DatabaseCertificatesLayer must name a layer with \
             Amazon's certificates for it (docs/operations.md, Certificates)."
        ),
        _ => error.to_string(),
    }
}

/// Makes the role of the functions of the API, where migrations have credentials of their own.
pub async fn ensure_application_role(
    connection: &mut database::Connection,
    users_table: &UsersTable,
) -> Result<(), Error> {
    if let Some(secret) = database::application_credentials().await? {
        application_role::ensure(
            connection,
            users_table,
            secret.username(),
            secret.password(),
        )
        .await?;
    }
    Ok(())
}

/// A hash that names the configuration of the functions. Their descriptions are too short for all of it.
fn configuration(properties: &Value) -> String {
    let text = properties["Configuration"].to_string();
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    // Eight bytes are enough that two configurations of a stack never share a name.
    let start = hash.as_ref().first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(start))
}

/// An update that asks for no more connections than the stack already has never fails for them: it
/// may be the way back from one that did, and a roll-back must not fail.
fn check(budget: &Budget, capacity: Capacity, request: &Request) -> Result<(), String> {
    let Err(reason) = budget.check(capacity) else {
        return Ok(());
    };
    let before = Budget::from_properties(&request.old_resource_properties);
    let before = before.ok().flatten().map(|budget| budget.demand());
    if before.is_some_and(|before| budget.demand() <= before) {
        tracing::warn!(reason, "over the budget, but not more than before");
        return Ok(());
    }
    Err(reason)
}
