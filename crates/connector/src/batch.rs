//! What a read yields.

use arrow_array::RecordBatch;

/// Some records of one split, with where they stand in their entity.
///
/// The schema may differ from batch to batch where the source has none of its own (JSON, documents): a column that
/// a batch lacks is null in all its records. Field names are dotted paths ([`document`](crate::document)); a column
/// with several values per record is an Arrow list, and its name has `[]` or `*` in it. A text file may bring columns
/// beyond its header (`column_7`) in batches with longer rows.
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
}

impl Batch {
    /// A batch without positions or faults.
    pub fn new(records: RecordBatch) -> Self {
        Self {
            records,
            first_row: None,
            lines: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// Records that could not be read, or only in part; the rest of the split goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, without any value: `row has 7 fields, the header has 5`.
    pub sentence: String,
    /// Where it happened first: `line 17`, `row 4, column price`.
    pub place: String,
    /// How many records are affected.
    pub records: u64,
}
