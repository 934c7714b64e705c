use super::*;
use crate::users::{AcceptedHashes, FieldValue, NewUser, RawUser, UserField, UserFields};

/// What is wrong with a user who has these values.
fn mistakes(email: &str, username: &str, full_name: &str) -> Vec<(&'static str, String)> {
    let mut user = RawUser::default();
    user.set(UserField::Email, FieldValue::Text(email.to_owned()));
    user.set(UserField::Username, FieldValue::Text(username.to_owned()));
    user.set(UserField::FullName, FieldValue::Text(full_name.to_owned()));
    let errors = NewUser::parse(user, AcceptedHashes::NONE, UserFields::ALL)
        .err()
        .unwrap_or_default();
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
        for text in [format!("é{character}b"), format!("é{character}é")] {
            let found = mistakes(&format!("{text}@example.com"), &text, &text);
            let refused_in: &[_] = if is_kept_in_names(character) {
                &["email", "username"]
            } else {
                &["email", "username", "full_name"]
            };
            let expected = refused_in.iter().map(|&field| {
                let rest = format!(
                    "may not have control or invisible characters: character 2 is U+{code:04X}"
                );
                (field, format!("{field} {rest}"))
            });
            assert_eq!(found, expected.collect::<Vec<_>>());
        }
    }
}

/// Whether it is a direction mark that names may have inside.
fn is_kept_in_names(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}' | '\u{2066}' | '\u{2069}'
    )
}

#[test]
fn white_space_and_direction_marks_around_a_text_are_not_part_of_it() {
    for text in [
        " a@example.com ",
        "\u{a0}a@example.com\u{a0}",
        "\t\u{3000}a@example.com\r\n",
        "\u{202a}a@example.com\u{202c}",
        "\u{200f} a@example.com\u{200e}",
    ] {
        assert_eq!(trimmed(text), "a@example.com", "{text:?}");
    }
    let name = "\u{200f}תמר \u{200e}ABC\u{200f} כהן\u{200f}";
    assert_eq!(mistakes("a@example.com", "a", name), []);
}

#[test]
fn what_only_hides_is_refused_at_the_ends_too() {
    for character in ['\0', '\u{200b}', '\u{2060}', '\u{feff}', '\u{3164}'] {
        for text in [format!("{character}a"), format!("a{character}")] {
            let found = mistakes(&text, &text, &text);
            assert_eq!(found.len(), 3, "{text:?}: {found:?}");
        }
    }
}

#[test]
fn joiners_are_part_of_an_identifier_where_they_are_seen() {
    for name in ["علی\u{200c}رضا", "ශ\u{dca}\u{200d}රියා"] {
        assert_eq!(mistakes(&format!("{name}@example.com"), name, name), []);
    }
    // After a letter that is never joined to the next one, nothing would be seen.
    let found = mistakes("a@example.com", "امیر\u{200c}حسین", "a");
    assert_eq!(found.len(), 1, "{found:?}");
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
            let rest =
                format!("may not have control or invisible characters: character 2 is U+{code}");
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
        let message = format!("full_name may not have control or invisible characters: {place}");
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
