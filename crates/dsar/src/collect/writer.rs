//! Decides which rows are new, writes them into sections, and notes where they lead.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::io;

use locard_app::{
    CancellationToken, Decision, Error, ErrorKind, Event, Failure, Home, NotSearched, Reason,
    Reporter, Result, SourceErrorKind,
};
use locard_index::{Graph, Side, Walk};
use locard_model::{EntityId, FindingKind, Identifier, RelationId};
use locard_store::{FindingFilter, Page};

use super::links::{self, Links};
use super::onward::Onward;
use super::reader::{Ended, Job, What};
use super::row::{FoundRow, RowId};
use super::{Extract, SectionSummary};
use crate::sections::{PathStep, Reached, Section, SectionColumn, SectionEnd, Sections, Standing};

/// A section that was begun.
struct Open {
    section: Section,
    end: SectionEnd,
}

/// Writes what is collected of one person.
pub(super) struct Writer<'a, 'g> {
    home: &'a Home,
    sections: &'a mut dyn Sections,
    /// Whether rows for review are written too, and not only counted.
    with_review: bool,
    cancel: &'a CancellationToken,
    graph: &'g Graph,
    pub(super) walk: Walk<'g>,
    extract: Extract,
    /// How entities that are on a path are shown: source, and resource.
    pub(super) places: HashMap<EntityId, (String, String)>,
    included: HashSet<RowId>,
    review: HashSet<RowId>,
    /// Entities with weak rows that were passed over so far.
    pub(super) weak: HashSet<EntityId>,
    /// How often rows without a key or a number came that hold the same.
    alike: HashMap<RowId, u32>,
    /// Digests of keys that an earlier walk followed.
    followed: HashSet<u64>,
    /// Entities of which not all was read, and why.
    unread: Vec<(EntityId, Reason, String)>,
    open: Option<Open>,
}

