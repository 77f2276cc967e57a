//! What scans were asked, as the store keeps it: one type, so that a name that is misspelt does not read as "nothing here".

use locard_model::EntityId;
use locard_store::{Job, JobFilter, Page, Source};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::home::json;
use crate::record::amount::Amount;
use crate::record::skipping::Skipping;
use crate::{Error, ErrorKind, Home, Result};

/// The kind of the jobs that are scans.
pub(crate) const SCAN: &str = "scan";

/// What tells one scan from another. Targets are canonical, so it holds no credentials.
///
/// Its JSON in this order is what jobs are found by: an interrupted scan is taken up only as long as nothing moves.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScanSpec {
    /// The names of the sources, sorted.
    pub(crate) targets: Vec<String>,
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    /// Records of each entity; `None`: all.
    pub(crate) sample: Option<Amount>,
    pub(crate) exhaustive: bool,
    pub(crate) database_snapshot: bool,
    /// Only these entities and what is in them, sorted; of a source of which none is named, everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) entities: Vec<EntityId>,
    /// The dataset that is summed up afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) collection: Option<Uuid>,
    /// Only records for which this holds, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<String>,
    /// What is left out by what is known of it before it is read.
    #[serde(default, skip_serializing_if = "Skipping::is_nothing")]
    pub(crate) skipping: Skipping,
    /// Whether the first record of delimited text names its columns, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<bool>,
    /// Whether the store is written anew at its end: what it replaces is of rows that were erased.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) compacts: bool,
    /// What is told of it at its end.
    #[serde(default, skip_serializing_if = "Telling::is_nothing")]
    pub(crate) telling: Telling,
}

/// What a scan tells at its end beyond what it did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// Rules, and dictionaries by their names: where there is something of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// How often, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts: bool,
    /// Which of what was read holds the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicates: bool,
}

impl Telling {
    /// Whether nothing is asked for.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl ScanSpec {
    /// What a scan was asked.
    pub(crate) fn of(job: &Job) -> Result<Self> {
        asked(job, SCAN)
    }

    /// As it is kept with its job.
    pub(crate) fn json(&self) -> Result<Value> {
        json(self)
    }

    /// Whether something was left out.
    pub(crate) fn is_narrowed(&self) -> bool {
        let is_part = !self.include.is_empty() || !self.exclude.is_empty();
        is_part || !self.entities.is_empty() || !self.skipping.is_nothing()
    }
}

/// What a job of that kind was asked.
pub(crate) fn asked<T: DeserializeOwned>(job: &Job, kind: &str) -> Result<T> {
    T::deserialize(&job.spec).map_err(|error| {
        let id = job.id;
        let sentence = format!("what was recorded of the job {id} is not what a {kind} is");
        Error::new(ErrorKind::Store, sentence).cause(error)
    })
}

/// A scan of any state.
pub(crate) struct Scan {
    pub(crate) job: Job,
    /// `None` where what was recorded of it cannot be read.
    pub(crate) spec: Option<ScanSpec>,
}

/// Every scan, the latest first.
pub(crate) async fn scans(home: &Home) -> Result<Vec<Scan>> {
    let filter = JobFilter {
        kind: Some(SCAN.to_owned()),
        ..JobFilter::default()
    };
    let scan = |job: Job| Scan {
        spec: ScanSpec::of(&job).ok(),
        job,
    };
    let mut scans: Vec<Scan> = Vec::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.jobs(home.org, &filter, page).await?;
        scans.extend(found.items.into_iter().map(scan));
        let Some(after) = found.next else {
            return Ok(scans);
        };
        page.after = Some(after);
    }
}

/// The source that a scan named so, unless it was removed; one that took its name since is another.
pub(crate) fn scanned_by<'c>(
    job: &Job,
    catalog: &'c Catalog<'_>,
    name: &str,
) -> Option<&'c Source> {
    let source = catalog.source_named(name).ok()?;
    let ended_before = job.ended_at.is_some_and(|end| end < source.created_at);
    (!ended_before).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As homes have it: jobs are found by the hash of these bytes.
    const SPEC: &str = r#"{"targets":["file:///data"],"include":[],"exclude":["*.log"],"sample":100,"exhaustive":false,"database_snapshot":true}"#;

    #[test]
    fn a_specification_stays_the_same_bytes() {
        let spec = ScanSpec {
            targets: vec!["file:///data".to_owned()],
            include: Vec::new(),
            exclude: vec!["*.log".to_owned()],
            sample: Some(Amount::Rows(100)),
            exhaustive: false,
            database_snapshot: true,
            entities: Vec::new(),
            collection: None,
            condition: None,
            skipping: Skipping::default(),
            header: None,
            compacts: false,
            telling: Telling::default(),
        };
        assert_eq!(
            spec.json().map(|spec| spec.to_string()).ok().as_deref(),
            Some(SPEC)
        );
        assert!(spec.is_narrowed());
        let read = |text: &str| serde_json::from_str::<ScanSpec>(text).ok();
        assert_eq!(read(SPEC), Some(spec));
        assert_eq!(read(&SPEC.replace("exclude", "excluded")), None);
    }
}
