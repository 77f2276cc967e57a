//! `locard collect --output FILE.zip`: one signed bundle.

use std::path::Path;

use anyhow::{Result, bail};
use locard_dsar::CollectOptions;
use locard_dsar::job::{Once, OneBundle, collect_bundle};

use super::super::find::tell_doubts;
use super::super::{Outcome, Session, actor, print_failures};
use super::told;
use crate::args::{Collect, RowFormat};
use crate::printer::new_file;
use crate::progress::Progress;

pub(super) async fn run(
    session: &Session,
    args: &Collect,
    options: &CollectOptions,
) -> Result<Outcome> {
    if args.include_weak {
        bail!(
            "a bundle holds nothing that may be somebody else's\nhint: `locard dsar create` makes a job in which people decide about such rows"
        );
    }
    super::record(session, args, options).await?;
    let file = &args.output;
    if args.force {
        drop(std::fs::remove_file(file));
    }
    let out = new_file(file)?;
    let once = Once {
        formats: vec![format(args.format).to_owned()],
        recipients: args.recipient.clone(),
    };
    let progress = Progress::new(session.printer);
    let actor = actor();
    // It is a large future.
    let making = Box::pin(collect_bundle(
        &session.home,
        &actor,
        (options, &once),
        out,
        (&progress, &session.cancel),
    ));
    let made = progress.beside(making).await;
    progress.finish();
    match made {
        Ok(made) => tell(session, file, &made),
        Err(error) => {
            // Nobody takes half of it for a bundle.
            drop(std::fs::remove_file(file));
            Err(error.into())
        }
    }
}

fn tell(session: &Session, file: &Path, made: &OneBundle) -> Result<Outcome> {
    let mut output = session.printer.output(None)?;
    let files: Vec<String> = made.report.section_counts.keys().cloned().collect();
    told::print(&mut output, &made.extract, &files)?;
    print_failures(&mut output, &made.extract.failures)?;
    output.finish()?;
    tell_doubts(session.printer, &made.extract.doubts);
    session.printer.say(format!(
        "wrote {} of {} bytes, SHA-256 {}",
        file.display(),
        made.size,
        made.sha256
    ));
    Ok(super::outcome(session, &made.extract))
}

fn format(format: RowFormat) -> &'static str {
    match format {
        RowFormat::Json => "JSON",
        RowFormat::Ndjson => "NDJSON",
        RowFormat::Csv => "CSV",
    }
}
