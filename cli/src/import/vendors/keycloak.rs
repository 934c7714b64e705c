//! Keycloak: exports of a realm, and lists of its administration API.

use serde_json::{Value, json};

use super::read::{Found, joined, scalar, text, time, untrimmed};
use super::{Context, Rule, Vendor};
use crate::import::field::Field;
use crate::import::row::Row;

pub(super) const KEYCLOAK: Vendor = Vendor {
    name: "Keycloak",
    signs: &[
        &["username", "emailVerified", "enabled"],
        &["username", "createdTimestamp"],
        &["username", "credentials", "enabled"],
    ],
    rules: &[
        Rule::new(Field::Email, &["email"], text),
        Rule::new(Field::Username, &["username"], text),
        Rule::new(Field::FullName, &["firstName", "lastName"], joined),
        Rule::new(Field::Password, &["credentials"], plain_password),
        Rule::new(Field::PasswordHash, &["credentials"], password_hash),
        Rule::new(Field::IsActive, &["enabled"], text),
        Rule::new(Field::CreatedAt, &["createdTimestamp"], time),
    ],
    left_out: service_account,
    ..Vendor::DEFAULT
};

fn service_account(row: &Row) -> Option<&'static str> {
    scalar(&row.get("serviceAccountClientId")).map(|_| "service account")
}

fn password_credential<'f>(found: &'f Found<'_>) -> Option<&'f Value> {
    let mut credentials = found.first()?.as_array()?.iter();
    credentials.find(|credential| credential["type"] == "password")
}

/// A password in a file that was written by hand. No export has one.
fn plain_password(found: &Found<'_>, _: &Context) -> Option<String> {
    untrimmed(&password_credential(found)?["value"])
}

/// What hashes a password: the secret and how it is made.
fn secret_and_data(credential: &Value) -> Option<(Value, Value)> {
    // Before version 8, both were members of the credential itself.
    if let Some(hash) = credential["hashedSaltedValue"].as_str() {
        let secret = json!({ "value": hash, "salt": credential["salt"] });
        return Some((secret, credential.clone()));
    }
    let part =
        |name: &str| -> Option<Value> { serde_json::from_str(credential[name].as_str()?).ok() };
    Some((part("secretData")?, part("credentialData")?))
}

/// The hash as a PHC string. One that has no such form is given as it is, so that the API names it.
fn password_hash(found: &Found<'_>, _: &Context) -> Option<String> {
    let (secret, data) = secret_and_data(password_credential(found)?)?;
    let hash = secret["value"].as_str()?;
    let (salt, digest) = (
        unpadded(secret["salt"].as_str().unwrap_or_default()),
        unpadded(hash),
    );
    let algorithm = data["algorithm"].as_str()?;
    let iterations = &data["hashIterations"];
    if algorithm == "argon2" {
        let parameter = |name: &str| scalar(&data["additionalParameters"][name][0]);
        let kind = parameter("type").unwrap_or_else(|| "id".to_owned());
        let memory = parameter("memory")?;
        let lanes = parameter("parallelism")?;
        let version = if parameter("version").as_deref() == Some("1.0") {
            16
        } else {
            19
        };
        return Some(format!(
            "$argon2{kind}$v={version}$m={memory},t={iterations},p={lanes}${salt}${digest}"
        ));
    }
    let name = match algorithm {
        "pbkdf2" => "pbkdf2-sha1",
        "pbkdf2-sha256" | "pbkdf2-sha512" => algorithm,
        _ => return Some(hash.to_owned()),
    };
    let length = digest.len() * 3 / 4;
    Some(format!("${name}$i={iterations},l={length}${salt}${digest}"))
}

fn unpadded(base64: &str) -> &str {
    base64.trim_end_matches('=')
}
