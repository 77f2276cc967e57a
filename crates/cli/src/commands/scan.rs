//! `locard scan`.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use locard_app::{
    Amount, Begun, Crossing, FailOn, FindingRow, IdleGlob, LEAST_SAMPLED, PartlyIndexed,
    ScanOptions, ScanReport, Snapshot, Untested,
};
use locard_model::{ExposeSecret as _, Identifier, JobState, SecretString};
use serde_json::Value;

use super::{Outcome, Session, actor, print_failures, tell_failures};
use crate::args::{ReportFormat, Scan, SnapshotScope};
use crate::printer::{Output, Reserved, printable, unless_closed};
use crate::progress::Progress;
use crate::report;
use crate::sarif;
use crate::table::{count, counted, duration, known_bytes};

pub(crate) async fn run(session: &Session, args: &Scan) -> Result<Outcome> {
    refuse_input(args)?;
    let options = options(args);
    if args.plan {
        return super::plan::run(session, args, &options).await;
    }
    // Everything that can be wrong with the question is found before hours of reading.
    let threshold = threshold(session, args)?;
    let baseline = baseline(args)?;
    let decisions = args.decisions.as_deref().map(locard_app::read_text);
    let decisions = decisions.transpose()?;
    if let Some(text) = &decisions {
        let taken =
            locard_app::import_decisions(&session.home, &actor(), text, &options.targets).await?;
        super::findings::warn_unknown(session.printer, taken.unknown);
        super::findings::warn_nameless(session.printer, &taken.nameless);
    }
    let reserved = Reserved::open(args.output.as_deref())?;
    warn_of_ending(session, args);
    let progress = Arc::new(Progress::new(session.printer));
    let scan = locard_app::scan(&session.home, &options, progress.as_ref(), &session.cancel);
    let result = progress.beside(scan).await;
    progress.finish();
    let report = result?;
    // A threshold may ask for less confidence than what is worth a line.
    let judged = judged(&report, baseline.as_deref());
    let shown: Vec<FindingRow> = judged
        .iter()
        .filter(|finding| finding.confidence >= args.min_confidence || finding.is_confirmed())
        .cloned()
        .collect();
    let hidden = hidden(args, &report, judged.len(), shown.len());
    let output = reserved.output(session.printer)?;
    let document = document(session, args, &report, &shown).await?;
    let printed = match &document {
        Some(document) => print_document(output, document),
        None => print(output, args, &report, &shown, &hidden),
    };
    unless_closed(printed)?;
    talk(session, args, &report, &hidden);
    if let Some(text) = &decisions {
        let (unmatched, all) =
            locard_app::unmatched_decisions(&session.home, text, &options.targets).await?;
        super::findings::warn_unmatched(session.printer, unmatched, all);
    }
    let unread = tell_empty(session, args, &report);
    let crossed = tell_crossed(session, threshold.as_ref(), &judged, report.untested);
    Ok(outcome(&report, crossed, unread))
}

/// Other commands take `-` for standard input. What a scan reads must be there when a look-up reads it again, and what is
/// read must not be left lying about, so it keeps no copy of its own.
fn refuse_input(args: &Scan) -> Result<()> {
    let is_input = |target: &SecretString| target.expose_secret() == "-";
    if args.targets.iter().any(is_input) {
        bail!(
            "a scan does not read standard input: `locard find` and `locard rows` read again later what it has read\n\
            hint: write it to a file and scan that; a file that is really called so is `./-`"
        );
    }
    Ok(())
}

/// A table for people in a file whose name promises data.
fn warn_of_ending(session: &Session, args: &Scan) {
    let file = args.output.as_deref().unwrap_or(Path::new(""));
    let ending = file.extension().and_then(|ending| ending.to_str());
    let Some(format) = ending.filter(|ending| ["csv", "json", "ndjson", "sarif"].contains(ending))
    else {
        return;
    };
    if args.format == ReportFormat::Table {
        let printer = session.printer;
        printer.warn(&printable(&format!(
            "{} gets the table for people",
            file.display()
        )));
        printer.hint(&format!("--format {format} writes what its name says"));
    }
}

fn options(args: &Scan) -> ScanOptions {
    ScanOptions {
        targets: args.targets.clone(),
        include: args.include.clone(),
        exclude: args.exclude.clone(),
        sample: args.sample,
        exhaustive: args.exhaustive,
        snapshot: match args.snapshot {
            SnapshotScope::Table => Snapshot::Entity,
            SnapshotScope::Database => Snapshot::Database,
        },
        limits: args.sparing.limits(),
        fresh: args.fresh,
        ..ScanOptions::default()
    }
}

