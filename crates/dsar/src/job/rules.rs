//! What of a row is somebody else's: names, addresses and numbers of other people beside the person's own.
//!
//! It is judged against what is known of the person, so a name of theirs that nobody told is taken for another's. That is
//! listed, and a reviewer may reveal it; handing out what is another's cannot be taken back.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use locard_bundle::{Reason, Redaction, THIRD_PARTY, redact_field, redact_texts};
use locard_engine::Mask;
use locard_identify::Library;
use locard_index::{Query, Verifier, builtin_role, is_name, role_of};
use locard_model::{Identifier, Role, Subject};
use locard_sketch::Keyer;
use serde_json::{Map, Value};

use super::gather::{FieldMeta, Meta};
use super::learn::{is_own_role, is_own_word};
use super::texts::{is_prose, names, numbers, phones, two_words, words_in};
use crate::naming;

/// Judges rows of one person.
pub(super) struct Others {
    query: Query,
    mask: Mask,
    library: Arc<Library>,
    /// Whether a name of the person is known.
    knows_name: bool,
    /// The subject's attributes, by position.
    subject: Subject,
}

impl Others {
    pub(super) fn new(subject: Subject, mask: Mask, library: Arc<Library>, keyer: &Keyer) -> Self {
        let query = Query::compile(&subject, |attribute| role_of(attribute, None), keyer);
        let mut known = subject.attributes.iter();
        Self {
            knows_name: known.any(|attribute| is_name(&attribute.identifier)),
            query,
            mask,
            library,
            subject,
        }
    }

    /// Says whose the fields of a row are. It is asked before anybody takes anything out: half of a name is nobody's.
    pub(super) fn judge(&self, meta: &Meta, values: &Map<String, Value>) -> Judged {
        let own = self.own(meta, values);
        Judged {
            others: self.other_columns(meta, values, &own),
            own: own.columns,
        }
    }

    /// Takes out of a row what is somebody else's, but for fields that a reviewer revealed.
    pub(super) fn redact(
        &self,
        meta: &Meta,
        values: &mut Map<String, Value>,
        (judged, revealed): (&Judged, &BTreeSet<&str>),
    ) -> locard_bundle::Result<Vec<Redaction>> {
        let mut redactions = Vec::new();
        for field in &meta.fields {
            let name = field.name.as_str();
            match fate(field, values, (judged, revealed)) {
                Fate::Stays => {}
                Fate::Goes(identifier) => {
                    redactions.extend(redact_field(values, name, &why(Some(identifier))));
                }
                Fate::Searched => {
                    let mut find = |text: &str| self.in_text(&meta.info.resource, field, text);
                    redactions.extend(redact_texts(values, name, &why(None), &mut find)?);
                }
            }
        }
        Ok(redactions)
    }

    /// The same without taking anything out: which parts it would be.
    pub(super) fn taken(
        &self,
        meta: &Meta,
        values: &Map<String, Value>,
        by: (&Judged, &BTreeSet<&str>),
    ) -> Vec<Taken> {
        let mut taken = Vec::new();
        for field in &meta.fields {
            let Some(value) = values.get(&field.name).filter(|value| !value.is_null()) else {
                continue;
            };
            let mut add = |identifier: Option<&Identifier>, within: &str, spans| {
                taken.push(Taken {
                    column: field.name.clone(),
                    identifier: identifier.map(ToString::to_string),
                    within: within.to_owned(),
                    spans,
                });
            };
            match fate(field, values, by) {
                Fate::Stays => {}
                Fate::Goes(identifier) => add(Some(identifier), "", Vec::new()),
                Fate::Searched => each_text(value, &mut String::new(), &mut |within, text| {
                    let spans = self.in_text(&meta.info.resource, field, text);
                    if !spans.is_empty() {
                        let spans = spans.iter().map(|span| (span.start, span.end));
                        add(None, within, spans.collect());
                    }
                }),
            }
        }
        taken
    }

