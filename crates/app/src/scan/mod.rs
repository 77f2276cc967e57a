//! The scan: what is asked of sources, what is planned, and what of a reading is noted.

pub(crate) mod gaps;
pub(crate) mod idle;
pub(crate) mod ledger;
pub(crate) mod listings;
pub(crate) mod plan;
pub(crate) mod scanned;
pub(crate) mod slips;
pub(crate) mod tally;

use futures::StreamExt as _;
use locard_connector::{Sample, Scope, Snapshot};
use locard_model::SecretString;

use crate::record::skipping::Skipping;
use crate::record::spec::ScanSpec;
use crate::record::spec::Telling;
use crate::scan::slips::Opened;
use crate::sources::target::Resolved;
use crate::{Amount, Home, SourceLimits};

/// What is scanned and how.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// Targets as people write them (paths, globs, `postgres://…`) or names of registered sources; empty: every
    /// registered source.
    pub targets: Vec<SecretString>,
    /// Globs over resources; empty: all.
    pub include: Vec<String>,
    /// Globs over resources that are left out.
    pub exclude: Vec<String>,
    /// Read about this much of each entity instead of all.
    pub sample: Option<Amount>,
    /// Only records for which this holds, as one boolean expression of SQL; `None`: all.
    pub condition: Option<String>,
    /// What is left out by what is known of it before it is read.
    pub skipping: Skipping,
    /// Whether the first record of delimited text names its columns; `None`: the text itself tells.
    pub header: Option<bool>,
    /// Whether the store is written anew at the end, without what was replaced.
    pub compacts: bool,
    /// What is told at the end beyond what was done.
    pub telling: Telling,
    /// Judge every value by every rule, even where a column's label is settled.
    pub exhaustive: bool,
    /// How long one consistent view of a database lasts.
    pub snapshot: Snapshot,
    /// How much is taken of each source at a time; where nothing is said, as registered.
    pub limits: SourceLimits,
    /// Start anew even if an interrupted scan of the same targets and options could be taken up, and read again what has
    /// not changed since an earlier one.
    pub fresh: bool,
}

impl ScanOptions {
    /// Which records are asked for.
    pub(crate) fn asked(&self) -> Sample {
        self.sample.map_or(Sample::All, Amount::sample)
    }
}

impl ScanSpec {
    /// What is asked of these sources.
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
            skipping: options.skipping.clone(),
            header: options.header,
            compacts: options.compacts,
            telling: options.telling.clone(),
        }
    }

    /// What is asked of the sources.
    pub(crate) fn options(&self, limits: SourceLimits) -> ScanOptions {
        ScanOptions {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            sample: self.sample,
            condition: self.condition.clone(),
            skipping: self.skipping.clone(),
            header: self.header,
            compacts: self.compacts,
            telling: self.telling.clone(),
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
}

/// A column with so many values that not all of them are in the index.
#[derive(Clone, Debug, PartialEq)]
pub struct PartlyIndexed {
    /// Its source as people see it.
    pub source: String,
    /// Its entity, masked.
    pub resource: String,
    /// Its path, masked.
    pub column: String,
    /// Share of the values that were read which is in the index.
    pub indexed: f64,
}

/// What no rule was shown of columns that were clear after their first cells, without `--exhaustive`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untested {
    /// Such columns.
    pub columns: u64,
    /// Their cells that hold something and were not shown.
    pub cells: u64,
}

/// So many sources are opened at the same time.
const OPENED_AT_ONCE: usize = 16;

/// Opens the sources, those found inside folders too; what does not answer is a failure.
pub(crate) async fn open_all(home: &Home, sources: &[Resolved], options: &ScanOptions) -> Opened {
    let scope = Scope {
        include: options.include.clone(),
        exclude: options.exclude.clone(),
    };
    let opening = sources
        .iter()
        .map(|source| source.target(home, scope.clone(), options.limits));
    // Side by side: one that does not answer keeps the others waiting once, and not each in its turn.
    let mut opened = futures::stream::iter(opening.collect::<Vec<_>>()).buffered(OPENED_AT_ONCE);
    let mut targets = Vec::new();
    let mut failures = Vec::new();
    while let Some(opened) = opened.next().await {
        match opened {
            Ok(target) => targets.push(target),
            Err(failure) => failures.push(failure),
        }
    }
    (targets, failures)
}
