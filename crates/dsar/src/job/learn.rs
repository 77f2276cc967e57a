//! What rows that are certainly the person's say of them: names, numbers and addresses that nobody told, and that are not
//! another's for that.
//!
//! It is learned only of columns that say whom the row is about, where the row agrees in such a column too: of a message,
//! or of an emergency contact, the rest of the row is somebody else's. Rows of two names, as where people share an
//! address, teach nothing.

use std::collections::BTreeSet;

use locard_app::Result;
use locard_index::is_name;
use locard_model::{Attribute, Identifier, Strength, Subject};
use serde_json::Value;

use super::decide::{Decisions, Ruling, Verdict};
use super::gather::{self, KeptRow, Meta};
use super::rules::{is_telling, words_of};
use super::{Collected, unkept};
use crate::keep::Shelf;

/// Rows of one section from which something is learned, and values in all.
const ROWS: usize = 1_000;
const VALUES: usize = 100;

/// Words of which names of columns are made that say something of whom the row is about.
const OWN: [&str; 50] = [
    "account",
    "address",
    "adresse",
    "applicant",
    "birth",
    "cell",
    "client",
    "customer",
    "display",
    "email",
    "employee",
    "familienname",
    "family",
    "fax",
    "first",
    "firstname",
    "full",
    "fullname",
    "given",
    "guest",
    "home",
    "kunde",
    "last",
    "lastname",
    "mail",
    "member",
    "middle",
    "mobile",
    "nachname",
    "name",
    "no",
    "number",
    "passenger",
    "patient",
    "person",
    "phone",
    "primary",
    "private",
    "requester",
    "secondary",
    "strasse",
    "street",
    "surname",
    "telefon",
    "telephone",
    "title",
    "user",
    "username",
    "vorname",
    "work",
];

/// Whether a column says something of whom its row is about: not `agent_name`, `to_phone` or `neighbour`.
pub(super) fn is_own_role(column: &str) -> bool {
    let mut words = column
        .split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
        .peekable();
    words.peek().is_some() && words.all(is_own_word)
}

/// Whether a word of a column's name says something of whom its row is about.
pub(super) fn is_own_word(word: &str) -> bool {
    OWN.contains(&word.to_lowercase().as_str())
}

/// The person, and what their own rows say of them.
pub(super) fn learned(
    shelf: &Shelf,
    (collected, decisions): (&Collected, &Decisions),
    subject: Subject,
) -> Result<Subject> {
    let mut found = Vec::new();
    for info in &collected.sections {
        let meta = gather::section(shelf, info.number).map_err(unkept)?;
        if !meta.over.is_empty() {
            continue;
        }
        let rows = gather::rows(shelf, info.number).map_err(unkept)?;
        for (row, at) in rows.zip(1..).take(ROWS) {
            let row = row.map_err(unkept)?;
            let ruling = decisions.ruling(info.number, at);
            if is_theirs(&meta, &row, &ruling) {
                told(&meta, &row, &mut found);
            }
        }
    }
    Ok(with(subject, found))
}

/// Whether a row is certainly the person's, and about them.
fn is_theirs(meta: &Meta, row: &KeptRow, ruling: &Ruling<'_>) -> bool {
    let verdict = ruling.verdict.and_then(|it| it.decision.verdict);
    let is_known = row.strength == Some(Strength::Strong) && row.review.is_none();
    let is_in = ruling.includes(row) && (is_known || verdict == Some(Verdict::Same));
    // Names alone are shared; of a row that somebody confirmed they are enough.
    let says = |field: &&gather::FieldMeta| {
        let is_enough = verdict == Some(Verdict::Same) || !field.identifiers.iter().all(is_name);
        is_enough && is_own_role(&field.name) && row.agreed.contains(&field.name)
    };
    is_in && meta.fields.iter().any(|field| says(&field))
}

fn told(meta: &Meta, row: &KeptRow, found: &mut Vec<Attribute>) {
    let is_learned =
        |it: &&Identifier| is_name(it) || is_telling(it) || it.as_str() == "STREET_ADDRESS";
    for field in meta.fields.iter().filter(|field| is_own_role(&field.name)) {
        let Some(identifier) = field.identifiers.iter().find(is_learned) else {
            continue;
        };
        let Some(Value::String(value)) = row.values.get(&field.name) else {
            continue;
        };
        let new = Attribute {
            identifier: identifier.clone(),
            value: value.trim().to_owned(),
        };
        if !new.value.is_empty() && found.len() < VALUES && !found.contains(&new) {
            found.push(new);
        }
    }
}

/// The person with what was found, unless it tells of several people.
fn with(mut subject: Subject, found: Vec<Attribute>) -> Subject {
    let words = |attributes: &[Attribute], kinds: &[&str]| -> Vec<BTreeSet<String>> {
        let named = attributes.iter().filter(|it| is_name(&it.identifier));
        let named = named.filter(|it| kinds.is_empty() || kinds.contains(&it.identifier.as_str()));
        named.map(|it| words_of(&it.value).collect()).collect()
    };
    // A first name and a last one have no word in common: each kind is compared with itself.
    let is_one = ["PERSON", "FIRST_NAME", "LAST_NAME"].iter().all(|kind| {
        let mut all = words(&subject.attributes, &[kind]);
        all.extend(words(&found, &[kind]));
        all.windows(2).all(|pair| !pair[0].is_disjoint(&pair[1]))
    });
    if is_one {
        let new = found
            .into_iter()
            .filter(|it| !subject.attributes.contains(it));
        let new: Vec<Attribute> = new.collect();
        subject.attributes.extend(new);
    }
    subject
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: &str, value: &str) -> Attribute {
        Attribute {
            identifier: Identifier::new(kind),
            value: value.to_owned(),
        }
    }

    fn subject() -> Subject {
        Subject {
            id: "subject".to_owned(),
            attributes: vec![attribute("EMAIL_ADDRESS", "anna@example.org")],
        }
    }

    #[test]
    fn columns_of_others_teach_nothing() {
        for own in ["full_name", "phone", "email2", "customer_name", "Street"] {
            assert!(is_own_role(own), "{own}");
        }
        for other in ["ship_to_name", "agent_phone", "to_email", "neighbour", ""] {
            assert!(!is_own_role(other), "{other}");
        }
    }

    #[test]
    fn names_of_one_person_are_learned_and_those_of_two_are_not() {
        let anna = attribute("PERSON", "Anna Muster");
        let known = with(
            subject(),
            vec![anna.clone(), attribute("PHONE_NUMBER", "+49 30 1")],
        );
        assert_eq!(known.attributes.len(), 3);
        let two = with(subject(), vec![anna, attribute("PERSON", "Bob Schmidt")]);
        assert_eq!(two, subject());
    }
}
