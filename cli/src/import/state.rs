//! How far an import has come, in a small file beside the users.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context as Digest, SHA256};
use serde::{Deserialize, Serialize};

use super::record::Record;
use super::upload::Counts;
use crate::progress;

/// How much of a file's beginning tells it apart from others of the same length.
const HEAD_BYTES: u64 = 1 << 16;

/// What an import is of and how it is done: its keys are only the same if this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity(String);

/// How far an import has come.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    identity: Identity,
    /// Tells the keys of this import from those of another import of the same file.
    pub(super) id: String,
    /// The byte and the line after the last user that was dealt with.
    pub(super) offset: u64,
    pub(super) line: u64,
    pub(super) errors_length: u64,
    pub(super) rejected_length: u64,
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) skipped: u64,
    pub(super) rejected: u64,
    /// How many users were counted in the file.
    pub(super) users: u64,
}

impl Identity {
    /// Of a file and the options that matter.
    pub(super) fn of(file: &mut File, length: u64, options: &str) -> Result<Self> {
        file.rewind().context("cannot read the file")?;
        let mut head = Vec::new();
        file.take(HEAD_BYTES)
            .read_to_end(&mut head)
            .context("cannot read the file")?;
        let mut digest = Digest::new(&SHA256);
        digest.update(&length.to_be_bytes());
        digest.update(options.as_bytes());
        digest.update(&head);
        Ok(Self(URL_SAFE_NO_PAD.encode(digest.finish())))
    }
}

impl State {
    /// The state that an earlier run left.
    pub(super) fn load(path: &Path, identity: &Identity) -> Result<Option<Self>> {
        let Some(state) = progress::load::<Self>(path)? else {
            return Ok(None);
        };
        if state.identity != *identity && state.sent() == 0 {
            return Ok(None);
        }
        ensure!(
            state.identity == *identity,
            "an earlier import was interrupted, and the file or the options have changed since: \
             repeat its command, or delete {} to begin anew",
            path.display()
        );
        Ok(Some(state))
    }

    /// The state of an import that begins after the header.
    pub(super) fn new(identity: Identity, header: &Record) -> Self {
        Self {
            identity,
            id: format!("{:016x}", fastrand::u64(..)),
            offset: header.end,
            line: header.next_line,
            errors_length: 0,
            rejected_length: 0,
            created: 0,
            updated: 0,
            skipped: 0,
            rejected: 0,
            users: 0,
        }
    }

    /// Continues after a record.
    pub(super) fn continue_after(&mut self, record: &Record) {
        self.offset = record.end;
        self.line = record.next_line;
    }

    /// Counts a batch.
    pub(super) fn add(&mut self, counts: Counts, rejected: usize) {
        self.created += counts.created;
        self.updated += counts.updated;
        self.skipped += counts.skipped;
        self.rejected += rejected as u64;
    }

    /// How many users were dealt with.
    pub(super) fn sent(&self) -> u64 {
        self.created + self.updated + self.skipped + self.rejected
    }
}
