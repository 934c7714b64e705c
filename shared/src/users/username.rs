//! Usernames and full names.

use super::{
    field_error::FieldError,
    text::{normalized, refuse_invisible, refuse_invisible_in_name},
};

/// What web frameworks give the column.
pub const USERNAME_CHARACTERS: std::ops::RangeInclusive<usize> = 1..=150;
/// Longer than any name that people go by.
pub const FULL_NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 1..=200;

/// Accepts 1 to 150 letters and digits of any script, and `. _ - + @`: what the web frameworks that
/// own such tables accept. It is kept in normalization form C.
pub(super) fn parse(given: &str) -> Result<String, FieldError> {
    let text = normalized(given);
    check_length("username", &text, USERNAME_CHARACTERS)?;
    refuse_invisible("username", given)?;
    let is_allowed = |character: char| character.is_alphanumeric() || "._-+@".contains(character);
    if !text.chars().all(is_allowed) {
        return Err(FieldError::new(
            "username",
            "invalid_format",
            "username may have letters, digits and . _ - + @ only",
        ));
    }
    Ok(text.into_owned())
}

/// Accepts 1 to 200 characters, all of which can be seen or change how others are written, and keeps
/// them in normalization form C.
pub(super) fn parse_full_name(given: &str) -> Result<String, FieldError> {
    let text = normalized(given);
    check_length("full_name", &text, FULL_NAME_CHARACTERS)?;
    refuse_invisible_in_name("full_name", given)?;
    Ok(text.into_owned())
}

fn check_length(
    field: &'static str,
    text: &str,
    allowed: std::ops::RangeInclusive<usize>,
) -> Result<(), FieldError> {
    let characters = text.chars().count();
    if characters < *allowed.start() {
        return Err(FieldError::new(
            field,
            "too_short",
            format!("{field} may not be empty"),
        ));
    }
    if characters > *allowed.end() {
        return Err(FieldError::too_long(field, *allowed.end(), "characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_any_script_are_accepted() {
        for name in ["a", "Ana.Souza", "jürgen_99", "名前", "me+you@home"] {
            assert_eq!(parse(name), Ok(name.to_owned()));
        }
    }

    #[test]
    fn spaces_and_control_characters_are_refused() {
        for name in ["a b", "a\tb", "a\0b", "a\u{202e}b", "a/b"] {
            assert_eq!(parse(name).unwrap_err().code, "invalid_format", "{name:?}");
        }
        assert_eq!(parse("").unwrap_err().code, "too_short");
        assert_eq!(parse(&"x".repeat(151)).unwrap_err().code, "too_long");
    }

    #[test]
    fn a_full_name_may_have_spaces_but_no_line_breaks() {
        assert!(parse_full_name("Ana María de Souza").is_ok());
        for name in ["a\nb", "a\0b", "a\u{202e}b"] {
            assert_eq!(parse_full_name(name).unwrap_err().code, "invalid_format");
        }
    }
}
