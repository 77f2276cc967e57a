//! `locard explain`.

use anyhow::Result;
use locard_app::{
    ColumnExplanation, ExplainOptions, Explanation, FindingRow, Hypothesis, Profile, Reported,
    Weight, rounded,
};
use locard_model::FindingKind;
use owo_colors::Style;
use serde_json::{Value, json};

use super::{Outcome, Session, tell_failures};
use crate::args::{Explain, ListFormat, MIN_CONFIDENCE};
use crate::printer::{Output, printable};
use crate::report::finding_json;
use crate::table::{Cell, Table, count, counted};

pub(crate) async fn run(session: &Session, args: &Explain) -> Result<Outcome> {
    let (entity, column) = super::entity_and_column(&session.home, &args.entity).await?;
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
        if !explanation.untested.is_empty() {
            session.printer.say(untested(&explanation.untested));
        }
        session
            .printer
            .hint("scan it again, and both are by the same rules");
    }
    tell_failures(session.printer, &explanation.failures);
    Ok(Outcome::of(&explanation.failures))
}

/// Which rules have not seen the values; the first of many.
fn untested(rules: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = rules
        .iter()
        .take(SHOWN)
        .map(|rule| printable(rule))
        .collect();
    let more = rules.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let counted = counted(rules.len() as u64, "rule", "rules");
    format!(
        "{counted} never saw these values: {}{more}",
        shown.join(", ")
    )
}

fn table(output: &mut Output, explanation: &Explanation) -> Result<()> {
    let name = output.style(Style::new().bold(), &printable(&explanation.resource));
    let scanned = explanation.scanned_at.as_deref();
    let scanned = scanned.map(|at| format!(", scanned {at}"));
    let about = format!(
        "{}{}",
        counted(explanation.rows, "row", "rows"),
        scanned.unwrap_or_default()
    );
    let about = output.style(Style::new().dimmed(), &about);
    output.line(&format!("{name}  {about}"))?;
    output.wrapped(2, &format!("in {}", printable(&explanation.source)))?;
    explanation
        .columns
        .iter()
        .try_for_each(|column| print_column(output, column))
}

fn print_column(output: &mut Output, column: &ColumnExplanation) -> Result<()> {
    let name = output.style(Style::new().bold(), &printable(&column.column));
    output.line("")?;
    output.line(&name)?;
    if let Some(comment) = &column.comment {
        output.wrapped(2, &format!("comment: {}", printable(comment)))?;
    }
    output.wrapped(2, &profile(&column.profile))?;
    if let Some(why) = &column.profile.not_indexed {
        output.wrapped(2, &format!("not in the index: {}", printable(why)))?;
    }
    print_reported(output, column)?;
    print_rejected(output, &column.rejected)?;
    for sample in &column.samples {
        output.wrapped(2, &format!("sample  {}", printable(sample)))?;
    }
    Ok(())
}

fn print_reported(output: &mut Output, column: &ColumnExplanation) -> Result<()> {
    let heading = match (column.reported.is_empty(), column.too_few) {
        (false, _) => "reported",
        // Its cells are documents, and are judged field by field.
        (true, true) if column.fields.is_empty() => "nothing reported: too few cells to tell",
        (true, _) => "nothing reported",
    };
    output.line(&format!("  {heading}"))?;
    if !column.fields.is_empty() {
        let fields: Vec<String> = column.fields.iter().map(|name| printable(name)).collect();
        let see = format!("its cells hold documents: see {}", fields.join(", "));
        output.wrapped(2, &see)?;
    }
    column.reported.iter().try_for_each(|reported| {
        print_finding(output, &reported.finding)?;
        if reported.finding.is_only_confirmed() {
            output.line("      no rule reported it")?;
        }
        reported
            .because
            .iter()
            .try_for_each(|because| print_because(output, because))
    })
}

