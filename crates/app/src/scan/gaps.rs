//! What a look-up could not ask, and why: silence would read as "not there".

use std::collections::{HashMap, HashSet};

use locard_connector::ErrorKind;
use locard_model::{ColumnId, EntityId, JobState, named};
use locard_store::{
    Column, ColumnFilter, Entity, Failure, FailureDraft, FailureFilter, Job, Source,
};

use crate::catalog::Catalog;
use crate::record::summary::ColumnSummary;
use crate::scan::listings::{LEFT_OUT, Listings};
use crate::{Home, Result, ids, record};

/// Something in the catalog that a look-up could not ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NotSearched {
    /// The source.
    pub source: String,
    /// The resource, masked; `None`: the whole source.
    pub resource: Option<String>,
    /// The column; `None`: the whole resource.
    pub column: Option<String>,
    /// Why.
    pub reason: Reason,
    /// The same in a sentence.
    pub sentence: String,
}

/// Why something was not searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It was listed but never scanned.
    NotScanned,
    /// Options of the scan left it out.
    LeftOut,
    /// Only a sample was read.
    Sampled,
    /// The scan of it failed, wholly or in part.
    Failed,
    /// It changed since it was scanned.
    Stale,
    /// It does not answer, so nobody knows whether it changed.
    Unreachable,
    /// The column carries no filter (booleans, floats).
    NotIndexed,
    /// The column has more distinct values than its filter took.
    PartlyIndexed,
    /// This build cannot read it.
    Unsupported,
    /// No connector reaches it.
    Manual,
    /// What was recorded of it cannot be read.
    Damaged,
    /// A scan of it is running, or was stopped.
    Unfinished,
    /// The look-up was cancelled before it came to it.
    Cancelled,
    /// More rows of it agree than are listed.
    TooMany,
    /// Values that are too short to tell may be in columns that are not called like them.
    TooShort,
    /// Its name or comment tells of the person, and no row of it is handed on for that.
    Named,
}

named!(Reason {
    NotScanned => "not-scanned",
    LeftOut => "left-out",
    Sampled => "sampled",
    Failed => "failed",
    Stale => "stale",
    Unreachable => "unreachable",
    NotIndexed => "not-indexed",
    PartlyIndexed => "partly-indexed",
    Unsupported => "unsupported",
    Manual => "manual",
    Damaged => "damaged",
    Unfinished => "unfinished",
    Cancelled => "cancelled",
    TooMany => "too-many",
    TooShort => "too-short",
    Named => "named",
});

impl Reason {
    /// Whether there may be more to find. Columns without a filter have nothing that leads to a person.
    pub const fn is_gap(self) -> bool {
        !matches!(self, Self::NotIndexed)
    }

    /// Whether something failed, be it in a scan, that may hide what was asked for, or is not done yet. What was left out on
    /// purpose, is never indexed, or that no scan was asked to read yet is no failure.
    pub const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Failed
                | Self::Unsupported
                | Self::Unreachable
                | Self::Damaged
                | Self::Unfinished
                | Self::Cancelled
                | Self::TooMany
                | Self::TooShort
        )
    }
}

/// What is said of an entity that no scan came to.
pub(crate) const NOT_SCANNED: &str = "the entity was listed but not scanned yet";

/// Why nothing is recorded of the columns of an entity.
pub(crate) enum Unread {
    /// No scan came to it.
    Never,
    /// The last one failed, be it at each of its records.
    Failed(FailureDraft),
    /// One read some of it and did not come to its end.
    Unfinished,
    /// One read it to its end, and what it recorded is gone.
    Lost,
    /// It has no rows.
    Empty,
}

/// The last failure of each entity that has one, by scans that are still listed.
pub(crate) struct Failures {
    last: HashMap<EntityId, Failure>,
    /// Those of them that a later scan left out by name.
    left_out: HashSet<EntityId>,
}

impl Failures {
    /// Of all entities, or of one.
    pub(crate) async fn load(home: &Home, entity: Option<EntityId>) -> Result<Self> {
        let filter = FailureFilter {
            entity,
            last_of_entities: true,
            ..FailureFilter::default()
        };
        let mut last: HashMap<EntityId, Failure> = HashMap::new();
        for failure in record::failures_of(home, &filter).await? {
            let Some(entity) = failure.what.entity else {
                continue;
            };
            let known = last.get(&entity).map(|known| known.at);
            if known.is_none_or(|known| known <= failure.at) {
                last.insert(entity, failure);
            }
        }
        Ok(Self {
            last,
            left_out: HashSet::new(),
        })
    }

