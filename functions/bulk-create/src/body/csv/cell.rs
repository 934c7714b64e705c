//! What a cell says.

use csv_reader::Cell;
use shared::users::{FieldValue, UserField, trimmed};

/// What programs write for true, and what Excel writes for it in the languages of its editions.
const TRUE: &[&str] = &[
    "true",
    "t",
    "1",
    // A column of pandas that has gaps.
    "1.0",
    "yes",
    "y",
    "on",
    "wahr",
    "vrai",
    "verdadero",
    "verdadeiro",
    "vero",
    "waar",
    "prawda",
    "pravda",
    "sant",
    "sand",
    "sann",
    "tosi",
    "igaz",
    "adevărat",
    "doğru",
    "истина",
    "αληθης",
    "αληθής",
];

/// The same for false.
const FALSE: &[&str] = &[
    "false",
    "f",
    "0",
    "0.0",
    "no",
    "n",
    "off",
    "falsch",
    "faux",
    "falso",
    "onwaar",
    "fałsz",
    "nepravda",
    "falskt",
    "falsk",
    "usann",
    "epätosi",
    "hamis",
    "fals",
    "yanlış",
    "yanliş",
    "ложь",
    "ψευδης",
    "ψευδής",
];

/// The value of a field. A name may be "NULL" where it has quotes.
pub(super) fn value(field: UserField, cell: Cell<'_>) -> FieldValue {
    let Some(text) = present(&cell).filter(|text| !text.is_empty() || field == UserField::Password)
    else {
        return FieldValue::Absent;
    };
    if matches!(field, UserField::IsActive | UserField::IsSuperuser) {
        flag(text).map_or(FieldValue::Other, FieldValue::Flag)
    } else {
        FieldValue::Text(cell.text.into_owned())
    }
}

/// What a cell says without the white space around it, unless that is NULL.
pub(super) fn present<'c>(cell: &'c Cell<'_>) -> Option<&'c str> {
    (!cell.is_null()).then(|| trimmed(&cell.text))
}

fn flag(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| {
        let is_word = |word: &&str| word.eq_ignore_ascii_case(text);
        words.iter().any(is_word) || words.contains(&text.to_lowercase().as_str())
    };
    if is_one_of(TRUE) {
        Some(true)
    } else if is_one_of(FALSE) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn read(field: UserField, text: &str, is_quoted: bool) -> FieldValue {
        let text = Cow::Borrowed(text);
        value(field, Cell { text, is_quoted })
    }

    #[test]
    fn flags_are_understood_as_databases_and_spreadsheets_write_them() {
        for (text, expected) in [
            ("TRUE", Some(true)),
            (" t ", Some(true)),
            ("1", Some(true)),
            ("1.0", Some(true)),
            ("0.0", Some(false)),
            ("Yes", Some(true)),
            ("WAHR", Some(true)),
            ("ИСТИНА", Some(true)),
            ("F", Some(false)),
            ("0", Some(false)),
            ("no", Some(false)),
            ("FAŁSZ", Some(false)),
            ("2", None),
            ("maybe", None),
        ] {
            let expected = expected.map_or(FieldValue::Other, FieldValue::Flag);
            assert_eq!(read(UserField::IsActive, text, false), expected, "{text}");
        }
    }

    #[test]
    fn markers_of_null_are_absent_and_the_quoted_word_is_text() {
        for (text, is_quoted, is_absent) in [
            ("", false, true),
            (" \u{a0}", true, true),
            ("\\N", false, true),
            ("\\N", true, true),
            ("NULL", false, true),
            ("NULL", true, false),
            ("Null", false, false),
            ("[NULL]", false, true),
            ("[NULL]", true, false),
            ("<null>", false, true),
            ("#N/A", false, true),
            ("NA", false, false),
        ] {
            let value = read(UserField::FullName, text, is_quoted);
            assert_eq!(value == FieldValue::Absent, is_absent, "{text:?}");
        }
    }

    #[test]
    fn spaces_are_part_of_a_password() {
        let expected = FieldValue::Text(" a b ".to_owned());
        assert_eq!(read(UserField::Password, " a b ", true), expected);
    }
}
