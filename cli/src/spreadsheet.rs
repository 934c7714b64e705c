//! Cells that a spreadsheet would take for formulas.

/// With these, a spreadsheet takes a cell for a formula or skips to the next cell.
const FORMULA_SIGNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_SIGNS)
}

/// Writes an apostrophe before a text that a spreadsheet would take for a formula, or that looks as if this
/// had been done already.
pub fn escape(text: &str) -> String {
    if is_formula(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// The text that was escaped.
pub fn unescape(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back_as_it_was() {
        for (text, escaped) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("-", "'-"),
            ("@ada", "'@ada"),
            ("\tx", "'\tx"),
            ("'t Hooft", "'t Hooft"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(escape(text), escaped);
            assert_eq!(unescape(escaped), text);
        }
    }
}
