//! Words that are too short for the trigram index.
//!
//! Two characters are a trigram with what stands before them. In a plain text that is one of some two hundred
//! characters, or nothing, so all those trigrams are looked up. Other texts have an index of their pairs of
//! characters.

use std::{collections::BTreeSet, sync::LazyLock};

use users_table::{PLAIN_CHARACTERS, UNCOMMON_CHARACTERS};

use crate::users::{SearchTerm, SearchWord, folded};

/// All that a plain text may have, folded.
static PLAIN: LazyLock<BTreeSet<char>> = LazyLock::new(|| {
    let characters = PLAIN_CHARACTERS.into_iter().flatten();
    let folded = characters.map(|character| folded(character.encode_utf8(&mut [0; 4])));
    folded
        .flat_map(|text| text.chars().collect::<Vec<_>>())
        .collect()
});

/// How many letters a regular expression of neighbors has.
const NEIGHBORS: usize = 28;

/// How indexes find users who have a word, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lookup {
    /// Not at all.
    None,
    /// In plain texts with what stands before the word, by the trigram index; in others by pairs.
    Neighbors,
    /// By a character that few users have.
    Uncommon,
    /// Only texts that are not plain can have the word.
    Pairs,
    /// By the word's own trigrams.
    Trigrams,
}

/// Whether an index finds users who match.
#[must_use]
pub fn is_indexed(term: &SearchTerm) -> bool {
    term.words().iter().any(|word| lookup(word) != Lookup::None)
}

/// How to look up a word.
pub(super) fn lookup(word: &SearchWord) -> Lookup {
    let mut characters = word.as_str().chars();
    if word.has_trigrams() {
        return Lookup::Trigrams;
    }
    if !characters
        .clone()
        .all(|character| PLAIN.contains(&character))
    {
        return Lookup::Pairs;
    }
    match (characters.next(), characters.next(), characters.next()) {
        (Some(first), Some(_), None) if first.is_alphanumeric() => Lookup::Neighbors,
        _ if uncommon(word).is_empty() => Lookup::None,
        _ => Lookup::Uncommon,
    }
}

/// Regular expressions for a word of two characters with a plain character or nothing before it, one of which has to
/// match. The index is asked for each by itself: to see whether one of the trigrams is there takes the server longer
/// the more of them there are, and before most words stands no letter.
pub(super) fn with_neighbors(word: &SearchWord) -> Vec<String> {
    let (letters, others): (Vec<_>, Vec<_>) = PLAIN
        .iter()
        .partition(|character| character.is_alphanumeric());
    let word = word.regular_expression();
    let mut patterns = vec![format!("(^|{}){word}", one_of(&others))];
    let of_letters = letters.chunks(NEIGHBORS);
    patterns.extend(of_letters.map(|letters| format!("{}{word}", one_of(letters))));
    patterns
}

fn one_of(characters: &[char]) -> String {
    let escaped = characters
        .iter()
        .map(|character| format!(r"\u{:04x}", u32::from(*character)));
    format!("[{}]", escaped.collect::<String>())
}

/// What stored texts may have for the first uncommon character of a word. Nothing if it has none.
pub(super) fn uncommon(word: &SearchWord) -> Vec<String> {
    let stored = |character: char| -> Vec<_> {
        let uncommon = UNCOMMON_CHARACTERS.into_iter().flatten().map(String::from);
        uncommon
            .filter(|text| folded(text).chars().eq([character]))
            .collect()
    };
    let mut characters = word.as_str().chars().map(stored);
    characters
        .find(|stored| !stored.is_empty())
        .unwrap_or_default()
}

/// Whether a word has no more than what this lookup finds.
pub(super) fn is_all(word: &SearchWord, lookup: Lookup) -> bool {
    let most = match lookup {
        Lookup::None | Lookup::Trigrams => return true,
        Lookup::Uncommon => 1,
        Lookup::Neighbors | Lookup::Pairs => 2,
    };
    word.as_str().chars().nth(most).is_none()
}

/// What the index of pairs is asked for, as a `tsquery`. White space is left out, because a stored text may have
/// another one.
pub(super) fn pairs(word: &SearchWord) -> String {
    let mut lexemes = Vec::new();
    for piece in word.pieces() {
        let characters: Vec<_> = piece.chars().collect();
        if let [character] = characters[..] {
            lexemes.push(format!("{}:*", lexeme(&[character])));
        }
        lexemes.extend(characters.windows(2).map(lexeme));
    }
    lexemes.join(" & ")
}

fn lexeme(characters: &[char]) -> String {
    let text: String = characters.iter().collect();
    format!("'{}'", text.replace('\\', r"\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plain_texts_have_is_little_enough_for_pg_trgm_to_look_up() {
        // It expands no more than 256 trigrams, and no characters beyond these.
        assert!(PLAIN.len() < 256);
        assert!(PLAIN.iter().all(|character| *character <= '\u{7ff}'));
    }

    #[test]
    fn what_folds_to_an_uncommon_character_is_uncommon() {
        let all: BTreeSet<_> = UNCOMMON_CHARACTERS.into_iter().flatten().collect();
        for character in char::MIN..=char::MAX {
            let folded = folded(character.encode_utf8(&mut [0; 4]));
            let is_uncommon = folded.chars().any(|folded| all.contains(&folded));
            assert_eq!(is_uncommon, all.contains(&character), "{character:?}");
        }
        let stored = |term| uncommon(&SearchTerm::parse(term).unwrap().words()[0]);
        assert_eq!(stored("q"), ["Q", "q"]);
        assert_eq!(stored(".=q"), ["=", "≠"]);
        assert!(stored("a.").is_empty());
    }

    #[test]
    fn pairs_are_asked_for_as_they_are_written() {
        let term = SearchTerm::parse(r#"'🙂\ "花 子🙂🙂" 王"#).unwrap();
        let queries = term.words().iter().map(pairs);
        assert_eq!(
            queries.collect::<Vec<_>>(),
            [r"'''🙂' & '🙂\\'", "'花':* & '子🙂' & '🙂🙂'", "'王':*"]
        );
    }
}
