//! The aggregation of a dataset as a job: what its members have in common, from what was profiled.

use locard_engine::Failure;
use locard_model::JobState;
use locard_store::CollectionId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::catalog::collections::{chosen_entities, dataset, present};
use crate::findings::aggregation::{Aggregation, aggregate};
use crate::jobs::errands::Accept;
use crate::jobs::kinds::identify::failure;
use crate::jobs::kinds::scan::accept_scan;
use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{Accepted, Asking, accept};
use crate::{Error, ErrorKind, Home, Result, ScanOptions, SourceLimits, collection, record};

/// Sums up a dataset.
pub(crate) struct Aggregate;

/// Which dataset.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) collection: Uuid,
    pub(crate) targets: Vec<String>,
}

/// Sums up what is known of the members of a dataset, as an errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetSum {
    /// Which.
    pub collection: Uuid,
}

impl Accept for DatasetSum {
    async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted> {
        let (_, members) = dataset(home, self.collection).await?;
        let sources = home.resolve_all(&members.chosen.targets()).await?;
        let request = Request {
            collection: self.collection,
            targets: sources.into_iter().map(|source| source.name).collect(),
        };
        let asking = with_members(asking, members);
        accept::<Aggregate>(home, &request, &asking, SourceLimits::default()).await
    }
}

/// Reads, profiles and judges the members of a collection, as an errand; a dataset is summed up afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionScan {
    /// Which.
    pub collection: Uuid,
}

impl Accept for CollectionScan {
    async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted> {
        let row = collection(home, self.collection).await?;
        let mut members = present(home, &row).await?;
        members.chosen.collection = Some(self.collection);
        let chosen = members.chosen.clone();
        let asking = with_members(asking, members);
        accept_scan(home, &ScanOptions::default(), &chosen, &asking).await
    }
}

/// Tells what the job is about, and what of it is not there any more.
fn with_members(asking: Asking, members: crate::Members) -> Asking {
    let mut warnings = asking.warnings;
    let shown = members.missing.iter().take(20);
    warnings.extend(shown.map(|name| format!("{name}: names nothing in the catalog any more")));
    Asking {
        items: members.chosen.items,
        warnings,
        ..asking
    }
}

/// Sums up a dataset and keeps the result with it; `None` where it is none any more.
pub(crate) async fn sum(work: &Work<'_>, id: Uuid) -> Result<Option<Aggregation>> {
    let home = work.home;
    let members = match dataset(home, id).await {
        Ok((_, members)) => members,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Usage) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let leaves = chosen_entities(home, &members.chosen).await?;
    let sum = Box::pin(aggregate(home, &leaves, &work.stop)).await?;
    if !sum.stopped {
        let id = CollectionId(id);
        home.store.sum_collection(home.org, id, &sum.told).await?;
    }
    Ok(Some(sum))
}

/// Why there is nothing to sum up.
fn not_summed(why: Option<Error>) -> Error {
    why.unwrap_or_else(|| Error::usage("the collection was changed while it was summed up"))
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Summed {
    sum: Aggregation,
    failures: Vec<Failure>,
}

impl Report for Summed {
    fn state(&self) -> JobState {
        match (
            self.sum.stopped,
            self.failures.is_empty(),
            self.sum.profiled,
        ) {
            (true, ..) => JobState::Cancelled,
            (_, true, _) => JobState::Completed,
            (_, false, 0) => JobState::Failed,
            (_, false, _) => JobState::Partial,
        }
    }

    fn outcome(&self) -> Value {
        json!({
            "entities": self.sum.profiled,
            "columns": self.sum.columns,
            "aggregation": self.sum.told,
        })
    }
}

impl JobKind for Aggregate {
    const NAME: &'static str = "aggregate";
    const MAY_REPEAT: bool = true;

    type Request = Request;
    type Report = Summed;

    fn targets(request: &Request) -> Vec<String> {
        request.targets.clone()
    }

    async fn run(work: &Work<'_>, request: Request) -> Result<Summed> {
        let home = work.home;
        let Some(sum) = sum(work, request.collection).await? else {
            // Asked again, so that what is wrong with it is told.
            return Err(not_summed(dataset(home, request.collection).await.err()));
        };
        let catalog = Catalog::open(home).await?;
        let unprofiled = sum.unprofiled.iter().map(|entity| {
            let source = catalog.source_name(entity.source);
            failure(
                home,
                entity,
                &source,
                "it was not profiled yet",
                "profile the collection first",
            )
        });
        let failures: Vec<Failure> = unprofiled.collect();
        let drafts: Vec<_> = failures.iter().map(record::failure).collect();
        home.store.record_failures(&work.lease, &drafts).await?;
        Ok(Summed { sum, failures })
    }
}
