//! What was collected, for people and as JSON.

use anyhow::Result;
use locard_dsar::{
    Answer, Extract, PathStep, Reached, Section, SectionColumn, SectionRow, SectionSummary,
    Standing,
};
use locard_model::Identifier;
use owo_colors::Style;
use serde_json::{Value, json};

use super::super::failure_json;
use super::super::found::{gaps, told_once};
use super::super::outcomes::gap_json;
use crate::printer::{Output, printable};
use crate::table::{Cell, Table, counted};

/// The answer for people; no value of a row is in it.
pub(super) fn print(output: &mut Output, extract: &Extract, files: &[String]) -> Result<()> {
    let name = output.style(Style::new().bold(), &printable(&extract.subject));
    output.line(&format!("{name}: {}", sentence(extract)))?;
    let mut table = Table::indented(2);
    for (summary, file) in extract.sections.iter().zip(files) {
        table.row(section_cells(summary, file));
    }
    table.print(output)?;
    if extract.review_left_out > 0 {
        let rows = counted(extract.review_left_out, "row", "rows");
        output.wrapped(
            0,
            &format!("{rows} for review left out; --include-weak writes them too"),
        )?;
    }
    for twins in &extract.twins {
        output.wrapped(0, &told_once(twins))?;
    }
    gaps(output, &extract.not_searched, extract.sources > 1)
}

fn sentence(extract: &Extract) -> String {
    let sections = counted(extract.sections.len() as u64, "section", "sections");
    match extract.answer() {
        Answer::Found | Answer::ForReview if extract.sections.is_empty() => {
            "no row is certainly about them".to_owned()
        }
        Answer::Found | Answer::ForReview => {
            let included = counted(extract.included, "row", "rows");
            let review = extract.review;
            let review = (review > 0).then(|| format!(", {review} for review"));
            format!("{included}{} in {sections}", review.unwrap_or_default())
        }
        Answer::Nowhere => "nowhere".to_owned(),
        Answer::NotKnown => "no row was found, but not everything was searched".to_owned(),
    }
}

fn section_cells(summary: &SectionSummary, file: &str) -> Vec<Cell> {
    let SectionSummary { section, end } = summary;
    let mut rows = vec![counted(end.included, "row", "rows")];
    if end.review > 0 {
        rows = vec![format!("{} for review", counted(end.review, "row", "rows"))];
        rows.extend((end.included > 0).then(|| format!("{} included", end.included)));
    }
    if !end.complete {
        rows.push("not read to its end".to_owned());
    }
    vec![
        Cell::new(&section.resource).styled(Style::new().bold()),
        Cell::new(rows.join(", ")),
        Cell::new(way(&section.reached)),
        Cell::new(file).styled(Style::new().dimmed()),
    ]
}

/// How rows were reached, on a line.
fn way(reached: &Reached) -> String {
    match reached {
        Reached::Directly => "names the person".to_owned(),
        Reached::Over(steps) => {
            let places = steps.iter().map(|step| {
                let (resource, columns) = &step.to;
                format!("{resource}:{}", columns.join(","))
            });
            let first = steps.first().map(|step| {
                let (resource, columns) = &step.from;
                format!("{resource}:{}", columns.join(","))
            });
            first
                .into_iter()
                .chain(places)
                .collect::<Vec<_>>()
                .join(" -> ")
        }
    }
}

/// The stable name of whether a row belongs into the answer.
pub(super) const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Included => "included",
        Standing::Review(reason) => reason.as_str(),
    }
}

/// A row with where it is and how it was reached.
pub(super) fn row(section: &Section, row: &SectionRow) -> Value {
    let key = row.at.key.iter();
    let key: serde_json::Map<String, Value> = key
        .map(|(column, value)| (column.clone(), json!(value)))
        .collect();
    let agreed = row
        .agreed
        .iter()
        .map(|it| json!({"column": it.column, "identifiers": names(&it.identifiers), "spelling": it.spelling}));
    let reason = match row.standing {
        Standing::Included => None,
        Standing::Review(reason) => Some(reason.as_str()),
    };
    json!({
        "source": section.source,
        "resource": section.resource,
        "key": key,
        "number": row.at.number,
        "line": row.at.line,
        "included": row.standing == Standing::Included,
        "review": reason,
        "reached": reached(&section.reached),
        "agreed": agreed.collect::<Vec<_>>(),
        "strength": row.strength.map(|strength| strength.to_string()),
        "values": row.values,
        "takenOut": row.cut,
    })
}

fn names(identifiers: &[Identifier]) -> Vec<&str> {
    identifiers.iter().map(Identifier::as_str).collect()
}

fn reached(reached: &Reached) -> Value {
    let steps: &[PathStep] = match reached {
        Reached::Directly => &[],
        Reached::Over(steps) => steps,
    };
    let step = |step: &PathStep| {
        json!({
            "relation": step.relation.to_string(),
            "origin": step.origin.as_str(),
            "from": {"resource": step.from.0, "columns": step.from.1},
            "to": {"resource": step.to.0, "columns": step.to.1},
        })
    };
    match reached {
        Reached::Directly => json!({"way": "direct"}),
        Reached::Over(_) => {
            let steps: Vec<Value> = steps.iter().map(step).collect();
            json!({"way": "relation", "path": steps})
        }
    }
}

/// Everything that is told of an extract.
pub(super) fn summary(extract: &Extract, files: &[String]) -> Value {
    let sections = extract.sections.iter().zip(files);
    let sections: Vec<Value> = sections.map(|(it, file)| section_json(it, file)).collect();
    json!({
        "subject": extract.subject,
        "answer": extract.answer().as_str(),
        "included": extract.included,
        "review": extract.review,
        "reviewLeftOut": extract.review_left_out,
        "sections": sections,
        "notSearched": extract.not_searched.iter().map(gap_json).collect::<Vec<_>>(),
        "failures": extract.failures.iter().map(failure_json).collect::<Vec<_>>(),
        "warnings": extract.doubts.iter().map(|doubt| json!({
            "identifier": doubt.identifier.as_str(), "sentence": doubt.sentence(),
        })).collect::<Vec<_>>(),
        "twins": extract.twins.iter().map(|twins| json!({
            "source": twins.source, "asked": twins.asked, "entities": twins.entities,
        })).collect::<Vec<_>>(),
        "lastScans": extract.last_scans.iter().map(|scan| json!({
            "source": scan.source, "at": scan.at,
        })).collect::<Vec<_>>(),
        "sources": extract.sources,
        "columns": extract.columns,
        "candidates": extract.candidates,
    })
}

fn section_json(summary: &SectionSummary, file: &str) -> Value {
    let SectionSummary { section, end } = summary;
    let column = |column: &SectionColumn| {
        json!({
            "path": column.path,
            "type": column.data_type,
            "comment": column.comment,
            "identifiers": names(&column.identifiers),
        })
    };
    json!({
        "file": file,
        "source": section.source,
        "resource": section.resource,
        "kind": section.kind.as_str(),
        "columns": section.columns.iter().map(column).collect::<Vec<_>>(),
        "reached": reached(&section.reached),
        "included": end.included,
        "review": end.review,
        "examined": end.examined,
        "records": section.records,
        "complete": end.complete,
    })
}
