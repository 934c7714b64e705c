//! What is wrong with the rows of a request, as much of it as fits an answer.

use serde::Serialize;

use crate::platform::http::envelope::{MAX_BYTES_IN_ENVELOPE, bytes_in_envelope};

/// One thing that is wrong with one row of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Detail {
    /// The row, counted from 0 in request order.
    pub index: usize,
    /// Where the row begins in the body, counted from 1, if the format has lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The field, or `null` when the whole row is meant.
    pub field: Option<&'static str>,
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

/// All that is wrong with a request's rows: counted to the end, listed as far as Lambda takes the
/// answer. An error that does not arrive names no row at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    listed: Vec<Detail>,
    total: usize,
    bytes: usize,
}

impl Details {
    /// Adds one. Those that follow one for which there is no room are only counted.
    pub fn push(&mut self, detail: Detail) {
        self.total += 1;
        if self.bytes <= MAX_BYTES_IN_ENVELOPE {
            self.bytes += detail.bytes_in_envelope();
            if self.bytes <= MAX_BYTES_IN_ENVELOPE {
                self.listed.push(detail);
            }
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many things are wrong.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// Those that fit an answer.
    #[must_use]
    pub fn listed(&self) -> &[Detail] {
        &self.listed
    }

    /// Where to find them, for the end of a sentence.
    pub(crate) fn location(&self) -> String {
        if self.listed.len() == self.total {
            "see details".to_owned()
        } else {
            format!("the first {} are in details", self.listed.len())
        }
    }
}

impl Detail {
    /// What it takes in an answer, with the comma after it.
    fn bytes_in_envelope(&self) -> usize {
        // Strings and numbers always have a JSON form.
        let json = serde_json::to_string(self).unwrap_or_default();
        bytes_in_envelope(&json) + ",".len()
    }
}

impl Extend<Detail> for Details {
    fn extend<I: IntoIterator<Item = Detail>>(&mut self, details: I) {
        for detail in details {
            self.push(detail);
        }
    }
}

impl FromIterator<Detail> for Details {
    fn from_iter<I: IntoIterator<Item = Detail>>(details: I) -> Self {
        let mut collected = Self::default();
        collected.extend(details);
        collected
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::platform::{error::Error, http::response};

    fn detail(message: String) -> Detail {
        Detail {
            index: 9_999,
            line: Some(10_000),
            field: Some("email"),
            code: "invalid_format",
            message,
        }
    }

    #[test]
    fn more_than_fits_an_answer_is_counted_but_not_listed() {
        let message = "\"\\\u{1}é".repeat(100);
        let most = detail(message.clone()).bytes_in_envelope();
        let details: Details = std::iter::repeat_n(detail(message), 9_000).collect();
        let listed = details.listed().len();
        assert_eq!(details.total(), 9_000);
        assert_eq!(
            details.location(),
            format!("the first {listed} are in details")
        );

        let answer = response::error(&Error::ValidationFailed { details }, &"r".repeat(36));
        let Body::Text(body) = answer.body() else {
            panic!("{answer:?}")
        };
        let filled = MAX_BYTES_IN_ENVELOPE - most..MAX_BYTES_IN_ENVELOPE + 500;
        assert!(filled.contains(&bytes_in_envelope(body)));
    }

    proptest! {
        #[test]
        fn details_take_what_was_counted_for_them(
            messages in vec(prop_oneof![any::<String>(), "[\0-\"\\\\é]{0,60}"], 1..4),
        ) {
            let details: Details = messages.into_iter().map(detail).collect();
            let json = serde_json::to_string(details.listed()).unwrap();
            // One comma less, and two brackets.
            prop_assert_eq!(bytes_in_envelope(&json), details.bytes + 1);
        }
    }
}
