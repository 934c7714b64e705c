//! Usernames and full names.

use icu_properties::{CodePointMapData, props::GeneralCategory};

use super::{
    email,
    field_error::FieldError,
    text::{is_joiner, normalized, refuse_invisible, refuse_invisible_in_name},
};

/// What web frameworks give the column. An email address may be as long as one.
pub const USERNAME_CHARACTERS: std::ops::RangeInclusive<usize> = 1..=150;
/// Longer than any name that people go by.
pub const FULL_NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 1..=200;

/// No script writes more marks on a letter; more make it cover what stands around it.
const MAX_MARKS: usize = 4;

/// Accepts email addresses, and 1 to 150 letters with their marks and digits of any script, and
/// `. _ - + @`: what the web frameworks that own such tables accept. It is kept in normalization form C.
pub(super) fn parse(given: &str) -> Result<String, FieldError> {
    let text = normalized(given);
    if text.len() > *USERNAME_CHARACTERS.end() && email::is_address(&text) {
        refuse_invisible("username", given)?;
        return Ok(text.into_owned());
    }
    check_length("username", &text, USERNAME_CHARACTERS)?;
    refuse_invisible("username", given)?;
    match wrong_character(&text) {
        Some((place, character)) if !email::is_address(&text) => Err(FieldError::new(
            "username",
            "invalid_format",
            format!(
                "username may have letters, digits and . _ - + @ only, or be an email address: character \
                 {place} is {character:?}"
            ),
        )),
        _ => Ok(text.into_owned()),
    }
}

/// The first character that only an email address may have, and its place. Joiners have been checked before.
fn wrong_character(text: &str) -> Option<(usize, char)> {
    let mut marks = None;
    (1..).zip(text.chars()).find(|&(_, character)| {
        if character.is_alphanumeric() && !is_mark(character) {
            marks = Some(0);
        } else if character.is_ascii() {
            marks = None;
            return !"._-+@".contains(character);
        } else if is_mark(character) {
            marks = marks.map(|count| count + 1);
            return marks.is_none_or(|count| count > MAX_MARKS);
        } else {
            return !is_joiner(character);
        }
        false
    })
}

fn is_mark(character: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(character),
        GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark
    )
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
    if text.len() <= *allowed.end() && !text.is_empty() {
        return Ok(());
    }
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
    fn letters_of_any_script_are_accepted_with_their_marks() {
        for name in [
            "a",
            "Ana.Souza",
            "jürgen_99",
            "名前",
            "me+you@home",
            "हिन्दी",
            "สมชาย",
            "ரவி",
            "සිංහල",
            "ខ្មែរ",
            "ශ\u{dca}\u{200d}රියා",
            "עִבְרִית",
            "نامه\u{200c}ای",
            "nguyễn",
            "g\u{303}uarani",
        ] {
            assert_eq!(parse(name), Ok(name.to_owned()));
        }
    }

    #[test]
    fn an_email_address_is_a_username() {
        let long = format!("{0}@{1}.{1}.example", "a".repeat(64), "b".repeat(63));
        for name in [
            "niamh.o'dea@example.ie",
            "r&d@example.com",
            "guest_partner.example#EXT#@tenant.example",
            &long,
        ] {
            assert_eq!(parse(name), Ok(name.to_owned()));
        }
    }

    #[test]
    fn spaces_control_characters_and_other_signs_are_refused() {
        for name in [
            "a b",
            "a\tb",
            "a\0b",
            "a\u{202e}b",
            "a/b",
            "a😀",
            "a\u{20dd}",
        ] {
            assert_eq!(parse(name).unwrap_err().code, "invalid_format", "{name:?}");
        }
        assert_eq!(
            parse("domain\\user").unwrap_err().message,
            "username may have letters, digits and . _ - + @ only, or be an email address: character 7 is \
             '\\\\'"
        );
        assert_eq!(parse("").unwrap_err().code, "too_short");
        assert_eq!(parse(&"x".repeat(151)).unwrap_err().code, "too_long");
    }

    #[test]
    fn a_mark_stands_on_a_letter_and_not_on_many_marks() {
        for name in [
            "\u{301}a",
            "a.\u{301}",
            "क\u{301}\u{302}\u{303}\u{304}\u{306}",
        ] {
            assert_eq!(parse(name).unwrap_err().code, "invalid_format", "{name:?}");
        }
    }

    #[test]
    fn a_full_name_may_have_spaces_but_no_line_breaks() {
        assert!(parse_full_name("Ana María de Souza").is_ok());
        for name in ["a\nb", "a\0b", "a\u{202e}b"] {
            assert_eq!(parse_full_name(name).unwrap_err().code, "invalid_format");
        }
    }
}
