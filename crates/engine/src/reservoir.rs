//! A sample of a given size, drawn by lot from records of which nobody knows how many come.
//!
//! What a reader gets wrong: which records are wanted is known only when the last one was seen, since each that comes
//! may draw a lower number than one that is held. So nothing of the sample can be examined before the reading ends.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{
    Array, ArrayRef, BooleanArray, GenericListArray, OffsetSizeTrait, RecordBatch,
    RecordBatchOptions,
};
use arrow_schema::{ArrowError, DataType, FieldRef};
use locard_sketch::hash;

/// Holds the records that drew the lowest numbers so far.
#[derive(Debug)]
pub(crate) struct Reservoir {
    /// How many were asked for.
    asked: u64,
    /// As many, or as many as there is room for.
    wanted: usize,
    /// Bytes that the records held may take.
    room: usize,
    seed: u64,
    seen: u64,
    /// Whoever drew a higher number is not wanted.
    highest: u64,
    /// In the order in which they came.
    chunks: Vec<Chunk>,
}

/// Some records and the numbers that they drew.
#[derive(Debug)]
struct Chunk {
    records: RecordBatch,
    lots: Vec<u64>,
    bytes: usize,
}

/// The number that a record draws: the same in every scan.
pub(crate) fn lot(record: u64, seed: u64) -> u64 {
    hash(&(record ^ seed.rotate_left(32)).to_le_bytes())
}

impl Reservoir {
    /// For so many records, as far as they fit into so many bytes.
    pub(crate) fn new(asked: u64, seed: u64, room: usize) -> Self {
        Self {
            asked,
            wanted: usize::try_from(asked).unwrap_or(usize::MAX),
            room,
            seed,
            seen: 0,
            highest: u64::MAX,
            chunks: Vec::new(),
        }
    }

    /// Lets the records of a batch draw.
    pub(crate) fn offer(&mut self, records: &RecordBatch) -> Result<(), ArrowError> {
        let numbers = self.seen..self.seen + records.num_rows() as u64;
        self.seen = numbers.end;
        let lots: Vec<u64> = numbers.map(|record| lot(record, self.seed)).collect();
        let Some(chunk) = below(records, &lots, self.highest)? else {
            return Ok(());
        };
        self.push(chunk)?;
        if self.rows() > self.wanted.saturating_mul(2) || self.bytes() > self.room {
            self.thin()?;
        }
        while self.bytes() > self.room && self.wanted > 1 {
            // Halved, so that there is room for many records until it must be done again.
            self.wanted = (self.rows() / 2).max(1);
            self.thin()?;
        }
        Ok(())
    }

    /// The sample, once every record has drawn, and how many more were wanted for which there was no room.
    pub(crate) fn take(&mut self) -> Result<(Vec<RecordBatch>, u64), ArrowError> {
        self.thin()?;
        let left_out = self.asked.min(self.seen).saturating_sub(self.rows() as u64);
        let chunks = std::mem::take(&mut self.chunks).into_iter();
        Ok((chunks.map(|chunk| chunk.records).collect(), left_out))
    }

    fn rows(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.lots.len()).sum()
    }

    fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes).sum()
    }

    /// Adds a chunk. One that is no smaller than the one before it is put together with it: there are few chunks then,
    /// and no record is copied often.
    fn push(&mut self, mut chunk: Chunk) -> Result<(), ArrowError> {
        while let Some(last) = self.chunks.pop_if(|last| last.goes_with(&chunk)) {
            chunk = last.join(chunk)?;
        }
        self.chunks.push(chunk);
        Ok(())
    }

    /// Lets go of whatever drew too high a number.
    fn thin(&mut self) -> Result<(), ArrowError> {
        if self.rows() <= self.wanted {
            return Ok(());
        }
        let lots = self.chunks.iter().flat_map(|chunk| &chunk.lots);
        let mut lots: Vec<u64> = lots.copied().collect();
        let last = self.wanted.saturating_sub(1);
        self.highest = *lots.select_nth_unstable(last).1;
        for chunk in std::mem::take(&mut self.chunks) {
            if let Some(chunk) = below(&chunk.records, &chunk.lots, self.highest)? {
                self.push(chunk)?;
            }
        }
        Ok(())
    }
}

/// The records that drew no higher number than that.
fn below(records: &RecordBatch, lots: &[u64], highest: u64) -> Result<Option<Chunk>, ArrowError> {
    let wanted: BooleanArray = lots.iter().map(|lot| Some(*lot <= highest)).collect();
    let lots: Vec<u64> = lots.iter().copied().filter(|lot| *lot <= highest).collect();
    if lots.is_empty() {
        return Ok(None);
    }
    let records = arrow_select::filter::filter_record_batch(records, &wanted)?;
    Chunk::new(&records, lots).map(Some)
}

