//! What all texts of a user have in common.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The text in normalization form C. The same letters can be written as different code points; in
/// one form they are one text for uniqueness too. RFC 6532 and RFC 8265 ask for this form.
pub(super) fn normalized(text: &str) -> Cow<'_, str> {
    if is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Whether a character has no business in a name: control characters, and those that turn the
/// direction of the text around them, with which one name can be made to look like another.
pub(super) fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether a character cannot be seen. Names may have some, because Persian and Indic scripts join
/// and part letters with them; addresses may have none.
pub(super) fn is_invisible(character: char) -> bool {
    is_control(character)
        || character.is_whitespace()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_in_two_writings_is_one_text() {
        assert_eq!(normalized("Jose\u{301}"), "José");
        assert!(matches!(normalized("José"), Cow::Borrowed("José")));
    }
}
