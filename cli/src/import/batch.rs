//! One batch: sent, and sent again without the rows that the service refuses.

use anyhow::{Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::client::{Answer, Client, Refusal};
use super::records::{Format, Record};

/// Below Lambda's 6 MB, also when the gateway encodes the body in base64.
const MAX_BODY_BYTES: usize = 4_000_000;

/// Users that belong together in one request.
pub(super) struct Batch<'a> {
    format: Format,
    header: &'a [u8],
    records: Vec<Record>,
}

/// How many users were dealt with, and how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Counts {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) skipped: u64,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) rejected: Vec<Rejected>,
}

/// A row that was refused, with all that is wrong with it.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) line: u64,
    pub(super) reasons: Vec<Reason>,
}

/// One thing that is wrong with a row.
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    pub(super) index: usize,
    pub(super) field: Option<String>,
    pub(super) code: String,
    pub(super) message: String,
}

impl<'a> Batch<'a> {
    pub(super) fn new(format: Format, header: &'a [u8], records: Vec<Record>) -> Self {
        Self {
            format,
            header,
            records,
        }
    }

    /// Sends the batch. A batch that is too large goes in two halves; unless it is `strict`, one with
    /// bad rows goes again without them.
    pub(super) fn send(self, client: &Client, strict: bool) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut waiting = vec![self.records];
        while let Some(mut records) = waiting.pop() {
            if records.is_empty() {
                continue;
            }
            let body = body(self.format, self.header, &records);
            let answer = if body.len() > MAX_BODY_BYTES && records.len() > 1 {
                Answer::TooLarge("the request would be larger than 4 MB".to_owned())
            } else {
                client.post(content_type(self.format), &key(&records, &body), &body)?
            };
            match answer {
                Answer::Done(counts) => outcome.counts.add(counts),
                Answer::TooLarge(message) => {
                    ensure!(
                        records.len() > 1,
                        "the user on line {} is refused: {message}",
                        records[0].line
                    );
                    let second = records.split_off(records.len() / 2);
                    waiting.extend([second, records]);
                }
                Answer::Refused(refusal) => {
                    let rejected = rejected(&records, refusal)?;
                    if strict {
                        bail!("{}", describe(&rejected));
                    }
                    records.retain(|record| {
                        rejected.iter().all(|rejected| rejected.line != record.line)
                    });
                    outcome.rejected.extend(rejected);
                    waiting.push(records);
                }
            }
        }
        outcome.rejected.sort_by_key(|rejected| rejected.line);
        Ok(outcome)
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.skipped += other.skipped;
    }
}

fn content_type(format: Format) -> &'static str {
    match format {
        Format::Csv => "text/csv",
        Format::Ndjson => "application/x-ndjson",
        Format::Json => "application/json",
    }
}

fn body(format: Format, header: &[u8], records: &[Record]) -> Vec<u8> {
    let rows = records.iter().map(|record| record.raw.as_slice());
    let rows: Vec<&[u8]> = rows.collect();
    match format {
        Format::Csv => [header, b"\n", &rows.join(&b"\n"[..]), b"\n"].concat(),
        Format::Ndjson => [&rows.join(&b"\n"[..]), &b"\n"[..]].concat(),
        Format::Json => [b"[", rows.join(&b","[..]).as_slice(), b"]"].concat(),
    }
}

/// The same for the same users at the same place of a file, today and tomorrow, so that a request
/// whose answer was lost can be sent again by another run.
fn key(records: &[Record], body: &[u8]) -> String {
    let hash = digest(&SHA256, body);
    let hash = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]);
    format!("import-{}-{hash}", records[0].line)
}

fn rejected(records: &[Record], refusal: Refusal) -> Result<Vec<Rejected>> {
    let mut rows: Vec<Rejected> = Vec::new();
    for reason in refusal.details {
        let Some(record) = records.get(reason.index) else {
            bail!(
                "the service refuses a row that was not sent: {}",
                reason.message
            );
        };
        match rows.iter_mut().find(|row| row.line == record.line) {
            Some(row) => row.reasons.push(reason),
            None => rows.push(Rejected {
                line: record.line,
                reasons: vec![reason],
            }),
        }
    }
    ensure!(
        !rows.is_empty(),
        "the batch that begins on line {} is refused: {}",
        records[0].line,
        refusal.message
    );
    Ok(rows)
}

fn describe(rejected: &[Rejected]) -> String {
    let lines = rejected.iter().take(10).flat_map(|row| {
        let line = row.line;
        row.reasons
            .iter()
            .map(move |reason| format!("\n  line {line}: {}", reason.message))
    });
    format!(
        "{} rows of a batch are refused, so nothing of it was imported:{}",
        rejected.len(),
        lines.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(raw: &str, line: u64) -> Record {
        Record {
            raw: raw.as_bytes().to_vec(),
            line,
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
    fn a_key_follows_from_place_and_content() {
        let at = |line, body: &[u8]| key(&[record("", line)], body);
        assert_eq!(at(2, b"x"), at(2, b"x"));
        assert_ne!(at(2, b"x"), at(3, b"x"));
        assert_ne!(at(2, b"x"), at(2, b"y"));
    }
}
