//! Firebase: what `firebase auth:export` writes as JSON, and as CSV without a header row.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::read::{Found, none_set, scalar, text, time};
use super::{Context, Rule, Vendor};
use crate::import::field::Field;
use crate::import::row::Row;

pub(super) const FIREBASE: Vendor = Vendor {
    name: "Firebase",
    signs: &[&["localId", "createdAt"], &["localId", "emailVerified"]],
    rules: &[
        Rule::new(
            Field::Email,
            &[
                "email",
                "providerUserInfo.0.email",
                "googleEmail",
                "facebookEmail",
                "twitterEmail",
                "githubEmail",
            ],
            text,
        ),
        Rule::new(
            Field::FullName,
            &["displayName", "providerUserInfo.0.displayName"],
            text,
        ),
        Rule::new(
            Field::PasswordHash,
            &["passwordHash", "salt"],
            password_hash,
        ),
        Rule::new(Field::IsActive, &["disabled"], none_set),
        Rule::new(Field::CreatedAt, &["createdAt"], time),
    ],
    columns: &[
        "localId",
        "email",
        "emailVerified",
        "passwordHash",
        "salt",
        "displayName",
        "photoUrl",
        "googleId",
        "googleEmail",
        "googleDisplayName",
        "googlePhotoUrl",
        "facebookId",
        "facebookEmail",
        "facebookDisplayName",
        "facebookPhotoUrl",
        "twitterId",
        "twitterEmail",
        "twitterDisplayName",
        "twitterPhotoUrl",
        "githubId",
        "githubEmail",
        "githubDisplayName",
        "githubPhotoUrl",
        "createdAt",
        "lastSignedInAt",
        "phoneNumber",
        "disabled",
        "customAttributes",
    ],
    left_out: anonymous,
    ..Vendor::DEFAULT
};

/// Stands for a hash that nobody can verify without the parameters.
pub(in crate::import) const UNVERIFIABLE: &str = "a hash of Firebase without its parameters";

/// What a project's hashes are verified with. The console shows it, and no export has it.
#[derive(Debug, Clone)]
pub(in crate::import) struct HashParameters {
    signer_key: String,
    salt_separator: String,
    rounds: u32,
    mem_cost: u32,
}

impl HashParameters {
    /// Reads what the console shows, as `name: value` lines or as JSON.
    pub(in crate::import) fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| {
            format!(
                "{} does not have base64_signer_key, base64_salt_separator, rounds and mem_cost, as the console of \
                 Firebase shows them",
                path.display()
            )
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let (_, rest) = text.split_once(name)?;
            let rest = rest.trim_start_matches(|character: char| {
                character.is_whitespace() || "\":".contains(character)
            });
            let end = rest
                .find(|character: char| character.is_whitespace() || "\",}".contains(character));
            Some(rest[..end.unwrap_or(rest.len())].to_owned())
        };
        Some(Self {
            signer_key: value("base64_signer_key")?,
            salt_separator: value("base64_salt_separator")?,
            rounds: value("rounds")?.parse().ok()?,
            mem_cost: value("mem_cost")?.parse().ok()?,
        })
    }
}

/// The writing of Ory Kratos, which has all that is needed to verify a password.
fn password_hash(found: &Found<'_>, context: &Context) -> Option<String> {
    let [hash, salt] = found else {
        return None;
    };
    let (hash, salt) = (scalar(hash)?, scalar(salt)?);
    let Some(parameters) = &context.hash_parameters else {
        return Some(UNVERIFIABLE.to_owned());
    };
    let HashParameters {
        signer_key,
        salt_separator,
        rounds,
        mem_cost,
    } = parameters;
    Some(format!(
        "$firescrypt$ln={mem_cost},r={rounds},p=1${salt}${hash}${salt_separator}${signer_key}"
    ))
}

fn anonymous(row: &Row) -> Option<&'static str> {
    let has = |name: &str| scalar(&row.get(name)).is_some();
    let is_known = [
        "email",
        "phoneNumber",
        "googleId",
        "facebookId",
        "twitterId",
        "githubId",
        "providerUserInfo.0.providerId",
    ]
    .into_iter()
    .any(has);
    (!is_known).then_some("anonymous account")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_the_console_shows_them_and_as_json() {
        for text in [
            "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: a+b/c==,\n  base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n",
            r#"{"base64_signer_key":"a+b/c==","base64_salt_separator":"Bw==","rounds":8,"mem_cost":14}"#,
        ] {
            let found = HashParameters::parse(text).unwrap();
            assert_eq!(
                (found.signer_key.as_str(), found.salt_separator.as_str()),
                ("a+b/c==", "Bw==")
            );
            assert_eq!((found.rounds, found.mem_cost), (8, 14));
        }
        assert!(HashParameters::parse("rounds: 8").is_none());
    }
}
