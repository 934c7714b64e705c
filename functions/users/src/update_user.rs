//! `PATCH /api/v1/users/{id}`: other values of a user.

use lambda_http::http::{Method, StatusCode};
use shared::{
    platform::{
        database::{Abort, OnAmbiguousCommit, Transaction, TransactionOutcome},
        error::{Error, Refusal, RefusalKind},
        http::{
            if_match::IfMatch,
            query::QueryParameters,
            response::Response,
            router::{Access, Route},
        },
        idempotency::IdempotentRequest,
        idempotent_request,
        request_context::RequestContext,
        state::State,
    },
    store::{
        audit::Action,
        bulk, idempotency,
        mapping::UserWrites,
        users::{self, Changed, Changes},
    },
    users::{Guard, RawUser, UserField, UserFields, UserId, UserPatch},
};

use crate::{
    Users,
    body::{self, JSON, MERGE_PATCH},
    refusals,
    user_response::Written,
};

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::PATCH,
    path: "/api/v1/users/{id}",
    access: Access::Superuser,
    handler: |function, context| {
        Box::pin(async {
            handle(function, context)
                .await
                .map_err(|error| error.nothing_was("changed"))
        })
    },
};

/// A change that has passed all rules which need no database.
struct Job<'a> {
    id: UserId,
    changes: Changes,
    if_match: Option<IfMatch>,
    keyed: Option<&'a IdempotentRequest>,
}

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let id = refusals::target(function, context)?;
    let if_match = IfMatch::from_headers(context.request.headers())?;
    let text = body::object(&context.request, &[MERGE_PATCH, JSON])?;
    let parts = ["PATCH".to_owned(), id.to_string(), format!("{if_match:?}")];
    let parts = parts.each_ref().map(String::as_str);
    let keyed = idempotent_request::read(context, &parts, text, &function.hasher).await?;
    let place = context.request.uri().path();
    if let Some(request) = &keyed
        && let Some(written) = function.find_written(context, request).await?
    {
        return written.into_response(place);
    }
    let patch = parse(function, context, id, RawUser::from_json(text)).await?;
    if patch.takes_rights() && context.actor()?.id == id {
        let error = Guard::OwnRights.error();
        return Err(refusals::note(function, context, Action::Update, Some(id), error).await);
    }
    let takes_rights = patch.takes_rights();
    let password_hash = match patch.password {
        Some(password) => Some(function.hash(password, &context.deadline).await?),
        None => None,
    };
    let job = Job {
        id,
        changes: Changes {
            email: patch.email,
            username: patch.username,
            full_name: patch.full_name,
            password_hash,
            is_active: patch.is_active,
            is_superuser: patch.is_superuser,
            extra: patch.extra,
        },
        if_match,
        keyed: keyed.as_ref(),
    };
    let written = write(function, context, &job).await?;
    if takes_rights {
        function.state.authenticator.forget(id);
    }
    written.into_response(place)
}

/// Reads the patch; with a password, also the user, whose names it must not be.
async fn parse(
    function: &Users,
    context: &RequestContext,
    id: UserId,
    row: RawUser,
) -> Result<UserPatch, Error> {
    let stored = if row.is_given(UserField::Password) {
        Some(function.find(context, id).await?.ok_or(refusals::UNKNOWN)?)
    } else {
        None
    };
    let fields = UserFields::of(
        &function.state.config.users_table,
        &function.state.config.bulk,
    );
    UserPatch::parse(row, stored.as_ref(), fields).map_err(refusals::invalid)
}

async fn write(
    function: &Users,
    context: &RequestContext,
    job: &Job<'_>,
) -> Result<Written, Error> {
    let writes = UserWrites::new(function.state.config.users_table.mapping());
    let written = function
        .state
        .database
        .transaction(
            &context.deadline,
            context.actor()?,
            OnAmbiguousCommit::with_key(job.keyed.is_some()),
            |mut tx| async move { (update(&mut tx, writes, job).await, tx) },
        )
        .await;
    match written {
        Ok(written) => written,
        Err(Error::RefusedByTable(refusal)) => {
            let error = explain(function, context, job, &refusal).await?;
            Err(refusals::note(function, context, Action::Update, Some(job.id), error).await)
        }
        Err(error) => Err(error),
    }
}

