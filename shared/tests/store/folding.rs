//! The folding of search terms in Rust and that of stored texts in the index are the same.

use std::collections::HashSet;

use rig::TestDatabase;
use shared::users::SearchTerm;
use sqlx::PgPool;
use unicode_normalization::UnicodeNormalization as _;

/// The letters whose cases and accents are folded lie before this one.
const END_OF_ALPHABETS: char = '\u{530}';

/// A few at a time, because the server holds them in memory.
const BATCH: usize = 50_000;

/// What the index of searches has for users with these full names.
async fn folded_by_index(pool: &PgPool, names: &[String]) -> Vec<String> {
    let expression: String = sqlx::query_scalar(
        "SELECT pg_get_expr(indexprs, indrelid)
         FROM pg_index
         WHERE indexrelid = 'ix_users_folded'::regclass",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    let statement = format!(
        "SELECT {expression}
         FROM (
             SELECT ''::text AS username, ''::text AS email, full_name, place
             FROM unnest($1::text[]) WITH ORDINALITY AS names (full_name, place)
         ) AS users
         ORDER BY place"
    );
    let texts: Vec<String> = sqlx::query_scalar(&statement)
        .bind(names)
        .fetch_all(pool)
        .await
        .unwrap();
    let full_name = |text: String| text.strip_prefix("\u{1}\u{1}").unwrap().to_owned();
    texts.into_iter().map(full_name).collect()
}

/// What a search for a name looks for.
fn folded_by_term(name: &str) -> String {
    let term = SearchTerm::parse(&format!("\"{name}\"")).unwrap();
    assert_eq!(term.words().len(), 1, "{name:?}");
    term.words()[0].as_str().to_owned()
}

/// Whether the server lowers and composes a character as the Unicode version of this program does.
async fn is_undisputed(pool: &PgPool, character: char) -> bool {
    let text = character.to_string();
    let (lower, decomposed, composed): (String, String, String) = sqlx::query_as(
        r#"SELECT lower($1 COLLATE "und-x-icu"), normalize($1, NFD), normalize($1, NFC)"#,
    )
    .bind(&text)
    .fetch_one(pool)
    .await
    .unwrap();
    lower == text.to_lowercase()
        && decomposed == text.nfd().collect::<String>()
        && composed == text.nfc().collect::<String>()
}

fn is_searchable(character: char) -> bool {
    !character.is_control() && !character.is_whitespace() && character != '"'
}

#[tokio::test]
async fn every_character_and_any_text_is_folded_alike_in_term_and_index() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let characters: Vec<_> = (char::MIN..=char::MAX)
        .filter(|character| is_searchable(*character))
        .collect();
    let mut disputed = HashSet::new();
    for batch in characters.chunks(BATCH) {
        let names: Vec<_> = batch.iter().map(|letter| format!("a{letter}z")).collect();
        let folded = folded_by_index(pool, &names).await;
        for ((character, name), folded) in batch.iter().zip(&names).zip(folded) {
            if folded == folded_by_term(name) {
                continue;
            }
            assert!(
                *character >= END_OF_ALPHABETS && !is_undisputed(pool, *character).await,
                "{name:?} is {folded:?} in the index"
            );
            disputed.insert(*character);
        }
    }
    // The Unicode versions of the server and of this program may be years apart.
    assert!(disputed.len() < 500, "{disputed:?}");

    let alphabets: Vec<_> = characters
        .iter()
        .filter(|character| **character < END_OF_ALPHABETS)
        .collect();
    let mut random = fastrand::Rng::with_seed(17);
    let mut names = Vec::new();
    while names.len() < BATCH {
        let letters = (0..random.usize(1..12)).map(|_| match random.u8(0..8) {
            0 => ' ',
            1 => random.char('\u{300}'..='\u{36f}'),
            2 => random.char('\u{1e00}'..='\u{1fff}'),
            3 => random.char('\u{1100}'..='\u{11ff}'),
            4 => *random.choice(&characters).unwrap(),
            _ => **random.choice(&alphabets).unwrap(),
        });
        let name: String = letters
            .filter(|letter| !disputed.contains(letter))
            .collect();
        names.push(format!(
            "a{}z",
            name.split(' ').collect::<Vec<_>>().join(" b")
        ));
    }
    let folded = folded_by_index(pool, &names).await;
    for (name, folded) in names.iter().zip(&folded) {
        assert_eq!(*folded, folded_by_term(name), "{name:?}");
    }
    assert_eq!(folded_by_index(pool, &folded).await, folded);
}
