//! What could not be read, as it is told. A source that stopped answering fails every entity that was left of it in the
//! same words, and so does each piece of one entity: those are told once. JSON has each.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use locard_app::Failure;
use owo_colors::Style;

use super::hints::{self, key};
use crate::printer::{Output, Printer, printable};
use crate::table::counted;

/// So many entities that fail alike are told together.
const ALIKE: usize = 3;

/// So many of them are named.
const NAMED: usize = 5;

/// Failures that are told together, and the first of them.
struct Told<'a> {
    item: String,
    first: &'a Failure,
    /// The hints of all of them.
    hints: Vec<&'a str>,
}

impl<'a> Told<'a> {
    /// What hints have in common that are told as one; those of one entry have the same.
    fn key(&self) -> Option<(&'a str, &'a str)> {
        self.hints.first().map(|hint| key(hint))
    }
}

/// Source, whether part of it was read, sentence and hint.
type Alike<'a> = (&'a str, bool, &'a str, Option<(&'a str, &'a str)>);

/// What failures have in common that are told together. A place is one entity's own, and a source fails for itself.
fn alike(failure: &Failure) -> Option<Alike<'_>> {
    let is_shared = failure.resource.is_some() && failure.place.is_none();
    let hint = failure.hint.as_deref().map(key);
    let (source, sentence) = (failure.source_name.as_str(), failure.sentence.as_str());
    is_shared.then_some((source, failure.partial, sentence, hint))
}

/// Failures by what is told of them, in the order of the first of each.
fn grouped(failures: &[Failure]) -> Vec<Told<'_>> {
    let mut counts: HashMap<_, (BTreeSet<&Option<String>>, Vec<&str>)> = HashMap::new();
    for failure in failures {
        if let Some(key) = alike(failure) {
            let (names, hints) = counts.entry(key).or_default();
            names.insert(&failure.resource);
            hints.extend(failure.hint.as_deref());
        }
    }
    let mut told = Vec::new();
    let (mut done, mut single) = (BTreeSet::new(), BTreeSet::new());
    for first in failures {
        let Some(key) = alike(first).filter(|key| counts[key].0.len() >= ALIKE) else {
            // Several pieces of an entity may fail in the same words.
            let item = (&first.source_name, &first.resource);
            if single.insert((item, &first.place, &first.sentence, first.partial)) {
                let item = first.resource.as_ref().unwrap_or(&first.source_name);
                let item = item.clone();
                let hints = first.hint.as_deref().into_iter().collect();
                told.push(Told { item, first, hints });
            }
            continue;
        };
        let (names, hints) = &counts[&key];
        if done.insert(key) {
            let entities = counted(names.len() as u64, "entity", "entities");
            let item = format!("{entities} of {}: {}", first.source_name, named(names));
            let hints = hints.clone();
            told.push(Told { item, first, hints });
        }
    }
    told
}

/// The first of some names.
fn named(names: &BTreeSet<&Option<String>>) -> String {
    let shown: Vec<&str> = names
        .iter()
        .filter_map(|name| name.as_deref())
        .take(NAMED)
        .collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// How many entities and sources failed, however many failures each has.
fn extent(failures: &[Failure]) -> String {
    let of = |entities: bool| {
        let items = failures
            .iter()
            .filter(|failure| failure.resource.is_some() == entities);
        let names: BTreeSet<_> = items
            .map(|failure| (&failure.source_name, &failure.resource))
            .collect();
        names.len() as u64
    };
    match (of(false), of(true)) {
        (0, entities) => counted(entities, "entity", "entities"),
        (sources, 0) => counted(sources, "source", "sources"),
        (sources, entities) => format!(
            "{} and {}",
            counted(sources, "source", "sources"),
            counted(entities, "entity", "entities")
        ),
    }
}

/// What could not be read, below a result; of entries that follow one another with the same hint, it stands below the
/// last.
pub(crate) fn print_failures(output: &mut Output, failures: &[Failure]) -> Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    output.line("")?;
    let heading = format!("{} could not be read in full", extent(failures));
    let heading = output.style(Style::new().red().bold(), &heading);
    output.line(&heading)?;
    let told = grouped(failures);
    for (at, Told { item, first, .. }) in told.iter().enumerate() {
        let item = output.style(Style::new().bold(), &printable(item));
        let extent = if first.partial {
            "read in part"
        } else {
            "not read"
        };
        let extent = output.style(Style::new().yellow(), extent);
        output.line(&format!("  {item}  {extent}"))?;
        let place = first.place.as_deref().map(|place| format!("{place}: "));
        let place = printable(&place.unwrap_or_default());
        output.wrapped(4, &format!("{place}{}", printable(&first.sentence)))?;
        for hint in hints_below(&told, at) {
            output.wrapped(4, &format!("hint: {}", printable(&hint)))?;
        }
    }
    Ok(())
}

