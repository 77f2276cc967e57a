//! How many elements the lists of a Parquet file have, before they take memory.
//!
//! The one thing a reader gets wrong: a list of millions of equal elements takes a file some hundred bytes, and the
//! decoder has no limit for one record. Which element begins a record is told by the repetition levels, and these are
//! runs: passing them costs next to nothing.

use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::columnar::{BYTES, ELEMENTS, MOST_ELEMENTS, ROWS};
use crate::varint::varint;

/// How many records of a row group may be decoded together; `None` where one of them is too large by itself.
pub(crate) fn rows_at_once<R: ChunkReader + 'static>(
    chunks: &Arc<R>,
    group: &RowGroupMetaData,
    mask: &ProjectionMask,
) -> Option<usize> {
    let rows = group.num_rows().max(1).cast_unsigned();
    let columns = group.columns().iter().enumerate();
    let lists: Vec<&ColumnChunkMetaData> = columns
        .filter(|(leaf, column)| {
            mask.leaf_included(*leaf) && column.column_descr().max_rep_level() > 0
        })
        .map(|(_, column)| column)
        .collect();
    let elements = lists
        .iter()
        .map(|list| list.num_values().max(0).cast_unsigned());
    let elements = elements.fold(0, u64::saturating_add);
    let of_a_record = if elements <= MOST_ELEMENTS {
        elements.div_ceil(rows)
    } else {
        let longest = lists.iter().map(|list| longest(chunks, list, rows));
        longest
            .sum::<Option<u64>>()
            .filter(|longest| *longest <= MOST_ELEMENTS)?
    };
    let at_once = ELEMENTS / of_a_record.max(1);
    let included = group.columns().iter().enumerate();
    let bytes = included
        .filter(|(leaf, _)| mask.leaf_included(*leaf))
        .map(|(_, column)| column.uncompressed_size().max(0).cast_unsigned())
        .fold(0, u64::saturating_add);
    let at_once = at_once.min(BYTES / bytes.div_ceil(rows).max(1));
    Some(usize::try_from(at_once).unwrap_or(ROWS).clamp(1, ROWS))
}

/// The elements of the record that has most of them.
fn longest<R: ChunkReader + 'static>(
    chunks: &Arc<R>,
    column: &ColumnChunkMetaData,
    rows: u64,
) -> Option<u64> {
    let rows = usize::try_from(rows).ok()?;
    let mut pages = SerializedPageReader::new(chunks.clone(), column, rows, None).ok()?;
    let mut levels = Levels::new(column.column_descr().max_rep_level());
    while let Some(page) = pages.get_next_page().ok()? {
        match &page {
            Page::DictionaryPage { .. } => {}
            Page::DataPage {
                buf,
                num_values,
                rep_level_encoding: Encoding::RLE,
                ..
            } => {
                let (length, runs) = buf.split_first_chunk::<4>()?;
                let length = u32::from_le_bytes(*length) as usize;
                levels.pass(runs.get(..length)?, u64::from(*num_values))?;
            }
            Page::DataPageV2 {
                buf,
                num_values,
                rep_levels_byte_len,
                ..
            } => {
                let runs = buf.get(..*rep_levels_byte_len as usize)?;
                levels.pass(runs, u64::from(*num_values))?;
            }
            // An encoding that nobody writes any more.
            Page::DataPage { .. } => return None,
        }
    }
    Some(levels.longest)
}

/// Repetition levels: one that is 0 begins a record.
struct Levels {
    bits: usize,
    /// Elements of the record so far.
    current: u64,
    longest: u64,
}

impl Levels {
    fn new(most: i16) -> Self {
        Self {
            bits: (i16::BITS - most.leading_zeros()) as usize,
            current: 0,
            longest: 0,
        }
    }

    fn add(&mut self, begins: bool, elements: u64) {
        self.current = if begins { 1 } else { self.current + elements };
        self.longest = self.longest.max(self.current);
    }

    /// Passes the levels of a page: runs of one level, and levels one by one in groups of eight.
    fn pass(&mut self, mut runs: &[u8], mut left: u64) -> Option<()> {
        while left > 0 {
            let header = varint(&mut runs)?;
            if header & 1 == 0 {
                let (level, rest) = runs.split_at_checked(self.bits.div_ceil(8))?;
                let elements = (header >> 1).min(left);
                if elements > 0 {
                    self.add(level.iter().all(|byte| *byte == 0), elements);
                }
                (runs, left) = (rest, left - elements);
            } else {
                let groups = usize::try_from(header >> 1).ok()?;
                // The last group may be cut.
                let length = groups.checked_mul(self.bits)?.min(runs.len());
                let (packed, rest) = runs.split_at(length);
                let elements = (length * 8 / self.bits) as u64;
                for at in 0..elements.min(left) as usize {
                    let mut bits = at * self.bits..(at + 1) * self.bits;
                    self.add(bits.all(|bit| packed[bit / 8] >> (bit % 8) & 1 == 0), 1);
                }
                (runs, left) = (rest, left.saturating_sub(elements));
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(most: i16, pages: &[(&[u8], u64)]) -> Option<u64> {
        let mut levels = Levels::new(most);
        for (runs, elements) in pages {
            levels.pass(runs, *elements)?;
        }
        Some(levels.longest)
    }

    #[test]
    fn the_longest_record_is_found_in_runs_and_in_groups() {
        // One that begins and nine that do not.
        assert_eq!(longest(1, &[(&[2, 0, 18, 1], 10)]), Some(10));
        // A record goes on in the next page.
        assert_eq!(
            longest(1, &[(&[2, 0, 18, 1], 10), (&[10, 1, 4, 0], 7)]),
            Some(15)
        );
        // Bits one by one: 0 1 1 0 1 1 1 1.
        assert_eq!(longest(1, &[(&[3, 0b1111_0110], 8)]), Some(5));
        // Two bits each: 0 2 1 0, and what fills the group up does not count.
        assert_eq!(longest(2, &[(&[3, 0b0001_1000, 0xff], 4)]), Some(3));
        // Many records of one element.
        assert_eq!(longest(1, &[(&[0xfe, 1, 0], 127)]), Some(1));
    }

    #[test]
    fn levels_that_are_not_there_are_no_answer() {
        for runs in [&[][..], &[0xff], &[2], &[0, 0], &[1]] {
            assert_eq!(longest(1, &[(runs, 10)]), None, "{runs:?}");
        }
    }
}
