//! One batch: sent, and sent again without the rows that the service refuses.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::record::Record;
use super::records::Format;
use super::upload::{Answer, Counts, Reason, Upload};
use crate::api::Response;
use crate::failure::Failure;

/// Below Lambda's 6 MB, also when the gateway encodes the body in base64.
const MAX_BODY_BYTES: usize = 4_000_000;

/// Users that belong together in one request.
pub(super) struct Batch<'a> {
    format: Format,
    header: &'a [u8],
    records: Vec<Record>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) rejected: Vec<Rejected>,
}

/// A row that was rejected, with all that is wrong with it.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) record: Record,
    pub(super) reasons: Vec<Reason>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(format: Format, header: &'a [u8], records: Vec<Record>) -> Self {
        Self {
            format,
            header,
            records,
        }
    }

    /// Sends the batch without the rows that cannot be read: the API would refuse the whole batch for them.
    /// A batch that is too large goes in two halves; unless it is `strict`, one with bad rows goes again
    /// without them.
    pub(super) fn send(mut self, upload: &Upload<'_>, id: &str, strict: bool) -> Result<Outcome> {
        let malformed = self
            .records
            .extract_if(.., |record| record.problem.is_some());
        let mut outcome = Outcome {
            rejected: malformed.map(Rejected::malformed).collect(),
            ..Outcome::default()
        };
        if strict && !outcome.rejected.is_empty() {
            return Err(Failure::Negative(describe(&outcome.rejected)).into());
        }
        let mut waiting = vec![self.records];
        while let Some(mut records) = waiting.pop() {
            if records.is_empty() {
                continue;
            }
            let body = body(self.format, self.header, &records);
            let is_too_large = body.len() > MAX_BODY_BYTES && records.len() > 1;
            let answer = if is_too_large {
                None
            } else {
                Some(upload.send(&key(id, &records, &body), &body)?)
            };
            match answer {
                Some(Answer::Done(counts)) => outcome.counts.add(counts),
                Some(Answer::Rejected(response, reasons)) => {
                    let rejected = rejected(&records, &response, reasons)?;
                    if strict {
                        return Err(Failure::Negative(describe(&rejected)).into());
                    }
                    let is_rejected = |record: &Record| {
                        let mut rejected = rejected.iter();
                        rejected.any(|rejected| rejected.record.end == record.end)
                    };
                    records.retain(|record| !is_rejected(record));
                    outcome.rejected.extend(rejected);
                    waiting.push(records);
                }
                Some(Answer::TooLarge(response)) if records.len() == 1 => {
                    let line = records[0].line;
                    return Err(response.refusal())
                        .with_context(|| format!("the user on line {line} is refused"));
                }
                None | Some(Answer::TooLarge(_)) => {
                    let second = records.split_off(records.len() / 2);
                    waiting.extend([second, records]);
                }
            }
        }
        outcome.rejected.sort_by_key(|rejected| rejected.record.end);
        Ok(outcome)
    }
}

impl Rejected {
    fn malformed(record: Record) -> Self {
        let reason = record.problem.map(|problem| Reason {
            index: 0,
            field: None,
            code: "malformed_row".to_owned(),
            message: problem.to_string(),
        });
        Self {
            record,
            reasons: reason.into_iter().collect(),
        }
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.skipped += other.skipped;
    }
}

fn body(format: Format, header: &[u8], records: &[Record]) -> Vec<u8> {
    let rows = records.iter().map(|record| record.raw.as_bytes());
    let rows: Vec<&[u8]> = rows.collect();
    match format {
        Format::Csv => [header, b"\n", &rows.join(&b"\n"[..]), b"\n"].concat(),
        Format::Ndjson => [&rows.join(&b"\n"[..]), &b"\n"[..]].concat(),
        Format::Json => [b"[", rows.join(&b","[..]).as_slice(), b"]"].concat(),
    }
}

/// The same for the same users at the same place of an import, so that a request whose answer was lost
/// can be sent again by another run.
fn key(id: &str, records: &[Record], body: &[u8]) -> String {
    let hash = digest(&SHA256, body);
    let hash = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]);
    format!("import-{id}-{}-{hash}", records[0].line)
}

fn rejected(
    records: &[Record],
    response: &Response,
    reasons: Vec<Reason>,
) -> Result<Vec<Rejected>> {
    let mut rows: Vec<Rejected> = Vec::new();
    for reason in reasons {
        let record = records.get(reason.index);
        let record = record.context("the API rejects a row that was not sent")?;
        match rows.iter_mut().find(|row| row.record.end == record.end) {
            Some(row) => row.reasons.push(reason),
            None => rows.push(Rejected {
                record: record.clone(),
                reasons: vec![reason],
            }),
        }
    }
    if rows.is_empty() {
        let line = records[0].line;
        return Err(response.refusal())
            .with_context(|| format!("the batch that begins on line {line} is refused"));
    }
    Ok(rows)
}

fn describe(rejected: &[Rejected]) -> String {
    let lines = rejected.iter().take(10).flat_map(|row| {
        let line = row.record.line;
        let reasons = row.reasons.iter();
        reasons.map(move |reason| format!("\n  line {line}: {}", reason.message))
    });
    format!(
        "{} rows of a batch are rejected, so nothing of it was imported:{}",
        rejected.len(),
        lines.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(raw: &str, line: u64) -> Record {
        Record {
            raw: raw.to_owned(),
            line,
            problem: None,
            end: 0,
            next_line: 0,
        }
    }

    #[test]
    fn a_batch_is_written_in_the_format_of_its_file() {
        let records = [record("a", 2), record("b", 3)];
        let text = |format| String::from_utf8(body(format, b"h", &records)).unwrap();
        assert_eq!(text(Format::Csv), "h\na\nb\n");
        assert_eq!(text(Format::Ndjson), "a\nb\n");
        assert_eq!(text(Format::Json), "[a,b]");
    }

    #[test]
    fn a_key_follows_from_import_place_and_content() {
        let at = |line, body: &[u8]| key("1", &[record("", line)], body);
        assert_ne!(at(2, b"x"), key("2", &[record("", 2)], b"x"));
        assert_eq!(at(2, b"x"), at(2, b"x"));
        assert_ne!(at(2, b"x"), at(3, b"x"));
        assert_ne!(at(2, b"x"), at(2, b"y"));
    }
}
