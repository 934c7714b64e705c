//! One part of an export, written user by user.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use chrono::SecondsFormat;
use ring::digest;
use serde::Serialize;
use serde_json::Value;
use shared::{
    platform::{config::ExtraFields, error::Error, http::envelope::bytes_in_envelope},
    store::users::ExportedUser,
    users::User,
};

use super::PASSWORD_HASH;

/// What a part may take of an answer of Lambda, which is 6 MB.
const MAX_BYTES: usize = 5_000_000;

/// Room for the last line.
const END_BYTES: usize = 200;

/// How many users are looked at by one statement, which takes some 1 MB.
const MAX_WINDOW: i64 = 5_000;

/// Where few of those who are looked at are wanted, the end of a part is not looked for one by one.
const MIN_WINDOW: i64 = 500;

const COLUMNS: &str = "id,email,username,full_name,is_active,is_superuser,created_at,updated_at";

/// What spreadsheets take for the beginning of a formula, and the guard itself, so that one is always taken
/// away again.
const GUARDED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// How users are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Ndjson,
    Csv {
        /// Whether no cell may be taken for a formula.
        is_guarded: bool,
    },
}

/// How far an export is: how many users it has, and a digest of them. The digest begins with zeros, and
/// becomes that of itself and the next record, so that it does not depend on where parts end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) count: u64,
    pub(super) digest: [u8; digest::SHA256_OUTPUT_LEN],
}

/// A user and the password hash as a line.
#[derive(Serialize)]
struct WithHash<'u> {
    #[serde(flatten)]
    user: &'u User,
    password_hash: Option<&'u str>,
}

/// A part.
pub(super) struct Part {
    format: Format,
    has_hashes: bool,
    extra: ExtraFields,
    pub(super) body: Vec<u8>,
    /// The last user, as written.
    record: Vec<u8>,
    bytes: usize,
    users: usize,
    pub(super) progress: Progress,
}

impl Part {
    pub(super) fn new(
        format: Format,
        has_hashes: bool,
        extra: ExtraFields,
        progress: Progress,
        is_first: bool,
    ) -> Self {
        let mut header = String::new();
        if is_first && matches!(format, Format::Csv { .. }) {
            header.push_str(COLUMNS);
            if has_hashes {
                header.extend([",", PASSWORD_HASH]);
            }
            header.extend(extra.iter().flat_map(|field| [",", field.name]));
            header.push_str("\r\n");
        }
        let body = header.into_bytes();
        Self {
            bytes: bytes_in_envelope(&body),
            users: 0,
            format,
            has_hashes,
            extra,
            body,
            record: Vec::new(),
            progress,
        }
    }

    /// How many users should be looked at next. Those for whom there is no room are read again for the next part,
    /// so these are a few more than fit if they are like those of the part.
    pub(super) fn room(&self) -> i64 {
        self.fit().clamp(MIN_WINDOW, MAX_WINDOW)
    }

    /// How many should be looked at after this many others; `None` if the part should be full with these.
    pub(super) fn room_after(&self, others: usize) -> Option<i64> {
        let others = i64::try_from(others).ok()?;
        let users = self.fit().saturating_sub(others);
        (users >= MIN_WINDOW).then_some(users.min(MAX_WINDOW))
    }

    /// How many users like those of the part there is room for, and a few more.
    fn fit(&self) -> i64 {
        if self.users == 0 {
            return i64::MAX;
        }
        let room = (MAX_BYTES - END_BYTES).saturating_sub(self.bytes);
        let users = room * self.users / self.bytes;
        i64::try_from(users + users / 50).unwrap_or(i64::MAX)
    }

