//! What a column's name alone says it holds.

use crate::header::{Clarity, Kind};
use crate::{Language, Library, Rule};

/// What a name says.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The rule whose words stand in the name.
    pub rule: &'a Rule,
    /// Share of the telling words of the name that are this rule's, 0 to 1.
    pub share: f64,
    /// Whether every word of the name is known, so that nothing else may be meant.
    pub is_clear: bool,
}

impl Library {
    /// The rules of personal identifiers whose names for columns stand in this one, the surest first, one for each identifier.
    /// Names are read in every language of the rules at once; where they are said to be in one, rules of countries where nobody
    /// writes that are left out.
    pub fn told_by_name(&self, column: &str, language: Option<&Language>) -> Vec<Told<'_>> {
        let header = self.phrases.read(column);
        let mut told = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let Some(reading) = header.reading(at) else {
                continue;
            };
            let is_name = reading.kind == Kind::Name && !reading.about && !reading.within;
            let is_meant = language.is_none_or(|language| language.means(rule));
            if is_name && is_meant && rule.personal && !header.thing {
                told.push(Told {
                    rule,
                    share: reading.covers,
                    is_clear: header.clarity == Clarity::Clear,
                });
            }
        }
        told.sort_by(|a, b| b.share.total_cmp(&a.share));
        let mut seen = std::collections::HashSet::new();
        told.retain(|told| seen.insert(told.rule.identifier.clone()));
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_in_many_languages_and_things_do_not() {
        let library = Library::builtin().unwrap();
        let first = |name: &str| {
            let told = library.told_by_name(name, None);
            told.first()
                .map(|told| told.rule.identifier.as_str().to_owned())
        };
        for name in ["email", "E_MAIL", "customer_email_address"] {
            assert_eq!(first(name).as_deref(), Some("EMAIL_ADDRESS"), "{name}");
        }
        assert!(first("vorname").is_some());
        for name in ["c07", "amount", "quantity"] {
            assert_eq!(first(name), None, "{name}");
        }
    }
}
