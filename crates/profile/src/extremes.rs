//! Smallest and largest values and sums, kept apart from the sketch: of a column with one value, or two, they are the
//! values, so a store seals or drops them.

use locard_sketch::{DecodeError, Reader, put_blob, put_number};

use crate::moments::{Batch, Moments};

const VERSION: u8 = 1;

/// Longest text that is kept; of longer ones the beginning.
const LONGEST: usize = 64;

/// The smallest and the largest value of one order.
#[derive(Clone, Debug, PartialEq)]
pub struct Range<T> {
    /// Smallest.
    pub min: T,
    /// Largest.
    pub max: T,
}

/// Smallest and largest values of a column in three orders, and its moments. `Debug` hides them.
#[derive(Clone, Default, PartialEq)]
pub struct Extremes {
    /// Of what reads as a number.
    pub numeric: Option<Range<f64>>,
    /// Of all texts, byte by byte; long ones cut.
    pub lexical: Option<Range<String>>,
    /// Of dates and points in time, in ISO notation.
    pub temporal: Option<Range<String>>,
    /// Count, sum and sum of squares of what reads as a number.
    pub(crate) moments: Moments,
}

impl std::fmt::Debug for Extremes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Extremes(***)")
    }
}

impl Extremes {
    /// Takes in a batch: its numbers, which are gone afterwards, its texts, and those of them that are times.
    pub(crate) fn take(
        &mut self,
        numbers: &mut BatchExtremes,
        texts: Widest<'_>,
        times: Widest<'_>,
    ) {
        self.moments.take(&mut numbers.moments);
        for number in numbers.range.take().into_iter().flat_map(|(a, b)| [a, b]) {
            self.widen(number);
        }
        for (range, batch) in [(&mut self.lexical, texts), (&mut self.temporal, times)] {
            for text in batch.range.into_iter().flat_map(|(a, b)| [a.text, b.text]) {
                widen(range, text);
            }
        }
    }

    fn widen(&mut self, value: f64) {
        let range = self.numeric.get_or_insert(Range {
            min: value,
            max: value,
        });
        *range = Range {
            min: range.min.min(value),
            max: range.max.max(value),
        };
    }

    /// Takes in the other's values.
    pub fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        if let Some(range) = &other.numeric {
            self.widen(range.min);
            self.widen(range.max);
        }
        for (mine, theirs) in [
            (&mut self.lexical, &other.lexical),
            (&mut self.temporal, &other.temporal),
        ] {
            if let Some(range) = theirs {
                widen(mine, &range.min);
                widen(mine, &range.max);
            }
        }
    }

    /// The values as bytes, to be sealed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_number(&mut out, u64::from(self.numeric.is_some()));
        if let Some(range) = &self.numeric {
            out.extend_from_slice(&range.min.to_le_bytes());
            out.extend_from_slice(&range.max.to_le_bytes());
        }
        for range in [&self.lexical, &self.temporal] {
            put_number(&mut out, u64::from(range.is_some()));
            if let Some(range) = range {
                put_blob(&mut out, range.min.as_bytes());
                put_blob(&mut out, range.max.as_bytes());
            }
        }
        self.moments.encode(&mut out);
        out
    }

    /// Reads what [`Extremes::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let found = reader.byte()?;
        if found != VERSION {
            return Err(DecodeError::Version {
                found,
                known: VERSION,
            });
        }
        let mut extremes = Self::default();
        if flag(&mut reader)? {
            let (min, max) = (
                f64::from_bits(reader.word()?),
                f64::from_bits(reader.word()?),
            );
            extremes.numeric = Some(Range { min, max });
        }
        for range in [&mut extremes.lexical, &mut extremes.temporal] {
            if flag(&mut reader)? {
                *range = Some(Range {
                    min: text(&mut reader)?,
                    max: text(&mut reader)?,
                });
            }
        }
        extremes.moments = Moments::decode(&mut reader)?;
        reader.end()?;
        Ok(extremes)
    }
}

/// The numbers of a batch.
#[derive(Debug, Default)]
pub(crate) struct BatchExtremes {
    range: Option<(f64, f64)>,
    moments: Batch,
}

impl BatchExtremes {
    /// Takes in a number that stands in so many rows, if it is one.
    pub(crate) fn number(&mut self, number: Option<f64>, weight: u64) {
        let Some(number) = number else { return };
        self.moments.add(number, weight);
        self.widen(number);
    }

    /// As [`BatchExtremes::number`] of a whole number.
    pub(crate) fn integer(&mut self, number: Option<i64>, weight: u64) {
        let Some(number) = number else { return };
        self.moments.add_integer(number, weight);
        self.widen(number as f64);
    }

    fn widen(&mut self, number: f64) {
        let (min, max) = self.range.unwrap_or((number, number));
        self.range = Some((min.min(number), max.max(number)));
    }
}

/// The smallest and the largest text of a batch.
#[derive(Debug, Default)]
pub(crate) struct Widest<'a> {
    range: Option<(Keyed<'a>, Keyed<'a>)>,
}

/// A text with its first bytes as a number, which decides most comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Keyed<'a> {
    start: u64,
    text: &'a str,
}

impl<'a> Widest<'a> {
    pub(crate) fn add(&mut self, text: &'a str) {
        let keyed = Keyed {
            start: start(text.as_bytes()),
            text,
        };
        let (min, max) = self.range.get_or_insert((keyed, keyed));
        if keyed < *min {
            *min = keyed;
        } else if keyed > *max {
            *max = keyed;
        }
    }
}

/// The first eight bytes, the first in front; zeros behind a shorter text.
fn start(bytes: &[u8]) -> u64 {
    if let Some(first) = bytes.first_chunk::<8>() {
        return u64::from_be_bytes(*first);
    }
    let ends = bytes.first_chunk::<4>().zip(bytes.last_chunk::<4>());
    let start = match ends {
        // They may overlap.
        Some(ends) => {
            let (first, last) = (u32::from_be_bytes(*ends.0), u32::from_be_bytes(*ends.1));
            u64::from(first) << (8 * (bytes.len() - 4)) | u64::from(last)
        }
        None => bytes
            .iter()
            .fold(0, |start, byte| start << 8 | u64::from(*byte)),
    };
    start.unbounded_shl(8 * (8 - bytes.len() as u32))
}

fn widen(range: &mut Option<Range<String>>, value: &str) {
    match range {
        Some(range) if value < range.min.as_str() => cut(value).clone_into(&mut range.min),
        Some(range) if value > range.max.as_str() => cut(value).clone_into(&mut range.max),
        Some(_) => {}
        None => {
            *range = Some(Range {
                min: cut(value).to_owned(),
                max: cut(value).to_owned(),
            });
        }
    }
}

fn cut(value: &str) -> &str {
    value
        .get(..value.floor_char_boundary(LONGEST))
        .unwrap_or(value)
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match reader.number()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::Malformed("a mark is neither yes nor no")),
    }
}

fn text(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let bytes = reader.blob()?.to_vec();
    String::from_utf8(bytes).map_err(|_| DecodeError::Malformed("an extreme value is not text"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_start_of_a_text_is_its_first_bytes(text in prop::collection::vec(any::<u8>(), 0..12)) {
            let mut first = [0; 8];
            let length = text.len().min(8);
            first[..length].copy_from_slice(&text[..length]);
            prop_assert_eq!(start(&text), u64::from_be_bytes(first));
        }
    }
}
