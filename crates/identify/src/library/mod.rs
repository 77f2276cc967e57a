//! All rules and dictionaries, compiled once and shared.

mod automata;
mod callers;
mod compile;
mod dictionary;
mod files;
mod kinds;
mod machine;
mod overlay;
mod plan;
mod reach;
mod terms;
mod wordlist;

use std::path::Path;
use std::sync::{Arc, LazyLock};

pub(crate) use automata::{Automata, Kind, Way};
pub(crate) use callers::{GLUED, INFLECTED};
pub(crate) use files::{Inventory, each_file, line_of, parse_rule};
pub(crate) use kinds::Kinds;
pub(crate) use machine::{Machine, Walker};
pub(crate) use plan::{PatternPlan, Plan, SpecPlan, TextTerms, WordSpec};
pub(crate) use terms::{Few, TermMap};
pub(crate) use wordlist::{fold, term_hash};

pub use dictionary::{Dictionary, KeyedDictionary, Overlap};
pub use overlay::Overlay;

use crate::header::Phrases;
use crate::{Error, Rule};

/// Rules and dictionaries ready for use. Cheap to share, dear to build: keep one [`Arc`] per process.
#[derive(Debug)]
pub struct Library {
    pub(crate) rules: Vec<Rule>,
    /// Content hash of each rule: its text and the lists it uses.
    pub(crate) versions: Vec<u64>,
    pub(crate) plan: Plan,
    pub(crate) phrases: Phrases,
    pub(crate) terms: TermMap,
    dictionaries: Vec<Dictionary>,
    /// Lists that were left out on purpose.
    dictionaries_off: Vec<Dictionary>,
    /// Rules that were left out on purpose.
    off: Vec<Rule>,
    pub(crate) automata: Automata,
    fingerprint: u64,
}

impl Library {
    /// The rules and dictionaries this program carries, compiled at first use.
    pub fn builtin() -> Result<Arc<Self>, Error> {
        static BUILTIN: LazyLock<Result<Arc<Library>, String>> = LazyLock::new(|| {
            Library::compile(&Inventory::builtin())
                .map(Arc::new)
                .map_err(|error| error.to_string())
        });
        BUILTIN
            .clone()
            .map_err(|problem| Error::malformed("dictionaries", None, problem))
    }

    /// The built-in ones with a folder of the same layout (`rules/`, `terms/`) laid over them; a file of the same path
    /// replaces the built-in one.
    pub fn with_overlay(folder: &Path) -> Result<Arc<Self>, Error> {
        let mut inventory = Inventory::builtin();
        inventory.overlay(folder)?;
        Self::compile(&inventory).map(Arc::new)
    }

    /// The built-in ones with everything that is laid over them.
    pub fn over(overlay: &Overlay) -> Result<Arc<Self>, Error> {
        let mut inventory = Inventory::builtin();
        overlay.lay_over(&mut inventory)?;
        let (rules_off, lists_off) = overlay.leave_out(&mut inventory)?;
        let library = Self::compile(&inventory)?;
        let is_off = |list: &Dictionary| lists_off.contains_key(list.name());
        let (_, used): (Vec<Dictionary>, _) = library.dictionaries.into_iter().partition(is_off);
        let off = lists_off.iter();
        Ok(Arc::new(Self {
            dictionaries: used,
            dictionaries_off: off
                .map(|(name, list)| Dictionary::new(name, list))
                .collect(),
            off: rules_off,
            ..library
        }))
    }

    /// Only the rules and lists of a folder, without the built-in ones.
    pub fn from_folder(folder: &Path) -> Result<Arc<Self>, Error> {
        let mut inventory = Inventory::default();
        inventory.overlay(folder)?;
        Self::compile(&inventory).map(Arc::new)
    }

    /// The text of a rule that this program carries, by its id.
    pub fn builtin_rule(id: &str) -> Option<String> {
        let mut rules = Inventory::builtin().rules.into_iter();
        let found = rules.find(|(name, _)| name.replace('/', ".") == id);
        found.map(|(_, text)| text)
    }

    /// Every rule, sorted by id. Those that are not `personal` describe look-alikes.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.position(id)
            .and_then(|position| self.rules.get(position))
    }

    /// The rules that an [`Overlay`] switches off, and those of which nothing is left because their lists are, sorted by id.
    pub fn off(&self) -> &[Rule] {
        &self.off
    }

    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.rules
            .binary_search_by(|rule| rule.id.as_str().cmp(id))
            .ok()
    }

    /// Content hash of a rule and of the lists it uses; changes when they do.
    pub fn version(&self, id: &str) -> Option<u64> {
        self.position(id)
            .and_then(|position| self.versions.get(position).copied())
    }

    /// Every dictionary, sorted by name.
    pub fn dictionaries(&self) -> &[Dictionary] {
        &self.dictionaries
    }

    /// The dictionaries that an [`Overlay`] switches off, sorted by name.
    pub fn dictionaries_off(&self) -> &[Dictionary] {
        &self.dictionaries_off
    }

    /// Changes whenever a rule or a list does.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The content hashes of all rules, sorted: store it beside the fingerprint, and [`Library::untested`] can tell
    /// later what old evidence does not speak of.
    pub fn manifest(&self) -> Vec<u64> {
        let mut versions = self.versions.clone();
        versions.sort_unstable();
        versions
    }

    /// Ids of the rules that are new or changed since a library with that manifest observed.
    pub fn untested(&self, manifest: &[u64]) -> Vec<&str> {
        let known = |version: &u64| manifest.binary_search(version).is_ok();
        let rules = self.rules.iter().zip(&self.versions);
        rules
            .filter(|(_, version)| !known(version))
            .map(|(rule, _)| rule.id.as_str())
            .collect()
    }
}