fn print_finding(output: &mut Output, finding: &FindingRow) -> Result<()> {
    let style = if finding.is_rejected() {
        Style::new().dimmed()
    } else {
        Style::new().green().bold()
    };
    let name = output.style(style, finding.identifier.as_str());
    let unlikely = finding.confidence < MIN_CONFIDENCE && !finding.is_confirmed();
    let hidden = unlikely
        .then(|| format!("  left out of a scan's result below --min-confidence {MIN_CONFIDENCE}"));
    let decided = finding.decided.as_ref().map(|decided| {
        let verb = decided.decision.as_str();
        let why = decided.reason.as_deref().map(|why| format!(": {why}"));
        format!("  {verb} by a person{}", why.unwrap_or_default())
    });
    // What a person confirmed is no longer a matter of chances.
    let sure = if finding.is_confirmed() {
        String::new()
    } else {
        format!("  {:.4}", finding.confidence)
    };
    output.line(&format!(
        "    {name}{sure}  {}{}{}",
        kind(finding.kind),
        printable(&decided.unwrap_or_default()),
        hidden.unwrap_or_default()
    ))?;
    Ok(())
}

const fn kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Column => "whole column",
        FindingKind::Embedded => "in text",
        FindingKind::Stray => "stray cells",
    }
}

fn print_because(output: &mut Output, because: &Hypothesis) -> Result<()> {
    output.line(&format!(
        "      rule {}, version {:016x}",
        printable(&because.rule),
        because.version
    ))?;
    output.line(&format!("      {}", numbers(because)))?;
    let mut table = Table::indented(6);
    for weight in because.weights.iter().filter(|weight| tells(weight)) {
        table.row(vec![
            Cell::number(format!("{:+.2}", weight.log_ratio)),
            Cell::new(&weight.what),
            Cell::new(&weight.detail).styled(Style::new().dimmed()),
        ]);
    }
    Ok(table.print(output)?)
}

/// Whether a weight says anything in the decimals that are shown.
fn tells(weight: &Weight) -> bool {
    weight.log_ratio.abs() >= 0.005
}

fn numbers(hypothesis: &Hypothesis) -> String {
    format!(
        "tested {} · matched {} · validated {} · similarity {:.2}",
        count(hypothesis.tested),
        count(hypothesis.matched),
        count(hypothesis.validated),
        hypothesis.similarity()
    )
}

/// Hypotheses less likely than this are counted and not printed.
const UNLIKELY: f64 = 0.0005;

/// What was weighed too, shorter, so that nobody takes it for a finding.
fn print_rejected(output: &mut Output, rejected: &[Hypothesis]) -> Result<()> {
    if rejected.is_empty() {
        return Ok(());
    }
    output.line("  weighed, but not reported")?;
    let (likely, unlikely): (Vec<&Hypothesis>, Vec<_>) = rejected
        .iter()
        .partition(|hypothesis| hypothesis.probability >= UNLIKELY);
    print_likely(output, &likely)?;
    if !unlikely.is_empty() {
        let count = unlikely.len() as u64;
        let unlikely = if likely.is_empty() {
            counted(count, "identifier", "identifiers")
        } else {
            counted(count, "other", "others")
        };
        output.line(&format!(
            "    {unlikely} less likely than {UNLIKELY}; --format json has them"
        ))?;
    }
    Ok(())
}

fn print_likely(output: &mut Output, rejected: &[&Hypothesis]) -> Result<()> {
    for hypothesis in rejected {
        let line = format!(
            "{}  {:.4}  {}  rule {}  {}",
            hypothesis.identifier,
            hypothesis.probability,
            kind(hypothesis.kind),
            printable(&hypothesis.rule),
            numbers(hypothesis)
        );
        output.wrapped(4, &line)?;
        let weights: Vec<String> = hypothesis
            .weights
            .iter()
            .filter(|weight| tells(weight))
            .map(|weight| format!("{:+.2} {}", weight.log_ratio, weight.what))
            .collect();
        output.wrapped(6, &weights.join(" · "))?;
    }
    Ok(())
}

