//! One import: from checked rows to an answer.

use serde_json::Value;
use shared::{
    platform::{
        actor::Actor,
        database::{Abort, Database, OnAmbiguousCommit, Transaction, TransactionOutcome},
        deadline::Deadline,
        error::{Error, Refusal},
        idempotency::{IdempotentRequest, StoredResponse},
    },
    store::{
        audit,
        bulk::{self, ImportRow, ImportedUser, RefusedBy, Written},
        idempotency,
        mapping::UserWrites,
        users,
    },
    users::{Guard, Located, UserId},
};

use crate::{
    answer::{self, Counts},
    options::Options,
};

/// How often an import is begun that was refused for a conflict which has gone when it is looked for.
const MAX_ATTEMPTS: usize = 3;

const NOT_PERMITTED: &str = "keep_ids needs the right UPDATE on the sequence of users.id, which this deployment's \
                            database user does not have";

/// The response, and whether it was given before.
pub(crate) struct ImportOutcome {
    pub(crate) response: StoredResponse,
    pub(crate) is_replayed: bool,
    /// The users who lost rights.
    pub(crate) losers: Vec<UserId>,
}

/// What is to be imported.
pub(crate) struct ImportJob<'a> {
    /// The users, in request order.
    pub(crate) rows: &'a [Located<ImportRow>],
    /// How.
    pub(crate) options: Options,
    /// The key under which the request may be repeated.
    pub(crate) keyed: Option<&'a IdempotentRequest>,
    /// Which columns are written.
    pub(crate) writes: UserWrites<'a>,
}

impl ImportJob<'_> {
    fn values(&self) -> Vec<&ImportRow> {
        self.rows.iter().map(|row| &row.value).collect()
    }
}

/// Writes all users or none.
pub(crate) async fn run(
    database: &Database,
    deadline: &Deadline,
    actor: &Actor,
    job: &ImportJob<'_>,
) -> Result<ImportOutcome, Error> {
    let on_ambiguous_commit = OnAmbiguousCommit::with_key(job.keyed.is_some());
    let by = RefusedBy {
        database,
        deadline,
        writes: job.writes,
    };
    let mut refused = None;
    for _ in 0..MAX_ATTEMPTS {
        let outcome = database
            .transaction(deadline, actor, on_ambiguous_commit, |mut tx| async move {
                (import(&mut tx, job).await, tx)
            })
            .await;
        match outcome {
            Ok(outcome) => return Ok(outcome),
            Err(Error::RefusedByTable(refusal)) => {
                bulk::explain(by, job.rows, job.options.on_conflict, &refusal).await?;
                refused = Some(refusal);
            }
            Err(error) => return Err(error),
        }
    }
    match refused {
        Some(refused) => Err(bulk::explain_change(by, None, &[], &refused).await?),
        None => Err(Error::internal(
            "importing users",
            "no attempt came to an end",
        )),
    }
}

/// One attempt: finds the stored response, or writes the users and stores the response to that.
async fn import(
    tx: &mut Transaction,
    job: &ImportJob<'_>,
) -> Result<TransactionOutcome<ImportOutcome>, Abort> {
    if let Some(response) = idempotency::begin(tx, job.keyed).await? {
        return Ok(TransactionOutcome::RollBack(ImportOutcome {
            response,
            is_replayed: true,
            losers: Vec::new(),
        }));
    }
    let users = match bulk::write(tx, job.writes, &job.values(), job.options.on_conflict).await? {
        Written::All(users) => users,
        Written::Conflicts(conflicts) => {
            return Err(bulk::conflict_error(&conflicts, job.rows).into());
        }
        Written::NotPermitted => return Err(Error::invalid_request(NOT_PERMITTED).into()),
        Written::Altered => return Err(Error::RefusedByTable(Refusal::altered()).into()),
        Written::Retry => return Ok(TransactionOutcome::TryAgain),
    };
    let losers = guard(tx, &users).await?;
    if job.options.keeps_ids && !job.options.is_dry_run {
        bulk::move_sequence(tx, &users).await?;
    }
    let outcome = |response| ImportOutcome {
        response,
        is_replayed: false,
        losers,
    };
    if job.options.is_dry_run {
        bulk::check_deferred_constraints(tx).await?;
        let response = answer::write(&users, job.options)?;
        return Ok(TransactionOutcome::RollBack(outcome(response)));
    }
    let numbers = numbers(&users, job.options)?;
    // The response is written while the server writes the log.
    let write = async { answer::write(&users, job.options) };
    let (logged, response) = tokio::join!(audit::insert_import(tx, &users, &numbers), write);
    logged?;
    let outcome = outcome(response?);
    idempotency::finish(tx, job.keyed, &outcome.response).await?;
    Ok(TransactionOutcome::Commit(outcome))
}

/// The users who lose rights. Fails if the import would lock out its sender, or everybody.
async fn guard(tx: &mut Transaction, users: &[ImportedUser]) -> Result<Vec<UserId>, Abort> {
    let losers = users.iter().filter(|imported| imported.has_lost_rights());
    let losers: Vec<_> = losers.map(|imported| imported.user.id).collect();
    if losers.is_empty() {
        return Ok(losers);
    }
    if losers.contains(&tx.actor().id) {
        return Err(Guard::OwnRights.error().into());
    }
    if users::keep_superuser(tx).await? {
        Ok(losers)
    } else {
        Err(Guard::LastSuperuser.error().into())
    }
}

/// What the log of changes says of an import.
fn numbers(users: &[ImportedUser], options: Options) -> Result<Value, Error> {
    let mut numbers = serde_json::to_value(Counts::of(users))
        .map_err(|error| Error::internal("counting users", error))?;
    numbers["on_conflict"] = options.on_conflict_name().into();
    Ok(numbers)
}