    /// Notes which of these entities were left out on purpose since they failed.
    pub(crate) fn excuse<'e>(
        &mut self,
        listings: &Listings,
        entities: impl Iterator<Item = &'e Entity>,
    ) {
        let failed = entities.filter(|entity| self.last.contains_key(&entity.id));
        let left_out = failed.filter(|entity| {
            let resource = entity.path.resource(entity.kind);
            listings.leaves_out(entity.source, &resource)
        });
        self.left_out = left_out.map(|entity| entity.id).collect();
    }

    /// Why an entity is not searched that failed, and what is said of it.
    fn told(&self, entity: EntityId, reason: Reason, sentence: String) -> (Reason, String) {
        if self.left_out.contains(&entity) {
            (Reason::LeftOut, LEFT_OUT.to_owned())
        } else {
            (reason, sentence)
        }
    }

    /// The entities that have one.
    pub(crate) fn entities(&self) -> impl Iterator<Item = &EntityId> {
        self.last.keys()
    }

    /// The last failure of an entity.
    pub(crate) fn of(&self, entity: EntityId) -> Option<&FailureDraft> {
        self.last.get(&entity).map(|failure| &failure.what)
    }

    /// Why nothing is recorded of the columns of this entity. Ids of jobs are in the order in which these began.
    pub(crate) async fn why_unread(&self, home: &Home, entity: &Entity) -> Result<Unread> {
        let pieces = home.store.pieces(home.org, entity.id).await?;
        let read = pieces.iter().map(|piece| piece.job).max();
        // What was read later without a failure speaks for itself.
        let failure = self.last.get(&entity.id);
        if let Some(failure) = failure.filter(|failure| Some(failure.job) >= read) {
            return Ok(Unread::Failed(failure.what.clone()));
        }
        let job = match read {
            _ if entity.rows == Some(0) => return Ok(Unread::Empty),
            None => return Ok(Unread::Never),
            Some(read) => ids::known_job(home, read).await?,
        };
        let ended = |job: Job| matches!(job.state, JobState::Completed | JobState::Partial);
        if !job.is_none_or(ended) {
            return Ok(Unread::Unfinished);
        }
        // Read to its end, each column that it has would be recorded.
        let had_rows = pieces.iter().any(|piece| piece.rows > 0);
        let is_lost = had_rows && !home.store.columns(home.org, entity.id).await?.is_empty();
        Ok(if is_lost { Unread::Lost } else { Unread::Empty })
    }

    /// Why what is recorded of this entity is not of the last scan that tried to read it, if so.
    pub(crate) async fn since(
        &self,
        home: &Home,
        entity: &Entity,
    ) -> Result<Option<&FailureDraft>> {
        let Some(failure) = self.last.get(&entity.id) else {
            return Ok(None);
        };
        let heads = home.store.column_heads(home.org, entity.id).await?;
        let known = heads.first().map(|head| head.job);
        Ok((known < Some(failure.job)).then_some(&failure.what))
    }
}

/// An entity that a cancelled look-up did not come to: silence would read as "not there".
pub(crate) fn unasked(
    home: &Home,
    catalog: &Catalog<'_>,
    entity: &Entity,
    found: &mut Vec<NotSearched>,
) {
    found.push(NotSearched {
        source: catalog.source_name(entity.source),
        resource: Some(home.engine.mask().path(&entity.path, entity.kind)),
        column: None,
        reason: Reason::Cancelled,
        sentence: "the look-up was cancelled before it was asked".to_owned(),
    });
}

/// A gap that is all of a source.
pub(crate) fn of_source(source: &Source, reason: Reason, sentence: String) -> NotSearched {
    NotSearched {
        source: source.name.clone(),
        resource: None,
        column: None,
        reason,
        sentence,
    }
}

/// Why something is not searched that failed in this way.
pub(crate) fn reason(kind: &str) -> Reason {
    if ErrorKind::parse(kind) == Some(ErrorKind::Unsupported) {
        Reason::Unsupported
    } else {
        Reason::Failed
    }
}

/// How what is said begins of an entity that a scan read in part.
pub(crate) const IN_PART: &str = "read in part";

pub(crate) const UNFINISHED: &str = "a scan that read it did not come to its end; scan it again";
pub(crate) const DAMAGED: &str = "what was recorded of it is damaged or of another release; scan it again, or bring back a backup with `locard restore`";

pub(crate) const LOST: &str =
    "a scan read it to its end, and the catalog holds no filters of it; scan it again";

pub(crate) const STALE: &str =
    "it changed since it was scanned; what was added since is not in the index";

/// What of an entity cannot be asked.
pub(crate) struct Gaps<'a> {
    pub(crate) source: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) found: &'a mut Vec<NotSearched>,
}

