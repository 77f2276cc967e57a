//! `locard scan --plan`: what a scan would read, without reading it.

use anyhow::Result;
use locard_app::{PlanReport, ScanOptions};
use owo_colors::Style;
use serde_json::{Value, json};

use super::{Outcome, Session, failure_json, print_failures};
use crate::args::{ReportFormat, Scan};
use crate::printer::{Output, printable, unless_closed};
use crate::report::harmless;
use crate::table::{Cell, Table, bytes, count, counted, duration};

pub(crate) async fn run(session: &Session, args: &Scan, options: &ScanOptions) -> Result<Outcome> {
    let plan = tokio::select! {
        plan = locard_app::plan(&session.home, options) => plan?,
        // Nothing is stored, so that it can be let go wherever it is.
        () = session.cancel.cancelled() => {
            session.printer.warn("the plan was not finished");
            return Ok(Outcome::Failed);
        }
    };
    let output = session.printer.output(args.output.as_deref())?;
    unless_closed(print(output, args, &plan))?;
    let nothing = plan.entities.is_empty();
    if nothing {
        session.printer.warn("there is no entity to scan");
    }
    let narrowed = !args.include.is_empty() || !args.exclude.is_empty();
    Ok(if plan.failures.is_empty() && !(nothing && narrowed) {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

fn print(mut output: Output, args: &Scan, plan: &PlanReport) -> Result<()> {
    match args.format {
        ReportFormat::Table => table(&mut output, plan)?,
        ReportFormat::Ndjson => entities(plan)
            .iter()
            .try_for_each(|entity| output.json(entity))?,
        ReportFormat::Csv => csv(&mut output, plan)?,
        ReportFormat::Json => output.document(&document(plan))?,
        ReportFormat::Sarif => anyhow::bail!(
            "a plan has no findings, so there is no SARIF of it\nhint: use --format json"
        ),
    }
    Ok(output.finish()?)
}

fn table(output: &mut Output, plan: &PlanReport) -> Result<()> {
    let mut table = Table::new(&["entity", "kind", "columns", "rows", "stored", "pieces"]);
    let known = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), count);
    for entity in &plan.entities {
        table.row(vec![
            Cell::new(&entity.resource),
            Cell::new(entity.kind.as_str()).styled(Style::new().dimmed()),
            Cell::number(known(entity.columns)),
            Cell::number(known(entity.rows)),
            Cell::number(entity.bytes.map_or_else(|| "?".to_owned(), bytes)),
            Cell::number(count(entity.pieces)),
        ]);
    }
    table.print(output)?;
    output.line("")?;
    for source in &plan.sources {
        let product = source
            .product
            .as_deref()
            .map(|product| format!(" ({product})"))
            .unwrap_or_default();
        let load = format!("{}{product}: {}", source.source, source.load);
        output.wrapped(0, &printable(&load))?;
    }
    let unknown = if plan.unknown > 0 {
        format!(", {} of unknown size", count(plan.unknown))
    } else {
        String::new()
    };
    let size = match plan.bytes {
        0 => String::new(),
        known => format!("{} as stored · ", bytes(known)),
    };
    let entities = counted(plan.entities.len() as u64, "entity", "entities");
    let time = duration(plan.estimated.as_secs_f64());
    output.sums(
        &format!("{entities}{unknown}"),
        &format!("{size}about {time}"),
    )?;
    print_failures(output, &plan.failures)?;
    Ok(())
}

fn entities(plan: &PlanReport) -> Vec<Value> {
    plan.entities
        .iter()
        .map(|entity| {
            json!({
                "source": entity.source,
                "resource": entity.resource,
                "kind": entity.kind.as_str(),
                "columns": entity.columns,
                "rows": entity.rows,
                "bytes": entity.bytes,
                "pieces": entity.pieces,
            })
        })
        .collect()
}

fn document(plan: &PlanReport) -> Value {
    json!({
        "sources": plan.sources.iter().map(|source| json!({"source": source.source, "product": source.product, "load": source.load})).collect::<Vec<_>>(),
        "entities": entities(plan),
        "failures": plan.failures.iter().map(failure_json).collect::<Vec<_>>(),
        "rows": plan.rows,
        "bytes": plan.bytes,
        "unknown": plan.unknown,
        "estimatedSeconds": plan.estimated.as_secs_f64(),
    })
}

fn csv(output: &mut Output, plan: &PlanReport) -> Result<()> {
    let mut writer = csv::Writer::from_writer(output as &mut dyn std::io::Write);
    writer.write_record([
        "source", "resource", "kind", "columns", "rows", "bytes", "pieces",
    ])?;
    let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    for entity in &plan.entities {
        writer.write_record([
            harmless(&entity.source),
            harmless(&entity.resource),
            entity.kind.as_str().to_owned(),
            text(entity.columns),
            text(entity.rows),
            text(entity.bytes),
            entity.pieces.to_string(),
        ])?;
    }
    Ok(writer.flush()?)
}
