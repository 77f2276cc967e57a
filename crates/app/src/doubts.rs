//! Attributes of a subject that are likely not what was meant: a confident "nowhere" would follow from a slip.

use std::collections::{BTreeSet, HashMap};

use locard_index::{Query, Role, builtin_role};
use locard_model::{Attribute, Identifier, Subject};
use locard_sketch::Keyer;

/// An attribute of a subject that is likely not what was meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// [`Subject::id`].
    pub subject: String,
    /// The attribute's identifier.
    pub identifier: Identifier,
    /// Whether it is looked for at all; what no rule knows is looked for as an id.
    pub asked: bool,
}

/// What of a subject asks nothing or is known to no rule, each identifier once.
pub(crate) fn doubts(
    subject: &Subject,
    roles: &HashMap<Identifier, Role>,
    keyer: &Keyer,
    doubts: &mut Vec<Doubt>,
) {
    let role = |identifier: &Identifier| {
        let known = roles.get(identifier).copied();
        known.unwrap_or_else(|| builtin_role(identifier))
    };
    let asks = |attributes: &[&Attribute]| {
        let part = Subject {
            id: String::new(),
            attributes: attributes.iter().copied().cloned().collect(),
        };
        !Query::compile(&part, role, keyer).is_empty()
    };
    let mut found = BTreeSet::new();
    for attribute in &subject.attributes {
        let identifier = &attribute.identifier;
        // Half a name asks nothing alone, but it does with its other half.
        let other = subject.attributes.iter().find(|other| {
            let pair = [identifier.as_str(), other.identifier.as_str()];
            pair == ["FIRST_NAME", "LAST_NAME"] || pair == ["LAST_NAME", "FIRST_NAME"]
        });
        let asked = asks(&[attribute]) || other.is_some_and(|other| asks(&[attribute, other]));
        if !asked || !roles.contains_key(identifier) {
            found.insert(Doubt {
                subject: subject.id.clone(),
                identifier: identifier.clone(),
                asked,
            });
        }
    }
    doubts.extend(found);
}
