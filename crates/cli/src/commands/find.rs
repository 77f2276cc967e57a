//! `locard find`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use locard_app::{Doubt, FindOptions, FindReport};
use locard_model::{Attribute, ExposeSecret as _, Identifier, Strength, Subject};
use serde_json::{Map, Value};

use super::found::{Answer, left_out, told_once};
use super::{Outcome, Session, tell_failures};
use crate::args::{Find, ListFormat};
use crate::printer::{Printer, Reserved, printable, unless_closed};
use crate::progress::Progress;
use crate::table::{count, counted};

pub(crate) async fn run(session: &Session, args: &Find) -> Result<Outcome> {
    let known: BTreeSet<Identifier> = locard_app::rules(&session.home)
        .into_iter()
        .map(|rule| rule.identifier)
        .collect();
    let subjects = subjects(args, &known)?;
    let options = FindOptions {
        subjects,
        verify: args.verify,
        sources: args.source.clone(),
    };
    let reserved = Reserved::open(args.output.as_deref())?;
    let progress = Progress::new(session.printer);
    let result = locard_app::find(&session.home, &options, &progress, &session.cancel).await;
    progress.finish();
    let mut report = result?;
    let weak = if args.no_weak {
        take_weak(&mut report)
    } else {
        BTreeMap::new()
    };
    let answer = Answer {
        report: &report,
        options: &options,
        weak: &weak,
    };
    unless_closed(answer.print(reserved.output(session.printer)?, args.format))?;
    if args.format != ListFormat::Table {
        talk(session, &answer);
    }
    tell_doubts(session.printer, &report.doubts);
    let unscanned = !report.scanned && report.columns == 0;
    if unscanned {
        let hint = "`locard scan TARGET` reads a source; look-ups ask what scans have read";
        let sentence = "nothing was scanned yet, so this says nothing about the person";
        session.printer.error(sentence, Some(hint));
    }
    let idle = |subject: &Subject| report.asks_nothing(subject);
    let unasked = options.subjects.iter().any(idle);
    Ok(if unscanned || unasked || report.fell_short() {
        Outcome::Failed
    } else {
        Outcome::Done
    })
}

/// Doubts that are spelt out; of ten thousand subjects with the same slip some examples do.
const DOUBTS: usize = 20;

fn tell_doubts(printer: Printer, doubts: &[Doubt]) {
    for doubt in doubts.iter().take(DOUBTS) {
        let sentence = doubt.sentence();
        printer.warn(&printable(&format!("{}: {sentence}", doubt.subject)));
    }
    if doubts.len() > DOUBTS {
        printer.warn(&format!("and {} more like these", doubts.len() - DOUBTS));
    }
}

/// Takes weak matches out, and answers how many of each subject.
fn take_weak(report: &mut FindReport) -> BTreeMap<String, u64> {
    let mut taken = BTreeMap::new();
    report.hits.retain(|hit| {
        if hit.strength == Strength::Weak {
            *taken.entry(hit.subject.clone()).or_default() += 1;
        }
        hit.strength == Strength::Strong
    });
    taken
}

/// The subjects of the file, and one of what was typed.
fn subjects(args: &Find, known: &BTreeSet<Identifier>) -> Result<Vec<Subject>> {
    let mut subjects = match &args.subject {
        Some(file) => parse(&locard_app::read_text(file)?, known)
            .with_context(|| format!("cannot read subjects from {}", file.display()))?,
        None => Vec::new(),
    };
    let mut attributes = Vec::new();
    let mut add = |kind: &str, value: &str| {
        attributes.push(Attribute {
            identifier: Identifier::new(kind),
            value: value.to_owned(),
        });
    };
    for (kind, values) in [
        ("EMAIL_ADDRESS", &args.email),
        ("PHONE_NUMBER", &args.phone),
        ("PERSON", &args.name),
    ] {
        for value in values {
            add(kind, value.expose_secret());
        }
    }
    for text in &args.id {
        let Some((kind, value)) = text.expose_secret().split_once('=') else {
            bail!(
                "--id takes KIND=VALUE\nhint: for instance --id US_SSN=219-09-9999; `locard rules list` prints the kinds"
            );
        };
        add(&kind.to_ascii_uppercase(), value);
    }
    if attributes
        .iter()
        .any(|attribute| is_blank(&attribute.value))
    {
        bail!("a value of the person is empty\nhint: leave the option out if it is not known");
    }
    if !attributes.is_empty() {
        subjects.push(Subject {
            id: "subject".to_owned(),
            attributes,
        });
    }
    if subjects.is_empty() {
        bail!(
            "nothing is known of the person\nhint: name a file with --subject, or give --email, --phone, --name or --id"
        );
    }
    bounded(subjects)
}

