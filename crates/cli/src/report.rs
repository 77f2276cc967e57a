//! The forms of a scan's result: table, NDJSON, JSON, CSV; SARIF is beside it.

use std::io::Write;

use anyhow::Result;
use locard_app::{Begun, FINDING_COLUMNS, FindingRow, PartlyIndexed, ScanReport, rounded};
use locard_model::spreadsheet::disarm;
use locard_model::{FindingKind, Sensitivity};
use owo_colors::Style;
use serde_json::{Value, json};

use crate::printer::{Output, printable};
use crate::table::{Cell, Table, count, counted};

/// A finding as one JSON object.
pub(crate) fn finding_json(finding: &FindingRow) -> Value {
    let mut fields = finding.fields();
    if let Some(decided) = &finding.decided {
        let confirmed = finding.is_confirmed();
        let decision = json!({"confirmed": confirmed, "reason": decided.reason, "at": decided.at});
        fields.insert("decision".to_owned(), decision);
    }
    Value::Object(fields)
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
            "listed": report.totals.listed,
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
    writer.write_record(FINDING_COLUMNS)?;
    for finding in findings {
        writer.write_record(finding.cells().map(|cell| harmless(&cell)))?;
    }
    Ok(writer.flush()?)
}

/// A spreadsheet must not execute a cell that a source named: such text gets a leading apostrophe. What cannot be seen
/// becomes visible, as in every text for people.
pub(crate) fn harmless(text: &str) -> String {
    disarm(&printable(text)).into_owned()
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
        heading(output, &group[0], sources.len() > 1)?;
        table.print_with(output, &widths)?;
        output.line("")?;
    }
    Ok(())
}