    /// What of the row agrees with the person.
    fn own(&self, meta: &Meta, values: &Map<String, Value>) -> Own {
        let texts: Vec<(&str, String)> = values
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), text(value)?)))
            .collect();
        let cells: Vec<(&str, &str)> = texts
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let verifier = Verifier::new([&self.query], &meta.info.resource);
        let mut own = Own::default();
        for hit in verifier.check_row(&cells) {
            for cell in hit.cells {
                own.columns
                    .extend(cells.get(cell).map(|(name, _)| (*name).to_owned()));
            }
            for at in hit.attributes {
                let attribute = self.subject.attributes.get(at);
                own.kinds
                    .extend(attribute.map(|attribute| attribute.identifier.clone()));
            }
        }
        own
    }

    /// Columns that hold another person's name, address or number, and what it is.
    fn other_columns(
        &self,
        meta: &Meta,
        values: &Map<String, Value>,
        own: &Own,
    ) -> Vec<(String, Identifier)> {
        let is_filled = |field: &&FieldMeta| {
            let text = values.get(&field.name).and_then(text);
            text.is_some_and(|text| !text.trim().is_empty()) && !own.columns.contains(&field.name)
        };
        let candidates: Vec<&FieldMeta> = meta.fields.iter().filter(is_filled).collect();
        let name_of = |field: &FieldMeta| field.identifiers.iter().find(|it| is_name(it)).cloned();
        let names: Vec<&&FieldMeta> = candidates
            .iter()
            .filter(|field| name_of(field).is_some())
            .collect();
        // A row that is theirs by something unique, and has no other name, may have theirs in a spelling that nobody told.
        let names_own = own.kinds.iter().any(is_name);
        let is_like = |field: &&&FieldMeta| {
            is_plain(&field.name) && values.get(&field.name).is_some_and(|it| self.is_alike(it))
        };
        let is_their_row = own.kinds.iter().any(is_unique)
            && !names_own
            && is_one_name(&names)
            && names.iter().any(is_like);
        let mut others: Vec<(String, Identifier)> = Vec::new();
        if !is_their_row {
            // Of whom no name is known, only what says whom the row is about may be theirs.
            let is_other = |field: &&&&FieldMeta| self.knows_name || !is_own_role(&field.name);
            let named = names
                .iter()
                .filter(is_other)
                .filter_map(|field| Some((field.name.clone(), name_of(field)?)));
            others.extend(named);
        }
        let names_none = others.is_empty();
        let stems: BTreeSet<String> = others.iter().filter_map(|(name, _)| stem(name)).collect();
        for field in candidates {
            let contact = field
                .identifiers
                .iter()
                .find(|it| !is_name(it) && is_telling(it));
            let Some(identifier) = contact else { continue };
            let beside = own.kinds.contains(identifier);
            let with_name = stem(&field.name).is_some_and(|stem| stems.contains(&stem));
            // Who is reached there is somebody else, unless the column is one of the person's own.
            let is_open = !meta.over.is_empty() || !names_none || self.knows(identifier);
            let strange =
                is_open && is_strange(identifier, &field.name) && !meta.own.contains(&field.name);
            if beside || with_name || strange {
                others.push((field.name.clone(), identifier.clone()));
            }
        }
        others
    }

    /// Whether a value of this kind is known of the person.
    fn knows(&self, identifier: &Identifier) -> bool {
        let mut known = self.subject.attributes.iter();
        known.any(|attribute| attribute.identifier == *identifier)
    }

    /// Whether a name shares a word with one that is known of the person.
    fn is_alike(&self, name: &Value) -> bool {
        let name = text(name).unwrap_or_default();
        let words: BTreeSet<String> = words_of(&name).collect();
        let known = self.subject.attributes.iter();
        let mut known = known.filter(|attribute| is_name(&attribute.identifier));
        known.any(|attribute| words_of(&attribute.value).any(|word| words.contains(&word)))
    }

    /// Parts of a text that name somebody else.
    fn in_text(&self, table: &str, field: &FieldMeta, text: &str) -> Vec<Range<usize>> {
        let verifier = Verifier::new([&self.query], table);
        let column = field.name.as_str();
        let is_own = |part: &str| !verifier.check_row(&[(column, part)]).is_empty();
        if !is_prose(text) {
            return self.in_short(field, text, &is_own);
        }
        let mut spans: Vec<Range<usize>> = numbers(text)
            .into_iter()
            .filter(|span| self.mask.cell(&text[span.clone()]) != text[span.clone()])
            .filter(|span| !is_own(&text[span.clone()]))
            .collect();
        let named = names(text);
        // Half of their own name beside another capital word is no other person.
        let mut own: Vec<Range<usize>> = self.own_names(text);
        own.extend(phones(text).filter(|span| is_own(&text[span.clone()])));
        spans.extend(named.into_iter().filter(|span| {
            let name = &text[span.clone()];
            self.is_full_name(name) && !is_own(name)
        }));
        let cuts = |span: &Range<usize>| {
            let mut own = own.iter();
            own.any(|own| own.start < span.end && span.start < own.end)
        };
        spans.retain(|span| !cuts(span));
        spans
    }

    /// The same of a text of one or two words. More of these are names of things, so a name must be one by the lists of
    /// first names and last names, or have a title.
    fn in_short(
        &self,
        field: &FieldMeta,
        text: &str,
        is_own: &dyn Fn(&str) -> bool,
    ) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        // What says whom the row is about, or is a name or a number as a whole, was judged as such.
        if is_own_role(&field.name) || field.identifiers.iter().any(is_judged) {
            return spans;
        }
        let is_address = |span: &Range<usize>| {
            let part = &text[span.clone()];
            (part.contains('@') || part.starts_with('+')) && self.mask.cell(part) != part
        };
        let addresses = numbers(text).into_iter().filter(is_address);
        spans.extend(addresses.filter(|span| !is_own(&text[span.clone()])));
        if let Some((span, name)) = two_words(text)
            && self.knows_name
            && self.is_certain_name(&name)
            && !is_own(&text[span.clone()])
            && !is_own(&name)
        {
            spans.push(span);
        }
        spans
    }

    /// Whether two words are a name by both lists; or a title, and a name that is none of the person's.
    fn is_certain_name(&self, name: &str) -> bool {
        let trials = self.library.test(name);
        let is_term = |how| how == locard_identify::How::Terms;
        let mut others = trials.iter().filter(|trial| is_term(trial.how));
        // Towns are called like people.
        if others.any(|trial| ALIKE.contains(&trial.identifier.as_str())) {
            return false;
        }
        let mut persons = trials
            .iter()
            .filter(|trial| trial.identifier.as_str() == "PERSON" && trial.holds());
        // A title is no part of a name.
        if persons.clone().any(|trial| trial.rule == TITLED) {
            return !self.is_alike(&Value::String(name.to_owned()));
        }
        persons.any(|trial| match trial.how {
            locard_identify::How::Inside => true,
            // Each word of it is in one of both lists.
            locard_identify::How::Terms => {
                trial.rule == FULL && name.split(' ').all(|word| self.is_listed(word))
            }
            locard_identify::How::Pattern => false,
        })
    }

    /// Whether a word is a first or a last name by a list: "Mark Paid" begins with one.
    fn is_listed(&self, word: &str) -> bool {
        let trials = self.library.test(word);
        let of_names = ["FIRST_NAME", "LAST_NAME"];
        let mut terms = trials
            .iter()
            .filter(|trial| trial.how == locard_identify::How::Terms);
        terms.any(|trial| of_names.contains(&trial.identifier.as_str()))
    }

    /// Where the person's own full names stand in a text, in whatever order of their words.
    fn own_names(&self, text: &str) -> Vec<Range<usize>> {
        let words = words_in(text);
        let known = self.subject.attributes.iter();
        let known = known.filter(|attribute| is_name(&attribute.identifier));
        let mut spans = Vec::new();
        for name in known {
            let wanted: BTreeSet<String> = words_of(&name.value).collect();
            if wanted.len() < 2 {
                continue;
            }
            let is_it = |run: &&[Range<usize>]| {
                let found = run.iter().map(|word| text[word.clone()].to_lowercase());
                found.collect::<BTreeSet<_>>() == wanted
            };
            let runs = words.windows(wanted.len()).filter(is_it);
            spans.extend(runs.filter_map(|run| Some(run.first()?.start..run.last()?.end)));
        }
        spans
    }

    /// Whether two words are a person's name by the lists of names.
    fn is_full_name(&self, text: &str) -> bool {
        let trials = self.library.test(text);
        let is_whole = |how| {
            matches!(
                how,
                locard_identify::How::Terms | locard_identify::How::Pattern
            )
        };
        trials.iter().any(|trial| {
            trial.identifier.as_str() == "PERSON" && trial.holds() && is_whole(trial.how)
        })
    }
}

