//! A change of one user, parsed from a JSON merge patch (RFC 7396).

use serde_json::{Map, Value};

use super::{
    email,
    field_error::FieldError,
    new_user::{flag, optional},
    password::{self, Password},
    password_hash::{self, AcceptedHashes},
    raw_user::{FieldValue, RawUser},
    user::User,
    user_field::UserField,
    user_fields::UserFields,
    username,
};

/// What a user shall be from now on. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// Another address.
    pub email: Option<String>,
    /// Another name.
    pub username: Option<String>,
    /// Another name for people, or none.
    pub full_name: Option<Option<String>>,
    /// Another password, or none.
    pub password: Option<Password>,
    /// Whether the user may do anything.
    pub is_active: Option<bool>,
    /// Whether the user may administrate others.
    pub is_superuser: Option<bool>,
    /// What only the table of another application has; null clears it.
    pub extra: Map<String, Value>,
}

impl UserPatch {
    /// Applies all rules to a patch, and reports every one that it breaks. A password must not be the
    /// email or username of the user, who is `stored` so far.
    pub fn parse(
        row: RawUser,
        stored: Option<&User>,
        fields: UserFields,
    ) -> Result<Self, Vec<FieldError>> {
        let is_given = |field| row.is_given(field);
        let given = UserField::ALL.map(is_given);
        let is_given = |field: UserField| given[field as usize];
        let unwritable = UserField::ALL
            .into_iter()
            .filter(|field| is_given(*field) && !fields.has(*field));
        let mut errors: Vec<_> = unwritable.map(FieldError::read_only).collect();
        if row.has_ignored_fields() {
            errors.push(FieldError::of_row(
                "not_allowed",
                "id and updated_at cannot be changed",
            ));
        }
        let (values, extra, mistakes) = row.into_parts(fields.extra());
        for (field, value) in UserField::ALL.into_iter().zip(&values) {
            let is_removed = is_given(field) && *value == FieldValue::Absent;
            if is_removed && !field.may_be_absent() {
                let name = field.name();
                let message = format!("{name} cannot be removed");
                errors.push(FieldError::new(name, "required", message));
            }
        }
        let [
            email,
            username,
            full_name,
            plain,
            hash,
            is_active,
            is_superuser,
            _,
        ] = values;
        let email = optional(UserField::Email, email, email::parse, &mut errors);
        let username = optional(UserField::Username, username, username::parse, &mut errors);
        let full_name = optional(
            UserField::FullName,
            full_name,
            username::parse_full_name,
            &mut errors,
        );
        let identity = [
            email
                .as_deref()
                .or(stored.and_then(|user| user.email.as_deref())),
            username
                .as_deref()
                .or(stored.and_then(|user| user.username.as_deref())),
        ];
        let plain = optional(
            UserField::Password,
            plain,
            |text| password::parse_plain(text, &identity, fields.password_bytes()),
            &mut errors,
        );
        let hash = optional(
            UserField::PasswordHash,
            hash,
            |text| password_hash::parse(text, AcceptedHashes::NONE),
            &mut errors,
        )
        .flatten();
        if plain.is_some() && hash.is_some() {
            errors.push(FieldError::both_passwords());
        }
        if is_given(UserField::CreatedAt) {
            errors.push(FieldError::new(
                UserField::CreatedAt.name(),
                "not_allowed",
                "created_at cannot be changed",
            ));
        }
        let is_active = flag(UserField::IsActive, &is_active, &mut errors);
        let is_superuser = flag(UserField::IsSuperuser, &is_superuser, &mut errors);
        errors.extend(mistakes);
        if !errors.is_empty() {
            return Err(errors);
        }
        let has_password = is_given(UserField::Password) || is_given(UserField::PasswordHash);
        let password = plain.or(hash.map(Password::Hashed));
        Ok(Self {
            email,
            username,
            full_name: is_given(UserField::FullName).then_some(full_name),
            password: has_password.then_some(password.unwrap_or(Password::None)),
            is_active,
            is_superuser,
            extra,
        })
    }

    /// Whether it takes away what makes a user an active superuser.
    #[must_use]
    pub fn takes_rights(&self) -> bool {
        self.is_active == Some(false) || self.is_superuser == Some(false)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(patch: &Value) -> Result<UserPatch, Vec<FieldError>> {
        UserPatch::parse(
            RawUser::from_json(&patch.to_string()),
            None,
            UserFields::ALL,
        )
    }

    fn errors(patch: &Value) -> Vec<(Option<&'static str>, &'static str)> {
        let errors = parse(patch).unwrap_err();
        let code = |error: FieldError| (error.field, error.code);
        errors.into_iter().map(code).collect()
    }

    #[test]
    fn null_and_empty_text_clear_what_may_be_absent() {
        for empty in [json!(null), json!(""), json!(" ")] {
            let patch = parse(&json!({ "full_name": empty, "password": null })).unwrap();
            assert_eq!(patch.full_name, Some(None));
            assert!(matches!(patch.password, Some(Password::None)));
            assert_eq!(
                errors(&json!({ "email": empty, "username": empty, "is_active": null })),
                [
                    (Some("email"), "required"),
                    (Some("username"), "required"),
                    (Some("is_active"), "required"),
                ]
            );
        }
    }

    #[test]
    fn what_is_not_said_stays() {
        let patch = parse(&json!({})).unwrap();
        assert!(patch.email.is_none() && patch.username.is_none() && patch.full_name.is_none());
        assert!(patch.password.is_none() && !patch.takes_rights());
        let patch = parse(&json!({ "full_name": " Ada ", "is_superuser": false })).unwrap();
        assert_eq!(patch.full_name, Some(Some("Ada".to_owned())));
        assert!(patch.takes_rights());
    }

    #[test]
    fn what_cannot_be_changed_is_refused_and_so_is_what_is_unknown() {
        let patch = json!({
            "id": 7, "created_at": "2026-01-01T00:00:00Z", "emial": "a@example.com", "username": "a b",
        });
        assert_eq!(
            errors(&patch),
            [
                (None, "not_allowed"),
                (Some("username"), "invalid_format"),
                (Some("created_at"), "not_allowed"),
                (None, "unknown_field"),
            ]
        );
    }

    #[test]
    fn a_password_is_not_the_name_that_the_user_has_or_gets() {
        let stored = User {
            id: 1.into(),
            email: Some("ada@example.com".to_owned()),
            username: Some("countess".to_owned()),
            full_name: None,
            is_active: true,
            is_superuser: false,
            created_at: Some(chrono::DateTime::UNIX_EPOCH),
            updated_at: Some(chrono::DateTime::UNIX_EPOCH),
            extra: Map::new(),
        };
        let parse = |patch: &Value| {
            UserPatch::parse(
                RawUser::from_json(&patch.to_string()),
                Some(&stored),
                UserFields::ALL,
            )
            .is_ok()
        };
        assert!(!parse(&json!({ "password": "countess" })));
        assert!(!parse(
            &json!({ "password": "lovelace", "username": "lovelace" })
        ));
        assert!(parse(
            &json!({ "password": "countess", "username": "lovelace" })
        ));
    }
}
