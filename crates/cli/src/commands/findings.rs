//! `locard findings`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use locard_app::{Decision, FindingFilter, FindingRef, FindingRow};
use locard_model::Identifier;

use super::{Outcome, Session, actor};
use crate::args::{Decide, Findings, ReportFormat, Withdrawal};
use crate::printer::{Printer, Reserved};
use crate::report;
use crate::sarif;
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Findings) -> Result<Outcome> {
    match args {
        Findings::List {
            resource,
            identifier,
            rejected,
            format,
        } => {
            let identifier = match identifier {
                Some(typed) => Some(locard_app::identifier_named(&session.home, typed).await?),
                None => None,
            };
            let filter = FindingFilter {
                resource: resource.clone(),
                identifier,
                with_rejected: true,
                ..FindingFilter::default()
            };
            list(session, &filter, *rejected, *format).await?;
        }
        Findings::Confirm(args) => decide(session, args, Decision::Confirmed).await?,
        Findings::Reject(args) => decide(session, args, Decision::Rejected).await?,
        Findings::Withdraw(decision) => withdraw(session, decision).await?,
        Findings::Disallow => disallow(session).await?,
        Findings::Allow { reason } => allow(session, reason.as_deref()).await?,
        Findings::Export { file, force } => export(session, file, *force).await?,
        Findings::Import { file } => import(session, file).await?,
    }
    Ok(Outcome::Done)
}

async fn list(
    session: &Session,
    filter: &FindingFilter,
    rejected: bool,
    format: ReportFormat,
) -> Result<()> {
    let mut findings = locard_app::findings(&session.home, filter).await?;
    let all = findings.len();
    findings.retain(|finding| rejected || !finding.is_rejected());
    let left_out = (all - findings.len()) as u64;
    let mut output = session.printer.output(None)?;
    match format {
        ReportFormat::Table if findings.is_empty() => {
            output.line(&nothing(session, filter, left_out).await?)?;
        }
        ReportFormat::Table => {
            report::table(&mut output, &findings)?;
            if left_out > 0 {
                output.line(&rejected_too(left_out))?;
            }
        }
        ReportFormat::Ndjson => report::ndjson(&mut output, &findings)?,
        ReportFormat::Json => {
            output.document(&findings.iter().map(report::finding_json).collect())?;
        }
        ReportFormat::Csv => report::csv(&mut output, &findings)?,
        ReportFormat::Sarif => {
            let run = sarif::Run {
                findings: &findings,
                failures: &[],
                complete: true,
                unread: None,
            };
            output.document(&sarif::document(&session.home, run).await?)?;
        }
    }
    output.finish()?;
    if format != ReportFormat::Table && left_out > 0 {
        session.printer.say(rejected_too(left_out));
    }
    Ok(())
}

/// How many findings people took out of a list, and how to see them.
fn rejected_too(left_out: u64) -> String {
    let findings = counted(left_out, "finding", "findings");
    format!("{findings} left out by decisions of people; --rejected lists them too")
}

/// Why no finding is listed: there is none, or each was left out.
async fn nothing(session: &Session, asked: &FindingFilter, rejected: u64) -> Result<String> {
    let everything = FindingFilter {
        with_rejected: true,
        ..FindingFilter::default()
    };
    let all = locard_app::findings(&session.home, &everything).await?;
    if all.is_empty() {
        return Ok("no findings; `locard scan TARGET` makes some".to_owned());
    }
    let options = [
        asked.resource.as_ref().map(|_| "--resource"),
        asked.identifier.as_ref().map(|_| "--identifier"),
    ];
    let options: Vec<&str> = options.into_iter().flatten().collect();
    let mut parts = vec!["nothing to show".to_owned()];
    let others = all.len() as u64 - rejected;
    if !options.is_empty() && others > 0 {
        let left = counted(others, "finding", "findings");
        parts.push(format!("{left} left out by {}", options.join(" and ")));
    }
    parts.extend((rejected > 0).then(|| rejected_too(rejected)));
    Ok(parts.join("; "))
}

async fn finding(session: &Session, column: &str, identifier: &str) -> Result<FindingRef> {
    let (entity, Some(column)) = super::entity_and_column(&session.home, column).await? else {
        bail!(
            "name the column too\nhint: as a scan prints it, joined by a colon: crm/customers.csv:email; \
             where that may mean two things, a name stands in double quotes"
        );
    };
    Ok(FindingRef {
        entity,
        column,
        identifier: Some(locard_app::identifier_named(&session.home, identifier).await?),
    })
}

