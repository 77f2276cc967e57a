//! `locard diff`.

use std::collections::BTreeSet;

use anyhow::Result;
use locard_app::{Difference, FindingRow};
use owo_colors::Style;
use serde_json::{Value, json};

use super::{Outcome, Session};
use crate::args::{Diff, ListFormat};
use crate::lists::List;
use crate::printer::Output;
use crate::report::{certainty, finding_json};
use crate::table::{Cell, Table, counted};

pub(crate) async fn run(session: &Session, args: &Diff) -> Result<Outcome> {
    let difference = locard_app::diff(&session.home, &args.before, &args.after).await?;
    let mut output = session.printer.output(None)?;
    match args.format {
        ListFormat::Table => table(&mut output, &difference)?,
        ListFormat::Json => output.document(&document(&difference))?,
        format => list(&difference).print(&mut output, format, "")?,
    }
    output.finish()?;
    let gone = difference.not_scanned.len() as u64;
    if gone > 0 {
        let findings = counted(gone, "earlier finding is", "earlier findings are");
        session.printer.say(format!(
            "{findings} of what the later scan did not read in full (-?): whether they are still there is not known"
        ));
    }
    let new = difference.not_scanned_before.len() as u64;
    if new > 0 {
        let findings = counted(new, "later finding is", "later findings are");
        session.printer.say(format!(
            "{findings} of what the earlier scan did not read in full (+?): whether they are new is not known"
        ));
    }
    Ok(Outcome::Done)
}

/// A finding as it was and as it is.
type Side<'a> = (Option<&'a FindingRow>, Option<&'a FindingRow>);

/// Every finding that differs, with the word for how.
fn changes(difference: &Difference) -> impl Iterator<Item = (&'static str, Side<'_>)> {
    let added = difference
        .added
        .iter()
        .map(|row| ("added", (None, Some(row))));
    let removed = difference
        .removed
        .iter()
        .map(|row| ("removed", (Some(row), None)));
    let changed = difference
        .changed
        .iter()
        .map(|change| ("changed", (Some(&change.before), Some(&change.after))));
    let not_scanned = difference
        .not_scanned
        .iter()
        .map(|row| ("not-scanned", (Some(row), None)));
    let not_scanned_before = difference
        .not_scanned_before
        .iter()
        .map(|row| ("not-scanned-before", (None, Some(row))));
    added
        .chain(removed)
        .chain(changed)
        .chain(not_scanned)
        .chain(not_scanned_before)
}

fn table(output: &mut Output, difference: &Difference) -> Result<()> {
    let sources: BTreeSet<&str> = changes(difference)
        .filter_map(|(_, (before, after))| Some(after.or(before)?.source.as_str()))
        .collect();
    let mut table = Table::default();
    for (how, (before, after)) in changes(difference) {
        let Some(finding) = after.or(before) else {
            continue;
        };
        let (sign, style) = match how {
            "added" => ("+", Style::new().red()),
            "removed" => ("-", Style::new().green()),
            "not-scanned" => ("-?", Style::new().dimmed()),
            "not-scanned-before" => ("+?", Style::new().dimmed()),
            _ => ("~", Style::new().yellow()),
        };
        let told = |tell: fn(&FindingRow) -> String| both(before.map(tell), after.map(tell));
        let mut cells = vec![
            Cell::new(sign).styled(style),
            Cell::new(&finding.resource).styled(Style::new().bold()),
            Cell::new(&finding.column),
            Cell::new(told(|row| row.identifier.to_string())),
            Cell::new(finding.kind.as_str()).styled(Style::new().dimmed()),
            Cell::new(told(certainty)),
            Cell::new(told(|row| counted(row.matched, "cell", "cells"))),
        ];
        if sources.len() > 1 {
            cells.push(Cell::new(&finding.source).styled(Style::new().dimmed()));
        }
        table.row(cells);
    }
    if table.is_empty() {
        return Ok(output.line("no differences")?);
    }
    Ok(table.print(output)?)
}

/// A value as it was and as it is; once where it is the same, or was on one side only.
fn both(before: Option<String>, after: Option<String>) -> String {
    match (before, after) {
        (Some(before), Some(after)) if before != after => format!("{before} -> {after}"),
        (before, after) => after.or(before).unwrap_or_default(),
    }
}

fn list(difference: &Difference) -> List {
    let mut list = List::new(&[
        "change",
        "source",
        "resource",
        "column",
        "identifier",
        "kind",
        "confidence",
        "matched",
        "identifier before",
        "confidence before",
        "matched before",
    ]);
    for (how, (before, after)) in changes(difference) {
        let Some(finding) = after.or(before) else {
            continue;
        };
        let before = before.filter(|_| how == "changed");
        list.row([
            json!(how),
            json!(finding.source),
            json!(finding.resource),
            json!(finding.column),
            json!(finding.identifier.as_str()),
            json!(finding.kind.as_str()),
            json!(finding.confidence),
            json!(finding.matched),
            json!(before.map(|row| row.identifier.as_str())),
            json!(before.map(|row| row.confidence)),
            json!(before.map(|row| row.matched)),
        ]);
    }
    list
}

fn document(difference: &Difference) -> Value {
    let rows = |findings: &[FindingRow]| findings.iter().map(finding_json).collect::<Vec<_>>();
    json!({
        "added": rows(&difference.added),
        "removed": rows(&difference.removed),
        "notScanned": rows(&difference.not_scanned),
        "notScannedBefore": rows(&difference.not_scanned_before),
        "changed": difference.changed.iter().map(|change| json!({"before": finding_json(&change.before), "after": finding_json(&change.after)})).collect::<Vec<_>>(),
    })
}
