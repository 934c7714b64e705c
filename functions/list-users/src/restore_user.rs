//! `POST /api/v1/users/{id}/restore`: a user who was deleted, as the log of changes knows it.

use lambda_http::http::{Method, StatusCode, header};
use serde::Serialize;
use shared::{
    platform::{
        database::{OnAmbiguousCommit, TransactionOutcome},
        error::Error,
        http::{
            query::QueryParameters,
            response::{self, Response},
            router::{Access, Route},
        },
        request_context::RequestContext,
    },
    store::{
        audit::Action,
        mapping::UserWrites,
        users::{self, RESTORE_DAYS, Restored},
    },
    users::{User, UserId},
};

use crate::{ListUsers, refusals, user_response::header_value};

pub(crate) const ROUTE: Route<ListUsers> = Route {
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
const MISSING: [&str; 1] = ["password"];

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
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RestoredUser))]
pub(crate) struct RestoredBody {
    /// The user as it is now.
    user: User,
    /// What is lost: the user has to set it anew.
    missing: [&'static str; 1],
}

async fn handle(function: &ListUsers, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let id = refusals::target(function, context)?;
    match restore(function, context, id).await {
        Ok(user) => {
            let etag = header_value(user.etag())?;
            let missing = MISSING;
            let mut response = response::json(StatusCode::OK, &RestoredBody { user, missing })?;
            response.headers_mut().insert(header::ETAG, etag);
            Ok(response)
        }
        Err(error) => {
            Err(refusals::note(function, context, Action::Restore, Some(id), error).await)
        }
    }
}

async fn restore(
    function: &ListUsers,
    context: &RequestContext,
    id: UserId,
) -> Result<User, Error> {
    let writes = UserWrites::new(function.state.config.users_table.mapping());
    let database = &function.state.database;
    let restored = database
        .transaction(
            &context.deadline,
            context.actor()?,
            OnAmbiguousCommit::Fail,
            |mut tx| async move {
                let restored = users::restore(&mut tx, writes, id).await;
                let outcome = restored.map(TransactionOutcome::Commit);
                (outcome.map_err(Into::into), tx)
            },
        )
        .await?;
    let (email, username) = match &restored {
        Restored::Done(user) => return Ok(user.clone()),
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
        Operation, errors_with, json_response, path_parameter, response_header, schema_ref,
    };

    let mut ok = json_response(
        "The user is there again.",
        schema_ref("RestoredUser"),
        json!({ "user": crate::openapi::user(), "missing": MISSING }),
    );
    ok["headers"] = json!({ "ETag": response_header("ETag") });
    let mut errors: Vec<_> = errors_with(&["conflict", "validation_failed"])
        .map(|error| error.nothing_was("restored"))
        .collect();
    errors.extend([UNKNOWN, NOT_DELETED]);
    let operation = Operation {
        id: "restoreUser",
        tag: "users",
        summary: "Restore a user who was deleted",
        description: format!(
            "With the same id and all that the log of changes knows, for {RESTORE_DAYS} days. The password is not in \
             the log, and neither is what other tables knew of the user. If somebody has the email or the \
             username by now, the answer is a 409 `conflict`."
        ),
        parameters: vec![path_parameter(
            "id",
            schema_ref("UserId"),
            "The id that the user had.",
        )],
        request_body: None,
        responses: vec![("200", ok)],
        errors,
    };
    part.schema::<RestoredBody>(&[])
        .operation(&ROUTE, operation)
}
