//! What to search users for.

/// Longer than any stored value that could contain it.
pub const MAX_CHARACTERS: usize = 254;

/// A piece of text to be found, regardless of case, in username, email or full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerm(String);

impl SearchTerm {
    /// Accepts 1 to 254 characters without control characters; the error completes "must ...".
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().count() > MAX_CHARACTERS {
            return Err(format!("have 1 to {MAX_CHARACTERS} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err("not contain control characters".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(SearchTerm::parse("a\nb").is_err());
        assert!(SearchTerm::parse("a\0b").is_err());
    }
}
