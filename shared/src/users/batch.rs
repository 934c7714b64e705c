//! The users of one bulk request.

use std::collections::HashMap;

use serde_json::Value;

use super::new_user::{FieldError, NewUser};
use crate::error::Detail;

/// Users to be created together, each valid and none twice.
#[derive(Debug)]
pub struct NewUserBatch(Vec<NewUser>);

impl NewUserBatch {
    /// Parses all rows, and reports everything that is wrong with any of them, in request order.
    pub fn parse(rows: Vec<Value>) -> Result<Self, Vec<Detail>> {
        let mut users = Vec::with_capacity(rows.len());
        let mut details = Vec::new();
        let mut emails = FirstSeen::new("email");
        let mut usernames = FirstSeen::new("username");
        for (index, row) in rows.into_iter().enumerate() {
            match NewUser::parse(row) {
                Ok(user) => {
                    details.extend(emails.check(index, &user.email));
                    details.extend(usernames.check(index, &user.username));
                    users.push(user);
                }
                Err(errors) => details.extend(errors.into_iter().map(|error| detail(index, error))),
            }
        }
        if details.is_empty() {
            Ok(Self(users))
        } else {
            Err(details)
        }
    }

    /// The users, in request order.
    #[must_use]
    pub fn into_users(self) -> Vec<NewUser> {
        self.0
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

    fn check(&mut self, index: usize, value: &str) -> Option<Detail> {
        let field = self.field;
        let first = *self.rows.entry(value.to_lowercase()).or_insert(index);
        (first != index).then(|| Detail {
            index,
            field: Some(field),
            code: "duplicate_in_request",
            message: format!("{field} is the same as in row {first} of this request"),
        })
    }
}

fn detail(index: usize, error: FieldError) -> Detail {
    Detail {
        index,
        field: error.field,
        code: error.code,
        message: error.message.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn duplicates_are_found_regardless_of_case_and_point_to_the_first_row() {
        let details = NewUserBatch::parse(vec![
            json!({"email": "jürgen@example.com", "username": "one"}),
            json!({"email": "two@example.com", "username": "two"}),
            json!({"email": "JÜRGEN@example.com", "username": "Two"}),
        ])
        .unwrap_err();
        let found: Vec<_> = details
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
            details[0].message,
            "email is the same as in row 0 of this request"
        );
    }
}
