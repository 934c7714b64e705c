//! `POST /api/v1/users/{id}/restore`: a user who was deleted, as the log of changes knows it.

use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use shared::{
    platform::{
        database::{Abort, OnAmbiguousCommit, Transaction, TransactionOutcome},
        error::Error,
        http::{
            query::QueryParameters,
            response::Response,
            router::{Access, Route},
        },
        idempotency::{IdempotentRequest, REPLAYED, StoredResponse},
        idempotent_request,
        request_context::RequestContext,
    },
    store::{
        audit::{self, Action},
        bulk, idempotency,
        mapping::UserWrites,
        users::{self, RESTORE_DAYS, Restored},
    },
    users::{User, UserId},
};

use crate::{Users, refusals, user_response::header_value};

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::POST,
    path: "/api/v1/users/{id}/restore",
    access: Access::Superuser,
    handler: |function, context| {
        Box::pin(async {
            let response = handle(function, context).await;
            response.map_err(|error| error.nothing_was("restored"))
        })
    },
};

/// What the log never has.
const MISSING: &str = "password";

const UNKNOWN: Error = Error::NotFound {
    message: "Nobody with this id was deleted in the last 30 days",
};
const _: () = assert!(RESTORE_DAYS == 30);

const NOT_DELETED: Error = Error::NotPossible {
    code: "not_deleted",
    message: "A user has this id; change it instead",
    more: None,
};

/// A user who is there again.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RestoredUser))]
pub(crate) struct RestoredBody {
    /// The user as it is now.
    user: User,
    /// What is lost: the user has to set it anew.
    missing: [String; 1],
}

/// What one request did.
enum Outcome {
    /// Somebody was restored, or nobody could be.
    Now(Restored),
    /// Nothing: an earlier one was answered like this.
    Before(StoredResponse),
}

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    refusals::require_log(function)?;
    let id = refusals::target(function, context)?;
    let text = id.to_string();
    let keyed = idempotent_request::read(context, &[&text], "", &function.hasher).await?;
    match restore(function, context, id, keyed.as_ref()).await {
        Ok((stored, is_replayed)) => {
            let RestoredBody { user, .. } = serde_json::from_str(&stored.body)
                .map_err(|error| Error::internal("reading the response", error))?;
            let mut response = Response::from(stored);
            let headers = response.headers_mut();
            headers.insert(header::ETAG, header_value(user.etag())?);
            if is_replayed {
                headers.insert(REPLAYED, HeaderValue::from_static("true"));
            }
            Ok(response)
        }
        Err(error) => {
            Err(refusals::note(function, context, Action::Restore, Some(id), error).await)
        }
    }
}

async fn attempt(
    tx: &mut Transaction,
    writes: UserWrites<'_>,
    id: UserId,
    keyed: Option<&IdempotentRequest>,
) -> Result<Outcome, Abort> {
    if let Some(response) = idempotency::begin(tx, keyed).await? {
        return Ok(Outcome::Before(response));
    }
    audit::lock_person(tx, id).await?;
    let restored = users::restore(tx, writes, id).await?;
    if let Restored::Done(user) = &restored {
        idempotency::finish(tx, keyed, &respond(user.clone())?).await?;
    }
    Ok(Outcome::Now(restored))
}

fn respond(user: User) -> Result<StoredResponse, Error> {
    let body = RestoredBody {
        user,
        missing: [MISSING.to_owned()],
    };
    let body = serde_json::to_string(&body)
        .map_err(|error| Error::internal("writing the response", error))?;
    let status = StatusCode::OK;
    Ok(StoredResponse { status, body })
}

/// The response, and whether it was given before.
async fn restore(
    function: &Users,
    context: &RequestContext,
    id: UserId,
    keyed: Option<&IdempotentRequest>,
) -> Result<(StoredResponse, bool), Error> {
    let writes = UserWrites::new(function.state.config.users_table.mapping());
    let database = &function.state.database;
    let restored = database
        .transaction(
            &context.deadline,
            context.actor()?,
            OnAmbiguousCommit::with_key(keyed.is_some()),
            |mut tx| async move {
                let outcome = attempt(&mut tx, writes, id, keyed).await;
                (outcome.map(TransactionOutcome::Commit), tx)
            },
        )
        .await;
    let restored = match restored {
        Err(Error::RefusedByTable(refused)) => {
            let by = refusals::refused_by(function, context);
            return Err(bulk::explain_change(by, None, &[], &refused).await?);
        }
        Ok(Outcome::Before(response)) => return Ok((response, true)),
        Ok(Outcome::Now(restored)) => restored,
        Err(error) => return Err(error),
    };
    let (email, username) = match &restored {
        Restored::Done(user) => return Ok((respond(user.clone())?, false)),
        Restored::Unknown if function.find(context, id).await?.is_some() => {
            return Err(NOT_DELETED);
        }
        Restored::Unknown => return Err(UNKNOWN),
        Restored::Taken(email, username) => (email.as_deref(), username.as_deref()),
    };
    if function.find(context, id).await?.is_some() {
        return Err(NOT_DELETED);
    }
    let fields = database
        .read(&context.deadline, |mut lease| async move {
            let taken = users::find_taken(&mut lease, email, username, id).await;
            (taken, lease)
        })
        .await?;
    Err(refusals::taken(fields))
}

/// An error that only this route has, for the catalogue.
#[cfg(feature = "openapi")]
pub(crate) fn error() -> Error {
    NOT_DELETED
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::openapi::{
        Operation, errors_with, idempotency_key, json_response, path_parameter, response_header,
        schema_ref,
    };

    let mut ok = json_response(
        "The user is there again.",
        schema_ref("RestoredUser"),
        json!({ "user": crate::openapi::user(), "missing": [MISSING] }),
    );
    ok["headers"] = json!({
        "ETag": response_header("ETag"),
        "Idempotent-Replayed": response_header("Idempotent-Replayed"),
    });
    let mut errors: Vec<_> = errors_with(&[
        "conflict",
        "idempotency_in_progress",
        "idempotency_mismatch",
        "validation_failed",
    ])
    .map(|error| error.nothing_was("restored"))
    .collect();
    errors.extend([UNKNOWN, NOT_DELETED, refusals::LOG_IS_OFF]);
    let operation = Operation {
        id: "restoreUser",
        tag: "users",
        summary: "Restore a user who was deleted",
        description: format!(
            "With the same id and all that the log of changes knows, for {RESTORE_DAYS} days. The password is not in \
             the log, and neither is what other tables knew of the user. If somebody has the email or the \
             username by now, the answer is a 409 `conflict`."
        ),
        parameters: vec![
            path_parameter("id", schema_ref("UserId"), "The id that the user had."),
            idempotency_key(),
        ],
        request_body: None,
        responses: vec![("200", ok)],
        errors,
    };
    part.schema::<RestoredBody>(&[])
        .operation(&ROUTE, operation)
}
