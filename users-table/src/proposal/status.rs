//! What a status says, in a word or a number.

use std::{collections::BTreeSet, fmt::Write as _};

use sqlx::PgConnection;

use super::{
    facts::{Column, Table, literals},
    samples,
    signals::{Signal, constant},
    status_words::{
        ACTIVE_STATUS, CONFIRMED_STATUS, COUNTERPARTS, DELETED_STATUS, INACTIVE_STATUS,
    },
    vocabulary::letters,
};
use crate::mapping::quoted;

/// Whether a status says that a user is active, and what is worth a note.
pub(super) async fn status(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<(Option<Signal>, Option<String>), sqlx::Error> {
    let words = words(connection, table, column).await?;
    let unknown = |why: &str| Some(format!("{} is not looked at: {why}", column.name));
    if let Some(signal) = explained(column) {
        let note = format!("{} is read as the comment on it says", column.name);
        return Ok((Some(signal), Some(note)));
    }
    if column.is_whole_number() {
        return Ok(number(column, &words));
    }
    if column.is_flag() || column.base_type == "bit" {
        return Ok((Signal::flag(column, true, &words), None));
    }
    if !column.is_text() && !column.is_enum() {
        return Ok((None, unknown("it is neither text nor an enum")));
    }
    let allowed = column.allowed();
    let is_free = allowed.is_empty();
    let mut known = allowed;
    known.extend(
        column
            .default
            .as_deref()
            .map(literals)
            .unwrap_or_default()
            .into_iter()
            .take(1),
    );
    if is_free {
        known.extend(words);
    }
    let Some(active) = first_of(ACTIVE_STATUS, &known) else {
        let is_digit = |word: &String| word.chars().all(|character| character.is_ascii_digit());
        if !known.iter().any(is_digit)
            && let Some(signal) = Signal::flag(column, true, &known)
        {
            return Ok((Some(signal), None));
        }
        return Ok((None, unknown("none of its values is known to mean active")));
    };
    let inactive = first_of(INACTIVE_STATUS, &known);
    let guess = counterpart(&active).filter(|word| is_free && fits(column, word));
    let is_guess = inactive.is_none() && guess.is_some();
    let inactive = inactive.or(guess);
    let also: Vec<_> = CONFIRMED_STATUS
        .iter()
        .filter_map(|word| first_of(&[word], &known))
        .collect();
    let meanings: Vec<_> = [&active]
        .into_iter()
        .chain(&also)
        .map(String::as_str)
        .collect();
    let deleted = first_of(DELETED_STATUS, &known);
    let others: BTreeSet<_> = known
        .iter()
        .filter(|word| !meanings.contains(&word.as_str()) && deleted.as_ref() != Some(word))
        .map(String::as_str)
        .collect();
    let mut note = format!(
        "{} '{}' is active, every other value is not",
        column.name,
        meanings.join("' or '")
    );
    let _ = match &inactive {
        Some(word) if is_guess => write!(note, "; '{word}' is written, which no row has: a guess"),
        Some(word) => write!(note, "; '{word}' is written"),
        None if others.is_empty() => write!(note, "; what to write for it is not known"),
        None => write!(
            note,
            "; which of {} is to be written is not known",
            Vec::from_iter(others).join(", ")
        ),
    };
    if let Some(deleted) = deleted {
        let _ = write!(
            note,
            "; who is '{deleted}' is listed, unless \"users_are\" says otherwise, such as {} IS DISTINCT FROM {}",
            quoted(&column.name),
            constant(column, &deleted)
        );
    }
    Ok((
        Some(Signal::word(
            column,
            &meanings,
            &active,
            inactive.as_deref(),
        )),
        Some(note),
    ))
}

/// Whether a number says that a user is active: nothing but what users have and what new ones get tells which does.
fn number(column: &Column, words: &[String]) -> (Option<Signal>, Option<String>) {
    let unknown = |why: &str| {
        let mut note = format!("{} is not looked at: {why}", column.name);
        if let Some(word) = words.first() {
            let _ = write!(
                note,
                "; its values are {}: say it with \"sql\", such as \"{} = {word}\"",
                words.join(", "),
                column.name
            );
        }
        Some(note)
    };
    let is_flag = !words.is_empty() && words.iter().all(|word| ["0", "1"].contains(&word.as_str()));
    if letters(&column.name).starts_with("user") && words.iter().all(|word| word == "0") {
        return (None, unknown("all its values are 0"));
    }
    // Yii: 0 is deleted, 9 is inactive, 10 is active.
    if words.iter().any(|word| word == "10")
        && words
            .iter()
            .all(|word| ["0", "9", "10"].contains(&word.as_str()))
    {
        let signal = Signal::word(column, &["10"], "10", Some("9"));
        let note = format!("{} is taken as Yii writes it: 10 is active", column.name);
        return (Some(signal), Some(note));
    }
    // New users are active, most of the time, and most users are: with a default of 0, or most rows of it, that is
    // what 0 may mean.
    let default = column.default.as_deref();
    let is_mostly_one = words.first().is_some_and(|word| word == "1");
    if default == Some("0") && !is_mostly_one {
        return (None, unknown("its default is 0, which may mean active"));
    }
    if is_flag && default != Some("1") && !is_mostly_one {
        return (None, unknown("most users have 0, which may mean active"));
    }
    if is_flag {
        let note = format!(
            "{} is taken as 1 for active and 0 for inactive",
            column.name
        );
        return (
            Some(Signal::word(column, &["1"], "1", Some("0"))),
            Some(note),
        );
    }
    if words.is_empty() && default == Some("1") {
        let note = format!(
            "{} is taken as 1 for active, a guess, because no row says it; what to write for others is not known",
            column.name
        );
        return (Some(Signal::word(column, &["1"], "1", None)), Some(note));
    }
    (None, unknown("nothing says what its numbers mean"))
}

/// What the comment on a column says of its numbers: "0 normal, 1 disabled".
pub(super) fn explained(column: &Column) -> Option<Signal> {
    let is_letter = column.is_text() && column.characters.is_none_or(|characters| characters <= 2);
    if !column.is_whole_number() && !is_letter {
        return None;
    }
    let comment = column.comment.as_deref()?;
    let names = |text: &str, known: &[&str]| {
        let mut words = text.split(|character: char| !character.is_alphanumeric());
        words.any(|word| word.chars().count() > 1 && known.contains(&letters(word).as_str()))
    };
    let mut title = String::new();
    let mut meanings: Vec<(String, String)> = Vec::new();
    let mut was_digit = false;
    for character in comment.chars() {
        if character.is_ascii_digit() && was_digit {
            meanings.last_mut()?.0.push(character);
        } else if character.is_ascii_digit() {
            meanings.push((character.to_string(), String::new()));
        } else if let Some((_, meaning)) = meanings.last_mut() {
            meaning.push(character);
        } else {
            title.push(character);
        }
        was_digit = character.is_ascii_digit();
    }
    // In "active: 1" each number belongs to the word before it, if none is left behind the last one.
    let is_status = |text: &str| names(text, ACTIVE_STATUS) || names(text, INACTIVE_STATUS);
    if is_status(&title) {
        let (_, last) = meanings.last()?;
        if is_status(last) {
            return None;
        }
        for (_, meaning) in &mut meanings {
            title = std::mem::replace(meaning, title);
        }
    }
    let means = |known: &[&str]| {
        let mut meanings = meanings.iter();
        let found = meanings.find(|(_, meaning)| names(meaning, known));
        found.map(|(number, _)| number)
    };
    let active = means(ACTIVE_STATUS)?;
    let inactive = means(INACTIVE_STATUS)?;
    Some(Signal::word(column, &[active], active, Some(inactive)))
}

/// The word that goes with the one for active, in its case.
fn counterpart(active: &str) -> Option<String> {
    let all = letters(active);
    let pair = COUNTERPARTS.iter().find(|(word, _)| *word == all);
    let word = pair.map(|(_, counterpart)| *counterpart)?;
    let mut characters = active.chars();
    let is_capital = characters.next().is_some_and(char::is_uppercase);
    let has_small = characters.any(char::is_lowercase);
    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    Some(match (is_capital, has_small) {
        (true, true) => first.to_uppercase() + rest,
        (true, false) => word.to_uppercase(),
        _ => word.to_owned(),
    })
}

fn fits(column: &Column, word: &str) -> bool {
    let length = i32::try_from(word.chars().count()).unwrap_or(i32::MAX);
    column
        .characters
        .is_none_or(|characters| length <= characters)
}

/// The values of a column that is not a flag, the most frequent first.
pub(super) async fn words(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<Vec<String>, sqlx::Error> {
    if column.is_flag() || !table.relation.may_read {
        return Ok(Vec::new());
    }
    samples::list_words(connection, &table.relation.sql, column).await
}

/// The first of the meanings that one of the words has.
pub(super) fn first_of(meanings: &[&str], words: &[String]) -> Option<String> {
    meanings
        .iter()
        .find_map(|meaning| words.iter().find(|word| letters(word) == *meaning))
        .cloned()
}
