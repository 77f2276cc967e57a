//! `locard duplicates`.

use anyhow::Result;
use locard_app::{Duplicates, Incomparable};
use serde_json::{Value, json};

use super::{Outcome, Session};
use crate::args::{Duplicates as Args, ListFormat};
use crate::lists::List;
use crate::printer::{Output, Printer};
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Args) -> Result<Outcome> {
    let found = locard_app::duplicates(&session.home, &args.source).await?;
    let mut output = session.printer.output(None)?;
    print(&found, &mut output, args.format)?;
    output.finish()?;
    tell(session.printer, &found);
    Ok(Outcome::Done)
}

fn print(found: &Duplicates, output: &mut Output, format: ListFormat) -> Result<()> {
    let names = ["content", "source", "resource", "rows", "bytes", "copies"];
    let mut list = List::new(&names);
    for group in &found.groups {
        for copy in group {
            list.row([
                json!(format!("{:016x}", copy.content)),
                json!(copy.source),
                json!(copy.resource),
                json!(copy.rows),
                json!(copy.bytes),
                json!(group.len()),
            ]);
        }
    }
    if format == ListFormat::Json {
        return Ok(output.document(&document(found))?);
    }
    if format == ListFormat::Table && found.groups.is_empty() {
        return Ok(output.line("nothing is there more than once, as far as is known")?);
    }
    list.print(output, format, "")
}

fn document(found: &Duplicates) -> Value {
    let groups = found.groups.iter().map(|group| {
        let copies = group.iter().map(|copy| {
            json!({ "source": copy.source, "resource": copy.resource, "bytes": copy.bytes, "entity": copy.entity })
        });
        let content = group.first().map(|copy| format!("{:016x}", copy.content));
        let rows = group.first().map(|copy| copy.rows);
        json!({ "content": content, "rows": rows, "copies": copies.collect::<Vec<_>>() })
    });
    let unknown = found.unknown.iter();
    let unknown = unknown.map(|(why, entities)| (why.as_str().to_owned(), json!(entities)));
    json!({
        "groups": groups.collect::<Vec<_>>(),
        "unknown": unknown.collect::<serde_json::Map<_, _>>(),
    })
}

/// Says of what it is not known whether it is there twice.
fn tell(printer: Printer, found: &Duplicates) {
    for (why, entities) in &found.unknown {
        let why = match why {
            Incomparable::NotRead => "no scan has read it",
            Incomparable::Sampled => "only a sample of it was read",
            Incomparable::Partly => "some of it could not be read",
            Incomparable::Unmarked => {
                "it has too many values to be compared, or was read by an earlier release (scan it with --fresh)"
            }
        };
        let entities = counted(*entities, "entity", "entities");
        printer.say(format!("not known of {entities}: {why}"));
    }
}
