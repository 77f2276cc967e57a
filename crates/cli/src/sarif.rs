//! SARIF 2.1.0 for code-scanning tools: a rule per identifier, a result per finding, a notification per failure.
//!
//! Addresses are relative to what was scanned, and the run says where that was, so that a reader finds the files again.
//! Fingerprints name a finding by what it is and not by where the scan ran or what it counted: a tool that compares two
//! runs takes the same finding for the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Result;
use locard_app::{Failure, FindingRow, Home, Place, RuleRow};
use locard_model::{FindingKind, Sensitivity};
use serde_json::{Map, Value, json};

use crate::report::{rounded, sureness};

/// What is told of one run.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) findings: &'a [FindingRow],
    pub(crate) failures: &'a [Failure],
    /// Whether everything was read.
    pub(crate) complete: bool,
}

/// The document.
pub(crate) async fn document(home: &Home, run: Run<'_>) -> Result<Value> {
    let found = run.findings.iter().map(|finding| finding.source.as_str());
    let failed = run.failures.iter();
    let failed = failed.map(|failure| failure.source_name.as_str());
    let names: BTreeSet<&str> = found.chain(failed).collect();
    let places = locard_app::places(home, &names).await?;
    Ok(of(run, &places, &locard_app::rules(home)))
}

fn of(run: Run<'_>, places: &BTreeMap<String, Place>, rules: &[RuleRow]) -> Value {
    let bases = Bases::of(places);
    let identifiers: BTreeSet<&str> = run
        .findings
        .iter()
        .map(|finding| finding.identifier.as_str())
        .collect();
    let identifiers: Vec<&str> = identifiers.into_iter().collect();
    let described = identifiers
        .iter()
        .filter_map(|identifier| rule(identifier, run.findings, rules));
    let kinds: BTreeSet<&str> = run
        .failures
        .iter()
        .map(|failure| failure.kind.as_str())
        .collect();
    let notices = kinds.iter().map(|kind| json!({"id": kind, "shortDescription": {"text": format!("A source or entity was not read in full: {kind}")}}));
    let results = run
        .findings
        .iter()
        .map(|finding| result(finding, &bases, &identifiers));
    let told = run.failures.iter().map(|failure| notice(failure, &bases));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "locard",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": described.collect::<Vec<_>>(),
                "notifications": notices.collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": run.complete,
                "toolExecutionNotifications": told.collect::<Vec<_>>(),
            }],
            "originalUriBaseIds": bases.json(),
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// The addresses that others are relative to, each with its name in the document.
struct Bases<'a> {
    names: BTreeMap<&'a str, String>,
    places: &'a BTreeMap<String, Place>,
}

impl<'a> Bases<'a> {
    fn of(places: &'a BTreeMap<String, Place>) -> Self {
        let addresses: BTreeSet<&str> = places
            .values()
            .filter_map(|place| place.address.as_deref())
            .collect();
        let name = |(at, address): (usize, &'a str)| match at {
            // The name that readers know the root by.
            0 => (address, "%SRCROOT%".to_owned()),
            at => (address, format!("%SRCROOT{}%", at + 1)),
        };
        let names = addresses.into_iter().enumerate().map(name).collect();
        Self { names, places }
    }

    fn json(&self) -> Value {
        let base = |(address, name): (&&str, &String)| (name.clone(), json!({"uri": uri(address)}));
        Value::Object(self.names.iter().map(base).collect::<Map<_, _>>())
    }

    /// Where a resource of a source is.
    fn location(&self, source: &str, resource: &str) -> Value {
        let place = self.places.get(source);
        let file = place.and_then(|place| place.file.as_deref());
        let mut location = json!({"uri": reference(file.unwrap_or(resource))});
        let address = place.and_then(|place| place.address.as_deref());
        if let Some(name) = address.and_then(|address| self.names.get(address)) {
            location["uriBaseId"] = name.as_str().into();
        }
        location
    }

    /// The source in a fingerprint: none that another machine would call otherwise.
    fn lasting<'b>(&self, source: &'b str) -> Option<&'b str> {
        let travels = self.places.get(source).is_none_or(|place| place.travels);
        travels.then_some(source)
    }
}

