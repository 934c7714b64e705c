//! The answer to an import.

use chrono::{DateTime, Utc};
use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::{
    platform::{
        error::Error,
        http::envelope::{MAX_BYTES_IN_ENVELOPE, bytes_in_envelope},
        idempotency::StoredResponse,
    },
    store::bulk::{ImportedUser, RowResult},
    users::UserId,
};

use crate::options::Options;

/// A user of the answer. In a dry run, a user who would be created has neither id nor times.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportedUser))]
pub(crate) struct UserBody<'u> {
    /// The key.
    id: Option<UserId>,
    /// Unique without regard to case.
    email: Option<&'u str>,
    /// Unique without regard to case.
    username: Option<&'u str>,
    /// A name for people, if one is known.
    full_name: Option<&'u str>,
    /// Whether the user may do anything.
    is_active: bool,
    /// Whether the user may administrate others.
    is_superuser: bool,
    /// When the row was made.
    created_at: Option<DateTime<Utc>>,
    /// When the row was last changed.
    updated_at: Option<DateTime<Utc>>,
    /// What only the table of another application has, by the names of its mapping.
    #[serde(flatten)]
    extra: &'u Map<String, Value>,
    /// What was done with the row.
    result: RowResult,
}

/// The whole answer for those who prefer a minimal one.
#[derive(Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportCounts))]
pub(crate) struct Counts {
    /// Users who are new.
    created: usize,
    /// Stored users who were changed.
    updated: usize,
    /// Stored users who were left as they are.
    skipped: usize,
}

/// Writes the answer to an import: the users in request order, or their counts.
pub(crate) fn write(users: &[ImportedUser], options: Options) -> Result<StoredResponse, Error> {
    let counts = Counts::of(users);
    let status = if counts.created > 0 && !options.is_dry_run {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let body = if options.is_minimal {
        serde_json::to_string(&counts)
    } else {
        let bodies: Vec<_> = users
            .iter()
            .map(|user| UserBody::of(user, options.is_dry_run))
            .collect();
        serde_json::to_string(&bodies)
    };
    let body = body.map_err(|error| Error::internal("writing the response", error))?;
    if bytes_in_envelope(&body) > MAX_BYTES_IN_ENVELOPE {
        return Err(Error::TooLarge {
            message: "The response would be larger than 6 MB; send fewer users, or send Prefer: return=minimal to get counts only"
                .to_owned(),
        });
    }
    Ok(StoredResponse { status, body })
}

impl<'u> UserBody<'u> {
    fn of(imported: &'u ImportedUser, is_dry_run: bool) -> Self {
        let ImportedUser {
            user,
            result,
            was: _,
        } = imported;
        let is_imagined = is_dry_run && *result == RowResult::Created;
        Self {
            id: (!is_imagined).then_some(user.id),
            email: user.email.as_deref(),
            username: user.username.as_deref(),
            full_name: user.full_name.as_deref(),
            is_active: user.is_active,
            is_superuser: user.is_superuser,
            created_at: user.created_at.filter(|_| !is_imagined),
            updated_at: user.updated_at.filter(|_| !is_imagined),
            extra: &user.extra,
            result: *result,
        }
    }
}

impl Counts {
    /// Counts what was done.
    pub(crate) fn of(users: &[ImportedUser]) -> Self {
        let mut counts = Self::default();
        for user in users {
            match user.result {
                RowResult::Created => counts.created += 1,
                RowResult::Updated => counts.updated += 1,
                RowResult::Skipped => counts.skipped += 1,
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        store::bulk::OnConflict,
        users::{AcceptedHashes, User},
    };

    use super::*;

    const OPTIONS: Options = Options {
        on_conflict: OnConflict::Fail,
        is_dry_run: false,
        is_minimal: false,
        accepted_hashes: AcceptedHashes::NONE,
        keeps_ids: false,
        is_guarded: false,
    };

    fn user(result: RowResult, full_name: String) -> ImportedUser {
        ImportedUser {
            user: User {
                id: 7.into(),
                email: Some("a@example.com".to_owned()),
                username: Some("a".to_owned()),
                full_name: Some(full_name),
                is_active: true,
                is_superuser: false,
                created_at: Some(DateTime::UNIX_EPOCH),
                updated_at: Some(DateTime::UNIX_EPOCH),
                extra: Map::new(),
            },
            result,
            was: None,
        }
    }

    #[test]
    fn counts_take_the_place_of_users_when_asked() {
        let users = [RowResult::Created, RowResult::Skipped, RowResult::Skipped]
            .map(|result| user(result, String::new()));
        let options = Options {
            is_minimal: true,
            ..OPTIONS
        };
        let answer = write(&users, options).unwrap();
        assert_eq!(answer.status, StatusCode::CREATED);
        assert_eq!(answer.body, r#"{"created":1,"updated":0,"skipped":2}"#);
    }

    #[test]
    fn a_dry_run_creates_nothing_and_makes_up_no_id() {
        let options = Options {
            is_dry_run: true,
            ..OPTIONS
        };
        let answer = write(&[user(RowResult::Created, "A".to_owned())], options).unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.body,
            r#"[{"id":null,"email":"a@example.com","username":"a","full_name":"A","is_active":true,"is_superuser":false,"created_at":null,"updated_at":null,"result":"created"}]"#
        );
    }

    #[test]
    fn an_answer_that_lambda_would_refuse_is_refused_before_anything_is_kept() {
        let users: Vec<_> = (0..4_000)
            .map(|_| user(RowResult::Created, "\"".repeat(400)))
            .collect();
        assert_eq!(
            write(&users, OPTIONS).unwrap_err().public().code,
            "too_large"
        );
        assert!(write(&users[..1_000], OPTIONS).is_ok());
    }
}
