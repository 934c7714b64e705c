//! Query parameters, read strictly: nothing unknown, nothing twice, nothing clamped. An empty parameter is
//! absent: forms send one for every field that was left out.

use std::{collections::BTreeMap, ops::RangeInclusive};

use lambda_http::{Request, RequestExt};
use serde_json::{Map, Number, Value};

use crate::platform::error::Error;

/// How U+FFFD is percent-encoded, which takes the place of bytes that are not UTF-8.
const ENCODED_REPLACEMENT: &str = "%EF%BF%BD";

/// The parameters of one request. Each is taken out once; what is left at the end is unknown.
#[derive(Debug)]
pub struct QueryParameters {
    allowed: &'static [&'static str],
    values: BTreeMap<String, String>,
}

impl QueryParameters {
    /// Reads the parameters, of which only `allowed` ones may occur, each once.
    pub fn parse(request: &Request, allowed: &'static [&'static str]) -> Result<Self, Error> {
        Self::parse_with_lists(request, allowed, &[])
    }

    /// The same, where `lists` may be given more than once: their values are one text with commas.
    pub fn parse_with_lists(
        request: &Request,
        allowed: &'static [&'static str],
        lists: &[&str],
    ) -> Result<Self, Error> {
        // A character that stands for bytes that were not UTF-8 may also have been sent as such.
        let query = request.uri().query().unwrap_or_default();
        let is_replaced = !query.to_ascii_uppercase().contains(ENCODED_REPLACEMENT);
        let mut values = BTreeMap::<String, String>::new();
        for (name, value) in request.query_string_parameters().iter() {
            if !allowed.contains(&name) {
                return Err(Error::invalid_request(unknown(name, allowed)));
            }
            if is_replaced && value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(Error::invalid_request(format!(
                    "Parameter {name} is not valid UTF-8; percent-encode its text as UTF-8, ü as %C3%BC for \
                     example"
                )));
            }
            if let Some(earlier) = values.get_mut(name).filter(|_| lists.contains(&name)) {
                earlier.push(',');
                earlier.push_str(value);
            } else if values.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(Error::invalid_request(format!(
                    "Parameter {name} is given more than once"
                )));
            }
        }
        values.retain(|_, value| !value.is_empty());
        Ok(Self { allowed, values })
    }

    /// The same parameters in a JSON object, where flags and numbers are written as such, and `lists` as arrays.
    /// Nothing is absent that is named.
    pub fn from_json(
        object: &Map<String, Value>,
        allowed: &'static [&'static str],
        lists: &[&str],
    ) -> Result<Self, Error> {
        let mut values = BTreeMap::new();
        for (name, value) in object {
            if !allowed.contains(&name.as_str()) {
                return Err(Error::invalid_request(unknown(name, allowed)));
            }
            let text = match value {
                Value::Array(parts) if lists.contains(&name.as_str()) => {
                    let parts: Option<Vec<_>> = parts.iter().map(scalar).collect();
                    parts.map(|parts| parts.join(","))
                }
                other => scalar(other),
            };
            let text = text.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
                Error::invalid_request(format!(
                    "Parameter {name} must be text that is not blank, a number, true or false"
                ))
            })?;
            values.insert(name.clone(), text);
        }
        Ok(Self { allowed, values })
    }

    /// The value as it was sent, percent-decoded; none is empty.
    #[must_use]
    pub fn text(&self, name: &'static str) -> Option<&str> {
        debug_assert!(
            self.allowed.contains(&name),
            "{name} is not among the allowed parameters"
        );
        self.values.get(name).map(String::as_str)
    }

    /// One of a few words, in any case.
    pub fn one_of<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Error> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        if let Some((_, chosen)) = choices
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(value))
        {
            return Ok(Some(*chosen));
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        Err(Error::invalid_request(format!(
            "Parameter {name} must be one of {}",
            words.join(", ")
        )))
    }

    /// `true` or `false`, `1` or `0`.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, Error> {
        let words = [("true", true), ("false", false), ("1", true), ("0", false)];
        self.one_of(name, &words)
    }

    /// A whole number within a range.
    pub fn whole_number(
        &self,
        name: &'static str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, Error> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(Error::invalid_request(format!(
                "Parameter {name} must be a whole number from {} to {}",
                range.start(),
                range.end()
            ))),
        }
    }
}

/// A number as parameters spell it: 7.0 is a whole number in JSON.
#[must_use]
pub fn number_text(number: &Number) -> String {
    let text = number.to_string();
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number_text(number)),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn unknown(name: &str, allowed: &[&str]) -> String {
    // A caller's text is shown back shortened, so that an answer cannot be blown up by a request.
    let name: String = name.chars().take(40).collect();
    if allowed.is_empty() {
        format!("Unknown parameter {name:?}; this path has no parameters")
    } else {
        format!(
            "Unknown parameter {name:?}; supported: {}",
            allowed.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use lambda_http::Body;

    use super::*;

    fn parse(pairs: &[(&str, &[&str])]) -> Result<QueryParameters, Error> {
        let map: HashMap<String, Vec<String>> = pairs
            .iter()
            .map(|(name, values)| {
                let values = values.iter().map(|&value| value.to_owned()).collect();
                ((*name).to_owned(), values)
            })
            .collect();
        let request = Request::new(Body::Empty).with_query_string_parameters(map);
        QueryParameters::parse(&request, &["size", "is_active"])
    }

    fn message<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
        outcome.unwrap_err().public().message
    }

    #[test]
    fn an_unknown_parameter_is_named_beside_the_known_ones() {
        assert_eq!(
            message(parse(&[("limit", &["5"])])),
            "Unknown parameter \"limit\"; supported: size, is_active"
        );
    }

    #[test]
    fn a_parameter_may_be_given_once() {
        assert_eq!(
            message(parse(&[("size", &["5", "6"])])),
            "Parameter size is given more than once"
        );
    }

    #[test]
    fn empty_parameters_are_absent_and_words_may_be_in_any_case() {
        let parameters = parse(&[("size", &[""]), ("is_active", &["True"])]).unwrap();
        assert_eq!(parameters.whole_number("size", 1..=100).unwrap(), None);
        assert_eq!(parameters.flag("is_active").unwrap(), Some(true));
        let parameters = parse(&[("is_active", &["0"])]).unwrap();
        assert_eq!(parameters.flag("is_active").unwrap(), Some(false));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused_and_the_character_for_them_is_not() {
        let parse = |query: &str| {
            let map: HashMap<String, String> = [("size".to_owned(), "\u{fffd}".to_owned())].into();
            let mut request = Request::new(Body::Empty).with_query_string_parameters(map);
            *request.uri_mut() = format!("/?size={query}").parse().unwrap();
            QueryParameters::parse(&request, &["size"])
        };
        assert_eq!(
            message(parse("J%FCrgen")),
            "Parameter size is not valid UTF-8; percent-encode its text as UTF-8, ü as %C3%BC for example"
        );
        assert!(parse("%ef%bf%bd").is_ok());
    }

    #[test]
    fn a_bad_value_is_answered_with_what_is_allowed() {
        let parameters = parse(&[("size", &["101"]), ("is_active", &["yes"])]).unwrap();
        assert_eq!(
            message(parameters.whole_number("size", 1..=100)),
            "Parameter size must be a whole number from 1 to 100"
        );
        assert_eq!(
            message(parameters.flag("is_active")),
            "Parameter is_active must be one of true, false, 1, 0"
        );
    }
}
