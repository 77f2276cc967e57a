//! What the hot path needs of the rules, resolved to numbers: which pattern needs which check, which set of lists means
//! which rules.

use super::callers::Callers;
use super::kinds::Kinds;
use super::terms::Few;
use crate::rule::Embedded;
use crate::validators::Validator;

/// Resolved patterns, word lists and rules.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// By pattern number.
    pub(crate) patterns: Vec<PatternPlan>,
    /// By word-list use number.
    pub(crate) specs: Vec<SpecPlan>,
    /// First pattern number of each rule, and one past the last.
    pub(crate) rule_patterns: Vec<u32>,
    /// First word-list use of each rule, and one past the last.
    pub(crate) rule_specs: Vec<u32>,
    /// By number of a set of lists: the uses whose whole-cell list holds the cell.
    pub(crate) set_specs: Vec<Box<[u32]>>,
    /// By number of a set of lists: bits of the lists that are looked up word by word.
    pub(crate) set_words: Vec<u32>,
    /// By number of a set of lists: what they are about.
    pub(crate) set_kinds: Vec<Kinds>,
    /// Uses that look at words.
    pub(crate) word_specs: Vec<WordSpec>,
    /// Terms of the lists that are looked up by the ends of words; `None` without such lists.
    pub(crate) endings: Option<Few>,
    /// Uses that look for terms after context words in running text.
    pub(crate) text_terms: Vec<TextTerms>,
    /// The context words of all of these.
    pub(crate) text_context: Few,
    /// Number of the set of lists that stands for placeholders alone is not special: every set that holds the
    /// placeholder list is marked here.
    pub(crate) set_placeholder: Vec<bool>,
    /// Folded context words of each rule.
    pub(crate) contexts: Vec<Vec<String>>,
    /// The words of context of rules with patterns that are searched only behind these.
    pub(crate) callers: Callers,
    /// Folded words of each rule that speak against it.
    pub(crate) unlikes: Vec<Vec<String>>,
}

/// One pattern of one rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatternPlan {
    pub(crate) rule: u32,
    pub(crate) length: Option<[usize; 2]>,
    pub(crate) validator: Option<Validator>,
    pub(crate) embedded: Embedded,
    /// How easily something else matches and passes: the rule's `lookalikes` and `chance` together.
    pub(crate) accident: f64,
    /// Whether its validator computes check digits, or looks as hard.
    pub(crate) is_of_digits: bool,
    /// Whether it is so rare that what matches and fails its check is one number all the same, typed wrongly.
    pub(crate) is_one: bool,
}

impl PatternPlan {
    /// Whether the automaton's answer alone is not enough.
    pub(crate) fn needs_check(&self) -> bool {
        self.length.is_some() || self.validator.is_some()
    }

    /// Whether a value of so many bytes can match.
    pub(crate) fn fits(&self, length: usize) -> bool {
        self.length
            .is_none_or(|[least, most]| (least..=most).contains(&length))
    }
}

/// One use of a word list by one rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpecPlan {
    pub(crate) rule: u32,
}

/// A use of word lists on the words of a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordSpec {
    /// Number among all uses.
    pub(crate) spec: u32,
    pub(crate) rule: u32,
    /// Bit of the list in [`Plan::set_words`].
    pub(crate) first: u32,
    /// Bit of the list that another word must be in.
    pub(crate) beside: Option<u32>,
    pub(crate) digits: bool,
    pub(crate) ends: bool,
    /// Whether every word of the cell must be in one of the two lists.
    pub(crate) every: bool,
    /// Whether only the first word of the cell is looked up.
    pub(crate) leads: bool,
    pub(crate) embedded: bool,
}

/// A use of a word list on running text.
#[derive(Clone, Debug)]
pub(crate) struct TextTerms {
    pub(crate) rule: u32,
    /// Bit of the list in [`Plan::set_words`].
    pub(crate) list: u32,
    /// Hashes of the folded context words, sorted.
    pub(crate) context: Vec<u64>,
}
