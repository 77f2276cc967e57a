//! The forms of a scan's result: table, NDJSON, JSON, CSV, SARIF.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::Result;
use locard_app::{Begun, FindingRow, PartlyIndexed, ScanReport};
use locard_model::{FindingKind, Sensitivity};
use owo_colors::Style;
use serde_json::{Value, json};

use crate::printer::{Output, printable};
use crate::table::{Cell, Table, count, counted};

/// A finding as one JSON object: the contract that scorers, baselines and scripts rely on.
pub(crate) fn finding_json(finding: &FindingRow) -> Value {
    let mut value = json!({
        "source": finding.source,
        "resource": finding.resource,
        "column": finding.column,
        "identifier": finding.identifier.as_str(),
        "kind": finding.kind.as_str(),
        "confidence": rounded(finding.confidence),
        "category": finding.category.as_str(),
        "sensitivity": finding.sensitivity.as_str(),
        "rows": finding.rows,
        "tested": finding.tested,
        "matched": finding.matched,
        "validated": finding.validated,
        "distinct": finding.distinct,
        "indexed": rounded(finding.indexed),
        "rules": finding.rules,
    });
    if let Some(decided) = &finding.decided {
        let confirmed = finding.is_confirmed();
        value["decision"] =
            json!({"confirmed": confirmed, "reason": decided.reason, "at": decided.at});
    }
    value
}

/// Four digits: more than an estimate is good for, and stable between runs.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// Every finding on a line.
pub(crate) fn ndjson(output: &mut Output, findings: &[FindingRow]) -> Result<()> {
    findings
        .iter()
        .try_for_each(|finding| Ok(output.json(&finding_json(finding))?))
}

/// One document with everything the scan knows.
pub(crate) fn document(report: &ScanReport, findings: &[FindingRow]) -> Value {
    json!({
        "job": report.job.to_string(),
        "state": report.state.as_str(),
        "resumed": report.begun == Begun::TakenUp,
        "totals": {
            "entities": report.totals.entities,
            "entitiesWithFindings": report.totals.entities_with_findings,
            "columns": report.totals.columns,
            "rows": report.totals.rows,
            "bytes": report.totals.bytes,
            "failures": report.totals.failures,
            "seconds": report.totals.elapsed.as_secs_f64(),
        },
        "findings": findings.iter().map(finding_json).collect::<Vec<_>>(),
        "failures": report.failures.iter().map(crate::commands::failure_json).collect::<Vec<_>>(),
        "partlyIndexed": report.partly_indexed.iter().map(partly_indexed).collect::<Vec<_>>(),
    })
}

fn partly_indexed(column: &PartlyIndexed) -> Value {
    json!({
        "source": column.source,
        "resource": column.resource,
        "column": column.column,
        "indexed": rounded(column.indexed),
    })
}

/// One line per finding for a spreadsheet.
pub(crate) fn csv(output: &mut Output, findings: &[FindingRow]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(output as &mut dyn Write);
    writer.write_record([
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
    ])?;
    for finding in findings {
        let row = [
            harmless(&finding.source),
            harmless(&finding.resource),
            harmless(&finding.column),
            finding.identifier.to_string(),
            finding.kind.to_string(),
            rounded(finding.confidence).to_string(),
            finding.category.to_string(),
            finding.sensitivity.to_string(),
            finding.rows.to_string(),
            finding.tested.to_string(),
            finding.matched.to_string(),
            finding.validated.to_string(),
            finding.distinct.to_string(),
            rounded(finding.indexed).to_string(),
            finding.rules.join(" "),
        ];
        writer.write_record(row)?;
    }
    Ok(writer.flush()?)
}

/// A spreadsheet must not execute a cell that a source named: such text gets a leading apostrophe. What cannot be seen
/// becomes visible, as in every text for people.
pub(crate) fn harmless(text: &str) -> String {
    let text = printable(text);
    if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text
    }
}

/// SARIF 2.1.0: a rule per identifier, a result per finding.
pub(crate) fn sarif(findings: &[FindingRow]) -> Value {
    let mut rules: Vec<&FindingRow> = findings.iter().collect();
    rules.sort_by_key(|finding| finding.identifier.as_str());
    rules.dedup_by_key(|finding| finding.identifier.as_str());
    let rules: Vec<Value> = rules
        .iter()
        .map(|finding| {
            json!({
                "id": finding.identifier.as_str(),
                "shortDescription": {"text": format!("Personal data: {}", finding.identifier)},
                "properties": {"category": finding.category.as_str(), "sensitivity": finding.sensitivity.as_str()},
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "locard", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": findings.iter().map(sarif_result).collect::<Vec<_>>(),
        }],
    })
}

