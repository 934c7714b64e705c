//! `docs/errors.md` has every error.

use std::collections::BTreeSet;

use shared::platform::error::Error;
use shared::users::{AcceptedHashes, Located, RawUser, UserFields, parse_batch};

use crate::written::assert_written;

const HEAD: &str = "\
# Errors

Written by `cargo xtask openapi` from the code; a test holds it there.

Every error is a JSON object with `error` (a stable word for programs), `message` (for people, may
change) and `request_id` (finds it in the log). Some have `details`, one entry for every bad row and
field: `index` (the row of an import, from 0), `line` (in NDJSON and CSV), `field` (`null` if the whole
row is meant), `code` and `message`. 412 has the user as it is now in `current`, and 409 `referenced` the tables
in `references`.

| status | `error` | `message`, for example | what to do |
|---|---|---|---|
";

const TAIL: &str = "
429 is for deployments with a limit. All answers to a caller who is counted have the headers `RateLimit` and
`RateLimit-Policy`.

## Codes in details

| `code` | meaning |
|---|---|
| `required` | the field is missing, or is to be removed from a user who needs it |
| `invalid_type` | the value is of another type: a number where there should be text, for example |
| `invalid_format` | the value breaks the rules of its field; `message` says which |
| `invalid_json` | the row is not valid JSON (NDJSON) |
| `wrong_cell_count` | the row has more or fewer cells than the header (CSV) |
| `unknown_field` | the row has a field that users do not have |
| `duplicate_field` | the row has a field twice |
| `too_short`, `too_long` | the value has too few or too many characters or bytes |
| `too_weak` | the password is one that anybody would guess |
| `out_of_range` | the password hash would cost too much to verify |
| `not_allowed` | `password` and `password_hash` are both given, a field cannot be changed, or the table does not take the value |
| `duplicate_in_request` | an earlier row of the same request has the value too |
| `already_exists` | a stored user has the value |
";

/// Those of all endpoints, and those of users.
fn catalogue() -> Vec<Error> {
    let mut errors = shared::platform::openapi::catalogue();
    errors.extend(users::openapi::errors());
    errors
}

#[test]
fn every_error_is_in_the_catalogue() {
    let mut errors = catalogue();
    errors.sort_by_key(|error| {
        let public = error.public();
        (public.status, public.code)
    });
    let rows: Vec<_> = errors.iter().map(row).collect();
    let text = [HEAD, &rows.concat(), TAIL].concat();
    assert_written("docs/errors.md", &text);
}

#[test]
fn the_catalogue_has_every_kind_of_error_once() {
    let mut codes: Vec<_> = catalogue()
        .iter()
        .map(|error| error.public().code)
        .collect();
    codes.sort_unstable();
    let mut distinct = codes.clone();
    distinct.dedup();
    assert_eq!(codes, distinct);
    assert_eq!(codes.len(), 23, "one for each code that `advice` knows");
}

#[test]
fn every_code_of_a_bad_row_is_in_the_catalogue() {
    let long = "x".repeat(300);
    let rows = [
        r#"{"email":1,"username":"a b"}"#.to_owned(),
        r#"{"email":"a@example.com","username":"a","password":"short","extra":1}"#.to_owned(),
        r#"{"email":"b@example.com","email":"b@example.com","username":"b"}"#.to_owned(),
        r#"{"email":"c@example.com","username":"C","password":"password","password_hash":"$md5$x"}"#
            .to_owned(),
        r#"{"email":"C@example.com","username":"c","password":"correct horse",
            "password_hash":"$2b$31$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"}"#
            .to_owned(),
        r#"{"email":"d@example.com","username":"d","password":"correct horse",
            "password_hash":"$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"}"#
            .to_owned(),
        format!(r#"{{"email":"{long}@example.com"}}"#),
        "nonsense".to_owned(),
    ];
    let rows = rows.iter().enumerate().map(|(index, row)| Located {
        index,
        line: None,
        value: RawUser::from_json(row),
    });
    let details = parse_batch(rows.collect(), AcceptedHashes::NONE, UserFields::ALL).unwrap_err();
    let codes: BTreeSet<_> = details.listed().iter().map(|detail| detail.code).collect();
    assert_eq!(codes.len(), 12, "{codes:?}");
    for code in codes {
        assert!(TAIL.contains(&format!("`{code}`")), "{code} is missing");
    }
}

fn row(error: &Error) -> String {
    let public = error.public();
    let (status, code, message) = (public.status.as_u16(), public.code, &public.message);
    let advice = advice(error);
    format!("| {status} | `{code}` | {message} | {advice} |\n")
}

/// A new kind of error does not compile before it is here.
fn advice(error: &Error) -> &'static str {
    match error {
        Error::InvalidRequest { .. } => "Change the request: `message` says what is allowed.",
        Error::Unauthorized { .. } => "Send a token that is valid now, of a user who is active.",
        Error::Forbidden => "Ask a superuser.",
        Error::NotConfigured { .. } => {
            "Ask the operator to change the setting that `message` names."
        }
        Error::NotFound { .. } => "Check the path, or the id in it.",
        Error::MethodNotAllowed { .. } => "Use a method of the header `Allow`.",
        Error::Conflict { .. } => {
            "See `details`; leave the rows out, or send `on_conflict=skip` or `update`. Where there are \
             none, `message` names a rule of the table itself: ask its owner."
        }
        Error::NotPossible { .. } => "Do what `message` says.",
        Error::PreconditionFailed { .. } => {
            "Look at `current`, and send the change again with its `ETag` if you still want it."
        }
        Error::IdempotencyInProgress | Error::RateLimited { .. } => {
            "Send the same again after `Retry-After` seconds."
        }
        Error::IdempotencyMismatch => "Use a key of its own for every request.",
        Error::TooLarge { .. } => "Send less at once: `message` says the limit.",
        Error::UnsupportedMediaType { .. } => "Send a format that is read, and say so.",
        Error::ValidationFailed { .. } => {
            "Correct the rows in `details`; nothing was stored. Where there are none, `message` names a \
             rule of the table itself: ask its owner."
        }
        // Its codes are those of the two above.
        Error::RefusedByTable(_) => "Ask the owner of the table.",
        Error::NothingDone { refusal, .. } => advice(refusal),
        Error::DatabaseUnavailable(_) => {
            "Try again after `Retry-After` seconds; an import under an `Idempotency-Key` only."
        }
        Error::Timeout { .. } => {
            "Ask for less, or try again; an import under an `Idempotency-Key` only."
        }
        Error::Internal { .. } => "Tell the operator the `request_id`.",
    }
}
