//! The users of one bulk request.

use std::collections::HashMap;

use super::{
    field_error::FieldError, new_user::NewUser, password_hash::AcceptedHashes, raw_user::RawUser,
};
use crate::platform::error::{Detail, Details};

/// A row of a request and where it stands.
#[derive(Debug)]
pub struct RawRow {
    /// Where the row begins in the body, counted from 1, if the format has lines.
    pub line: Option<usize>,
    /// What it says.
    pub user: RawUser,
}

/// Users to be created together, each valid and none twice.
#[derive(Debug)]
pub struct NewUserBatch {
    users: Vec<NewUser>,
    lines: Vec<Option<usize>>,
}

impl NewUserBatch {
    /// Parses all rows, and reports everything that is wrong with any of them, in request order.
    /// Hashes of the algorithms `accepted` are stored beside the usual ones.
    pub fn parse(rows: Vec<RawRow>, accepted: AcceptedHashes) -> Result<Self, Details> {
        let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
        let mut users = Vec::with_capacity(rows.len());
        let mut details = Details::default();
        let mut emails = FirstSeen::new("email");
        let mut usernames = FirstSeen::new("username");
        for (index, row) in rows.into_iter().enumerate() {
            let identity = row.user.identity();
            let parsed = NewUser::parse(row.user, accepted);
            let errors = parsed.as_ref().err().map_or(&[][..], Vec::as_slice);
            // A row with some other mistake can repeat a value all the same, or be repeated.
            let mut duplicates = Vec::new();
            for (seen, value) in [&mut emails, &mut usernames].into_iter().zip(identity) {
                let is_valid = errors.iter().all(|error| error.field != Some(seen.field));
                if let Some(value) = value.filter(|_| is_valid) {
                    duplicates.extend(seen.check(index, &lines, &value));
                }
            }
            match parsed {
                Ok(user) => users.push(user),
                Err(errors) => details.extend(
                    errors
                        .into_iter()
                        .map(|error| detail(index, row.line, error)),
                ),
            }
            details.extend(duplicates);
        }
        if details.is_empty() {
            Ok(Self { users, lines })
        } else {
            Err(details)
        }
    }

    /// The users, in request order, and the lines on which they begin, in formats that have lines.
    #[must_use]
    pub fn into_parts(self) -> (Vec<NewUser>, Vec<Option<usize>>) {
        (self.users, self.lines)
    }
}

impl Detail {
    /// A value that an earlier row of the same request has too.
    #[must_use]
    pub fn duplicate_in_request(
        index: usize,
        first: usize,
        lines: &[Option<usize>],
        field: &'static str,
    ) -> Self {
        let line_of = |index: usize| lines.get(index).copied().flatten();
        let place = match line_of(first) {
            Some(line) => format!("line {line}"),
            None => format!("row {first}"),
        };
        Self {
            index,
            line: line_of(index),
            field: Some(field),
            code: "duplicate_in_request",
            message: format!("{field} is the same as in {place} of this request"),
        }
    }
}

/// Which row had a value first.
struct FirstSeen {
    field: &'static str,
    rows: HashMap<String, usize>,
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
    fn check(&mut self, index: usize, lines: &[Option<usize>], value: &str) -> Option<Detail> {
        let first = *self.rows.entry(value.to_lowercase()).or_insert(index);
        (first != index).then(|| Detail::duplicate_in_request(index, first, lines, self.field))
    }
}

fn detail(index: usize, line: Option<usize>, error: FieldError) -> Detail {
    Detail {
        index,
        line,
        field: error.field,
        code: error.code,
        message: error.message.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(rows: &[(Option<usize>, &str)]) -> Details {
        let rows = rows.iter().map(|(line, json)| RawRow {
            line: *line,
            user: RawUser::from_json(json),
        });
        NewUserBatch::parse(rows.collect(), AcceptedHashes::NONE).unwrap_err()
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