fn sarif_result(finding: &FindingRow) -> Value {
    let level = match finding.sensitivity {
        Sensitivity::Low => "note",
        Sensitivity::Medium => "warning",
        Sensitivity::High | Sensitivity::Special => "error",
    };
    let place = match finding.kind {
        FindingKind::Column => "column holds",
        FindingKind::Embedded => "text of column contains",
        FindingKind::Stray => "a few cells of column hold",
    };
    json!({
        "ruleId": finding.identifier.as_str(),
        "level": level,
        "message": {"text": format!("{place} {} ({} of {} tested cells, confidence {})", finding.identifier, finding.matched, finding.tested, rounded(finding.confidence))},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": uri(&finding.resource)}},
            "logicalLocations": [{"name": finding.column, "fullyQualifiedName": format!("{}:{}", finding.resource, finding.column), "kind": "member"}],
        }],
        "partialFingerprints": {"locard/v1": format!("{}/{}/{}/{}", finding.entity, finding.column, finding.identifier, finding.kind)},
        "properties": {"confidence": rounded(finding.confidence), "source": finding.source},
    })
}

/// A resource as a relative URI reference.
fn uri(resource: &str) -> String {
    let mut text = String::new();
    for byte in resource.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            other => {
                // Writing to a String cannot fail.
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

/// Findings for people: a heading per resource, aligned columns below.
pub(crate) fn table(output: &mut Output, findings: &[FindingRow]) -> Result<()> {
    let groups: Vec<&[FindingRow]> = findings.chunk_by(|a, b| a.entity == b.entity).collect();
    let tables: Vec<Table> = groups.iter().map(|group| group_table(group)).collect();
    let widths = tables.iter().map(Table::widths).fold(Vec::new(), widest);
    let sources: std::collections::BTreeSet<&str> = findings
        .iter()
        .map(|finding| finding.source.as_str())
        .collect();
    for (group, table) in groups.iter().zip(&tables) {
        let name = output.style(Style::new().bold(), &printable(&group[0].resource));
        let mut about = counted(group[0].rows, "row", "rows");
        if sources.len() > 1 {
            about = format!("{about} · {}", printable(&group[0].source));
        }
        let about = output.style(Style::new().dimmed(), &about);
        output.line(&format!("{name}  {about}"))?;
        table.print_with(output, &widths)?;
        output.line("")?;
    }
    Ok(())
}

fn widest(a: Vec<usize>, b: Vec<usize>) -> Vec<usize> {
    let (longer, shorter) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut merged = longer;
    merged
        .iter_mut()
        .zip(shorter)
        .for_each(|(width, other)| *width = (*width).max(other));
    merged
}

fn group_table(group: &[FindingRow]) -> Table {
    let mut table = Table::indented(2);
    let mut last = None;
    for finding in group {
        // A column with several findings is named once, so that the eye can follow.
        let name = if last == Some(&finding.column) {
            ""
        } else {
            finding.column.as_str()
        };
        last = Some(&finding.column);
        let kind = match finding.kind {
            FindingKind::Column => "",
            FindingKind::Embedded => "in text",
            FindingKind::Stray => "stray",
        };
        let decided = finding.decided.as_ref();
        let decided = decided.map_or("", |decided| decided.decision.as_str());
        let remarks = [kind.to_owned(), decided.to_owned(), of_rows(finding)];
        let remarks: Vec<String> = remarks
            .into_iter()
            .filter(|remark| !remark.is_empty())
            .collect();
        table.row(vec![
            Cell::new(name),
            Cell::new(finding.identifier.as_str()).styled(colour(finding.sensitivity)),
            Cell::number(percent(finding.confidence)),
            Cell::new(finding.sensitivity.as_str()).styled(colour(finding.sensitivity)),
            Cell::number(format!(
                "{} of {}",
                count(finding.matched),
                count(finding.tested)
            )),
            Cell::new(remarks.join(", ")).styled(Style::new().dimmed()),
        ]);
    }
    table
}

/// What the cells that rules judged stand for, where that is less than all rows: the others are empty, or are like many
/// that were judged before them.
fn of_rows(finding: &FindingRow) -> String {
    if finding.tested < finding.rows {
        format!("tested of {}", counted(finding.rows, "row", "rows"))
    } else {
        String::new()
    }
}

/// Confidence as people say it; never rounded up to certainty.
pub(crate) fn percent(confidence: f64) -> String {
    format!("{:.0} %", (confidence * 100.0).floor().min(99.0))
}

fn colour(sensitivity: Sensitivity) -> Style {
    match sensitivity {
        Sensitivity::Low => Style::new(),
        Sensitivity::Medium => Style::new().yellow(),
        Sensitivity::High => Style::new().red(),
        Sensitivity::Special => Style::new().magenta().bold(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_a_source_named_does_nothing_to_whoever_opens_it() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            ("\tx", "\u{fffd}x"),
            ("a\u{1b}[31m\u{7}\u{9b}b", "a\u{fffd}[31m\u{fffd}\u{fffd}b"),
            ("gnp.\u{202e}vsc", "gnp.\u{fffd}vsc"),
            ("crm/customers.csv", "crm/customers.csv"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }
}
