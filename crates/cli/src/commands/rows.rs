//! `locard rows`.

use anyhow::Result;
use locard_app::RowsOptions;
use serde_json::json;

use super::{Outcome, Session, tell_failures};
use crate::args::{ListFormat, Rows};
use crate::lists::List;
use crate::printer::{printable, unless_closed};
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Rows) -> Result<Outcome> {
    let (entity, column) = super::entity_and_column(&session.home, &args.entity).await?;
    let identifier = locard_app::identifier_named(&session.home, &args.identifier).await?;
    let options = RowsOptions {
        entity,
        identifier,
        column,
        limit: args.limit,
    };
    let report = locard_app::rows(&session.home, &options, &session.cancel).await?;
    let mut list = List::new(&[
        "source", "resource", "row", "line", "key", "column", "kind", "at", "value",
    ]);
    for hit in &report.hits {
        let key = hit.row.key.iter();
        let key: Vec<_> = key.map(|(name, value)| format!("{name}={value}")).collect();
        list.row([
            json!(report.source),
            json!(report.resource),
            json!(hit.row.number),
            json!(hit.row.line),
            (!key.is_empty()).then(|| key.join(", ")).into(),
            json!(hit.path.as_ref().unwrap_or(&hit.column)),
            json!(hit.kind.as_str()),
            json!(hit.at),
            json!(hit.masked),
        ]);
    }
    let mut output = session.printer.output(None)?;
    if args.format == ListFormat::Table {
        list.hide(&["source", "resource"]);
        if report.hits.iter().all(|hit| hit.at.is_none()) {
            list.hide(&["at"]);
        }
    }
    let printed = list
        .print(&mut output, args.format, "no such values")
        .and_then(|()| Ok(output.finish()?));
    unless_closed(printed)?;
    if args.format == ListFormat::Table {
        // One entity is asked, so it is named once.
        let more = if report.truncated {
            "; --limit shows more"
        } else {
            ""
        };
        session.printer.say(format!(
            "{} in {} of {}{more}",
            counted(report.hits.len() as u64, "cell", "cells"),
            printable(&report.resource),
            printable(&report.source)
        ));
    }
    tell_failures(session.printer, &report.failures);
    Ok(Outcome::of(&report.failures))
}
