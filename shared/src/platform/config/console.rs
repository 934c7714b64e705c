//! Variables about the console.

use super::variables::{ConfigError, Variables};

/// How people sign in to the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleConfig {
    /// The identity provider, if one is configured. Without one, people paste a token.
    pub provider: Option<OidcProvider>,
    /// `CONSOLE_TOKEN`: a token that the console gives to browsers on this machine. Only `cargo dev` sets it.
    pub token: Option<String>,
}

/// An `OpenID` provider that has the console as a public client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProvider {
    /// `CONSOLE_OIDC_ISSUER`: its URL, below which its configuration is found.
    pub issuer: String,
    /// `CONSOLE_OIDC_CLIENT_ID`: what it calls the console.
    pub client_id: String,
    /// `CONSOLE_OIDC_SCOPES`: what the console asks for. Default `openid`.
    pub scopes: String,
    /// `CONSOLE_OIDC_ORIGINS`: more origins that the browser may ask, separated by spaces, where the provider's
    /// endpoints are not on the issuer's host.
    pub origins: Vec<String>,
}

impl ConsoleConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(&Variables::of_process())
    }

    /// Reads the given variables.
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            provider: OidcProvider::from_variables(variables)?,
            token: variables.optional("CONSOLE_TOKEN").map(str::to_owned),
        })
    }
}

impl OidcProvider {
    fn from_variables(variables: &Variables) -> Result<Option<Self>, ConfigError> {
        let Some(issuer) = variables.optional("CONSOLE_OIDC_ISSUER") else {
            return Ok(None);
        };
        if origin(issuer).is_none() {
            return Err(not_a_url("CONSOLE_OIDC_ISSUER", issuer));
        }
        let client_id = variables
            .optional("CONSOLE_OIDC_CLIENT_ID")
            .ok_or_else(|| {
                let problem = "must be set where CONSOLE_OIDC_ISSUER is";
                ConfigError::new("CONSOLE_OIDC_CLIENT_ID", problem)
            })?;
        let origins = variables
            .optional("CONSOLE_OIDC_ORIGINS")
            .unwrap_or_default();
        let origins = origins.split_whitespace().map(|url| {
            let origin = origin(url).ok_or_else(|| not_a_url("CONSOLE_OIDC_ORIGINS", url))?;
            Ok(origin.to_owned())
        });
        Ok(Some(Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            scopes: variables
                .optional("CONSOLE_OIDC_SCOPES")
                .unwrap_or("openid")
                .to_owned(),
            origins: origins.collect::<Result<_, ConfigError>>()?,
        }))
    }

    /// Every origin that the browser may ask.
    pub fn all_origins(&self) -> impl Iterator<Item = &str> {
        let origins = self.origins.iter().map(String::as_str);
        origin(&self.issuer).into_iter().chain(origins)
    }
}

fn not_a_url(variable: &str, value: &str) -> ConfigError {
    let problem = format!("must be a URL with https, but is {value:?}");
    ConfigError::new(variable, problem)
}

/// Scheme, host and port of a URL. Nothing if it is not one that a Content-Security-Policy may name: `http` is for a
/// provider on this machine.
fn origin(url: &str) -> Option<&str> {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let host = host.split('/').next().unwrap_or_default();
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    let is_valid = !host.is_empty() && host.chars().all(is_host);
    let is_local = host.starts_with("127.0.0.1:") || host.starts_with("localhost:");
    let end = url.find("://")? + 3 + host.len();
    (is_valid && (url.starts_with("https") || is_local)).then_some(&url[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(issuer: &str, origins: &str) -> Result<Option<OidcProvider>, String> {
        let variables = Variables::from([
            ("CONSOLE_OIDC_ISSUER", issuer),
            ("CONSOLE_OIDC_CLIENT_ID", "console"),
            ("CONSOLE_OIDC_ORIGINS", origins),
        ]);
        OidcProvider::from_variables(&variables).map_err(|error| error.to_string())
    }

    #[test]
    fn without_an_issuer_there_is_no_provider() {
        assert_eq!(read("", "").unwrap(), None);
    }

    #[test]
    fn the_browser_may_ask_the_issuers_origin_and_those_that_are_named() {
        let issuer = "https://id.example.com:8443/realms/staff";
        let provider = read(issuer, "https://tokens.example.com/ https://b.example");
        let provider = provider.unwrap().unwrap();
        assert_eq!(provider.scopes, "openid");
        let origins: Vec<_> = provider.all_origins().collect();
        assert_eq!(
            origins,
            [
                "https://id.example.com:8443",
                "https://tokens.example.com",
                "https://b.example"
            ]
        );
        let local = read("http://127.0.0.1:4000", "").unwrap().unwrap();
        let origins: Vec<_> = local.all_origins().collect();
        assert_eq!(origins, ["http://127.0.0.1:4000"]);
    }

    #[test]
    fn what_would_be_another_word_of_the_policy_is_refused() {
        for issuer in [
            "http://id.example.com",
            "id.example.com",
            "https://",
            "https://*",
            "https://a; script-src *",
        ] {
            let error = read(issuer, "").unwrap_err();
            assert!(error.starts_with("CONSOLE_OIDC_ISSUER must be"), "{error}");
        }
        let error = read("https://id.example.com", "https://a,b").unwrap_err();
        assert!(error.starts_with("CONSOLE_OIDC_ORIGINS must be"), "{error}");
    }

    #[test]
    fn an_issuer_needs_a_client() {
        let variables = Variables::from([("CONSOLE_OIDC_ISSUER", "https://id.example.com")]);
        let error = ConsoleConfig::from_variables(&variables).unwrap_err();
        assert!(error.to_string().starts_with("CONSOLE_OIDC_CLIENT_ID"));
    }
}