async fn decide(session: &Session, args: &Decide, decision: Decision) -> Result<()> {
    let finding = finding(session, &args.column, &args.identifier).await?;
    let decided = locard_app::decide(
        &session.home,
        &actor(),
        &finding,
        decision,
        args.reason.as_deref(),
    )
    .await?;
    let findings = decided.findings;
    let number = counted(findings.len() as u64, "finding", "findings");
    if !decided.is_new {
        let said = format!("{number} {} already; nothing changed", decision.as_str());
        session.printer.say(said);
        return Ok(());
    }
    let said = format!(
        "{} {number}; later scans keep the decision",
        decision.as_str()
    );
    let new = decision == Decision::Confirmed && findings.iter().all(FindingRow::is_only_confirmed);
    session.printer.say(if new {
        "no scan had found it: it is a finding by your word, and later scans keep it"
    } else {
        &said
    });
    Ok(())
}

async fn withdraw(session: &Session, decision: &Withdrawal) -> Result<()> {
    let finding = finding(session, &decision.column, &decision.identifier).await?;
    locard_app::withdraw_decision(&session.home, &actor(), &finding).await?;
    session
        .printer
        .say("taken back; the finding stands as the scan judged it");
    Ok(())
}

/// The value comes by stdin, since arguments show in process lists.
fn value() -> Result<String> {
    let text = locard_app::read_text(Path::new("-"))?;
    let value = text.trim();
    if value.is_empty() {
        bail!("no value came by stdin\nhint: printf %s VALUE | locard findings allow");
    }
    Ok(value.to_owned())
}

async fn disallow(session: &Session) -> Result<()> {
    locard_app::disallow_value(&session.home, &actor(), &value()?).await?;
    session
        .printer
        .say("no longer allowed; the next scan judges by it again");
    Ok(())
}

async fn allow(session: &Session, reason: Option<&str>) -> Result<()> {
    locard_app::allow_value(&session.home, &actor(), &value()?, reason).await?;
    session
        .printer
        .say("allowed; only a keyed hash of it is kept");
    Ok(())
}

async fn export(session: &Session, file: &Path, force: bool) -> Result<()> {
    let text = locard_app::export_decisions(&session.home, &actor()).await?;
    let place = if file == Path::new("-") {
        Reserved::open(None)?
    } else {
        Reserved::private(file, force)?
    };
    let mut output = place.output(session.printer)?;
    output.line(text.trim_end())?;
    Ok(output.finish()?)
}

async fn import(session: &Session, file: &Path) -> Result<()> {
    let report =
        locard_app::import_decisions(&session.home, &actor(), &locard_app::read_text(file)?, &[])
            .await?;
    session.printer.say(format!(
        "took over {} and {}",
        counted(report.decisions, "decision", "decisions"),
        counted(report.allowed, "allowed value", "allowed values"),
    ));
    warn_unknown(session.printer, report.unknown);
    warn_nameless(session.printer, &report.nameless);
    warn_unmatched(session.printer, report.unmatched, report.decisions);
    Ok(())
}

/// Allowed values of a catalog with another master key.
pub(super) fn warn_unknown(printer: Printer, unknown: u64) {
    if unknown == 0 {
        return;
    }
    let were = if unknown == 1 { "was" } else { "were" };
    printer.warn(&format!(
        "{} of the file {were} left out: sealed under another master key",
        counted(unknown, "allowed value", "allowed values")
    ));
    printer.hint("export the file again under this master key, or allow the values here");
}

/// Decisions about identifiers of rules that somebody else has, or of nobody's.
pub(super) fn warn_nameless(printer: Printer, nameless: &BTreeSet<Identifier>) {
    if nameless.is_empty() {
        return;
    }
    let names: Vec<&str> = nameless.iter().map(Identifier::as_str).collect();
    printer.warn(&format!(
        "no rule here knows {}; decisions about such are kept for where one does",
        names.join(", ")
    ));
    printer.hint(
        "`locard rules list` shows the identifiers; correct the file if one of them was meant",
    );
}

/// A decision that meets nothing may be a slip, or of a file that was written elsewhere.
pub(super) fn warn_unmatched(printer: Printer, unmatched: u64, all: u64) {
    if unmatched == 0 {
        return;
    }
    let of = counted(all, "decision", "decisions");
    printer.warn(&format!(
        "no column that was scanned matches {unmatched} of {of}; that waits for a scan that meets it"
    ));
    printer.hint(
        "compare `source`, `path` and `column` with `locard findings export -`; a line without `source` holds everywhere",
    );
}
