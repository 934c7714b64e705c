//! `DELETE /api/v1/users/{id}`: a user who is to be gone.

use lambda_http::http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use shared::{
    platform::{
        config::ExtraFields,
        database::{Abort, OnAmbiguousCommit, Transaction, TransactionOutcome},
        error::{Error, RefusalKind},
        http::{
            if_match::IfMatch,
            query::QueryParameters,
            response::{self, Response},
            router::{Access, Route},
        },
        idempotency::{IdempotentRequest, REPLAYED, StoredResponse},
        idempotent_request,
        request_context::RequestContext,
    },
    store::{
        audit::{self, Action},
        bulk, idempotency,
        users::{self, Changed, Reference},
    },
    users::{Guard, User, UserId},
};

use crate::{Users, refusals};

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::DELETE,
    path: "/api/v1/users/{id}",
    access: Access::Superuser,
    handler: |function, context| {
        Box::pin(async {
            let response = handle(function, context).await;
            response.map_err(|error| error.nothing_was("deleted"))
        })
    },
};

/// What deleting a user would do.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeletionPreview))]
pub(crate) struct Preview {
    /// The user who would be deleted; `null` if they are deleted already, and would be erased.
    user: Option<User>,
    /// Rows that refer to the user and would change.
    references: Vec<Reference>,
    /// How many entries of the log of changes would lose values; `null` without `erase`.
    erased_entries: Option<u64>,
}

/// A deletion that has passed all rules which need no database.
struct Job<'a> {
    id: UserId,
    if_match: Option<IfMatch>,
    is_dry_run: bool,
    is_erasure: bool,
    keyed: Option<&'a IdempotentRequest>,
}

/// What one request did.
struct Deleted {
    /// The user; `None` if an earlier request deleted them.
    user: Option<User>,
    /// How many entries of the log were changed, if somebody was erased.
    erased_entries: Option<u64>,
    response: StoredResponse,
    is_replayed: bool,
}

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    let parameters = QueryParameters::parse(&context.request, &["dry_run", "erase"])?;
    let is_dry_run = parameters.flag("dry_run")?.unwrap_or(false);
    let is_erasure = parameters.flag("erase")?.unwrap_or(false);
    let id = refusals::target(function, context)?;
    let if_match = IfMatch::from_headers(context.request.headers())?;
    let parts = [
        "DELETE".to_owned(),
        id.to_string(),
        format!("{if_match:?}"),
        is_erasure.to_string(),
    ];
    let parts = parts.each_ref().map(String::as_str);
    let keyed = idempotent_request::read(context, &parts, "", &function.hasher).await?;
    let keyed = keyed.filter(|_| !is_dry_run);
    let job = Job {
        id,
        if_match,
        is_dry_run,
        is_erasure,
        keyed: keyed.as_ref(),
    };
    if context.actor()?.id == id {
        return Err(note(function, context, &job, Guard::OwnRights.error()).await);
    }
    let references = if is_dry_run {
        references(function, context, id).await?
    } else {
        Vec::new()
    };
    let deleted = write(function, context, &job).await?;
    function.state.authenticator.forget(id);
    if is_dry_run {
        let preview = Preview {
            user: deleted.user,
            references,
            erased_entries: deleted.erased_entries,
        };
        return response::json(StatusCode::OK, &preview);
    }
    let mut response = response::empty(deleted.response.status);
    if deleted.is_replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn write(
    function: &Users,
    context: &RequestContext,
    job: &Job<'_>,
) -> Result<Deleted, Error> {
    let extra = function.extra();
    let written = function
        .state
        .database
        .transaction(
            &context.deadline,
            context.actor()?,
            OnAmbiguousCommit::with_key(job.keyed.is_some()),
            |mut tx| async move { (delete(&mut tx, extra, job).await, tx) },
        )
        .await;
    match written {
        Ok(written) => written,
        Err(Error::RefusedByTable(refusal)) if refusal.kind == RefusalKind::Reference => {
            let references = references(function, context, job.id).await?;
            Err(note(function, context, job, referenced(&references)?).await)
        }
        Err(error) => Err(error),
    }
}

/// A dry run is taken back, and so is what the log would say of it.
async fn delete(
    tx: &mut Transaction,
    extra: ExtraFields,
    job: &Job<'_>,
) -> Result<TransactionOutcome<Result<Deleted, Error>>, Abort> {
    if let Some(response) = idempotency::begin(tx, job.keyed).await? {
        return Ok(TransactionOutcome::RollBack(Ok(Deleted {
            user: None,
            erased_entries: None,
            response,
            is_replayed: true,
        })));
    }
    if job.is_erasure {
        audit::lock_person(tx, job.id).await?;
    }
    let tags = job.if_match.as_ref().and_then(IfMatch::tags);
    let changed = users::delete(tx, extra, job.id, tags).await?;
    let is_gone = changed == Changed::Unknown && job.if_match.is_none();
    let mut deleted = refusals::user(changed).map(Some);
    let mut erased_entries = None;
    if job.is_erasure && (deleted.is_ok() || is_gone) {
        let user = deleted.as_ref().ok().and_then(Option::as_ref);
        erased_entries = erase(tx, job.id, user).await?;
        if is_gone && erased_entries.is_some() {
            deleted = Ok(None);
        }
    }
    let response = StoredResponse {
        status: StatusCode::NO_CONTENT,
        body: String::new(),
    };
    if job.is_dry_run {
        bulk::check_deferred_constraints(tx).await?;
    } else if deleted.is_ok() {
        idempotency::finish(tx, job.keyed, &response).await?;
    }
    let deleted = deleted.map(|user| Deleted {
        user,
        erased_entries,
        response,
        is_replayed: false,
    });
    if job.is_dry_run {
        Ok(TransactionOutcome::RollBack(deleted))
    } else {
        Ok(TransactionOutcome::Commit(deleted))
    }
}

