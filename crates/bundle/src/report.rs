//! The audit report, as the reference interface shapes it, with what was not searched.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use locard_model::OrgId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{DecisionNote, Head, Manifest, NotSearched, RedactionNote, SectionRecord};

/// The content of `audit-report.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// The bundle that it is in.
    pub bundle_id: Uuid,
    /// The job that collected it.
    pub job_id: Option<String>,
    /// The organisation whose data it is.
    pub org_id: OrgId,
    /// Who asked for it.
    pub requested_by: String,
    /// When they did.
    pub requested_at: Timestamp,
    /// When it was made.
    pub generated_at: Timestamp,
    /// Rows in each section, by the name of its files.
    pub section_counts: BTreeMap<String, u64>,
    /// Rows in all.
    pub total_records: u64,
    /// Kinds of personal data in sections that have rows, each once.
    #[serde(default)]
    pub data_categories: Vec<String>,
    /// What was taken out, in sentences.
    pub redaction_notes: Vec<String>,
    /// The same for programs, in the sections' order.
    pub redactions: BTreeMap<String, Vec<RedactionNote>>,
    /// What people decided about rows, in the sections' order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<String, Vec<DecisionNote>>,
    /// Where nobody looked, and why.
    pub not_searched: Vec<NotSearched>,
    /// What was not done as it was asked for.
    pub warnings: Vec<String>,
}

impl AuditReport {
    /// The report of a bundle, from what the bundle says of itself.
    pub fn of(manifest: &Manifest) -> Self {
        Self::new(
            &manifest.head,
            &manifest.sections,
            &manifest.not_searched,
            &manifest.warnings,
        )
    }

    /// What was taken out for the sake of others, in sentences, by the names of sections.
    pub fn third_party(&self) -> Vec<String> {
        let each = self.redactions.iter().flat_map(|(section, notes)| {
            let others = notes.iter().filter(|note| note.reason == THIRD_PARTY);
            others.map(move |note| format!("{section}: {}", sentence(note)))
        });
        each.collect()
    }

    pub(crate) fn new(
        head: &Head,
        sections: &[SectionRecord],
        not_searched: &[NotSearched],
        warnings: &[String],
    ) -> Self {
        let redacted = sections
            .iter()
            .filter(|section| !section.redactions.is_empty());
        let decided = sections
            .iter()
            .filter(|section| !section.decisions.is_empty());
        Self {
            bundle_id: head.bundle_id,
            job_id: head.job_id.clone(),
            org_id: head.org_id,
            requested_by: head.requested_by.clone(),
            requested_at: head.requested_at,
            generated_at: head.generated_at,
            section_counts: sections
                .iter()
                .map(|section| (name(section), section.count))
                .collect(),
            total_records: sections.iter().map(|section| section.count).sum(),
            data_categories: categories(sections),
            redaction_notes: sections.iter().flat_map(sentences).collect(),
            redactions: redacted
                .map(|section| (name(section), section.redactions.clone()))
                .collect(),
            decisions: decided
                .map(|section| (name(section), section.decisions.clone()))
                .collect(),
            not_searched: not_searched.to_vec(),
            warnings: warnings.to_vec(),
        }
    }
}

/// Why something is taken out of a row that is somebody else's.
pub const THIRD_PARTY: &str = "it is another person's";

fn categories(sections: &[SectionRecord]) -> Vec<String> {
    let filled = sections.iter().filter(|section| section.count > 0);
    let columns = filled.flat_map(|section| &section.section.columns);
    let kinds: BTreeSet<&String> = columns.flat_map(|column| &column.identifiers).collect();
    kinds.into_iter().cloned().collect()
}

/// The name by which a report calls a section: as its files are called.
fn name(section: &SectionRecord) -> String {
    let slug = crate::name::slug(&section.section.source, &section.section.entity);
    format!("{:03}-{slug}", section.number)
}

/// Notes in words.
pub(crate) fn sentences(section: &SectionRecord) -> Vec<String> {
    let place = format!("{} in {}", section.section.entity, section.section.source);
    section
        .redactions
        .iter()
        .map(|note| format!("{place}: {}", sentence(note)))
        .collect()
}

/// One note in words.
pub(crate) fn sentence(note: &RedactionNote) -> String {
    let column = note.column.as_deref().unwrap_or("all columns");
    let rows = if note.rows == 1 { "row" } else { "rows" };
    let what = match note.extent {
        crate::Extent::Row => format!("{} {rows} left out", note.rows),
        crate::Extent::Field => format!("{column} redacted in {} {rows}", note.rows),
        crate::Extent::Span => {
            format!(
                "parts of {column} redacted in {} {rows} ({} in all)",
                note.rows, note.parts
            )
        }
    };
    let code = note.exemption.as_ref().map(|code| format!(" [{code}]"));
    format!("{what}: {}{}", note.reason, code.unwrap_or_default())
}

/// What was decided, in words; of a decision that was taken back, by which one.
pub(crate) fn decided(note: &DecisionNote) -> String {
    let taken_back = note.undone_by.map(|by| format!(" (taken back by {by})"));
    format!("{}{}", note.decision, taken_back.unwrap_or_default())
}
