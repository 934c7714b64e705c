//! Which column a field is, by the names that people give.

use super::{
    facts::{Column, Table},
    vocabulary::letters,
};

/// A prefix that this many of ten columns share is one of the table, such as `mem_`.
const SHARED_BY: usize = 6;

/// The first column whose name is in the list and that has the right type. A name in full overrides one
/// without a prefix.
pub(super) fn find<'t>(
    table: &'t Table,
    names: &[&str],
    is_right: impl Fn(&Column) -> bool,
) -> Option<&'t Column> {
    all(table, names, is_right).into_iter().next()
}

/// All such columns, in the order of the list.
pub(super) fn all<'t>(
    table: &'t Table,
    names: &[&str],
    is_right: impl Fn(&Column) -> bool,
) -> Vec<&'t Column> {
    let spelled: Vec<_> = table
        .columns
        .iter()
        .filter(|column| is_right(column))
        .map(|column| (column, spellings(table, &column.name)))
        .collect();
    let longest = spelled.iter().map(|(_, spellings)| spellings.len()).max();
    let mut found: Vec<&Column> = Vec::new();
    for place in 0..longest.unwrap_or_default() {
        for name in names {
            let columns = spelled.iter().filter(|(_, spellings)| {
                spellings
                    .get(place)
                    .is_some_and(|spelling| spelling == name)
            });
            for (column, _) in columns {
                if !found.iter().any(|known| known.name == column.name) {
                    found.push(column);
                }
            }
        }
    }
    found
}

/// The name in full, and without what columns of users are often prefixed with.
pub(super) fn spellings(table: &Table, name: &str) -> Vec<String> {
    let full = letters(name);
    let mut spellings = vec![full.clone()];
    let prefixes = shared_prefix(table)
        .into_iter()
        .chain(["user", "usr", "u", "str", "txt", "fld", "col"].map(str::to_owned));
    for prefix in prefixes {
        let begins = name
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(&prefix));
        let rest = name.get(prefix.len()..).unwrap_or_default();
        let is_word = rest.starts_with('_') || rest.starts_with(char::is_uppercase);
        if begins && is_word && !rest.trim_matches('_').is_empty() {
            spellings.push(letters(rest));
        }
    }
    spellings
}

/// What most columns begin with, up to the first underscore.
fn shared_prefix(table: &Table) -> Option<String> {
    let prefixes = table.columns.iter().filter_map(|column| {
        let (prefix, _) = column.name.split_once('_')?;
        (!prefix.is_empty() && !["is", "has"].contains(&prefix)).then_some(prefix)
    });
    let prefixes: Vec<_> = prefixes.collect();
    let first = prefixes
        .iter()
        .max_by_key(|prefix| prefixes.iter().filter(|other| other == prefix).count())?;
    let sharing = prefixes.iter().filter(|other| *other == first).count();
    (sharing * 10 >= table.columns.len() * SHARED_BY && sharing > 2).then(|| (*first).to_owned())
}
