//! What all texts of a user have in common.

use std::borrow::Cow;

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        DefaultIgnorableCodePoint, Emoji, GeneralCategory, JoiningType, PrependedConcatenationMark,
        Script, VariationSelector,
    },
};
use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class, is_nfc};

use super::field_error::FieldError;

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
const TEXT_STYLE: char = '\u{fe0e}';
const EMOJI_STYLE: char = '\u{fe0f}';

/// Signs that are drawn as nothing, though no property says so: a Braille pattern without dots, a filler
/// of the Khitan script, and a note without a head.
const EMPTY_SIGNS: [char; 3] = ['\u{2800}', '\u{16fe4}', '\u{1d159}'];

/// The combining class of the signs that take the vowel from an Indic letter.
const VIRAMA: u8 = 9;

/// The text in normalization form C. The same letters can be written as different code points; in
/// one form they are one text for uniqueness too. RFC 6532 and RFC 8265 ask for this form.
pub(super) fn normalized(text: &str) -> Cow<'_, str> {
    if is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Refuses a text with a character that cannot be seen, or that is white space and no plain space:
/// with these, two addresses or names that differ look alike.
pub(super) fn refuse_invisible(field: &'static str, text: &str) -> Result<(), FieldError> {
    refuse(field, text, |_, character, _| {
        is_invisible(character) || (character.is_whitespace() && character != ' ')
    })
}

/// Refuses a name with a character that cannot be seen, unless it changes how the characters beside it
/// are written: some scripts need these.
pub(super) fn refuse_invisible_in_name(field: &'static str, text: &str) -> Result<(), FieldError> {
    refuse(field, text, |before, character, after| {
        is_invisible(character)
            && !is_variant(before, character)
            && !is_joiner(before, character, after)
    })
}

fn refuse(
    field: &'static str,
    text: &str,
    is_refused: impl Fn(&str, char, &str) -> bool,
) -> Result<(), FieldError> {
    let refused = (1..)
        .zip(text.char_indices())
        .find(|&(_, (at, character))| {
            let (before, rest) = text.split_at(at);
            is_refused(before, character, &rest[character.len_utf8()..])
        });
    match refused {
        None => Ok(()),
        Some((place, (_, character))) => Err(FieldError::new(
            field,
            "invalid_format",
            format!(
                "{field} may not have control or invisible characters: character {place} is U+{:04X}",
                u32::from(character)
            ),
        )),
    }
}

/// Whether nothing is drawn for a character. Directional controls are among the default ignorable ones.
fn is_invisible(character: char) -> bool {
    let is_format = match CodePointMapData::<GeneralCategory>::new().get(character) {
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => true,
        // Some signs that enclose numbers, as in Arabic, are in this category and are seen.
        GeneralCategory::Format => {
            !CodePointSetData::new::<PrependedConcatenationMark>().contains(character)
        }
        _ => false,
    };
    is_format
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || EMPTY_SIGNS.contains(&character)
}

/// Whether a character chooses between ways to write the one before it: an ideograph, a Mongolian
/// letter, or an emoji. In Mongolian this includes the vowel separator.
fn is_variant(before: &str, character: char) -> bool {
    let script = |character| CodePointMapData::<Script>::new().get(character);
    let is_selector = CodePointSetData::new::<VariationSelector>().contains(character);
    before.chars().next_back().is_some_and(|base| {
        if script(character) == Script::Mongolian {
            script(base) == Script::Mongolian && base.is_alphabetic()
        } else {
            (is_selector && script(base) == Script::Han)
                || (matches!(character, TEXT_STYLE | EMOJI_STYLE) && is_emoji(base))
        }
    })
}

/// Whether a character joins or parts the ones beside it: around a virama, between letters of a script
/// that joins its letters, or between emoji.
///
/// RFC 5892, appendix A.1 and A.2, has the rule for domains. Names may also part letters that would not
/// be joined anyway, as is usual in Persian, and join a letter to a virama after it, as Bengali does.
fn is_joiner(before: &str, character: char, after: &str) -> bool {
    if !matches!(character, NON_JOINER | JOINER) {
        return false;
    }
    let (Some(previous), next) = (before.chars().next_back(), after.chars().next()) else {
        return false;
    };
    let joining = |character| CodePointMapData::<JoiningType>::new().get(character);
    // Marks between a letter and the joiner do not part the two.
    let is_base = |&character: &char| joining(character) != JoiningType::Transparent;
    let is_joined = |base: Option<char>| {
        matches!(
            base.map(joining),
            Some(JoiningType::DualJoining | JoiningType::LeftJoining | JoiningType::RightJoining)
        )
    };
    is_virama(previous)
        || (next.is_some_and(is_virama) && previous.is_alphabetic() && !previous.is_ascii())
        || (is_joined(before.chars().rev().find(is_base)) && is_joined(after.chars().find(is_base)))
        || (character == JOINER
            && (previous == EMOJI_STYLE || is_emoji(previous))
            && next.is_some_and(is_emoji))
}

fn is_virama(character: char) -> bool {
    canonical_combining_class(character) == VIRAMA
}

