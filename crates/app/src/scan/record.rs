//! Engine results as store rows, and back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::DataType;
use jiff::Timestamp;
use locard_connector::{Entity, ErrorKind, Split};
use locard_engine::{
    Concluded, Error, Failure, JudgedColumn, PieceOutline, Planned, ScannedColumn, Shown,
};
use locard_identify::{Evidence, Weight};
use locard_model::{ColumnId, EntityId, EntityKind, EntityPath, OrgId, PieceId, SourceId};
use locard_profile::{ColumnSketch, Extremes};
use locard_sketch::{forms, hash};
use locard_store::{
    Author, Column, ColumnHead, ColumnRecord, Conclusion, EntityFilter, FailureDraft, FindingDraft,
    Merged, Page, PieceColumn, PieceHead, PiecePart, Store,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog::duplicates;
use crate::home::stored::ColumnSummary;
use crate::scan::scanned::Scanned;

/// Type of a column that was derived from documents inside the cells of another.
const DERIVED: &str = "document field";

/// Entities that are written at once.
const CHUNK: usize = 1_000;

/// What a source holds now.
pub(crate) struct Listing<'a> {
    pub(crate) source: SourceId,
    pub(crate) entities: &'a [(Arc<Shown>, Entity)],
    /// When the listing began by the store's clock, where it is complete: what it does not name is gone, unless somebody
    /// else has seen it since.
    pub(crate) began: Option<Timestamp>,
}

impl Listing<'_> {
    /// Writes what is new, what is there still, and what is gone. Answers how many were new and how many are gone.
    pub(crate) async fn write(
        &self,
        store: &dyn Store,
        author: Author,
    ) -> locard_store::Result<(u64, u64)> {
        let before = listed(store, author.org(), self.source).await?;
        let mut rows = parents(self.source, self.entities);
        rows.extend(self.entities.iter().map(|(shown, entity)| {
            locard_store::Entity {
                // Until it is read again, what is known of it is of the state in which it was read.
                fingerprint: before.get(&shown.entity).cloned().flatten(),
                ..row(shown, entity)
            }
        }));
        let now: HashSet<EntityId> = rows.iter().map(|row| row.id).collect();
        for chunk in rows.chunks(CHUNK) {
            store.put_entities(author, chunk).await?;
        }
        let gone: Vec<EntityId> = before
            .keys()
            .filter(|id| !now.contains(id))
            .copied()
            .collect();
        let mut buried = 0;
        if let Some(began) = self.began {
            for chunk in gone.chunks(CHUNK) {
                buried += store.bury(author, chunk, began).await?;
            }
        }
        let is_new = |(shown, _): &&(Arc<Shown>, Entity)| !before.contains_key(&shown.entity);
        let new = self.entities.iter().filter(is_new).count() as u64;
        Ok((new, buried))
    }
}

/// What is known of a source, with the state in which each entity was read.
async fn listed(
    store: &dyn Store,
    org: OrgId,
    source: SourceId,
) -> locard_store::Result<HashMap<EntityId, Option<String>>> {
    let filter = EntityFilter {
        source: Some(source),
        ..EntityFilter::default()
    };
    let mut known = HashMap::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let entities = store.entities(org, &filter, page).await?;
        let items = entities.items.into_iter();
        known.extend(items.map(|entity| (entity.id, entity.fingerprint)));
        let Some(after) = entities.next else {
            return Ok(known);
        };
        page.after = Some(after);
    }
}

/// The schemas and folders that the entities are in, outermost first.
fn parents(source: SourceId, entities: &[(Arc<Shown>, Entity)]) -> Vec<locard_store::Entity> {
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for (_, entity) in entities {
        let segments = entity.path.segments();
        for depth in 1..segments.len() {
            let path = EntityPath::new(segments[..depth].iter().cloned());
            let kind = parent_kind(entity.kind);
            let id = EntityId::derive(source, kind, &path);
            if seen.insert(id) {
                rows.push(bare(id, source, kind, path));
            }
        }
    }
    rows
}

fn parent_kind(kind: EntityKind) -> EntityKind {
    if kind == EntityKind::File {
        EntityKind::Folder
    } else {
        EntityKind::Schema
    }
}

