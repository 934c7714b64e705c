//! One writing for what people take for the same letters.

use unicode_normalization::UnicodeNormalization as _;

/// Marks on letters of Latin, Greek and Cyrillic. Those of other scripts make other letters.
const ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';

/// Takes accents off, and brings a text to lower case and to normalization form C. The store has the same
/// in SQL, for stored texts; its tests compare the two for every character.
///
/// Some letters stand for others: they have no accent that can be taken off, or their case depends on the
/// language or on the place in a word.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let letters = text
        .nfd()
        .filter(|character| !ACCENTS.contains(character))
        .nfc()
        .flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    for letter in letters {
        match letter {
            'ß' => folded.push_str("ss"),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'đ' => folded.push('d'),
            'ħ' => folded.push('h'),
            letter => folded.push(letter),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writings_of_one_name_are_one_text() {
        for (folding, writings) in [
            ("jose", ["José", "JOSE\u{301}", "jose"]),
            ("istanbul", ["İSTANBUL", "Istanbul", "ıstanbul"]),
            ("strasse", ["Straße", "STRASSE", "STRAẞE"]),
            ("οδυσσευσ", ["ΟΔΥΣΣΕΎΣ", "Οδυσσευς", "οδυσσευσ"]),
            (
                "семен королев",
                ["Семён Королёв", "СЕМЕН КОРОЛЕВ", "семен королев"],
            ),
            ("андреи", ["Андрей", "АНДРЕЙ", "андреи"]),
            ("kelvin", ["\u{212a}elvin", "KELVIN", "kelvin"]),
            (
                "nguyen duc",
                ["Nguyễn Đức", "NGUYỄN ĐỨC", "nguye\u{302}\u{303}n duc"],
            ),
        ] {
            for writing in writings {
                assert_eq!(folded(writing), folding, "{writing}");
            }
        }
        assert_eq!(folded("Łukasz Sørensen Ħal"), "lukasz sorensen hal");
    }

    #[test]
    fn letters_of_other_scripts_keep_their_marks() {
        for text in ["が", "김민지", "नमस्ते", "שָׁלוֹם", "مُحَمَّد"]
        {
            assert_eq!(folded(text), text.nfc().collect::<String>());
        }
        assert_ne!(folded("が"), folded("か"));
    }
}
