//! Whether users are active, and whether they may administrate others.

use std::{collections::BTreeMap, fmt::Write as _};

use sqlx::PgConnection;

use super::{
    facts::{Column, Table, literals},
    flag_words::{
        ACTIVE, ACTIVE_STATUS, ADMIN_ROLE, INACTIVE, INACTIVE_SINCE, INACTIVE_STATUS,
        INACTIVE_UNTIL, PLAIN_ROLE, ROLE, STATUS, SUPERUSER,
    },
    names, samples,
    signals::Signal,
    vocabulary::letters,
};
use crate::users_table::{DetailedField, FieldMapping};

/// A field with what people should know of it.
pub(super) type Noted = (Option<FieldMapping>, Vec<String>);

/// The mapping of `is_active`: all that may shut a user out.
pub(super) async fn is_active(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Noted, sqlx::Error> {
    let mut signals = Vec::new();
    let mut notes = Vec::new();
    for (list, is_positive) in [(ACTIVE, true), (INACTIVE, false)] {
        for column in names::all(table, list, |column| {
            !column.is_generated && !column.is_time()
        }) {
            let words = words(connection, table, column).await?;
            signals.extend(Signal::flag(column, is_positive, &words));
        }
        if is_positive
            && let Some(column) = names::find(table, STATUS, |column| !column.is_generated)
        {
            let (signal, note) = status(connection, table, column).await?;
            signals.extend(signal);
            notes.extend(note);
        }
    }
    let since = names::all(table, INACTIVE_SINCE, |column| !column.is_generated);
    signals.extend(since.into_iter().filter_map(Signal::since));
    if signals.is_empty() {
        let until = names::find(table, INACTIVE_UNTIL, |column| !column.is_generated);
        let until = until.and_then(Signal::until);
        if let Some(signal) = until {
            notes.push(format!(
                "{} locks out until a time: before 2100 that is taken as temporary, and the user as active",
                signal.column
            ));
            signals.push(signal);
        }
    }
    if signals.len() > 1 {
        let others: Vec<_> = signals
            .iter()
            .map(|signal| signal.column.as_str())
            .collect();
        notes.push(format!(
            "active means that all of {} say so",
            others.join(", ")
        ));
    }
    if let Some(signal) = signals.first()
        && signal.is_plain
        && table
            .column(&signal.column)
            .is_some_and(|column| column.is_nullable)
    {
        notes.push(format!("NULL in {} means inactive", signal.column));
    }
    Ok((combined(&signals), notes))
}

/// All conditions at once. Whoever is made inactive was active, so the first column says so alone; whoever
/// is made active must be it by all columns.
fn combined(signals: &[Signal]) -> Option<FieldMapping> {
    let (first, others) = signals.split_first()?;
    if others.is_empty() && first.is_plain {
        return Some(FieldMapping::Column(first.column.clone()));
    }
    let read: Vec<_> = signals.iter().map(|signal| signal.read.as_str()).collect();
    let sql = match read.as_slice() {
        [one] => (*one).to_owned(),
        many => many
            .iter()
            .map(|read| format!("({read})"))
            .collect::<Vec<_>>()
            .join(" AND "),
    };
    let mut write = BTreeMap::new();
    let is_writable = first.write.is_some() && others.iter().all(|other| other.make_true.is_some());
    if is_writable {
        write.extend(first.write.clone().map(|sql| (first.column.clone(), sql)));
        for other in others {
            write.extend(
                other
                    .make_true
                    .clone()
                    .map(|sql| (other.column.clone(), sql)),
            );
        }
    }
    Some(FieldMapping::Detailed(DetailedField {
        sql: Some(sql),
        write,
        ..DetailedField::default()
    }))
}

async fn status(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<(Option<Signal>, Option<String>), sqlx::Error> {
    let words = words(connection, table, column).await?;
    let unknown = |why: &str| Some(format!("{} is not looked at: {why}", column.name));
    if column.is_whole_number() {
        let is_flag =
            !words.is_empty() && words.iter().all(|word| ["0", "1"].contains(&word.as_str()));
        if letters(&column.name).starts_with("user") && words.iter().all(|word| word == "0") {
            return Ok((None, unknown("all its values are 0")));
        }
        // Yii: 0 is deleted, 9 is inactive, 10 is active.
        if words.iter().any(|word| word == "10")
            && words
                .iter()
                .all(|word| ["0", "9", "10"].contains(&word.as_str()))
        {
            let signal = Signal::word(column, &["10"], "10", Some("9"));
            return Ok((
                Some(signal),
                Some(format!(
                    "{} is taken as Yii writes it: 10 is active",
                    column.name
                )),
            ));
        }
        // New users are active, most of the time, and most users are: with a default of 0, that is what 0 may mean.
        let default = column.default.as_deref();
        if default == Some("0") && words.first().is_none_or(|word| word != "1") {
            return Ok((None, unknown("its default is 0, which may mean active")));
        }
        if is_flag || words.is_empty() && default == Some("1") {
            let note = format!(
                "{} is taken as 1 for active and 0 for inactive",
                column.name
            );
            return Ok((Signal::flag(column, true, &words), Some(note)));
        }
        return Ok((None, unknown("nothing says what its numbers mean")));
    }
    if column.is_flag() {
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
        return Ok((None, unknown("none of its values is known to mean active")));
    };
    let inactive = first_of(INACTIVE_STATUS, &known);
    let fallback = is_free.then(|| {
        if active.chars().all(char::is_uppercase) {
            "INACTIVE"
        } else {
            "inactive"
        }
    });
    let is_guess = inactive.is_none() && is_free;
    let inactive = inactive.or(fallback.map(str::to_owned));
    let others: Vec<_> = known
        .iter()
        .filter(|word| **word != active)
        .map(String::as_str)
        .collect();
    let mut note = format!(
        "{} '{active}' is active, every other value is not",
        column.name
    );
    let _ = match &inactive {
        Some(word) if is_guess => write!(note, "; '{word}' is written, which no row has: a guess"),
        Some(word) => write!(note, "; '{word}' is written"),
        None => write!(
            note,
            "; which of {} is to be written is not known",
            others.join(", ")
        ),
    };
    Ok((
        Some(Signal::word(
            column,
            &[&active],
            &active,
            inactive.as_deref(),
        )),
        Some(note),
    ))
}

/// The mapping of `is_superuser`.
pub(super) async fn is_superuser(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Noted, sqlx::Error> {
    for column in names::all(table, SUPERUSER, |column| {
        !column.is_generated && !column.is_time()
    }) {
        let words = words(connection, table, column).await?;
        if let Some(signal) = Signal::flag(column, true, &words) {
            let note = (signal.is_plain && column.is_nullable)
                .then(|| format!("NULL in {} means no superuser", column.name));
            return Ok((combined(&[signal]), note.into_iter().collect()));
        }
    }
    let mut notes: Vec<String> = Vec::new();
    for column in names::all(table, ROLE, |column| {
        !column.is_reference && !column.is_time()
    }) {
        if column.is_number() {
            notes.push(format!(
                "{} is a number, and nothing says which is an administrator's: say it with \"sql\", such as \"{} = 1\"",
                column.name, column.name
            ));
            continue;
        }
        if !column.is_text() && !column.is_enum() {
            let word = find_listed_word(connection, table, column).await?;
            if let Some(signal) = word.and_then(|word| Signal::listed(column, &word)) {
                let note = format!("{} is a list that the application writes", column.name);
                return Ok((combined(&[signal]), vec![note]));
            }
            continue;
        }
        let words = words(connection, table, column).await?;
        let allowed = column.allowed();
        let default = column
            .default
            .as_deref()
            .map(literals)
            .unwrap_or_default()
            .into_iter()
            .next();
        let known: Vec<String> = allowed
            .iter()
            .chain(&default)
            .chain(if allowed.is_empty() { &words[..] } else { &[] })
            .cloned()
            .collect();
        let Some(admin) = first_of(ADMIN_ROLE, &known) else {
            notes.push(format!(
                "{} is not looked at: none of its values is known to name an administrator",
                column.name
            ));
            continue;
        };
        let plain = default
            .filter(|word| !ADMIN_ROLE.contains(&letters(word).as_str()))
            .or_else(|| first_of(PLAIN_ROLE, &known));
        let plain = plain.filter(|_| !column.is_generated);
        let mut note = format!("{} '{admin}' makes a superuser", column.name);
        let _ = match &plain {
            Some(plain) => write!(note, "; whoever is none is written as '{plain}'"),
            None => write!(
                note,
                "; what to write for others is not known, so it is read-only"
            ),
        };
        let signal = Signal::word(column, &[&admin], &admin, plain.as_deref());
        return Ok((combined(&[signal]), vec![note]));
    }
    Ok((None, notes))
}

/// The highest role of administrators that lists of a sample name.
async fn find_listed_word(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<Option<String>, sqlx::Error> {
    if !matches!(
        column.base_type.as_str(),
        "json" | "jsonb" | "text[]" | "character varying[]"
    ) {
        return Ok(None);
    }
    let words = samples::list_words(connection, &table.relation.sql, column).await?;
    let default = column.default.clone().unwrap_or_default();
    let parts = words.iter().chain([&default]).flat_map(|text| {
        text.split(|character: char| {
            !character.is_alphanumeric() && character != '_' && character != ':'
        })
        .map(str::to_owned)
        .collect::<Vec<_>>()
    });
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let symfony = letters(&column.name) == "roles" && column.category == "U";
    Ok(first_of(ADMIN_ROLE, &parts).or_else(|| symfony.then(|| "ROLE_ADMIN".to_owned())))
}

async fn words(
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
