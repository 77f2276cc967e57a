//! What single rules saw in a column, and what lists would have seen that came later.

use crate::evidence::RuleCounts;
use crate::{Evidence, Library, Rule};

/// What one rule saw in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Cells that hold a value of it as a whole.
    pub cells: u64,
    /// Matches inside cells.
    pub inside: u64,
}

impl Library {
    /// What a rule saw, whether or not its identifier won the column; nothing where it saw nothing, or did not see the column.
    pub fn seen(&self, rule: &str, evidence: &Evidence) -> Seen {
        let counts = self
            .version(rule)
            .and_then(|version| evidence.rules.get(&version));
        counts.map_or_else(Seen::default, |counts| Seen {
            cells: counts.held(),
            inside: counts.embedded,
        })
    }

    /// The lists of a rule that knows whole cells by lists and nothing else: what it would have counted in a column can be told
    /// from the values that are kept of that. `None`: the rule has to see the cells.
    pub fn lists_alone(&self, rule: &str) -> Option<Vec<&str>> {
        let rule = self.rule(rule).filter(|rule| is_of_whole_cells(rule))?;
        Some(rule.terms.iter().map(|terms| terms.list.as_str()).collect())
    }

    /// Notes what such a rule would have counted: of each of its lists the share of the column's values that are in it. Values
    /// that are frequent count as the others do.
    pub fn suppose(&self, rule: &str, shares: &[f64], evidence: &mut Evidence) {
        let Some(version) = self.version(rule) else {
            return;
        };
        let tested = evidence.tested() as f64;
        let cells = shares
            .iter()
            .map(|share| (share.clamp(0.0, 1.0) * tested).round() as u64);
        let lists: Vec<u64> = cells.collect();
        let terms = lists.iter().copied().max().unwrap_or_default();
        if terms > 0 {
            let counts = RuleCounts {
                terms,
                lists,
                ..RuleCounts::default()
            };
            evidence.rules.entry(version).or_insert(counts);
        }
    }
}

fn is_of_whole_cells(rule: &Rule) -> bool {
    let is_whole = |terms: &crate::TermList| terms.is_whole() && !terms.digits && !terms.embedded;
    rule.value.is_empty() && !rule.terms.is_empty() && rule.terms.iter().all(is_whole)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Overlay;

    #[test]
    fn what_a_list_would_have_counted_is_what_it_counts() {
        let rule = "id = 'own.rocks'\nidentifier = 'ROCK'\ntitle = 'A rock'\ncategory = 'text'\nsensitivity = 'low'\n\
            role = 'none'\nprior = 0.01\n[[terms]]\nlist = 'own/rocks'\ncoverage = 0.9\nchance = 0.01\n";
        let list = "# source: test\n# licence: own\nalphite\nzorbite\n";
        let overlay = Overlay {
            rules: BTreeMap::from([("own/rocks".to_owned(), rule.to_owned())]),
            lists: BTreeMap::from([("own/rocks".to_owned(), list.to_owned())]),
            ..Overlay::default()
        };
        let library = Library::over(&overlay).unwrap();
        let cells = ["zorbite", "Alphite", "pear", "plum"];
        let seen = library.evidence_of(&cells);
        assert_eq!(
            library.seen("own.rocks", &seen),
            Seen {
                cells: 2,
                inside: 0
            }
        );

        assert_eq!(library.lists_alone("own.rocks"), Some(vec!["own/rocks"]));
        assert_eq!(library.lists_alone("contact.email"), None);
        let mut before = Library::builtin().unwrap().evidence_of(&cells);
        assert_eq!(library.seen("own.rocks", &before), Seen::default());
        library.suppose("own.rocks", &[0.5], &mut before);
        assert_eq!(
            library.seen("own.rocks", &before),
            Seen {
                cells: 2,
                inside: 0
            }
        );
    }
}
