//! `locard explain`.

use anyhow::Result;
use locard_app::{Alternative, ColumnExplanation, ExplainOptions, Explanation, Profile};
use owo_colors::Style;
use serde_json::{Value, json};

use super::{Outcome, Session, tell_failures};
use crate::args::{Explain, ListFormat};
use crate::printer::{Output, printable};
use crate::report::finding_json;
use crate::table::{Cell, Table, count};

pub(crate) async fn run(session: &Session, args: &Explain) -> Result<Outcome> {
    let (entity, column) = super::entity_and_column(&args.entity);
    let options = ExplainOptions {
        entity,
        column,
        samples: args.samples.unwrap_or(0),
    };
    let explanation = locard_app::explain(&session.home, &options, &session.cancel).await?;
    let mut output = session.printer.output(None)?;
    match args.format {
        ListFormat::Table => table(&mut output, &explanation)?,
        ListFormat::Json => output.document(&document(&explanation))?,
        ListFormat::Ndjson => explanation
            .columns
            .iter()
            .try_for_each(|column| output.json(&column_json(column)))?,
        ListFormat::Csv => {
            anyhow::bail!("an explanation is no list\nhint: use --format json or ndjson")
        }
    }
    output.finish()?;
    if explanation.rules_changed {
        session
            .printer
            .say("the rules changed since the scan: findings and their weights are those of then, the rest is weighed by the rules of today");
        session
            .printer
            .hint("scan it again, and both are by the same rules");
    }
    tell_failures(session.printer, &explanation.failures);
    Ok(Outcome::of(&explanation.failures))
}

fn table(output: &mut Output, explanation: &Explanation) -> Result<()> {
    let name = output.style(Style::new().bold(), &printable(&explanation.resource));
    let scanned = explanation
        .scanned_at
        .as_deref()
        .map(|at| format!(", scanned {at}"))
        .unwrap_or_default();
    output.line(&format!(
        "{name}  {} rows{scanned}",
        count(explanation.rows)
    ))?;
    explanation
        .columns
        .iter()
        .try_for_each(|column| print_column(output, column))
}

fn print_column(output: &mut Output, column: &ColumnExplanation) -> Result<()> {
    let name = output.style(Style::new().bold(), &printable(&column.column));
    output.line("")?;
    output.line(&name)?;
    output.line(&format!("  {}", profile(&column.profile)))?;
    if let Some(why) = &column.profile.not_indexed {
        output.line(&format!("  not in the index: {}", printable(why)))?;
    }
    if column.alternatives.is_empty() {
        output.line("  no rule saw anything")?;
    }
    column
        .alternatives
        .iter()
        .try_for_each(|alternative| print_alternative(output, alternative))?;
    for sample in &column.samples {
        output.line(&format!("  sample  {}", printable(sample)))?;
    }
    Ok(())
}

fn profile(profile: &Profile) -> String {
    let mut parts = vec![
        profile.logical_type.clone(),
        format!("{} cells", count(profile.rows)),
        format!("{} null", count(profile.nulls)),
        format!("{} blank", count(profile.blanks)),
        format!("about {} distinct", count(profile.distinct)),
    ];
    parts.extend(profile.length.map(|(shortest, mean, longest)| {
        format!("length {shortest} to {longest}, mean {mean:.1}")
    }));
    parts.extend(
        profile
            .moments
            .map(|(mean, deviation)| format!("mean {mean:.2} ± {deviation:.2}")),
    );
    let shapes: Vec<String> = profile
        .shapes
        .iter()
        .take(3)
        .map(|(shape, share)| format!("{} {:.0} %", printable(shape), share * 100.0))
        .collect();
    if !shapes.is_empty() {
        parts.push(format!("shapes {}", shapes.join(", ")));
    }
    parts.join(" · ")
}

fn print_alternative(output: &mut Output, alternative: &Alternative) -> Result<()> {
    let verdict = if alternative.decided {
        Style::new().green().bold()
    } else {
        Style::new().dimmed()
    };
    let name = output.style(verdict, alternative.identifier.as_str());
    let (tested, matched, validated) = alternative.counts;
    output.line(&format!(
        "  {name}  {:.4}  {}  tested {} · matched {} · validated {}  {}",
        alternative.confidence,
        alternative.kind,
        count(tested),
        count(matched),
        count(validated),
        alternative.rules.join(" ")
    ))?;
    let mut table = Table::indented(6);
    for weight in &alternative.weights {
        table.row(vec![
            Cell::number(format!("{:+.2}", weight.log_odds)),
            Cell::new(&weight.what),
            Cell::new(&weight.detail).styled(Style::new().dimmed()),
        ]);
    }
    Ok(table.print(output)?)
}

fn document(explanation: &Explanation) -> Value {
    json!({
        "source": explanation.source,
        "resource": explanation.resource,
        "rows": explanation.rows,
        "scannedAt": explanation.scanned_at,
        "rulesChanged": explanation.rules_changed,
        "columns": explanation.columns.iter().map(column_json).collect::<Vec<_>>(),
    })
}

fn column_json(column: &ColumnExplanation) -> Value {
    let profile = &column.profile;
    json!({
        "column": column.column,
        "profile": {
            "logicalType": profile.logical_type,
            "rows": profile.rows,
            "nulls": profile.nulls,
            "blanks": profile.blanks,
            "distinct": profile.distinct,
            "length": profile.length.map(|(shortest, mean, longest)| json!({"shortest": shortest, "mean": mean, "longest": longest})),
            "moments": profile.moments.map(|(mean, deviation)| json!({"mean": mean, "deviation": deviation})),
            "shapes": profile.shapes.iter().map(|(shape, share)| json!({"shape": shape, "share": share})).collect::<Vec<_>>(),
            "indexed": profile.indexed,
            "notIndexed": profile.not_indexed,
        },
        "findings": column.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "alternatives": column.alternatives.iter().map(alternative_json).collect::<Vec<_>>(),
        "samples": column.samples,
    })
}

fn alternative_json(alternative: &Alternative) -> Value {
    let (tested, matched, validated) = alternative.counts;
    json!({
        "identifier": alternative.identifier.as_str(),
        "kind": alternative.kind.as_str(),
        "confidence": alternative.confidence,
        "decided": alternative.decided,
        "rules": alternative.rules,
        "tested": tested,
        "matched": matched,
        "validated": validated,
        "weights": alternative.weights.iter().map(|weight| json!({"what": weight.what, "logOdds": weight.log_odds, "detail": weight.detail})).collect::<Vec<_>>(),
    })
}
