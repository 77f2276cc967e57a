//! What a read yields.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, RecordBatch};

/// Some records of one split, with where they stand in their entity.
///
/// The schema may differ from batch to batch where the source has none of its own (JSON, documents): a column that
/// a batch lacks is null in all its records. Field names are dotted paths ([`document`](crate::document)); a column
/// with several values per record is an Arrow list of plain values, and its name has `[]` or `*` in it; no column holds
/// structures. A text file may bring columns beyond its header (`column_7`) in batches with longer rows.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The records.
    pub records: RecordBatch,
    /// Number of the first record in the entity, counted from 1; `None` where the source has no order (databases).
    pub first_row: Option<u64>,
    /// For text formats, the line on which each record starts, counted from 1; empty elsewhere.
    pub lines: Vec<u64>,
    /// What could not be read between the previous batch and the end of this one.
    pub faults: Vec<Fault>,
    /// What is odd and worth a warning, although nothing is missing for it.
    pub notes: Vec<Fault>,
}

impl Batch {
    /// A batch without positions, faults or notes.
    pub fn new(records: RecordBatch) -> Self {
        Self {
            records,
            first_row: None,
            lines: Vec::new(),
            faults: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Bytes that the records take, without the rest of buffers that they share with other batches.
    pub fn bytes(&self) -> u64 {
        self.records
            .columns()
            .iter()
            .map(|column| bytes(column))
            .sum()
    }
}

fn bytes(array: &dyn Array) -> u64 {
    // The lower half of a view is its length; a plain sum over them is a fraction of a nanosecond each.
    let of_views = |views: &[u128]| views.iter().map(|view| u64::from(*view as u32)).sum();
    if let Some(texts) = array.as_string_view_opt() {
        return of_views(texts.views());
    }
    if let Some(blobs) = array.as_binary_view_opt() {
        return of_views(blobs.views());
    }
    let slice = array.to_data().get_slice_memory_size();
    slice.unwrap_or_else(|_| array.get_array_memory_size()) as u64
}

/// Records that could not be read, or only in part; the rest of the split goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, without any value: `row has 7 fields, the header has 5`.
    pub sentence: String,
    /// Where it happened first: `line 17`, `row 4, column price`.
    pub place: String,
    /// How many records are affected at least; 0 where there may be none.
    pub records: u64,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringViewArray};

    use super::*;

    #[test]
    fn a_part_of_shared_buffers_takes_what_is_its_own() {
        let long = "a text that is too long to stand in a view";
        let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values([long, "b", long]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let columns = [("text", texts), ("number", numbers)];
        let records = RecordBatch::try_from_iter(columns).expect("columns of one length");
        assert_eq!(Batch::new(records.slice(1, 1)).bytes(), 1 + 8);
        assert_eq!(Batch::new(records).bytes(), 2 * long.len() as u64 + 1 + 24);
    }
}