fn bare(
    id: EntityId,
    source: SourceId,
    kind: EntityKind,
    path: EntityPath,
) -> locard_store::Entity {
    let above = path
        .segments()
        .split_last()
        .map(|(_, above)| EntityPath::new(above.iter().cloned()));
    let above = above.filter(|above| !above.segments().is_empty());
    let parent = above.map(|above| {
        let kind = if kind == EntityKind::Folder {
            EntityKind::Folder
        } else {
            parent_kind(kind)
        };
        EntityId::derive(source, kind, &above)
    });
    locard_store::Entity {
        id,
        source,
        parent,
        kind,
        path,
        rows: None,
        bytes: None,
        comment: None,
        description: None,
        fingerprint: None,
        seen_at: Timestamp::UNIX_EPOCH,
        gone_at: None,
    }
}

fn row(shown: &Shown, entity: &Entity) -> locard_store::Entity {
    locard_store::Entity {
        rows: entity.rows,
        bytes: entity.bytes,
        comment: entity.comment.clone(),
        ..bare(shown.entity, shown.source, entity.kind, entity.path.clone())
    }
}

/// The entity as its source describes it. What is known of its state stays.
pub(crate) fn described_entity(
    shown: &Shown,
    entity: &Entity,
    description: Value,
    fingerprint: Option<String>,
) -> locard_store::Entity {
    locard_store::Entity {
        description: Some(description),
        fingerprint,
        ..row(shown, entity)
    }
}

/// The entity as its scan left it.
pub(crate) fn concluded_entity(concluded: &Concluded) -> locard_store::Entity {
    let splits: Vec<&Split> = concluded
        .planned
        .pieces
        .iter()
        .flat_map(|piece| &piece.splits)
        .collect();
    locard_store::Entity {
        rows: Some(concluded.rows)
            .filter(|_| !concluded.sampled)
            .or(concluded.planned.entity.rows),
        fingerprint: fingerprint(splits),
        ..row(&concluded.planned.shown, &concluded.planned.entity)
    }
}

/// One text for the state of all splits; `None` when one of them does not tell.
pub fn fingerprint<'a>(splits: impl IntoIterator<Item = &'a Split>) -> Option<String> {
    let mut versions = splits
        .into_iter()
        .map(|split| split.version.as_deref())
        .collect::<Option<Vec<_>>>()?;
    // However an entity is divided, its state is the same.
    versions.sort_unstable();
    versions.dedup();
    (!versions.is_empty()).then(|| fingerprint_of(&versions.join("\n")))
}

/// The same of an entity that is in this state.
pub(crate) fn fingerprint_of(version: &str) -> String {
    format!("{:016x}", hash(version.as_bytes()))
}

/// Adds the columns that are not among `known`.
pub(crate) fn add_columns(planned: &Planned, columns: &[ScannedColumn], known: &mut Vec<Column>) {
    let columns = columns.iter().map(|column| {
        (
            column.name.as_str(),
            column.within.is_some(),
            &column.data_type,
        )
    });
    add(planned, columns, known);
}

/// The same of columns that were judged.
pub(crate) fn add_judged(planned: &Planned, columns: &[JudgedColumn], known: &mut Vec<Column>) {
    let columns = columns.iter().map(|column| {
        (
            column.name.as_str(),
            column.within.is_some(),
            &column.data_type,
        )
    });
    add(planned, columns, known);
}

fn add<'a>(
    planned: &Planned,
    columns: impl Iterator<Item = (&'a str, bool, &'a DataType)>,
    known: &mut Vec<Column>,
) {
    let shown = &planned.shown;
    let mut ids: HashSet<ColumnId> = known.iter().map(|column| column.id).collect();
    for (name, derived, data_type) in columns {
        let id = ColumnId::derive(shown.entity, name);
        if ids.insert(id) {
            known.push(Column {
                id,
                entity: shown.entity,
                source: shown.source,
                ordinal: known.len() as u32,
                path: name.to_owned(),
                data_type: if derived {
                    DERIVED.to_owned()
                } else {
                    data_type.to_string()
                },
                comment: comment(planned, name),
                gone_at: None,
            });
        }
    }
}

/// The source's own comment on a column.
fn comment(planned: &Planned, column: &str) -> Option<String> {
    let name = column.strip_suffix("[]").unwrap_or(column);
    let field = planned.schema.as_ref()?.field_with_name(name).ok()?;
    field.metadata().get("comment").cloned()
}

