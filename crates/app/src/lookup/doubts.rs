//! Attributes of a subject that are likely not what was meant: a confident "nowhere" would follow from a slip.

use std::collections::{BTreeSet, HashMap};

use locard_identify::{How, Library};
use locard_index::{Query, is_key, is_no_date, role_of};
use locard_model::{Attribute, Identifier, Role, Subject};
use locard_sketch::Keyer;

use crate::lookup::short;
use crate::rules::identifiers;

/// An attribute of a subject that is likely not what was meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// [`Subject::id`].
    pub subject: String,
    /// The attribute's identifier.
    pub identifier: Identifier,
    /// What is doubtful about it.
    pub why: Why,
    /// The identifier that was likely meant, where no rule knows the one that was written.
    pub meant: Option<Identifier>,
    /// Columns that may hold a short value and were not asked for it.
    pub columns: u64,
    /// One of these, masked.
    pub example: Option<String>,
}

/// What is doubtful about an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is not looked for at all.
    Idle,
    /// No rule knows its identifier; it is looked for as an id.
    Unknown,
    /// The rules of its identifier do not take it for one.
    Invalid,
    /// It is a date by its identifier, and cannot be read as one.
    NoDate,
    /// It is so short that it is looked for only in columns that are called like it, and others may hold it.
    Short,
}

impl Doubt {
    /// For people; without the value.
    pub fn sentence(&self) -> String {
        let identifier = &self.identifier;
        match self.why {
            Why::Idle => format!("this {identifier} gives nothing to look for"),
            Why::Unknown => {
                let meant = self.meant.as_ref();
                let meant = meant.map(|meant| format!(" (did you mean {meant}?)"));
                let meant = meant.unwrap_or_default();
                format!(
                    "no rule knows {identifier}{meant}; it was searched as an identifying number of that name"
                )
            }
            Why::Invalid => {
                format!("this is not a valid {identifier}; it was searched as typed")
            }
            Why::NoDate => format!(
                "this {identifier} is not a date that can be read; it was searched as typed"
            ),
            Why::Short => {
                let example = self.example.as_ref();
                let example = example.map(|place| format!(" (as {place})"));
                let told = short::sentence(identifier, self.columns);
                format!("{told}{}", example.unwrap_or_default())
            }
        }
    }
}

/// What of a subject is likely not what was meant, each identifier and reason once.
pub(crate) fn doubts(
    subject: &Subject,
    roles: &HashMap<Identifier, Role>,
    library: &Library,
    keyer: &Keyer,
    doubts: &mut Vec<Doubt>,
) {
    let role =
        |attribute: &Attribute| role_of(attribute, roles.get(&attribute.identifier).copied());
    let asks = |attributes: &[&Attribute]| {
        let part = Subject {
            id: String::new(),
            attributes: attributes.iter().copied().cloned().collect(),
        };
        !Query::compile(&part, role, keyer).is_empty()
    };
    let named = |name: &str| {
        let mut attributes = subject.attributes.iter();
        attributes.find(|attribute| attribute.identifier.as_str() == name)
    };
    let (first, last) = (named("FIRST_NAME"), named("LAST_NAME"));
    let mut found = BTreeSet::new();
    for attribute in &subject.attributes {
        let identifier = &attribute.identifier;
        // Half a name asks nothing alone, but it does with its other half.
        let other = match identifier.as_str() {
            "FIRST_NAME" => last,
            "LAST_NAME" => first,
            _ => None,
        };
        let asked = asks(&[attribute]) || other.is_some_and(|other| asks(&[attribute, other]));
        let mut add = |why| {
            found.insert(Doubt {
                subject: subject.id.clone(),
                identifier: identifier.clone(),
                why,
                meant: match why {
                    Why::Unknown => identifiers::slip(library, identifier),
                    _ => None,
                },
                columns: 0,
                example: None,
            });
        };
        if !asked {
            add(Why::Idle);
            continue;
        }
        if !roles.contains_key(identifier) && !is_key(identifier) {
            add(Why::Unknown);
        }
        if is_invalid(attribute, library) {
            add(Why::Invalid);
        }
        if is_no_date(identifier, &attribute.value) {
            add(Why::NoDate);
        }
    }
    doubts.extend(found);
}

/// Whether the rules say how every value of that identifier is written, and none of them takes this one.
fn is_invalid(attribute: &Attribute, library: &Library) -> bool {
    let identifier = &attribute.identifier;
    let mut rules = library
        .rules()
        .iter()
        .filter(|rule| rule.identifier == *identifier)
        .peekable();
    let telling = rules.peek().is_some()
        && rules.all(|rule| {
            matches!(rule.role, Role::Unique | Role::Shared)
                && !rule.value.is_empty()
                && rule.terms.is_empty()
        });
    let holds = |text: &str| {
        library.test(text).iter().any(|trial| {
            trial.identifier == *identifier && trial.how == How::Pattern && trial.holds()
        })
    };
    let value = attribute.value.trim();
    telling && !holds(value) && !holds(&value.to_uppercase())
}
