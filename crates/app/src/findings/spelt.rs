//! How a finding is spelt in files and interfaces: the contract that scorers, baselines and scripts rely on.

use serde_json::{Map, Value, json};

use crate::FindingRow;

/// The columns of a table of findings, as [`FindingRow::cells`] fills them.
pub const FINDING_COLUMNS: [&str; 16] = [
    "source",
    "resource",
    "column",
    "identifier",
    "kind",
    "confidence",
    "category",
    "sensitivity",
    "rows",
    "tested",
    "matched",
    "validated",
    "distinct",
    "indexed",
    "rules",
    "decision",
];

impl FindingRow {
    /// As the fields of a JSON object. How a decision is told, each face says for itself.
    pub fn fields(&self) -> Map<String, Value> {
        let fields = [
            ("source", json!(self.source)),
            ("resource", json!(self.resource)),
            ("column", json!(self.column)),
            ("identifier", json!(self.identifier.as_str())),
            ("kind", json!(self.kind.as_str())),
            ("confidence", json!(rounded(self.confidence))),
            ("category", json!(self.category.as_str())),
            ("sensitivity", json!(self.sensitivity.as_str())),
            ("rows", json!(self.rows)),
            ("filled", json!(self.filled)),
            ("tested", json!(self.tested)),
            ("matched", json!(self.matched)),
            ("validated", json!(self.validated)),
            ("distinct", json!(self.distinct)),
            ("indexed", json!(rounded(self.indexed))),
            ("rules", json!(self.rules)),
        ];
        let fields = fields.into_iter();
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// The cells of a table, in the order of [`FINDING_COLUMNS`]. A source names some of them, so a spreadsheet may take
    /// one for a formula: whoever writes them for one disarms them.
    pub fn cells(&self) -> [String; FINDING_COLUMNS.len()] {
        [
            self.source.clone(),
            self.resource.clone(),
            self.column.clone(),
            self.identifier.to_string(),
            self.kind.to_string(),
            rounded(self.confidence).to_string(),
            self.category.to_string(),
            self.sensitivity.to_string(),
            self.rows.to_string(),
            self.tested.to_string(),
            self.matched.to_string(),
            self.validated.to_string(),
            self.distinct.to_string(),
            rounded(self.indexed).to_string(),
            self.rules.join(" "),
            self.decision().to_owned(),
        ]
    }

    /// What a person decided; nothing where nobody did.
    pub fn decision(&self) -> &'static str {
        let decided = self.decided.as_ref();
        decided.map_or("", |decided| decided.decision.as_str())
    }
}

/// Four digits: more than an estimate is good for, and stable between runs.
pub fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}
