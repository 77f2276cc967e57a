//! What the connector does with a real server, beyond the behaviour suite.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod access;
mod catalog;
mod changes;
mod failures;
mod matching;
mod settling;
mod snapshots;
mod types;

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, RecordBatch};
use futures::TryStreamExt as _;
use locard_connector::{Batch, Connector as _, Result, ScanPlan, ScanRequest, Source, Split};
use locard_connector_postgres::Postgres;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Database;

/// A source over a target.
pub(crate) async fn open(target: &str) -> Arc<dyn Source> {
    let target = Postgres
        .target(target)
        .expect("the target is PostgreSQL's")
        .expect("the target makes sense");
    Postgres
        .open(target.settings)
        .await
        .expect("opening connects to nothing")
}

/// A fresh database with these tables and a source over it.
pub(crate) async fn seeded(test: &str, sql: &str) -> Option<(Database, Arc<dyn Source>)> {
    let database = Database::postgres(test)?;
    database.run(sql);
    let source = open(&database.url()).await;
    Some((database, source))
}

/// Everything of a table of schema `public`.
pub(crate) fn all(table: &str) -> ScanRequest {
    ScanRequest::all(EntityPath::new(["public", table]), EntityKind::Table)
}

/// The same in at most so many splits.
pub(crate) fn in_splits(mut request: ScanRequest, splits: usize) -> ScanRequest {
    request.max_splits = NonZeroUsize::new(splits).expect("a number of splits");
    request
}

/// What a split holds.
pub(crate) async fn read(source: &dyn Source, split: &Split) -> Result<Vec<Batch>> {
    source.read(split).await?.try_collect().await
}

/// What a request yields, in all its splits.
pub(crate) async fn scan(
    source: &dyn Source,
    request: &ScanRequest,
) -> (ScanPlan, Vec<RecordBatch>) {
    let plan = source.plan(request).await.expect("the plan succeeds");
    let mut records = Vec::new();
    for split in &plan.splits {
        let batches = read(source, split).await.expect("the split is read");
        records.extend(batches.into_iter().map(|batch| batch.records));
    }
    (plan, records)
}

/// The text of each cell of a column; `-` for null.
pub(crate) fn cells(records: &[RecordBatch], column: &str) -> Vec<String> {
    let column = |batch: &RecordBatch| -> ArrayRef {
        batch
            .column_by_name(column)
            .expect("the column came")
            .clone()
    };
    records
        .iter()
        .flat_map(|batch| {
            let array = column(batch);
            (0..array.len())
                .map(|row| locard_testkit::cell(&array, row).unwrap_or_else(|| "-".into()))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// How many rows came.
pub(crate) fn count(records: &[RecordBatch]) -> usize {
    records.iter().map(RecordBatch::num_rows).sum()
}
