//! SARIF 2.1.0 for code-scanning tools: a rule per identifier, a result per finding, a notification per failure.
//!
//! Addresses are relative to what was scanned, and the run says where that was, so that a reader finds the files again.
//! Fingerprints name a finding by what it is and not by where the scan ran or what it counted: a tool that compares two
//! runs takes the same finding for the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Result;
use locard_app::{Failure, FindingRow, Home, Place, RuleRow, rounded};
use locard_model::{FindingKind, Sensitivity};
use serde_json::{Map, Value, json};

use crate::report::sureness;

/// What is told of one run.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) findings: &'a [FindingRow],
    pub(crate) failures: &'a [Failure],
    /// Whether everything was read.
    pub(crate) complete: bool,
    /// That the scan did not come to everything, where it was interrupted.
    pub(crate) unread: Option<&'a str>,
}

/// The id of what tells that a scan was interrupted.
const INTERRUPTED: &str = "interrupted";

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
    let interrupted = run.unread;
    let stopped = interrupted.map(
        |_| json!({"id": INTERRUPTED, "shortDescription": {"text": "The scan was interrupted"}}),
    );
    let notices = kinds.iter().map(|kind| json!({"id": kind, "shortDescription": {"text": format!("A source or entity was not read in full: {kind}")}}));
    let results = run
        .findings
        .iter()
        .map(|finding| result(finding, &bases, &identifiers));
    let told = run.failures.iter().map(|failure| notice(failure, &bases));
    let told = told.chain(interrupted.map(|sentence| {
        json!({"level": "error", "descriptor": {"id": INTERRUPTED}, "message": {"text": sentence}})
    }));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "locard",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": described.collect::<Vec<_>>(),
                "notifications": notices.chain(stopped).collect::<Vec<_>>(),
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

#[cfg(test)]
pub(crate) mod tests {
    use locard_app::SourceErrorKind;
    use locard_model::{Category, ColumnId, EntityId, Identifier, SourceId};

    use super::*;

    pub(crate) fn finding(source: &str, resource: &str, identifier: &str) -> FindingRow {
        let entity = EntityId(SourceId::derive(source).0);
        FindingRow {
            source: source.to_owned(),
            entity,
            resource: resource.to_owned(),
            column_id: ColumnId::derive(entity, "c"),
            column: "c".to_owned(),
            identifier: Identifier::new(identifier),
            kind: FindingKind::Column,
            confidence: 0.9,
            category: Category::Contact,
            sensitivity: Sensitivity::Medium,
            rows: 10,
            filled: 10,
            tested: 10,
            matched: 9,
            validated: 0,
            distinct: 10,
            indexed: 1.0,
            rules: vec!["r".to_owned()],
            decided: None,
        }
    }

    fn place(address: &str, file: Option<&str>, travels: bool) -> Place {
        Place {
            address: Some(address.to_owned()),
            file: file.map(str::to_owned),
            travels,
        }
    }

    fn run(findings: &[FindingRow], failures: &[Failure]) -> Value {
        let places = BTreeMap::from([
            ("file:///a b".to_owned(), place("file:///a b/", None, false)),
            ("crm".to_owned(), place("postgres://h:5/crm/", None, true)),
            (
                "sqlite:/d/x.db".to_owned(),
                place("file:///d/", Some("x.db"), false),
            ),
        ]);
        let run = Run {
            findings,
            failures,
            complete: failures.is_empty(),
            unread: None,
        };
        of(run, &places, &[])["runs"][0].clone()
    }

