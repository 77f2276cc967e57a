//! Why the columns of an entity were judged as they were.
//!
//! What became a finding is explained by the weights that the scan recorded with it; what did not is weighed again from
//! the recorded counts. Both are the same unless the rules changed since.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use locard_connector::document::Paths;
use locard_connector::{Fault, Sample, ScanRequest};
use locard_engine::{Failure, LookUp, Mask, Row, ScannedColumn};
use locard_identify::{Hypothesis, Judgement, Library, Trial};
use locard_model::{FindingKind, Identifier, LogicalType};
use locard_store::{Entity, FindingRecord, Page};
use tokio_util::sync::CancellationToken;

use crate::catalog::{Catalog, column_named};
use crate::findings::explanation::{ColumnExplanation, Explanation, Profile, Reported};
use crate::record::unreadable;
use crate::scan::scanned::{JudgedColumn, Scanned};
use crate::{FindingRow, Home, Result, SourceLimits, findings, record};

/// Rows among which samples are looked for.
const SAMPLED_ROWS: u64 = 2_000;

/// Cells that are held while samples are looked for, however many columns an entity has.
const MOST_CELLS: usize = 100_000;

/// Texts in which samples look for what was found, since that takes longer than to mask them.
const NARROWED: usize = 1_000;

/// Shorter text is shown from its beginning, so nothing is looked for in it.
const LONG: usize = 80;

/// Shapes that are shown of a column.
const SHAPES: usize = 5;

/// Values whose share is shown of a column.
const FREQUENT: usize = 5;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct ExplainOptions {
    /// The entity: its id, its resource, or an unambiguous end of its resource.
    pub entity: String,
    /// Only this column.
    pub column: Option<String>,
    /// Show so many masked values of each column with findings, re-read live and stored nowhere.
    pub samples: u64,
}

/// Explains the last judgement of an entity from the catalog; the source is read only for samples.
pub async fn explain(
    home: &Home,
    options: &ExplainOptions,
    cancel: &CancellationToken,
) -> Result<Explanation> {
    let mut catalog = Catalog::open(home).await?;
    let entity = catalog.named(&options.entity).await?;
    let scanned = Scanned::load(home, &entity).await?;
    let mut columns = columns(home, &mut catalog, &entity, &scanned, options).await?;
    let sampled = if options.samples > 0 {
        samples(home, &entity, options.samples, &mut columns, cancel).await?
    } else {
        Ok(None)
    };
    let (source, resource) = (
        catalog.source_name(entity.source),
        catalog.resource(entity.id).await?,
    );
    let now = home.engine.library().fingerprint();
    let then = scanned
        .columns
        .iter()
        .map(|judged| judged.seen.evidence.library())
        .find(|&then| then != 0 && then != now);
    let failures = match sampled {
        Ok(faults) => Vec::from_iter(unreadable(faults, &source, &resource)),
        // What the catalog knows is told all the same.
        Err(error) => vec![Failure {
            source: Some(entity.source),
            resource: Some(resource.clone()),
            entity: Some(entity.id),
            ..Failure::of(home.engine.mask(), &error, &source, None)
        }],
    };
    Ok(Explanation {
        failures,
        rules_changed: then.is_some(),
        untested: scanned.untested,
        source,
        resource,
        rows: scanned.rows,
        scanned_at: scanned.at,
        columns,
    })
}

/// The columns that were asked for, judged again from what was recorded of them.
async fn columns(
    home: &Home,
    catalog: &mut Catalog<'_>,
    entity: &Entity,
    scanned: &Scanned,
    options: &ExplainOptions,
) -> Result<Vec<ColumnExplanation>> {
    let filter = locard_store::FindingFilter {
        entity: Some(entity.id),
        ..Default::default()
    };
    let only = match &options.column {
        Some(column) => Some(column_named(home, entity.id, column).await?.id),
        None => None,
    };
    let found = findings::rows(home, catalog, &filter, |_| true).await?;
    let recorded = recorded(home, &filter).await?;
    let mut columns = Vec::new();
    for judged in &scanned.columns {
        let id = judged.column.id;
        if only.is_none_or(|only| only == id) {
            let shown = home.engine.mask().segment(&judged.column.path);
            let findings = found
                .iter()
                .filter(|row| row.column_id == id)
                .cloned()
                .collect();
            let recorded: Vec<&FindingRecord> = recorded
                .iter()
                .filter(|record| record.finding.column == id)
                .collect();
            let told = explained(home, shown, judged, findings, &recorded);
            columns.push(ColumnExplanation {
                fields: fields(home, judged, scanned, &found),
                ..told
            });
        }
    }
    Ok(columns)
}

/// The columns with findings that documents inside this column's cells gave.
fn fields(
    home: &Home,
    holder: &JudgedColumn,
    scanned: &Scanned,
    found: &[FindingRow],
) -> Vec<String> {
    let holds = |judged: &&JudgedColumn| {
        judged.seen.within.as_ref() == Some(&holder.column.path)
            && found.iter().any(|row| row.column_id == judged.column.id)
    };
    let fields = scanned.columns.iter().filter(holds);
    fields
        .map(|judged| home.engine.mask().segment(&judged.column.path))
        .collect()
}

