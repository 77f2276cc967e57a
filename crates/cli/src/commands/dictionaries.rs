//! `locard dictionaries`.

use std::io::Write as _;

use anyhow::Result;
use locard_app::RuleDraft;
use serde_json::json;

use super::{Outcome, Session, actor};
use crate::args::{Dictionaries, ListFormat};
use crate::lists::List;
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Dictionaries) -> Result<Outcome> {
    match args {
        Dictionaries::List { format } => list(session, *format)?,
        Dictionaries::Build {
            file,
            name,
            column,
            out,
        } => {
            let written = locard_app::build_dictionary(file, column.as_deref(), name, out)?;
            session.printer.say(format!("wrote {}", written.display()));
        }
        Dictionaries::Overlap {
            name,
            min_share,
            format,
        } => overlap(session, name, *min_share, *format).await?,
        Dictionaries::Import { file, meaning } => {
            let rule = meaning.identifier.as_ref().map(|identifier| RuleDraft {
                column_names: meaning.column_name.clone(),
                ..RuleDraft::new(String::new(), identifier)
            });
            let row = locard_app::import_dictionary(&session.home, file, rule).await?;
            acted(session, "import dictionary", &row.name).await?;
            session.printer.say(format!(
                "imported {} with {}",
                row.name,
                counted(row.terms, "term", "terms")
            ));
        }
        Dictionaries::Export { name } => {
            let text = locard_app::dictionary_text(&session.home, name).await?;
            acted(session, "export dictionary", name).await?;
            let mut output = session.printer.output(None)?;
            output.write_all(text.as_bytes())?;
            output.finish()?;
        }
        Dictionaries::Enable { name } => switch(session, name, true).await?,
        Dictionaries::Disable { name } => switch(session, name, false).await?,
        Dictionaries::Remove { name } => {
            let row = locard_app::remove_dictionary(&session.home, name).await?;
            acted(session, "remove dictionary", &row.name).await?;
            session.printer.say(format!("removed {}", row.name));
        }
    }
    Ok(Outcome::Done)
}

fn list(session: &Session, format: ListFormat) -> Result<()> {
    let names = ["dictionary", "terms", "source", "licence", "enabled"];
    let mut list = List::new(&names).prose(&["source", "licence"]);
    for dictionary in locard_app::dictionaries(&session.home) {
        list.row([
            json!(dictionary.name),
            json!(dictionary.terms),
            json!(dictionary.source),
            json!(dictionary.licence),
            json!(dictionary.enabled),
        ]);
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "no dictionaries")?;
    Ok(output.finish()?)
}

async fn switch(session: &Session, name: &str, on: bool) -> Result<()> {
    let row = locard_app::switch_dictionary(&session.home, name, on).await?;
    acted(session, "switch dictionary", &row.name).await?;
    let how = if on { "enabled" } else { "disabled" };
    session.printer.say(format!("{how} {}", row.name));
    Ok(())
}

/// Writes what was done into the log.
async fn acted(session: &Session, action: &str, name: &str) -> Result<()> {
    let details = json!({ "dictionary": name });
    Ok(locard_app::record_audit(&session.home, &actor(), action, details).await?)
}

async fn overlap(session: &Session, name: &str, min_share: f64, format: ListFormat) -> Result<()> {
    let mut list = List::new(&[
        "source", "resource", "column", "distinct", "shared", "share", "of terms",
    ]);
    for row in locard_app::overlaps(&session.home, name, min_share).await? {
        list.row([
            json!(row.source),
            json!(row.resource),
            json!(row.column),
            json!(row.distinct),
            json!(row.shared),
            json!(hundredths(row.share)),
            json!(hundredths(row.of_terms)),
        ]);
    }
    let mut output = session.printer.output(None)?;
    list.print(
        &mut output,
        format,
        "no scanned column shares that many values with the dictionary",
    )?;
    Ok(output.finish()?)
}

/// Shares are estimates beyond that.
fn hundredths(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}