/// Whether it is an emoji. Digits of ASCII have the property as well, because keycaps begin with them.
fn is_emoji(character: char) -> bool {
    !character.is_ascii() && CodePointSetData::new::<Emoji>().contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::{FieldValue, NewUser, RawUser, UserField};

    /// What is wrong with a user who has these values.
    fn mistakes(email: &str, username: &str, full_name: &str) -> Vec<(&'static str, String)> {
        let mut user = RawUser::default();
        user.set(UserField::Email, FieldValue::Text(email.to_owned()));
        user.set(UserField::Username, FieldValue::Text(username.to_owned()));
        user.set(UserField::FullName, FieldValue::Text(full_name.to_owned()));
        let errors = NewUser::parse(user).err().unwrap_or_default();
        let field = |error: FieldError| (error.field.unwrap(), error.message.into_owned());
        errors.into_iter().map(field).collect()
    }

    #[test]
    fn one_letter_in_two_writings_is_one_text() {
        assert_eq!(normalized("Jose\u{301}"), "José");
        assert!(matches!(normalized("José"), Cow::Borrowed("José")));
    }

    #[test]
    fn what_cannot_be_seen_is_refused_everywhere_by_name_and_place() {
        for character in [
            '\0',
            '\t',
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180b}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2062}',
            '\u{2065}',
            '\u{2066}',
            '\u{2069}',
            '\u{206a}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{1d159}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{e01f0}',
        ] {
            let code = u32::from(character);
            for text in [
                format!("é{character}b"),
                format!("é{character}"),
                format!("é{character}é"),
            ] {
                let found = mistakes(&format!("{text}@example.com"), &text, &text);
                let expected = ["email", "username", "full_name"].map(|field| {
                    let rest = format!(
                        "may not have control or invisible characters: character 2 is U+{code:04X}"
                    );
                    (field, format!("{field} {rest}"))
                });
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn white_space_that_looks_like_another_is_refused_where_none_may_be() {
        for (character, code) in [
            ('\u{a0}', "00A0"),
            ('\u{2003}', "2003"),
            ('\u{3000}', "3000"),
        ] {
            let text = format!("a{character}b");
            let found = mistakes(&format!("{text}@example.com"), &text, &text);
            let expected = ["email", "username"].map(|field| {
                let rest = format!(
                    "may not have control or invisible characters: character 2 is U+{code}"
                );
                (field, format!("{field} {rest}"))
            });
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn full_names_of_living_scripts_are_accepted() {
        for name in [
            "Ana María de Souza",
            "Jose\u{301}",
            "山田\u{3000}太郎",
            "Nguyễn Thị Hồng",
            "عبد الرحمن",
            // Persian parts letters that would be joined.
            "علی\u{200c}رضا",
            "امیر\u{200c}حسین",
            "مُحَمَّد\u{200c}علی",
            // Indic scripts join and part the letters around a virama, also at the end of a word.
            "ශ\u{dca}\u{200d}රියා",
            "മോഹന\u{d4d}\u{200d}",
            "వినోద\u{c4d}\u{200c} కుమార\u{c4d}\u{200c}",
            "র\u{200d}\u{9cd}যামন",
            "क\u{94d}\u{200d}षितिज",
            // Mongolian parts a last vowel and chooses between shapes of a letter.
            "ᠰᠠᠷᠠ\u{180e}ᠠ",
            "ᠠᠭ\u{180b}ᠠ",
            // Japanese registers write the family name with the variant that the family writes.
            "葛\u{e0100}城 太郎",
            "Ann ❤\u{fe0f}",
            "👩🏽\u{200d}💻",
            "❤\u{fe0f}\u{200d}🔥",
        ] {
            assert_eq!(mistakes("a@example.com", "a", name), [], "{name}");
        }
    }

    #[test]
    fn joiners_and_variants_are_refused_where_they_change_nothing() {
        for (name, place) in [
            ("\u{200c}علی", "character 1 is U+200C"),
            ("علی\u{200c}", "character 4 is U+200C"),
            ("علی\u{200c}\u{200c}رضا", "character 4 is U+200C"),
            ("علی\u{200d}\u{200d}رضا", "character 4 is U+200D"),
            ("علی\u{200c} رضا", "character 4 is U+200C"),
            ("അവന\u{d4d}\u{200d}\u{200d}", "character 6 is U+200D"),
            ("a\u{301}\u{200d}b", "character 3 is U+200D"),
            ("र\u{200d}", "character 2 is U+200D"),
            ("Ann\u{fe0f}", "character 4 is U+FE0F"),
            ("1\u{fe0f}", "character 2 is U+FE0F"),
            ("葛\u{e0100}\u{e0101}", "character 3 is U+E0101"),
            ("❤\u{fe0f}\u{fe0f}", "character 3 is U+FE0F"),
            ("❤\u{fe00}", "character 2 is U+FE00"),
            ("👩\u{200d}", "character 2 is U+200D"),
            ("👩\u{200c}💻", "character 2 is U+200C"),
            ("a\u{180e}", "character 2 is U+180E"),
        ] {
            let message =
                format!("full_name may not have control or invisible characters: {place}");
            let found = mistakes("a@example.com", "a", name);
            assert_eq!(found, [("full_name", message)], "{name:?}");
        }
    }

    #[test]
    fn normalization_makes_nothing_that_cannot_be_seen() {
        for character in '\0'..=char::MAX {
            if let Cow::Owned(made) = normalized(character.encode_utf8(&mut [0; 4])) {
                let is_made = made.chars().any(is_invisible);
                assert!(!is_made || is_invisible(character), "{character:?}");
            }
        }
    }
}
