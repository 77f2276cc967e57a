//! An entry as bytes: the only spelling that an entry has, so that no two entries share a hash.
//!
//! Fields stand in a fixed order. Text and bytes are behind their length (u64), numbers have a fixed width, all big-endian;
//! what may be missing is behind a byte 0 or 1. [`Reader`] reads them back and refuses every other spelling, by which
//! tests know that the encoding is injective.

use jiff::Timestamp;
use locard_model::OrgId;
use uuid::Uuid;

use crate::{Error, Event, Hold, Result, Retention, RetentionClass, SubjectDigest};

/// What the details of an entry are bound to: where it stands, and everything else that it says.
pub(crate) fn header(org: OrgId, sequence: u64, event: &Event) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend(org.0.as_bytes());
    out.extend(sequence.to_be_bytes());
    time(&mut out, event.at);
    text(&mut out, &event.actor);
    text(&mut out, &event.action);
    text(&mut out, &event.purpose);
    option(&mut out, event.subject, |out, subject| {
        out.extend(subject.0);
    });
    option(&mut out, event.request, |out, request| {
        out.extend(request.as_bytes());
    });
    text(&mut out, event.retention.class.as_str());
    option(&mut out, event.retention.until, time);
    text(&mut out, event.hold.as_str());
    out
}

/// Appends the sealed details to a header.
pub(crate) fn details(out: &mut Vec<u8>, sealed: Option<&[u8]>) {
    option(out, sealed, bytes);
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend(bytes);
}

fn text(out: &mut Vec<u8>, text: &str) {
    bytes(out, text.as_bytes());
}

fn time(out: &mut Vec<u8>, time: Timestamp) {
    out.extend(time.as_nanosecond().to_be_bytes());
}

fn option<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        write(out, value);
    }
}

/// Reads back what [`header`] and [`details`] wrote.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    at: u64,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    pub(crate) fn header(&mut self) -> Result<(OrgId, u64, Event)> {
        let org = OrgId(Uuid::from_bytes(self.array()?));
        let sequence = u64::from_be_bytes(self.array()?);
        let event = Event {
            at: self.time()?,
            actor: self.text()?,
            action: self.text()?,
            purpose: self.text()?,
            subject: self.option(|reader| Ok(SubjectDigest(reader.array()?)))?,
            request: self.option(|reader| Ok(Uuid::from_bytes(reader.array()?)))?,
            retention: Retention {
                class: self.named(RetentionClass::parse)?,
                until: self.option(Self::time)?,
            },
            hold: self.named(Hold::parse)?,
        };
        Ok((org, sequence, event))
    }

    pub(crate) fn details(&mut self) -> Result<Option<Vec<u8>>> {
        self.option(|reader| Ok(reader.bytes()?.to_vec()))
    }

    /// Whether everything was read; what follows an entry is no part of it.
    pub(crate) fn end(&self) -> Result<()> {
        self.rest.is_empty().then_some(()).ok_or(self.malformed())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(self.malformed())?;
        self.rest = rest;
        self.at += N as u64;
        Ok(*array)
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = u64::from_be_bytes(self.array()?);
        let split = usize::try_from(length).ok();
        let split = split.and_then(|length| self.rest.split_at_checked(length));
        let (bytes, rest) = split.ok_or(self.malformed())?;
        self.rest = rest;
        self.at += length;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String> {
        let text = String::from_utf8(self.bytes()?.to_vec());
        text.map_err(|_| self.malformed())
    }

    fn named<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let name = self.text()?;
        parse(&name).ok_or(self.malformed())
    }

    fn time(&mut self) -> Result<Timestamp> {
        let time = Timestamp::from_nanosecond(i128::from_be_bytes(self.array()?));
        time.map_err(|_| self.malformed())
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        match self.array()? {
            [0] => Ok(None),
            [1] => read(self).map(Some),
            _ => Err(self.malformed()),
        }
    }

    fn malformed(&self) -> Error {
        Error::Malformed(self.at)
    }
}
