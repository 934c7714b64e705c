//! What keeps a user from being changed, in the answer and in the log of changes.

use lambda_http::http::StatusCode;
use shared::{
    platform::{
        error::{Detail, Error},
        request_context::RequestContext,
        state::State,
    },
    store::{
        audit::{self, Action, NewEntry},
        bulk::RefusedBy,
        mapping::UserWrites,
        users::Changed,
    },
    users::{FieldError, User, UserId},
};

use crate::{Users, user_response::header_value};

/// Nobody has the id in the path.
pub(crate) const UNKNOWN: Error = Error::NotFound {
    message: "No user has this id",
};

/// There is no log of changes.
pub(crate) const LOG_IS_OFF: Error = Error::NotPossible {
    code: "audit_off",
    message: "This deployment keeps no log of changes, see AUDIT_LOG",
    more: None,
};

/// Fails if there is no log of changes to read.
pub(crate) fn require_log(function: &Users) -> Result<(), Error> {
    if function.state.config.audit.is_on {
        Ok(())
    } else {
        Err(LOG_IS_OFF)
    }
}

/// The id in the path.
pub(crate) fn target(function: &Users, context: &RequestContext) -> Result<UserId, Error> {
    let id_kind = function.state.config.users_table.id_kind();
    UserId::parse(context.parameters.get("id")?, id_kind).ok_or(UNKNOWN)
}

/// The user after a change, or why there was none. The log says so already.
pub(crate) fn user(changed: Changed) -> Result<User, Error> {
    match changed {
        Changed::Done(user) | Changed::Unchanged(user) => Ok(user),
        Changed::Guarded(guard) => Err(guard.error()),
        Changed::Unknown => Err(UNKNOWN),
        Changed::Stale(user) => Err(Error::PreconditionFailed {
            etag: header_value(user.etag())?,
            current: serde_json::to_value(&user)
                .map_err(|error| Error::internal("writing the response", error))?,
        }),
    }
}

/// Where to look for what the table refused.
pub(crate) fn refused_by<'a>(function: &'a Users, context: &'a RequestContext) -> RefusedBy<'a> {
    RefusedBy {
        database: &function.state.database,
        deadline: &context.deadline,
        writes: UserWrites::new(function.state.config.users_table.mapping()),
    }
}

/// The answer to values that break rules.
pub(crate) fn invalid(errors: Vec<FieldError>) -> Error {
    let details = errors.into_iter().map(|error| {
        let FieldError {
            field,
            code,
            message,
        } = error;
        detail(field, code, message.into_owned())
    });
    Error::ValidationFailed {
        details: details.collect(),
    }
}

/// The answer to values that others have.
pub(crate) fn taken(fields: Vec<&'static str>) -> Error {
    let details = fields.into_iter().map(|field| {
        let message = format!("a user with this {field} exists already");
        detail(Some(field), "already_exists", message)
    });
    Error::Conflict {
        details: details.collect(),
    }
}

fn detail(field: Option<&'static str>, code: &'static str, message: String) -> Detail {
    Detail {
        index: 0,
        line: None,
        field,
        code,
        message,
    }
}

/// Writes into the log of changes that one was refused, where the transaction that would have said so was
/// taken back. The caller is told of the refusal, whatever becomes of this.
pub(crate) async fn note(
    function: &Users,
    context: &RequestContext,
    action: Action,
    target_id: Option<UserId>,
    error: Error,
) -> Error {
    let public = error.public();
    let is_told = matches!(public.status, StatusCode::CONFLICT | StatusCode::FORBIDDEN);
    if !is_told || matches!(error, Error::IdempotencyInProgress) {
        return error;
    }
    let entry = &NewEntry {
        action,
        refusal: Some(public.code),
        target_id,
        after: None,
    };
    if let Ok(actor) = context.actor() {
        let State { database, .. } = &function.state;
        audit::insert_alone(database, &context.deadline, actor, entry).await;
    }
    error
}
