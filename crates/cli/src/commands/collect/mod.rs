//! `locard collect`.

mod bundle;
mod folder;
mod told;

use anyhow::{Result, bail};
use locard_app::{LookUp, record_look_up};
use locard_dsar::{Bounds, CollectOptions, Extract};
use serde_json::json;

use super::find::tell_doubts;
use super::subjects::one_subject;
use super::{Outcome, Session, actor, print_failures};
use crate::args::Collect;
use crate::progress::Progress;
use folder::Folder;

pub(crate) async fn run(session: &Session, args: &Collect) -> Result<Outcome> {
    let options = CollectOptions {
        subject: one_subject(session, &args.person)?,
        sources: args.source.clone(),
        relations: !args.no_relations,
        review: args.include_weak,
        bounds: bounds(),
    };
    if args.is_bundle() {
        return bundle::run(session, args, &options).await;
    }
    if !args.recipient.is_empty() {
        bail!("only a bundle is encrypted\nhint: name the output FILE.zip");
    }
    record(session, args, &options).await?;
    let mut folder = Folder::open(&args.output, args.format, args.force)?;
    let progress = Progress::new(session.printer);
    let (home, cancel) = (&session.home, &session.cancel);
    // It is a large future.
    let collecting = locard_dsar::collect(home, &options, &mut folder, &progress, cancel);
    let result = Box::pin(collecting).await;
    progress.finish();
    let extract = result?;
    let files = folder.finish(&extract)?;
    let mut output = session.printer.output(None)?;
    told::print(&mut output, &extract, &files)?;
    print_failures(&mut output, &extract.failures)?;
    output.finish()?;
    tell_doubts(session.printer, &extract.doubts);
    session.printer.say(format!(
        "wrote {} and summary.json to {}",
        crate::table::counted(files.len() as u64, "file", "files"),
        args.output.display()
    ));
    Ok(outcome(session, &extract))
}

/// Nothing is collected of anybody that is not recorded.
async fn record(session: &Session, args: &Collect, options: &CollectOptions) -> Result<()> {
    let act = LookUp {
        actor: &actor(),
        action: "collect",
        purpose: args.purpose.as_deref(),
        details: json!({ "relations": options.relations, "review": options.review }),
    };
    let subject = std::slice::from_ref(&options.subject);
    Ok(record_look_up(&session.home, &act, subject).await?)
}

fn outcome(session: &Session, extract: &Extract) -> Outcome {
    let unscanned = !extract.scanned && extract.columns == 0;
    if unscanned {
        let hint = "`locard scan TARGET` reads a source; collecting asks what scans have read";
        let sentence = "nothing was scanned yet, so this says nothing about the person";
        session.printer.error(sentence, Some(hint));
    }
    if unscanned || !extract.asked || extract.fell_short() {
        Outcome::Failed
    } else {
        Outcome::Done
    }
}

/// What tests say of how far relations are followed. Only debug builds listen.
fn bounds() -> Bounds {
    let said = |name: &str| {
        let said = cfg!(debug_assertions).then(|| std::env::var(name).ok());
        said.flatten()?.parse().ok()
    };
    let usual = Bounds::default();
    Bounds {
        steps: said("LOCARD_TEST_STEPS").unwrap_or(usual.steps),
        keys: said("LOCARD_TEST_KEYS").unwrap_or(usual.keys),
        rows: said("LOCARD_TEST_ROWS").unwrap_or(usual.rows),
    }
}