impl<'a, 'g> Writer<'a, 'g> {
    pub(super) fn new(
        home: &'a Home,
        sections: &'a mut dyn Sections,
        (with_review, cancel): (bool, &'a CancellationToken),
        (graph, walk): (&'g Graph, Walk<'g>),
    ) -> Self {
        Self {
            home,
            sections,
            with_review,
            cancel,
            graph,
            walk,
            extract: Extract::default(),
            places: HashMap::new(),
            included: HashSet::new(),
            review: HashSet::new(),
            weak: HashSet::new(),
            alike: HashMap::new(),
            followed: HashSet::new(),
            unread: Vec::new(),
            open: None,
        }
    }

    /// Goes on from rows that people confirmed. What was written before is not written again, however it stood.
    pub(super) fn go_on(&mut self, onward: Onward) {
        self.included = onward.rows;
        self.followed = onward.followed;
        let relations = (0..).map_while(|at| Some((self.graph.relation(at)?.id, at)));
        let positions: HashMap<RelationId, usize> = relations.collect();
        // A relation that somebody rejected meanwhile is walked no more.
        let position = |id: &RelationId| positions.get(id).copied();
        for seed in onward.seeds {
            let path: Vec<usize> = seed.path.iter().filter_map(position).collect();
            let keys = seed.keys.into_iter();
            let keys = keys.filter_map(|(id, key)| Some((position(&id)?, key)));
            self.lead(&path, keys.collect());
        }
    }

    /// A row about the person leads on with these keys.
    fn lead(&mut self, path: &[usize], mut keys: Vec<(usize, Vec<String>)>) {
        let is_followed = |key: &(usize, Vec<String>)| {
            let lead = links::leading(self.graph, key);
            lead.is_some_and(|lead| self.followed.contains(&lead))
        };
        keys.retain(|key| !is_followed(key));
        self.walk.reached(path, keys);
    }

    /// What joins a row to others.
    fn links(&self, id: RowId, found: &FoundRow) -> Option<Links> {
        let arrives = found.arrives.clone()?;
        let keys = found.keys.iter();
        let leads = keys
            .clone()
            .filter_map(|key| links::leading(self.graph, key));
        let named = keys.filter_map(|(at, key)| Some((self.graph.relation(*at)?.id, key.clone())));
        let is_included = found.row.standing == Standing::Included;
        Some(Links {
            row: Some(id),
            arrives,
            leads: leads.collect(),
            keys: if is_included {
                Vec::new()
            } else {
                named.collect()
            },
        })
    }

    /// Takes some rows of a job; each that is new is written once, whatever ways lead to it.
    pub(super) async fn rows(&mut self, job: &Job, rows: Vec<FoundRow>) -> Result<()> {
        for found in rows {
            let id = self.told_apart(found.id);
            let is_included = found.row.standing == Standing::Included;
            if self.included.contains(&id) || (!is_included && !self.review.insert(id)) {
                continue;
            }
            if is_included {
                self.included.insert(id);
            } else if !self.with_review {
                self.extract.review_left_out += 1;
                continue;
            }
            let links = self.links(id, &found);
            if is_included {
                self.lead(job.path(), found.keys);
            }
            if self.open.is_none() {
                let section = section(self.home, job, self.reached(job.path())).await?;
                self.sections.begin(&section).map_err(unwritten)?;
                let end = SectionEnd::default();
                self.open = Some(Open { section, end });
            }
            if let Some(open) = &mut self.open {
                let count = match found.row.standing {
                    Standing::Included => &mut open.end.included,
                    Standing::Review(_) => &mut open.end.review,
                };
                *count += 1;
            }
            self.sections.linked(found.row, links).map_err(unwritten)?;
        }
        Ok(())
    }

    /// A job is read to its end; what it could not read is told.
    pub(super) fn end(&mut self, job: &Job, ended: Ended) -> Result<()> {
        self.alike.clear();
        if let Some(error) = ended.unkept {
            return Err(unwritten(error));
        }
        if ended.weak {
            self.weak.insert(job.entity());
        }
        let is_complete = ended.failure.is_none() && !ended.truncated;
        if let Some(mut open) = self.open.take() {
            open.end.examined = ended.rows;
            open.end.complete = is_complete;
            self.sections.end(&open.end).map_err(unwritten)?;
            self.extract.included += open.end.included;
            self.extract.review += open.end.review;
            self.extract.sections.push(SectionSummary {
                section: open.section,
                end: open.end,
            });
        }
        self.tell(job, ended);
        Ok(())
    }

    fn tell(&mut self, job: &Job, ended: Ended) {
        let gap = |reason: Reason, sentence: String| NotSearched {
            source: job.source.clone(),
            resource: Some(job.resource.clone()),
            column: None,
            reason,
            sentence,
        };
        let mut found = Vec::new();
        if ended.truncated {
            let sentence = "more rows lead to the person than are taken from one entity";
            found.push(gap(Reason::TooMany, sentence.to_owned()));
        }
        if ended.stale {
            found.push(gap(Reason::Stale, STALE.to_owned()));
        }
        if let Some(failure) = ended.failure {
            let reason = reason(&failure, self.cancel.is_cancelled());
            found.push(gap(reason, failure.sentence.clone()));
            let unread = (job.entity(), reason, failure.sentence.clone());
            self.unread.push(unread);
            if !self.extract.failures.contains(&failure) {
                self.extract.failures.push(failure);
            }
        }
        // Another look at the same entity says it again.
        let gaps = &mut self.extract.not_searched;
        found.retain(|gap| !gaps.contains(gap));
        gaps.append(&mut found);
    }

    /// All was read: what was not, and why, is told.
    pub(super) fn finish(mut self, reporter: &dyn Reporter) -> Extract {
        self.tell_cuts();
        self.tell_unfollowed();
        for failure in &self.extract.failures {
            reporter.on(&Event::Failed(failure.clone()));
        }
        self.extract
    }

    /// Tells relations of which not every key was followed.
    fn tell_cuts(&mut self) {
        let cut: Vec<usize> = self.walk.cut().collect();
        for relation in cut.into_iter().filter_map(|at| self.graph.relation(at)) {
            let (_, from) = self.place(relation.parent.entity);
            let (source, resource) = self.place(relation.child.entity);
            let sentence = format!(
                "not every key that leads here from {from} is followed: the bounds on steps and keys were met"
            );
            self.extract.not_searched.push(NotSearched {
                source,
                resource: Some(resource),
                column: None,
                reason: Reason::TooMany,
                sentence,
            });
        }
    }

    /// Tells where rows may be that carry keys of what could not be read: nobody knows these keys, so nobody looked there.
    fn tell_unfollowed(&mut self) {
        let mut waiting: VecDeque<_> = std::mem::take(&mut self.unread).into();
        let mut seen: HashSet<EntityId> = HashSet::new();
        while let Some((entity, reason, why)) = waiting.pop_front() {
            if !seen.insert(entity) {
                continue;
            }
            let (from_source, from) = self.place(entity);
            for (_, relation) in self.graph.from(entity) {
                let child = relation.child.entity;
                let Some((source, resource)) = self.places.get(&child).cloned() else {
                    continue;
                };
                waiting.push_back((child, reason, why.clone()));
                let gaps = &mut self.extract.not_searched;
                let is_it = |gap: &NotSearched| {
                    gap.source == source && gap.resource.as_ref() == Some(&resource)
                };
                if gaps.iter().any(|gap| is_it(gap) && gap.reason == reason) {
                    continue;
                }
                let sentence = format!(
                    "its rows that carry a key of {from} in {from_source} were not looked for: {why}"
                );
                gaps.push(NotSearched {
                    source,
                    resource: Some(resource),
                    column: None,
                    reason,
                    sentence,
                });
            }
        }
    }

    fn place(&self, entity: EntityId) -> (String, String) {
        self.places.get(&entity).cloned().unwrap_or_default()
    }

    fn told_apart(&mut self, id: RowId) -> RowId {
        let RowId::Content(content) = id else {
            return id;
        };
        let count = self.alike.entry(id).or_default();
        *count += 1;
        RowId::Content(content.wrapping_add(u128::from(*count - 1)))
    }

    fn reached(&self, path: &[usize]) -> Reached {
        if path.is_empty() {
            return Reached::Directly;
        }
        let relations = path.iter().filter_map(|at| self.graph.relation(*at));
        let side = |side: &Side| (self.place(side.entity).1, side.columns.clone());
        let steps = relations.map(|relation| PathStep {
            relation: relation.id,
            origin: relation.origin,
            from: side(&relation.parent),
            to: side(&relation.child),
        });
        Reached::Over(steps.collect())
    }
}

impl Job {
    /// The relations that led to it.
    pub(super) fn path(&self) -> &[usize] {
        match &self.what {
            What::Naming { .. } | What::Every => &[],
            What::Keyed { path, .. } => path,
        }
    }
}

/// What a job's rows are a section of.
pub(super) async fn section(home: &Home, job: &Job, reached: Reached) -> Result<Section> {
    let is_whole = |kind| kind == FindingKind::Column;
    let mut whole = found(home, job.entity(), is_whole).await?;
    let mut inside = found(home, job.entity(), |kind| !is_whole(kind)).await?;
    let columns = job.names.iter().map(|column| {
        let whole = whole.remove(&column.path).unwrap_or_default();
        let inside = inside.remove(&column.path).unwrap_or_default();
        SectionColumn {
            path: column.path.clone(),
            data_type: column.data_type.clone(),
            comment: column.comment.clone(),
            inside: inside.difference(&whole).cloned().collect(),
            identifiers: whole.into_iter().collect(),
        }
    });
    Ok(Section {
        source: job.source.clone(),
        source_id: job.source(),
        entity: job.entity(),
        kind: job.entity.kind,
        resource: job.resource.clone(),
        records: job.entity.rows,
        columns: columns.collect(),
        reached,
    })
}

/// The identifiers of an entity's findings that are wanted and not rejected, by column.
pub(super) async fn found(
    home: &Home,
    entity: EntityId,
    wanted: impl Fn(FindingKind) -> bool,
) -> Result<HashMap<String, BTreeSet<Identifier>>> {
    let filter = FindingFilter {
        entity: Some(entity),
        ..FindingFilter::default()
    };
    let mut columns: HashMap<String, BTreeSet<Identifier>> = HashMap::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store().findings(home.org(), &filter, page).await?;
        for record in found.items {
            let is_rejected = record.decision == Some(Decision::Rejected);
            if !is_rejected && wanted(record.finding.kind) {
                let of_column = columns.entry(record.finding.column_name).or_default();
                of_column.insert(record.finding.identifier);
            }
        }
        let Some(after) = found.next else {
            return Ok(columns);
        };
        page.after = Some(after);
    }
}

const STALE: &str = "it changed since it was scanned; what was added since may be missing, what was taken out is gone";

/// Why something is not searched whose reading failed so.
pub(super) fn reason(failure: &Failure, is_cancelled: bool) -> Reason {
    match failure.kind {
        SourceErrorKind::Interrupted if is_cancelled => Reason::Cancelled,
        SourceErrorKind::Unreachable | SourceErrorKind::Interrupted => Reason::Unreachable,
        SourceErrorKind::Unsupported => Reason::Unsupported,
        _ => Reason::Failed,
    }
}

pub(super) fn unwritten(error: io::Error) -> Error {
    let sentence = format!(
        "what is collected cannot be written: {}",
        locard_app::why(&error)
    );
    Error::new(ErrorKind::Store, sentence)
        .hint("choose another place, or make room there")
        .cause(error)
}