/// The findings with what was recorded of their weights.
async fn recorded(home: &Home, filter: &locard_store::FindingFilter) -> Result<Vec<FindingRecord>> {
    let mut records = Vec::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.findings(home.org, filter, page).await?;
        records.extend(found.items);
        let Some(after) = found.next else {
            return Ok(records);
        };
        page.after = Some(after);
    }
}

fn explained(
    home: &Home,
    column: String,
    judged: &JudgedColumn,
    findings: Vec<FindingRow>,
    recorded: &[&FindingRecord],
) -> ColumnExplanation {
    let explanation = &judged.judgement.explanation;
    let hypotheses = &explanation.hypotheses;
    let is_reported = |hypothesis: &&Hypothesis| {
        let same = (&hypothesis.identifier, hypothesis.kind);
        let by_rules = findings.iter().filter(|row| !row.is_only_confirmed());
        by_rules
            .map(|row| (&row.identifier, row.kind))
            .any(|found| found == same)
    };
    let rejected = hypotheses
        .iter()
        .filter(|hypothesis| !is_reported(hypothesis));
    let mut rejected: Vec<Hypothesis> = rejected.cloned().collect();
    rejected.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let is_personal = !findings.is_empty() || perhaps_personal(home.engine.library(), hypotheses);
    let profile = profile(&judged.seen);
    let profile = Profile {
        range: range(home.engine.mask(), &judged.seen).filter(|_| !is_personal),
        // Of equal numbers the mean is the number.
        moments: profile.moments.filter(|_| !is_personal),
        ..profile
    };
    let reported = findings.into_iter().map(|finding| Reported {
        because: because(&finding, recorded, hypotheses),
        finding,
    });
    let comment = judged.column.comment.as_deref();
    ColumnExplanation {
        column,
        comment: comment.map(|comment| home.engine.mask().cell(comment)),
        profile,
        rejected,
        reported: reported.collect(),
        fields: Vec::new(),
        too_few: explanation.judgement == Judgement::NotEnoughData,
        samples: Vec::new(),
    }
}

/// What a finding rests on: as it was recorded with it; where that was not done, by the rules of today.
fn because(
    finding: &FindingRow,
    recorded: &[&FindingRecord],
    hypotheses: &[Hypothesis],
) -> Vec<Hypothesis> {
    let same = (&finding.identifier, finding.kind);
    let of_finding = recorded.iter().filter(|record| {
        let found = &record.finding;
        (&found.identifier, found.kind) == same
    });
    let then: Vec<Hypothesis> = of_finding.flat_map(|record| found(record)).collect();
    if !then.is_empty() || finding.is_only_confirmed() {
        return then;
    }
    let now = hypotheses
        .iter()
        .filter(|hypothesis| (&hypothesis.identifier, hypothesis.kind) == same);
    now.cloned().collect()
}

/// A finding by the weights that were recorded with it.
fn found(record: &FindingRecord) -> Vec<Hypothesis> {
    let finding = &record.finding;
    let hypothesis = |recorded: record::Recorded| Hypothesis {
        identifier: finding.identifier.clone(),
        kind: finding.kind,
        reported: true,
        probability: finding.confidence,
        rule: recorded.rule,
        version: recorded.version,
        tested: recorded.tested,
        matched: recorded.matched,
        validated: recorded.validated,
        weights: recorded.weights,
    };
    record::recorded(&record.explanation)
        .into_iter()
        .map(hypothesis)
        .collect()
}

/// Likelihood from which on a column may be somebody's data after all, reported or not.
const PERHAPS: f64 = 0.05;

pub(crate) fn perhaps_personal(library: &Library, hypotheses: &[Hypothesis]) -> bool {
    let is_personal = |rule: &str| library.rule(rule).is_none_or(|rule| rule.personal);
    let mut likely = hypotheses
        .iter()
        .filter(|hypothesis| hypothesis.probability >= PERHAPS);
    likely.any(|hypothesis| is_personal(&hypothesis.rule))
}

/// The smallest and the largest value. Numbers and dates tell nothing of a person in a column that is nobody's data; of
/// texts, and of numbers that may be somebody's, only masked ones could be told, and those say nothing.
pub(crate) fn range(mask: &Mask, seen: &ScannedColumn) -> Option<(String, String)> {
    let extremes = seen.sketch.extremes()?;
    let figures = seen.sketch.summary();
    let kind = figures.declared.unwrap_or(figures.inferred);
    let plain = |min: &str, max: &str| {
        let is_shown = |text: &str| mask.cell(text) == text;
        (is_shown(min) && is_shown(max)).then(|| (min.to_owned(), max.to_owned()))
    };
    let numeric = extremes.numeric.as_ref();
    let temporal = extremes.temporal.as_ref();
    if kind.is_numeric() {
        numeric.and_then(|range| plain(&range.min.to_string(), &range.max.to_string()))
    } else if matches!(kind, LogicalType::Date | LogicalType::Timestamp) {
        temporal.and_then(|range| plain(&range.min, &range.max))
    } else {
        None
    }
}

