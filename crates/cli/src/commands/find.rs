//! `locard find`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use locard_app::{Doubt, FindOptions, FindReport, LookUp, record_look_up};
use locard_dsar::Bounds;
use locard_model::{Identifier, Strength, Subject};
use serde_json::json;

use super::found::{Answer, left_out, told_copies, told_once};
use super::subjects::subjects;
use super::{Outcome, Session, actor, tell_failures};
use crate::args::{Find, ListFormat};
use crate::printer::{Printer, Reserved, printable, unless_closed};
use crate::progress::Progress;
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Find) -> Result<Outcome> {
    let known: BTreeSet<Identifier> = locard_app::rules(&session.home)
        .into_iter()
        .map(|rule| rule.identifier)
        .collect();
    let subjects = subjects(session.printer, &args.person, &known)?;
    let options = FindOptions {
        subjects,
        verify: args.verify,
        sources: args.source.clone(),
        everywhere: args.everywhere,
    };
    let act = LookUp {
        actor: &actor(),
        action: "find",
        purpose: args.purpose.as_deref(),
        details: json!({ "verify": args.verify }),
    };
    // Before the answer: nobody learns anything that is not recorded.
    record_look_up(&session.home, &act, &options.subjects).await?;
    let reserved = Reserved::open(args.output.as_deref())?;
    let progress = Progress::new(session.printer);
    let bounds = (!args.no_relations).then(Bounds::default);
    let asked = locard_dsar::find(&session.home, &options, bounds, &progress, &session.cancel);
    let result = Box::pin(asked).await;
    progress.finish();
    let mut report = result?;
    let weak = if args.no_weak {
        take_weak(&mut report)
    } else {
        BTreeMap::new()
    };
    let answer = Answer {
        report: &report,
        options: &options,
        weak: &weak,
    };
    unless_closed(answer.print(reserved.output(session.printer)?, args.format))?;
    if args.format != ListFormat::Table {
        talk(session, &answer);
    }
    tell_doubts(session.printer, &report.doubts);
    let unscanned = !report.scanned && report.columns == 0;
    if unscanned {
        let hint = "`locard scan TARGET` reads a source; look-ups ask what scans have read";
        let sentence = "nothing was scanned yet, so this says nothing about the person";
        session.printer.error(sentence, Some(hint));
    }
    let idle = |subject: &Subject| report.asks_nothing(subject);
    let unasked = options.subjects.iter().any(idle);
    Ok(if unscanned || unasked || report.fell_short() {
        Outcome::Failed
    } else {
        Outcome::Done
    })
}

/// Doubts that are spelt out; of ten thousand subjects with the same slip some examples do.
const DOUBTS: usize = 20;

pub(super) fn tell_doubts(printer: Printer, doubts: &[Doubt]) {
    for doubt in doubts.iter().take(DOUBTS) {
        let sentence = doubt.sentence();
        printer.warn(&printable(&format!("{}: {sentence}", doubt.subject)));
    }
    if doubts.len() > DOUBTS {
        printer.warn(&format!("and {} more like these", doubts.len() - DOUBTS));
    }
}

/// Takes weak matches out, and answers how many of each subject.
fn take_weak(report: &mut FindReport) -> BTreeMap<String, u64> {
    let mut taken = BTreeMap::new();
    report.hits.retain(|hit| {
        if hit.strength == Strength::Weak {
            *taken.entry(hit.subject.clone()).or_default() += 1;
        }
        hit.strength == Strength::Strong
    });
    taken
}

/// What a form without room for it leaves out.
fn talk(session: &Session, answer: &Answer<'_>) {
    let printer = session.printer;
    let weak: u64 = answer.weak.values().sum();
    if weak > 0 {
        printer.say(left_out(weak));
    }
    let gaps = answer.report.not_searched.len() as u64;
    if gaps > 0 {
        printer.say(format!(
            "{} in what was searched; --format json lists them",
            counted(gaps, "gap", "gaps")
        ));
    }
    for line in answer.as_of() {
        printer.say(line);
    }
    for twins in &answer.report.twins {
        printer.say(told_once(twins));
    }
    for line in told_copies(&answer.report.copies) {
        printer.say(line);
    }
    tell_failures(printer, &answer.report.failures);
}
