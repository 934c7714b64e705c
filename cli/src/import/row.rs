//! One user of a file as named values.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// One user of a file as named values. Those of CSV are text.
#[derive(Debug, Default)]
pub(super) struct Row(pub(super) Map<String, Value>);

impl Row {
    /// Reads an object.
    pub(super) fn of_json(text: &str) -> Result<Self, String> {
        let object = serde_json::from_str(text);
        object
            .map(Self)
            .map_err(|_| "it is not a JSON object".to_owned())
    }

    /// Reads a row of CSV. What databases write for NULL is absent.
    pub(super) fn of_csv(text: &str, columns: &[String], delimiter: u8) -> Result<Self, String> {
        let mut records = csv_reader::Records::resume(text, delimiter, 1);
        let record = match records.next() {
            Some(Ok(record)) => record,
            Some(Err(malformed)) => return Err(malformed.problem.to_string()),
            None => return Ok(Self::default()),
        };
        if record.filled_count > columns.len() {
            let (cells, columns) = (record.filled_count, columns.len());
            return Err(format!("it has {cells} cells, the header {columns}"));
        }
        let mut row = Self::default();
        for (place, (column, cell)) in (1..).zip(columns.iter().zip(record.cells)) {
            if !column.is_empty() {
                let value = if cell.is_null() {
                    Value::Null
                } else {
                    Value::String(cell.text.into_owned())
                };
                row.0.insert(column.clone(), value);
            } else if !cell.is_blank() && (place > 1 || !cell.is_row_number()) {
                return Err(format!(
                    "cell {place} has a value, but its column has no name"
                ));
            }
        }
        Ok(row)
    }

    /// The value at a path such as `profile.email` or `emails.0`. A name may have dots itself, and a value may
    /// be JSON in text.
    pub(super) fn get(&self, path: &str) -> Cow<'_, Value> {
        find(&self.0, path)
    }
}

fn find<'v>(object: &'v Map<String, Value>, path: &str) -> Cow<'v, Value> {
    if let Some(value) = object.get(path) {
        return Cow::Borrowed(value);
    }
    let Some((name, rest)) = path.split_once('.') else {
        return Cow::Owned(Value::Null);
    };
    object
        .get(name)
        .map_or(Cow::Owned(Value::Null), |value| inside(value, rest))
}

fn inside<'v>(value: &'v Value, path: &str) -> Cow<'v, Value> {
    match value {
        Value::Object(object) => find(object, path),
        Value::Array(items) => {
            let (index, rest) = path.split_once('.').unwrap_or((path, ""));
            let item = index.parse().ok().and_then(|index: usize| items.get(index));
            match item {
                None => Cow::Owned(Value::Null),
                Some(item) if rest.is_empty() => Cow::Borrowed(item),
                Some(item) => inside(item, rest),
            }
        }
        Value::String(text) if text.starts_with('{') => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Cow::Owned(find(&object, path).into_owned()),
            _ => Cow::Owned(Value::Null),
        },
        _ => Cow::Owned(Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_through_objects_arrays_and_json_in_text() {
        let row = Row::of_json(
            r#"{"a.b": 1, "a": {"b": 2, "c.d": 3}, "e": [{"f": 4}, 5], "g": "{\"h\": 6}"}"#,
        )
        .unwrap();
        for (path, value) in [
            ("a.b", 1),
            ("a.c.d", 3),
            ("e.0.f", 4),
            ("e.1", 5),
            ("g.h", 6),
        ] {
            assert_eq!(*row.get(path), value, "{path}");
        }
        for path in ["b", "a.x", "e.2", "e.0.x.y", "g.x", "a.b.c"] {
            assert_eq!(*row.get(path), Value::Null, "{path}");
        }
    }

    #[test]
    fn a_row_of_csv_has_text_by_column() {
        let columns = ["a", "b", "c"].map(str::to_owned);
        let row = Row::of_csv("1;NULL;\"NULL\";;", &columns, b';').unwrap();
        assert_eq!(*row.get("a"), "1");
        assert_eq!(*row.get("b"), Value::Null);
        assert_eq!(*row.get("c"), "NULL");
        let error = Row::of_csv("1;2;3;4", &columns, b';').unwrap_err();
        assert_eq!(error, "it has 4 cells, the header 3");
        let columns = ["", "a", ""].map(str::to_owned);
        let row = Row::of_csv("7,1,", &columns, b',').unwrap();
        assert_eq!(row.0.len(), 1);
        let error = Row::of_csv("7,1,x", &columns, b',').unwrap_err();
        assert_eq!(error, "cell 3 has a value, but its column has no name");
        assert_eq!(Row::of_json("[1]").unwrap_err(), "it is not a JSON object");
    }
}
