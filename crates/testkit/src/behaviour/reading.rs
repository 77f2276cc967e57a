//! A seeded place with a checked source over it, and how the cases read.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow_array::RecordBatch;
use futures::TryStreamExt;
use locard_connector::decorators::Contract;
use locard_connector::{Exactness, Result, ScanPlan, ScanRequest, Source};

use super::fixture::{Fixture, Place, Skip};
use crate::{Rows, Table, rows_of};

/// A place under test.
pub(super) struct Seeded {
    pub(super) fixture: Arc<dyn Fixture>,
    pub(super) place: Box<dyn Place>,
    pub(super) source: Arc<dyn Source>,
}

/// What a scan gave, with its promises.
pub(super) struct Answer {
    pub(super) plan: ScanPlan,
    pub(super) rows: Rows,
}

impl Seeded {
    pub(super) async fn new(fixture: Arc<dyn Fixture>, tables: &[Table]) -> Result<Self, Skip> {
        let place = fixture.seed(tables).await?;
        let source = place
            .source()
            .await
            .expect("a source over the seeded place opens");
        Ok(Self {
            fixture,
            place,
            source: Arc::new(Contract::new(source)),
        })
    }

    /// Every record of a table in one split.
    pub(super) fn request(&self, table: &Table) -> ScanRequest {
        let (path, kind) = self.place.path(&table.name);
        ScanRequest::all(path, kind)
    }

    pub(super) async fn scan(&self, request: &ScanRequest) -> Answer {
        self.try_scan(request).await.expect("the scan succeeds")
    }

    pub(super) async fn try_scan(&self, request: &ScanRequest) -> Result<Answer> {
        let plan = self.source.plan(request).await?;
        let mut batches: Vec<RecordBatch> = Vec::new();
        for split in &plan.splits {
            let read: Vec<_> = self.source.read(split).await?.try_collect().await?;
            assert!(
                read.iter().all(|batch| batch.faults.is_empty()),
                "a clean table has no faults: {:?}",
                read[0].faults
            );
            batches.extend(read.into_iter().map(|batch| batch.records));
        }
        Ok(Answer {
            rows: rows_of(&batches),
            plan,
        })
    }

    /// What a table must come back as.
    pub(super) fn expected(&self, table: &Table) -> Rows {
        let mut rows = rows_of(std::slice::from_ref(&table.rows));
        let schema = table.rows.schema();
        for cells in rows.values_mut() {
            for field in schema.fields() {
                if let Some(text) = cells.get_mut(field.name()) {
                    *text = self
                        .fixture
                        .given_back(field.data_type(), std::mem::take(text));
                }
            }
        }
        rows
    }
}

/// A request with other splits.
pub(super) fn in_splits(mut request: ScanRequest, splits: usize) -> ScanRequest {
    request.max_splits = NonZeroUsize::new(splits).expect("at least one split");
    request
}

/// The ids of records.
pub(super) fn ids(rows: &Rows) -> BTreeSet<u64> {
    rows.keys().filter_map(|id| id.parse().ok()).collect()
}

/// Asserts that what came is what was promised of what was wanted.
pub(super) fn assert_kept(
    promise: Exactness,
    came: &BTreeSet<u64>,
    wanted: &BTreeSet<u64>,
    all: &BTreeSet<u64>,
    what: &str,
) {
    match promise {
        Exactness::Exact => assert_eq!(came, wanted, "{what}: promised exactly"),
        Exactness::Superset => {
            assert!(
                came.is_superset(wanted),
                "{what}: promised a superset, {:?} are missing",
                wanted - came
            );
            assert!(
                came.is_subset(all),
                "{what}: records came that do not exist"
            );
        }
        Exactness::No => assert_eq!(
            came, all,
            "{what}: promised nothing, so every record must come"
        ),
    }
}
