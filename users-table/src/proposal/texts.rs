//! How email, username and names are mapped.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{
    facts::{Column, Table, UniqueIndex},
    flags::Noted,
    names, samples,
    vocabulary::{COPIES, FIRST_NAME, FULL_NAME, LAST_NAME, letters},
};
use crate::{
    folded_text::text_key_of,
    mapping::quoted,
    users_table::{DetailedField, FieldMapping},
};

/// The mapping of a key, with its copies in one case, and whether it is unique. The table says so where it has a
/// unique index, unless values differ in case alone.
pub(super) async fn key(
    connection: &mut PgConnection,
    table: &Table,
    field: &str,
    column: &Column,
    is_id: bool,
    users_are: Option<&str>,
) -> Result<(FieldMapping, Vec<String>, Option<String>), sqlx::Error> {
    let mut notes = Vec::new();
    let mut mend = None;
    let copies: Vec<_> = copies_of(table, field).collect();
    let has_index = table.unique.iter().any(|index| {
        let is_copy = copies.iter().any(|copy| copy.name == index.column)
            || table
                .column(&index.column)
                .is_some_and(|copy| copy.is_folded(&column.name));
        (index.column == column.name || is_copy) && covers(index, column, users_are)
    });
    let is_unique = if has_index {
        match shares_values(connection, table, column, users_are).await? {
            Some(false) => {
                let mut indexes = table.unique.iter();
                let by_letter = |index: &UniqueIndex| {
                    index.column == column.name
                        && !index.is_expression
                        && !column.data_type.ends_with("citext")
                };
                if indexes.any(by_letter) {
                    notes.push(format!(
                        "once adopted, no two users can have the same {field} but for case, not from the application either"
                    ));
                }
                true
            }
            Some(true) => {
                notes.push(format!(
                    "some users have the same {field} but for case, so users may share one"
                ));
                false
            }
            None => {
                notes.push(format!(
                    "unknown whether users have the same {field} but for case: looking takes too long here, `migrate` looks"
                ));
                true
            }
        }
    } else {
        notes.push(format!(
            "no unique index on {} alone, so users may share one",
            column.name
        ));
        let mut together = table.unique_together.iter();
        if let Some(columns) = together.find(|columns| columns.contains(&column.name)) {
            notes.push(format!(
                "{} are unique only together",
                columns.join(" and ")
            ));
        } else if shares_values(connection, table, column, users_are).await? != Some(true) {
            mend = unique_index(connection, table, column, users_are).await?;
        }
        false
    };
    let unique = (!is_unique).then_some(false);
    let is_written = !column.is_generated && !is_id;
    let is_plain = is_written && !column.is_domain;
    if copies.is_empty() && is_plain {
        let column = Some(column.name.clone());
        return Ok((
            FieldMapping::detailed(DetailedField {
                column,
                unique,
                ..DetailedField::default()
            }),
            notes,
            mend,
        ));
    }
    let mut write = BTreeMap::new();
    if is_id {
        notes.push(format!("{} is the key, which is not written", column.name));
    }
    if is_written {
        write.insert(column.name.clone(), "$value".to_owned());
        for copy in copies {
            let function = case_of(connection, table, copy).await?;
            notes.push(format!("{} is written as {function} of it", copy.name));
            write.insert(copy.name.clone(), format!("{function}($value)"));
        }
    }
    let name = quoted(&column.name);
    let sql = if column.data_type == "text" || column.data_type == "character varying" {
        name
    } else {
        format!("{name}::text")
    };
    Ok((
        FieldMapping::detailed(DetailedField {
            sql: Some(sql),
            write,
            unique,
            ..DetailedField::default()
        }),
        notes,
        mend,
    ))
}

/// The index that would keep the values of all users apart, if one can: rows that are no users may share them, and so may
/// those that have none, but not both.
async fn unique_index(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
    users_are: Option<&str>,
) -> Result<Option<String>, sqlx::Error> {
    let name = quoted(&column.name);
    let has_empty_default = column
        .default
        .as_deref()
        .is_some_and(|sql| sql.starts_with("''"));
    let has_empty = has_empty_default
        || table.relation.may_read
            && samples::count(connection, &table.relation.sql, column, "value::text = ''")
                .await?
                .1
                > 0;
    let condition = match users_are {
        Some(_) if has_empty => return Ok(None),
        Some(users_are) => format!(" WHERE {users_are}"),
        None if has_empty => format!(" WHERE {name} <> ''"),
        None => String::new(),
    };
    Ok(Some(format!(
        "CREATE UNIQUE INDEX CONCURRENTLY ON {} ({name}){condition};",
        table.relation.sql
    )))
}

/// Whether a unique index keeps the values of all users apart.
fn covers(index: &UniqueIndex, column: &Column, users_are: Option<&str>) -> bool {
    let Some(condition) = &index.condition else {
        return true;
    };
    let bare = |sql: &str| {
        let kept = sql
            .chars()
            .filter(|character| !" ()\"".contains(*character));
        kept.collect::<String>().to_lowercase()
    };
    let condition = bare(condition);
    let present = [
        format!("{}isnotnull", column.name),
        format!("{}<>''::text", column.name),
    ];
    users_are.is_some_and(|users_are| is_same_condition(&bare(users_are), &condition))
        || present.iter().any(|present| bare(present) == condition)
}

/// Whether two conditions are one. A flag that is never NULL has four ways to be false.
fn is_same_condition(users_are: &str, condition: &str) -> bool {
    let negated = ["=false", "isfalse", "isnottrue"]
        .into_iter()
        .find_map(|ending| condition.strip_suffix(ending));
    users_are == condition || negated.is_some_and(|flag| users_are == format!("not{flag}"))
}

