//! `--map`: what becomes of a column, as the operator says.

use std::str::FromStr;

use super::field::{Field, letters};
use super::row::Row;
use super::vendors::read::scalar;

/// How a field is made of columns and words, or that a column is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// What is before the last =. A column may have this whole text as its name.
    source: String,
    parts: Vec<Part>,
    /// None for columns that are left out.
    pub(super) field: Option<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Column(String),
    Text(String),
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (source, name) = text
            .rsplit_once('=')
            .ok_or("it has no =; write Column=field, or Column= to leave a column out")?;
        let field = match name.trim() {
            "" => None,
            name => {
                let mut known = Field::ALL.into_iter();
                let names = Field::ALL.map(Field::name).join(", ");
                let field = known.find(|field| field.name() == name);
                Some(field.ok_or_else(|| format!("{name:?} is not a field; fields are {names}"))?)
            }
        };
        let source = source.trim();
        let parts = match field {
            None if source.is_empty() => {
                return Err("it names no column to leave out".to_owned());
            }
            None => vec![Part::Column(source.to_owned())],
            Some(_) => parts(source)?,
        };
        Ok(Self {
            source: source.to_owned(),
            parts,
            field,
        })
    }
}

/// Columns and 'words' with + between them.
fn parts(source: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = source.trim();
    while !rest.is_empty() {
        let (part, behind) = if let Some(quoted) = rest.strip_prefix('\'') {
            let (text, behind) = quoted.split_once('\'').ok_or("a quote ' is never closed")?;
            (Part::Text(text.to_owned()), behind.trim_start())
        } else {
            let end = rest.find('+').unwrap_or(rest.len());
            let column = rest[..end].trim().to_owned();
            (Part::Column(column), &rest[end..])
        };
        parts.push(part);
        rest = match behind.strip_prefix('+') {
            Some(rest) => rest.trim_start(),
            None if behind.is_empty() => behind,
            None => return Err("a + is missing behind a quote '".to_owned()),
        };
    }
    Ok(parts)
}

impl Mapping {
    /// The columns that it uses.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Takes columns as the file spells them. It fails with the name of one that the file does not have.
    pub(super) fn resolve(&mut self, columns: &[String]) -> Result<(), String> {
        if columns.contains(&self.source) {
            self.parts = vec![Part::Column(self.source.clone())];
        }
        for part in &mut self.parts {
            if let Part::Column(name) = part
                && !columns.contains(name)
            {
                let mut columns = columns.iter();
                let found = columns.find(|column| letters(column) == letters(name));
                *name = found.ok_or_else(|| name.clone())?.clone();
            }
        }
        Ok(())
    }

    /// The value for a user: two columns beside each other are joined by a space.
    pub(super) fn value(&self, row: &Row) -> Option<String> {
        let mut value = String::new();
        let mut is_column = false;
        for part in &self.parts {
            match part {
                Part::Text(text) => value.push_str(text),
                Part::Column(name) => {
                    let Some(text) = scalar(&row.get(name)) else {
                        continue;
                    };
                    if is_column && !value.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(&text);
                }
            }
            is_column = matches!(part, Part::Column(_));
        }
        (!value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(mapping: &str) -> Option<String> {
        let row =
            r#"{"Vorname": " Zoë", "Zweitname": "", "Nachname": "Müller", "id": 7, "is_ok": true}"#;
        let mapping: Mapping = mapping.parse().unwrap();
        mapping.value(&Row::of_json(row).unwrap())
    }

    #[test]
    fn columns_are_joined_renamed_and_replaced() {
        for (mapping, expected) in [
            ("Vorname + Zweitname+Nachname=full_name", Some("Zoë Müller")),
            ("Vorname=username", Some("Zoë")),
            ("id+'@example.com'=email", Some("7@example.com")),
            ("'false'=is_active", Some("false")),
            ("is_ok=is_active", Some("true")),
            ("=password_hash", None),
            ("Other=full_name", None),
        ] {
            assert_eq!(value(mapping).as_deref(), expected, "{mapping}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (mapping, message) in [
            ("Vorname", "it has no ="),
            (
                "Vorname=name",
                "\"name\" is not a field; fields are email, username",
            ),
            ("'x=email", "a quote ' is never closed"),
            ("'x'y=email", "a + is missing"),
            ("=", "it names no column to leave out"),
        ] {
            let error = mapping.parse::<Mapping>().unwrap_err();
            assert!(error.starts_with(message), "{mapping}: {error}");
        }
    }

    #[test]
    fn columns_are_found_as_the_file_spells_them() {
        let mut mapping: Mapping = "vorname+nach name=full_name".parse().unwrap();
        mapping
            .resolve(&["Vorname".to_owned(), "Nachname".to_owned()])
            .unwrap();
        let columns: Vec<_> = mapping.columns().collect();
        assert_eq!(columns, ["Vorname", "Nachname"]);
        assert_eq!(mapping.resolve(&[]), Err("Vorname".to_owned()));
        for text in ["name (first+last)=full_name", "name (first+last)="] {
            let mut mapping: Mapping = text.parse().unwrap();
            mapping.resolve(&["name (first+last)".to_owned()]).unwrap();
            let columns: Vec<_> = mapping.columns().collect();
            assert_eq!(columns, ["name (first+last)"]);
        }
    }
}
