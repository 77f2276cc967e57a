//! `locard rules`.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Outcome, Session, actor};
use crate::args::{ListFormat, Rules};
use crate::lists::List;
use crate::printer::{Output, printable};
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Rules) -> Result<Outcome> {
    match args {
        Rules::List { format } => list(session, *format)?,
        Rules::Check { folder } => return check(session, folder.as_deref()),
        Rules::Test {
            file,
            rule,
            column,
            format,
        } => {
            let (rule, column) = (rule.as_deref(), column.as_deref());
            test(session, &Tried { file, rule, column }, *format)?;
        }
        Rules::Import { file } => {
            let text = locard_app::read_text(file)?;
            let id = locard_app::import_rule(&session.home, &text).await?;
            acted(session, "make pattern", &id).await?;
            session.printer.say(format!("imported {id}"));
        }
        Rules::Export { rule } => {
            let text = locard_app::rule_text(&session.home, rule).await?;
            let mut output = session.printer.output(None)?;
            output.write_all(text.as_bytes())?;
            output.finish()?;
        }
        Rules::Enable { rule } => switch(session, rule, true).await?,
        Rules::Disable { rule } => switch(session, rule, false).await?,
        Rules::Remove { rule } => {
            locard_app::remove_rule(&session.home, rule).await?;
            acted(session, "remove pattern", rule).await?;
            session.printer.say(format!("removed {rule}"));
        }
    }
    Ok(Outcome::Done)
}

async fn switch(session: &Session, rule: &str, on: bool) -> Result<()> {
    locard_app::switch_rule(&session.home, rule, on).await?;
    acted(session, "switch pattern", rule).await?;
    let how = if on { "enabled" } else { "disabled" };
    session.printer.say(format!("{how} {rule}"));
    Ok(())
}

/// Writes what was done into the log.
async fn acted(session: &Session, action: &str, rule: &str) -> Result<()> {
    let details = json!({ "pattern": rule });
    Ok(locard_app::record_audit(&session.home, &actor(), action, details).await?)
}

fn list(session: &Session, format: ListFormat) -> Result<()> {
    let mut list = List::new(&[
        "rule",
        "identifier",
        "title",
        "category",
        "sensitivity",
        "regions",
        "enabled",
    ])
    .prose(&["title"]);
    for rule in locard_app::rules(&session.home) {
        list.row([
            json!(rule.id),
            json!(rule.identifier.as_str()),
            json!(rule.title),
            json!(rule.category.as_str()),
            json!(rule.sensitivity.as_str()),
            json!(rule.regions),
            json!(rule.enabled),
        ]);
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "no rules")?;
    Ok(output.finish()?)
}

fn check(session: &Session, folder: Option<&Path>) -> Result<Outcome> {
    let troubles = locard_app::check_rules(&session.home, folder)?;
    for trouble in &troubles {
        session.printer.error(
            &printable(&format!("{}: {}", trouble.rule, trouble.sentence)),
            None,
        );
    }
    if troubles.is_empty() {
        session.printer.say("every rule is sound");
        return Ok(Outcome::Done);
    }
    session
        .printer
        .say(counted(troubles.len() as u64, "fault", "faults"));
    Ok(Outcome::Failed)
}

fn test(session: &Session, tried: &Tried<'_>, format: ListFormat) -> Result<()> {
    // A name that is misspelt is told before anything is read, and also where there is nothing to read.
    locard_app::test_rules(&session.home, "", tried.rule)?;
    let text = locard_app::read_text(tried.file)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut list = List::new(&["line", "rule", "identifier", "match", "validated"]);
    let mut unmatched = Vec::new();
    for (number, line) in (1_u64..).zip(&lines) {
        let results = locard_app::test_rules(&session.home, line, tried.rule)?;
        if results.is_empty() {
            unmatched.push(number);
        }
        for result in results {
            list.row([
                json!(number),
                json!(result.rule),
                json!(result.identifier.as_str()),
                json!(if result.whole { "whole" } else { "inside" }),
                result.validated.map_or(Value::Null, Value::from),
            ]);
        }
    }
    let mut output = session.printer.output(None)?;
    if !matches!(format, ListFormat::Table) || lines.len() > unmatched.len() {
        list.print(&mut output, format, "")?;
    }
    if matches!(format, ListFormat::Table) {
        print_summary(session, &mut output, tried, (&lines, &unmatched))?;
    }
    Ok(output.finish()?)
}

/// What is tried.
struct Tried<'a> {
    file: &'a Path,
    rule: Option<&'a str>,
    column: Option<&'a str>,
}

/// Lines without a match that are told one by one.
const MOST_TOLD: usize = 10;

/// What was tried and matched, and what a column of these lines would be. A line that a rule matches is not found yet: a
/// column is judged by all of its values, its name and what else they could be.
fn print_summary(
    session: &Session,
    output: &mut Output,
    tried: &Tried<'_>,
    (lines, unmatched): (&[&str], &[u64]),
) -> Result<()> {
    let all = lines.len() as u64;
    let matched = all - unmatched.len() as u64;
    let rules = tried.rule.map_or_else(
        || {
            let rules = locard_app::rules(&session.home).len() as u64;
            counted(rules, "rule was", "rules were")
        },
        |rule| format!("rule {rule} was"),
    );
    let count = counted(all, "line", "lines");
    output.line(&format!("{rules} tried on {count}; {matched} matched"))?;
    if !unmatched.is_empty() {
        let told: Vec<String> = unmatched
            .iter()
            .take(MOST_TOLD)
            .map(u64::to_string)
            .collect();
        let more = if unmatched.len() > MOST_TOLD {
            " …"
        } else {
            ""
        };
        output.line(&format!("no match: line {}{more}", told.join(", ")))?;
    }
    if all == 0 {
        return Ok(());
    }
    let called = tried.column.map_or_else(
        || "a column of such values, whatever its name (--column NAME tries one)".to_owned(),
        |name| format!("a column {} of such values", printable(name)),
    );
    output.line(&format!("{called}:"))?;
    print_column(session, output, tried, lines)
}

/// Identifiers that are told although they would not be reported.
const OTHERS: usize = 3;

fn print_column(
    session: &Session,
    output: &mut Output,
    tried: &Tried<'_>,
    lines: &[&str],
) -> Result<()> {
    let name = tried.column.unwrap_or_default();
    let weighed = locard_app::test_column(&session.home, name, lines);
    let line = |told: &locard_app::Hypothesis| {
        let likely = 100.0 * told.probability;
        format!(
            "{} at {likely:.0} %, by rule {}",
            told.identifier,
            printable(&told.rule)
        )
    };
    let (reported, others): (Vec<_>, Vec<_>) = weighed.iter().partition(|told| told.reported);
    if reported.is_empty() {
        output.line("  would not be reported as anything")?;
    }
    for told in reported {
        output.line(&format!("  would be reported as {}", line(told)))?;
    }
    for told in others
        .iter()
        .take(OTHERS)
        .filter(|told| told.probability >= 0.005)
    {
        output.line(&format!("  weighed, but not reported: {}", line(told)))?;
    }
    Ok(())
}
