//! What the store keeps as JSON for this crate, with one type each: a name that is misspelt must not read as "nothing
//! here".

use locard_connector::Snapshot;
use locard_model::EntityId;
use locard_store::Job;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::jobs::kinds::{self, scan::Scan};
use crate::sources::target::Resolved;
use crate::{Amount, Result, ScanOptions, SourceLimits, jobs::order};

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
}

impl ScanSpec {
    pub(crate) fn new(sources: &[Resolved], options: &ScanOptions) -> Self {
        let mut targets: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
        targets.sort_unstable();
        Self {
            targets,
            include: options.include.clone(),
            exclude: options.exclude.clone(),
            sample: options.sample,
            exhaustive: options.exhaustive,
            database_snapshot: options.snapshot == Snapshot::Database,
            entities: Vec::new(),
            collection: None,
            condition: options.condition.clone(),
        }
    }

    /// What is asked of the sources.
    pub(crate) fn options(&self, limits: SourceLimits) -> ScanOptions {
        ScanOptions {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            sample: self.sample,
            condition: self.condition.clone(),
            exhaustive: self.exhaustive,
            snapshot: if self.database_snapshot {
                Snapshot::Database
            } else {
                Snapshot::Entity
            },
            limits,
            ..ScanOptions::default()
        }
    }

    /// What a scan was asked.
    pub(crate) fn of(job: &Job) -> Result<Self> {
        kinds::request::<Scan>(job)
    }

    /// As it is kept with its job.
    pub(crate) fn json(&self) -> Result<Value> {
        order::json(self)
    }

    /// Whether something was left out.
    pub(crate) fn is_narrowed(&self) -> bool {
        !self.include.is_empty() || !self.exclude.is_empty() || !self.entities.is_empty()
    }
}

/// Numbers of a column that are told without decoding its sketch.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnSummary {
    /// Records of its entity that were read.
    pub(crate) records: u64,
    /// Cells of it.
    pub(crate) rows: u64,
    pub(crate) distinct: u64,
    /// Share of the values that are in the index.
    pub(crate) indexed: f64,
    /// Only some records were asked for.
    pub(crate) sampled: bool,
    /// Some of what was asked for could not be read.
    pub(crate) partial: bool,
    /// What it adds to the mark of its entity's content; `None`: that cannot be told.
    #[serde(default)]
    pub(crate) content: Option<u64>,
}

impl ColumnSummary {
    pub(crate) fn of(summary: &Value) -> Result<Self, locard_engine::Error> {
        let damaged = |error: serde_json::Error| locard_engine::Error::Recorded(error.to_string());
        Self::deserialize(summary).map_err(damaged)
    }
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