/// The rule of names of several words.
const FULL: &str = "person.full_name";

/// The rule of names with a title.
const TITLED: &str = "person.titled_name";

/// Kinds of data of which a value as a whole looks like a name, and is none.
const ALIKE: [&str; 5] = [
    "STREET_ADDRESS",
    "CITY",
    "COUNTRY",
    "ORGANIZATION",
    "THING_NAME",
];

/// Whether a column of this kind is judged as a whole, or holds what only looks like names.
fn is_judged(identifier: &Identifier) -> bool {
    is_name(identifier) || is_telling(identifier) || ALIKE.contains(&identifier.as_str())
}

/// A part of a field that rules take out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The field.
    pub column: String,
    /// What it is: `PERSON`; none where it is part of a text.
    pub identifier: Option<String>,
    /// Where in a list or an object, as a JSON pointer; empty: the field itself.
    pub within: String,
    /// Parts of its text in bytes, from and to; none: all of it.
    pub spans: Vec<(usize, usize)>,
}

/// What becomes of a field.
enum Fate<'j> {
    Stays,
    /// It is another person's.
    Goes(&'j Identifier),
    /// Parts of it may be.
    Searched,
}

fn fate<'j>(
    field: &FieldMeta,
    values: &Map<String, Value>,
    (judged, revealed): (&'j Judged, &BTreeSet<&str>),
) -> Fate<'j> {
    let name = field.name.as_str();
    let is_own = judged.own.contains(name) && !is_long(values.get(name));
    if is_own || revealed.contains(name) {
        return Fate::Stays;
    }
    let mut others = judged.others.iter();
    let other = others.find(|(other, _)| other == name);
    other.map_or(Fate::Searched, |(_, identifier)| Fate::Goes(identifier))
}

