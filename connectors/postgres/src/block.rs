//! The receive block: rows of a binary COPY as they came, and where each field lies.
//!
//! The stream may be cut anywhere, so a row counts only when all its bytes are there; the rest moves to the next block.
//! Every length is checked against what was received: a hostile server gets an error, not a panic.

use locard_connector::{Error, ErrorKind, Result};
use locard_sql::{LONGEST_VALUE, MARK};

/// Length of a field that is null.
const NULL: i32 = -1;

/// A field's place in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// First byte.
    pub(crate) at: u32,
    /// Bytes; negative for null.
    pub(crate) length: i32,
}

impl Place {
    /// The field's bytes; `None` for null.
    pub(crate) fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        let length = usize::try_from(self.length).ok()?;
        let at = self.at as usize;
        bytes.get(at..at + length)
    }
}

/// Values of a column that do not come as the server has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Oddity {
    pub(crate) column: usize,
    /// Row of the first one, from 0.
    pub(crate) row: usize,
    pub(crate) records: u64,
}

/// Received rows.
#[derive(Debug)]
pub(crate) struct Block {
    /// What was received.
    pub(crate) bytes: Vec<u8>,
    /// Where the fields lie, row by row: one list is filled faster than one per column.
    pub(crate) places: Vec<Place>,
    /// Fields of a row.
    pub(crate) width: usize,
    /// Complete rows.
    pub(crate) rows: usize,
    /// Bytes of `bytes` that are complete rows.
    parsed: usize,
    started: bool,
    ended: bool,
}

impl Block {
    /// Rows after which a block is full.
    pub(crate) const ROWS: usize = 8_192;
    /// Bytes after which a block is full.
    pub(crate) const BYTES: usize = 4 << 20;

    /// An empty block at the start of a stream of rows with so many fields.
    pub(crate) fn new(width: usize) -> Self {
        let (bytes, places) = (Vec::with_capacity(64 << 10), Vec::new());
        Self {
            bytes,
            places,
            width,
            rows: 0,
            parsed: 0,
            started: false,
            ended: false,
        }
    }

    /// Whether it should be handed on.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= Self::ROWS || self.bytes.len() >= Self::BYTES && self.rows > 0
    }

    /// Whether the stream's end was seen.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Where the fields of a column lie.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = Place> {
        self.places
            .iter()
            .skip(column)
            .step_by(self.width.max(1))
            .copied()
    }

    /// Makes nulls of what is too long and of the marks that stand for it, and tells where they were.
    pub(crate) fn leave_out(&mut self) -> Vec<Oddity> {
        let mut left_out: Vec<Oddity> = Vec::new();
        let width = self.width.max(1);
        for (at, place) in self.places.iter_mut().enumerate() {
            if !is_too_long(*place, &self.bytes) {
                continue;
            }
            place.length = NULL;
            let (row, column) = (at / width, at % width);
            match left_out.iter_mut().find(|known| known.column == column) {
                Some(known) => known.records += 1,
                None => left_out.push(Oddity {
                    column,
                    row,
                    records: 1,
                }),
            }
        }
        left_out
    }

    /// Takes received bytes and finds the rows they complete.
    pub(crate) fn push(&mut self, received: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(received);
        if u32::try_from(self.bytes.len()).is_err() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a row is larger than 4 GiB",
            ));
        }
        if !self.started && !self.start()? {
            return Ok(());
        }
        while !self.ended && self.row()? {}
        Ok(())
    }

    /// The block that goes on where this one ends; it will be about as large.
    pub(crate) fn rest(&self) -> Self {
        let mut next = Self {
            bytes: Vec::with_capacity(self.bytes.len().min(Self::BYTES)),
            places: Vec::with_capacity(self.places.len()),
            started: self.started,
            ended: self.ended,
            ..Self::new(self.width)
        };
        next.bytes
            .extend_from_slice(self.bytes.get(self.parsed..).unwrap_or_default());
        next
    }

    /// Reads the stream's header; false while it is incomplete.
    fn start(&mut self) -> Result<bool> {
        const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
        const FIXED: usize = SIGNATURE.len() + 8;
        if self.bytes.len() < FIXED {
            return Ok(false);
        }
        let extension =
            int4(&self.bytes, SIGNATURE.len() + 4).and_then(|length| usize::try_from(length).ok());
        let Some(extension) = extension.filter(|_| self.bytes.starts_with(SIGNATURE)) else {
            return Err(broken("the stream has no header"));
        };
        if self.bytes.len() < FIXED + extension {
            return Ok(false);
        }
        self.parsed = FIXED + extension;
        self.started = true;
        Ok(true)
    }

    /// Finds one row; false when its end is not there yet.
    fn row(&mut self) -> Result<bool> {
        let Some((fields, mut rest)) = self
            .bytes
            .get(self.parsed..)
            .and_then(<[u8]>::split_first_chunk)
        else {
            return Ok(false);
        };
        let fields = i16::from_be_bytes(*fields);
        if fields < 0 {
            self.ended = true;
            self.parsed += 2;
            return Ok(false);
        }
        if usize::try_from(fields) != Ok(self.width) {
            return Err(broken(
                "a row has another number of fields than were asked for",
            ));
        }
        for _ in 0..self.width {
            let field = rest.split_first_chunk().and_then(|(length, after)| {
                let length = i32::from_be_bytes(*length);
                let place = Place {
                    at: (self.bytes.len() - after.len()) as u32,
                    length,
                };
                after
                    .get(usize::try_from(length).unwrap_or(0)..)
                    .map(|after| (place, after))
            });
            let Some((place, after)) = field else {
                self.places.truncate(self.rows * self.width);
                return Ok(false);
            };
            if place.length < NULL {
                return Err(broken("a field has a negative length"));
            }
            self.places.push(place);
            rest = after;
        }
        self.parsed = self.bytes.len() - rest.len();
        self.rows += 1;
        Ok(true)
    }
}

