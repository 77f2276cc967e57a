//! What somebody lays over the built-in rules and lists, and what of the whole they switch off.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::files::{Inventory, parse_rule};
use super::wordlist::{self, WordList};
use crate::{Error, Rule};

/// What is laid over the built-in rules and lists, in this order; what has the name of something before replaces it. Its texts
/// may hold values of people, and `Debug` tells only how many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// A folder with `rules/` and `terms/`.
    pub folder: Option<PathBuf>,
    /// Texts of rules by their names (`own/badge`, which is the rule `own.badge`).
    pub rules: BTreeMap<String, String>,
    /// Texts of word lists by their names (`own/branches`).
    pub lists: BTreeMap<String, String>,
    /// Ids of rules that are switched off, whoever they are of. Those that name nothing say nothing.
    pub rules_off: Vec<String>,
    /// Names of lists that are switched off: they hold nothing for the rules that refer to them.
    pub lists_off: Vec<String>,
}

impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rules, lists) = (self.rules.len(), self.lists.len());
        write!(
            f,
            "Overlay({:?}, {rules} rules, {lists} lists)",
            self.folder
        )
    }
}

impl Overlay {
    /// Whether the built-in rules and lists are all there is.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn lay_over(&self, inventory: &mut Inventory) -> Result<(), Error> {
        if let Some(folder) = &self.folder {
            inventory.overlay(folder)?;
        }
        let rules = self.rules.clone().into_iter();
        inventory.rules.extend(rules);
        let lists = self.lists.iter();
        let lists = lists.map(|(name, text)| (name.clone(), wordlist::parse(text)));
        inventory.lists.extend(lists);
        Ok(())
    }

    /// Takes out what is switched off, and answers that.
    pub(super) fn leave_out(
        &self,
        inventory: &mut Inventory,
    ) -> Result<(Vec<Rule>, BTreeMap<String, WordList>), Error> {
        let mut lists = BTreeMap::new();
        for name in &self.lists_off {
            if let Some(list) = inventory.lists.get_mut(name) {
                lists.insert(name.clone(), std::mem::take(list));
            }
        }
        let mut rules = Vec::new();
        let names: Vec<String> = inventory.rules.keys().cloned().collect();
        for name in names {
            let Some(text) = inventory.rules.get(&name) else {
                continue;
            };
            let is_named = self.rules_off.contains(&name.replace('/', "."));
            // Few rules have lists that are off, and reading all of them takes its time.
            if !is_named && lists.is_empty() {
                continue;
            }
            let rule = parse_rule(&name, text)?;
            if is_named || has_nothing_left(&rule, &lists) {
                inventory.rules.remove(&name);
                rules.push(rule);
            }
        }
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Ok((rules, lists))
    }
}

/// Whether a rule knows its values by lists alone, all of which are off: names of columns alone would decide then.
fn has_nothing_left(rule: &Rule, off: &BTreeMap<String, WordList>) -> bool {
    rule.value.is_empty()
        && !rule.terms.is_empty()
        && rule.terms.iter().all(|terms| off.contains_key(&terms.list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Library;

    const RULE: &str = "id = 'own.rocks'\nidentifier = 'ROCK'\ntitle = 'A rock'\ncategory = 'text'\n\
        sensitivity = 'low'\nrole = 'none'\nprior = 0.01\n\
        [[terms]]\nlist = 'own/rocks'\ncoverage = 0.9\nchance = 0.01\n";

    fn overlay() -> Overlay {
        let list = "# source: test\n# licence: own\nalphite\nzorbite\n";
        Overlay {
            rules: BTreeMap::from([("own/rocks".to_owned(), RULE.to_owned())]),
            lists: BTreeMap::from([("own/rocks".to_owned(), list.to_owned())]),
            ..Overlay::default()
        }
    }

    fn finds(library: &Library) -> bool {
        let trials = library.test("Zorbite");
        trials.iter().any(|trial| trial.rule == "own.rocks")
    }

    #[test]
    fn texts_that_are_laid_over_count_like_files() {
        let library = Library::over(&overlay()).unwrap();
        assert!(finds(&library));
        assert!(
            library
                .dictionaries()
                .iter()
                .any(|list| list.name() == "own/rocks" && list.terms() == 2)
        );
        assert!(Overlay::default().is_nothing());
    }

    #[test]
    fn a_list_that_is_off_leaves_out_what_knows_nothing_else() {
        let mut overlay = overlay();
        overlay.lists_off = vec!["own/rocks".to_owned(), "own/nowhere".to_owned()];
        let library = Library::over(&overlay).unwrap();
        assert!(!finds(&library) && library.rule("own.rocks").is_none());
        assert_eq!(
            library
                .off()
                .iter()
                .map(|rule| rule.id.as_str())
                .collect::<Vec<_>>(),
            ["own.rocks"]
        );
        let off = library.dictionaries_off();
        assert_eq!((off.len(), off[0].terms()), (1, 2));
        assert!(
            library
                .dictionaries()
                .iter()
                .all(|list| list.name() != "own/rocks")
        );
    }

    #[test]
    fn a_rule_that_is_off_is_known_all_the_same() {
        let mut overlay = overlay();
        overlay.rules_off = vec!["own.rocks".to_owned(), "no.such".to_owned()];
        let library = Library::over(&overlay).unwrap();
        assert!(!finds(&library));
        assert_eq!(library.off().len(), 1);
    }
}