/// The hint that stands below an entry: its own and those of entries above it that are told with it, unless the next is
/// told with it too.
fn hints_below(told: &[Told<'_>], at: usize) -> Vec<String> {
    let own = told[at].key();
    if own.is_none() || told.get(at + 1).is_some_and(|next| next.key() == own) {
        return Vec::new();
    }
    let above = told[..=at].iter().rev();
    let mut together: Vec<&Told<'_>> = above.take_while(|told| told.key() == own).collect();
    together.reverse();
    hints::told(together.iter().flat_map(|told| told.hints.iter().copied()))
}

/// The same on stderr, where a result has no place for it.
pub(crate) fn tell_failures(printer: Printer, failures: &[Failure]) {
    for Told { item, first, hints } in grouped(failures) {
        let place = first.place.as_deref().map(|place| format!(", {place}"));
        let sentence = format!("{item}{}: {}", place.unwrap_or_default(), first.sentence);
        let hint = hints::told(hints).into_iter().next();
        printer.error(&printable(&sentence), hint.as_deref());
    }
}

/// A failure on a JSON line or in a document.
pub(crate) fn failure_json(failure: &Failure) -> serde_json::Value {
    serde_json::json!({
        "source": failure.source_name,
        "resource": failure.resource,
        "place": failure.place,
        "kind": failure.kind.as_str(),
        "error": failure.sentence,
        "hint": failure.hint,
        "records": failure.records,
        "partial": failure.partial,
    })
}

#[cfg(test)]
mod tests {
    use locard_app::SourceErrorKind;

    use super::*;

    fn failure(
        source: &str,
        resource: Option<&str>,
        place: Option<&str>,
        sentence: &str,
    ) -> Failure {
        Failure {
            source: None,
            source_name: source.to_owned(),
            resource: resource.map(str::to_owned),
            entity: None,
            place: place.map(str::to_owned),
            kind: SourceErrorKind::Unreachable,
            sentence: sentence.to_owned(),
            hint: None,
            records: 0,
            partial: false,
        }
    }

    #[test]
    fn entities_that_fail_alike_are_told_once() {
        let silent = "it stopped answering";
        let mut failures: Vec<Failure> = (0..12)
            .map(|i| failure("crm", Some(&format!("public.t{i}")), None, silent))
            .collect();
        failures.insert(
            5,
            failure("crm", Some("public.other"), None, "permission denied"),
        );
        // Two pieces of it.
        failures.push(failure("hr", Some("a.csv"), None, silent));
        failures.push(failure("hr", Some("a.csv"), None, silent));
        failures.push(failure("hr", Some("b.csv"), None, silent));
        failures.extend(
            (1..5).map(|i| failure("hr", Some("c.csv"), Some(&format!("line {i}")), "ragged")),
        );
        failures.push(failure("web", None, None, silent));
        let told = grouped(&failures);
        let items: Vec<&str> = told.iter().map(|told| told.item.as_str()).collect();
        let expected = [
            "12 entities of crm: public.t0, public.t1, public.t10, public.t11, public.t2 and 7 more",
            "public.other",
            "a.csv",
            "b.csv",
            "c.csv",
            "c.csv",
            "c.csv",
            "c.csv",
            "web",
        ];
        assert_eq!(items, expected);
        assert_eq!(extent(&failures), "1 source and 16 entities");
    }

    #[test]
    fn tables_that_an_account_may_not_read_are_told_with_one_statement_for_each_schema() {
        let denied = |schema: &str, table: &str| Failure {
            hint: Some(format!(
                "GRANT USAGE ON SCHEMA {schema} TO r; GRANT SELECT ON {schema}.{table} TO r;"
            )),
            ..failure("crm", Some(&format!("{schema}.{table}")), None, "no")
        };
        let failures = [
            denied("a", "x"),
            denied("a", "y"),
            denied("a", "z"),
            denied("b", "x"),
            denied("b", "y"),
        ];
        let told = grouped(&failures);
        let hints = (0..told.len()).flat_map(|at| hints_below(&told, at));
        let expected = [
            "GRANT USAGE ON SCHEMA a TO r; GRANT SELECT ON a.x, a.y, a.z TO r;",
            "GRANT USAGE ON SCHEMA b TO r; GRANT SELECT ON b.x, b.y TO r;",
        ];
        assert_eq!(hints.collect::<Vec<_>>(), expected);
        assert!(
            told[0].item.starts_with("3 entities of crm"),
            "{}",
            told[0].item
        );
    }

    #[test]
    fn a_hint_stands_with_the_entries_that_it_belongs_to() {
        let hinted = |resource: &str, hint: Option<&str>| Failure {
            hint: hint.map(str::to_owned),
            ..failure("crm", Some(resource), None, resource)
        };
        let failures = [
            hinted("a", Some("pack it out")),
            hinted("b", Some("ask for access")),
            hinted("c", Some("ask for access")),
            hinted("d", None),
            hinted("e", Some("ask for access")),
        ];
        let told = grouped(&failures);
        let hints: Vec<Vec<String>> = (0..told.len()).map(|at| hints_below(&told, at)).collect();
        let hints: Vec<String> = hints.iter().map(|hints| hints.join("; ")).collect();
        let access = "ask for access";
        assert_eq!(hints, ["pack it out", "", access, "", access]);
    }
}
