//! The role of the functions: what they need and nothing else.
//!
//! `migrate` owns the tables and makes it, so that a stolen password of the API can change users and add to the
//! log of changes, and neither alter a table nor change what the log says.

use std::num::NonZeroU32;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::{digest, hmac, pbkdf2, rand};
use sqlx::{PgConnection, raw_sql};

use crate::platform::config::{UsersMapping, UsersTable};

/// The name of one of our roles in the catalogue. The password of another one is its owner's to change.
const COMMENT: &str = "made by rollcall";

/// As PostgreSQL's own default.
const SCRAM_ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4_095);

const SALT_BYTES: usize = 16;

/// The rights, where `%2$I` is the role, `%1$I` the schema and `%3$I` the database. docs/operations.md has the
/// same, for those who make the role themselves.
const RIGHTS: [&str; 10] = [
    "GRANT CONNECT ON DATABASE %3$I TO %2$I",
    "GRANT USAGE ON SCHEMA %1$I TO %2$I",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON %1$I.users TO %2$I",
    "GRANT SELECT ON %1$I.user_count_totals, %1$I.user_count_changes, %1$I.user_signups TO %2$I",
    "GRANT EXECUTE ON FUNCTION %1$I.compact_user_counts() TO %2$I",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON %1$I.idempotency_keys TO %2$I",
    "GRANT SELECT, INSERT ON %1$I.user_audit TO %2$I",
    "GRANT EXECUTE ON FUNCTION %1$I.erase_user_from_log TO %2$I",
    "COMMENT ON ROLE %2$I IS 'made by rollcall'",
    "ALTER ROLE %2$I SET search_path = %1$I, public",
];

/// Why there is no such role.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The role was made by somebody else, or is the owner of everything.
    #[error(
        "the role of DatabaseSecretArn exists and was not made by rollcall: give it the rights of the guide, or \
         name another one"
    )]
    Foreign,
    /// The password cannot be hashed as the server would.
    #[error("the password of the role must be printable ASCII")]
    Password,
    /// The server refuses.
    #[error(transparent)]
    Query(#[from] sqlx::Error),
}

/// Makes the role, or gives it the password and the rights of today.
///
/// The server gets a hash of the password, because it may log the statement.
pub async fn ensure(
    connection: &mut PgConnection,
    users_table: &UsersTable,
    role: &str,
    password: &str,
) -> Result<(), Error> {
    let verifier = scram_verifier(password).ok_or(Error::Password)?;
    let is_ours: Option<bool> = sqlx::query_scalar(
        "SELECT coalesce(shobj_description(oid, 'pg_authid') = $2, FALSE) FROM pg_roles WHERE rolname = $1",
    )
    .bind(role)
    .bind(COMMENT)
    .fetch_optional(&mut *connection)
    .await?;
    let statement = match is_ours {
        Some(false) => return Err(Error::Foreign),
        Some(true) => "ALTER ROLE %I LOGIN PASSWORD %L",
        None => "CREATE ROLE %I LOGIN PASSWORD %L",
    };
    let statement: String = sqlx::query_scalar("SELECT format($1, $2::text, $3::text)")
        .bind(statement)
        .bind(role)
        .bind(verifier)
        .fetch_one(&mut *connection)
        .await?;
    raw_sql(&statement).execute(&mut *connection).await?;
    grant(connection, users_table, role).await
}

async fn grant(
    connection: &mut PgConnection,
    users_table: &UsersTable,
    role: &str,
) -> Result<(), Error> {
    let schema = users_table.mapping().map(|_| UsersMapping::SCHEMA);
    let mut statements: Vec<String> = sqlx::query_scalar(
        "SELECT format(statement, coalesce($1, current_schema()), $2::text, current_database())
         FROM unnest($3::text[]) AS statement",
    )
    .bind(schema)
    .bind(role)
    .bind(RIGHTS.as_slice())
    .fetch_all(&mut *connection)
    .await?;
    if schema.is_none() {
        let sequence: Option<String> = sqlx::query_scalar(
            "SELECT format('GRANT USAGE ON SEQUENCE %s TO %I', pg_get_serial_sequence('users', 'id'), $1::text)
             WHERE pg_get_serial_sequence('users', 'id') IS NOT NULL",
        )
        .bind(role)
        .fetch_optional(&mut *connection)
        .await?;
        statements.extend(sequence);
    }
    for statement in statements {
        raw_sql(&statement).execute(&mut *connection).await?;
    }
    Ok(())
}

/// What PostgreSQL stores of a password (RFC 5803).
fn scram_verifier(password: &str) -> Option<String> {
    let salt: [u8; SALT_BYTES] = rand::generate(&rand::SystemRandom::new()).ok()?.expose();
    // Other passwords would have to be normalized first.
    let is_plain =
        !password.is_empty() && password.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    is_plain.then(|| verifier_with(password, &salt))
}

fn verifier_with(password: &str, salt: &[u8]) -> String {
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(
        algorithm,
        SCRAM_ITERATIONS,
        salt,
        password.as_bytes(),
        &mut salted,
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    format!(
        "SCRAM-SHA-256${SCRAM_ITERATIONS}:{}${}:{}",
        BASE64.encode(salt),
        BASE64.encode(stored),
        BASE64.encode(hmac::sign(&key, b"Server Key"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_would_have_to_be_normalized_is_refused() {
        assert!(scram_verifier("correct horse 1!").is_some());
        for password in ["", "pässword", "tab\t"] {
            assert_eq!(scram_verifier(password), None, "{password:?}");
        }
    }

    #[test]
    fn two_roles_with_one_password_store_different_things() {
        assert_ne!(scram_verifier("password"), scram_verifier("password"));
    }
}