/// Whether a field is too long, or the mark of one that was, which a document has in quotes and `jsonb` behind a byte.
fn is_too_long(place: Place, bytes: &[u8]) -> bool {
    let length = usize::try_from(place.length).unwrap_or(0);
    if !(MARK.len()..=MARK.len() + 3).contains(&length) {
        return length > LONGEST_VALUE;
    }
    let field = place.of(bytes).unwrap_or_default();
    let document = field.strip_prefix(&[1]).unwrap_or(field);
    let quoted = |text: &[u8]| {
        text.strip_prefix(b"\"")?
            .strip_suffix(b"\"")
            .map(<[u8]>::to_vec)
    };
    field == MARK.as_bytes() || quoted(document).is_some_and(|text| text == MARK.as_bytes())
}

/// The error of a stream that is not what the server's documentation says.
pub(crate) fn broken(what: &str) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("decoding the server's COPY stream failed: {what}"),
    )
}

/// A big-endian 16-bit integer at a place, if it is there.
pub(crate) fn int2(bytes: &[u8], at: usize) -> Option<i16> {
    bytes
        .get(at..at.checked_add(2)?)?
        .try_into()
        .ok()
        .map(i16::from_be_bytes)
}

/// A big-endian 32-bit integer at a place, if it is there.
pub(crate) fn int4(bytes: &[u8], at: usize) -> Option<i32> {
    bytes
        .get(at..at.checked_add(4)?)?
        .try_into()
        .ok()
        .map(i32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(rows: &[&[Option<&[u8]>]]) -> Vec<u8> {
        let mut bytes = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        for row in rows {
            bytes.extend((row.len() as i16).to_be_bytes());
            for field in *row {
                bytes.extend(field.map_or(-1, |field| field.len() as i32).to_be_bytes());
                bytes.extend(field.unwrap_or_default());
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    #[test]
    fn rows_are_found_wherever_the_stream_is_cut() {
        let bytes = stream(&[&[Some(b"one"), None], &[Some(b""), Some(b"two")]]);
        for cut in 0..bytes.len() {
            let mut block = Block::new(2);
            block.push(&bytes[..cut]).unwrap();
            block.push(&bytes[cut..]).unwrap();
            let cell = |column: usize, row: usize| {
                block
                    .column(column)
                    .nth(row)
                    .and_then(|place| place.of(&block.bytes))
                    .map(<[u8]>::to_vec)
            };
            assert_eq!(block.rows, 2, "cut at {cut}");
            assert!(block.is_ended());
            assert_eq!(cell(0, 0), Some(b"one".to_vec()));
            assert_eq!(cell(1, 0), None);
            assert_eq!(cell(0, 1), Some(Vec::new()));
            assert_eq!(cell(1, 1), Some(b"two".to_vec()));
        }
    }

    #[test]
    fn the_rest_of_a_block_goes_on_in_the_next() {
        let bytes = stream(&[&[Some(b"one")], &[Some(b"two")]]);
        let cut = bytes.len() - 4;
        let mut block = Block::new(1);
        block.push(&bytes[..cut]).unwrap();
        assert_eq!(block.rows, 1);
        let mut next = block.rest();
        next.push(&bytes[cut..]).unwrap();
        assert_eq!(next.places[0].of(&next.bytes), Some(&b"two"[..]));
        assert!(next.is_ended());
    }

    #[test]
    fn marks_become_nulls_that_are_told() {
        let (json, jsonb) = (format!("\"{MARK}\""), format!("\u{1}\"{MARK}\""));
        let near = MARK.replace('6', "7");
        let (mark, json, jsonb, near) = (
            Some(MARK.as_bytes()),
            Some(json.as_bytes()),
            Some(jsonb.as_bytes()),
            Some(near.as_bytes()),
        );
        let bytes = stream(&[
            &[Some(b"short"), near],
            &[mark, Some(b"short")],
            &[json, near],
            &[jsonb, mark],
        ]);
        let mut block = Block::new(2);
        block.push(&bytes).unwrap();
        let left_out = |column, row, records| Oddity {
            column,
            row,
            records,
        };
        assert_eq!(block.leave_out(), [left_out(0, 1, 3), left_out(1, 3, 1)]);
        let nulls = |column| {
            block
                .column(column)
                .filter(|place| place.length < 0)
                .count()
        };
        assert_eq!((nulls(0), nulls(1)), (3, 1));
    }

    #[test]
    fn a_stream_that_is_none_is_malformed() {
        assert_eq!(
            Block::new(1)
                .push(b"not a copy stream at all")
                .unwrap_err()
                .kind(),
            ErrorKind::Malformed
        );
        let mut bytes = stream(&[&[Some(b"x")]]);
        bytes[21] = 0x80;
        assert!(Block::new(1).push(&bytes).is_err());
        assert!(Block::new(3).push(&stream(&[&[Some(b"x")]])).is_err());
    }
}
