//! One part of an export, written user by user.

use std::fmt::Write as _;

use ring::digest;
use serde_json::Value;
use shared::{
    platform::{config::ExtraFields, error::Error, http::envelope::bytes_in_envelope},
    users::User,
};

/// What a part may take of an answer of Lambda, which is 6 MB.
const MAX_BYTES: usize = 5_000_000;

/// Room for the last line.
const END_BYTES: usize = 200;

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

/// A part.
pub(super) struct Part {
    format: Format,
    extra: ExtraFields,
    pub(super) body: String,
    bytes: usize,
    pub(super) progress: Progress,
}

impl Part {
    pub(super) fn new(
        format: Format,
        extra: ExtraFields,
        progress: Progress,
        is_first: bool,
    ) -> Self {
        let mut body = String::new();
        if is_first && matches!(format, Format::Csv { .. }) {
            body.push_str(COLUMNS);
            body.extend(extra.iter().flat_map(|field| [",", field.name]));
            body.push_str("\r\n");
        }
        Self {
            bytes: bytes_in_envelope(&body),
            format,
            extra,
            body,
            progress,
        }
    }

    /// Adds a user. Says whether there was room.
    pub(super) fn push(&mut self, user: &User) -> Result<bool, Error> {
        let record = match self.format {
            Format::Ndjson => {
                let line = serde_json::to_string(user)
                    .map_err(|error| Error::internal("writing the response", error))?;
                line + "\n"
            }
            Format::Csv { is_guarded } => csv(user, self.extra, is_guarded),
        };
        let bytes = bytes_in_envelope(&record);
        if self.bytes + bytes > MAX_BYTES - END_BYTES {
            return Ok(false);
        }
        self.bytes += bytes;
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

impl Progress {
    pub(super) fn hex(&self) -> String {
        self.digest.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

fn csv(user: &User, fields: ExtraFields, is_guarded: bool) -> String {
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
    } = user;
    let text = |text: &Option<String>| cell(text.as_deref().unwrap_or_default(), is_guarded);
    let time = |time: &Option<chrono::DateTime<chrono::Utc>>| {
        time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
            .unwrap_or_default()
    };
    let extra = fields.iter().map(|field| {
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
    let cells: Vec<_> = cells.into_iter().chain(extra).collect();
    cells.join(",") + "\r\n"
}

fn cell(text: &str, is_guarded: bool) -> String {
    let guard = if is_guarded && text.starts_with(GUARDED) {
        "'"
    } else {
        ""
    };
    // A name may be NULL, which is none without quotes.
    let is_quoted = text.contains([',', ';', '"', '\r', '\n', '\t']) || text == "NULL";
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
        assert_eq!(cell("NULL", false), "\"NULL\"");
    }
}
