//! The persons of a look-up, from a file and from options.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use locard_model::{Attribute, ExposeSecret as _, Identifier, Subject};
use serde_json::{Deserializer, Map, Value};

use super::Session;
use super::strict::{REPEATED, Strict};
use crate::args::Person;
use crate::printer::{Printer, printable};
use crate::table::{count, counted};

/// The subjects of the file, and one of what was typed. Fields of the file that are about something else are left out with
/// a warning.
pub(super) fn subjects(
    printer: Printer,
    args: &Person,
    known: &BTreeSet<Identifier>,
) -> Result<Vec<Subject>> {
    let mut left = BTreeSet::new();
    let subjects = read(args, known, &mut left)?;
    if !left.is_empty() {
        let names: Vec<String> = left.iter().map(|name| format!("`{name}`")).collect();
        printer.warn(&format!(
            "left out of the subjects: {}, lists of objects without `type` and `value`",
            names.join(", ")
        ));
    }
    Ok(subjects)
}

fn read(
    args: &Person,
    known: &BTreeSet<Identifier>,
    left: &mut BTreeSet<String>,
) -> Result<Vec<Subject>> {
    let mut subjects = match &args.subject {
        Some(file) => parse(&locard_app::read_text(file)?, known, left)
            .with_context(|| format!("cannot read subjects from {}", file.display()))?,
        None => Vec::new(),
    };
    if let (Some(file), true) = (&args.subject, subjects.is_empty()) {
        bail!(
            "no subject is in {}\nhint: for instance {{\"subject\": \"request-1\", \"EMAIL_ADDRESS\": \"ada@example.org\"}}",
            printable(&file.display().to_string())
        );
    }
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
        let Some((name, value)) = text.expose_secret().split_once('=') else {
            bail!(
                "--id takes KIND=VALUE\nhint: for instance --id US_SSN=219-09-9999; `locard rules list` prints the kinds"
            );
        };
        add(&kind(name.trim()), value);
    }
    if attributes
        .iter()
        .any(|attribute| is_blank(&attribute.value))
    {
        bail!("a value of the person is empty\nhint: leave the option out if it is not known");
    }
    if !attributes.is_empty() {
        let id = "subject".to_owned();
        subjects.push((Subject { id, attributes }, "the options".to_owned()));
    }
    if subjects.is_empty() {
        bail!(
            "nothing is known of the person\nhint: name a file with --subject, or give --email, --phone, --name or --id"
        );
    }
    bounded(distinct(subjects)?)
}

/// The one subject that a command is about.
pub(super) fn one_subject(session: &Session, args: &Person) -> Result<Subject> {
    let known: BTreeSet<Identifier> = locard_app::rules(&session.home)
        .into_iter()
        .map(|rule| rule.identifier)
        .collect();
    let mut subjects = subjects(session.printer, args, &known)?;
    match (subjects.pop(), subjects.len()) {
        (Some(only), 0) => Ok(only),
        _ => bail!(
            "this is about one person at a time\nhint: put everything that is known of them into one object"
        ),
    }
}

/// The subjects, without where they are written; places are told by name, so that no two may have one.
fn distinct(subjects: Vec<(Subject, String)>) -> Result<Vec<Subject>> {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for (subject, place) in &subjects {
        if let Some(first) = known.insert(&subject.id, place) {
            bail!(
                "two subjects are named `{}`: {first} and {place}\nhint: give each a \"subject\" of its own, so that their places can be told apart",
                printable(&subject.id)
            );
        }
    }
    Ok(subjects.into_iter().map(|(subject, _)| subject).collect())
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

/// The subjects of a text, each with where it is written.
fn parse(
    text: &str,
    known: &BTreeSet<Identifier>,
    left: &mut BTreeSet<String>,
) -> Result<Vec<(Subject, String)>> {
    objects(text)?
        .iter()
        .enumerate()
        .map(|(i, (line, value))| {
            let number = i + 1;
            let subject = subject(value, number, known, left)?;
            Ok((subject, format!("subject {number} on line {line}")))
        })
        .collect()
}

/// One JSON object, an array of them, or one per line; each with the line that it begins in.
fn objects(text: &str) -> Result<Vec<(usize, Value)>> {
    let mut found = Vec::new();
    let mut lines = Lines {
        text,
        at: 0,
        line: 1,
    };
    let mut values = Deserializer::from_str(text).into_iter::<Strict>();
    while let Some(value) = values.next() {
        let number = found.len() + 1;
        let Strict(value) = value.map_err(|error| unread(number, &error))?;
        match value {
            Value::Array(items) => found.extend(items.into_iter().map(|item| {
                let line = lines.seek(&[',', '[']);
                lines.pass();
                (line, item)
            })),
            value => found.push((lines.seek(&[]), value)),
        }
        lines.go(values.byte_offset());
    }
    Ok(found)
}

/// What is wrong with the text; never a part of it.
fn unread(number: usize, error: &serde_json::Error) -> anyhow::Error {
    let line = error.line();
    if error.to_string().starts_with(REPEATED) {
        return anyhow::anyhow!(
            "object {number}: {REPEATED}, at line {line}\nhint: several values of one kind are a list: {{\"EMAIL_ADDRESS\": [\"…\", \"…\"]}}"
        );
    }
    anyhow::anyhow!(
        "object {number}: not JSON at line {line}\nhint: a file of subjects is one JSON object, a list of them, or one on each line: {{\"PERSON\": \"…\", \"EMAIL_ADDRESS\": \"…\"}}"
    )
}

/// Where one is in a text that is known to be JSON.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn go(&mut self, to: usize) {
        let passed = self.text.get(self.at..to).unwrap_or_default();
        self.line += passed.matches('\n').count();
        self.at = to;
    }

    /// Goes to the next value, over what stands between values; answers its line.
    fn seek(&mut self, between: &[char]) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let value = rest.find(|c: char| !c.is_ascii_whitespace() && !between.contains(&c));
        self.go(self.at + value.unwrap_or(0));
        self.line
    }

    /// Goes behind the value that begins here.
    fn pass(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut values = Deserializer::from_str(rest).into_iter::<Value>();
        values.next();
        self.go(self.at + values.byte_offset());
    }
}

