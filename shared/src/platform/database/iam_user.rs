//! Roles of the database without a password: they log in with a token that IAM's key signs.
//!
//! A token is valid for 15 minutes and made for each connection, without a call to AWS.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4::SigningParams,
};
use form_urlencoded::byte_serialize;

use crate::platform::{
    config::{ConfigError, Variables},
    error::Error,
};

/// What RDS accepts at most.
const VALIDITY: Duration = Duration::from_mins(15);

const OPERATION: &str = "signing a token for the database";

/// Who logs in, and the key of this environment's role.
#[derive(Clone)]
pub struct IamUser {
    user: String,
    region: String,
    credentials: Credentials,
}

impl IamUser {
    /// Takes region and key from where Lambda puts them.
    pub(super) fn new(user: &str, variables: &Variables) -> Result<Self, ConfigError> {
        let required = |name: &str| {
            let value = variables.optional(name).map(str::to_owned);
            value.ok_or_else(|| ConfigError::new(name, "is not set, which DATABASE_IAM_USER needs"))
        };
        Ok(Self {
            user: user.to_owned(),
            region: required("AWS_REGION")?,
            credentials: Credentials::new(
                required("AWS_ACCESS_KEY_ID")?,
                required("AWS_SECRET_ACCESS_KEY")?,
                variables.optional("AWS_SESSION_TOKEN").map(str::to_owned),
                None,
                "environment",
            ),
        })
    }

    /// The token, which takes the place of a password.
    pub(super) fn token(&self, host: &str, port: u16, now: SystemTime) -> Result<String, Error> {
        let identity = self.credentials.clone().into();
        let mut settings = SigningSettings::default();
        settings.expires_in = Some(VALIDITY);
        settings.signature_location = SignatureLocation::QueryParams;
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("rds-db")
            .time(now)
            .settings(settings)
            .build()
            .map_err(|error| Error::internal(OPERATION, error))?
            .into();
        let user: String = byte_serialize(self.user.as_bytes()).collect();
        let mut token = format!("{host}:{port}/?Action=connect&DBUser={user}");
        let url = format!("https://{token}");
        let body = SignableBody::Bytes(&[]);
        let request = SignableRequest::new("GET", &url, std::iter::empty(), body)
            .map_err(|error| Error::internal(OPERATION, error))?;
        let signed =
            sign(request, &parameters).map_err(|error| Error::internal(OPERATION, error))?;
        for (name, value) in signed.output().params() {
            token.push('&');
            token.push_str(name);
            token.push('=');
            token.extend(byte_serialize(value.as_bytes()));
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::UNIX_EPOCH};

    use super::*;

    /// What botocore 1.43 makes of the same (`generate_db_auth_token`), but for the order of the parameters.
    const BY_BOTOCORE: &str = "proxy.c1a2b3.eu-central-1.rds.amazonaws.com:5432/?Action=connect&\
        DBUser=rollcall_app&X-Amz-Algorithm=AWS4-HMAC-SHA256&\
        X-Amz-Credential=AKIDEXAMPLE%2F20261126%2Feu-central-1%2Frds-db%2Faws4_request&\
        X-Amz-Date=20261126T113910Z&X-Amz-SignedHeaders=host&X-Amz-Expires=900&\
        X-Amz-Security-Token=session%2Ftoken%2Bwith%3Dsigns&\
        X-Amz-Signature=2ae7ec4f4f90490f189e242af601f053e47608aea74bc0081f5e183fe0a463b9";

    fn variables() -> Variables {
        Variables::from([
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            (
                "AWS_SECRET_ACCESS_KEY",
                "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            ),
            ("AWS_SESSION_TOKEN", "session/token+with=signs"),
        ])
    }

    #[test]
    fn a_token_is_the_one_that_the_sdk_of_another_language_makes() {
        let user = IamUser::new("rollcall_app", &variables()).unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(1_795_693_150);
        let host = "proxy.c1a2b3.eu-central-1.rds.amazonaws.com";
        let token = user.token(host, 5432, now).unwrap();
        let parts =
            |text: &str| -> BTreeSet<String> { text.split('&').map(str::to_owned).collect() };
        assert_eq!(parts(&token), parts(BY_BOTOCORE));
    }

    #[test]
    fn a_variable_that_lambda_did_not_set_is_named() {
        let error = IamUser::new("rollcall_app", &variables().with("AWS_REGION", ""));
        let error = error.err().unwrap().to_string();
        assert!(error.starts_with("AWS_REGION is not set"), "{error}");
    }
}
