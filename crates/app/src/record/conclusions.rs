//! What was read of entities and concluded from it, as rows; and the weights behind findings, back from them.

use std::collections::HashSet;

use locard_engine::{Concluded, Finished, JudgedColumn, PieceDone};
use locard_identify::Weight;
use locard_model::{ColumnId, PieceId};
use locard_profile::Extremes;
use locard_sketch::forms;
use locard_store::{
    ColumnRecord, Conclusion, EntityRead, FindingDraft, Lease, Merged, PieceColumn, TaskCounts,
    TaskOutcome,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{add_judged, concluded_entity, failure, piece_rows};
use crate::record::summary::{ColumnSummary, content_of};

/// What was read of a piece, with its columns as rows.
pub(crate) fn outcome(done: &PieceDone, columns: Vec<PieceColumn>) -> TaskOutcome {
    TaskOutcome {
        partial: !done.failures.is_empty(),
        counts: TaskCounts {
            rows: done.rows,
            bytes: done.bytes,
            // What broke the reading off tells no number: a piece with any failure is never taken for a whole one.
            faults: (done.failures.iter())
                .map(|failure| failure.records.max(1))
                .sum(),
        },
        columns,
        failures: done.failures.iter().map(failure).collect(),
    }
}

/// An entity that was read in one piece, of which nothing is recorded yet; `aside`: what is known of it stays.
pub(crate) fn finished(finished: &Finished, lease: Lease, aside: bool) -> EntityRead {
    let (concluded, done) = (&finished.concluded, &finished.done);
    let mut columns = piece_rows(concluded.planned.shown.entity, &done.columns);
    let personal: HashSet<ColumnId> = concluded.personal.iter().copied().collect();
    for column in &mut columns {
        // They would be dropped at once.
        column.extremes = column
            .extremes
            .take()
            .filter(|_| !personal.contains(&column.column));
    }
    EntityRead {
        read: Some((lease, outcome(done, columns))),
        ..self::concluded(concluded, None, aside)
    }
}

/// An entity whose pieces are recorded.
/// `staged`: where the merged sketches are, if they are not those of the only piece.
pub(crate) fn concluded(concluded: &Concluded, staged: Option<PieceId>, aside: bool) -> EntityRead {
    let mut columns = Vec::new();
    add_judged(&concluded.planned, &concluded.columns, &mut columns);
    EntityRead {
        read: None,
        conclusion: Conclusion {
            aside,
            ..conclusion(concluded, staged)
        },
        columns,
        entity: concluded_entity(concluded),
    }
}

fn conclusion(concluded: &Concluded, staged: Option<PieceId>) -> Conclusion {
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
    let personal: HashSet<ColumnId> = concluded.personal.iter().copied().collect();
    let record = |column| {
        let mut record = column_record(concluded, column);
        // They would be dropped at once.
        let extremes = record.extremes.take();
        record.extremes = extremes.filter(|_| !personal.contains(&record.column));
        record
    };
    Conclusion {
        source: shown.source,
        entity: shown.entity,
        aside: false,
        judged: None,
        merged: Some(Merged {
            pieces: concluded.pieces.clone(),
            staged,
            columns: concluded.columns.iter().map(record).collect(),
        }),
        findings: findings.collect(),
        personal: concluded.personal.clone(),
    }
}

/// The weights behind one finding; no value is among them.
pub(crate) fn explanation(
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
            content: content_of(&column.name, column.content, column.within.is_some()),
        }),
        // It is in the store already: in the only piece, or beside several.
        sketch: Vec::new(),
        evidence: column.evidence.encode(),
        extremes: column.extremes.as_ref().map(Extremes::encode),
    }
}