/// What is known of an identifier that was found.
fn rule(identifier: &str, findings: &[FindingRow], rules: &[RuleRow]) -> Option<Value> {
    let finding = findings
        .iter()
        .find(|finding| finding.identifier.as_str() == identifier)?;
    let titles: BTreeSet<&str> = rules
        .iter()
        .filter(|rule| rule.identifier == finding.identifier)
        .map(|rule| rule.title.as_str())
        .collect();
    let titles = titles.into_iter().collect::<Vec<_>>().join("; ");
    let about = if titles.is_empty() {
        format!("Personal data that a person recognised: {identifier}")
    } else {
        format!("Personal data: {titles}")
    };
    let (category, sensitivity) = (finding.category.as_str(), finding.sensitivity.as_str());
    let full = format!("{about}. Category {category}, sensitivity {sensitivity}.");
    let help = "`locard explain ENTITY:COLUMN` tells in numbers why a column was judged so; `locard findings reject` takes a finding out of later results.";
    Some(json!({
        "id": identifier,
        "name": pascal(identifier),
        "shortDescription": {"text": format!("Personal data: {identifier}")},
        "fullDescription": {"text": full},
        "help": {"text": help},
        "defaultConfiguration": {"level": level(finding.sensitivity)},
        "properties": {"category": category, "sensitivity": sensitivity, "tags": ["personal-data", category]},
    }))
}

/// `EMAIL_ADDRESS` as readers show names of rules: `EmailAddress`.
fn pascal(identifier: &str) -> String {
    let mut name = String::new();
    for word in identifier.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next());
        name.extend(letters.flat_map(char::to_lowercase));
    }
    name
}

fn level(sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Low => "note",
        Sensitivity::Medium => "warning",
        Sensitivity::High | Sensitivity::Special => "error",
    }
}

fn result(finding: &FindingRow, bases: &Bases<'_>, identifiers: &[&str]) -> Value {
    let place = match finding.kind {
        FindingKind::Column => "column holds",
        FindingKind::Embedded => "text of column contains",
        FindingKind::Stray => "a few cells of column hold",
    };
    let identifier = finding.identifier.as_str();
    let text = format!("{place} {identifier} ({})", sureness(finding));
    let (resource, column) = (&finding.resource, &finding.column);
    let kind = finding.kind.as_str();
    let source = bases.lasting(&finding.source);
    json!({
        "ruleId": identifier,
        "ruleIndex": identifiers.binary_search(&identifier).ok(),
        "level": level(finding.sensitivity),
        "message": {"text": text},
        "locations": [{
            "physicalLocation": {"artifactLocation": bases.location(&finding.source, resource)},
            "logicalLocations": [{"name": column, "fullyQualifiedName": format!("{resource}:{column}"), "kind": "member"}],
        }],
        "partialFingerprints": {"locard/v2": json!([source, resource, column, identifier, kind]).to_string()},
        "properties": {"confidence": rounded(finding.confidence), "source": finding.source, "kind": kind, "matched": finding.matched, "tested": finding.tested, "rows": finding.rows, "confirmed": finding.is_confirmed()},
    })
}

/// What could not be read.
fn notice(failure: &Failure, bases: &Bases<'_>) -> Value {
    let item = failure.resource.as_ref().unwrap_or(&failure.source_name);
    let place = failure.place.as_deref().map(|place| format!(", {place}"));
    let text = format!("{item}{}: {}", place.unwrap_or_default(), failure.sentence);
    let mut notice = json!({
        "level": if failure.partial { "warning" } else { "error" },
        "descriptor": {"id": failure.kind.as_str()},
        "message": {"text": text},
        "properties": {"source": failure.source_name, "hint": failure.hint, "partial": failure.partial, "records": failure.records},
    });
    if let Some(resource) = &failure.resource {
        let location = bases.location(&failure.source_name, resource);
        notice["locations"] = json!([{"physicalLocation": {"artifactLocation": location}}]);
    }
    notice
}

/// A resource as a relative URI reference: what looks like a scheme or a host would be read as one.
fn reference(resource: &str) -> String {
    escaped(resource, b"/")
}

/// An address with what no URI may hold escaped. Its colons and the like stand where they belong.
fn uri(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", escaped(rest, b"/:@[]")),
        None => escaped(address, b"/"),
    }
}

fn escaped(text: &str, plain: &[u8]) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || plain.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
