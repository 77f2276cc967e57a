//! One file per command: parse what was typed into plain options, call one use case, print what came back.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod business;
pub(crate) mod collect;
pub(crate) mod dictionaries;
pub(crate) mod diff;
pub(crate) mod dsar;
pub(crate) mod duplicates;
pub(crate) mod explain;
pub(crate) mod failures;
pub(crate) mod find;
pub(crate) mod findings;
pub(crate) mod found;
mod hints;
pub(crate) mod jobs;
mod outcomes;
pub(crate) mod plan;
pub(crate) mod relations;
pub(crate) mod requests;
pub(crate) mod rows;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod schedules;
pub(crate) mod serve;
pub(crate) mod sources;
mod strict;
mod subjects;

use anyhow::Result;
use locard_app::{Actor, CancellationToken, Failure, Home};

pub(crate) use failures::{failure_json, print_failures, tell_failures};

use crate::printer::Printer;

/// Whoever uses the command line, as the log of acts names them.
pub(crate) fn actor() -> Actor {
    Actor {
        id: "cli".to_owned(),
        name: "command line".to_owned(),
    }
}

/// What every command works with.
pub(crate) struct Session {
    pub(crate) home: Home,
    pub(crate) printer: Printer,
    pub(crate) cancel: CancellationToken,
}

/// How a command ended; main turns it into the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was done; finding nobody is done too.
    Done,
    /// Done, and a threshold was crossed.
    Crossed,
    /// Something failed; what could be done is done.
    Failed,
}

impl Outcome {
    /// Of a command that got to its end but for these.
    fn of(failures: &[Failure]) -> Self {
        if failures.is_empty() {
            Self::Done
        } else {
            Self::Failed
        }
    }
}

/// `crm/customers.csv:email` as entity and column, without a column where a whole entity is named. Where a name has a
/// colon in it, what the catalog knows decides.
async fn entity_and_column(home: &Home, text: &str) -> Result<(String, Option<String>)> {
    Ok(locard_app::known_place(home, readings(text)).await?)
}

/// What the text may name, the likeliest first. Either part may stand in double quotes: `public.readings:"a:b"`.
fn readings(text: &str) -> Vec<(String, Option<String>)> {
    if let Some(named) = quoted_entity(text).or_else(|| quoted_column(text)) {
        return vec![named];
    }
    let split = |(at, _): (usize, &str)| {
        let (entity, column) = (&text[..at], &text[at + 1..]);
        // A Windows drive or a URL scheme is no column: what follows the colon must not begin like a path.
        let is_place = !entity.is_empty() && !column.is_empty() && !column.starts_with(['/', '\\']);
        is_place.then(|| (entity.to_owned(), Some(column.to_owned())))
    };
    let split = text.rmatch_indices(':').filter_map(split);
    split.chain([(text.to_owned(), None)]).collect()
}

/// `"entity"`, `"entity":column` and `"entity":"column"`.
fn quoted_entity(text: &str) -> Option<(String, Option<String>)> {
    let (entity, rest) = unquoted(text)?;
    if rest.is_empty() {
        return Some((entity, None));
    }
    let column = rest.strip_prefix(':').filter(|column| !column.is_empty())?;
    match unquoted(column) {
        Some((column, "")) => Some((entity, Some(column))),
        _ => Some((entity, Some(column.to_owned()))),
    }
}

/// `entity:"column"`.
fn quoted_column(text: &str) -> Option<(String, Option<String>)> {
    let (at, _) = text.match_indices(":\"").next()?;
    match unquoted(&text[at + 1..]) {
        Some((column, "")) if at > 0 => Some((text[..at].to_owned(), Some(column))),
        _ => None,
    }
}

/// What stands in the quotes at the beginning, and what comes behind them; two quotes stand for one.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut name = String::new();
    loop {
        let (part, behind) = rest.split_once('"')?;
        name.push_str(part);
        match behind.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return (!name.is_empty()).then_some((name, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_colons_may_be_quoted() {
        let check = |text: &str, entity: &str, column: Option<&str>| {
            let named = readings(text).remove(0);
            assert_eq!(
                (named.0.as_str(), named.1.as_deref()),
                (entity, column),
                "{text}"
            );
        };
        check(
            "crm/customers.csv:email",
            "crm/customers.csv",
            Some("email"),
        );
        check("crm/customers.csv", "crm/customers.csv", None);
        check("file:///data/a.csv", "file:///data/a.csv", None);
        check("t:\"a:b\"", "t", Some("a:b"));
        check("\"x:y\"", "x:y", None);
        check("\"x:y\":a", "x:y", Some("a"));
        check("\"x:y\":\"a:\"\"b\"", "x:y", Some("a:\"b"));
        check("a\"b:c", "a\"b", Some("c"));
        check("\"open:c", "\"open", Some("c"));
    }

    #[test]
    fn every_colon_may_be_the_one_before_the_column() {
        let names: Vec<(String, Option<String>)> = readings("a:b:c");
        let names: Vec<_> = names
            .iter()
            .map(|(entity, column)| (entity.as_str(), column.as_deref()))
            .collect();
        let expected = [("a:b", Some("c")), ("a", Some("b:c")), ("a:b:c", None)];
        assert_eq!(names, expected);
    }
}
