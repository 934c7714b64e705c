//! Parameters in the path of a request.

use crate::platform::error::Error;

/// What stands in a path where its pattern has a name in braces, as it was sent.
#[derive(Debug, Clone, Default)]
pub struct PathParameters(pub(super) Vec<(String, String)>);

impl PathParameters {
    /// What stands in the place of `name`. A name that the pattern does not have is a bug.
    pub fn get(&self, name: &'static str) -> Result<&str, Error> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| Error::internal("reading the path", format!("no parameter {name}")))
    }
}
