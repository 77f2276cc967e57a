//! How well columns were judged: findings against a labelled truth, and how far confidences can be believed.
//!
//! The truth is JSON lines `{"table", "column", "labels", "accept", "embedded"}`. A column's prediction is its surest
//! finding of the whole column. It is right when it is among `labels` or `accept`. Where `accept` has `NONE`, finding
//! nothing is right too and counts for nothing; where it has `*`, the column is not scored. A column of `FREE_TEXT` is
//! also right when only something inside it was found. What is found inside free text is a score of its own, against
//! `embedded`: there parts of a name are the name, and parts of an address beside an address are neither right nor wrong.

mod places;
mod reliability;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use reliability::Reliability;
pub use truth::Truth;
use truth::{Labelled, group, label};

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Found and right.
    pub right: u64,
    /// Found and wrong.
    pub wrong: u64,
    /// There and not found.
    pub missed: u64,
}

impl Counts {
    /// Share of what was found that is right.
    pub fn precision(&self) -> f64 {
        share(self.right, self.wrong)
    }

    /// Share of what is there that was found.
    pub fn recall(&self) -> f64 {
        share(self.right, self.missed)
    }

    /// The harmonic mean of both.
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 {
            2.0 * precision * recall / (precision + recall)
        } else {
            0.0
        }
    }
}

fn share(some: u64, others: u64) -> f64 {
    if some > 0 {
        some as f64 / (some + others) as f64
    } else {
        0.0
    }
}

/// The result.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Whole columns, summed over all identifiers: its [`f1`](Counts::f1) is the micro F1.
    pub columns: Counts,
    /// Identifiers inside free text.
    pub embedded: Counts,
    /// Columns without personal data, and those among them with a finding.
    pub innocent: (u64, u64),
    /// Findings whose table or column the truth does not have.
    pub unknown: Vec<String>,
    /// Every mistake, as a sentence.
    pub mistakes: Vec<String>,
    /// Confidences of whole columns against what they came to.
    pub reliability: Reliability,
    /// The same inside free text.
    pub reliability_embedded: Reliability,
}

/// What was found in one column.
#[derive(Default)]
struct Found {
    best: Option<(String, f64)>,
    whole: Vec<(String, f64)>,
    inside: BTreeMap<String, f64>,
}

impl Found {
    fn add(&mut self, identifier: String, confidence: f64, is_inside: bool) {
        let surest = self.inside.entry(identifier.clone()).or_insert(confidence);
        *surest = surest.max(confidence);
        if is_inside {
            return;
        }
        if self
            .best
            .as_ref()
            .is_none_or(|(_, best)| confidence > *best)
        {
            self.best = Some((identifier.clone(), confidence));
        }
        self.whole.push((identifier, confidence));
    }
}

/// Scores findings, one JSON object each, with at least `resource`, `column`, `identifier`, `kind` and `confidence`.
pub fn score<'a>(truth: &Truth, findings: impl IntoIterator<Item = &'a Value>) -> Score {
    let mut score = Score::default();
    let mut found: BTreeMap<(usize, usize), Found> = BTreeMap::new();
    for finding in findings {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        let identifier = label(text("identifier"));
        let Some((table, column, is_below)) = truth.find(text("resource"), text("column")) else {
            let place = format!("{}: {}", text("resource"), text("column"));
            score.unknown.push(place);
            continue;
        };
        let is_inside = is_below || matches!(text("kind"), "embedded" | "stray");
        let confidence = finding["confidence"].as_f64().unwrap_or(1.0);
        let found = found.entry((table, column)).or_default();
        found.add(identifier, confidence, is_inside);
    }
    for (at, labelled) in truth.columns() {
        let found = found.remove(&at).unwrap_or_default();
        if !labelled.is_open() {
            score.inside(&labelled, &found);
            score.column(&labelled, found);
        }
    }
    score
}

impl Score {
    /// What was found in free text, against what is in it.
    fn inside(&mut self, labelled: &Labelled<'_>, found: &Found) {
        if !labelled.is_text() {
            return;
        }
        let mut surest: BTreeMap<&str, f64> = BTreeMap::new();
        for (identifier, confidence) in &found.inside {
            let most = surest.entry(group(identifier)).or_insert(*confidence);
            *most = most.max(*confidence);
        }
        surest.remove("FREE_TEXT");
        let embedded = labelled.embedded();
        for identifier in &embedded {
            if surest.contains_key(identifier.as_str()) {
                self.embedded.right += 1;
            } else {
                self.embedded.missed += 1;
                let mistake = format!("{}: {identifier} inside it was missed", labelled.place);
                self.mistakes.push(mistake);
            }
        }
        let neither = labelled.neither();
        for (identifier, confidence) in surest {
            let is_right = embedded.contains(identifier);
            if !is_right && neither.contains(identifier) {
                continue;
            }
            self.reliability_embedded.add(confidence, is_right);
            if !is_right {
                self.embedded.wrong += 1;
                let mistake = format!("{}: {identifier} inside it is wrong", labelled.place);
                self.mistakes.push(mistake);
            }
        }
    }

