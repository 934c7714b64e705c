//! Profiles: deployments with a name, in a configuration file.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;

use crate::bearer::TokenSource;

/// The configuration file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    default_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// A deployment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Where its API is.
    pub url: String,
    token: Option<String>,
    token_command: Option<String>,
}

impl Profile {
    /// Where its tokens come from.
    pub fn token_source(&self) -> Option<TokenSource> {
        let command = self.token_command.clone().map(TokenSource::Command);
        self.token.clone().map(TokenSource::Fixed).or(command)
    }
}

impl Configuration {
    /// Reads the file, if there is one.
    pub fn load() -> Result<Self> {
        let path = path()?;
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The profile of this name, or the default one if no name is given.
    pub fn profile(&self, name: Option<&str>) -> Result<Option<&Profile>> {
        let Some(name) = name.or(self.default_profile.as_deref()) else {
            return Ok(None);
        };
        let profile = self.profiles.get(name).with_context(|| {
            let known: Vec<_> = self.profiles.keys().map(String::as_str).collect();
            format!(
                "there is no profile {name} in the configuration file; there are: {}",
                known.join(", ")
            )
        })?;
        Ok(Some(profile))
    }

    /// The error has the line only, because the parser would quote a token.
    fn parse(text: &str, path: &Path) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(start).filter(|&b| b == b'\n').count();
            anyhow!("{}, line {line}: {}", path.display(), error.message())
        })
    }
}

/// Where the XDG Base Directory Specification puts it.
fn path() -> Result<PathBuf> {
    let folder = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder
        .filter(|folder| folder.is_absolute())
        .or_else(|| Some(env::home_dir()?.join(".config")))
        .context("there is no home directory: set XDG_CONFIG_HOME")?;
    Ok(folder.join("rollcall/config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
        default_profile = \"live\"\n\
        [profiles.live]\n\
        url = \"https://live.example.com\"\n\
        token_command = \"pass show rollcall\"\n\
        [profiles.dev]\n\
        url = \"http://127.0.0.1:9000\"\n";

    fn parse(text: &str) -> Result<Configuration> {
        Configuration::parse(text, Path::new("config.toml"))
    }

    #[test]
    fn a_profile_is_found_by_name_or_as_the_default() {
        let configuration = parse(TEXT).unwrap();
        let url = |name| configuration.profile(name).unwrap().unwrap().url.clone();
        assert_eq!(url(None), "https://live.example.com");
        assert_eq!(url(Some("dev")), "http://127.0.0.1:9000");
        let error = configuration.profile(Some("test")).err().unwrap();
        assert!(
            error.to_string().ends_with("there are: dev, live"),
            "{error}"
        );
        assert!(Configuration::default().profile(None).unwrap().is_none());
    }

    #[test]
    fn an_error_names_the_line_and_quotes_no_token() {
        let error = parse("[profiles.live]\nurl = \"u\"\ntoken = \"geheim")
            .err()
            .unwrap();
        let error = error.to_string();
        assert!(error.starts_with("config.toml, line 3: "), "{error}");
        assert!(!error.contains("geheim"), "{error}");
    }
}
