//! What to search users for.

use unicode_normalization::UnicodeNormalization;

/// Longer than any stored value that could contain it.
pub const MAX_CHARACTERS: usize = 254;

/// The capital, and the small ones inside and at the end of a word.
const SIGMAS: [char; 3] = ['Σ', 'σ', 'ς'];

/// A piece of text to be found, regardless of case, in username, email or full name. It is in
/// normalization form C, as stored values are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerm(String);

impl SearchTerm {
    /// Accepts 1 to 254 characters without control characters; the error completes "must ...".
    pub fn parse(text: &str) -> Result<Self, String> {
        let text: String = text.nfc().take(MAX_CHARACTERS + 1).collect();
        if text.is_empty() || text.chars().count() > MAX_CHARACTERS {
            return Err(format!("have 1 to {MAX_CHARACTERS} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err("not contain control characters".to_owned());
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has the letter of Greek whose small form depends on where it stands. The capital of
    /// the term need not stand where that of the stored text does, so both small forms have to be found.
    #[must_use]
    pub fn has_sigma(&self) -> bool {
        self.0.contains(SIGMAS)
    }

    /// Whether a trigram index serves it: it needs three letters or digits in a row.
    #[must_use]
    pub fn has_trigrams(&self) -> bool {
        let mut words = self.0.split(|character: char| !character.is_alphanumeric());
        words.any(|word| word.chars().nth(2).is_some())
    }

    /// A pattern for LIKE that takes every character literally.
    #[must_use]
    pub fn like_pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.0.len() + 2);
        pattern.push('%');
        for character in self.0.chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        pattern
    }

    /// A regular expression that takes every character literally, and each sigma for any.
    #[must_use]
    pub fn sigma_pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.0.len());
        for character in self.0.chars() {
            if SIGMAS.contains(&character) {
                pattern.push_str("[σς]");
                continue;
            }
            if character.is_ascii_punctuation() {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_of_like_are_ordinary_characters() {
        let term = SearchTerm::parse(r"50%_of\it").unwrap();
        assert_eq!(term.like_pattern(), r"%50\%\_of\\it%");
    }

    #[test]
    fn each_sigma_is_found_for_any_and_all_else_is_literal() {
        let pattern = |text| SearchTerm::parse(text).unwrap().sigma_pattern();
        assert_eq!(pattern("ΟΔΥΣΣ"), "ΟΔΥ[σς][σς]");
        assert_eq!(pattern(r"***:ς.\d a"), r"\*\*\*\:[σς]\.\\d a");
        assert!(SearchTerm::parse("ς").unwrap().has_sigma());
        assert!(!SearchTerm::parse("s").unwrap().has_sigma());
    }

    #[test]
    fn three_letters_or_digits_in_a_row_make_a_trigram() {
        let has_trigrams = |text| SearchTerm::parse(text).unwrap().has_trigrams();
        assert!(has_trigrams("ann") && has_trigrams("a b4c") && has_trigrams("名前太"));
        assert!(!has_trigrams("an") && !has_trigrams("a.b.c") && !has_trigrams("@__"));
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(SearchTerm::parse(&"名".repeat(254)).is_ok());
        assert_eq!(
            SearchTerm::parse(&"x".repeat(255)),
            Err("have 1 to 254 characters".to_owned())
        );
        assert!(SearchTerm::parse("").is_err());
        // In normalization form C, which makes one character of two.
        let decomposed = SearchTerm::parse(&"e\u{301}".repeat(254)).unwrap();
        assert_eq!(decomposed.as_str(), "é".repeat(254));
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(SearchTerm::parse("a\nb").is_err());
        assert!(SearchTerm::parse("a\0b").is_err());
    }
}
