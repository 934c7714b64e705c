//! JSON arrays.

use std::fmt;

use serde::{
    Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};
use shared::{platform::error::Error, users::RawUser};

use super::Rows;

/// Reads an array of users, one by one: no tree of the whole body is built, which could be many
/// times as large as its text.
pub(super) fn read(text: &str, rows: &mut Rows) -> Result<(), Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_seq(ArrayVisitor { rows })
        .and_then(|()| json.end())
        .map_err(|error| {
            Error::invalid_request(if error.classify() == Category::Data {
                "The body must be a JSON array of users".to_owned()
            } else {
                format!("The body is not valid JSON: {error}")
            })
        })
}

struct ArrayVisitor<'r> {
    rows: &'r mut Rows,
}

impl<'de> Visitor<'de> for ArrayVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while let Some(row) = array.next_element::<&RawValue>()? {
            self.rows.push(None, || RawUser::from_json(row.get()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        let mut rows = Rows::new(2);
        read(text, &mut rows).unwrap_err().public().message
    }

    #[test]
    fn a_body_that_is_no_array_is_refused() {
        for text in ["{}", "null", "\"text\"", "1"] {
            assert_eq!(message(text), "The body must be a JSON array of users");
        }
    }

    #[test]
    fn malformed_json_is_refused_with_its_place() {
        assert_eq!(
            message("[\n{]"),
            "The body is not valid JSON: key must be a string at line 2 column 2"
        );
        for text in ["", "[{", "nonsense", "[{}] trailing", "[1,]"] {
            assert!(
                message(text).starts_with("The body is not valid JSON: "),
                "{text}"
            );
        }
    }

    #[test]
    fn deep_nesting_is_refused_instead_of_followed() {
        assert!(message(&"[".repeat(6_000_000)).starts_with("The body is not valid JSON"));
    }

    #[test]
    fn a_deep_row_is_one_bad_row() {
        let deep = format!("[{}{}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let mut rows = Rows::new(2);
        read(&deep, &mut rows).unwrap();
        assert_eq!(rows.count, 1);
    }
}
