//! The texts that searches look into and that indexes are made of.

use std::ops::RangeInclusive;

/// Characters of Latin, Greek and Cyrillic texts. All that they fold to is little enough to be listed in a search.
pub const PLAIN_CHARACTERS: [RangeInclusive<char>; 12] = [
    '\u{1}'..='\u{7f}',
    'À'..='Ö',
    'Ø'..='ö',
    'ø'..='ſ',
    'Ơ'..='ơ',
    'Ư'..='ư',
    '\u{300}'..='\u{36f}',
    'Ά'..='Ά',
    'Έ'..='ώ',
    'Ѐ'..='џ',
    'Ґ'..='ґ',
    'Ạ'..='ỹ',
];

/// Punctuation and letters that few users have, and what folds to them. One of them alone has an index.
pub const UNCOMMON_CHARACTERS: [RangeInclusive<char>; 11] = [
    '!'..='-',
    '/'..='/',
    ':'..='?',
    'Q'..='Q',
    '['..='`',
    'q'..='q',
    '{'..='~',
    '\u{37e}'..='\u{37e}',
    '\u{1fef}'..='\u{1fef}',
    '\u{2260}'..='\u{2260}',
    '\u{226e}'..='\u{226f}',
];

/// What tells apart emails and usernames, and what lists of them are ordered by, of the expression that is the field.
///
/// No function of the database stands for it, as none stands for [`folded_text_of`]: all who write to the table would
/// need the right to execute it.
#[must_use]
pub fn text_key_of(field: &str) -> String {
    format!("lower({field} COLLATE \"und-x-icu\") COLLATE \"C\"")
}

/// What a search looks into, of the expressions that are the fields. The separator cannot be searched for, so
/// nothing is found across fields.
#[must_use]
pub fn folded_text_of(username: &str, email: &str, full_name: &str) -> String {
    texts(username, email, full_name)
        .map(|text| {
            format!(
                r#"CASE
            WHEN octet_length({text}) = char_length({text}) THEN lower({text} COLLATE "C")
            ELSE {}
        END"#,
                folded(&text)
            )
        })
        .join(r" || E'\x01' || ")
}

/// The fields that have other than plain characters, each with a separator behind it.
#[must_use]
pub fn rare_text_of(username: &str, email: &str, full_name: &str) -> String {
    let plain = ranges(&PLAIN_CHARACTERS);
    texts(username, email, full_name)
        .map(|text| {
            format!(
                r"CASE
            WHEN octet_length({text}) <> char_length({text}) AND {text} ~ '[^{plain}]' THEN {text} || E'\x01'
            ELSE ''
        END"
            )
        })
        .join(" || ")
}

/// All pairs of neighbouring characters of a rare text, folded. Each character but the last is the first of one.
#[must_use]
pub fn character_pairs_of(rare_text: &str) -> String {
    format!(
        r"array_to_tsvector(
        array_remove(
            string_to_array(
                regexp_replace({}, '(.)(.)', E'\\1\x02\\1\\2\x02\\2', 'g'),
                E'\x02'
            ),
            ''
        )
    )",
        folded(&format!("({rare_text})"))
    )
}

/// Whether a user has an uncommon character, and all of them, as an array.
#[must_use]
pub fn uncommon_characters_of(username: &str, email: &str, full_name: &str) -> [String; 2] {
    let uncommon = ranges(&UNCOMMON_CHARACTERS);
    let text = texts(username, email, full_name).join(" || ");
    let text = format!(r#"({text}) COLLATE "C""#);
    [
        // The planner takes an expression that differs from a number for true of nearly every user.
        format!("({text} ~ '[{uncommon}]')::integer <> 0"),
        format!("string_to_array(regexp_replace({text}, '[^{uncommon}]+', '', 'g'), NULL)"),
    ]
}

/// Ranges of characters as a regular expression has them between brackets.
fn ranges(characters: &[RangeInclusive<char>]) -> String {
    let ranges = characters.iter().map(|range| {
        format!(
            r"\u{:04x}-\u{:04x}",
            u32::from(*range.start()),
            u32::from(*range.end())
        )
    });
    ranges.collect()
}

fn texts(username: &str, email: &str, full_name: &str) -> [String; 3] {
    [
        format!("{username}::text"),
        format!("{email}::text"),
        format!("coalesce({full_name}::text, '')"),
    ]
}

/// A text without accents, in lower case and in normalization form C, as `shared/src/users/folding.rs` has it; a test
/// compares the two. It is an expression and no function, because a role that writes to an indexed table needs
/// the right to execute every function of the index. Texts of ASCII characters are put in lower case and nothing
/// else, which takes a tenth of the time.
fn folded(text: &str) -> String {
    format!(
        r#"translate(
                replace(
                    lower(
                        normalize(
                            regexp_replace(
                                normalize({text}, NFD) COLLATE "C", '[\u0300-\u036f]+', '', 'g'
                            ),
                            NFC
                        ) COLLATE "und-x-icu"
                    ) COLLATE "C",
                    'ß',
                    'ss'
                ),
                'ıςłøđħ',
                'iσlodh'
            )"#
    )
}