impl Gaps<'_> {
    pub(crate) fn push(&mut self, column: Option<String>, reason: Reason, sentence: String) {
        let (source, resource) = (self.source.to_owned(), Some(self.resource.to_owned()));
        self.found.push(NotSearched {
            source,
            resource,
            column,
            reason,
            sentence,
        });
    }

    pub(crate) fn column(&mut self, column: String, reason: Reason, sentence: String) {
        self.push(Some(column), reason, sentence);
    }

    /// Nothing was recorded of it: why?
    pub(crate) async fn unread(
        &mut self,
        home: &Home,
        entity: &Entity,
        failures: &Failures,
    ) -> Result<()> {
        match failures.why_unread(home, entity).await? {
            Unread::Failed(what) => {
                let (why, sentence) = failures.told(entity.id, reason(&what.kind), what.sentence);
                self.push(None, why, sentence);
            }
            Unread::Never => self.push(None, Reason::NotScanned, NOT_SCANNED.to_owned()),
            Unread::Unfinished => self.push(None, Reason::Unfinished, UNFINISHED.to_owned()),
            Unread::Lost => self.push(None, Reason::Damaged, LOST.to_owned()),
            Unread::Empty => {}
        }
        Ok(())
    }

    /// What is recorded of it may be of an earlier scan than the last.
    pub(crate) async fn outdated(
        &mut self,
        home: &Home,
        entity: &Entity,
        failures: &Failures,
    ) -> Result<()> {
        if let Some(what) = failures.since(home, entity).await? {
            let sentence = format!(
                "only what an earlier scan read was asked: {}",
                what.sentence
            );
            let (why, sentence) = failures.told(entity.id, reason(&what.kind), sentence);
            self.push(None, why, sentence);
        }
        Ok(())
    }

    /// Filters without the columns that they are of cannot be asked.
    pub(crate) async fn nameless(
        &mut self,
        home: &Home,
        names: &[Column],
        filters: &[ColumnFilter],
    ) -> Result<()> {
        let known: HashSet<ColumnId> = names.iter().map(|name| name.id).collect();
        let nameless = |filter: &&ColumnFilter| !known.contains(&filter.column);
        for filter in filters.iter().filter(nameless) {
            match home.store.column(home.org, filter.column).await {
                // Gone from the source.
                Ok(_) => {}
                Err(error) if error.kind() == locard_store::ErrorKind::NotFound => {
                    self.push(None, Reason::Damaged, DAMAGED.to_owned());
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// What is recorded of it may be of a sample, or of a part.
    pub(crate) fn partly(&mut self, extent: Extent, of: Option<(&Failures, EntityId)>) {
        let why = of.and_then(|(failures, entity)| failures.of(entity));
        if extent.unknown {
            // Nothing may say that it was read whole.
            return self.push(None, Reason::Damaged, DAMAGED.to_owned());
        }
        if extent.sampled {
            let sentence = "only a sample of it was scanned";
            self.push(None, Reason::Sampled, sentence.to_owned());
        }
        if extent.partial {
            let place = why.and_then(|why| why.place.as_deref());
            let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
            let why = why.map_or("some of its records were not", |why| &why.sentence);
            let sentence = format!("{IN_PART}: {place}{why}");
            let (why, sentence) = match of {
                Some((failures, entity)) => failures.told(entity, Reason::Failed, sentence),
                None => (Reason::Failed, sentence),
            };
            self.push(None, why, sentence);
        }
    }
}

/// How far an entity was read, by the summaries of its columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    sampled: bool,
    partial: bool,
    /// A summary cannot be read.
    unknown: bool,
}

impl Extent {
    /// By all of them; `None` where one cannot be read.
    pub(crate) fn of(summaries: Option<&[ColumnSummary]>) -> Self {
        let Some(summaries) = summaries else {
            let unknown = true;
            return Self {
                unknown,
                ..Self::default()
            };
        };
        Self {
            sampled: summaries.iter().any(|summary| summary.sampled),
            partial: summaries.iter().any(|summary| summary.partial),
            unknown: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partly(summary: &serde_json::Value) -> Vec<Reason> {
        let mut found = Vec::new();
        let mut gaps = Gaps {
            source: "s",
            resource: "a.csv",
            found: &mut found,
        };
        let summary = ColumnSummary::read(summary.to_string().as_bytes()).ok();
        let summaries = summary.map(|summary| vec![summary]);
        gaps.partly(Extent::of(summaries.as_deref()), None);
        found.into_iter().map(|gap| gap.reason).collect()
    }

    #[test]
    fn a_column_of_which_nobody_knows_how_far_it_was_read_is_a_gap() {
        let summary = |sampled: bool, partial: bool| {
            let (rows, distinct, indexed) = (10, 9, 1.0);
            serde_json::json!({
                "records": rows, "rows": rows, "distinct": distinct, "indexed": indexed,
                "sampled": sampled, "partial": partial,
            })
        };
        assert_eq!(partly(&summary(false, false)), []);
        assert_eq!(
            partly(&summary(true, true)),
            [Reason::Sampled, Reason::Failed]
        );
        assert_eq!(partly(&serde_json::json!({"rows": 10})), [Reason::Damaged]);
    }

    #[test]
    fn an_answer_is_incomplete_for_failures_and_not_for_what_was_left_out_on_purpose() {
        use Reason::{Failed, LeftOut, Manual, NotIndexed, Sampled, Unfinished, Unsupported};
        assert!(Failed.is_failure() && Unsupported.is_failure());
        // A script that trusts 0 must not take an index that is half built for a clean no.
        assert!(Unfinished.is_failure());
        let meant = [NotIndexed, LeftOut, Sampled, Manual];
        assert!(!meant.iter().any(|reason| reason.is_failure()));
    }

    #[test]
    fn where_only_some_values_are_indexed_there_may_be_more_to_find() {
        assert!(Reason::PartlyIndexed.is_gap());
        assert!(!Reason::NotIndexed.is_gap());
    }
}