/// So many subjects and attributes are asked at once at most: each costs memory in every column's question.
const MOST_SUBJECTS: usize = 10_000;
const MOST_ATTRIBUTES: usize = 100_000;

fn bounded(subjects: Vec<Subject>) -> Result<Vec<Subject>> {
    let attributes: usize = subjects
        .iter()
        .map(|subject| subject.attributes.len())
        .sum();
    if subjects.len() > MOST_SUBJECTS || attributes > MOST_ATTRIBUTES {
        bail!(
            "{} with {} are more than one look-up takes\nhint: ask in portions of at most {} subjects and {} attributes",
            counted(subjects.len() as u64, "subject", "subjects"),
            counted(attributes as u64, "attribute", "attributes"),
            count(MOST_SUBJECTS as u64),
            count(MOST_ATTRIBUTES as u64)
        );
    }
    Ok(subjects)
}

fn is_blank(value: &str) -> bool {
    value.trim().is_empty()
}

/// One JSON object, an array of them, or one per line.
fn parse(text: &str, known: &BTreeSet<Identifier>) -> Result<Vec<Subject>> {
    let values: Vec<Value> = serde_json::Deserializer::from_str(text)
        .into_iter::<Value>()
        .enumerate()
        .map(|(i, value)| {
            value.map_err(|error| {
                anyhow::anyhow!("object {}: not JSON at line {}", i + 1, error.line())
            })
        })
        .collect::<Result<_>>()?;
    let flat: Vec<Value> = values
        .into_iter()
        .flat_map(|value| match value {
            Value::Array(items) => items,
            other => vec![other],
        })
        .collect();
    flat.iter()
        .enumerate()
        .map(|(i, value)| subject(value, i + 1, known))
        .collect()
}

fn subject(value: &Value, number: usize, known: &BTreeSet<Identifier>) -> Result<Subject> {
    let Value::Object(fields) = value else {
        bail!("subject {number} is not a JSON object")
    };
    let id = fields
        .get("subject")
        .and_then(Value::as_str)
        .map_or_else(|| format!("subject-{number}"), str::to_owned);
    let mut attributes = Vec::new();
    for (name, value) in fields.iter().filter(|(name, _)| *name != "subject") {
        let field = || {
            if locard_app::is_identifier(name) {
                format!("subject {number}, field `{name}`")
            } else {
                format!("subject {number}, a field that is named like no identifier")
            }
        };
        collect(name, value, known, &mut attributes).with_context(field)?;
    }
    if attributes.is_empty() {
        bail!(
            "subject {number} has no attributes\nhint: for instance {{\"EMAIL_ADDRESS\": \"ada@example.org\"}}"
        );
    }
    Ok(Subject { id, attributes })
}

/// A value, a list of alternatives, or an object `{"type": …, "value": …}`.
fn collect(
    name: &str,
    value: &Value,
    known: &BTreeSet<Identifier>,
    attributes: &mut Vec<Attribute>,
) -> Result<()> {
    match value {
        Value::String(text) if is_blank(text) => {
            bail!("a value is empty\nhint: leave the field out, or make it null")
        }
        Value::String(text) => attributes.push(Attribute {
            identifier: Identifier::new(kind(name)),
            value: text.clone(),
        }),
        Value::Number(number) => attributes.push(Attribute {
            identifier: Identifier::new(kind(name)),
            value: number.to_string(),
        }),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| collect(name, item, known, attributes))?,
        Value::Object(fields) => typed(name, fields, known, attributes)?,
        Value::Null => {}
        Value::Bool(_) => bail!("true and false say nothing about a person"),
    }
    Ok(())
}

fn typed(
    name: &str,
    fields: &Map<String, Value>,
    known: &BTreeSet<Identifier>,
    attributes: &mut Vec<Attribute>,
) -> Result<()> {
    // Nested groups such as `keys` are read like the top level.
    if let (Some(Value::String(kind)), Some(value)) = (fields.get("type"), fields.get("value")) {
        return collect(kind, value, known, attributes);
    }
    if known.contains(&Identifier::new(kind(name))) {
        bail!("a value must be text or a list of texts");
    }
    fields
        .iter()
        .try_for_each(|(name, value)| collect(name, value, known, attributes))
}