/// The resource and what is known of it as a whole. A name that is too long for the line goes on below, whole: it is what
/// other commands take.
fn heading(output: &mut Output, finding: &FindingRow, with_source: bool) -> Result<()> {
    let name = printable(&finding.resource);
    let mut about = counted(finding.rows, "row", "rows");
    if with_source {
        about = format!("{about} · {}", printable(&finding.source));
    }
    output.heading(&name, &about)?;
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
    for (finding, others) in merged(group) {
        // A column with several findings is named once, so that the eye can follow.
        let name = if last == Some(&finding.column) {
            ""
        } else {
            finding.column.as_str()
        };
        last = Some(&finding.column);
        let rejected = if finding.is_rejected() {
            finding.decision()
        } else {
            ""
        };
        let mut remarks = vec![kind(finding.kind).to_owned(), rejected.to_owned()];
        remarks.extend(others.iter().map(|other| also(other)));
        remarks.push(of_rows(finding));
        remarks.retain(|remark| !remark.is_empty());
        table.row(vec![
            Cell::new(name),
            Cell::new(finding.identifier.as_str()).styled(colour(finding.sensitivity)),
            Cell::number(certainty(finding)),
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

/// Findings in their order; those of one identifier in one column, which differ in how it occurs, together with the
/// surest of them.
fn merged(group: &[FindingRow]) -> Vec<(&FindingRow, Vec<&FindingRow>)> {
    let mut merged: Vec<(&FindingRow, Vec<&FindingRow>)> = Vec::new();
    for finding in group {
        let same = |(known, _): &&mut (&FindingRow, Vec<&FindingRow>)| {
            (known.column_id, &known.identifier) == (finding.column_id, &finding.identifier)
        };
        match merged.iter_mut().find(same) {
            Some((_, others)) => others.push(finding),
            None => merged.push((finding, Vec::new())),
        }
    }
    merged
}

const fn kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Column => "",
        FindingKind::Embedded => "in text",
        FindingKind::Stray => "stray",
    }
}

/// How the same identifier occurs in the same column besides.
fn also(finding: &FindingRow) -> String {
    let matched = count(finding.matched);
    match finding.kind {
        FindingKind::Column => format!("also {matched} whole cells"),
        FindingKind::Embedded => format!("also {matched} in text"),
        FindingKind::Stray => format!("also {matched} stray"),
    }
}

/// How sure a finding is: what a person confirmed is beyond estimates.
pub(crate) fn certainty(finding: &FindingRow) -> String {
    if finding.is_confirmed() {
        finding.decision().to_owned()
    } else {
        percent(finding.confidence)
    }
}

/// How sure a finding is, in a sentence.
pub(crate) fn sureness(finding: &FindingRow) -> String {
    let of = format!("{} of {} tested cells", finding.matched, finding.tested);
    if finding.is_only_confirmed() {
        "confirmed by a person".to_owned()
    } else if finding.is_confirmed() {
        format!("{of}, confirmed by a person")
    } else {
        format!("{of}, confidence {}", rounded(finding.confidence))
    }
}

/// What the cells that rules judged stand for, where others were left out that are like many that were judged before
/// them: all rows, or all cells that are not empty where some are, and those of lists and maps. Empty cells are never
/// tested, so they are not told of.
fn of_rows(finding: &FindingRow) -> String {
    // An older catalog does not know how many are filled.
    let filled = match finding.filled {
        0 => finding.rows,
        filled => filled,
    };
    if finding.tested >= filled {
        String::new()
    } else if filled == finding.rows {
        format!("tested of {}", counted(filled, "row", "rows"))
    } else {
        format!("tested of {}", counted(filled, "cell", "cells"))
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
    use crate::sarif::tests::finding;

    #[test]
    fn an_identifier_is_listed_once_for_each_column_with_how_it_occurs_besides() {
        let of = |identifier: &str, kind: FindingKind, matched: u64| FindingRow {
            kind,
            matched,
            ..finding("crm", "t", identifier)
        };
        let other = FindingRow {
            column_id: locard_model::ColumnId::derive(
                of("AGE", FindingKind::Column, 1).entity,
                "d",
            ),
            ..of("PERSON", FindingKind::Stray, 3)
        };
        let group = [
            of("PERSON", FindingKind::Column, 9),
            of("AGE", FindingKind::Stray, 1),
            of("PERSON", FindingKind::Embedded, 1_200),
            of("PERSON", FindingKind::Stray, 2),
            other,
        ];
        let told: Vec<(&str, u64, Vec<String>)> = merged(&group)
            .iter()
            .map(|(finding, others)| {
                let others = others.iter().map(|other| also(other)).collect();
                (finding.identifier.as_str(), finding.matched, others)
            })
            .collect();
        let besides = ["also 1,200 in text", "also 2 stray"].map(str::to_owned);
        let expected = [
            ("PERSON", 9, besides.to_vec()),
            ("AGE", 1, Vec::new()),
            ("PERSON", 3, Vec::new()),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_was_not_tested_of_lists_and_maps_is_told_too() {
        let of = |rows: u64, filled: u64, tested: u64| {
            of_rows(&FindingRow {
                rows,
                filled,
                tested,
                ..finding("crm", "t", "AGE")
            })
        };
        assert_eq!(of(1, 100_000, 10_222), "tested of 100,000 cells");
        assert_eq!(of(100_000, 90_000, 10_222), "tested of 90,000 cells");
        assert_eq!(of(100_000, 100_000, 10_222), "tested of 100,000 rows");
        assert_eq!(of(31, 30, 30), "", "an empty cell is nothing to test");
        assert_eq!(of(100, 0, 10), "tested of 100 rows");
        assert_eq!(of(1, 100_000, 100_000), "");
        assert_eq!(of(10, 10, 10), "");
    }

    #[test]
    fn a_cell_that_a_source_named_does_nothing_to_whoever_opens_it() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            ("\tx", "\u{fffd}x"),
            ("a\u{1b}[31m\u{7}\u{9b}b", "a\u{fffd}[31m\u{fffd}\u{fffd}b"),
            ("gnp.\u{202e}vsc", "gnp.\u{fffd}vsc"),
            ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
            (" =1", " '=1"),
            ("\"=1", "\"'=1"),
            ("＝1", "'＝1"),
            ("-5", "-5"),
            ("crm/customers.csv", "crm/customers.csv"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }
}
