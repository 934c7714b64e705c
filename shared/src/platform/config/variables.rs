//! Access to environment variables with errors that name them.

use std::{collections::HashMap, fmt::Display, ops::RangeInclusive, str::FromStr};

/// A set of environment variables. An empty value counts as unset, because templates and shells
/// cannot always leave a variable out.
#[derive(Debug, Clone)]
pub struct Variables(HashMap<String, String>);

/// A variable that is missing or malformed.
#[derive(Debug, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    variable: String,
    problem: String,
}

impl ConfigError {
    /// `problem` continues a sentence that begins with the variable's name.
    pub fn new(variable: &str, problem: impl Into<String>) -> Self {
        Self {
            variable: variable.to_owned(),
            problem: problem.into(),
        }
    }
}

impl Variables {
    /// The environment of this process. Variables that are not UTF-8 are left out.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the environment is read"
    )]
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        )
    }

    /// The same variables with one more, or one replaced.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The value, if it is set and not empty.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// How many requests an environment gets at the same time, from 1 to 100. Lambda sets it where there
    /// may be more than one.
    pub(crate) fn concurrency(&self) -> Result<usize, ConfigError> {
        let requests = self.whole_number("AWS_LAMBDA_MAX_CONCURRENCY", 1..=100)?;
        Ok(requests.unwrap_or(1))
    }

    /// A whole number within a range, if it is set.
    pub(super) fn whole_number<N>(
        &self,
        name: &str,
        range: RangeInclusive<N>,
    ) -> Result<Option<N>, ConfigError>
    where
        N: FromStr + PartialOrd + Display,
    {
        let Some(value) = self.optional(name) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(ConfigError::new(
                name,
                format!(
                    "must be a whole number from {} to {}, but is {value:?}",
                    range.start(),
                    range.end()
                ),
            )),
        }
    }

    /// One of a few words, if it is set.
    pub(super) fn one_of<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.optional(name) else {
            return Ok(None);
        };
        if let Some((_, chosen)) = choices.iter().find(|(word, _)| *word == value) {
            return Ok(Some(*chosen));
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        Err(ConfigError::new(
            name,
            format!("must be one of {}, but is {value:?}", words.join(", ")),
        ))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Variables {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        )
    }
}