/// The identifier that a field's name means; everyday words are understood, everything else is a kind already.
fn kind(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "email" | "e-mail" | "mail" => "EMAIL_ADDRESS".to_owned(),
        "phone" | "telephone" | "mobile" => "PHONE_NUMBER".to_owned(),
        "name" | "full_name" => "PERSON".to_owned(),
        "first_name" | "given_name" => "FIRST_NAME".to_owned(),
        "last_name" | "family_name" | "surname" => "LAST_NAME".to_owned(),
        "birth_date" | "birthdate" | "dob" => "DATE_OF_BIRTH".to_owned(),
        _ => name.to_ascii_uppercase(),
    }
}

/// What a form without room for it leaves out.
fn talk(session: &Session, answer: &Answer<'_>) {
    let printer = session.printer;
    let weak: u64 = answer.weak.values().sum();
    if weak > 0 {
        printer.say(left_out(weak));
    }
    let gaps = answer.report.not_searched.len() as u64;
    if gaps > 0 {
        printer.say(format!(
            "{} in what was searched; --format json lists them",
            counted(gaps, "gap", "gaps")
        ));
    }
    for twins in &answer.report.twins {
        printer.say(told_once(twins));
    }
    tell_failures(printer, &answer.report.failures);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Subject>> {
        let known = ["PERSON", "EMAIL_ADDRESS"].map(Identifier::new);
        super::parse(text, &BTreeSet::from(known))
    }

    fn kinds(text: &str) -> Vec<String> {
        parse(text)
            .unwrap()
            .iter()
            .flat_map(|subject| {
                subject
                    .attributes
                    .iter()
                    .map(|attribute| attribute.identifier.to_string())
            })
            .collect()
    }

    #[test]
    fn subjects_come_as_object_array_or_lines() {
        assert_eq!(
            kinds(r#"{"email": "a@example.org", "PERSON": ["A B", "B A"]}"#),
            ["EMAIL_ADDRESS", "PERSON", "PERSON"]
        );
        assert_eq!(
            parse(r#"[{"name": "A B"}, {"name": "C D"}]"#)
                .unwrap()
                .len(),
            2
        );
        assert_eq!(
            parse("{\"name\": \"A B\"}\n{\"name\": \"C D\"}\n")
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn typed_values_may_be_nested() {
        assert_eq!(
            kinds(
                r#"{"keys": {"national_id": {"type": "US_SSN", "value": "219-09-9999"}, "phone": "+1"}}"#
            ),
            ["US_SSN", "PHONE_NUMBER"]
        );
    }

    #[test]
    fn values_that_cannot_be_right_are_refused() {
        for text in [
            r#"{"PERSON": {"a": "b"}}"#,
            r#"{"name": [{"a": "b"}]}"#,
            r#"{"EMAIL_ADDRESS": " "}"#,
            r#"{"EMAIL_ADDRESS": ["a@example.org", ""]}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(r#"{"PERSON": null, "email": "a@example.org"}"#).is_ok());
    }

    #[test]
    fn too_many_at_once_are_refused() {
        let subject = |attributes: usize| Subject {
            id: String::new(),
            attributes: vec![
                Attribute {
                    identifier: Identifier::new("PERSON"),
                    value: "A B".to_owned(),
                };
                attributes
            ],
        };
        assert!(bounded(vec![subject(1); MOST_SUBJECTS]).is_ok());
        assert!(bounded(vec![subject(1); MOST_SUBJECTS + 1]).is_err());
        assert!(bounded(vec![subject(MOST_ATTRIBUTES + 1)]).is_err());
    }

    #[test]
    fn an_error_never_quotes_the_value() {
        let error = format!(
            "{:#}",
            parse(r#"{"email": "secret@example.org", }"#).unwrap_err()
        );
        assert!(!error.contains("secret"), "{error}");
        let swapped = format!(
            "{:#}",
            parse(r#"{"secret@example.org": true}"#).unwrap_err()
        );
        assert!(!swapped.contains("secret"), "{swapped}");
        let named = format!("{:#}", parse(r#"{"customer_id": true}"#).unwrap_err());
        assert!(named.contains("field `customer_id`"), "{named}");
    }
}