/// The column that holds the documents from which this one was derived, if it was.
pub fn within<'a>(column: &Column, all: &'a [Column]) -> Option<&'a Column> {
    if column.data_type != DERIVED {
        return None;
    }
    let holds = |other: &&Column| {
        let rest = column.path.strip_prefix(other.path.as_str());
        other.data_type != DERIVED && rest.is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    all.iter()
        .filter(holds)
        .max_by_key(|other| other.path.len())
}

/// One piece's columns as rows.
pub(crate) fn piece_rows(entity: EntityId, columns: &[ScannedColumn]) -> Vec<PieceColumn> {
    let row = |column: &ScannedColumn| PieceColumn {
        column: ColumnId::derive(entity, &column.name),
        key: column.sketch.key(),
        forms: u32::from(forms::FORMS_VERSION),
        sketch: column.sketch.encode(),
        evidence: column.evidence.encode(),
        extremes: column.sketch.extremes().map(Extremes::encode),
    };
    columns.iter().map(row).collect()
}

/// Columns of several pieces put together, as rows. Their extremes stand with the conclusion.
pub(crate) fn merged_rows(entity: EntityId, columns: &[ScannedColumn]) -> Vec<PieceColumn> {
    let mut rows = piece_rows(entity, columns);
    for row in &mut rows {
        row.extremes = None;
    }
    rows
}

/// Whether the bytes of a piece are those that were written.
pub(crate) fn sound(columns: &[PieceColumn]) -> Result<(), Error> {
    let damaged = |error: &dyn std::fmt::Display| Error::Recorded(error.to_string());
    for column in columns {
        ColumnSketch::check(&column.sketch).map_err(|error| damaged(&error))?;
        Evidence::check(&column.evidence).map_err(|error| damaged(&error))?;
        let extremes = column.extremes.as_deref().map(Extremes::decode).transpose();
        extremes.map_err(|error| damaged(&error))?;
    }
    Ok(())
}

/// Which columns each piece has, in the order in which the entity has them.
pub(crate) fn outlines(
    heads: &[PieceHead],
    parts: &[PiecePart],
    columns: &[Column],
) -> Vec<PieceOutline> {
    let mut by_piece: HashMap<PieceId, HashMap<ColumnId, u64>> = HashMap::new();
    for part in parts {
        let of_piece = by_piece.entry(part.piece).or_default();
        of_piece.insert(part.column, part.bytes);
    }
    let outline = |head: &PieceHead| {
        let parts = by_piece.remove(&head.piece).unwrap_or_default();
        let sized = |column: &Column| Some((column.path.clone(), *parts.get(&column.id)?));
        PieceOutline {
            rows: head.rows,
            columns: columns.iter().filter_map(sized).collect(),
        }
    };
    heads.iter().map(outline).collect()
}

/// Some columns of several pieces back from rows: of each column what the pieces have of it, in their order.
pub(crate) fn columns_of_pieces(
    heads: &[PieceHead],
    columns: &[ColumnId],
    names: &[Column],
    recorded: Vec<(PieceId, PieceColumn)>,
) -> Result<Vec<Vec<ScannedColumn>>, Error> {
    let names_by_id: HashMap<ColumnId, &Column> =
        names.iter().map(|column| (column.id, column)).collect();
    let mut by_place: HashMap<(ColumnId, PieceId), PieceColumn> = recorded
        .into_iter()
        .map(|(piece, row)| ((row.column, piece), row))
        .collect();
    let mut of_column = |id: &ColumnId| {
        let Some(name) = names_by_id.get(id) else {
            return Ok(Vec::new());
        };
        let of_piece = |head: &PieceHead| {
            let row = by_place.remove(&(*id, head.piece))?;
            Some(scanned_column(name, names, head.rows, Blobs::from(&row)))
        };
        heads.iter().filter_map(of_piece).collect()
    };
    columns.iter().map(&mut of_column).collect()
}

/// What is stored of a column.
#[derive(Clone, Copy)]
pub(crate) struct Blobs<'a> {
    sketch: &'a [u8],
    evidence: &'a [u8],
    extremes: Option<&'a [u8]>,
}

