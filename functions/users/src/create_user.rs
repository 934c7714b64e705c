//! `POST /api/v1/users`: a new user.

use lambda_http::http::{Method, StatusCode};
use shared::{
    platform::{
        database::{Abort, OnAmbiguousCommit, Transaction, TransactionOutcome},
        error::{Error, Refusal},
        http::{
            query::QueryParameters,
            response::Response,
            router::{Access, Route},
        },
        idempotency::IdempotentRequest,
        idempotent_request,
        request_context::RequestContext,
    },
    store::{
        audit::Action,
        bulk::{self, ImportRow, OnConflict},
        idempotency,
        mapping::UserWrites,
        users,
    },
    users::{AcceptedHashes, Located, NewUser, RawUser, UserFields},
};

use crate::{
    Users,
    body::{self, JSON},
    refusals,
    user_response::Written,
};

/// How often a user is created whose refusal is not there any more when it is looked for.
const MAX_ATTEMPTS: usize = 3;

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::POST,
    path: "/api/v1/users",
    access: Access::Superuser,
    handler: |function, context| {
        Box::pin(async {
            match handle(function, context).await {
                Ok(response) => Ok(response),
                Err(error) => {
                    let error = refusals::note(function, context, Action::Create, None, error);
                    Err(error.await.nothing_was("created"))
                }
            }
        })
    },
};

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let text = body::object(&context.request, &[JSON])?;
    let keyed = idempotent_request::read(context, &[], text, &function.hasher).await?;
    let path = context.request.uri().path();
    // A repeated request is answered before its password is hashed again.
    if let Some(request) = &keyed
        && let Some(written) = function.find_written(context, request).await?
    {
        return written.into_response(path);
    }
    let table = &function.state.config.users_table;
    table.allow_new_users().map_err(Error::invalid_request)?;
    let fields = UserFields::of(
        &function.state.config.users_table,
        &function.state.config.bulk,
    );
    let mut user = RawUser::from_json(text);
    user.forget_id();
    let user = NewUser::parse(user, AcceptedHashes::NONE, fields).map_err(refusals::invalid)?;
    let row = ImportRow {
        email: user.email,
        username: user.username,
        full_name: user.full_name,
        password_hash: function.hash(user.password, &context.deadline).await?,
        is_active: user.is_active,
        is_superuser: user.is_superuser,
        created_at: user.created_at,
        id: None,
        extra: user.extra,
    };
    let row = Located {
        index: 0,
        line: None,
        value: row,
    };
    write(function, context, &row, keyed.as_ref())
        .await?
        .into_response(path)
}

async fn write(
    function: &Users,
    context: &RequestContext,
    row: &Located<ImportRow>,
    keyed: Option<&IdempotentRequest>,
) -> Result<Written, Error> {
    let database = &function.state.database;
    let deadline = &context.deadline;
    let writes = UserWrites::new(function.state.config.users_table.mapping());
    let by = refusals::refused_by(function, context);
    let mut refused = Refusal::altered();
    for _ in 0..MAX_ATTEMPTS {
        let written = database
            .transaction(
                deadline,
                context.actor()?,
                OnAmbiguousCommit::with_key(keyed.is_some()),
                |mut tx| async move { (create(&mut tx, writes, &row.value, keyed).await, tx) },
            )
            .await;
        match written {
            Err(Error::RefusedByTable(refusal)) => {
                let rows = std::slice::from_ref(row);
                bulk::explain(by, rows, OnConflict::Fail, &refusal).await?;
                refused = refusal;
            }
            other => return other,
        }
    }
    Err(bulk::explain_change(by, None, &[], &refused).await?)
}

async fn create(
    tx: &mut Transaction,
    writes: UserWrites<'_>,
    row: &ImportRow,
    keyed: Option<&IdempotentRequest>,
) -> Result<TransactionOutcome<Written>, Abort> {
    if let Some(response) = idempotency::begin(tx, keyed).await? {
        return Ok(TransactionOutcome::RollBack(Written {
            response,
            is_replayed: true,
        }));
    }
    let user = users::create(tx, writes, row).await?;
    let user = user.ok_or_else(|| Error::RefusedByTable(Refusal::altered()))?;
    let written = Written::new(StatusCode::CREATED, &user)?;
    idempotency::finish(tx, keyed, &written.response).await?;
    Ok(TransactionOutcome::Commit(written))
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::openapi::{
        Operation, errors_with, idempotency_key, json_response, response_header, schema_ref,
    };

    let mut created = json_response(
        "The user was created.",
        schema_ref("User"),
        crate::openapi::user(),
    );
    created["headers"] = json!({
        "ETag": response_header("ETag"),
        "Location": response_header("Location"),
        "Idempotent-Replayed": response_header("Idempotent-Replayed"),
    });
    let example = json!({ "email": "ada@example.com", "username": "ada", "full_name": "Ada" });
    let operation = Operation {
        id: "createUser",
        tag: "users",
        summary: "Create one user",
        description: "The same fields and rules as in an import, which is the way to create many."
            .to_owned(),
        parameters: vec![idempotency_key()],
        request_body: Some(json!({
            "required": true,
            "content": { JSON: { "schema": schema_ref("UserCreate"), "example": example } },
        })),
        responses: vec![("201", created)],
        errors: errors_with(&[
            "conflict",
            "idempotency_in_progress",
            "idempotency_mismatch",
            "too_large",
            "unsupported_media_type",
            "validation_failed",
        ])
        .map(|error| error.nothing_was("created"))
        .collect(),
    };
    part.operation(&ROUTE, operation)
}