    #[test]
    fn addresses_are_relative_to_where_the_source_is() {
        let findings = [
            finding("file:///a b", "x/ä:1.csv", "PERSON"),
            finding("crm", "public.users", "PERSON"),
            finding("sqlite:/d/x.db", "main.t", "AGE"),
            finding("elsewhere", "t", "AGE"),
        ];
        let run = run(&findings, &[]);
        let bases = &run["originalUriBaseIds"];
        let told = |at: usize| {
            let place = &run["results"][at]["locations"][0]["physicalLocation"]["artifactLocation"];
            let base = place["uriBaseId"]
                .as_str()
                .map(|name| bases[name]["uri"].clone());
            (base, place["uri"].clone())
        };
        for (at, base, uri) in [
            (0, Some("file:///a%20b/"), "x/%C3%A4%3A1.csv"),
            (1, Some("postgres://h:5/crm/"), "public.users"),
            (2, Some("file:///d/"), "x.db"),
            (3, None, "t"),
        ] {
            assert_eq!(told(at), (base.map(Value::from), uri.into()), "{at}");
        }
        // A reader resolves against addresses that end like folders.
        let bases = bases.as_object().unwrap();
        assert!(bases.contains_key("%SRCROOT%"));
        assert!(
            bases
                .values()
                .all(|base| base["uri"].as_str().unwrap().ends_with('/'))
        );
    }

    #[test]
    fn a_fingerprint_outlives_counts_and_the_folder_of_a_scan() {
        let print = |finding: FindingRow| {
            run(&[finding], &[])["results"][0]["partialFingerprints"]["locard/v2"].clone()
        };
        let before = print(finding("file:///a b", "x.csv", "PERSON"));
        let counted = FindingRow {
            matched: 3,
            confidence: 0.5,
            ..finding("sqlite:/d/x.db", "x.csv", "PERSON")
        };
        assert_eq!(print(counted), before);
        let other = finding("file:///a b", "x.csv", "AGE");
        let stray = FindingRow {
            kind: FindingKind::Stray,
            ..finding("file:///a b", "x.csv", "PERSON")
        };
        let registered = finding("crm", "x.csv", "PERSON");
        for finding in [other, stray, registered] {
            assert_ne!(print(finding), before);
        }
    }

    #[test]
    fn every_result_has_its_rule_and_every_failure_its_notice() {
        let findings = ["PERSON", "AGE", "PERSON"].map(|name| finding("crm", "t", name));
        let failure = |partial, resource: Option<&str>| Failure {
            source: None,
            source_name: "crm".to_owned(),
            resource: resource.map(str::to_owned),
            entity: None,
            place: Some("line 3".to_owned()),
            kind: SourceErrorKind::Denied,
            sentence: "it may not be read".to_owned(),
            hint: None,
            records: 0,
            partial,
        };
        let whole = run(&findings, &[]);
        assert_eq!(whole["invocations"][0]["executionSuccessful"], true);
        let rules = &whole["tool"]["driver"]["rules"];
        for result in whole["results"].as_array().unwrap() {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(rules[index]["id"], result["ruleId"]);
            for member in [
                "name",
                "shortDescription",
                "fullDescription",
                "help",
                "defaultConfiguration",
            ] {
                assert!(!rules[index][member].is_null(), "{member}");
            }
        }
        let failed = run(&findings, &[failure(false, None), failure(true, Some("t"))]);
        let invocation = &failed["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let notices = &invocation["toolExecutionNotifications"];
        assert_eq!(notices[0]["level"], "error");
        assert_eq!(
            notices[0]["message"]["text"],
            "crm, line 3: it may not be read"
        );
        assert!(notices[0]["locations"].is_null());
        assert_eq!(notices[1]["level"], "warning");
        let place = &notices[1]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(place["uri"], "t");
        assert_eq!(failed["tool"]["driver"]["notifications"][0]["id"], "denied");
    }

    #[test]
    fn what_a_person_confirmed_is_told_without_doubt() {
        let decided = locard_app::Decided {
            decision: locard_app::Decision::Confirmed,
            reason: None,
            at: String::new(),
        };
        let confirmed = FindingRow {
            decided: Some(decided),
            confidence: 1.0,
            ..finding("crm", "t", "PERSON")
        };
        let run = run(&[confirmed], &[]);
        let text = run["results"][0]["message"]["text"].as_str().unwrap();
        assert!(
            text.ends_with("confirmed by a person)") && !text.contains("confidence"),
            "{text}"
        );
    }

    #[test]
    fn identifiers_read_like_names_of_rules() {
        assert_eq!(pascal("EMAIL_ADDRESS"), "EmailAddress");
        assert_eq!(pascal("AGE"), "Age");
    }
}
