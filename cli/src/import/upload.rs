//! One request of an import, and what the API makes of it.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;

use crate::api::{Api, Request, Response};

/// Where batches go, and how.
pub(super) struct Upload<'a> {
    pub(super) api: &'a Api,
    pub(super) content_type: &'static str,
    pub(super) on_conflict: String,
    /// With commas between them.
    pub(super) accept_hashes: String,
    pub(super) keep_ids: bool,
    pub(super) is_dry_run: bool,
    pub(super) is_gzip: bool,
}

/// What the API makes of a batch.
pub(super) enum Answer {
    /// It is imported, now or by an earlier request with this key.
    Done(Counts),
    /// It would be accepted in smaller parts.
    TooLarge(Response),
    /// Some of its rows are bad.
    Rejected(Response, Vec<Reason>),
}

/// How many users were created, updated and skipped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Counts {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) skipped: u64,
}

/// One thing that is wrong with a row.
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    pub(super) index: usize,
    pub(super) field: Option<String>,
    pub(super) code: String,
    pub(super) message: String,
}

#[derive(Default, Deserialize)]
struct Details {
    #[serde(default)]
    details: Vec<Reason>,
}

impl Upload<'_> {
    /// Sends a batch under a key until there is an answer to it.
    pub(super) fn send(&self, key: &str, body: &[u8]) -> Result<Answer> {
        let compressed;
        let body = if self.is_gzip {
            compressed = gzip(body).context("cannot compress the batch")?;
            &compressed
        } else {
            body
        };
        let request = Request::post("/api/v1/users/bulk", body)
            .query("on_conflict", Some(&self.on_conflict))
            .query(
                "accept_hashes",
                Some(&self.accept_hashes).filter(|names| !names.is_empty()),
            )
            .query("keep_ids", self.keep_ids.then_some(true))
            .query("dry_run", self.is_dry_run.then_some(true))
            .header("content-type", Some(self.content_type))
            .header("content-encoding", self.is_gzip.then_some("gzip"))
            .header("prefer", Some("return=minimal"))
            .header("idempotency-key", Some(format!("\"{key}\"")));
        let response = self.api.send(&request)?;
        let is_about_rows = match response.status {
            413 => return Ok(Answer::TooLarge(response)),
            400 => true,
            409 => response.error_code() == "conflict",
            422 => response.error_code() == "validation_failed",
            _ => false,
        };
        if is_about_rows {
            let details: Details = serde_json::from_str(&response.text).unwrap_or_default();
            return Ok(Answer::Rejected(response, details.details));
        }
        response.json().map(Answer::Done)
    }
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}
