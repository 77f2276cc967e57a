//! `locard diff`.

use anyhow::Result;
use locard_app::{Difference, FindingRow};
use owo_colors::Style;
use serde_json::{Value, json};

use super::{Outcome, Session};
use crate::args::{Diff, ListFormat};
use crate::lists::List;
use crate::printer::Output;
use crate::report::finding_json;
use crate::table::{Cell, Table};

pub(crate) async fn run(session: &Session, args: &Diff) -> Result<Outcome> {
    let difference = locard_app::diff(&session.home, &args.before, &args.after).await?;
    let mut output = session.printer.output(None)?;
    match args.format {
        ListFormat::Table => table(&mut output, &difference)?,
        ListFormat::Json => output.document(&document(&difference))?,
        format => list(&difference).print(&mut output, format, "")?,
    }
    output.finish()?;
    Ok(Outcome::Done)
}

/// Every finding that differs, with the word for how.
fn changes(difference: &Difference) -> impl Iterator<Item = (&'static str, &FindingRow)> {
    let added = difference.added.iter().map(|finding| ("added", finding));
    let removed = difference
        .removed
        .iter()
        .map(|finding| ("removed", finding));
    let changed = difference
        .changed
        .iter()
        .map(|change| ("changed", &change.after));
    added.chain(removed).chain(changed)
}

fn table(output: &mut Output, difference: &Difference) -> Result<()> {
    let mut table = Table::default();
    for (how, finding) in changes(difference) {
        let (sign, style) = match how {
            "added" => ("+", Style::new().red()),
            "removed" => ("-", Style::new().green()),
            _ => ("~", Style::new().yellow()),
        };
        table.row(vec![
            Cell::new(sign).styled(style),
            Cell::new(&finding.resource).styled(Style::new().bold()),
            Cell::new(&finding.column),
            Cell::new(finding.identifier.as_str()),
            Cell::new(finding.kind.as_str()).styled(Style::new().dimmed()),
            Cell::number(format!("{:.2}", finding.confidence)),
        ]);
    }
    if table.is_empty() {
        return Ok(output.line("no differences")?);
    }
    Ok(table.print(output)?)
}

fn list(difference: &Difference) -> List {
    let mut list = List::new(&[
        "change",
        "resource",
        "column",
        "identifier",
        "kind",
        "confidence",
        "matched",
    ]);
    for (how, finding) in changes(difference) {
        list.row([
            json!(how),
            json!(finding.resource),
            json!(finding.column),
            json!(finding.identifier.as_str()),
            json!(finding.kind.as_str()),
            json!(finding.confidence),
            json!(finding.matched),
        ]);
    }
    list
}

fn document(difference: &Difference) -> Value {
    let rows = |findings: &[FindingRow]| findings.iter().map(finding_json).collect::<Vec<_>>();
    json!({
        "added": rows(&difference.added),
        "removed": rows(&difference.removed),
        "changed": difference.changed.iter().map(|change| json!({"before": finding_json(&change.before), "after": finding_json(&change.after)})).collect::<Vec<_>>(),
    })
}
