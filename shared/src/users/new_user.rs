//! A user to be created, parsed from one row of a request.

use chrono::{DateTime, Datelike as _, FixedOffset, Utc};
use serde_json::{Map, Value};

use super::{
    email,
    field_error::FieldError,
    password::{self, Password},
    password_hash::{self, AcceptedHashes},
    raw_user::{FieldValue, RawUser},
    user_field::UserField,
    user_fields::UserFields,
    username,
};
use crate::platform::user_id::{UserId, UserIdKind};

/// A user to be created. It exists only with valid values.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The address as it was given.
    pub email: String,
    /// The name as it was given. None where the table has no usernames.
    pub username: Option<String>,
    /// A name for people.
    pub full_name: Option<String>,
    /// How the user will log in.
    pub password: Password,
    /// Whether the user may do anything, if that is said.
    pub is_active: Option<bool>,
    /// Whether the user may administrate others, if that is said.
    pub is_superuser: Option<bool>,
    /// When the user signed up, if it was in another system.
    pub created_at: Option<DateTime<Utc>>,
    /// The id that the user shall have, if it is kept.
    pub id: Option<UserId>,
    /// What only the table of another application has. What is not said is left out.
    pub extra: Map<String, Value>,
}

impl NewUser {
    /// Applies all rules to one row, and reports every one that it breaks.
    pub fn parse(
        mut row: RawUser,
        accepted: AcceptedHashes,
        fields: UserFields,
    ) -> Result<Self, Vec<FieldError>> {
        let id = row.take_id();
        let (values, mut extra, mistakes) = row.into_parts(fields.extra());
        extra.retain(|_, value| !value.is_null());
        let unwritable = UserField::ALL
            .into_iter()
            .zip(&values)
            .filter(|(field, value)| !fields.has(*field) && **value != FieldValue::Absent);
        let mut errors: Vec<_> = unwritable
            .map(|(field, _)| FieldError::read_only(field))
            .collect();
        let [
            email,
            username,
            full_name,
            password,
            password_hash,
            is_active,
            is_superuser,
            created_at,
        ] = values;
        let is_unreadable = mistakes.iter().any(|mistake| mistake.field.is_none())
            && email == FieldValue::Absent
            && username == FieldValue::Absent;
        if is_unreadable {
            return Err(mistakes);
        }
        let email = required(UserField::Email, email, email::parse, &mut errors);
        let username = if fields.has(UserField::Username) {
            required(UserField::Username, username, username::parse, &mut errors)
        } else {
            None
        };
        let lacks_username = username.is_none() && fields.has(UserField::Username);
        let full_name = optional(
            UserField::FullName,
            full_name,
            username::parse_full_name,
            &mut errors,
        );
        let identity = [email.as_deref(), username.as_deref()];
        let plain = optional(
            UserField::Password,
            password,
            |text| password::parse_plain(text, &identity, fields.password_bytes()),
            &mut errors,
        );
        let hash = optional(
            UserField::PasswordHash,
            password_hash,
            |text| password_hash::parse(text, accepted),
            &mut errors,
        )
        .flatten();
        let is_active = flag(UserField::IsActive, &is_active, &mut errors);
        let is_superuser = flag(UserField::IsSuperuser, &is_superuser, &mut errors);
        let created_at = optional(UserField::CreatedAt, created_at, parse_time, &mut errors);
        let id = id.and_then(|text| parse_id(&text).map_err(|error| errors.push(error)).ok());
        if plain.is_some() && hash.is_some() {
            errors.push(FieldError::both_passwords());
        }
        errors.extend(mistakes);
        match email {
            Some(email) if errors.is_empty() && !lacks_username => Ok(Self {
                email,
                username,
                full_name,
                password: plain
                    .or(hash.map(Password::Hashed))
                    .unwrap_or(Password::None),
                is_active,
                is_superuser,
                created_at,
                id,
                extra,
            }),
            _ => Err(errors),
        }
    }
}

