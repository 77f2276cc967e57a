//! Reading a source to its end, for tests that look at what came.

use std::num::NonZeroUsize;

use arrow_array::{Array as _, RecordBatch};
use futures::TryStreamExt as _;
use locard_connector::{Batch, Result, ScanPlan, ScanRequest, Source, Split};

/// A request that is divided into at most so many splits.
///
/// # Panics
///
/// Where that is none.
#[must_use]
pub fn in_splits(mut request: ScanRequest, splits: usize) -> ScanRequest {
    request.max_splits = NonZeroUsize::new(splits).expect("a number of splits");
    request
}

/// What a split holds.
pub async fn read(source: &dyn Source, split: &Split) -> Result<Vec<Batch>> {
    source.read(split).await?.try_collect().await
}

/// What a request yields, in all its splits.
///
/// # Panics
///
/// Where it cannot be planned or read.
pub async fn scan(source: &dyn Source, request: &ScanRequest) -> (ScanPlan, Vec<Batch>) {
    let plan = source.plan(request).await.expect("the plan succeeds");
    let mut batches = Vec::new();
    for split in &plan.splits {
        batches.extend(read(source, split).await.expect("the split is read"));
    }
    (plan, batches)
}

/// The text of each cell of a column; `-` for null.
///
/// # Panics
///
/// Where the column did not come.
pub fn cells(batches: &[Batch], column: &str) -> Vec<String> {
    let of = |batch: &Batch| {
        let records: &RecordBatch = &batch.records;
        let array = records
            .column_by_name(column)
            .expect("the column came")
            .clone();
        let text = |row| crate::cell(&array, row).unwrap_or_else(|| "-".into());
        (0..array.len()).map(text).collect::<Vec<_>>()
    };
    batches.iter().flat_map(of).collect()
}

/// How many records came.
pub fn count(batches: &[Batch]) -> usize {
    batches.iter().map(|batch| batch.records.num_rows()).sum()
}
