//! What is called like a person: a town, a firm's branch in one, two months. Half of all towns are two words of names.

use super::names::capitalised;
use crate::Library;
use crate::library::{Kinds, fold};

/// Fewest characters of the name of a month or day: shorter ones are abbreviations, and names as well (Jan, Mai).
const SHORTEST_DAY: usize = 4;

impl Library {
    /// Whether two words that may be a name are known as something else: together (San Francisco), with the capitalised
    /// word on either side of them (Salt Lake City), as what a place has (Berlin Council), or as two months.
    pub(super) fn is_namesake(
        &self,
        (first, last): (&str, &str),
        (before, following): (&str, &str),
    ) -> bool {
        let (first, last) = (fold(first), fold(last));
        let both = format!("{first} {last}");
        if self.kinds_of(&both).is_no_name() {
            return true;
        }
        let kinds = [&first, &last].map(|word| self.kinds_of(word));
        let all = |of: Kinds| kinds.iter().all(|kinds| kinds.any(of));
        let spelt_out = || [&first, &last].map(|word| word.chars().count() >= SHORTEST_DAY);
        kinds[0].any(Kinds::PLACES) && kinds[1].any(Kinds::FIRMS)
            || all(Kinds::DAYS) && spelt_out() == [true, true]
            || self.is_place_with(before, |before| format!("{before} {both}"))
            || self.is_place_with(following, |following| format!("{both} {following}"))
    }

    fn is_place_with(&self, word: &str, whole: impl Fn(&str) -> String) -> bool {
        capitalised(word) && self.kinds_of(&whole(&fold(word))).any(Kinds::PLACES)
    }

    /// Whether two words without a given name before a family name are known as anything but a name: one of them by
    /// lists of other things alone, both by such lists as well, or the first as a place that nobody is called.
    pub(super) fn is_of_others(&self, first: &str, last: &str, given: u32) -> bool {
        let words = [first, last].map(fold);
        let kinds = [&words[0], &words[1]].map(|word| self.kinds_of(word));
        let is_place =
            kinds[0].any(Kinds::PLACES) && self.list_bits(words[0].as_bytes()) & given == 0;
        is_place
            || kinds.iter().any(|kinds| kinds.is_no_name())
            || kinds.iter().all(|kinds| kinds.any(Kinds::BUT_NAMES))
    }

    /// What the lists are about that hold a folded term.
    pub(super) fn kinds_of(&self, folded: &str) -> Kinds {
        let set = self.terms.set_of(locard_sketch::hash(folded.as_bytes()));
        let kinds = self.plan.set_kinds.get(usize::from(set));
        kinds.copied().unwrap_or_default()
    }
}