/// Erases somebody who is not a user any more, and was `user` until now. `None` if nothing is known of them.
async fn erase(
    tx: &mut Transaction,
    id: UserId,
    user: Option<&User>,
) -> Result<Option<u64>, Abort> {
    let logged = audit::find_emails(tx, id).await?;
    if logged.is_none() && user.is_none() {
        return Ok(None);
    }
    let is_logged = logged.is_some();
    let mut emails = logged.unwrap_or_default();
    emails.extend(user.and_then(|user| user.email.clone()));
    idempotency::delete_about(tx, id, &emails).await?;
    if is_logged {
        Ok(Some(audit::erase(tx, id).await?))
    } else {
        Ok(Some(0))
    }
}

async fn references(
    function: &Users,
    context: &RequestContext,
    id: UserId,
) -> Result<Vec<Reference>, Error> {
    let mapping = function.state.config.users_table.mapping();
    function
        .state
        .database
        .read(&context.deadline, |mut lease| async move {
            (users::find_references(&mut lease, id, mapping).await, lease)
        })
        .await
}

fn referenced(references: &[Reference]) -> Result<Error, Error> {
    let references = serde_json::to_value(references)
        .map_err(|error| Error::internal("writing the response", error))?;
    Ok(referenced_by(references))
}

fn referenced_by(references: Value) -> Error {
    Error::NotPossible {
        code: "referenced",
        message: "Other tables refer to this user, see references; deactivate the user instead, or remove these rows first",
        more: Some(("references", references)),
    }
}

async fn note(function: &Users, context: &RequestContext, job: &Job<'_>, error: Error) -> Error {
    if job.is_dry_run {
        return error;
    }
    refusals::note(function, context, Action::Delete, Some(job.id), error).await
}

/// An example, for the document and the catalogue of errors.
#[cfg(feature = "openapi")]
#[must_use]
pub fn referenced_error() -> Error {
    referenced_by(serde_json::json!([{
        "table": "orders",
        "foreign_key": "orders_user_id_fkey",
        "on_delete": "restrict",
        "rows": 3,
        "has_more": false,
    }]))
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::openapi::{
        Operation, errors_with, flag, idempotency_key, if_match, json_response, path_parameter,
        query_parameter, response_header, schema_ref,
    };

    let preview = json_response(
        "What would be done, with `dry_run`.",
        schema_ref("DeletionPreview"),
        json!({
            "user": crate::openapi::user(),
            "references": [{
                "table": "sessions",
                "foreign_key": "sessions_user_id_fkey",
                "on_delete": "cascade",
                "rows": 2,
                "has_more": false,
            }],
            "erased_entries": null,
        }),
    );
    let deleted = json!({
        "description": "The user is gone.",
        "headers": { "Idempotent-Replayed": response_header("Idempotent-Replayed") },
    });
    let mut errors: Vec<_> = errors_with(&[
        "conflict",
        "idempotency_in_progress",
        "idempotency_mismatch",
        "validation_failed",
    ])
    .map(|error| error.nothing_was("deleted"))
    .collect();
    errors.extend([
        refusals::UNKNOWN,
        Guard::OwnRights.error(),
        Guard::LastSuperuser.error(),
        referenced_error(),
        crate::openapi::stale(),
    ]);
    let operation = Operation {
        id: "deleteUser",
        tag: "users",
        summary: "Delete one user",
        description: "For good. Rows of other tables that refer to the user by a foreign key either keep the user \
                      from being deleted, or are deleted or changed with the user, as the key says: \
                      `dry_run` tells beforehand. To keep the user and end all access, set `is_active` to \
                      `false`.\n\n\
                      With `erase`, the user cannot be restored, and the log of changes forgets all values: its \
                      entries stay, with the ids of users, and without `before`, `after` and the addresses of what \
                      the person did. It also erases somebody who was deleted before, and says 204 each time as \
                      long as the log has entries."
            .to_owned(),
        parameters: vec![
            path_parameter("id", schema_ref("UserId"), "The id of the user."),
            query_parameter("dry_run", flag(), "Check everything and delete nothing."),
            query_parameter("erase", flag(), "Erase the person from the log of changes too, for ever."),
            if_match(),
            idempotency_key(),
        ],
        request_body: None,
        responses: vec![("200", preview), ("204", deleted)],
        errors,
    };
    part.schema::<Preview>(&[]).operation(&ROUTE, operation)
}