fn profile(profile: &Profile) -> String {
    let mut parts = vec![
        profile.logical_type.clone(),
        counted(profile.rows, "cell", "cells"),
        format!("{} null", count(profile.nulls)),
        format!("{} blank", count(profile.blanks)),
        format!("density {}", share(profile.density)),
        format!("about {} distinct", count(profile.distinct)),
        format!("uniqueness {}", share(profile.uniqueness)),
    ];
    parts.extend(profile.length.map(|(shortest, mean, longest)| {
        format!("length {shortest} to {longest}, mean {mean:.1}")
    }));
    parts.extend(
        profile
            .moments
            .map(|(mean, deviation)| format!("mean {mean:.2} ± {deviation:.2}")),
    );
    parts.extend(
        profile
            .range
            .as_ref()
            .map(|(min, max)| format!("from {} to {}", printable(min), printable(max))),
    );
    // Where no value comes twice, the most frequent one says nothing.
    if profile.distinct < profile.rows - profile.nulls - profile.blanks {
        let shares = profile.frequent.iter().take(3);
        let shares: Vec<String> = shares.filter_map(|(_, share)| told_share(*share)).collect();
        if !shares.is_empty() {
            parts.push(format!("most frequent {}", shares.join(", ")));
        }
    }
    let shapes = profile.shapes.iter().take(3);
    let shapes: Vec<String> = shapes
        .filter_map(|(shape, share)| Some(format!("{} {}", printable(shape), told_share(*share)?)))
        .collect();
    if !shapes.is_empty() {
        parts.push(format!("shapes {}", shapes.join(", ")));
    }
    parts.join(" · ")
}

/// A share that decides what a column is good for: 100 % is all, and 0 % is none.
fn share(share: f64) -> String {
    let percents = share * 100.0;
    let whole = percents.round();
    let is_rounded_up = whole >= 100.0 && share < 1.0;
    let is_rounded_down = whole <= 0.0 && share > 0.0;
    match (is_rounded_up, is_rounded_down) {
        (true, _) => "over 99 %".to_owned(),
        (_, true) => "under 1 %".to_owned(),
        _ => format!("{whole:.0} %"),
    }
}

/// A share in whole percents; none says nothing.
fn told_share(share: f64) -> Option<String> {
    let percents = (share * 100.0).round();
    (percents >= 1.0).then(|| format!("{percents:.0} %"))
}

fn document(explanation: &Explanation) -> Value {
    json!({
        "source": explanation.source,
        "resource": explanation.resource,
        "rows": explanation.rows,
        "scannedAt": explanation.scanned_at,
        "rulesChanged": explanation.rules_changed,
        "untestedRules": explanation.untested,
        "columns": explanation.columns.iter().map(column_json).collect::<Vec<_>>(),
    })
}

fn column_json(column: &ColumnExplanation) -> Value {
    let profile = &column.profile;
    json!({
        "column": column.column,
        "comment": column.comment,
        "profile": {
            "logicalType": profile.logical_type,
            "rows": profile.rows,
            "nulls": profile.nulls,
            "blanks": profile.blanks,
            "distinct": profile.distinct,
            "uniqueness": rounded(profile.uniqueness),
            "density": rounded(profile.density),
            "length": profile.length.map(|(shortest, mean, longest)| json!({"shortest": shortest, "mean": mean, "longest": longest})),
            "moments": profile.moments.map(|(mean, deviation)| json!({"mean": mean, "deviation": deviation})),
            "shapes": profile.shapes.iter().map(|(shape, share)| json!({"shape": shape, "share": share})).collect::<Vec<_>>(),
            "range": profile.range.as_ref().map(|(min, max)| json!({"min": min, "max": max})),
            "frequent": profile.frequent.iter().map(|(hash, share)| json!({"hash": format!("{hash:016x}"), "share": share})).collect::<Vec<_>>(),
            "indexed": profile.indexed,
            "notIndexed": profile.not_indexed,
        },
        "reported": column.reported.iter().map(reported_json).collect::<Vec<_>>(),
        "rejected": column.rejected.iter().map(hypothesis_json).collect::<Vec<_>>(),
        "fields": column.fields,
        "tooFew": column.too_few,
        "samples": column.samples,
    })
}

/// A finding as everywhere, with what it rests on.
fn reported_json(reported: &Reported) -> Value {
    let mut value = finding_json(&reported.finding);
    value["because"] = reported.because.iter().map(hypothesis_json).collect();
    value
}

fn hypothesis_json(hypothesis: &Hypothesis) -> Value {
    json!({
        "identifier": hypothesis.identifier.as_str(),
        "kind": hypothesis.kind.as_str(),
        "confidence": hypothesis.probability,
        "rule": hypothesis.rule,
        "version": format!("{:016x}", hypothesis.version),
        "tested": hypothesis.tested,
        "matched": hypothesis.matched,
        "validated": hypothesis.validated,
        "similarity": rounded(hypothesis.similarity()),
        "weights": hypothesis.weights.iter().map(|weight| json!({"what": weight.what, "logOdds": weight.log_ratio, "detail": weight.detail})).collect::<Vec<_>>(),
    })
}
