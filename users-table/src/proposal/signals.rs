//! What columns say of whether a user is active, may administrate, or was deleted.

use super::facts::Column;
use crate::mapping::{literal, quoted};

/// A lock that ends later than this was meant to last: those that end before may be over.
const LASTING: &str = "2100-01-01 00:00:00";

/// What a column says: a condition, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) column: String,
    /// True or false for each row, never NULL.
    pub(super) read: String,
    /// What makes the condition `$value`; `None` where nobody knows.
    pub(super) write: Option<String>,
    /// What makes the condition true.
    pub(super) make_true: Option<String>,
    /// Whether the column is the condition itself.
    pub(super) is_plain: bool,
}

impl Signal {
    /// Of a flag, or a number or a letter that stands for one. `words` are those of a sample.
    pub(super) fn flag(column: &Column, is_positive: bool, words: &[String]) -> Option<Self> {
        // A number that counts something is not a flag.
        let is_bit = |word: &String| ["0", "1"].contains(&word.as_str());
        if column.is_whole_number() && !words.iter().all(is_bit) {
            return None;
        }
        let name = quoted(&column.name);
        let [yes, no] = match column.base_type.as_str() {
            "boolean" => {
                let is_plain = is_positive && !column.is_domain;
                let flag = if column.is_nullable && !is_plain {
                    format!("coalesce({name}, FALSE)")
                } else {
                    name
                };
                let (read, write) = if is_positive {
                    (flag, "$value".to_owned())
                } else {
                    (format!("NOT {flag}"), "NOT $value".to_owned())
                };
                let make_true = Some(if is_positive { "TRUE" } else { "FALSE" }.to_owned());
                return Some(Self {
                    column: column.name.clone(),
                    read,
                    write: Some(write),
                    make_true,
                    is_plain,
                });
            }
            "smallint" | "integer" | "bigint" | "numeric" => ["1", "0"].map(str::to_owned),
            "bit" if column.is_single_bit() => ["B'1'", "B'0'"].map(str::to_owned),
            _ if column.is_text() || column.is_enum() => yes_and_no(column, words)?,
            _ => return None,
        };
        let (comparison, default) = if is_positive {
            (format!("= {yes}"), "FALSE")
        } else {
            (format!("<> {yes}"), "TRUE")
        };
        let comparison = if column.is_whole_number() {
            if is_positive {
                "<> 0".to_owned()
            } else {
                "= 0".to_owned()
            }
        } else {
            comparison
        };
        let value = comparable(column);
        let read = format!("coalesce({value} {comparison}, {default})");
        let [when, otherwise] = if is_positive {
            [&yes, &no]
        } else {
            [&no, &yes]
        };
        let write = format!("CASE WHEN $value THEN {when} ELSE {otherwise} END");
        Some(Self {
            column: column.name.clone(),
            read,
            write: Some(write),
            make_true: Some(when.clone()),
            is_plain: false,
        })
    }

    /// Of a time at which something happened to the user.
    pub(super) fn since(column: &Column) -> Option<Self> {
        if !column.is_nullable {
            return None;
        }
        let now = now(column)?;
        Some(Self {
            column: column.name.clone(),
            read: format!("{} IS NULL", quoted(&column.name)),
            write: Some(format!("CASE WHEN NOT $value THEN {now} END")),
            make_true: Some("NULL".to_owned()),
            is_plain: false,
        })
    }

    /// Of a time until which the user is locked out.
    pub(super) fn until(column: &Column) -> Option<Self> {
        if !column.is_nullable || !column.is_time() {
            return None;
        }
        let time = |text: &str| match column.base_type.as_str() {
            "timestamp with time zone" => format!("'{text}+00'::timestamptz"),
            "date" => format!("'{text}'::date"),
            _ => format!("'{text}'::timestamp"),
        };
        Some(Self {
            column: column.name.clone(),
            read: format!(
                "coalesce({} < {}, TRUE)",
                quoted(&column.name),
                time(LASTING)
            ),
            write: Some(format!(
                "CASE WHEN NOT $value THEN {} END",
                time("9999-12-31 00:00:00")
            )),
            make_true: Some("NULL".to_owned()),
            is_plain: false,
        })
    }

