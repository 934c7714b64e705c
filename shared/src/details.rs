//! What is wrong with the rows of a request, as much of it as fits an answer.

use serde::Serialize;

/// Lambda refuses answers of more than 6 MB, and an error that does not arrive names no row at all.
/// The rest is for the JSON around the messages and its escapes.
const MAX_BYTES: usize = 4_000_000;

/// What a detail takes in an answer beside its message: keys, numbers, quotes and their escapes.
const BYTES_BESIDE_MESSAGE: usize = 130;

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

/// All that is wrong with a request's rows: counted to the end, listed as far as it fits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    listed: Vec<Detail>,
    total: usize,
    bytes: usize,
}

impl Details {
    /// Adds one.
    pub fn push(&mut self, detail: Detail) {
        self.total += 1;
        self.bytes += BYTES_BESIDE_MESSAGE + detail.message.len();
        if self.bytes <= MAX_BYTES {
            self.listed.push(detail);
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
    pub(crate) fn whereabouts(&self) -> String {
        if self.listed.len() == self.total {
            "see details".to_owned()
        } else {
            format!("the first {} are in details", self.listed.len())
        }
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
    use super::*;

    #[test]
    fn more_than_fits_an_answer_is_counted_but_not_listed() {
        let detail = Detail {
            index: 0,
            line: None,
            field: Some("email"),
            code: "invalid_format",
            message: "x".repeat(70),
        };

        let details: Details = std::iter::repeat_n(detail, 70_000).collect();

        assert_eq!(details.total(), 70_000);
        assert_eq!(details.listed().len(), 20_000);
        assert_eq!(details.whereabouts(), "the first 20000 are in details");
    }
}
