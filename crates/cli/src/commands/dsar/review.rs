//! `locard dsar review`.

use anyhow::{Context as _, Result, bail};
use locard_dsar::job::{self, Act, Decision, ReviewRow, Verdict, job_id};
use serde_json::Value;
use uuid::Uuid;

use super::super::{Outcome, Session};
use super::actor;
use crate::args::ReviewDsar;
use crate::printer::{Output, printable};
use crate::table::{Cell, Table, counted};

/// Rows of a section that are shown at a time.
const SHOWN: usize = 50;

/// Characters of a value that are shown.
const LONGEST: usize = 60;

pub(super) async fn run(session: &Session, args: &ReviewDsar) -> Result<Outcome> {
    let (home, id) = (&session.home, job_id(&args.job)?);
    let mut decisions = decisions(args)?;
    if let Some(file) = &args.only {
        let words = locard_app::read_text(file)?;
        cut(session, id, &mut decisions, &words).await?;
    }
    let is_looking = decisions.is_empty() && args.undo.is_empty() && !args.approve;
    if !decisions.is_empty() {
        let numbers = job::decide(home, &actor(), id, decisions).await?;
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        session
            .printer
            .say(format!("recorded as {}", numbers.join(", ")));
    }
    for number in &args.undo {
        job::undo(home, &actor(), id, *number).await?;
        session.printer.say(format!("took {number} back"));
    }
    if args.approve {
        approve(session, id, args.leave_out_undecided).await?;
    }
    let mut output = session.printer.output(None)?;
    match args.section {
        Some(section) => {
            let asked = (section, args.after, SHOWN);
            let rows = job::review_rows(home, &actor(), id, asked).await?;
            rows.iter()
                .try_for_each(|row| shown(&mut output, (section, args.whole), row))?;
            if let Some(last) = rows.last().filter(|_| rows.len() == SHOWN) {
                output.line(&format!("more with --after {}", last.row))?;
            }
        }
        None if is_looking => sections(&mut output, &job::review(home, id).await?)?,
        None => {}
    }
    output.finish()?;
    Ok(Outcome::Done)
}

async fn approve(session: &Session, id: Uuid, leave_out_undecided: bool) -> Result<()> {
    let approved = job::approve(&session.home, &actor(), id, leave_out_undecided).await?;
    let name = approved.job.name();
    let left_out = match approved.undecided {
        0 => String::new(),
        undecided => format!(
            ", without {} that nobody decided about",
            counted(undecided, "row", "rows")
        ),
    };
    session.printer.say(format!("approved {name}{left_out}"));
    session.printer.hint(&format!(
        "`locard dsar run {name}` follows what was confirmed, and packs it unless that brings more to look at"
    ));
    Ok(())
}

fn sections(output: &mut Output, review: &job::Review) -> Result<()> {
    let mut table = Table::new(&[
        "section",
        "source",
        "resource",
        "in",
        "found",
        "to decide",
        "outside",
    ]);
    for section in &review.sections {
        table.row(vec![
            Cell::number(section.number.to_string()),
            Cell::new(printable(&section.source)),
            Cell::new(printable(&section.resource)),
            Cell::number(section.count.to_string()),
            Cell::number(section.total_before_filter.to_string()),
            Cell::number(section.undecided.to_string()),
            Cell::number(section.outside.to_string()),
        ]);
    }
    table.print(output)?;
    let decided = counted(review.decisions, "decision", "decisions");
    output.line(&format!(
        "{decided}, {} undecided, approved by {} of {}",
        counted(review.undecided, "row", "rows"),
        review.approved.len(),
        review.wanted
    ))?;
    Ok(())
}

