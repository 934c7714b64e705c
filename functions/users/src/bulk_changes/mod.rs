//! `POST /api/v1/users/bulk/update` and `POST /api/v1/users/bulk/delete`: the same for many users.

mod answer;
mod cursor;
#[cfg(feature = "openapi")]
mod openapi;
mod request;

use lambda_http::http::{HeaderValue, Method};
use shared::{
    platform::{
        config::UsersMapping,
        database::{Abort, OnAmbiguousCommit, Transaction, TransactionOutcome},
        error::{Error, Refusal, RefusalKind},
        http::{
            query::QueryParameters,
            response::Response,
            router::{Access, Route},
        },
        idempotency::{IdempotencyKey, IdempotentRequest, REPLAYED, StoredResponse},
        idempotent_request,
        request_context::RequestContext,
    },
    store::{
        audit::Action,
        bulk, idempotency,
        mapping::UserWrites,
        users::{self, ManyChanged, ManyOutcome},
    },
    users::{User, UserId},
};

#[cfg(feature = "openapi")]
pub(crate) use self::openapi::{describe, errors};
use self::{
    answer::{Answer, Done},
    request::{BulkRequest, Change, MAX_BODY_BYTES},
};
use crate::{
    Users,
    body::{self, JSON},
    refusals,
};

/// How many users a dry run shows.
const EXAMPLES: usize = 5;

/// How often users are deleted whom others have begun to refer to in the meantime.
const MAX_ATTEMPTS: usize = 3;

pub(crate) const UPDATE: Route<Users> = Route {
    method: Method::POST,
    path: "/api/v1/users/bulk/update",
    access: Access::Superuser,
    handler: |function, context| Box::pin(answer(function, context, Action::BulkUpdate, "changed")),
};

pub(crate) const DELETE: Route<Users> = Route {
    method: Method::POST,
    path: "/api/v1/users/bulk/delete",
    access: Access::Superuser,
    handler: |function, context| Box::pin(answer(function, context, Action::BulkDelete, "deleted")),
};

async fn answer(
    function: &Users,
    context: &RequestContext,
    action: Action,
    done: &'static str,
) -> Result<Response, Error> {
    let response = handle(function, context, action).await;
    response.map_err(|error| error.nothing_was(done))
}

async fn handle(
    function: &Users,
    context: &RequestContext,
    action: Action,
) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let text = body::object_up_to(MAX_BODY_BYTES, &context.request, &[JSON])?;
    let request = BulkRequest::parse(text, action, &function.state.config)?;
    let keyed = if request.is_dry_run {
        // It changes nothing that could be repeated, so its key is only checked.
        IdempotencyKey::from_headers(context.request.headers())?;
        None
    } else {
        idempotent_request::read(context, &[], text, &function.hasher).await?
    };
    let written = write(function, context, &request, keyed.as_ref()).await;
    let Run { response, done } = match written {
        Ok(Written::Now(run)) => run,
        Ok(Written::Before(response)) => {
            let mut response = Response::from(response);
            let value = HeaderValue::from_static("true");
            response.headers_mut().insert(REPLAYED, value);
            return Ok(response);
        }
        Ok(Written::Never(changed)) => return preview(function, context, &request, &changed).await,
        Err(error) if request.is_dry_run => return Err(error),
        Err(error) => return Err(refusals::note(function, context, action, None, error).await),
    };
    if request.change.takes_rights() {
        for id in done {
            function.state.authenticator.forget(id);
        }
    }
    Ok(Response::from(response))
}

enum Written {
    /// By this request.
    Now(Run),
    /// By an earlier one, whose response this is.
    Before(StoredResponse),
    /// By none: it was a dry run.
    Never(ManyChanged),
}

struct Run {
    response: StoredResponse,
    /// The users to whom something was done.
    done: Vec<UserId>,
}

/// The answer to a dry run.
async fn preview(
    function: &Users,
    context: &RequestContext,
    request: &BulkRequest,
    changed: &ManyChanged,
) -> Result<Response, Error> {
    let done = done(changed)?;
    let ids = &done[..done.len().min(EXAMPLES)];
    let examples = function
        .state
        .database
        .read(&context.deadline, |mut lease| async move {
            (
                users::find_all(&mut lease, function.extra(), ids).await,
                lease,
            )
        })
        .await?;
    let response = respond(request, changed, done.len(), Some(examples))?;
    Ok(Response::from(response))
}

