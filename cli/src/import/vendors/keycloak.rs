//! Keycloak: exports of a realm, and lists of its administration API.

use serde_json::Value;

use super::read::{Found, joined, scalar, text, time};
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

/// The hash as a PHC string. One that has no such form is given as it is, so that the API names it.
fn password_hash(found: &Found<'_>, _: &Context) -> Option<String> {
    let credentials = found.first()?.as_array()?;
    let credential = credentials
        .iter()
        .find(|credential| credential["type"] == "password")?;
    let part =
        |name: &str| -> Option<Value> { serde_json::from_str(credential[name].as_str()?).ok() };
    let (secret, data) = (part("secretData")?, part("credentialData")?);
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
