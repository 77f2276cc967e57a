//! The log in files: JSONL, which verifies like the log, and CSV for people.

use std::io::{BufRead, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use locard_model::OrgId;
use locard_model::spreadsheet::disarm;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Entry, Error, Event, Hash, Hold, Result, Retention, RetentionClass, SubjectDigest};

/// One line of either export, in the order of its columns.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    org: Uuid,
    sequence: u64,
    at: Timestamp,
    actor: String,
    action: String,
    purpose: String,
    subject: Option<String>,
    request: Option<Uuid>,
    retention_class: RetentionClass,
    retain_until: Option<Timestamp>,
    hold: Hold,
    /// Sealed, base64.
    details: Option<String>,
    previous: String,
    hash: String,
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Self {
        let event = entry.event.clone();
        Self {
            org: entry.org.0,
            sequence: entry.sequence,
            at: event.at,
            actor: event.actor,
            action: event.action,
            purpose: event.purpose,
            subject: event.subject.map(|subject| Hash(subject.0).to_string()),
            request: event.request,
            retention_class: event.retention.class,
            retain_until: event.retention.until,
            hold: event.hold,
            details: entry.details.as_ref().map(|sealed| STANDARD.encode(sealed)),
            previous: entry.previous.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

impl Line {
    /// The entry; `None` where a text is none that an entry was written as.
    fn entry(self) -> Option<Entry> {
        let subject = self.subject.as_deref().map(hash);
        let details = self.details.map(|sealed| STANDARD.decode(sealed));
        Some(Entry {
            org: OrgId(self.org),
            sequence: self.sequence,
            event: Event {
                at: self.at,
                actor: self.actor,
                action: self.action,
                purpose: self.purpose,
                subject: match subject {
                    Some(digest) => Some(SubjectDigest(digest?.0)),
                    None => None,
                },
                request: self.request,
                retention: Retention {
                    class: self.retention_class,
                    until: self.retain_until,
                },
                hold: self.hold,
            },
            details: details.transpose().ok()?,
            previous: hash(&self.previous)?,
            hash: hash(&self.hash)?,
        })
    }
}

/// The hash with these digits, which are lower case: an entry has one spelling here too.
fn hash(digits: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if digits.len() != 64 || digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    for (byte, two) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let is_digits = two.iter().all(u8::is_ascii_hexdigit);
        let two = std::str::from_utf8(two).ok().filter(|_| is_digits)?;
        *byte = u8::from_str_radix(two, 16).ok()?;
    }
    Some(Hash(hash))
}

/// Writes entries as JSON, one a line, with their sealed details and hashes: whoever has the file can verify it.
#[derive(Debug)]
pub struct JsonlExport<W: Write>(W);

impl<W: Write> JsonlExport<W> {
    /// An export to that writer.
    pub fn new(out: W) -> Self {
        Self(out)
    }

    /// Writes the next entry.
    pub fn write(&mut self, entry: &Entry) -> Result<()> {
        let line = serde_json::to_vec(&Line::from(entry)).map_err(std::io::Error::from)?;
        self.0.write_all(&line)?;
        Ok(self.0.write_all(b"\n")?)
    }

    /// Ends and gives the writer back.
    pub fn finish(mut self) -> Result<W> {
        self.0.flush()?;
        Ok(self.0)
    }
}

/// The entries of a JSONL export, in its order. Lines that are not exactly what [`JsonlExport`] writes are errors.
pub fn read_jsonl(input: impl BufRead) -> impl Iterator<Item = Result<Entry>> {
    input.lines().zip(1..).map(|(line, number)| {
        let line = line?;
        let malformed = || Error::Malformed(number);
        let entry = serde_json::from_str::<Line>(&line).map_err(|_| malformed())?;
        let entry = entry.entry().ok_or_else(malformed)?;
        let again = serde_json::to_string(&Line::from(&entry)).map_err(std::io::Error::from)?;
        if again == line {
            Ok(entry)
        } else {
            Err(malformed())
        }
    })
}

/// Writes entries as CSV with a header. Texts that a spreadsheet would execute are disarmed, so it is read by people and
/// verified by nobody.
pub struct CsvExport<W: Write>(csv::Writer<W>);

impl<W: Write> CsvExport<W> {
    /// An export to that writer.
    pub fn new(out: W) -> Self {
        let quoted = csv::QuoteStyle::Always;
        Self(
            csv::WriterBuilder::new()
                .quote_style(quoted)
                .from_writer(out),
        )
    }

    /// Writes the next entry.
    pub fn write(&mut self, entry: &Entry) -> Result<()> {
        let mut line = Line::from(entry);
        for text in [&mut line.actor, &mut line.action, &mut line.purpose] {
            *text = disarm(text).into_owned();
        }
        self.0.serialize(line).map_err(failed)
    }

    /// Ends and gives the writer back.
    pub fn finish(self) -> Result<W> {
        self.0
            .into_inner()
            .map_err(|error| Error::Io(error.into_error()))
    }
}

/// The CSV writer quotes nothing in its errors but what is written.
fn failed(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::Io(error),
        _ => Error::Io(std::io::ErrorKind::InvalidInput.into()),
    }
}

#[cfg(test)]
mod tests;
