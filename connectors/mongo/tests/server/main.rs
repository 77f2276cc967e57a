//! What the connector does with a real server, beyond the behaviour suite.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod access;
mod documents;
mod failures;
mod matching;
mod proxy;

use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, RecordBatch};
use futures::TryStreamExt as _;
use locard_connector::{Batch, Connector as _, Result, ScanPlan, ScanRequest, Source, Split};
use locard_connector_mongo::Mongo;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Mongo as Database;
use serde_json::Value;

pub(crate) use locard_testkit::reads::in_splits;

/// A source over a target.
pub(crate) async fn open(target: &str) -> Arc<dyn Source> {
    let target = Mongo
        .target(target)
        .expect("the target is MongoDB's")
        .expect("the target makes sense");
    Mongo
        .open(target.settings)
        .await
        .expect("opening connects to nothing")
}

/// A fresh database with a collection `c` of these documents, and a source over it.
pub(crate) async fn seeded(test: &str, documents: &[Value]) -> Option<(Database, Arc<dyn Source>)> {
    let database = Database::new(test)?;
    database.insert("c", documents);
    let source = open(&database.url()).await;
    Some((database, source))
}

/// Where a collection is.
pub(crate) fn path(database: &Database, name: &str) -> EntityPath {
    EntityPath::new([database.name(), name])
}

/// Everything of a collection.
pub(crate) fn all(database: &Database, name: &str) -> ScanRequest {
    ScanRequest::all(path(database, name), EntityKind::Collection)
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

/// The text of each cell of a column; `-` for null, and where the column did not come.
pub(crate) fn cells(records: &[RecordBatch], column: &str) -> Vec<String> {
    let text = |array: Option<&ArrayRef>, row: usize| {
        let array = array.filter(|array| !array.is_null(row))?;
        locard_testkit::cell(array, row)
    };
    let each = |batch: &RecordBatch| {
        let array = batch.column_by_name(column).cloned();
        (0..batch.num_rows())
            .map(|row| text(array.as_ref(), row).unwrap_or_else(|| "-".to_owned()))
            .collect::<Vec<_>>()
    };
    records.iter().flat_map(each).collect()
}

/// How many documents came.
pub(crate) fn count(records: &[RecordBatch]) -> usize {
    records.iter().map(RecordBatch::num_rows).sum()
}

/// The names of the columns that came.
pub(crate) fn columns(records: &[RecordBatch]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for batch in records {
        for field in batch.schema().fields() {
            if !names.contains(field.name()) {
                names.push(field.name().clone());
            }
        }
    }
    names
}