/// Refusals are committed too: the log of changes says so.
async fn update(
    tx: &mut Transaction,
    writes: UserWrites<'_>,
    job: &Job<'_>,
) -> Result<TransactionOutcome<Result<Written, Error>>, Abort> {
    if let Some(response) = idempotency::begin(tx, job.keyed).await? {
        return Ok(TransactionOutcome::RollBack(Ok(Written {
            response,
            is_replayed: true,
        })));
    }
    let tags = job.if_match.as_ref().and_then(IfMatch::tags);
    let changed = users::update(tx, writes, job.id, &job.changes, tags).await?;
    if changed == Changed::Unknown && users::find(tx, writes.extra(), job.id).await?.is_some() {
        return Err(Error::RefusedByTable(Refusal::altered()).into());
    }
    let written = refusals::user(changed).and_then(|user| Written::new(StatusCode::OK, &user));
    if let Ok(written) = &written {
        idempotency::finish(tx, job.keyed, &written.response).await?;
    }
    Ok(TransactionOutcome::Commit(written))
}

/// Which fields the table does not take.
async fn explain(
    function: &Users,
    context: &RequestContext,
    job: &Job<'_>,
    refusal: &Refusal,
) -> Result<Error, Error> {
    let Job { id, changes, .. } = job;
    let State { database, .. } = &function.state;
    if refusal.kind == RefusalKind::Unique {
        let fields = database
            .read(&context.deadline, |mut lease| async move {
                let (email, username) = (changes.email.as_deref(), changes.username.as_deref());
                let taken = users::find_taken(&mut lease, email, username, *id).await;
                (taken, lease)
            })
            .await?;
        if !fields.is_empty() {
            return Ok(refusals::taken(fields));
        }
    }
    let user = function.find(context, *id).await?;
    let row = user.map(|user| changes.applied_to(&user));
    let by = refusals::refused_by(function, context);
    bulk::explain_change(by, row.as_ref(), &changes.said(by.writes), refusal).await
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::openapi::{
        Operation, errors_with, idempotency_key, if_match, json_response, path_parameter,
        response_header, schema_ref,
    };

    let mut ok = json_response(
        "The user as it is now. `updated_at` tells whether anything was changed.",
        schema_ref("User"),
        crate::openapi::user(),
    );
    ok["headers"] = json!({
        "ETag": response_header("ETag"),
        "Idempotent-Replayed": response_header("Idempotent-Replayed"),
    });
    let content = json!({
        "schema": schema_ref("UserPatch"),
        "example": { "full_name": null, "is_active": false },
    });
    let mut errors: Vec<_> = errors_with(&[
        "conflict",
        "idempotency_in_progress",
        "idempotency_mismatch",
        "too_large",
        "unsupported_media_type",
        "validation_failed",
    ])
    .map(|error| error.nothing_was("changed"))
    .collect();
    errors.extend([
        refusals::UNKNOWN,
        Guard::OwnRights.error(),
        Guard::LastSuperuser.error(),
        crate::openapi::stale(),
    ]);
    let operation = Operation {
        id: "updateUser",
        tag: "users",
        summary: "Change one user",
        description: "A JSON merge patch (RFC 7396): fields that are not sent stay, and `null` clears `full_name` \
                      and the password. With `If-Match` the user is changed only if it still has that \
                      `ETag`; without it the last change wins. Nobody can take away their own rights, or \
                      those of the last active superuser."
            .to_owned(),
        parameters: vec![
            path_parameter("id", schema_ref("UserId"), "The id of the user."),
            if_match(),
            idempotency_key(),
        ],
        request_body: Some(json!({
            "required": true,
            "content": { MERGE_PATCH: content, JSON: content },
        })),
        responses: vec![("200", ok)],
        errors,
    };
    part.schema_value("UserPatch", shared::users::openapi::user_patch())
        .operation(&ROUTE, operation)
}
