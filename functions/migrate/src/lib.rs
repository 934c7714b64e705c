//! Brings the database's schema up to date, as a custom resource of every deploy or when invoked by
//! hand, and makes the first superuser.
//!
//! By hand the event is one of:
//!
//! - `{"command": "up"}`, also meant by an empty one: applies what the database lacks;
//! - `{"command": "status"}`: tells what it lacks;
//! - `{"command": "promote", "email": "..."}`: makes an existing user an active superuser;
//! - `{"command": "create-superuser", "email": "...", "username": "...", "full_name": "..."}`: adds
//!   one, without a password;
//! - `{"command": "clean"}`, meant for a schedule: deletes what has expired, so that no request does.
//!
//! - `{"command": "remove"}`: takes everything of rollcall's away from the table of another application,
//!   and what it has stored.
//!
//! There is no command to take back a migration: that is done by hand, with a backup at hand.

mod budget;
mod cloudformation;
mod deploy;
mod manual_commands;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use shared::platform::error::chain;

use crate::{cloudformation::Request, manual_commands::Event};

/// Of an invocation, this much at most is kept back to tell CloudFormation that the rest was not
/// enough. CloudFormation would otherwise wait an hour for an answer that never comes.
const MAX_MARGIN: Duration = Duration::from_secs(15);

/// Where there is no deadline, as on a developer's machine.
const NO_DEADLINE: Duration = Duration::from_hours(1);

/// Answers one event of either kind.
pub async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let time = time_to_work(event.context.deadline);
    if Request::is_one(&event.payload) {
        // Boxed, because the compiler counts how deep futures are nested.
        Box::pin(answer_cloudformation(
            serde_json::from_value(event.payload)?,
            time,
        ))
        .await
    } else {
        let event: Event = serde_json::from_value(event.payload)?;
        let outcome = Box::pin(event.run(time)).await;
        if let Err(error) = &outcome {
            tracing::error!(error = chain(error.as_ref()), "the command failed");
        }
        outcome
    }
}

/// Whatever happens to the database, CloudFormation gets an answer. Only where that cannot be
/// delivered does the invocation fail, so that Lambda tries it again.
async fn answer_cloudformation(request: Request, time: Duration) -> Result<Value, Error> {
    let outcome = match tokio::time::timeout(time, Box::pin(deploy::run(&request, time))).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!(
            "The database was not ready after {} s. What had been done stays done, and the next \
             deploy goes on from there.",
            time.as_secs()
        )),
    };
    if let Err(reason) = &outcome {
        tracing::error!(reason, "the deploy cannot go on");
    }
    let answer = request.answer(outcome);
    request.send(&answer).await.inspect_err(|error| {
        tracing::error!(error = chain(error), "CloudFormation was not told");
    })?;
    Ok(serde_json::to_value(answer)?)
}

/// What is left until the end of the invocation (milliseconds since 1970), less the margin. An end in
/// the past, which only local runtimes send, is ignored.
fn time_to_work(invocation_end_ms: u64) -> Duration {
    let end = UNIX_EPOCH + Duration::from_millis(invocation_end_ms);
    match end.duration_since(SystemTime::now()) {
        Ok(left) if !left.is_zero() => left.saturating_sub(MAX_MARGIN.min(left / 3)),
        _ => NO_DEADLINE,
    }
}
