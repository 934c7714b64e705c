//! One part of an export, written user by user.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
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
    pub(super) body: String,
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
        let mut body = String::new();
        if is_first && matches!(format, Format::Csv { .. }) {
            body.push_str(COLUMNS);
            if has_hashes {
                body.extend([",", PASSWORD_HASH]);
            }
            body.extend(extra.iter().flat_map(|field| [",", field.name]));
            body.push_str("\r\n");
        }
        Self {
            bytes: bytes_in_envelope(&body),
            users: 0,
            format,
            has_hashes,
            extra,
            body,
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
        let record = match self.format {
            Format::Ndjson => {
                let line = if self.has_hashes {
                    serde_json::to_string(&WithHash::from(exported))
                } else {
                    serde_json::to_string(&exported.user)
                };
                line.map_err(|error| Error::internal("writing the response", error))? + "\n"
            }
            Format::Csv { is_guarded } => self.csv(exported, is_guarded),
        };
        let bytes = bytes_in_envelope(&record);
        if self.bytes + bytes > MAX_BYTES - END_BYTES {
            return Ok(false);
        }
        self.bytes += bytes;
        self.users += 1;
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.progress.digest);
        context.update(record.as_bytes());
        self.progress
            .digest
            .copy_from_slice(context.finish().as_ref());
        self.progress.count += 1;
        self.body.push_str(&record);
        Ok(true)
    }

    fn csv(&self, exported: &ExportedUser, is_guarded: bool) -> String {
        let User {
            id,
            email,
            username,
            full_name,
            is_active,
            is_superuser,
            created_at,
            updated_at,
            extra,
        } = &exported.user;
        let text = |text: &Option<String>| cell(text.as_deref().unwrap_or_default(), is_guarded);
        let time = |time: &Option<DateTime<Utc>>| {
            time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
                .unwrap_or_default()
        };
        let hash = self.has_hashes.then(|| text(&exported.password_hash));
        let extra = self.extra.iter().map(|field| {
            let text = match extra.get(field.name) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            };
            cell(&text, is_guarded)
        });
        let cells = [
            cell(&id.to_string(), is_guarded),
            text(email),
            text(username),
            text(full_name),
            is_active.to_string(),
            is_superuser.to_string(),
            time(created_at),
            time(updated_at),
        ];
        let cells: Vec<_> = cells.into_iter().chain(hash).chain(extra).collect();
        cells.join(",") + "\r\n"
    }

    /// Adds the last line of an export, where the format has a place for one.
    pub(super) fn end(&mut self) {
        if self.format == Format::Ndjson {
            let Progress { count, .. } = self.progress;
            let digest = self.progress.hex();
            // The import knows the line by its beginning.
            let line = format!("{{\"end\":true,\"count\":{count},\"digest\":\"{digest}\"}}\n");
            self.body.push_str(&line);
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

fn cell(text: &str, is_guarded: bool) -> String {
    let guard = if is_guarded && text.starts_with(GUARDED) {
        "'"
    } else {
        ""
    };
    // A name may be NULL, or what clients of databases write for it. Without quotes, imports take these for none.
    let may_be_null = text == "NULL" || text.starts_with(['[', '<', '(', '#']);
    let is_quoted = text.contains([',', ';', '"', '\r', '\n', '\t']) || may_be_null;
    if is_quoted {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
