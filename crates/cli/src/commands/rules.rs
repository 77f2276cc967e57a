//! `locard rules`.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Outcome, Session};
use crate::args::{ListFormat, Rules};
use crate::lists::List;
use crate::printer::printable;
use crate::table::counted;

pub(crate) fn run(session: &Session, args: &Rules) -> Result<Outcome> {
    match args {
        Rules::List { format } => list(session, *format)?,
        Rules::Check { folder } => return check(session, folder.as_deref()),
        Rules::Test { file, rule, format } => test(session, file, rule.as_deref(), *format)?,
    }
    Ok(Outcome::Done)
}

fn list(session: &Session, format: ListFormat) -> Result<()> {
    let mut list = List::new(&[
        "rule",
        "identifier",
        "title",
        "category",
        "sensitivity",
        "regions",
    ]);
    for rule in locard_app::rules(&session.home) {
        list.row([
            json!(rule.id),
            json!(rule.identifier.as_str()),
            json!(rule.title),
            json!(rule.category.as_str()),
            json!(rule.sensitivity.as_str()),
            json!(rule.regions),
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

fn test(session: &Session, file: &Path, rule: Option<&str>, format: ListFormat) -> Result<()> {
    // A name that is misspelt is told before anything is read, and also where there is nothing to read.
    locard_app::test_rules(&session.home, "", rule)?;
    let text = locard_app::read_text(file)?;
    let mut list = List::new(&["line", "rule", "identifier", "match", "validated"]);
    for (number, line) in text.lines().enumerate() {
        for result in locard_app::test_rules(&session.home, line, rule)? {
            list.row([
                json!(number + 1),
                json!(result.rule),
                json!(result.identifier.as_str()),
                json!(if result.whole { "whole" } else { "inside" }),
                result.validated.map_or(Value::Null, Value::from),
            ]);
        }
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "no rule matches")?;
    Ok(output.finish()?)
}
