//! An object on every line.

use shared::users::RawUser;

use super::Rows;

/// Reads one user from every line that is not blank. A line that is no JSON is a bad row like any
/// other: the lines after it can be read all the same.
pub(super) fn read(text: &str, rows: &mut Rows) {
    for (number, line) in (1..).zip(text.lines()) {
        if !line.trim().is_empty() {
            rows.push(Some(number), || RawUser::from_json(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_not_counted_as_users_but_as_lines() {
        let mut rows = Rows::new(9);
        read("{}\r\n\n  \nnonsense\n{}", &mut rows);
        let lines: Vec<_> = rows.kept.iter().map(|row| row.line).collect();
        assert_eq!(lines, [Some(1), Some(4), Some(5)]);
    }
}