fn threshold(session: &Session, args: &Scan) -> Result<Option<FailOn>> {
    let Some(text) = &args.fail_on else {
        return Ok(None);
    };
    let known: Vec<Identifier> = locard_app::rules(&session.home)
        .into_iter()
        .map(|rule| rule.identifier)
        .collect();
    Ok(Some(FailOn::parse(text, &known)?))
}

fn baseline(args: &Scan) -> Result<Option<Vec<FindingRow>>> {
    let Some(file) = &args.baseline else {
        return Ok(None);
    };
    let findings = locard_app::read_findings(&locard_app::read_text(file)?)
        .with_context(|| format!("cannot take {} as a baseline", file.display()))?;
    Ok(Some(findings))
}

/// What thresholds judge: everything, or what is new where there is a baseline.
fn judged(report: &ScanReport, baseline: Option<&[FindingRow]>) -> Vec<FindingRow> {
    match baseline {
        Some(before) => locard_app::difference(before, &report.findings).added,
        None => report.findings.clone(),
    }
}

/// What was found and is not shown, by what left it out.
fn hidden(args: &Scan, report: &ScanReport, judged: usize, shown: usize) -> Vec<String> {
    let known = (report.findings.len() - judged) as u64;
    let unlikely = (judged - shown) as u64;
    let findings = |n: u64, why: &str| {
        let findings = counted(n, "finding", "findings");
        (n > 0).then(|| format!("{findings} left out by {why}"))
    };
    let confidence = format!("--min-confidence {}", args.min_confidence);
    [
        findings(known, "--baseline"),
        findings(unlikely, &confidence),
        findings(report.rejected, "decisions of people"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The result in the forms that are one document.
async fn document(
    session: &Session,
    args: &Scan,
    report: &ScanReport,
    findings: &[FindingRow],
) -> Result<Option<Value>> {
    Ok(match args.format {
        ReportFormat::Json => Some(report::document(report, findings)),
        ReportFormat::Sarif => {
            let unread = unread(report);
            let run = sarif::Run {
                findings,
                failures: &report.failures,
                complete: report.state == JobState::Completed,
                unread: unread.as_deref(),
            };
            Some(sarif::document(&session.home, run).await?)
        }
        ReportFormat::Table | ReportFormat::Ndjson | ReportFormat::Csv => None,
    })
}

fn print_document(mut output: Output, document: &Value) -> Result<()> {
    output.document(document)?;
    Ok(output.finish()?)
}

fn print(
    mut output: Output,
    args: &Scan,
    report: &ScanReport,
    findings: &[FindingRow],
    hidden: &[String],
) -> Result<()> {
    match args.format {
        ReportFormat::Ndjson => report::ndjson(&mut output, findings)?,
        ReportFormat::Csv => report::csv(&mut output, findings)?,
        _ => {
            report::table(&mut output, findings)?;
            summary(&mut output, report, findings, hidden)?;
            print_failures(&mut output, &report.failures)?;
        }
    }
    Ok(output.finish()?)
}

fn summary(
    output: &mut Output,
    report: &ScanReport,
    findings: &[FindingRow],
    hidden: &[String],
) -> Result<()> {
    let totals = &report.totals;
    let columns: std::collections::BTreeSet<_> = findings
        .iter()
        .map(|finding| (finding.entity, &finding.column))
        .collect();
    let found = match columns.len() {
        0 if !hidden.is_empty() => "nothing to show".to_owned(),
        0 => nothing(report),
        n => {
            let holding: std::collections::BTreeSet<_> =
                findings.iter().map(|finding| finding.entity).collect();
            let interrupted = match report.state {
                JobState::Cancelled => "interrupted: ",
                _ => "",
            };
            let of = match not_read(report) {
                0 => format!("{} read", count(totals.entities)),
                left => format!("{}, {} not read", count(totals.listed), count(left)),
            };
            format!(
                "{interrupted}personal data in {} of {}, of {of}",
                counted(n as u64, "column", "columns"),
                counted(holding.len() as u64, "entity", "entities"),
            )
        }
    };
    let read = format!(
        "{}{} in {}",
        counted(totals.rows, "row", "rows"),
        known_bytes(totals.bytes),
        duration(totals.elapsed.as_secs_f64())
    );
    output.sums(&found, &read)?;
    for hidden in hidden {
        output.wrapped(0, hidden)?;
    }
    Ok(())
}

/// How many of the entities that were listed nothing is said about: the scan ended before, or they could not be read.
fn not_read(report: &ScanReport) -> u64 {
    report.totals.listed.saturating_sub(report.totals.entities)
}

/// That an interrupted scan did not come to everything, as a sentence for readers of its findings alone.
fn unread(report: &ScanReport) -> Option<String> {
    (report.state == JobState::Cancelled).then(|| {
        format!(
            "the scan was interrupted: {} of {} were not read",
            count(not_read(report)),
            counted(report.totals.listed, "entity", "entities")
        )
    })
}

/// Why there is no finding: none is there, or nobody looked yet.
fn nothing(report: &ScanReport) -> String {
    let totals = &report.totals;
    let done = format!(
        "{} of {} done",
        count(totals.entities),
        counted(totals.listed, "entity", "entities")
    );
    match (report.state, totals.entities) {
        (JobState::Cancelled, 0) => {
            let at = match report.unfinished.first() {
                Some(resource) => format!(", in {}", printable(resource)),
                None => String::new(),
            };
            format!(
                "interrupted: nothing is judged yet; the same command goes on where it stopped ({done}{at})"
            )
        }
        (JobState::Cancelled, _) => format!("interrupted: no personal data found so far ({done})"),
        (_, 0) if totals.listed == 0 => "nothing was scanned".to_owned(),
        _ => "no personal data found".to_owned(),
    }
}

/// What a person should know next, on stderr, so that data stays data.
fn talk(session: &Session, args: &Scan, report: &ScanReport, hidden: &[String]) {
    let printer = session.printer;
    for name in &report.registered {
        let name = printable(name);
        printer.say(format!(
            "this target is registered as {name}, and was read as it is registered"
        ));
    }
    match report.begun {
        Begun::New => {}
        Begun::TakenUp => printer.say("took up an interrupted scan; --fresh starts anew"),
        Begun::Anew => printer.say(
            "an interrupted scan was not taken up, since rules or allowed values changed in between",
        ),
    }
    if args.format != ReportFormat::Table {
        for hidden in hidden {
            printer.say(hidden);
        }
        tell_failures(printer, &report.failures);
    }
    if report.unchanged > 0 {
        let unchanged = counted(report.unchanged, "entity was", "entities were");
        printer.say(format!(
            "{unchanged} not read again, having not changed since an earlier scan; --fresh reads everything"
        ));
    }
    if report.state == JobState::Cancelled {
        let listed = counted(report.totals.listed, "entity", "entities");
        printer.say(if report.totals.entities > 0 {
            let left = count(not_read(report));
            format!("stopped; what was found is kept, and {left} of {listed} were not read")
        } else {
            "stopped before any entity was read to its end".to_owned()
        });
        printer.hint("run the same command again to finish the scan");
    }
    for sentence in partly_indexed(&report.partly_indexed) {
        printer.warn(&sentence);
    }
    if let Some(Amount::Share(share)) = args.sample {
        let least = count(LEAST_SAMPLED);
        printer.say(format!(
            "--sample {share} reads at least {least} rows of each entity; smaller ones are read whole"
        ));
    }
    if args.sample.is_some() && report.kept < report.totals.entities {
        printer.say("only a sample was read: `locard find` says so of these entities");
    }
    if report.kept > 0 {
        let kept = counted(report.kept, "entity", "entities");
        printer.warn(&format!(
            "the index of {kept} stays as it was: it is of all records, and this scan read only some"
        ));
        printer.hint(if args.sample.is_some() {
            "scan without --sample to bring it up to date"
        } else {
            "scan again when everything can be read"
        });
    }
}

/// Of which columns the index holds only a part; a table of a thousand such columns is told in a few lines.
fn partly_indexed(columns: &[PartlyIndexed]) -> Vec<String> {
    const MOST: usize = 10;
    let sentence = |column: &PartlyIndexed| {
        let share = column.indexed * 100.0;
        printable(&format!(
            "{}:{}: {share:.1} % of its values are in the index, since it has too many; `locard find` may miss a person there",
            column.resource, column.column
        ))
    };
    let mut sentences: Vec<String> = columns.iter().take(MOST).map(sentence).collect();
    if let Some(more) = columns.len().checked_sub(MOST).filter(|more| *more > 0) {
        let more = counted(more as u64, "more column", "more columns");
        sentences.push(format!(
            "so it is with {more}; --format json names them all"
        ));
    }
    sentences
}

/// A source without anything to read must not pass for one without personal data, nor pass a gate. Whether it fails the
/// scan: a folder or schema may well be empty, unless a threshold was to be kept.
fn tell_empty(session: &Session, args: &Scan, report: &ScanReport) -> bool {
    if report.state == JobState::Cancelled {
        return false;
    }
    let fails = report.suspicious || args.fail_on.is_some();
    if report.empty.is_empty() {
        tell_idle(session, report);
    }
    for source in &report.empty {
        let quoted = |globs: &[String]| globs.join("`, `");
        let narrowed = match (args.include.as_slice(), args.exclude.as_slice()) {
            ([], []) => String::new(),
            (include, []) => format!(" matches --include `{}`", quoted(include)),
            ([], exclude) => format!(" is left by --exclude `{}`", quoted(exclude)),
            (include, _) => format!(
                " matches --include `{}` and is left by --exclude",
                quoted(include)
            ),
        };
        let sentence = if narrowed.is_empty() {
            format!("nothing was scanned: there is nothing to read in {source}")
        } else {
            format!("nothing was scanned: nothing in {source}{narrowed}")
        };
        let sentence = printable(&sentence);
        if report.suspicious {
            session.printer.error(&sentence, Some(WHOLE));
        } else if fails {
            let hint = "an empty target says nothing about a --fail-on threshold";
            session.printer.error(&sentence, Some(hint));
        } else {
            session.printer.warn(&sentence);
        }
    }
    fails && !report.empty.is_empty()
}

/// Globs that match nothing are rather slips than wishes.
fn tell_idle(session: &Session, report: &ScanReport) {
    for glob in &report.idle_globs {
        let (option, glob) = match glob {
            IdleGlob::Include(glob) => ("--include", glob),
            IdleGlob::Exclude(glob) => ("--exclude", glob),
        };
        session
            .printer
            .warn(&printable(&format!("{option} `{glob}` matches nothing")));
    }
    if !report.idle_globs.is_empty() {
        session.printer.hint(WHOLE);
    }
}

/// How globs are written.
const WHOLE: &str = "globs match whole resources as a scan prints them: `**/customers*.csv`";

/// What tests the cells that a threshold did not see.
const EXHAUSTIVE: &str = "--exhaustive without --sample tests every cell that is not empty";

/// Tells the thresholds that were crossed; whether there are any.
fn tell_crossed(
    session: &Session,
    threshold: Option<&FailOn>,
    findings: &[FindingRow],
    untested: Untested,
) -> bool {
    let crossings = threshold
        .map(|threshold| threshold.crossed(findings))
        .unwrap_or_default();
    for crossing in &crossings {
        let sentence = format!(
            "threshold {} crossed: {}",
            crossing.term,
            evidence(crossing)
        );
        session.printer.error(&sentence, None);
    }
    let open = threshold.map(|threshold| threshold.open(findings));
    let open = open.unwrap_or_default();
    if threshold.is_some() && crossings.is_empty() && open.is_empty() && untested.cells > 0 {
        let sentence = format!(
            "no threshold is crossed, as far as cells were tested: {} of {} were skipped, short ones in columns that were clear",
            counted(untested.cells, "cell", "cells"),
            counted(untested.columns, "column", "columns"),
        );
        session.printer.say(&sentence);
        session.printer.hint(EXHAUSTIVE);
    }
    for open in open {
        let term = &open.term;
        let sentence = format!(
            "threshold {term} is not crossed, as far as cells were tested: {}",
            evidence(&open)
        );
        session.printer.warn(&sentence);
        session.printer.hint(EXHAUSTIVE);
    }
    !crossings.is_empty()
}

/// What was counted, and among what.
fn evidence(crossing: &Crossing) -> String {
    let cells = counted(crossing.count, "matching cell", "matching cells");
    let tested = count(crossing.tested);
    let findings = counted(crossing.findings, "finding", "findings");
    let of = match crossing.untested {
        0 => String::new(),
        1 => " (1 more was skipped)".to_owned(),
        skipped => format!(" ({} more were skipped)", count(skipped)),
    };
    format!("{cells} of {tested} tested in {findings}{of}")
}

/// A failure outranks a crossed threshold, which is told all the same: 1 says that everything was read.
fn outcome(report: &ScanReport, crossed: bool, unread: bool) -> Outcome {
    match report.state {
        JobState::Completed if unread || report.suspicious => Outcome::Failed,
        JobState::Completed if crossed => Outcome::Crossed,
        JobState::Completed => Outcome::Done,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_are_partly_indexed_are_told_one_by_one_and_many_are_counted() {
        let columns = |count: usize| -> Vec<PartlyIndexed> {
            let column = |at: usize| PartlyIndexed {
                source: "crm".to_owned(),
                resource: "public.people".to_owned(),
                column: format!("c{at}"),
                indexed: 0.3754,
            };
            (0..count).map(column).collect()
        };
        assert!(partly_indexed(&[]).is_empty());
        let told = partly_indexed(&columns(10));
        assert_eq!(told.len(), 10);
        assert!(told[0].starts_with("public.people:c0: 37.5 % of its values"));
        let told = partly_indexed(&columns(13));
        assert_eq!(told.len(), 11);
        assert!(told[10].contains("3 more columns"), "{}", told[10]);
    }
}
