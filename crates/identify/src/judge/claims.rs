//! Names that leave little for anything else: those that are another identifier's from the first word to the last, and
//! those of things.

use locard_model::Category;

use super::weigh::{Weighed, weight};
use crate::Library;
use crate::header::{Clarity, Header, Kind, Reading};

/// What the weight is called.
pub(super) const CLAIM: &str = "claimed name";

/// What it weighs against an identifier that the name is all that another one is called. Its numbers may be malformed
/// or of a kind that is not known; that they are another identifier's is rarer.
const CLAIMED: f64 = -2.0;

/// What it weighs against a number of a person, besides what any other name does, that the name says a thing.
const OF_A_THING: f64 = -2.0;

/// Adds what the name says against identifiers of numbers that it does not speak of itself. What is known by its words, as
/// names and places are, may stand below any name.
pub(super) fn add(library: &Library, header: &Header, hypotheses: &mut [Weighed]) {
    let is_claimed = (0..library.rules.len())
        .filter_map(|rule| header.reading(rule))
        .any(claims);
    for hypothesis in hypotheses {
        let spoken_of = hypothesis.rules.iter();
        let spoken_of = spoken_of.filter_map(|&rule| header.reading(rule));
        if !hypothesis.personal || spoken_of.count() > 0 {
            continue;
        }
        let category = library.rules[hypothesis.rule].category;
        if is_claimed && is_of_numbers(category) {
            let detail = "is all that another identifier is called".to_owned();
            hypothesis.weights.push(weight(CLAIM, detail, CLAIMED));
        } else if category == Category::GovernmentId
            && header.thing
            && header.clarity == Clarity::Clear
        {
            let detail = "numbers of things are as long".to_owned();
            hypothesis.weights.push(weight(CLAIM, detail, OF_A_THING));
        }
    }
}

/// Whether a phrase covers the whole name.
pub(super) fn claims(reading: &Reading) -> bool {
    reading.kind == Kind::Name && reading.covers >= 1.0 && !reading.about && !reading.within
}

const fn is_of_numbers(category: Category) -> bool {
    matches!(
        category,
        Category::GovernmentId | Category::Device | Category::Health
    )
}
