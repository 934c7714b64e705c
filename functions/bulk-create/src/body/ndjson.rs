//! An object on every line.

use serde::de::IgnoredAny;
use shared::users::RawUser;

use super::{Rows, lines::lines};

/// How the last line of an export begins, which is not a user.
const EXPORT_END: &str = r#"{"end":true,"count":"#;

/// Reads one user from every line that is not blank. A line that is not JSON is a bad row like any
/// other: the lines after it can be read all the same.
pub(super) fn read(text: &str, rows: &mut Rows) {
    if let Some(problem) = problem(text) {
        return rows.refuse(problem);
    }
    for (number, line) in (1..).zip(lines(text)) {
        if !line.trim().is_empty() && !line.starts_with(EXPORT_END) {
            rows.push(Some(number), || RawUser::from_json(line));
        }
    }
}

/// Why the body is not lines of objects.
fn problem(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.starts_with('[') && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Some("The body is a JSON array; send it with Content-Type: application/json");
    }
    if text.contains(['\r', '\n']) {
        return None;
    }
    let values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let is_joined = values.map_while(Result::ok).nth(1).is_some();
    is_joined.then_some(
        "The body has several users on a single line; curl -d removes line breaks: send the file with \
         --data-binary",
    )
}

#[cfg(test)]
mod tests {
    use shared::users::{AcceptedHashes, UserFields};

    use super::*;

    #[test]
    fn blank_lines_are_not_counted_as_users_but_as_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["{}", "", "  ", "nonsense", "{}"].join(end);
            let mut rows = Rows::new(9, false, UserFields::ALL);
            read(&text, &mut rows);
            let lines: Vec<_> = rows.kept.iter().map(|row| row.line).collect();
            assert_eq!(lines, [Some(1), Some(4), Some(5)], "{end:?}");
        }
    }

    #[test]
    fn other_ways_to_write_users_are_explained() {
        let message = |text| {
            let mut rows = Rows::new(9, false, UserFields::ALL);
            read(text, &mut rows);
            let error = rows.finish(AcceptedHashes::default()).unwrap_err();
            error.public().message
        };
        assert!(message("{\"email\":\"a\"}{\"email\":\"b\"}\n").contains("--data-binary"));
        assert!(message("[\n{},\n{}\n]\n").contains("application/json"));
    }
}
