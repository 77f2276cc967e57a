//! All rules and dictionaries, compiled once and shared.

mod automata;
mod callers;
mod compile;
mod dictionary;
mod files;
mod kinds;
mod machine;
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

    /// The library as it would be with that list in a folder which is laid over the built-in ones, if it is there.
    pub fn with_list(folder: &Path, name: &str, text: &str) -> Result<Arc<Self>, Error> {
        let mut inventory = Inventory::builtin();
        if folder.is_dir() {
            inventory.overlay(folder)?;
        }
        inventory
            .lists
            .insert(name.to_owned(), wordlist::parse(text));
        Self::compile(&inventory).map(Arc::new)
    }

    /// The library without some rules, by id: the built-in ones, with a folder laid over them if one is given. Ids that
    /// name nothing say nothing.
    pub fn without(folder: Option<&Path>, ids: &[String]) -> Result<Arc<Self>, Error> {
        let mut inventory = Inventory::builtin();
        if let Some(folder) = folder {
            inventory.overlay(folder)?;
        }
        let mut off = Vec::new();
        for id in ids {
            let name = id.replace('.', "/");
            if let Some(text) = inventory.rules.remove(&name) {
                off.push(parse_rule(&name, &text)?);
            }
        }
        off.sort_by(|a, b| a.id.cmp(&b.id));
        let library = Self::compile(&inventory)?;
        Ok(Arc::new(Self { off, ..library }))
    }

    /// Only the rules and lists of a folder, without the built-in ones.
    pub fn from_folder(folder: &Path) -> Result<Arc<Self>, Error> {
        let mut inventory = Inventory::default();
        inventory.overlay(folder)?;
        Self::compile(&inventory).map(Arc::new)
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

    /// The rules that were left out by [`Library::without`], sorted by id.
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
