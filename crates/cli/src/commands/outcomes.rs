//! What `locard find` answers, for programs: NDJSON, JSON and CSV. Whoever is in no place is told too: nothing at all would
//! not tell "nowhere" from "not everything was searched".

use std::collections::HashMap;
use std::io::Write;

use anyhow::Result;
use locard_app::{Hit, LocationCount, NotSearched, location_counts};
use locard_model::{Identifier, Spelling};
use serde_json::{Map, Value, json};

use super::failure_json;
use super::found::{Answer, names};
use crate::printer::Output;
use crate::report::harmless;

/// How one person was answered.
struct Outcome<'a> {
    subject: &'a str,
    places: u64,
    /// Weak matches that an option left out.
    weak: u64,
    word: &'static str,
}

/// Something that was not searched.
pub(super) fn gap_json(gap: &NotSearched) -> Value {
    json!({
        "source": gap.source, "resource": gap.resource, "column": gap.column, "reason": gap.reason.as_str(), "sentence": gap.sentence,
    })
}

/// What a place is that somebody is or may be in.
const fn answer(verified: bool) -> &'static str {
    if verified { "found" } else { "candidate" }
}

impl Answer<'_> {
    /// A hit on a line; of a person with none, a summary tells what that means.
    pub(super) fn lines(&self, output: &mut Output) -> Result<()> {
        let hits = self.report.hits.iter();
        hits.map(hit_json).try_for_each(|hit| output.json(&hit))?;
        let absent = self.outcomes().filter(|outcome| outcome.places == 0);
        for outcome in absent {
            output.json(&json!({"summary": self.summary(&outcome)}))?;
        }
        Ok(())
    }

    /// A hit on a line; of a person with none, a line with what that means.
    pub(super) fn csv(&self, output: &mut Output) -> Result<()> {
        let mut writer = csv::Writer::from_writer(output as &mut dyn Write);
        let mut header = vec![
            "subject",
            "source",
            "resource",
            "column",
            "row",
            "identifiers",
            "verified",
            "strength",
            "unchecked",
        ];
        // Only where sources are read are relations followed.
        header.extend(self.options.verify.then_some("reached"));
        header.extend(["answer", "path", "spelling"]);
        writer.write_record(&header)?;
        for hit in &self.report.hits {
            let row = hit.row.as_ref().map(|row| harmless(&row.to_string()));
            let mut cells = vec![
                harmless(&hit.subject),
                harmless(&hit.source),
                harmless(&hit.resource),
                harmless(&hit.column),
                row.unwrap_or_default(),
                names(hit).join(" "),
                hit.verified.to_string(),
                hit.strength.to_string(),
                hit.unchecked.as_deref().map(harmless).unwrap_or_default(),
            ];
            let reached = harmless(&reached(hit).join("; "));
            cells.extend(self.options.verify.then_some(reached));
            cells.push(answer(hit.verified).to_owned());
            cells.push(hit.path.as_deref().map(harmless).unwrap_or_default());
            let spelling = hit.spelling.map(Spelling::as_str).unwrap_or_default();
            cells.push(spelling.to_owned());
            writer.write_record(cells)?;
        }
        for outcome in self.outcomes().filter(|outcome| outcome.places == 0) {
            let mut row = vec![harmless(outcome.subject)];
            row.resize(header.len() - 3, String::new());
            row.extend([outcome.word.to_owned(), String::new(), String::new()]);
            writer.write_record(row)?;
        }
        Ok(writer.flush()?)
    }

    pub(super) fn document(&self) -> Value {
        let report = self.report;
        json!({
            "subjects": self.outcomes().map(|outcome| json!({
                "subject": outcome.subject, "answer": outcome.word, "places": outcome.places, "weakLeftOut": outcome.weak,
                "locations": location_counts(&report.hits, outcome.subject).iter().map(location_json).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "verified": self.options.verify,
            "sources": report.sources,
            "hits": report.hits.iter().map(hit_json).collect::<Vec<_>>(),
            "leftOut": {"weak": self.weak.values().sum::<u64>()},
            "notSearched": report.not_searched.iter().map(gap_json).collect::<Vec<_>>(),
            "failures": report.failures.iter().map(failure_json).collect::<Vec<_>>(),
            "twins": report.twins.iter().map(|twins| json!({
                "source": twins.source, "asked": twins.asked, "entities": twins.entities,
            })).collect::<Vec<_>>(),
            "copies": report.copies.iter().map(|copies| {
                let place = |(source, resource): &(String, String)| json!({ "source": source, "resource": resource });
                copies.places.iter().map(place).collect::<Vec<_>>()
            }).collect::<Vec<_>>(),
            "warnings": report.doubts.iter().map(|doubt| json!({
                "subject": doubt.subject, "identifier": doubt.identifier.as_str(), "sentence": doubt.sentence(),
            })).collect::<Vec<_>>(),
            "lastScans": report.last_scans.iter().map(|scan| json!({
                "source": scan.source, "at": scan.at,
            })).collect::<Vec<_>>(),
            "columns": report.columns,
            "candidates": report.candidates,
        })
    }

    /// How each person was answered.
    fn outcomes(&self) -> impl Iterator<Item = Outcome<'_>> {
        let mut places: HashMap<&str, (u64, bool)> = HashMap::new();
        for hit in &self.report.hits {
            let (places, is_found) = places.entry(hit.subject.as_str()).or_default();
            *places += 1;
            *is_found |= hit.verified;
        }
        self.options.subjects.iter().map(move |subject| {
            let known = places.get(subject.id.as_str());
            let (places, is_found) = known.copied().unwrap_or_default();
            let weak = self.weak.get(&subject.id).copied().unwrap_or(0);
            Outcome {
                subject: &subject.id,
                places,
                weak,
                word: match places {
                    0 => self.absence(subject, weak).word(),
                    _ => answer(is_found),
                },
            }
        })
    }

    fn summary(&self, outcome: &Outcome<'_>) -> Value {
        let report = self.report;
        json!({
            "subject": outcome.subject,
            "answer": outcome.word,
            "places": outcome.places,
            "weakLeftOut": outcome.weak,
            "verified": self.options.verify,
            "sources": report.sources,
            "columns": report.columns,
            "notSearched": report.not_searched.len(),
            "failures": report.failures.len(),
        })
    }
}

/// The relations over which it was reached, one after the other.
fn reached(hit: &Hit) -> Vec<String> {
    hit.reached.iter().map(ToString::to_string).collect()
}

/// Rows of one resource that point at the person alike, and how many there are.
fn location_json(location: &LocationCount) -> Value {
    let identifiers = location.identifiers.iter();
    json!({
        "source": location.source,
        "resource": location.resource,
        "columns": location.columns,
        "identifiers": identifiers.map(Identifier::as_str).collect::<Vec<_>>(),
        "strength": location.strength.as_str(),
        "reached": location.reached.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "rows": location.rows,
    })
}

fn hit_json(hit: &Hit) -> Value {
    let row = hit.row.as_ref();
    let mut value = json!({
        "subject": hit.subject,
        "source": hit.source,
        "resource": hit.resource,
        "column": hit.column,
        "row": row.and_then(|row| row.number),
        "line": row.and_then(|row| row.line),
        "key": row.filter(|row| !row.key.is_empty()).map(|row| row.key.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>()),
        "identifiers": names(hit),
        "verified": hit.verified,
        "strength": hit.strength.as_str(),
    });
    if !hit.reached.is_empty() {
        value["reached"] = reached(hit).into();
    }
    if let Some(spelling) = hit.spelling {
        value["spelling"] = spelling.as_str().into();
    }
    if let Some(path) = &hit.path {
        value["path"] = path.as_str().into();
    }
    if let Some(why) = &hit.unchecked {
        value["unchecked"] = why.as_str().into();
    }
    value
}
