//! `locard findings`.

use std::path::Path;

use anyhow::{Result, bail};
use locard_app::{FindingFilter, FindingRef, FindingRow};
use locard_model::Identifier;

use super::{Outcome, Session};
use crate::args::{Decision, Findings, ReportFormat, Withdrawal};
use crate::printer::Printer;
use crate::report;
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Findings) -> Result<Outcome> {
    match args {
        Findings::List {
            resource,
            identifier,
            format,
        } => list(session, resource.as_deref(), identifier.as_deref(), *format).await?,
        Findings::Confirm(decision) => decide(session, decision, true).await?,
        Findings::Reject(decision) => decide(session, decision, false).await?,
        Findings::Withdraw(decision) => withdraw(session, decision).await?,
        Findings::Disallow => disallow(session).await?,
        Findings::Allow { reason } => allow(session, reason.as_deref()).await?,
        Findings::Export { file } => export(session, file).await?,
        Findings::Import { file } => import(session, file).await?,
    }
    Ok(Outcome::Done)
}

async fn list(
    session: &Session,
    resource: Option<&str>,
    identifier: Option<&str>,
    format: ReportFormat,
) -> Result<()> {
    let filter = FindingFilter {
        resource: resource.map(str::to_owned),
        identifier: identifier.map(|name| Identifier::new(name.to_ascii_uppercase())),
        ..FindingFilter::default()
    };
    let findings = locard_app::findings(&session.home, &filter).await?;
    let mut output = session.printer.output(None)?;
    match format {
        ReportFormat::Table if findings.is_empty() => {
            output.line(&nothing(session, &filter).await?)?;
        }
        ReportFormat::Table => report::table(&mut output, &findings)?,
        ReportFormat::Ndjson => report::ndjson(&mut output, &findings)?,
        ReportFormat::Json => {
            output.document(&findings.iter().map(report::finding_json).collect())?;
        }
        ReportFormat::Csv => report::csv(&mut output, &findings)?,
        ReportFormat::Sarif => output.document(&report::sarif(&findings))?,
    }
    Ok(output.finish()?)
}

/// Why no finding is listed: there is none, or each was left out.
async fn nothing(session: &Session, asked: &FindingFilter) -> Result<String> {
    let everything = FindingFilter {
        with_rejected: true,
        ..FindingFilter::default()
    };
    let all = locard_app::findings(&session.home, &everything).await?;
    if all.is_empty() {
        return Ok("no findings; `locard scan TARGET` makes some".to_owned());
    }
    let rejected = all.iter().filter(|finding| finding.is_rejected()).count();
    let options = [
        asked.resource.as_ref().map(|_| "--resource"),
        asked.identifier.as_ref().map(|_| "--identifier"),
    ];
    let options: Vec<&str> = options.into_iter().flatten().collect();
    let mut parts = vec!["nothing to show".to_owned()];
    if !options.is_empty() {
        let left = counted((all.len() - rejected) as u64, "finding", "findings");
        parts.push(format!("{left} left out by {}", options.join(" and ")));
    }
    if rejected > 0 {
        let left = counted(rejected as u64, "finding", "findings");
        parts.push(format!("{left} left out by decisions of people"));
    }
    Ok(parts.join("; "))
}

fn finding(column: &str, identifier: &str) -> Result<FindingRef> {
    let (entity, Some(column)) = super::entity_and_column(column) else {
        bail!(
            "name the column too\nhint: as a scan prints it, joined by a colon: crm/customers.csv:email; \
             a name with a colon in it stands in double quotes"
        );
    };
    Ok(FindingRef {
        entity,
        column,
        identifier: Some(Identifier::new(identifier.to_ascii_uppercase())),
    })
}

async fn decide(session: &Session, decision: &Decision, confirmed: bool) -> Result<()> {
    let finding = finding(&decision.column, &decision.identifier)?;
    let findings = locard_app::decide(
        &session.home,
        &finding,
        confirmed,
        decision.reason.as_deref(),
    )
    .await?;
    let verb = if confirmed { "confirmed" } else { "rejected" };
    let said = format!(
        "{verb} {}; later scans keep the decision",
        counted(findings.len() as u64, "finding", "findings")
    );
    let new = confirmed && findings.iter().all(FindingRow::is_only_confirmed);
    session.printer.say(if new {
        "no scan had found it: it is a finding by your word, and later scans keep it"
    } else {
        &said
    });
    Ok(())
}

async fn withdraw(session: &Session, decision: &Withdrawal) -> Result<()> {
    let finding = finding(&decision.column, &decision.identifier)?;
    locard_app::withdraw_decision(&session.home, &finding).await?;
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
    locard_app::disallow_value(&session.home, &value()?).await?;
    session
        .printer
        .say("no longer allowed; the next scan judges by it again");
    Ok(())
}

async fn allow(session: &Session, reason: Option<&str>) -> Result<()> {
    locard_app::allow_value(&session.home, &value()?, reason).await?;
    session
        .printer
        .say("allowed; only a keyed hash of it is kept");
    Ok(())
}

async fn export(session: &Session, file: &Path) -> Result<()> {
    let text = locard_app::export_decisions(&session.home).await?;
    let mut output = session
        .printer
        .output((file != Path::new("-")).then_some(file))?;
    output.line(text.trim_end())?;
    Ok(output.finish()?)
}

async fn import(session: &Session, file: &Path) -> Result<()> {
    let report =
        locard_app::import_decisions(&session.home, &locard_app::read_text(file)?, &[]).await?;
    session.printer.say(format!(
        "took over {} and {}",
        counted(report.decisions, "decision", "decisions"),
        counted(report.allowed, "allowed value", "allowed values"),
    ));
    warn_unmatched(session.printer, report.unmatched, report.decisions);
    Ok(())
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
