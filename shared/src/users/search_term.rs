//! What to search users for.

use unicode_normalization::UnicodeNormalization;

use super::{folding::folded, text::trimmed};

/// Longer than any stored value that could contain it.
pub const MAX_CHARACTERS: usize = 254;

/// More than a name has; each is looked for in every user.
pub const MAX_WORDS: usize = 16;

/// What a stored text may have between two words: all white space of Unicode, as a regular expression.
const WHITE_SPACE: &str =
    r"[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+";

/// Words that all have to be found in username, email or full name, regardless of case and accents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerm {
    text: String,
    words: Vec<SearchWord>,
}

/// A piece of text to be found as it is: one word, or several that were in quotes. It is folded, as the
/// store folds stored texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchWord(String);

impl SearchTerm {
    /// Accepts 1 to 254 characters without control characters, 1 to 16 words; the error completes
    /// "must ...". White space around the text does not count, and is all the same between words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text: String = trimmed(text).nfc().take(MAX_CHARACTERS + 1).collect();
        if text.is_empty() || text.chars().count() > MAX_CHARACTERS {
            return Err(format!("have 1 to {MAX_CHARACTERS} characters"));
        }
        let is_refused = |letter: char| letter.is_control() && !letter.is_whitespace();
        if text.chars().any(is_refused) {
            return Err("not contain control characters".to_owned());
        }
        let words: Vec<_> = split(&text)
            .map(SearchWord::fold)
            .filter(|word| !word.0.is_empty())
            .collect();
        match words.len() {
            0 => Err("contain more than accents".to_owned()),
            1..=MAX_WORDS => Ok(Self { text, words }),
            _ => Err(format!(
                "have at most {MAX_WORDS} words; words in double quotes count as one"
            )),
        }
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What has to be found, all of it.
    #[must_use]
    pub fn words(&self) -> &[SearchWord] {
        &self.words
    }
}

/// The words of a text. A quote at the beginning of a word goes on to the next quote; where there is none, or
/// nothing between the two, it is a character like others.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let quoted = rest
            .strip_prefix('"')
            .and_then(|quoted| quoted.split_once('"'))
            .filter(|(quoted, _)| !quoted.trim().is_empty());
        let (word, after) = quoted
            .unwrap_or_else(|| rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())));
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

impl SearchWord {
    fn fold(text: &str) -> Self {
        let mut words: Vec<_> = text.split_whitespace().map(folded).collect();
        words.retain(|word| !word.is_empty());
        Self(words.join(" "))
    }

    /// The folded text, with one space for each white space.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has white space, for which a stored text may have another one.
    #[must_use]
    pub fn has_space(&self) -> bool {
        self.0.contains(' ')
    }

    /// Whether a trigram index serves it. Two blanks before letters and digits and one behind them count, but not
    /// where the blank is white space, which may be any, or the end of the word, where the text may go on.
    #[must_use]
    pub fn has_trigrams(&self) -> bool {
        self.pieces().any(|piece| {
            let mut runs = piece
                .split(|character: char| !character.is_alphanumeric())
                .map(|run| run.chars().count())
                .enumerate()
                .peekable();
            std::iter::from_fn(|| runs.next().map(|run| (run, runs.peek().is_some()))).any(
                |((position, length), is_followed)| {
                    let blanks = if position > 0 { 2 } else { 0 } + usize::from(is_followed);
                    length > 0 && length + blanks > 2
                },
            )
        })
    }

    /// What stands between white space.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
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

    /// A regular expression that takes every character literally, and each space for white space.
    #[must_use]
    pub fn regular_expression(&self) -> String {
        let mut pattern = String::with_capacity(self.0.len());
        for character in self.0.chars() {
            if character == ' ' {
                pattern.push_str(WHITE_SPACE);
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

    fn words(text: &str) -> Vec<String> {
        let term = SearchTerm::parse(text).unwrap();
        term.words.into_iter().map(|word| word.0).collect()
    }

    #[test]
    fn wildcards_of_like_are_ordinary_characters() {
        let term = SearchTerm::parse(r"50%_of\it").unwrap();
        assert_eq!(term.words[0].like_pattern(), r"%50\%\_of\\it%");
    }

    #[test]
    fn a_space_is_any_white_space_and_all_else_is_literal() {
        let term = SearchTerm::parse(r#""***:ς.\d a""#).unwrap();
        assert_eq!(
            term.words[0].regular_expression(),
            format!(r"\*\*\*\:σ\.\\d{WHITE_SPACE}a")
        );
        for character in (char::MIN..=char::MAX).filter(|character| character.is_whitespace()) {
            assert!(
                words(&format!("a{character}b")) == ["a", "b"],
                "{character:?}"
            );
        }
    }

    #[test]
    fn letters_digits_and_the_blanks_beside_them_make_trigrams() {
        for (text, has_trigrams) in [
            ("ann", true),
            ("名前太", true),
            ("aß", true),
            ("@a", true),
            ("a.b", true),
            ("an.", true),
            ("\"an na\"", false),
            ("\"a nna\"", true),
            ("an", false),
            ("a.", false),
            ("名前", false),
            ("@__", false),
        ] {
            let term = SearchTerm::parse(text).unwrap();
            assert_eq!(term.words()[0].has_trigrams(), has_trigrams, "{text}");
        }
    }

    #[test]
    fn words_are_split_at_white_space_and_quotes_keep_them_together() {
        assert_eq!(words(" Anna\t KOW\u{a0}\r\n"), ["anna", "kow"]);
        assert_eq!(words("\"Anna  Kow\" x"), ["anna kow", "x"]);
        assert_eq!(words("\" anna \"kow"), ["anna", "kow"]);
        // What is not closed, or stands inside a word, is a character like others.
        assert_eq!(words("\"anna kow"), ["\"anna", "kow"]);
        assert_eq!(words("5\" disk\""), ["5\"", "disk\""]);
        assert_eq!(words("\"\" \""), ["\"\"", "\""]);
    }

    #[test]
    fn length_is_counted_in_characters_and_words() {
        assert!(SearchTerm::parse(&"名".repeat(254)).is_ok());
        for text in [&"x".repeat(255), "", " \u{a0}"] {
            assert_eq!(
                SearchTerm::parse(text),
                Err("have 1 to 254 characters".to_owned())
            );
        }
        // In normalization form C, which makes one character of two.
        let decomposed = SearchTerm::parse(&"e\u{301}".repeat(254)).unwrap();
        assert_eq!(decomposed.as_str(), "é".repeat(254));
        assert_eq!(words(&"a ".repeat(16)).len(), 16);
        assert!(SearchTerm::parse(&"a ".repeat(17)).is_err());
        assert_eq!(words(&format!("\"{}\"", "a ".repeat(17))).len(), 1);
    }

    #[test]
    fn control_characters_and_accents_alone_are_refused() {
        for text in ["a\u{1}b", "a\0b", "\u{301}", "a\u{301}\u{7f}"] {
            assert!(SearchTerm::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(words("a \u{301}"), ["a"]);
    }
}
