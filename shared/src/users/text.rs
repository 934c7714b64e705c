//! What all texts of a user have in common.

use std::borrow::Cow;

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiControl, DefaultIgnorableCodePoint, Emoji, GeneralCategory, JoiningType,
        PrependedConcatenationMark, Script, VariationSelector,
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

/// Marks that write the letters after them from left to right or from right to left, whatever they are.
const OVERRIDES: [char; 2] = ['\u{202d}', '\u{202e}'];

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

/// The text without white space and direction marks around it: they come along when text is copied.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_direction(character))
}

/// Refuses a text with a character that cannot be seen, or that is white space and not a plain space:
/// with these, two addresses or names that differ look alike. Joiners are accepted where RFC 5892 has them.
pub(super) fn refuse_invisible(field: &'static str, text: &str) -> Result<(), FieldError> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    refuse(field, text, |before, character, after| {
        (is_invisible(character) && !is_visible_joiner(before, character, after))
            || (character.is_whitespace() && character != ' ')
    })
}

/// Refuses a name with a character that cannot be seen, unless it changes how the characters beside it
/// are written: some scripts need these. Names in two scripts need direction marks; those that write letters
/// in another order than they are stored in are refused.
pub(super) fn refuse_invisible_in_name(field: &'static str, text: &str) -> Result<(), FieldError> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    refuse(field, text, |before, character, after| {
        is_invisible(character)
            && (!is_direction(character) || OVERRIDES.contains(&character))
            && !is_variant(before, character)
            && !joins_or_parts(before, character, after)
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

/// Whether it joins or parts characters.
pub(super) fn is_joiner(character: char) -> bool {
    matches!(character, NON_JOINER | JOINER)
}

/// Whether it says in which direction text is written.
fn is_direction(character: char) -> bool {
    !character.is_ascii() && CodePointSetData::new::<BidiControl>().contains(character)
}

/// Whether a joiner can be seen: after a virama, or where it parts letters that would be joined. RFC 5892,
/// appendix A.1 and A.2.
fn is_visible_joiner(before: &str, character: char, after: &str) -> bool {
    if !is_joiner(character) {
        return false;
    }
    let is_parted = || {
        let before = base(before.chars().rev());
        let after = base(after.chars());
        matches!(
            before,
            Some(JoiningType::DualJoining | JoiningType::LeftJoining)
        ) && matches!(
            after,
            Some(JoiningType::DualJoining | JoiningType::RightJoining)
        )
    };
    before.chars().next_back().is_some_and(is_virama) || (character == NON_JOINER && is_parted())
}

fn joining(character: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(character)
}

/// How the first character that is not a mark joins its neighbours.
fn base(characters: impl Iterator<Item = char>) -> Option<JoiningType> {
    let mut kinds = characters.map(joining);
    kinds.find(|kind| *kind != JoiningType::Transparent)
}

/// Whether a character joins or parts the ones beside it: around a virama, between letters of a script
/// that joins its letters, or between emoji.
///
/// RFC 5892, appendix A.1 and A.2, has the rule for domains. Names may also part letters that would not
/// be joined anyway, as is usual in Persian, and join a letter to a virama after it, as Bengali does.
fn joins_or_parts(before: &str, character: char, after: &str) -> bool {
    if !is_joiner(character) {
        return false;
    }
    let (Some(previous), next) = (before.chars().next_back(), after.chars().next()) else {
        return false;
    };
    let is_joined = |base: Option<JoiningType>| {
        matches!(
            base,
            Some(JoiningType::DualJoining | JoiningType::LeftJoining | JoiningType::RightJoining)
        )
    };
    is_virama(previous)
        || (next.is_some_and(is_virama) && previous.is_alphabetic() && !previous.is_ascii())
        || (is_joined(base(before.chars().rev())) && is_joined(base(after.chars())))
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
mod tests;