    /// Of a word: true where it is one of those that mean it. `when` and `otherwise` are written.
    pub(super) fn word(
        column: &Column,
        meanings: &[&str],
        when: &str,
        otherwise: Option<&str>,
    ) -> Self {
        let listed: Vec<_> = meanings.iter().map(|word| constant(column, word)).collect();
        let comparison = match listed.as_slice() {
            [one] => format!("= {one}"),
            many => format!("IN ({})", many.join(", ")),
        };
        let when = constant(column, when);
        Self {
            column: column.name.clone(),
            read: format!("coalesce({} {comparison}, FALSE)", comparable(column)),
            write: otherwise.map(|otherwise| {
                format!(
                    "CASE WHEN $value THEN {when} ELSE {} END",
                    constant(column, otherwise)
                )
            }),
            make_true: Some(when),
            is_plain: false,
        }
    }

    /// One of several words in a list: a JSON document, an array, or text. Nobody writes it.
    pub(super) fn listed(column: &Column, word: &str) -> Option<Self> {
        let name = quoted(&column.name);
        let read = match column.base_type.as_str() {
            "jsonb" => format!("{name} @> {}::jsonb", literal(&format!("[\"{word}\"]"))),
            "json" => format!(
                "strpos({name} #>> '{{}}', {}) > 0",
                literal(&format!("\"{word}\""))
            ),
            "text[]" | "character varying[]" => format!("{} = ANY ({name}::text[])", literal(word)),
            array if column.is_enum_array() => format!(
                "{}::{} = ANY ({name})",
                literal(word),
                array.trim_end_matches("[]")
            ),
            _ => return None,
        };
        Some(Self {
            column: column.name.clone(),
            read: format!("coalesce({read}, FALSE)"),
            write: None,
            make_true: None,
            is_plain: false,
        })
    }
}

/// The words that stand for true and false, as SQL.
fn yes_and_no(column: &Column, words: &[String]) -> Option<[String; 2]> {
    const PAIRS: [[&str; 2]; 24] = [
        ["Y", "N"],
        ["y", "n"],
        ["T", "F"],
        ["t", "f"],
        ["1", "0"],
        ["true", "false"],
        ["TRUE", "FALSE"],
        ["yes", "no"],
        ["Yes", "No"],
        ["YES", "NO"],
        ["S", "N"],
        ["s", "n"],
        ["J", "N"],
        ["j", "n"],
        ["O", "N"],
        ["o", "n"],
        ["SI", "NO"],
        ["Si", "No"],
        ["si", "no"],
        ["SIM", "NAO"],
        ["Sim", "Não"],
        ["JA", "NEIN"],
        ["Ja", "Nein"],
        // Of flags of Chinese applications for those who are locked out.
        ["9", "0"],
    ];
    let known = column.allowed();
    let seen = if known.is_empty() { words } else { &known };
    let default = column
        .default
        .as_deref()
        .map(super::facts::literals)
        .unwrap_or_default();
    let fits = |pair: &&[&str; 2]| {
        let is_one = |word: &String| pair.contains(&word.as_str());
        let mut all = seen.iter().chain(&default).peekable();
        all.peek().is_some() && all.all(is_one)
    };
    let pair = PAIRS.iter().find(fits)?;
    Some(pair.map(|word| constant(column, word)))
}

/// A word as a constant of the column's type.
pub(super) fn constant(column: &Column, word: &str) -> String {
    if column.is_enum() {
        format!("{}::{}", literal(word), column.data_type)
    } else if column.is_whole_number() {
        word.to_owned()
    } else {
        literal(word)
    }
}

/// The column in a type that the server itself can compare, whatever the `search_path` is.
fn comparable(column: &Column) -> String {
    let name = quoted(&column.name);
    if column.is_text() && !matches!(column.data_type.as_str(), "text" | "character varying") {
        format!("{name}::text")
    } else {
        name
    }
}

/// The time of now in the column's type.
pub(super) fn now(column: &Column) -> Option<String> {
    let now = match column.base_type.as_str() {
        "timestamp with time zone" => "now()",
        "timestamp without time zone" => "now() AT TIME ZONE 'UTC'",
        "date" => "(now() AT TIME ZONE 'UTC')::date",
        _ => return None,
    };
    Some(now.to_owned())
}
