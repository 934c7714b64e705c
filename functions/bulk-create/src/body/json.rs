//! JSON arrays.

use std::fmt;

use serde::{
    Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};
use shared::users::RawUser;

use super::Rows;

/// Reads an array of users, one by one: no tree of the whole body is built, which could be many
/// times as large as its text.
pub(super) fn read(text: &str, rows: &mut Rows) {
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome = json
        .deserialize_any(ArrayVisitor { rows })
        .and_then(|()| json.end());
    if let Err(error) = outcome {
        rows.refuse(if is_ndjson(text) {
            "The body has a JSON object on every line; send it with Content-Type: application/x-ndjson"
                .to_owned()
        } else if error.classify() == Category::Data {
            "The body must be a JSON array of users".to_owned()
        } else {
            format!("The body is not valid JSON: {error}")
        });
    }
}

/// Whether the first two lines with text are JSON.
fn is_ndjson(text: &str) -> bool {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let is_object = |line: &str| {
        line.trim().starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok()
    };
    lines.take(2).filter(|line| is_object(line)).count() == 2
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

    /// Exports of other systems put the list of users into an object. It is refused; what is wrong with the
    /// users in it is said as well.
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let (mut list, mut list_of_objects) = (None, None);
        while let Some((name, value)) = object.next_entry::<String, &RawValue>()? {
            let Some(elements) = value.get().strip_prefix('[') else {
                continue;
            };
            if elements.trim_start().starts_with('{') {
                list_of_objects.get_or_insert((name, value.get()));
            } else {
                list.get_or_insert((name, value.get()));
            }
        }
        let Some((name, list)) = list_of_objects.or(list) else {
            return Err(A::Error::custom("an object without a list"));
        };
        let name: String = name.chars().take(40).collect();
        self.rows.refuse(format!(
            "The body must be a JSON array of users; it is an object, whose field {name:?} is an array: \
             send that array only"
        ));
        let users =
            serde_json::Deserializer::from_str(list).deserialize_seq(Self { rows: self.rows });
        users.map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use shared::users::{AcceptedHashes, UserFields};

    use super::*;

    fn message(text: &str) -> String {
        let mut rows = Rows::new(2, false, UserFields::ALL);
        read(text, &mut rows);
        let error = rows.finish(AcceptedHashes::default()).unwrap_err();
        error.public().message
    }

    #[test]
    fn a_body_that_is_no_array_is_refused() {
        for text in [
            "{}",
            "{\"email\": \"a@example.com\"}",
            "null",
            "\"text\"",
            "1",
            "true",
            "1.5",
        ] {
            assert_eq!(
                message(text),
                "The body must be a JSON array of users",
                "{text}"
            );
        }
    }

    #[test]
    fn a_list_inside_an_object_is_named_with_what_is_wrong_in_it() {
        assert_eq!(
            message(
                r#"{"schemas": ["staff"], "users": [{"username": "a", "enabled": true}], "more": [{}]}"#
            ),
            "The body must be a JSON array of users; it is an object, whose field \"users\" is an array: \
             send that array only. Also, 2 row errors found, see details"
        );
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
        assert!(message("{\"a\":1}\n{\"a\":2}\n").contains("application/x-ndjson"));
    }

    #[test]
    fn deep_nesting_is_refused_instead_of_followed() {
        assert!(message(&"[".repeat(6_000_000)).starts_with("The body is not valid JSON"));
    }

    #[test]
    fn a_deep_row_is_one_bad_row() {
        let deep = format!("[{}{}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let mut rows = Rows::new(2, false, UserFields::ALL);
        read(&deep, &mut rows);
        assert_eq!(rows.count, 1);
    }
}