async fn write(
    function: &Users,
    context: &RequestContext,
    request: &BulkRequest,
    keyed: Option<&IdempotentRequest>,
) -> Result<Written, Error> {
    let mapping = function.state.config.users_table.mapping();
    let mut refused = Refusal::altered();
    for _ in 0..MAX_ATTEMPTS {
        let written = function
            .state
            .database
            .transaction(
                &context.deadline,
                context.actor()?,
                OnAmbiguousCommit::with_key(keyed.is_some()),
                |mut tx| async move { (attempt(&mut tx, mapping, request, keyed).await, tx) },
            )
            .await;
        match written {
            Ok(written) => return written,
            Err(Error::RefusedByTable(refusal)) if refusal.kind == RefusalKind::Reference => {
                refused = refusal;
            }
            Err(Error::RefusedByTable(refusal)) => {
                let error = explain(function, context, &request.change, &refusal).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(match request.change {
        Change::Delete => REFERENCED,
        Change::Update(_) => explain(function, context, &request.change, &refused).await?,
    })
}

/// Which of the fields the table does not take.
async fn explain(
    function: &Users,
    context: &RequestContext,
    change: &Change,
    refused: &Refusal,
) -> Result<Error, Error> {
    let by = refusals::refused_by(function, context);
    let Change::Update(changes) = change else {
        return bulk::explain_change(by, None, &[], refused).await;
    };
    let row = changes.applied_to_nobody();
    bulk::explain_change(by, Some(&row), &changes.said(by.writes), refused).await
}

async fn attempt(
    tx: &mut Transaction,
    mapping: Option<&UsersMapping>,
    request: &BulkRequest,
    keyed: Option<&IdempotentRequest>,
) -> Result<TransactionOutcome<Result<Written, Error>>, Abort> {
    if let Some(response) = idempotency::begin(tx, keyed).await? {
        let before = Written::Before(response);
        return Ok(TransactionOutcome::RollBack(Ok(before)));
    }
    let changed = match &request.change {
        Change::Update(changes) => {
            let writes = UserWrites::new(mapping);
            users::update_many(tx, writes, &request.job, changes).await?
        }
        Change::Delete => users::delete_many(tx, mapping, &request.job).await?,
    };
    if let Some(error) = request.count_error(changed.count) {
        return Ok(TransactionOutcome::RollBack(Err(error)));
    }
    if request.is_overtaken(&changed) {
        return Ok(TransactionOutcome::TryAgain);
    }
    if request.is_dry_run {
        bulk::check_deferred_constraints(tx).await?;
        let never = Written::Never(changed);
        return Ok(TransactionOutcome::RollBack(Ok(never)));
    }
    let done = done(&changed)?;
    let response = respond(request, &changed, done.len(), None)?;
    idempotency::finish(tx, keyed, &response).await?;
    let now = Written::Now(Run { response, done });
    Ok(TransactionOutcome::Commit(Ok(now)))
}

/// The users to whom something was done. Fails if the table did not let it be done to one of them.
fn done(changed: &ManyChanged) -> Result<Vec<UserId>, Error> {
    if changed.is_altered {
        return Err(Error::RefusedByTable(Refusal::altered()));
    }
    let users = changed.users.iter();
    let done = users.filter(|user| user.outcome() == ManyOutcome::Done);
    Ok(done.map(|user| user.id).collect())
}

fn respond(
    request: &BulkRequest,
    changed: &ManyChanged,
    done: usize,
    examples: Option<Vec<User>>,
) -> Result<StoredResponse, Error> {
    let answer = Answer {
        count: changed.count,
        done: match request.change {
            Change::Update(_) => Done::Changed(done),
            Change::Delete => Done::Deleted(done),
        },
        skipped: request.skipped(changed),
        examples,
        next: request.next(changed),
    };
    answer.write()
}

/// Of the last attempt to delete users to whom tables refer that the API may not read.
const REFERENCED: Error = Error::NotPossible {
    code: "referenced",
    message: "Other tables that this deployment may not read refer to some of these users; deactivate the users instead, or delete them one by one",
    more: None,
};
