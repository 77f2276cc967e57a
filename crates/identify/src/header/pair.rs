//! Tables of attributes and values: one column names what stands in the other.

use super::{Kind, tokens};
use crate::Library;
use crate::words::{ATTRIBUTES, VALUES};

/// Longest name of an attribute, in bytes.
const LONGEST: usize = 64;

/// Share of its telling words that must name the identifier.
const MOST: f64 = 0.5;

impl Library {
    /// Positions of the column of attributes and that of their values, by what the columns of a table are called: the last
    /// column of values, and of several that may name it the nearest before it, or else behind it.
    pub fn attributes_and_values(&self, columns: &[&str]) -> Option<(usize, usize)> {
        let is = |list: &[&str], name: &str| {
            let words = tokens::split(name);
            words
                .last()
                .is_some_and(|word| list.contains(&word.as_str()))
        };
        let value = columns.iter().rposition(|name| is(VALUES, name))?;
        let named = |at: &usize| *at != value && is(ATTRIBUTES, columns[*at]);
        let attribute = (0..value)
            .rev()
            .find(named)
            .or_else(|| (value..columns.len()).find(named))?;
        Some((attribute, value))
    }

    /// The rules of what an attribute names, every rule of the identifier; none where it names nothing personal.
    pub fn named_by(&self, attribute: &str) -> Vec<u32> {
        if attribute.len() > LONGEST {
            return Vec::new();
        }
        let header = self.phrases.read(attribute);
        let covers = |at: usize| {
            let reading = header.reading(at)?;
            let is_name = reading.kind == Kind::Name && !reading.about && !reading.within;
            (is_name && reading.covers >= MOST).then_some(reading.covers)
        };
        let personal = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.personal);
        let told = personal.filter_map(|(at, rule)| Some((rule, covers(at)?)));
        let Some((best, _)) = told.max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return Vec::new();
        };
        let alike = self.rules.iter().zip(0_u32..);
        alike
            .filter(|(rule, _)| rule.identifier == best.identifier)
            .map(|(_, at)| at)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_of_values_and_that_which_names_them_are_told_by_their_names() {
        let library = Library::builtin().unwrap();
        for (columns, pair) in [
            (&["id", "attribute", "value"][..], Some((1, 2))),
            (
                &["entity_id", "attr_name", "attr_value", "updated"],
                Some((1, 2)),
            ),
            (&["k", "v", "ttl"], Some((0, 1))),
            (&["value", "key"], Some((1, 0))),
            (&["contact_type", "contact_value"], Some((0, 1))),
            (&["merkmal", "wert"], Some((0, 1))),
            (&["id", "email", "value"], None),
            (&["key", "email"], None),
            (&[], None),
        ] {
            assert_eq!(library.attributes_and_values(columns), pair, "{columns:?}");
        }
    }

    #[test]
    fn an_attribute_names_every_rule_of_its_identifier() {
        let library = Library::builtin().unwrap();
        let named = |attribute: &str| -> Vec<&str> {
            let rules = library.named_by(attribute).into_iter();
            rules
                .map(|at| library.rules[at as usize].identifier.as_str())
                .collect()
        };
        assert!(named("home_phone").len() > 1);
        assert!(
            named("user:2904:tel")
                .iter()
                .all(|of| *of == "PHONE_NUMBER")
        );
        for dated in ["dob", "date_of_birth", "Geburtsdatum"] {
            assert!(named(dated).contains(&"DATE_OF_BIRTH"), "{dated}");
        }
        for nothing in ["lang", "plan", "theme", "", &"x".repeat(1 << 20)] {
            assert!(named(nothing).is_empty(), "{}", nothing.len());
        }
    }
}