impl Chunk {
    fn goes_with(&self, next: &Self) -> bool {
        self.lots.len() <= next.lots.len() && self.records.schema() == next.records.schema()
    }

    fn join(self, next: Self) -> Result<Self, ArrowError> {
        let both = [&self.records, &next.records];
        let records = arrow_select::concat::concat_batches(&self.records.schema(), both)?;
        Self::new(&records, [self.lots, next.lots].concat())
    }

    fn new(records: &RecordBatch, lots: Vec<u64>) -> Result<Self, ArrowError> {
        let columns = records.columns().iter().map(alone);
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(lots.len()));
        let records = RecordBatch::try_new_with_options(records.schema(), columns, &options)?;
        let bytes = records.get_array_memory_size();
        Ok(Self {
            records,
            lots,
            bytes,
        })
    }
}

/// The array without the rest of the texts that it was picked from, which it would keep in memory.
fn alone(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        DataType::List(field) => list::<i32>(field, array)?,
        DataType::LargeList(field) => list::<i64>(field, array)?,
        _ => Arc::clone(array),
    })
}

fn list<O: OffsetSizeTrait>(field: &FieldRef, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let list = array.as_list::<O>();
    let (offsets, values) = (list.offsets().clone(), alone(list.values())?);
    let nulls = list.nulls().cloned();
    let list = GenericListArray::<O>::try_new(Arc::clone(field), offsets, values, nulls)?;
    Ok(Arc::new(list))
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::{ListBuilder, StringViewBuilder};
    use arrow_array::types::UInt64Type;
    use arrow_array::{StringViewArray, UInt64Array};

    use super::*;

    const BATCH: u64 = 1_000;
    const LENGTH: usize = 400;

    fn batch(from: u64) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(UInt64Array::from_iter_values(from..from + BATCH));
        let text = |number: u64| format!("{number:0LENGTH$}");
        let texts = (from..from + BATCH).map(|number| Some(text(number)));
        let texts: ArrayRef = Arc::new(texts.collect::<StringViewArray>());
        let mut lists = ListBuilder::new(StringViewBuilder::new());
        (from..from + BATCH).for_each(|number| lists.append_value([Some(text(number))]));
        let lists: ArrayRef = Arc::new(lists.finish());
        RecordBatch::try_from_iter([("n", numbers), ("text", texts), ("list[]", lists)]).unwrap()
    }

    /// The numbers of the records in the sample, and how many others did not fit.
    fn sample(reservoir: &mut Reservoir, batches: u64) -> (Vec<u64>, u64) {
        for at in 0..batches {
            reservoir.offer(&batch(at * BATCH)).unwrap();
        }
        let (records, left_out) = reservoir.take().unwrap();
        let numbers = |records: &RecordBatch| {
            let numbers = records.column(0).as_primitive::<UInt64Type>();
            numbers.values().to_vec()
        };
        (records.iter().flat_map(numbers).collect(), left_out)
    }

    #[test]
    fn it_holds_those_with_the_lowest_numbers_in_their_order() {
        for (wanted, batches) in [(1, 40), (50, 40), (1_500, 40), (5_000, 3)] {
            let mut reservoir = Reservoir::new(wanted, 7, usize::MAX);
            let (found, left_out) = sample(&mut reservoir, batches);
            let mut all: Vec<u64> = (0..batches * BATCH).collect();
            all.sort_by_key(|record| lot(*record, 7));
            all.truncate(wanted as usize);
            all.sort_unstable();
            assert_eq!((found, left_out), (all, 0), "{wanted} of {batches} batches");
        }
    }

    #[test]
    fn it_takes_the_memory_of_what_it_holds() {
        let mut reservoir = Reservoir::new(100, 7, usize::MAX);
        for at in 0..100 {
            reservoir.offer(&batch(at * BATCH)).unwrap();
            // Two texts each, and as many records again that wait to be let go.
            let most = 200 * (2 * LENGTH + 200) + 20_000;
            assert!(reservoir.bytes() < most, "{}", reservoir.bytes());
            assert!(reservoir.chunks.len() < 12, "{}", reservoir.chunks.len());
        }
    }

    #[test]
    fn it_holds_no_more_than_fits_and_says_so() {
        let room = 300 * (2 * LENGTH + 100);
        let mut reservoir = Reservoir::new(1_000, 7, room);
        let (found, left_out) = sample(&mut reservoir, 40);
        assert!((50..=300).contains(&found.len()), "{}", found.len());
        assert_eq!(left_out, 1_000 - found.len() as u64);
        // Still drawn from all.
        assert!(found.iter().any(|record| *record > 30 * BATCH));
    }
}
