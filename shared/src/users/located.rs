//! Where something stands in a request.

/// A row of a request, or what has become of it, and where it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located<T> {
    /// The row, counted from 0 in request order.
    pub index: usize,
    /// Where the row begins in the body, counted from 1, if the format has lines.
    pub line: Option<usize>,
    /// The row.
    pub value: T,
}

impl<T> Located<T> {
    /// What has become of the value, at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located {
            index: self.index,
            line: self.line,
            value: change(self.value),
        }
    }

    /// Another value at the same place.
    pub fn with<U>(&self, value: U) -> Located<U> {
        Located {
            index: self.index,
            line: self.line,
            value,
        }
    }

    /// The place, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}"),
            None => format!("row {}", self.index),
        }
    }
}