pub(crate) fn profile(seen: &ScannedColumn) -> Profile {
    let figures = seen.sketch.summary();
    let values = figures
        .rows
        .saturating_sub(figures.nulls + figures.blanks)
        .max(1);
    let share = |(shape, rows): &(String, u64)| (shape.clone(), *rows as f64 / values as f64);
    Profile {
        logical_type: figures.declared.unwrap_or(figures.inferred).to_string(),
        rows: figures.rows,
        nulls: figures.nulls,
        blanks: figures.blanks,
        distinct: figures.distinct,
        uniqueness: figures.uniqueness,
        density: figures.density,
        length: figures
            .narrowest
            .zip(figures.average_length)
            .zip(figures.widest)
            .map(|((least, mean), most)| (least, mean, most)),
        moments: figures.mean.zip(figures.deviation),
        range: None,
        frequent: figures
            .frequent
            .iter()
            .take(FREQUENT)
            .map(|&(hash, rows)| (hash, rows as f64 / values as f64))
            .collect(),
        shapes: figures.shapes.iter().take(SHAPES).map(share).collect(),
        indexed: figures.indexed,
        not_indexed: figures
            .not_indexed
            .map(|reason| reason.sentence().to_owned()),
    }
}

/// What was found inside the text of a column.
fn embedded(column: &ColumnExplanation) -> Vec<Identifier> {
    let findings = column.reported.iter().map(|reported| &reported.finding);
    let embedded = findings.filter(|finding| finding.kind == FindingKind::Embedded);
    embedded.map(|finding| finding.identifier.clone()).collect()
}

/// What of the sampled rows could not be read, or why none could.
type Sampled = std::result::Result<Option<Fault>, locard_connector::Error>;

/// Reads some rows and shows masked values of the columns with findings.
async fn samples(
    home: &Home,
    entity: &Entity,
    wanted: u64,
    columns: &mut [ColumnExplanation],
    cancel: &CancellationToken,
) -> Result<Sampled> {
    let stored = home.store.source(home.org, entity.source).await?;
    let opened = home.stored(stored).await?;
    let opened = opened.open(home, SourceLimits::default());
    let source = match opened.await {
        Ok(source) => source,
        Err(error) => return Ok(Err(error)),
    };
    let request = ScanRequest {
        sample: Sample::First(SAMPLED_ROWS),
        ..ScanRequest::all(entity.path.clone(), entity.kind)
    };
    let mask = home.engine.mask().clone();
    let shown: HashMap<String, Vec<Identifier>> = columns
        .iter()
        .filter(|column| !column.reported.is_empty())
        .map(|column| (column.column.clone(), embedded(column)))
        .collect();
    let (library, narrowed) = (Arc::clone(home.engine.library()), AtomicUsize::new(0));
    // Of long text that part is shown which holds one of them.
    let sample = move |text: &str, identifiers: &[Identifier]| {
        let is_one = |trial: &Trial| trial.holds() && identifiers.contains(&trial.identifier);
        let holds = |part: &str| library.test(part).iter().any(is_one);
        let looks = !identifiers.is_empty()
            && text.len() > LONG
            && narrowed.fetch_add(1, Ordering::Relaxed) < NARROWED;
        let within = looks.then(|| mask.within(text, holds)).flatten();
        within.map_or_else(|| mask.value(text), |within| within.shown)
    };
    let names = home.engine.mask().clone();
    let examine = move |rows: &[Row<'_>]| -> Vec<(String, String)> {
        let cells = rows.iter().flat_map(|row| &row.cells);
        cells
            .filter(|(_, text)| !text.trim().is_empty())
            .filter_map(|(column, text)| {
                let column = names.segment(column);
                let shown = sample(text, shown.get(&column)?);
                Some((column, shown))
            })
            .collect()
    };
    let stored = home.store.columns(home.org, entity.id).await?;
    let paths = Paths::new(stored.into_iter().map(|column| column.path));
    let look_up = LookUp {
        source,
        request,
        columns: Arc::new(paths),
        examine: Arc::new(examine),
        limit: MOST_CELLS,
    };
    let found = home.engine.look_up(look_up, cancel).await;
    if let Some(error) = found.error {
        return Ok(Err(error));
    }
    show(columns, &found.finds, wanted as usize);
    Ok(Ok(found.faults))
}

/// Gives each column with findings so many of its values.
fn show(columns: &mut [ColumnExplanation], finds: &[(String, String)], wanted: usize) {
    let reported = columns.iter_mut();
    for column in reported.filter(|column| !column.reported.is_empty()) {
        let values = finds.iter().filter(|(name, _)| *name == column.column);
        let values = values.map(|(_, value)| value.clone());
        column.samples = values.take(wanted).collect();
    }
}