fn subject(
    value: &Value,
    number: usize,
    known: &BTreeSet<Identifier>,
    left: &mut BTreeSet<String>,
) -> Result<Subject> {
    let Value::Object(fields) = value else {
        bail!(
            "subject {number} is not a JSON object\nhint: for instance {{\"EMAIL_ADDRESS\": \"ada@example.org\"}}"
        )
    };
    let id = match fields.get("subject") {
        None | Some(Value::Null) => format!("subject-{number}"),
        Some(Value::String(id)) if !is_blank(id) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        Some(_) => bail!(
            "subject {number}, field `subject` is neither a text nor a number\nhint: it is your name for the person in the answer: {{\"subject\": \"request-1\", …}}"
        ),
    };
    let mut attributes = Vec::new();
    for (name, value) in fields.iter().filter(|(name, _)| *name != "subject") {
        let field = || {
            if locard_app::is_identifier(name) {
                format!("subject {number}, field `{name}`")
            } else {
                format!("subject {number}, a field that is named like no identifier")
            }
        };
        if is_of_something_else(name, value, known) {
            left.insert(name.clone());
            continue;
        }
        collect(name, value, known, &mut attributes).with_context(field)?;
    }
    if attributes.is_empty() {
        bail!(
            "subject {number} has no attributes\nhint: for instance {{\"EMAIL_ADDRESS\": \"ada@example.org\"}}"
        );
    }
    Ok(Subject { id, attributes })
}

/// Whether a field is a list of objects none of which is a value with its type, as the orders of a customer are. Its name
/// can be told.
fn is_of_something_else(name: &str, value: &Value, known: &BTreeSet<Identifier>) -> bool {
    let is_other = |item: &Value| match item {
        Value::Object(fields) => !(fields.contains_key("type") && fields.contains_key("value")),
        _ => false,
    };
    let items = value.as_array().filter(|items| !items.is_empty());
    locard_app::is_identifier(name)
        && !known.contains(&Identifier::new(kind(name)))
        && items.is_some_and(|items| items.iter().all(is_other))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Subject>> {
        let known = ["PERSON", "EMAIL_ADDRESS"].map(Identifier::new);
        distinct(super::parse(
            text,
            &BTreeSet::from(known),
            &mut BTreeSet::new(),
        )?)
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
    fn a_subject_is_named_by_text_or_number_and_nothing_else() {
        let named = |id: &str| parse(&format!(r#"{{"subject": {id}, "name": "A B"}}"#));
        for (id, name) in [("17", "17"), ("\"r 1\"", "r 1"), ("null", "subject-1")] {
            assert_eq!(named(id).unwrap()[0].id, name);
        }
        for id in ["true", "[1]", "{}", "\" \""] {
            let error = named(id).unwrap_err().to_string();
            assert!(error.contains("neither a text nor a number"), "{error}");
        }
    }

    #[test]
    fn two_subjects_of_one_name_are_refused_with_where_they_are() {
        let lines = "{\"subject\": \"r\",\n \"name\": \"A\"}\n\n{\"subject\": 7, \"name\": \"B\"}\n{\"subject\": \"r\", \"name\": \"C\"}";
        let list =
            "[\n{\"subject\": \"7\", \"name\": \"A\"},\n\n{\"subject\": 7, \"name\": \"[,\"}]";
        let given = "{\"name\": \"A\"} {\"subject\": \"subject-1\", \"name\": \"B\"}";
        for (text, places) in [
            (lines, "`r`: subject 1 on line 1 and subject 3 on line 5"),
            (list, "`7`: subject 1 on line 2 and subject 2 on line 4"),
            (
                given,
                "`subject-1`: subject 1 on line 1 and subject 2 on line 1",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(places), "{error}");
        }
    }

    #[test]
    fn typed_values_may_be_nested() {
        assert_eq!(
            kinds(
                r#"{"keys": {"national_id": {"type": "US_SSN", "value": "219-09-9999"}, "phone": "+1"}}"#
            ),
            ["US_SSN", "PHONE_NUMBER"]
        );
        assert_eq!(
            kinds(
                r#"{"email": "a@example.org", "orders": [{"row": 3}], "more": [{"type": "PERSON", "value": "A B"}]}"#
            ),
            ["EMAIL_ADDRESS", "PERSON"]
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