impl<'a> From<&'a PieceColumn> for Blobs<'a> {
    fn from(row: &'a PieceColumn) -> Self {
        Self {
            sketch: &row.sketch,
            evidence: &row.evidence,
            extremes: row.extremes.as_deref(),
        }
    }
}

impl<'a> From<&'a ColumnRecord> for Blobs<'a> {
    fn from(row: &'a ColumnRecord) -> Self {
        Self {
            sketch: &row.sketch,
            evidence: &row.evidence,
            extremes: row.extremes.as_deref(),
        }
    }
}

/// One column back from its blobs.
pub(crate) fn scanned_column(
    column: &Column,
    all: &[Column],
    records: u64,
    blobs: Blobs<'_>,
) -> Result<ScannedColumn, Error> {
    let damaged = |error: &dyn std::fmt::Display| Error::Recorded(error.to_string());
    let mut sketch = ColumnSketch::decode(blobs.sketch).map_err(|error| damaged(&error))?;
    let extremes = blobs
        .extremes
        .map(Extremes::decode)
        .transpose()
        .map_err(|error| damaged(&error))?;
    sketch.set_extremes(extremes);
    Ok(ScannedColumn {
        name: column.path.clone(),
        data_type: column.data_type.parse().unwrap_or(DataType::Utf8View),
        within: within(column, all).map(|column| column.path.clone()),
        records,
        sketch,
        evidence: Evidence::decode(blobs.evidence).map_err(|error| damaged(&error))?,
    })
}

/// The sketch of a column as it was recorded.
///
/// # Errors
/// Its bytes are damaged, or of another version.
pub fn sketch(record: &ColumnRecord) -> Result<ColumnSketch, Error> {
    ColumnSketch::decode(&record.sketch).map_err(|error| Error::Recorded(error.to_string()))
}

/// Whether that is the index of an entity of which more than a sample was asked for. One that cannot be read is none:
/// whatever is read now is better.
pub(crate) fn is_whole(heads: &[ColumnHead]) -> bool {
    let whole =
        |head: &ColumnHead| ColumnSummary::of(&head.summary).is_ok_and(|summary| !summary.sampled);
    !heads.is_empty() && heads.iter().all(whole)
}

/// Whether the bytes of a column are not those that were written.
pub(crate) fn damaged(record: &ColumnRecord) -> bool {
    sketch(record).is_err() || Evidence::decode(&record.evidence).is_err()
}

/// The result of one entity.
/// `staged`: where the merged sketches are, if they are not those of the only piece.
pub(crate) fn conclusion(concluded: &Concluded, staged: Option<PieceId>) -> Conclusion {
    let shown = &concluded.planned.shown;
    let explain = |finding: &locard_model::Finding| {
        let at = concluded
            .columns
            .iter()
            .position(|column| column.name == finding.column_name);
        let judgement = at.and_then(|at| {
            concluded
                .judgements
                .iter()
                .find(|judgement| judgement.column == at)
        });
        judgement.map_or(Value::Null, |judgement| explanation(judgement, finding))
    };
    let findings = concluded.findings.iter().map(|finding| FindingDraft {
        finding: finding.clone(),
        explanation: explain(finding),
    });
    Conclusion {
        source: shown.source,
        entity: shown.entity,
        aside: false,
        judged: None,
        merged: Some(Merged {
            pieces: concluded.pieces.clone(),
            staged,
            columns: concluded
                .columns
                .iter()
                .map(|column| column_record(concluded, column))
                .collect(),
        }),
        findings: findings.collect(),
        personal: concluded.personal.clone(),
    }
}

/// The weights behind one finding; no value is among them.
fn explanation(
    judgement: &locard_identify::ColumnJudgement,
    finding: &locard_model::Finding,
) -> Value {
    let about = judgement
        .explanation
        .hypotheses
        .iter()
        .filter(|hypothesis| {
            let same = (&finding.identifier, finding.kind);
            hypothesis.reported && (&hypothesis.identifier, hypothesis.kind) == same
        });
    let recorded: Vec<Recorded> = about
        .map(|hypothesis| Recorded {
            rule: hypothesis.rule.clone(),
            version: hypothesis.version,
            tested: hypothesis.tested,
            matched: hypothesis.matched,
            validated: hypothesis.validated,
            weights: hypothesis.weights.clone(),
        })
        .collect();
    json!(recorded)
}

