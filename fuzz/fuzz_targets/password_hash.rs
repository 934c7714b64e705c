//! A hash that an import brings along.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::users::{AcceptedHashes, FieldValue, NewUser, RawUser, UserField};

fuzz_target!(|data: &str| {
    let mut row = RawUser::default();
    row.set(
        UserField::Email,
        FieldValue::Text("a@example.com".to_owned()),
    );
    row.set(UserField::Username, FieldValue::Text("a".to_owned()));
    row.set(UserField::PasswordHash, FieldValue::Text(data.to_owned()));
    let _ = NewUser::parse(row, AcceptedHashes::all());
});