fn shown(output: &mut Output, (section, whole): (usize, bool), row: &ReviewRow) -> Result<()> {
    let state = match (row.included, row.review) {
        (true, _) => "in".to_owned(),
        (false, Some(why)) => format!("out: {why}"),
        (false, None) => "out".to_owned(),
    };
    let spelled = |column: &String| match row.spelled.get(column).and_then(|it| it.told()) {
        Some(how) => format!("{column} ({how})"),
        None => column.clone(),
    };
    let agreed: Vec<String> = row.agreed.iter().map(spelled).collect();
    let agreed = agreed.join(", ");
    let agreed = if agreed.is_empty() {
        String::new()
    } else {
        format!(" · agrees in {agreed}")
    };
    output.line(&printable(&format!(
        "{section}:{} {} · {state}{agreed}",
        row.row, row.at
    )))?;
    for (name, value) in row.values.iter().filter(|(_, value)| !value.is_null()) {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let (text, by) = marked(row, name, &text);
        let most = if whole { usize::MAX } else { LONGEST };
        let short: String = text.chars().take(most).collect();
        let cut = if short.len() < text.len() { "…" } else { "" };
        output.line(&format!(
            "    {}: {}{cut}{by}",
            printable(name),
            printable(&short)
        ))?;
    }
    for decided in &row.decisions {
        let said = [
            decided.decision.verdict.map(|verdict| verdict.to_string()),
            decided.decision.act.map(|act| act.to_string()),
            decided.decision.column.clone(),
            decided.decision.reason.clone(),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        output.line(&printable(&format!(
            "    decision {}: {} by {}",
            decided.number,
            said.join(" "),
            decided.by
        )))?;
    }
    Ok(())
}

/// A field's text, in which `[-` and `-]` stand around what is taken out of it, and by whom that is.
fn marked(row: &ReviewRow, name: &str, text: &str) -> (String, String) {
    let (mut parts, mut by) = (Vec::new(), Vec::new());
    for taken in row.taken.iter().filter(|taken| taken.column == name) {
        by.push("another person's is taken out".to_owned());
        // Of a list or an object it is not marked where.
        if taken.within.is_empty() {
            parts.extend(spans(&taken.spans, text));
        }
    }
    let is_its = |column: &Option<String>| column.as_deref() == Some(name);
    let redactions = row.redactions.iter();
    for decided in redactions.filter(|it| is_its(&it.decision.column)) {
        by.push(format!("taken out by decision {}", decided.number));
        parts.extend(spans(&decided.decision.spans, text));
    }
    by.dedup();
    let by = if by.is_empty() {
        String::new()
    } else {
        format!(" ({})", by.join("; "))
    };
    (around(text, parts), by)
}

/// Parts of a text; none: all of it.
fn spans(spans: &[(usize, usize)], text: &str) -> Vec<(usize, usize)> {
    match spans {
        [] => vec![(0, text.len())],
        spans => spans.to_vec(),
    }
}

/// The text with marks around these parts, where they are parts of it.
fn around(text: &str, mut parts: Vec<(usize, usize)>) -> String {
    parts.retain(|(from, to)| from < to && text.get(*from..*to).is_some());
    parts.sort_unstable();
    let (mut marked, mut done) = (String::new(), 0);
    for (from, to) in parts {
        if to <= done {
            continue;
        }
        let from = from.max(done);
        marked.push_str(&text[done..from]);
        marked.extend(["[-", &text[from..to], "-]"]);
        done = to;
    }
    marked.push_str(&text[done..]);
    marked
}

fn decisions(args: &ReviewDsar) -> Result<Vec<Decision>> {
    let mut decisions = Vec::new();
    let mut add = |rows: &[String], verdict: Option<Verdict>, act: Option<Act>| -> Result<()> {
        for row in rows {
            let is_field = matches!(act, Some(Act::Redact | Act::Reveal));
            let (section, number, column) = place(row, is_field)?;
            decisions.push(Decision {
                section,
                row: number,
                verdict,
                act,
                column,
                spans: Vec::new(),
                reason: args.reason.clone(),
                exemption: args.exemption.clone(),
            });
        }
        Ok(())
    };
    add(&args.same, Some(Verdict::Same), None)?;
    add(&args.not, Some(Verdict::Not), None)?;
    add(&args.unsure, Some(Verdict::Unsure), None)?;
    add(&args.include, None, Some(Act::Include))?;
    add(&args.exclude, None, Some(Act::Exclude))?;
    add(&args.redact, None, Some(Act::Redact))?;
    add(&args.reveal, None, Some(Act::Reveal))?;
    Ok(decisions)
}

/// Narrows decisions that take fields out to these words in them, one or several to a line.
async fn cut(session: &Session, id: Uuid, decisions: &mut [Decision], words: &str) -> Result<()> {
    let words: Vec<&str> = words.lines().map(str::trim).collect();
    for decision in decisions {
        let (Some(Act::Redact), Some(column)) = (decision.act, &decision.column) else {
            continue;
        };
        let asked = (decision.section, decision.row.saturating_sub(1), 1);
        let rows = job::review_rows(&session.home, &actor(), id, asked).await?;
        let field = rows.first().and_then(|row| row.values.get(column));
        decision.spans = found(field.and_then(Value::as_str).unwrap_or_default(), &words);
        if decision.spans.is_empty() {
            let (section, row) = (decision.section, decision.row);
            bail!(
                "none of these words is in the text of that field in {section}:{row}\n\
                 hint: they must be written as the field has them; --whole shows it"
            );
        }
    }
    Ok(())
}

/// Where words stand in a text, in bytes.
fn found(text: &str, words: &[&str]) -> Vec<(usize, usize)> {
    let words = words.iter().filter(|word| !word.is_empty());
    let places = words.flat_map(|word| {
        let matches = text.match_indices(*word);
        matches.map(|(at, word)| (at, at + word.len()))
    });
    places.collect()
}

/// `2:17` as section and row, and `2:17:note` with a column.
fn place(text: &str, is_field: bool) -> Result<(usize, u64, Option<String>)> {
    let wanted = "a row is SECTION:ROW, and a field SECTION:ROW:COLUMN\nhint: as `locard dsar review JOB --section N` prints them";
    let mut parts = text.splitn(3, ':');
    let section = parts
        .next()
        .and_then(|part| part.parse().ok())
        .context(wanted)?;
    let row = parts
        .next()
        .and_then(|part| part.parse().ok())
        .context(wanted)?;
    let column = parts.next().map(str::to_owned);
    if column.is_some() != is_field {
        bail!("{wanted}");
    }
    Ok((section, row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_taken_out_are_marked_once() {
        let text = "Carl Anders rang Änna";
        assert_eq!(around(text, vec![]), text);
        let parts = vec![(5, 11), (0, 7), (12, 16), (18, 19), (0, 99)];
        assert_eq!(around(text, parts), "[-Carl An-][-ders-] [-rang-] Änna");
        assert_eq!(around(text, spans(&[], text)), format!("[-{text}-]"));
    }

    #[test]
    fn words_are_found_wherever_they_stand() {
        let text = "Änna rang Bob, Bob slept";
        assert_eq!(
            found(text, &["Bob", "", "Änna"]),
            [(11, 14), (16, 19), (0, 5)]
        );
        assert!(found(text, &["", "bob"]).is_empty());
    }

    #[test]
    fn rows_and_fields_are_named_by_numbers() {
        assert_eq!(place("2:17", false).unwrap(), (2, 17, None));
        let field = place("2:17:a:b", true).unwrap();
        assert_eq!(field, (2, 17, Some("a:b".to_owned())));
        for (text, is_field) in [
            ("2", false),
            ("a:1", false),
            ("2:17", true),
            ("2:17:x", false),
        ] {
            assert!(place(text, is_field).is_err(), "{text}");
        }
    }
}