/// The findings of an entity whose columns were judged anew from what was recorded of them.
pub(crate) fn judged_again(entity: &locard_store::Entity, scanned: &Scanned) -> Vec<FindingDraft> {
    let mut drafts = Vec::new();
    for judged in &scanned.columns {
        let judgement = &judged.judgement;
        let figures = judged.seen.sketch.summary();
        let filled = figures.rows.saturating_sub(figures.nulls + figures.blanks);
        drafts.extend(judgement.findings.iter().map(|found| {
            let finding = locard_model::Finding {
                source: entity.source,
                entity: entity.id,
                column: judged.column.id,
                column_name: judged.column.path.clone(),
                identifier: found.identifier.clone(),
                kind: found.kind,
                confidence: found.confidence,
                category: found.category,
                sensitivity: found.sensitivity,
                rows: scanned.rows,
                filled,
                tested: found.tested,
                matched: found.matched,
                validated: found.validated,
                distinct: judged.summary.distinct,
                indexed: judged.summary.indexed,
                rules: found.rules.clone(),
            };
            FindingDraft {
                explanation: explanation(judgement, &finding),
                finding,
            }
        }));
    }
    drafts
}

/// What one rule weighed for a finding, as it is kept with it.
#[derive(Deserialize, Serialize)]
pub(crate) struct Recorded {
    pub(crate) rule: String,
    /// Hash of the rule's text; without it the record is of an older form, which knew only whole columns.
    pub(crate) version: u64,
    pub(crate) tested: u64,
    pub(crate) matched: u64,
    pub(crate) validated: u64,
    pub(crate) weights: Vec<Weight>,
}

/// The weights that were kept with a finding; none where they have another form.
pub(crate) fn recorded(explanation: &Value) -> Vec<Recorded> {
    Vec::deserialize(explanation).unwrap_or_default()
}

fn column_record(concluded: &Concluded, column: &JudgedColumn) -> ColumnRecord {
    let shown = &concluded.planned.shown;
    let profile = &column.profile;
    ColumnRecord {
        column: ColumnId::derive(shown.entity, &column.name),
        entity: shown.entity,
        source: shown.source,
        generation: 0,
        key: column.key,
        forms: u32::from(forms::FORMS_VERSION),
        summary: json!(ColumnSummary {
            records: concluded.rows,
            rows: profile.rows,
            distinct: profile.distinct,
            indexed: locard_engine::indexed(column, concluded.rows, concluded.asked()),
            sampled: concluded.sampled,
            partial: concluded.partial,
            content: duplicates::of_column(&column.name, column.content, column.within.is_some()),
        }),
        // It is in the store already: in the only piece, or beside several.
        sketch: Vec::new(),
        evidence: column.evidence.encode(),
        extremes: column.extremes.as_ref().map(Extremes::encode),
    }
}

/// A failure as it is recorded.
pub(crate) fn failure(failure: &Failure) -> FailureDraft {
    // Where the source is not known, its name stands in place of a resource.
    let name = || {
        failure
            .source
            .is_none()
            .then(|| failure.source_name.clone())
    };
    FailureDraft {
        source: failure.source,
        entity: failure.entity,
        resource: failure.resource.clone().or_else(name),
        kind: failure.kind.as_str().to_owned(),
        sentence: failure.sentence.clone(),
        place: failure.place.clone(),
        hint: failure.hint.clone(),
        records: failure.records,
    }
}

/// A recorded failure as it is shown; `partial`: some of its entity was read in spite of it.
pub(crate) fn shown_failure(
    source_name: &str,
    recorded: locard_store::Failure,
    partial: bool,
) -> Failure {
    let what = recorded.what;
    // A source that failed as a whole is told by its name.
    let whole = what.entity.is_none().then(|| source_name.to_owned());
    Failure {
        source: what.source,
        source_name: source_name.to_owned(),
        resource: what.resource.or(whole),
        entity: what.entity,
        place: what.place,
        kind: ErrorKind::parse(&what.kind).unwrap_or(ErrorKind::Unexpected),
        sentence: what.sentence,
        hint: what.hint,
        records: what.records,
        partial,
    }
}