fn required<T>(
    field: UserField,
    value: FieldValue,
    parse: impl Fn(&str) -> Result<T, FieldError>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    if value == FieldValue::Absent {
        let name = field.name();
        errors.push(FieldError::new(
            name,
            "required",
            format!("{name} is required"),
        ));
    }
    optional(field, value, parse, errors)
}

pub(super) fn optional<T>(
    field: UserField,
    value: FieldValue,
    parse: impl Fn(&str) -> Result<T, FieldError>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let parsed = match value {
        FieldValue::Absent | FieldValue::Unreadable => return None,
        FieldValue::Text(text) => parse(&text),
        FieldValue::Flag(_) | FieldValue::Other => Err(FieldError::new(
            field.name(),
            "invalid_type",
            format!("{} must be a string of Unicode characters", field.name()),
        )),
    };
    parsed.map_err(|error| errors.push(error)).ok()
}

pub(super) fn flag(
    field: UserField,
    value: &FieldValue,
    errors: &mut Vec<FieldError>,
) -> Option<bool> {
    match value {
        FieldValue::Absent | FieldValue::Unreadable => None,
        FieldValue::Flag(value) => Some(*value),
        FieldValue::Text(_) | FieldValue::Other => {
            errors.push(FieldError::new(
                field.name(),
                "invalid_type",
                format!("{} must be true or false", field.name()),
            ));
            None
        }
    }
}

fn parse_id(text: &str) -> Result<UserId, FieldError> {
    UserId::parse(text, UserIdKind::Integer).ok_or_else(|| {
        FieldError::new(
            "id",
            "invalid_format",
            "id must be a whole number from 1 on",
        )
    })
}

