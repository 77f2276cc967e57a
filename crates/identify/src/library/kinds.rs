//! What the lists that hold a term are about: words of names are words of places and firms, too.

use std::collections::BTreeMap;

use locard_model::Category;

use crate::Rule;

/// Identifiers whose lists are of a kind of their own.
const ORGANIZATION: &str = "ORGANIZATION";
const DAYS: &str = "CALENDAR_NAME";

/// Some kinds of lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    /// Of words of persons' names.
    pub(crate) const NAMES: Self = Self(1);
    /// Of towns, regions and countries.
    pub(crate) const PLACES: Self = Self(2);
    /// Of words that make a name one of an organisation.
    pub(crate) const FIRMS: Self = Self(4);
    /// Of months and days of the week.
    pub(crate) const DAYS: Self = Self(8);
    /// Of anything else.
    const OTHERS: Self = Self(16);
    /// Of anything but names and places, which share most of their words.
    pub(crate) const THINGS: Self = Self(4 | 8 | 16);
    /// Of anything but names.
    pub(crate) const BUT_NAMES: Self = Self(2 | 4 | 8 | 16);

    /// Whether some list is of one of these kinds.
    pub(crate) const fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    /// Whether no list is of names, and some is of anything.
    pub(crate) const fn is_no_name(self) -> bool {
        self.0 != 0 && !self.any(Self::NAMES)
    }

    fn of(rule: &Rule) -> Self {
        match (rule.category, rule.identifier.as_str()) {
            (_, ORGANIZATION) => Self::FIRMS,
            (_, DAYS) => Self::DAYS,
            (Category::Identity, _) => Self::NAMES,
            (Category::Location, _) => Self::PLACES,
            _ => Self::OTHERS,
        }
    }

    fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// By number of a list: what the rules that use it look for.
#[derive(Debug)]
pub(super) struct KindsOfLists(BTreeMap<u16, Kinds>);

impl KindsOfLists {
    pub(super) fn new(rules: &[Rule], numbers: &BTreeMap<&str, u16>) -> Self {
        // That of placeholders belongs to no rule.
        let mut kinds = BTreeMap::from([(0, Kinds::OTHERS)]);
        for rule in rules {
            let lists = rule.terms.iter();
            let lists = lists.flat_map(|terms| std::iter::once(&terms.list).chain(&terms.beside));
            for number in lists.filter_map(|list| numbers.get(list.as_str())) {
                let all: &mut Kinds = kinds.entry(*number).or_default();
                all.add(Kinds::of(rule));
            }
        }
        Self(kinds)
    }

    /// The kinds of several lists together.
    pub(super) fn together(&self, lists: &[u16]) -> Kinds {
        let mut all = Kinds::default();
        for kinds in lists.iter().filter_map(|list| self.0.get(list)) {
            all.add(*kinds);
        }
        all
    }
}
