//! The text that searches look into and that an index is made of.

/// What a search looks into, of the expressions that are the fields. The separator cannot be searched for, so
/// nothing is found across fields.
#[must_use]
pub fn folded_text_of(username: &str, email: &str, full_name: &str) -> String {
    [
        folded(&format!("{username}::text")),
        folded(&format!("{email}::text")),
        folded(&format!("coalesce({full_name}::text, '')")),
    ]
    .join(r" || E'\x01' || ")
}

/// A text without accents, in lower case and in normalization form C, as `shared/src/users/folding.rs` has it; a test
/// compares the two. It is an expression and no function, because a role that writes to an indexed table needs
/// the right to execute every function of the index. Texts of ASCII characters take a tenth of the time.
fn folded(text: &str) -> String {
    format!(
        r#"CASE
            WHEN octet_length({text}) = char_length({text}) THEN lower({text} COLLATE "C")
            ELSE translate(
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
            )
        END"#
    )
}
