//! The bearer token of requests, and where it comes from.

use std::cell::RefCell;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// Where tokens come from.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// Nobody named one.
    Missing,
    /// A token.
    Fixed(String),
    /// A command line for the shell, which prints one.
    Command(String),
}

/// A token that is read when the first request needs it.
pub struct Bearer {
    source: TokenSource,
    current: RefCell<Option<String>>,
}

impl Bearer {
    /// A token from this source.
    pub fn new(source: TokenSource) -> Self {
        Self {
            source,
            current: RefCell::new(None),
        }
    }

    /// The token.
    pub fn token(&self) -> Result<String> {
        if let Some(token) = self.current.borrow().as_ref() {
            return Ok(token.clone());
        }
        self.read()
    }

    /// Reads another token where one can be had: a long import outlives a short token.
    pub fn renew(&self) -> Result<bool> {
        if !matches!(self.source, TokenSource::Command(_)) {
            return Ok(false);
        }
        self.read().map(|_| true)
    }

    fn read(&self) -> Result<String> {
        let token = match &self.source {
            TokenSource::Missing => bail!(
                "a token is needed: give --token, ROLLCALL_TOKEN, --token-command, or a profile \
                 (a profile's token goes to the profile's URL only)"
            ),
            TokenSource::Fixed(token) => token.trim().to_owned(),
            TokenSource::Command(command) => output(command)?,
        };
        ensure!(
            !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
            "the token is empty or is more than one word"
        );
        *self.current.borrow_mut() = Some(token.clone());
        Ok(token)
    }
}

fn output(command: &str) -> Result<String> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .context("the token command cannot be started")?;
    ensure!(
        output.status.success(),
        "the token command failed ({})",
        output.status
    );
    let token = String::from_utf8(output.stdout).context("the token is not text")?;
    Ok(token.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_and_one_word() {
        let token = |text: &str| Bearer::new(TokenSource::Fixed(text.to_owned())).token();
        assert_eq!(token("abc\n").unwrap(), "abc");
        assert!(token(" ").is_err());
        assert!(token("a b").is_err());
    }

    #[test]
    fn only_a_command_gives_another_token() {
        let fixed = Bearer::new(TokenSource::Fixed("abc".to_owned()));
        assert!(!fixed.renew().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("count");
        let command = format!("echo x >> {0}; wc -l < {0}", file.display());
        let command = Bearer::new(TokenSource::Command(command));
        assert_eq!(command.token().unwrap(), "1");
        assert_eq!(command.token().unwrap(), "1");
        assert!(command.renew().unwrap());
        assert_eq!(command.token().unwrap(), "2");
    }
}