    /// A column's prediction, against its labels.
    fn column(&mut self, labelled: &Labelled<'_>, found: Found) {
        let right = labelled.right();
        for (identifier, confidence) in &found.whole {
            self.reliability
                .add(*confidence, right.contains(identifier));
        }
        let main = labelled.main();
        self.innocent.0 += u64::from(main == "NONE");
        let mut prediction = found.best.map(|(identifier, _)| identifier);
        if prediction.is_none() && main == "FREE_TEXT" && !found.inside.is_empty() {
            prediction = Some(main.to_owned());
        }
        match prediction {
            None if main == "NONE" || labelled.may_be_nothing() => {}
            None => self.missed(labelled, "nothing"),
            Some(identifier) if right.contains(&identifier) => {
                self.columns.right += u64::from(main != "NONE");
            }
            Some(identifier) => {
                self.columns.wrong += 1;
                if main == "NONE" {
                    self.innocent.1 += 1;
                    let mistake = format!("{}: {identifier} of nothing", labelled.place);
                    self.mistakes.push(mistake);
                } else if labelled.may_be_nothing() {
                    let mistake = format!("{}: {identifier} for {main}", labelled.place);
                    self.mistakes.push(mistake);
                } else {
                    self.missed(labelled, &identifier);
                }
            }
        }
    }

    fn missed(&mut self, labelled: &Labelled<'_>, found: &str) {
        self.columns.missed += 1;
        let mistake = format!("{}: {found} for {}", labelled.place, labelled.main());
        self.mistakes.push(mistake);
    }
}

/// A set of labels.
type Labels = BTreeSet<String>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn truth(lines: &[Value]) -> Truth {
        let text: Vec<String> = lines.iter().map(Value::to_string).collect();
        Truth::parse(&text.join("\n")).unwrap()
    }

    fn finding(column: &str, identifier: &str, kind: &str, confidence: f64) -> Value {
        json!({"resource": "x/crm/a.csv", "column": column, "identifier": identifier, "kind": kind, "confidence": confidence})
    }

    #[test]
    fn columns_count_as_right_wrong_missed_or_not_at_all() {
        let line = |column: &str, labels: &[&str], accept: &[&str]| json!({"table": "crm/a.csv", "column": column, "labels": labels, "accept": accept, "embedded": []});
        let truth = truth(&[
            line("Mail", &["EMAIL_ADDRESS"], &[]),
            line("name", &["PERSON"], &["LAST_NAME"]),
            line("fax", &["PHONE_NUMBER"], &[]),
            line("code", &["NONE"], &[]),
            line("land", &["COUNTRY"], &["NONE"]),
            line("any", &["NONE"], &["*"]),
            line("born", &["DATE_OF_BIRTH"], &[]),
        ]);
        let findings = [
            finding("mail", "EMAIL_ADDRESS", "column", 0.9),
            finding("mail", "URL", "column", 0.4),
            finding("name", "LAST_NAME", "column", 0.8),
            finding("code", "US_SSN", "column", 0.6),
            finding("any", "US_SSN", "column", 0.6),
            finding("born", "AGE", "column", 0.6),
            finding("nowhere", "AGE", "column", 0.6),
        ];
        let score = score(&truth, &findings);
        let counts = (
            score.columns.right,
            score.columns.wrong,
            score.columns.missed,
        );
        assert_eq!(counts, (2, 2, 2), "{:?}", score.mistakes);
        assert!((score.columns.f1() - 0.5).abs() < 1e-9);
        assert_eq!((score.innocent, score.unknown.len()), ((2 - 1, 1), 1));
    }

    #[test]
    fn what_is_inside_text_is_counted_apart() {
        let truth = truth(&[
            json!({"table": "crm/a.csv", "column": "note", "labels": ["FREE_TEXT"], "accept": ["URL"],
                "embedded": ["PERSON", "STREET_ADDRESS", "IBAN_CODE"]}),
        ]);
        let findings = [
            finding("note", "LAST_NAME", "embedded", 0.9),
            finding("note", "CITY", "embedded", 0.9),
            finding("note", "URL", "embedded", 0.9),
            finding("note.to[0].street", "STREET_ADDRESS", "column", 0.9),
            finding("note", "US_SSN", "stray", 0.7),
        ];
        let score = score(&truth, &findings);
        // The city without an address of its own stands beside one; the link is accepted.
        assert_eq!(
            score.embedded,
            Counts {
                right: 2,
                wrong: 1,
                missed: 1
            }
        );
        assert_eq!(
            score.columns,
            Counts {
                right: 1,
                wrong: 0,
                missed: 0
            }
        );
    }
}
