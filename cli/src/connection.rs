//! Which API a command talks to, and as whom.

use std::env;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use ureq::http::Uri;

use crate::api::Api;
use crate::bearer::{Bearer, TokenSource};
use crate::profile::Configuration;

/// Options of every command.
#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArguments {
    /// A deployment in the configuration file; or `ROLLCALL_PROFILE`
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// The URL of the API, instead of a profile; or `ROLLCALL_URL`
    #[arg(long, global = true, conflicts_with = "profile")]
    url: Option<String>,
    /// A bearer token of a superuser, visible in the list of processes; or `ROLLCALL_TOKEN`
    #[arg(long, global = true)]
    token: Option<String>,
    /// A command that prints a bearer token; it runs again when the API refuses the token
    #[arg(long, global = true, value_name = "COMMAND", conflicts_with = "token")]
    token_command: Option<String>,
    /// How often a request is repeated [default: 3, for an import 8]
    #[arg(long, global = true, value_name = "N")]
    retries: Option<u32>,
}

impl ConnectionArguments {
    /// The API that the options, the environment or a profile name.
    pub fn api(&self, retries: u32) -> Result<Api> {
        let (url, source) = self.find()?;
        let uri: Uri = url.parse().context("the URL is not valid")?;
        ensure!(
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none(),
            "the URL must begin with https:// or http:// and have no query"
        );
        let retries = self.retries.unwrap_or(retries);
        Ok(Api::new(&url, Bearer::new(source), retries))
    }

    /// The bearer token.
    pub fn token(&self) -> Result<String> {
        Bearer::new(self.find()?.1).token()
    }

    fn find(&self) -> Result<(String, TokenSource)> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        self.resolve(&Configuration::load()?, variable)
    }

    /// Options override the environment, which overrides the default profile. A profile's token goes
    /// to the profile's URL only.
    fn resolve(
        &self,
        configuration: &Configuration,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(String, TokenSource)> {
        let command = self.token_command.clone().map(TokenSource::Command);
        let option = command.or_else(|| self.token.clone().map(TokenSource::Fixed));
        let environment = variable("ROLLCALL_TOKEN").map(TokenSource::Fixed);
        let is_chosen = self.profile.is_some();
        let url = self.url.clone();
        let url = url.or_else(|| variable("ROLLCALL_URL").filter(|_| !is_chosen));
        let (url, token) = if let Some(url) = url {
            (url, environment)
        } else {
            let name = self.profile.clone();
            let name = name.or_else(|| variable("ROLLCALL_PROFILE"));
            let profile = configuration
                .profile(name.as_deref())?
                .context("an API is needed: give --profile, --url, or ROLLCALL_URL")?;
            let own = profile.token_source();
            let token = if is_chosen {
                own.or(environment)
            } else {
                environment.or(own)
            };
            (profile.url.clone(), token)
        };
        Ok((url, option.or(token).unwrap_or(TokenSource::Missing)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURATION: &str = "\
        default_profile = \"live\"\n\
        [profiles.live]\n\
        url = \"https://live\"\n\
        token = \"of-live\"\n\
        [profiles.test]\n\
        url = \"https://test\"\n\
        token_command = \"echo of-test\"\n";

    fn resolve(options: [Option<&str>; 3], variables: &[(&str, &str)]) -> (String, String) {
        let [profile, url, token] = options.map(|option| option.map(str::to_owned));
        let arguments = ConnectionArguments {
            profile,
            url,
            token,
            token_command: None,
            retries: None,
        };
        let configuration = toml::from_str(CONFIGURATION).unwrap();
        let variable = |name: &str| {
            let mut variables = variables.iter();
            variables
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let (url, source) = arguments.resolve(&configuration, variable).unwrap();
        let token = match source {
            TokenSource::Missing => String::new(),
            TokenSource::Fixed(text) | TokenSource::Command(text) => text,
        };
        (url, token)
    }

    fn pair(url: &str, token: &str) -> (String, String) {
        (url.to_owned(), token.to_owned())
    }

    #[test]
    fn options_override_the_environment_and_that_the_default_profile() {
        let variables = [
            ("ROLLCALL_URL", "https://env"),
            ("ROLLCALL_TOKEN", "of-env"),
        ];
        assert_eq!(resolve([None; 3], &[]), pair("https://live", "of-live"));
        assert_eq!(
            resolve([None; 3], &variables),
            pair("https://env", "of-env")
        );
        assert_eq!(
            resolve([Some("test"), None, None], &variables),
            pair("https://test", "echo of-test")
        );
        assert_eq!(
            resolve(
                [None, Some("https://option"), Some("of-option")],
                &variables
            ),
            pair("https://option", "of-option")
        );
        assert_eq!(
            resolve([None; 3], &[("ROLLCALL_PROFILE", "test")]),
            pair("https://test", "echo of-test")
        );
    }

    #[test]
    fn the_token_of_a_profile_goes_to_no_other_url() {
        assert_eq!(
            resolve([None, Some("https://option"), None], &[]),
            pair("https://option", "")
        );
    }
}