/// Accepts a time with its offset, as RFC 3339, RFC 2822, PostgreSQL and other programs write it, also without
/// seconds. A time without an offset could be hours away from what it means.
fn parse_time(text: &str) -> Result<DateTime<Utc>, FieldError> {
    // PostgreSQL leaves out the minutes of an offset.
    let parsed: Result<DateTime<FixedOffset>, _> =
        text.parse().or_else(|_| format!("{text}:00").parse());
    let parsed = parsed
        .or_else(|_| DateTime::parse_from_rfc2822(text))
        .or_else(|_| DateTime::parse_from_str(&text.replacen('T', " ", 1), "%Y-%m-%d %H:%M%#z"));
    match parsed.map(|time| time.to_utc()) {
        Ok(time) if (1..=9999).contains(&time.year()) => Ok(time),
        _ => Err(FieldError::new(
            "created_at",
            "invalid_format",
            "created_at must be a time with its offset, such as 2026-01-31T12:00:00Z",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(row: &Value) -> Result<NewUser, Vec<FieldError>> {
        NewUser::parse(
            RawUser::from_json(&row.to_string()),
            AcceptedHashes::NONE,
            UserFields::ALL,
        )
    }

    fn errors(row: &Value) -> Vec<(Option<&'static str>, &'static str)> {
        let errors = parse(row).unwrap_err();
        errors
            .into_iter()
            .map(|error| (error.field, error.code))
            .collect()
    }

    #[test]
    fn email_and_username_are_enough() {
        let user =
            parse(&json!({"email": "a@example.com", "username": "a", "full_name": null})).unwrap();
        assert_eq!((user.is_active, user.is_superuser), (None, None));
        assert_eq!(user.full_name, None);
        assert!(matches!(user.password, Password::None));
    }

    #[test]
    fn every_wrong_field_is_reported() {
        let row =
            json!({"email": "nonsense", "password": "short", "is_active": "yes", "role": "root"});
        assert_eq!(
            errors(&row),
            [
                (Some("email"), "invalid_format"),
                (Some("username"), "required"),
                (Some("password"), "too_short"),
                (Some("is_active"), "invalid_type"),
                (None, "unknown_field"),
            ]
        );
    }

    #[test]
    fn password_and_hash_exclude_each_other() {
        let row = json!({
            "email": "a@example.com", "username": "a", "password": "long enough",
            "password_hash": "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        });
        assert_eq!(errors(&row), [(Some("password_hash"), "not_allowed")]);
    }

    #[test]
    fn a_marker_of_no_password_stands_beside_a_password() {
        let row = json!({
            "email": "a@example.com", "username": "a", "password": "long enough", "password_hash": "!",
        });
        assert!(matches!(parse(&row).unwrap().password, Password::Plain(_)));
    }

    #[test]
    fn empty_text_is_absent_and_outer_white_space_is_not_kept() {
        let row = json!({
            "email": "\u{a0}a@example.com ", "username": "\u{202a}a\u{202c}", "full_name": " ",
            "is_active": "", "password_hash": "", "created_at": "",
        });
        let user = parse(&row).unwrap();
        assert_eq!(
            (user.email.as_str(), user.username.as_deref()),
            ("a@example.com", Some("a"))
        );
        assert_eq!(
            (user.full_name, user.is_active, user.created_at),
            (None, None, None)
        );
        let row = json!({ "email": "", "username": "a" });
        assert_eq!(errors(&row), [(Some("email"), "required")]);
    }

    #[test]
    fn a_time_has_its_offset() {
        let parsed = |text: &str| parse_time(text).map(|time| time.to_rfc3339()).ok();
        for text in [
            "2023-11-14T22:13:20Z",
            "2023-11-14T23:13:20.000+01:00",
            "2023-11-14 22:13:20+00",
            "2023-11-14 22:13:20+0000",
            "2023-11-14 22:13:20 UTC",
            "Tue, 14 Nov 2023 22:13:20 GMT",
        ] {
            assert_eq!(
                parsed(text).as_deref(),
                Some("2023-11-14T22:13:20+00:00"),
                "{text}"
            );
        }
        for text in ["2023-11-14T22:13Z", "2023-11-14 23:13+0100"] {
            assert_eq!(
                parsed(text).as_deref(),
                Some("2023-11-14T22:13:00+00:00"),
                "{text}"
            );
        }
        for text in [
            "2023-11-14T22:13:20",
            "2023-11-14T22:13",
            "2023-11-14",
            "1700000000",
            "14.11.2023 22:13",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_service_writes_is_read_back() {
        let row = json!({
            "id": 7, "email": "a@example.com", "username": "a", "full_name": null, "is_active": true,
            "is_superuser": false, "created_at": "2023-11-14T22:13:20Z", "updated_at": "2026-01-01T00:00:00Z",
        });
        let user = parse(&row).unwrap();
        let created_at = user.created_at.unwrap().to_rfc3339();
        assert_eq!(created_at, "2023-11-14T22:13:20+00:00");
        assert_eq!(user.id, Some(UserId::from(7)));
    }

    #[test]
    fn an_id_is_a_whole_number_written_in_one_way() {
        let row = |id: Value| json!({ "email": "a@example.com", "username": "a", "id": id });
        for id in [json!(""), json!(null)] {
            assert_eq!(parse(&row(id)).unwrap().id, None);
        }
        let largest = i64::MAX;
        for id in [json!(largest), json!(largest.to_string())] {
            assert_eq!(parse(&row(id)).unwrap().id, Some(UserId::from(largest)));
        }
        for id in [
            json!(0),
            json!(-1),
            json!(1.5),
            json!("07"),
            json!(true),
            json!([1]),
            json!("x"),
        ] {
            assert_eq!(errors(&row(id)), [(Some("id"), "invalid_format")]);
        }
    }

    #[test]
    fn a_row_that_is_no_object_is_reported_as_a_whole() {
        assert_eq!(errors(&json!(["a@example.com"])), [(None, "invalid_type")]);
    }
}
