//! `locard dictionaries`.

use anyhow::Result;
use serde_json::json;

use super::{Outcome, Session};
use crate::args::{Dictionaries, ListFormat};
use crate::lists::List;
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Dictionaries) -> Result<Outcome> {
    match args {
        Dictionaries::List { format } => {
            let mut list = List::new(&["dictionary", "terms", "source", "licence"])
                .prose(&["source", "licence"]);
            for dictionary in locard_app::dictionaries(&session.home) {
                list.row([
                    json!(dictionary.name),
                    json!(dictionary.terms),
                    json!(dictionary.source),
                    json!(dictionary.licence),
                ]);
            }
            let mut output = session.printer.output(None)?;
            list.print(&mut output, *format, "no dictionaries")?;
            output.finish()?;
        }
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
        Dictionaries::Import { file } => {
            let row = locard_app::import_dictionary(&session.home, file)?;
            session.printer.say(format!(
                "imported {} with {}",
                row.name,
                counted(row.terms, "term", "terms")
            ));
        }
    }
    Ok(Outcome::Done)
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
