//! `DELETE /api/v1/users/{id}`: a user who is to be gone.

use lambda_http::http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use shared::{
    platform::{
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
        audit::Action,
        bulk, idempotency,
        users::{self, Reference},
    },
    users::{Guard, User, UserId},
};

use crate::{ListUsers, refusals, user_response::Written};

pub(crate) const ROUTE: Route<ListUsers> = Route {
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
    /// The user who would be deleted.
    user: User,
    /// Rows that refer to the user and would change.
    references: Vec<Reference>,
}

/// A deletion that has passed all rules which need no database.
struct Job<'a> {
    id: UserId,
    if_match: Option<IfMatch>,
    is_dry_run: bool,
    keyed: Option<&'a IdempotentRequest>,
}

/// The user who was deleted, if this request did it, and what is said of it.
type Deleted = (Option<User>, Written);

async fn handle(function: &ListUsers, context: &RequestContext) -> Result<Response, Error> {
    let parameters = QueryParameters::parse(&context.request, &["dry_run"])?;
    let is_dry_run = parameters.flag("dry_run")?.unwrap_or(false);
    let id = refusals::target(function, context)?;
    let if_match = IfMatch::from_headers(context.request.headers())?;
    let parts = ["DELETE".to_owned(), id.to_string(), format!("{if_match:?}")];
    let parts = parts.each_ref().map(String::as_str);
    let keyed = idempotent_request::read(context, &parts, "", &function.hasher).await?;
    let keyed = keyed.filter(|_| !is_dry_run);
    let job = Job {
        id,
        if_match,
        is_dry_run,
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
    let (deleted, written) = write(function, context, &job).await?;
    function.state.authenticator.forget(id);
    if let Some(user) = deleted.filter(|_| is_dry_run) {
        return response::json(StatusCode::OK, &Preview { user, references });
    }
    let mut response = response::empty(written.response.status);
    if written.is_replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn write(
    function: &ListUsers,
    context: &RequestContext,
    job: &Job<'_>,
) -> Result<Deleted, Error> {
    let written = function
        .state
        .database
        .transaction(
            &context.deadline,
            context.actor()?,
            OnAmbiguousCommit::with_key(job.keyed.is_some()),
            |mut tx| async move { (delete(&mut tx, job).await, tx) },
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
    job: &Job<'_>,
) -> Result<TransactionOutcome<Result<Deleted, Error>>, Abort> {
    if let Some(response) = idempotency::begin(tx, job.keyed).await? {
        let is_replayed = true;
        let written = Written {
            response,
            is_replayed,
        };
        return Ok(TransactionOutcome::RollBack(Ok((None, written))));
    }
    let tags = job.if_match.as_ref().and_then(IfMatch::tags);
    let changed = users::delete(tx, job.id, tags).await?;
    let deleted = refusals::user(changed).map(|user| {
        let response = StoredResponse {
            status: StatusCode::NO_CONTENT,
            body: String::new(),
        };
        let is_replayed = false;
        let written = Written {
            response,
            is_replayed,
        };
        (Some(user), written)
    });
    if job.is_dry_run {
        bulk::check_deferred_constraints(tx).await?;
        return Ok(TransactionOutcome::RollBack(deleted));
    }
    if let Ok((_, written)) = &deleted {
        idempotency::finish(tx, job.keyed, &written.response).await?;
    }
    Ok(TransactionOutcome::Commit(deleted))
}

async fn references(
    function: &ListUsers,
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

async fn note(
    function: &ListUsers,
    context: &RequestContext,
    job: &Job<'_>,
    error: Error,
) -> Error {
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
                      `false`."
            .to_owned(),
        parameters: vec![
            path_parameter("id", schema_ref("UserId"), "The id of the user."),
            query_parameter("dry_run", flag(), "Check everything and delete nothing."),
            if_match(),
            idempotency_key(),
        ],
        request_body: None,
        responses: vec![("200", preview), ("204", deleted)],
        errors,
    };
    part.schema::<Preview>(&[]).operation(&ROUTE, operation)
}
