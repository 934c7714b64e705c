//! How vendors' values are read.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::super::repair::in_utc;
use super::Context;

/// The values at the paths of a rule.
pub(in crate::import) type Found<'r> = [Cow<'r, Value>];

/// What systems call the status of an account that cannot be used.
const INACTIVE: [&str; 7] = [
    "archived",
    "deactivated",
    "deprovisioned",
    "disabled",
    "inactive",
    "staged",
    "suspended",
];

/// Text, a number or a flag as text, if it says something.
pub(in crate::import) fn scalar(value: &Value) -> Option<String> {
    let text = untrimmed(value)?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The same with the white space around it, which may be part of a password.
pub(in crate::import) fn untrimmed(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The first value that says something.
pub(super) fn text(found: &Found<'_>, _: &Context) -> Option<String> {
    found.iter().find_map(|value| scalar(value))
}

/// All values with spaces between them.
pub(super) fn joined(found: &Found<'_>, _: &Context) -> Option<String> {
    let parts: Vec<_> = found.iter().filter_map(|value| scalar(value)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The first value, unless it is the same as one of the others.
pub(super) fn unlike_others(found: &Found<'_>, _: &Context) -> Option<String> {
    let (first, others) = found.split_first()?;
    let first = scalar(first)?;
    let is_same = |other: &Cow<'_, Value>| scalar(other).as_ref() == Some(&first);
    (!others.iter().any(is_same)).then_some(first)
}

/// A password that is not hidden by stars.
pub(super) fn password(found: &Found<'_>, _: &Context) -> Option<String> {
    let text = found.iter().find_map(|value| untrimmed(value))?;
    (!text.chars().all(|character| character == '*')).then_some(text)
}

/// Whether an account can be used that none of these flags forbids.
pub(super) fn none_set(found: &Found<'_>, _: &Context) -> Option<String> {
    let flags: Vec<_> = found.iter().filter_map(|value| scalar(value)).collect();
    let is_set = |flag: &String| ["true", "t", "1", "yes"].contains(&flag.to_lowercase().as_str());
    (!flags.is_empty()).then(|| (!flags.iter().any(is_set)).to_string())
}

/// Whether an account can be used, by its status.
pub(super) fn status(found: &Found<'_>, context: &Context) -> Option<String> {
    let is_usable = |status: String| !INACTIVE.contains(&status.to_lowercase().as_str());
    text(found, context)
        .map(is_usable)
        .map(|flag| flag.to_string())
}

/// A time, which may be a number of seconds or milliseconds since 1970. A time without an offset is in UTC, and
/// one without a date is absent.
pub(super) fn utc_time(found: &Found<'_>, context: &Context) -> Option<String> {
    let text = time(found, context)?;
    (!text.starts_with("0000-")).then(|| in_utc(&text))
}

/// A time, which may be a number of seconds or milliseconds since 1970.
pub(super) fn time(found: &Found<'_>, context: &Context) -> Option<String> {
    let text = text(found, context)?;
    let Ok(number) = text.parse::<f64>() else {
        return Some(text);
    };
    // Seconds reach this number in the year 5138, milliseconds had it in 1973.
    let milliseconds = if number.abs() < 1e11 {
        number * 1e3
    } else {
        number
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a time that is too large is none for the next step either"
    )]
    let time = DateTime::<Utc>::from_timestamp_millis(milliseconds as i64);
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// Whether a time has passed, so that what it limits is over.
pub(super) fn is_over(time: &str, context: &Context) -> bool {
    let time = in_utc(&time.replacen(' ', "T", 1));
    let time: Result<DateTime<Utc>, _> = time.parse().or_else(|_| format!("{time}:00").parse());
    time.is_ok_and(|time| time < context.now)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(read: super::super::Read, values: &[Value]) -> Option<String> {
        let found: Vec<_> = values.iter().map(Cow::Borrowed).collect();
        read(&found, &Context::default())
    }

    #[test]
    fn times_are_read_as_systems_write_them() {
        for (value, expected) in [
            (json!("1700000000000"), Some("2023-11-14T22:13:20Z")),
            (
                json!(1_700_000_000_123_u64),
                Some("2023-11-14T22:13:20.123Z"),
            ),
            (json!(1_700_000_000.5), Some("2023-11-14T22:13:20.500Z")),
            (json!("2023-11-14 22:13:20"), Some("2023-11-14 22:13:20Z")),
            (
                json!("2023-11-14T22:13:20.5+01:00"),
                Some("2023-11-14T22:13:20.5+01:00"),
            ),
            (json!("0000-00-00 00:00:00"), None),
            (json!(""), None),
            (json!(null), None),
        ] {
            assert_eq!(read(utc_time, &[value]).as_deref(), expected);
        }
        assert_eq!(
            read(time, &[json!("2023-11-14 22:13:20")]).as_deref(),
            Some("2023-11-14 22:13:20")
        );
    }

    #[test]
    fn a_time_is_over_when_it_has_passed() {
        let context = Context {
            now: DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
            ..Context::default()
        };
        assert!(is_over("2023-11-14 22:13:19.9+00", &context));
        assert!(is_over("2023-11-14T22:13:19Z", &context));
        assert!(!is_over("2023-11-14 22:13:21+00", &context));
        assert!(!is_over("infinity", &context));
    }

    #[test]
    fn a_name_that_repeats_another_value_is_none() {
        let values = |first: &str| [json!(first), json!("a@example.com"), json!(null)];
        assert_eq!(read(unlike_others, &values("a@example.com")), None);
        assert_eq!(read(unlike_others, &values("Ada")).as_deref(), Some("Ada"));
        assert_eq!(read(password, &[json!("****")]), None);
        assert_eq!(
            read(none_set, &[json!("No"), json!("Yes")]).as_deref(),
            Some("false")
        );
        assert_eq!(
            read(none_set, &[json!(false), json!("")]).as_deref(),
            Some("true")
        );
        assert_eq!(read(none_set, &[json!(null)]), None);
        assert_eq!(
            read(status, &[json!("LOCKED_OUT")]).as_deref(),
            Some("true")
        );
        assert_eq!(
            read(status, &[json!("Suspended")]).as_deref(),
            Some("false")
        );
    }
}
