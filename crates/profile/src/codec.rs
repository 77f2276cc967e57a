//! The stored form of a sketch. A version is final: its bytes never change their meaning. A sketch of another version,
//! of the bytes or of the canonical forms, is refused as one, and its column must be scanned again: what it lacks cannot
//! be computed from it.
//!
//! ```text
//! version · forms version · key id (8, little-endian) · declared type + 1 · counts · frequent values
//! · shapes · 0 or 1 + counter · folded cells · other forms · checksum (8, little-endian)
//! ```
//! The checksum is the hash of all bytes before it: a filter in which a bit fell over would rule a person out who is
//! there.
//!
//! These bytes are stored as they are, so nothing may be among them that a value can be computed from: counts and
//! lengths, keyed hashes, shapes. Sums are not: of a single number they are the number. They are in [`crate::Extremes`],
//! which a store seals or drops.
//!
//! Numbers are seven bits a byte, low bits first; the sets are as `locard_sketch` writes them. The same set of rows
//! gives the same bytes however it was split and merged (except for frequent values and shapes beyond their exact
//! count).

use locard_model::{KeyId, LogicalType};
use locard_sketch::forms::FORMS_VERSION;
use locard_sketch::{DecodeError, Hll, Membership, Reader, hash, put_number};

use crate::column::ColumnSketch;
use crate::counts::Counts;
use crate::frequent::{Frequent, put_hash, put_shape, take_hash, take_shape};

const VERSION: u8 = 2;

/// How many bytes the checksum takes.
const CHECKSUM: usize = 8;

impl ColumnSketch {
    /// The sketch without its extremes as bytes. Of a sealed one, without a copy of
    /// it.
    pub fn encode(&self) -> Vec<u8> {
        if self.sealed {
            return self.encode_sealed();
        }
        self.clone().into_bytes()
    }

    /// As [`ColumnSketch::encode`], without a copy of the sketch.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.seal();
        self.encode_sealed()
    }

    fn encode_sealed(&self) -> Vec<u8> {
        // Bytes in memory are a few more than bytes written, and growing would copy.
        let mut out = Vec::with_capacity(self.values.memory() + self.forms.memory() + 1_024);
        out.extend([VERSION, FORMS_VERSION]);
        out.extend_from_slice(&self.key.0.to_le_bytes());
        out.push(self.declared.map_or(0, |kind| kind as u8 + 1));
        self.counts.encode(&mut out);
        self.frequent.encode(&mut out, put_hash);
        self.shapes.encode(&mut out, put_shape);
        put_number(&mut out, u64::from(self.counter.is_some()));
        if let Some(counter) = &self.counter {
            counter.encode(&mut out);
        }
        self.values.encode(&mut out);
        self.forms.encode(&mut out);
        let checksum = hash(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Reads what [`ColumnSketch::encode`] wrote; the extremes are gone until they are put back.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(checked(bytes)?);
        reader.byte()?;
        let forms = reader.byte()?;
        if forms != FORMS_VERSION {
            return Err(DecodeError::Version {
                found: forms,
                known: FORMS_VERSION,
            });
        }
        let key = KeyId(reader.word()?);
        let declared = match reader.byte()? {
            0 => None,
            kind => {
                let kind = LogicalType::ALL.get(usize::from(kind) - 1);
                Some(*kind.ok_or(DecodeError::Malformed("a type is unknown"))?)
            }
        };
        let sketch = Self {
            key,
            declared,
            counts: Counts::decode(&mut reader)?,
            frequent: Frequent::decode(&mut reader, take_hash)?,
            shapes: Frequent::decode(&mut reader, take_shape)?,
            counter: if reader.number()? == 0 {
                None
            } else {
                Some(Hll::decode(&mut reader)?)
            },
            values: Membership::decode(&mut reader)?,
            forms: Membership::decode(&mut reader)?,
            extremes: None,
            sealed: true,
        };
        reader.end()?;
        Ok(sketch)
    }
}

impl ColumnSketch {
    /// Whether the bytes are those that [`ColumnSketch::encode`] wrote, without decoding them.
    pub fn check(bytes: &[u8]) -> Result<(), DecodeError> {
        match checked(bytes)?.get(1) {
            Some(&FORMS_VERSION) => Ok(()),
            Some(&found) => Err(DecodeError::Version {
                found,
                known: FORMS_VERSION,
            }),
            None => Err(DecodeError::Short),
        }
    }
}

/// The bytes without their checksum, if they agree with it.
fn checked(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    match bytes.first() {
        Some(&VERSION) => {}
        Some(&found) => {
            return Err(DecodeError::Version {
                found,
                known: VERSION,
            });
        }
        None => return Err(DecodeError::Short),
    }
    let (rest, checksum) = bytes
        .split_last_chunk::<CHECKSUM>()
        .ok_or(DecodeError::Short)?;
    if hash(rest) != u64::from_le_bytes(*checksum) {
        return Err(DecodeError::Malformed("its checksum does not agree"));
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{of, of_type};

    fn hex(bytes: &[u8]) -> String {
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('?');
        let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
        bytes.iter().flat_map(digits).collect()
    }

    /// Catalogs hold these bytes. A change that alters them is a new `VERSION`, or a new `FORMS_VERSION` where it alters
    /// what is hashed.
    #[test]
    fn the_stored_form_never_changes_within_a_version() {
        assert_eq!((VERSION, FORMS_VERSION), (2, 4));
        assert_eq!(
            hex(&of(&["Ann Lee", " 42", "42", ""]).encode()),
            "0204fb4b1942585cfccc00040001030b03070102000000000000000000028f7fa2e71502ea97a34c7b010002023939020741612b20\
             41612b01000215e7a27f8f3da6d14b350604be213462a8efb0c520b3aa4aca65b28ecc1bd3359265759b0555b6b7"
        );
        let texts: Vec<String> = (0..3_000).map(|i| format!("{}.5 kg", i % 700)).collect();
        let many = of(&texts).encode();
        let floats: Vec<_> = texts.iter().map(|text| text.strip_suffix(" kg")).collect();
        let counted = of_type(Some(LogicalType::Float), &floats).encode();
        assert_eq!(
            [(many.len(), hash(&many)), (counted.len(), hash(&counted))],
            [
                (5_761, 0x645f_f687_aaf7_91af),
                (1_996, 0x9790_abc8_0b73_7dae)
            ]
        );
    }

    #[test]
    fn a_sketch_of_another_version_is_told_from_a_damaged_one() {
        let whole = of(&["Ann Lee"]).encode();
        for (place, known) in [(0, VERSION), (1, FORMS_VERSION)] {
            for found in [known - 1, known + 1] {
                let mut bytes = whole.clone();
                bytes[place] = found;
                let end = bytes.len() - CHECKSUM;
                let checksum = hash(&bytes[..end]);
                bytes[end..].copy_from_slice(&checksum.to_le_bytes());
                let refused = ColumnSketch::decode(&bytes).unwrap_err();
                assert_eq!(refused, DecodeError::Version { found, known });
            }
        }
    }

    #[test]
    fn every_bit_that_falls_over_is_noticed() {
        let whole = of(&["Ann Lee", "42", "2024-01-31"]).encode();
        for at in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(ColumnSketch::decode(&bytes).is_err(), "bit {at}");
        }
    }
}