/// Every text of a value, with where it stands.
fn each_text(value: &Value, within: &mut String, take: &mut dyn FnMut(&str, &str)) {
    let mut at = |step: &str, value: &Value, within: &mut String| {
        let length = within.len();
        within.push('/');
        within.push_str(&step.replace('~', "~0").replace('/', "~1"));
        each_text(value, within, take);
        within.truncate(length);
    };
    match value {
        Value::String(text) => take(within, text),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                at(&number.to_string(), item, within);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                at(name, field, within);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whose the fields of a row are.
pub(super) struct Judged {
    /// Fields in which something of the person agrees.
    own: BTreeSet<String>,
    /// Fields that are another person's, and what they hold.
    others: Vec<(String, Identifier)>,
}

/// What of a row is the person's.
#[derive(Default)]
struct Own {
    columns: BTreeSet<String>,
    kinds: BTreeSet<Identifier>,
}

pub(super) fn why(identifier: Option<&Identifier>) -> Reason {
    Reason {
        reason: THIRD_PARTY.to_owned(),
        exemption: None,
        identifier: identifier.map(ToString::to_string),
    }
}

fn is_unique(identifier: &Identifier) -> bool {
    builtin_role(identifier) == Role::Unique
}

/// Whether a value of it leads to one person, or a household.
pub(super) fn is_telling(identifier: &Identifier) -> bool {
    matches!(identifier.as_str(), "PHONE_NUMBER" | "FAX_NUMBER")
        || (is_unique(identifier) && !identifier.as_str().contains("CUSTOMER"))
}

/// Whether a column holds addresses or numbers of whoever is reached there, which is not plainly whom the row is about:
/// `contact_email`, and not `email`, `customer_email` or `mobile_phone`.
fn is_strange(identifier: &Identifier, column: &str) -> bool {
    let is_contact = matches!(
        identifier.as_str(),
        "EMAIL_ADDRESS" | "PHONE_NUMBER" | "FAX_NUMBER"
    );
    let words = naming::words(column);
    let is_plain = |word: &String| {
        let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        word.is_empty() || is_own_word(word) || BILLED.contains(&word)
    };
    is_contact && words.len() > 1 && !words.iter().all(is_plain)
}

/// What else a column of addresses is called that holds those of whom its row is about.
const BILLED: [&str; 3] = ["billing", "invoice", "login"];

/// Whether these columns hold one name: one of them, or a first and a last name.
fn is_one_name(names: &[&&FieldMeta]) -> bool {
    let has =
        |field: &&&FieldMeta, kind: &str| field.identifiers.iter().any(|it| it.as_str() == kind);
    match names {
        [_] => true,
        [one, other] => {
            has(one, "FIRST_NAME") && has(other, "LAST_NAME")
                || has(one, "LAST_NAME") && has(other, "FIRST_NAME")
        }
        _ => false,
    }
}

/// Words of a name that tell something.
pub(super) fn words_of(name: &str) -> impl Iterator<Item = String> {
    let words = name.split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| word.chars().count() > 2);
    words.map(str::to_lowercase)
}

/// What a column of names is called that holds whom its row is about.
const PLAIN: [&str; 12] = [
    "full", "first", "last", "given", "family", "display", "customer", "user", "person", "client",
    "member", "account",
];

/// Whether a column of names is called so, or by one word: not `agent_name` or `emergency_contact`.
fn is_plain(name: &str) -> bool {
    stem(name).is_none_or(|stem| PLAIN.contains(&stem.as_str()))
}

/// The first word of a column's name, where it has several: `agent` of `agent_email`.
fn stem(name: &str) -> Option<String> {
    let (first, rest) = name.split_once(['_', '.', '-', ' '])?;
    (first.len() > 2 && !rest.is_empty()).then(|| first.to_lowercase())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a field is a text in which more may stand than what agreed.
fn is_long(value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(text)) => is_prose(text),
        Some(Value::Array(_) | Value::Object(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
