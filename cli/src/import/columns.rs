//! The columns of a file, compared with what the API or the rules of a system know.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};

use super::converter::Source;
use super::field::{Field, is_known_column, letters};
use super::records::Format;
use super::vendors::Vendor;

/// Fails if the users of a file cannot be sent as they are because of its columns or members.
pub(super) fn check(format: Format, names: &[String], hint: &str) -> Result<()> {
    let is_csv = format == Format::Csv;
    let field = |name: &str| {
        let field = Field::of_column(name);
        field.filter(|field| is_csv || field.name() == name)
    };
    let is_made = |wanted: Field| names.iter().any(|name| field(name) == Some(wanted));
    if is_csv {
        let sources = Field::ALL.map(|field| (field, Source::Column(field.name().to_owned())));
        check_repeated(names, &sources, &BTreeSet::new())?;
    } else if is_made(Field::Email) && is_made(Field::Username) {
        // Objects of the API may have extra fields of its table. It judges each of them.
        return Ok(());
    }
    let unknown = unknown(names.iter().map(String::as_str));
    check_known(&unknown, is_made, hint)
}

/// Those that the API does not know, each once. Columns without a name are none.
pub(super) fn unknown<'c>(columns: impl Iterator<Item = &'c str>) -> Vec<&'c str> {
    let mut unknown = Vec::new();
    for column in columns.filter(|column| !column.trim().is_empty()) {
        if !is_known_column(column) && !unknown.contains(&column) {
            unknown.push(column);
        }
    }
    unknown
}

/// Fails if there are unknown columns, with all that is in the way and what to say about it.
pub(super) fn check_known(
    unknown: &[&str],
    is_made: impl Fn(Field) -> bool,
    hint: &str,
) -> Result<()> {
    if unknown.is_empty() {
        return Ok(());
    }
    // No name of a column has an at sign. What may be a user's data is not shown.
    ensure!(
        !unknown.iter().any(|column| column.contains('@')),
        "the first row has an email address; a header row with the names of columns must come first"
    );
    if let [heading] = unknown
        && heading.split([',', ';', '\t', '|']).any(is_known_column)
    {
        bail!(
            "the header row is a single cell, {heading:?}: if there are quotes around whole rows, remove them"
        );
    }
    let names: Vec<_> = unknown.iter().map(|name| format!("{name:?}")).collect();
    let options: Vec<_> = unknown
        .iter()
        .map(|name| format!("--map \"{name}=\""))
        .collect();
    let mut message = format!(
        "the API does not know the columns {}. Its fields are {}. Say what the columns are, for example --map \
         \"{}=full_name\", or leave them out: {}",
        names.join(", "),
        Field::ALL.map(Field::name).join(", "),
        unknown[0],
        options.join(" ")
    );
    if !is_made(Field::Email) {
        message.push_str(". No column is the email: say which one is, or what it is made of");
    }
    if !is_made(Field::Username) {
        message.push_str(". No column is the username: say which one is, or give --repair username, which takes the email");
    }
    bail!(message + hint)
}

/// Fails if a column that is used is there more than once, so that one value would hide the other.
pub(super) fn check_repeated(
    columns: &[String],
    sources: &[(Field, Source)],
    left_out: &BTreeSet<String>,
) -> Result<()> {
    for (field, source) in sources {
        let used: Vec<_> = source.columns().collect();
        let is_field = |column: &str| {
            matches!(source, Source::Column(_)) && Field::of_column(column) == Some(*field)
        };
        let same = columns.iter().filter(|column| {
            let is_meant = is_field(column) || used.contains(&column.as_str());
            is_meant && !left_out.contains(*column)
        });
        let same: Vec<_> = same.collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = same.iter().find(|column| !seen.insert(**column)) {
            bail!("the column {twice:?} appears twice: rename one of them in the file");
        }
        if let [first, other, ..] = same[..]
            && is_field(first)
        {
            bail!(
                "the columns {first:?} and {other:?} are both {}: leave one out, for example --map \"{other}=\"",
                field.name()
            );
        }
    }
    Ok(())
}

/// Spells columns as the rules do: programs that save a file again change case and spaces.
pub(super) fn respell(columns: &mut [String], vendor: &Vendor) {
    let known: Vec<&str> = vendor
        .rules
        .iter()
        .flat_map(|rule| rule.paths)
        .copied()
        .collect();
    for column in columns {
        let alike = known.iter().find(|name| letters(name) == letters(column));
        if let Some(name) = alike {
            (*name).clone_into(column);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(unknown: &[&str], made: &[Field]) -> String {
        let error = check_known(unknown, |field| made.contains(&field), "");
        error.unwrap_err().to_string()
    }

    #[test]
    fn one_message_has_all_that_is_in_the_way() {
        assert!(check_known(&[], |_| false, "").is_ok());
        assert_eq!(
            unknown(["phone", " ", "E-Mail", "phone"].into_iter()),
            ["phone"]
        );
        let quoted = message(&["email,username"], &[]);
        assert!(quoted.contains("quotes around whole rows"), "{quoted}");
        let both = message(&["Tag"], &[]);
        assert!(
            both.contains("--map \"Tag=\". No column is the email"),
            "{both}"
        );
        assert!(both.contains("give --repair username"), "{both}");
        let none = message(&["Tag"], &[Field::Email, Field::Username]);
        assert!(none.ends_with("--map \"Tag=\""), "{none}");
        let user = message(&["Ann", "ann@example.com"], &[]);
        assert!(
            user.starts_with("the first row has an email address"),
            "{user}"
        );
    }

    #[test]
    fn columns_that_are_used_may_not_be_repeated() {
        let columns = ["E-Mail", "Email", "phone", "phone"].map(str::to_owned);
        let check = |source: &str, left_out: &[&str]| {
            let sources = [(Field::Email, Source::Column(source.to_owned()))];
            let left_out = left_out.iter().map(|&name| name.to_owned()).collect();
            check_repeated(&columns, &sources, &left_out).map_err(|error| error.to_string())
        };
        assert_eq!(
            check("E-Mail", &[]).unwrap_err(),
            "the columns \"E-Mail\" and \"Email\" are both email: leave one out, for example --map \"Email=\""
        );
        assert_eq!(check("E-Mail", &["Email"]), Ok(()));
        assert_eq!(
            check("phone", &["E-Mail", "Email"]).unwrap_err(),
            "the column \"phone\" appears twice: rename one of them in the file"
        );
    }
}