    /// Adds a user. Says whether there was room.
    pub(super) fn push(&mut self, exported: &ExportedUser) -> Result<bool, Error> {
        self.write_record(exported)
            .map_err(|error| Error::internal("writing the response", error))?;
        let bytes = bytes_in_envelope(&self.record);
        if self.bytes + bytes > MAX_BYTES - END_BYTES {
            return Ok(false);
        }
        self.bytes += bytes;
        self.users += 1;
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.progress.digest);
        context.update(&self.record);
        self.progress
            .digest
            .copy_from_slice(context.finish().as_ref());
        self.progress.count += 1;
        self.body.extend_from_slice(&self.record);
        Ok(true)
    }

    fn write_record(&mut self, exported: &ExportedUser) -> io::Result<()> {
        let record = &mut self.record;
        record.clear();
        match self.format {
            Format::Ndjson if self.has_hashes => {
                serde_json::to_writer(&mut *record, &WithHash::from(exported))?;
            }
            Format::Ndjson => serde_json::to_writer(&mut *record, &exported.user)?,
            Format::Csv { is_guarded } => {
                return write_row(record, exported, self.has_hashes, self.extra, is_guarded);
            }
        }
        record.push(b'\n');
        Ok(())
    }

    /// Adds the last line of an export, where the format has a place for one.
    pub(super) fn end(&mut self) {
        if self.format == Format::Ndjson {
            let Progress { count, .. } = self.progress;
            let digest = self.progress.hex();
            // The import knows the line by its beginning.
            let line = format!("{{\"end\":true,\"count\":{count},\"digest\":\"{digest}\"}}\n");
            self.body.extend_from_slice(line.as_bytes());
        }
    }
}

impl<'u> From<&'u ExportedUser> for WithHash<'u> {
    fn from(exported: &'u ExportedUser) -> Self {
        Self {
            user: &exported.user,
            password_hash: exported.password_hash.as_deref(),
        }
    }
}

impl Progress {
    pub(super) fn hex(&self) -> String {
        self.digest.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

fn write_row(
    row: &mut Vec<u8>,
    exported: &ExportedUser,
    has_hash: bool,
    extra: ExtraFields,
    is_guarded: bool,
) -> io::Result<()> {
    let User {
        id,
        email,
        username,
        full_name,
        is_active,
        is_superuser,
        created_at,
        updated_at,
        extra: values,
    } = &exported.user;
    write_cell(row, &id.to_string(), is_guarded);
    for text in [email, username, full_name] {
        row.push(b',');
        write_cell(row, text.as_deref().unwrap_or_default(), is_guarded);
    }
    write!(row, ",{is_active},{is_superuser}")?;
    for time in [created_at, updated_at] {
        row.push(b',');
        if let Some(time) = time {
            let time = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            row.extend_from_slice(time.as_bytes());
        }
    }
    if has_hash {
        let hash = exported.password_hash.as_deref();
        row.push(b',');
        write_cell(row, hash.unwrap_or_default(), is_guarded);
    }
    for field in extra.iter() {
        row.push(b',');
        match values.get(field.name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => write_cell(row, text, is_guarded),
            Some(value) => write_cell(row, &value.to_string(), is_guarded),
        }
    }
    row.extend_from_slice(b"\r\n");
    Ok(())
}

fn write_cell(row: &mut Vec<u8>, text: &str, is_guarded: bool) {
    let guard = if is_guarded && text.starts_with(GUARDED) {
        "'"
    } else {
        ""
    };
    // A name may be NULL, or what clients of databases write for it. Without quotes, imports take these for none.
    let may_be_null = text == "NULL" || text.starts_with(['[', '<', '(', '#']);
    let is_quoted = text.contains([',', ';', '"', '\r', '\n', '\t']) || may_be_null;
    if is_quoted {
        let text = text.replace('"', "\"\"");
        row.extend_from_slice(format!("\"{guard}{text}\"").as_bytes());
    } else {
        row.extend_from_slice(guard.as_bytes());
        row.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, is_guarded: bool) -> String {
        let mut row = Vec::new();
        write_cell(&mut row, text, is_guarded);
        String::from_utf8(row).unwrap()
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_guarded_once_and_only_if_asked() {
        for (text, guarded) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("'quoted", "''quoted"),
            ("\tx", "\"'\tx\""),
            ("O'Neil", "O'Neil"),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
        ] {
            assert_eq!(cell(text, true), guarded);
        }
        assert_eq!(cell("=1+1", false), "=1+1");
        for name in ["NULL", "[NULL]", "<null>", "(null)", "#N/A"] {
            assert_eq!(cell(name, false), format!("\"{name}\""));
        }
    }
}