async fn shares_values(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
    users_are: Option<&str>,
) -> Result<Option<bool>, sqlx::Error> {
    if !table.relation.may_read {
        return Ok(None);
    }
    let name = quoted(&column.name);
    let query = format!(
        "SELECT {} FROM {} WHERE ({}) AND {name}::text <> ''
         GROUP BY 1 HAVING count(*) > 1",
        text_key_of(&format!("{name}::text")),
        table.relation.sql,
        users_are.unwrap_or("TRUE")
    );
    Ok(samples::is_empty(connection, &query)
        .await?
        .map(|is_empty| !is_empty))
}

fn copies_of<'t>(table: &'t Table, field: &'t str) -> impl Iterator<Item = &'t Column> {
    table.columns.iter().filter(move |column| {
        let letters = letters(&column.name);
        column.is_text()
            && !column.is_generated
            && COPIES
                .iter()
                .any(|(name, of)| *name == letters && *of == field)
    })
}

/// Whether a copy is in small or in capital letters.
async fn case_of(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<&'static str, sqlx::Error> {
    let by_name = if letters(&column.name).contains("normalized") {
        "upper"
    } else {
        "lower"
    };
    if !table.relation.may_read {
        return Ok(by_name);
    }
    let sample = &table.relation.sql;
    let (all, upper) = samples::count(
        connection,
        sample,
        column,
        "value::text = upper(value::text)",
    )
    .await?;
    let (_, lower) = samples::count(
        connection,
        sample,
        column,
        "value::text = lower(value::text)",
    )
    .await?;
    Ok(match all {
        0 => by_name,
        all if lower == all => "lower",
        all if upper == all => "upper",
        _ => by_name,
    })
}

/// The mapping of the name for people.
pub(super) fn full_name(table: &Table, taken: &[&str]) -> Noted {
    let is_right = |column: &Column| {
        column.is_text() && !column.is_reference && !taken.contains(&column.name.as_str())
    };
    // A name that everybody has to have takes precedence over one that some have.
    let names = names::all(table, FULL_NAME, |column| {
        is_right(column) && !column.is_generated
    });
    let required = names.iter().find(|column| column.is_required());
    let whole = required.or(names.first()).copied();
    let first = names::find(table, FIRST_NAME, |column| {
        is_right(column) && !column.is_generated
    });
    let last = names::find(table, LAST_NAME, |column| {
        is_right(column) && !column.is_generated
    });
    // "name" beside a family name is what comes before it.
    let (whole, first) = match (whole, first, last) {
        (Some(whole), None, Some(_)) if may_be_given(&whole.name) => (None, Some(whole)),
        (Some(whole), Some(_), Some(_))
            if ["name", "alias", "nickname"].contains(&letters(&whole.name).as_str())
                && !whole.is_required() =>
        {
            (None, first)
        }
        (whole, first, _) => (whole, first),
    };
    if let Some(column) = whole {
        return (Some(text(column, "''")), Vec::new());
    }
    if let (Some(first), Some(last)) = (first, last) {
        return (
            Some(two_names(first, last)),
            vec!["the last word is written as the family name".to_owned()],
        );
    }
    if let Some(column) = first.or(last) {
        return (Some(text(column, "''")), Vec::new());
    }
    let generated = names::find(table, FULL_NAME, is_right);
    (generated.map(|column| text(column, "''")), Vec::new())
}

/// Whether a column of that name may hold the given name alone.
fn may_be_given(name: &str) -> bool {
    ["name", "nombre", "nome", "naam", "nama", "имя"].contains(&letters(name).as_str())
}

fn two_names(first: &Column, last: &Column) -> FieldMapping {
    let read = |column: &Column| {
        let name = format!("{}::text", quoted(&column.name));
        let name = if matches!(column.data_type.as_str(), "text" | "character varying") {
            quoted(&column.name)
        } else {
            name
        };
        let name = if column.is_collated {
            // Two collations in one expression leave the server none.
            format!("({name} COLLATE \"default\")")
        } else {
            name
        };
        if column.is_nullable {
            format!("coalesce({name}, '')")
        } else {
            name
        }
    };
    let empty = |column: &Column| if column.is_nullable { "NULL" } else { "''" };
    let sql = format!(
        "nullif(btrim({} || ' ' || {}), '')",
        read(first),
        read(last)
    );
    let write = [
        (
            first.name.clone(),
            format!(
                "coalesce(substring($value FROM '^(.*) [^ ]+$'), $value, {})",
                empty(first)
            ),
        ),
        (
            last.name.clone(),
            format!(
                "coalesce(substring($value FROM ' ([^ ]+)$'), {})",
                empty(last)
            ),
        ),
    ];
    FieldMapping::Detailed(DetailedField {
        sql: Some(sql),
        write: write.into(),
        ..DetailedField::default()
    })
}

/// A text that a new user need not have.
pub(super) fn text(column: &Column, empty: &str) -> FieldMapping {
    let default =
        (!column.is_nullable).then(|| column.default.clone().unwrap_or_else(|| empty.to_owned()));
    if column.is_generated || column.is_domain {
        let mut write = BTreeMap::new();
        if !column.is_generated {
            write.insert(column.name.clone(), "$value".to_owned());
        }
        let sql = Some(format!("{}::text", quoted(&column.name)));
        return FieldMapping::detailed(DetailedField {
            sql,
            write,
            default,
            ..DetailedField::default()
        });
    }
    FieldMapping::detailed(DetailedField {
        column: Some(column.name.clone()),
        default,
        ..DetailedField::default()
    })
}
