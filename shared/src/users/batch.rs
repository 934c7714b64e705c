//! The users of one bulk request.

use std::collections::HashMap;

use super::{
    field_error::FieldError, located::Located, new_user::NewUser, password_hash::AcceptedHashes,
    raw_user::RawUser, user_fields::UserFields,
};
use crate::platform::error::{Detail, Details};

/// Parses the users of one request, each valid and none twice, or reports everything that is wrong with any
/// of them, in request order. Hashes of the algorithms `accepted` are stored beside the usual ones.
pub fn parse_batch(
    rows: Vec<Located<RawUser>>,
    accepted: AcceptedHashes,
    fields: UserFields,
) -> Result<Vec<Located<NewUser>>, Details> {
    let mut users = Vec::with_capacity(rows.len());
    let mut details = Details::default();
    let mut emails = FirstSeen::new("email");
    let mut usernames = FirstSeen::new("username");
    for row in rows {
        let place = row.with(());
        let identity = row.value.identity();
        let parsed = NewUser::parse(row.value, accepted, fields);
        let errors = parsed.as_ref().err().map_or(&[][..], Vec::as_slice);
        // A row with some other mistake can repeat a value all the same, or be repeated.
        let mut duplicates = Vec::new();
        for (seen, value) in [&mut emails, &mut usernames].into_iter().zip(identity) {
            let is_valid = errors.iter().all(|error| error.field != Some(seen.field));
            if let Some(value) = value.filter(|_| is_valid) {
                duplicates.extend(seen.check(place, &value));
            }
        }
        match parsed {
            Ok(user) => users.push(place.with(user)),
            Err(errors) => {
                details.extend(errors.into_iter().map(|error| detail(place, error)));
            }
        }
        details.extend(duplicates);
    }
    if details.is_empty() {
        Ok(users)
    } else {
        Err(details)
    }
}

impl Detail {
    /// A value that an earlier row of the same request has too.
    #[must_use]
    pub fn duplicate_in_request<T, U>(
        row: &Located<T>,
        first: &Located<U>,
        field: &'static str,
    ) -> Self {
        Self {
            index: row.index,
            line: row.line,
            field: Some(field),
            code: "duplicate_in_request",
            message: format!(
                "{field} is the same as in {} of this request",
                first.place()
            ),
        }
    }
}

/// Which row had a value first.
struct FirstSeen {
    field: &'static str,
    rows: HashMap<String, Located<()>>,
}

impl FirstSeen {
    fn new(field: &'static str) -> Self {
        Self {
            field,
            rows: HashMap::new(),
        }
    }

    /// Values are compared in lower case by Rust's rules. The database's may differ for a few
    /// letters; what it finds alike beyond this is reported by [`crate::store::bulk`].
    fn check(&mut self, place: Located<()>, value: &str) -> Option<Detail> {
        let first = *self.rows.entry(value.to_lowercase()).or_insert(place);
        (first != place).then(|| Detail::duplicate_in_request(&place, &first, self.field))
    }
}

fn detail(place: Located<()>, error: FieldError) -> Detail {
    Detail {
        index: place.index,
        line: place.line,
        field: error.field,
        code: error.code,
        message: error.message.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(rows: &[(Option<usize>, &str)]) -> Details {
        let rows = rows
            .iter()
            .enumerate()
            .map(|(index, (line, json))| Located {
                index,
                line: *line,
                value: RawUser::from_json(json),
            });
        parse_batch(rows.collect(), AcceptedHashes::NONE, UserFields::ALL).unwrap_err()
    }

    #[test]
    fn a_row_with_another_mistake_still_counts_among_duplicates() {
        let details = details(&[
            (None, r#"{"email": "nonsense", "username": "one"}"#),
            (None, r#"{"email": "two@example.com", "username": "One"}"#),
            (None, r#"{"email": "TWO@example.com", "username": ""}"#),
        ]);
        let found: Vec<_> = details
            .listed()
            .iter()
            .map(|detail| (detail.index, detail.field, detail.code))
            .collect();
        assert_eq!(
            found,
            [
                (0, Some("email"), "invalid_format"),
                (1, Some("username"), "duplicate_in_request"),
                (2, Some("username"), "required"),
                (2, Some("email"), "duplicate_in_request"),
            ]
        );
    }

    #[test]
    fn duplicates_are_found_regardless_of_case_and_point_to_the_first_row() {
        let details = details(&[
            (
                None,
                r#"{"email": "jürgen@example.com", "username": "one"}"#,
            ),
            (None, r#"{"email": "two@example.com", "username": "two"}"#),
            (
                None,
                r#"{"email": "JÜRGEN@example.com", "username": "Two"}"#,
            ),
        ]);
        let found: Vec<_> = details
            .listed()
            .iter()
            .map(|detail| (detail.index, detail.field, detail.code))
            .collect();
        assert_eq!(
            found,
            [
                (2, Some("email"), "duplicate_in_request"),
                (2, Some("username"), "duplicate_in_request"),
            ]
        );
        assert_eq!(
            details.listed()[0].message,
            "email is the same as in row 0 of this request"
        );
    }

    #[test]
    fn two_writings_of_one_letter_are_duplicates() {
        let details = details(&[
            (
                None,
                r#"{"email": "jose\u0301@example.com", "username": "a"}"#,
            ),
            (
                None,
                r#"{"email": "JOS\u00c9@example.com", "username": "b"}"#,
            ),
        ]);
        assert_eq!(details.listed()[0].code, "duplicate_in_request");
    }

    #[test]
    fn where_a_format_has_lines_they_are_named() {
        let details = details(&[
            (Some(2), r#"{"email": "a@example.com", "username": "a"}"#),
            (Some(5), r#"{"email": "A@example.com", "username": "b"}"#),
        ]);
        assert_eq!(details.listed()[0].line, Some(5));
        assert_eq!(
            details.listed()[0].message,
            "email is the same as in line 2 of this request"
        );
    }
}
