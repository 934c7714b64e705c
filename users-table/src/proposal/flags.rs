//! Whether users are active, and whether they may administrate others.

use std::{collections::BTreeMap, fmt::Write as _};

use sqlx::PgConnection;

use super::{
    facts::{Column, Table, literals},
    flag_words::{ACTIVE, INACTIVE, INACTIVE_SINCE, INACTIVE_UNTIL, SUPERUSER},
    lookups::{self, Lookup},
    names, samples,
    signals::Signal,
    status::{explained, first_of, status, words},
    status_words::{ACTIVE_STATUS, ADMIN_ROLE, INACTIVE_STATUS, PLAIN_ROLE, ROLE, STATUS},
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
    // In the Fediverse, who is locked approves followers.
    let is_federated = names::find(table, &["apid", "inbox", "inboxurl", "actorid"], |_| true);
    for (list, is_positive) in [(ACTIVE, true), (INACTIVE, false)] {
        for column in names::all(table, list, |column| {
            let is_lock = ["locked", "islocked"].contains(&letters(&column.name).as_str());
            let is_private = is_lock && is_federated.is_some();
            !column.is_generated && !column.is_time() && !is_private
        }) {
            let words = words(connection, table, column).await?;
            let signal = explained(column).or_else(|| Signal::flag(column, is_positive, &words));
            if signal.is_none() && (column.is_text() || column.is_enum()) {
                notes.push(unknown(column));
            }
            signals.extend(signal);
        }
        if is_positive
            && let Some(column) = names::find(table, STATUS, |column| {
                !column.is_generated && !is_of_address(table, column)
            })
        {
            let (signal, note) = status(connection, table, column).await?;
            signals.extend(signal);
            notes.extend(note);
        }
    }
    let (signal, note) =
        elsewhere(connection, table, STATUS, [ACTIVE_STATUS, INACTIVE_STATUS]).await?;
    signals.extend(signal);
    notes.extend(note);
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

/// Whether a `state` is one of a country.
fn is_of_address(table: &Table, column: &Column) -> bool {
    let parts = ["city", "zip", "zipcode", "postalcode", "country"];
    letters(&column.name) == "state" && names::find(table, &parts, |_| true).is_some()
}

fn unknown(column: &Column) -> String {
    format!(
        "{} is not looked at: nothing says which of its values mean yes and no",
        column.name
    )
}

/// The mapping of `is_superuser`.
pub(super) async fn is_superuser(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Noted, sqlx::Error> {
    let mut notes: Vec<String> = Vec::new();
    for column in names::all(table, SUPERUSER, |column| {
        !column.is_generated && !column.is_time()
    }) {
        let words = words(connection, table, column).await?;
        if let Some(signal) = Signal::flag(column, true, &words) {
            let note = (signal.is_plain && column.is_nullable)
                .then(|| format!("NULL in {} means no superuser", column.name));
            return Ok((combined(&[signal]), note.into_iter().collect()));
        }
        if column.is_text() || column.is_enum() {
            notes.push(unknown(column));
        }
    }
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
            .filter(|word| !names_administrator(word))
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
        // What owns one application is a customer of another.
        let others = first_of(&["owner", "host", "root"], &known).filter(|other| *other != admin);
        if let Some(other) = others {
            let _ = write!(
                note,
                "; '{other}' is not taken for one: say so with \"sql\", if it is"
            );
        }
        let signal = Signal::word(column, &[&admin], &admin, plain.as_deref());
        return Ok((combined(&[signal]), vec![note]));
    }
    let (signal, note) = elsewhere(connection, table, ROLE, [ADMIN_ROLE, PLAIN_ROLE]).await?;
    notes.extend(note);
    Ok((signal.and_then(|signal| combined(&[signal])), notes))
}

/// What a column says that refers to another table, such as `status_id`: the rows there may have names that are known.
async fn elsewhere(
    connection: &mut PgConnection,
    table: &Table,
    names: &[&str],
    [yes, no]: [&[&str]; 2],
) -> Result<(Option<Signal>, Option<String>), sqlx::Error> {
    let mut columns = table.columns.iter();
    let Some(column) = columns.find(|column| {
        let name = letters(&column.name);
        column.is_reference && names.contains(&name.strip_suffix("id").unwrap_or(&name))
    }) else {
        return Ok((None, None));
    };
    let name = &column.name;
    let lookup = lookups::find(connection, table, column).await?;
    let known = lookup.as_ref().map(Lookup::names).unwrap_or_default();
    if let Some(lookup) = &lookup
        && let Some(word) = first_of(yes, &known)
        && let Some(key) = lookup.key_of(&word)
    {
        let other = first_of(no, &known);
        let written = other.as_deref().and_then(|word| lookup.key_of(word));
        let mut note = format!("{name} {key} is '{word}' in {}", lookup.table);
        let _ = match other.zip(written) {
            Some((word, key)) => write!(note, "; for others {key} is written, '{word}'"),
            None => write!(note, "; what to write for others is not known"),
        };
        return Ok((Some(Signal::word(column, &[key], key, written)), Some(note)));
    }
    let example = if column.is_number() { "1" } else { "'...'" };
    let note = format!(
        "{name} refers to a table in which nothing says which row means it: say so with \"sql\", such as \"{name} = {example}\""
    );
    Ok((None, Some(note)))
}

/// Whether a role is one of administrators, if only of a part.
fn names_administrator(role: &str) -> bool {
    let letters = letters(role);
    ADMIN_ROLE.contains(&letters.as_str())
        || ["admin", "owner", "root"]
            .iter()
            .any(|part| letters.contains(part))
}

/// The highest role of administrators that lists of a sample name.
async fn find_listed_word(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<Option<String>, sqlx::Error> {
    if column.is_enum_array() {
        return Ok(first_of(ADMIN_ROLE, &column.labels));
    }
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
