//! Which rows are users.

use sqlx::PgConnection;

use super::{
    facts::{Column, Table, literals},
    flag_words::DELETED,
    names, samples,
    signals::constant,
    vocabulary::letters,
};
use crate::mapping::quoted;

/// Values of a mark that say that a row is not deleted.
const UNMARKED: &[&str] = &["0", "n", "f", "false", "no", "nein", "non", "nao", "não"];

/// Which rows are users, and what a new row says of it.
pub(super) struct Users {
    pub(super) condition: String,
    pub(super) new: Option<(String, String)>,
}

/// Which rows are users: those that are not marked as deleted. Where nobody knows what a mark means, a sentence says so.
pub(super) async fn users_are(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<(Option<Users>, Vec<String>), sqlx::Error> {
    let mut notes = Vec::new();
    for column in names::all(table, DELETED, |column| !column.is_generated) {
        let words = if table.relation.may_read && !column.is_time() && !column.is_flag() {
            samples::list_words(connection, &table.relation.sql, column).await?
        } else {
            Vec::new()
        };
        if let Some(users) = unmarked(column, &words) {
            return Ok((Some(users), Vec::new()));
        }
        notes.push(format!(
            "{} is not looked at, because nothing says which of its values mean deleted: all rows are users unless \
             \"users_are\" says otherwise",
            column.name
        ));
    }
    Ok((None, notes))
}

fn unmarked(column: &Column, words: &[String]) -> Option<Users> {
    let name = quoted(&column.name);
    if column.is_time() {
        return column.is_nullable.then(|| Users {
            condition: format!("{name} IS NULL"),
            new: None,
        });
    }
    let (condition, constant) = if column.is_flag() {
        let condition = if column.is_nullable {
            format!("{name} IS NOT TRUE")
        } else {
            format!("NOT {name}")
        };
        (condition, "FALSE".to_owned())
    } else if column.is_whole_number() {
        if !words.is_empty() && !words.iter().any(|word| word == "0") {
            return None;
        }
        let condition = if column.is_nullable {
            format!("coalesce({name}, 0) = 0")
        } else {
            format!("{name} = 0")
        };
        (condition, "0".to_owned())
    } else {
        let unmarked = unmarked_word(column, words)?;
        let value = if column.is_text() {
            format!("nullif({name}::text, '')")
        } else {
            name
        };
        let condition = format!("coalesce({value}, {unmarked}) = {unmarked}");
        (condition, unmarked)
    };
    // The application may look for rows that have no mark, and not for those that have nothing.
    let new = column
        .default
        .is_none()
        .then(|| (column.name.clone(), constant));
    Some(Users { condition, new })
}

/// The word that stands for a row that is not deleted, as SQL: `N` of `Y` and `N`, or `0` of `0` and `2`.
fn unmarked_word(column: &Column, words: &[String]) -> Option<String> {
    if column.base_type == "bit" {
        return column.is_single_bit().then(|| "B'0'".to_owned());
    }
    if !column.is_text() && !column.is_enum() {
        return None;
    }
    let default = column.default.as_deref().map(literals).unwrap_or_default();
    let known: Vec<_> = column
        .allowed()
        .into_iter()
        .chain(default)
        .chain(words.to_vec())
        .collect();
    let is_word = |word: &&String| UNMARKED.contains(&letters(word).as_str());
    let word = known.iter().find(is_word)?;
    let is_short = known.iter().all(|word| word.chars().count() <= 5);
    is_short.then(|| constant(column, word))
}

/// Flags of rows that are programs or groups.
const NOT_PEOPLE: &[&str] = &[
    "isbot",
    "bot",
    "isserviceaccount",
    "serviceaccount",
    "issystemuser",
    "issystem",
    "issystemaccount",
    "ismachine",
    "isanonymous",
    "isghost",
    "issynthetic",
    "isguest",
    "guest",
];

/// Columns that say of what kind a row is.
pub(super) const KINDS: &[&str] = &["type", "kind", "usertype", "accounttype", "principaltype"];

/// A sentence for each column by which some rows may be something else than people.
pub(super) async fn notes(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Vec<String>, sqlx::Error> {
    let flags = names::all(table, NOT_PEOPLE, |column| {
        column.is_flag() || column.is_whole_number()
    });
    let mut conditions: Vec<_> = flags
        .into_iter()
        .map(|column| {
            let none = if column.is_flag() {
                "IS NOT TRUE"
            } else {
                "= 0"
            };
            (&column.name, format!("{} {none}", quoted(&column.name)))
        })
        .collect();
    if let Some(column) = names::find(table, KINDS, |column| {
        column.is_text() || column.is_enum() || column.is_whole_number()
    }) && table.relation.may_read
    {
        let words = samples::list_words(connection, &table.relation.sql, column).await?;
        if let [word, _, ..] = words.as_slice() {
            let word = constant(column, word);
            conditions.push((&column.name, format!("{} = {word}", quoted(&column.name))));
        }
    }
    Ok(conditions
        .into_iter()
        .map(|(name, condition)| {
            format!(
                "all kinds of {name} are users: if some are programs or groups, \"users_are\" leaves them out, such as \
                 {condition}"
            )
        })
        .collect())
}
