//! What of a row is somebody else's: names, addresses and numbers of other people beside the person's own.
//!
//! It is judged against what is known of the person, so a name of theirs that nobody told is taken for another's. That is
//! listed, and a reviewer may reveal it; handing out what is another's cannot be taken back.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use locard_bundle::{Reason, Redaction, redact_field, redact_texts};
use locard_engine::Mask;
use locard_identify::Library;
use locard_index::{Query, Verifier, builtin_role, is_name, role_of};
use locard_model::{Identifier, Role, Subject};
use locard_sketch::Keyer;
use serde_json::{Map, Value};

use super::gather::{FieldMeta, Meta};
use super::learn::is_own_role;

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

/// Why it is taken out.
const WHY: &str = "it is another person's";

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
            let is_own = judged.own.contains(name) && !is_long(values.get(name));
            if is_own || revealed.contains(name) {
                continue;
            }
            if let Some((_, identifier)) = judged.others.iter().find(|(other, _)| other == name) {
                redactions.extend(redact_field(values, name, &why(Some(identifier))));
            } else {
                let mut find = |text: &str| self.in_text(&meta.info.resource, name, text);
                redactions.extend(redact_texts(values, name, &why(None), &mut find)?);
            }
        }
        Ok(redactions)
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
        let stems: BTreeSet<String> = others.iter().filter_map(|(name, _)| stem(name)).collect();
        for field in candidates {
            let contact = field
                .identifiers
                .iter()
                .find(|it| !is_name(it) && is_telling(it));
            let Some(identifier) = contact else { continue };
            let beside = own.kinds.contains(identifier);
            let with_name = stem(&field.name).is_some_and(|stem| stems.contains(&stem));
            if beside || with_name {
                others.push((field.name.clone(), identifier.clone()));
            }
        }
        others
    }

    /// Whether a name shares a word with one that is known of the person.
    fn is_alike(&self, name: &Value) -> bool {
        let name = text(name).unwrap_or_default();
        let words: BTreeSet<String> = words_of(&name).collect();
        let known = self.subject.attributes.iter();
        let mut known = known.filter(|attribute| is_name(&attribute.identifier));
        known.any(|attribute| words_of(&attribute.value).any(|word| words.contains(&word)))
    }

    /// Parts of a longer text that name somebody else.
    fn in_text(&self, table: &str, column: &str, text: &str) -> Vec<Range<usize>> {
        if !is_prose(text) {
            return Vec::new();
        }
        let verifier = Verifier::new([&self.query], table);
        let is_own = |part: &str| !verifier.check_row(&[(column, part)]).is_empty();
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
        reason: WHY.to_owned(),
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

/// Whether a text has several words, or addresses; groups of digits are none.
fn is_prose(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let is_word = |word: &&str| word.contains(char::is_alphabetic);
    words.by_ref().filter(is_word).nth(2).is_some() || text.matches('@').nth(1).is_some()
}

/// Whether a sign stands between values: those of a line of a dump have no spaces around them.
fn ends_value(letter: char) -> bool {
    letter.is_whitespace() || ",;'\"()|<>[]{}=".contains(letter)
}

/// Words that may be addresses or numbers of somebody, without what sentences put around them.
fn numbers(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut add = |span: Range<usize>| {
        let part = &text[span.clone()];
        let from = part.len()
            - part
                .trim_start_matches(['<', '(', '[', '"', '\'', ',', ';', ':'])
                .len();
        let trimmed = part.trim_matches([
            '<', '>', '(', ')', '[', ']', '"', '\'', ',', ';', ':', '.', '!', '?',
        ]);
        let digits = trimmed.bytes().filter(u8::is_ascii_digit).count();
        if trimmed.contains('@') || digits >= 5 {
            let start = span.start + from;
            spans.push(start..start + trimmed.len());
        }
    };
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (ends_value(letter), start) {
            (true, Some(from)) => {
                add(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    spans.extend(phones(text));
    spans
}

/// Telephone numbers with a country in front, in whatever groups.
fn phones(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('+').filter_map(|(from, _)| {
        let rest = &text[from + 1..];
        let is_in = |letter: char| letter.is_ascii_digit() || " -/().".contains(letter);
        let end = rest.find(|letter| !is_in(letter)).unwrap_or(rest.len());
        let number = rest[..end].trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        (7..=15)
            .contains(&digits)
            .then(|| from..from + 1 + number.len())
    })
}

/// Words of letters.
fn words_in(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_word = letter.is_alphabetic() || matches!(letter, '-' | '\'' | '’');
        match (is_word, start) {
            (false, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            (true, None) => start = Some(at),
            _ => {}
        }
    }
    words
}

/// Two words one after the other that both begin with a capital letter.
fn names(text: &str) -> Vec<Range<usize>> {
    let words = words_in(text);
    let is_capital = |span: &Range<usize>| text[span.clone()].starts_with(char::is_uppercase);
    let pairs = words.windows(2).filter(|pair| {
        let between = &text[pair[0].end..pair[1].start];
        between == " " && is_capital(&pair[0]) && is_capital(&pair[1])
    });
    pairs.map(|pair| pair[0].start..pair[1].end).collect()
}

#[cfg(test)]
mod tests {
    use locard_model::Attribute;
    use serde_json::json;

    use super::*;

    fn others() -> Others {
        let attribute = |kind: &str, value: &str| Attribute {
            identifier: Identifier::new(kind),
            value: value.to_owned(),
        };
        let subject = Subject {
            id: "subject".to_owned(),
            attributes: vec![
                attribute("PERSON", "Anna Muster"),
                attribute("EMAIL_ADDRESS", "anna@example.org"),
            ],
        };
        let library = Library::builtin().unwrap();
        let keyer = Arc::new(Keyer::new(&[7; 16]));
        let mask = Mask::new(Arc::clone(&library), Arc::clone(&keyer));
        Others::new(subject, mask, library, &keyer)
    }

    fn redacted(fields: &[(&str, &str)], row: Value) -> Map<String, Value> {
        let fields = fields.iter().map(|(name, kind)| FieldMeta {
            name: (*name).to_owned(),
            identifiers: if kind.is_empty() {
                vec![]
            } else {
                vec![Identifier::new(*kind)]
            },
            ..FieldMeta::default()
        });
        let meta = Meta {
            fields: fields.collect(),
            ..Meta::default()
        };
        let Value::Object(mut row) = row else {
            panic!("an object is wanted")
        };
        let others = others();
        let judged = others.judge(&meta, &row);
        others
            .redact(&meta, &mut row, (&judged, &BTreeSet::new()))
            .unwrap();
        row
    }

    const GONE: &str = "[redacted]";

    #[test]
    fn names_and_addresses_of_others_in_the_same_row_are_taken_out() {
        let row = redacted(
            &[
                ("from_email", "EMAIL_ADDRESS"),
                ("to_email", "EMAIL_ADDRESS"),
                ("agent_name", "PERSON"),
                ("agent_phone", "PHONE_NUMBER"),
                ("total", ""),
            ],
            json!({
                "from_email": "anna@example.org", "to_email": "bert@example.org", "agent_name": "Carl Anders",
                "agent_phone": "+49 30 5550199", "total": 12.5,
            }),
        );
        assert_eq!(row["from_email"], "anna@example.org");
        assert_eq!(
            (&row["to_email"], &row["agent_phone"]),
            (&json!(GONE), &json!(GONE))
        );
        assert_eq!(
            (&row["agent_name"], &row["total"]),
            (&json!(GONE), &json!(12.5))
        );
    }

    #[test]
    fn a_row_that_is_theirs_keeps_what_nobody_told_of_them() {
        let row = redacted(
            &[
                ("name", "PERSON"),
                ("email", "EMAIL_ADDRESS"),
                ("phone", "PHONE_NUMBER"),
            ],
            json!({ "name": "A. Muster-Beispiel", "email": "anna@example.org", "phone": "+49 30 5550100" }),
        );
        assert_eq!(row["name"], "A. Muster-Beispiel");
        assert_eq!(row["phone"], "+49 30 5550100");
    }

    #[test]
    fn in_texts_only_what_is_somebody_elses_is_taken_out() {
        let row = redacted(
            &[("note", "")],
            json!({ "note": "Anna Muster (anna@example.org) asked to tell bert@example.org, +49 172 5550111." }),
        );
        assert_eq!(
            row["note"],
            "Anna Muster (anna@example.org) asked to tell [redacted], [redacted]."
        );
    }

    #[test]
    fn their_own_name_is_not_cut_by_the_word_before_it() {
        for note in ["Called Anna Muster about it", "Peter Anna Muster called us"] {
            let row = redacted(&[("note", "")], json!({ "note": note }));
            assert_eq!(row["note"], note);
        }
    }

    #[test]
    fn a_full_name_of_somebody_else_is_found_in_a_text() {
        let row = redacted(
            &[("note", "")],
            json!({ "note": "Call with Maria Schmidt about Anna Muster" }),
        );
        assert_eq!(row["note"], "Call with [redacted] about Anna Muster");
    }
}
