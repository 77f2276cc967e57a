//! Names that leave little for anything else: those that are another identifier's from the first word to the last, and
//! those of things.

use locard_model::{Category, Role};

use super::weigh::{Weighed, weight};
use crate::header::{Clarity, Header, Kind, Reading};
use crate::{Library, Rule};

/// What the weight is called.
pub(super) const CLAIM: &str = "claimed name";

/// What it weighs against an identifier that the name is all that another one is called. Its numbers may be malformed
/// or of a kind that is not known; that they are another identifier's is rarer.
const CLAIMED: f64 = -2.0;

/// The same where the other identifier is a number of persons too: a card or a tax office writes one way only.
const CLAIMED_BY_NUMBER: f64 = -4.0;

/// What it weighs against places that the name says a thing: rooms, sizes and fonts are called after towns.
const PLACE_OF_A_THING: f64 = -2.5;

/// What it weighs against a number of a person, besides what any other name does, that the name says a thing.
const OF_A_THING: f64 = -2.0;

/// Adds what the name says against identifiers of numbers that it does not speak of itself, and against places. What else
/// is known by its words, as names are, may stand below any name.
pub(super) fn add(library: &Library, header: &Header, hypotheses: &mut [Weighed]) {
    let claimed = claimed(library, header, hypotheses);
    for hypothesis in hypotheses {
        let spoken_of = hypothesis.rules.iter();
        let spoken_of = spoken_of.filter_map(|&rule| header.reading(rule));
        if !hypothesis.personal || spoken_of.count() > 0 {
            continue;
        }
        let category = library.rules[hypothesis.rule].category;
        let is_of_a_thing = header.thing && header.clarity == Clarity::Clear;
        let (detail, value) = match (category, claimed) {
            (category, Some(value)) if is_of_numbers(category) => {
                ("is all that another identifier is called", value)
            }
            (Category::GovernmentId, _) if is_of_a_thing => {
                ("numbers of things are as long", OF_A_THING)
            }
            (Category::Location, _) if is_of_a_thing => {
                ("things are called after places", PLACE_OF_A_THING)
            }
            _ => continue,
        };
        let weight = weight(CLAIM, detail.to_owned(), value);
        hypothesis.weights.push(weight);
    }
}

/// What it weighs that the name is all that some identifier is called, if it is. A name is wrong where no cell looks like
/// what it says.
fn claimed(library: &Library, header: &Header, hypotheses: &[Weighed]) -> Option<f64> {
    let is_borne_out = |at: usize| {
        let mut own = hypotheses.iter().filter(|own| own.rules.contains(&at));
        own.all(|own| own.counts.matched > 0 || own.counts.tested == 0)
    };
    let claiming = library.rules.iter().enumerate();
    let claiming = claiming.filter(|(at, _)| header.reading(*at).is_some_and(claims));
    let claiming = claiming.filter(|(at, _)| is_borne_out(*at));
    let weights = claiming.map(|(_, rule)| {
        if rule.personal && is_of_numbers(rule.category) {
            CLAIMED_BY_NUMBER
        } else {
            CLAIMED
        }
    });
    weights.min_by(f64::total_cmp)
}

/// What it weighs against cells among others whose numbers nothing checks, that the name is all that numbers of another
/// identifier are called.
pub(super) fn against_strays(library: &Library, header: &Header, position: usize) -> Option<f64> {
    let own = library.rules.get(position)?;
    let of_numbers = |rule: &Rule| {
        let contact = rule.category == Category::Contact && rule.role != Role::None;
        rule.personal && (contact || is_of_numbers(rule.category))
    };
    let mut others = library.rules.iter().enumerate();
    let claimed = others.any(|(at, rule)| {
        rule.identifier != own.identifier
            && of_numbers(rule)
            && header.reading(at).is_some_and(claims)
    });
    let spoken_of = header.reading(position).is_some();
    (claimed && !spoken_of && is_of_numbers(own.category)).then_some(CLAIMED)
}

/// Whether the name says something that may be called like a person: a thing, or all that a place or anything that is
/// not personal is called.
pub(super) fn is_of_namesakes(library: &Library, header: &Header) -> bool {
    let mut rules = library.rules.iter().enumerate();
    let of_namesakes = |rule: &Rule| !rule.personal || rule.category == Category::Location;
    let is_claimed =
        rules.any(|(at, rule)| of_namesakes(rule) && header.reading(at).is_some_and(claims));
    is_claimed || header.thing && header.clarity == Clarity::Clear
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
