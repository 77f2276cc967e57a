//! Whose a `name` is, and what an `account` is. Most names of the world are in no list, and what is written like one may be
//! a product's or a firm's: then the rest of the table tells, by what only persons have, by the mailboxes beside each
//! name, and by the banks beside an account.

use locard_model::{Category, Role};

use super::figures::{
    BESIDE_BANK, BESIDE_MAIL, BESIDE_OWN, FEW_NAMES, FEW_NAMES_CELLS, FEW_NAMES_SHARE, HOLDER,
    HOLDER_OF_OFFICE, HOLDERS_BY_CHANCE, MOSTLY_PASSED, OF_FIRMS, OF_FIRMS_MOST, WHOLE_NAMES,
    WHOLE_NAMES_LISTED, WRITTEN_LIKE,
};
use super::weigh::{Weighed, weight};
use super::{ColumnView, Weight};
use crate::header::{Header, Kind, Reading};
use crate::{Library, Rule};

/// The identifier of full names.
const PERSON: &str = "PERSON";
/// Those of what carries names that are written alike.
const FIRMS_AND_THINGS: [&str; 2] = ["ORGANIZATION", "THING_NAME"];
/// What every person has and no firm, beside the numbers of persons.
const OWN: [&str; 4] = ["DATE_OF_BIRTH", "GENDER", "AGE", "MARITAL_STATUS"];
/// What says which bank keeps an account, and such accounts.
const BANKS: [&str; 3] = ["ABA_ROUTING_NUMBER", "UK_SORT_CODE", "SWIFT_CODE"];
const ACCOUNT: &str = "US_BANK_NUMBER";
/// Names, of which a column of persons has many.
const OF_NAMES: [&str; 3] = [PERSON, GIVEN_NAME, "LAST_NAME"];
/// The identifier of given names.
const GIVEN_NAME: &str = "FIRST_NAME";
/// Fewest compared cells that tell something.
const FEWEST: u64 = 5;

/// What a column may tell of the table's other columns: what persons alone have, and mailboxes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Beside {
    pub(super) own: f64,
    pub(super) mail: f64,
    pub(super) bank: f64,
}

impl Beside {
    /// Counts a hypothesis of that share of probability.
    pub(super) fn add(&mut self, rule: &Rule, share: f64) {
        let of_a_number = rule.category == Category::GovernmentId && rule.role == Role::Unique;
        if rule.personal && (of_a_number || OWN.contains(&rule.identifier.as_str())) {
            self.own += share;
        } else if rule.identifier.as_str() == "EMAIL_ADDRESS" {
            self.mail += share;
        } else if BANKS.contains(&rule.identifier.as_str()) {
            self.bank += share;
        }
    }
}

/// Adds what the table says of whose names a column holds.
pub(super) fn add(
    library: &Library,
    (view, header): (&ColumnView<'_>, &Header),
    hypothesis: &mut Weighed,
    beside_of: Beside,
) {
    let readings = hypothesis.rules.iter();
    let readings = readings.filter_map(|&rule| header.reading(rule));
    let mut said = readings.filter(|reading| reading.kind != Kind::Not && !reading.within);
    let identifier = hypothesis.identifier.as_str();
    let is_said = |reading: &Reading| reading.kind == Kind::Name || reading.covers >= 1.0;
    let new = match identifier {
        PERSON if is_written_like_names(view, hypothesis) => {
            let beside = said.any(is_said);
            let beside = beside.then(|| by_neighbours(beside_of, of_firms(library, view)));
            [by_mailboxes(view), beside.flatten()]
        }
        ACCOUNT if said.any(|reading| !reading.about) => [by_banks(beside_of.bank), None],
        _ if OF_NAMES.contains(&identifier) && !said.any(is_said) => [few_names(view), None],
        _ => [None, None],
    };
    let is_either = identifier == GIVEN_NAME && calls_persons(library, header);
    let whole = is_either.then(|| whole_names(view, hypothesis)).flatten();
    let new = new.into_iter().chain([whole]).flatten();
    hypothesis.weights.extend(new);
}

/// What it says for an account that another column holds the codes of banks.
fn by_banks(bank: f64) -> Option<Weight> {
    let detail = format!("tell which bank it is with probability {bank:.2}");
    (bank > 0.5).then(|| weight("neighbours", detail, BESIDE_BANK * (2.0 * bank - 1.0)))
}

/// What it says against single names that the column has few, again and again: words of a scheme.
fn few_names(view: &ColumnView<'_>) -> Option<Weight> {
    let (tested, distinct) = (view.evidence.cells.tested as f64, view.facts.distinct);
    let is_few = tested >= FEW_NAMES_CELLS && distinct <= FEW_NAMES_SHARE * tested;
    let detail = format!("{distinct:.0} different ones in {tested:.0} cells");
    is_few.then(|| weight("few names", detail, FEW_NAMES))
}

/// Whether a column's name may call whole names, whatever else it calls: `nombre` and `ime`, not `prenom`.
fn calls_persons(library: &Library, header: &Header) -> bool {
    let mut rules = library.rules.iter().enumerate();
    rules.any(|(at, rule)| {
        let full = |reading: &Reading| {
            reading.kind != Kind::Not && !reading.within && reading.covers >= 1.0
        };
        rule.identifier.as_str() == PERSON && header.reading(at).is_some_and(full)
    })
}

/// What it says against given names, where a column may be called so for whole names, that nearly all cells are several
/// words and hardly any is in a list of given names.
fn whole_names(view: &ColumnView<'_>, hypothesis: &Weighed) -> Option<Weight> {
    let totals = &view.evidence.cells;
    let (several, tested) = (totals.phrases + totals.texts, totals.tested);
    let listed = hypothesis.listed.map_or(0.0, |(share, _)| share);
    let is_whole = tested > 0
        && several as f64 >= WRITTEN_LIKE * tested as f64
        && listed <= WHOLE_NAMES_LISTED;
    let detail = format!("{several} of {tested} cells are several words, and no list knows them");
    is_whole.then(|| weight("whole names", detail, WHOLE_NAMES))
}

/// Whether nearly all cells are, and are different: a few names again and again are those of shops or sizes.
fn is_written_like_names(view: &ColumnView<'_>, hypothesis: &Weighed) -> bool {
    let tested = view.evidence.cells.tested as f64;
    hypothesis.held as f64 >= WRITTEN_LIKE * tested && view.facts.distinct >= MOSTLY_PASSED * tested
}

/// What the mailboxes of the rows say of the names beside them.
fn by_mailboxes(view: &ColumnView<'_>) -> Option<Weight> {
    let told = view.evidence.holders();
    if told.compared < FEWEST {
        return None;
    }
    let share = |cells: u64| cells as f64 / told.compared as f64;
    let (called, offices) = (share(told.called), share(told.offices));
    let beyond =
        ((called - HOLDERS_BY_CHANCE) / (MOSTLY_PASSED - HOLDERS_BY_CHANCE)).clamp(0.0, 1.0);
    let detail = format!(
        "{} of {} are called like the mailbox of their row, {} stand beside an office's",
        told.called, told.compared, told.offices
    );
    let value = HOLDER * beyond + HOLDER_OF_OFFICE * offices;
    Some(weight("mailboxes", detail, value))
}

/// What else the table has, which says little of names some of which are those of firms or things.
fn by_neighbours(Beside { own, mail, .. }: Beside, of_firms: f64) -> Option<Weight> {
    let sure = |share: f64| (2.0 * share - 1.0).max(0.0);
    let value = (BESIDE_OWN * sure(own)).max(BESIDE_MAIL * sure(mail));
    let kept = (1.0 - of_firms / OF_FIRMS_MOST).clamp(0.0, 1.0);
    let detail = format!(
        "have what persons alone have, {:.0} % likely",
        100.0 * own.max(mail)
    );
    (value * kept > 0.0).then(|| weight("neighbours", detail, value * kept))
}

/// Share of the cells beyond what accident makes of it in which a word or form of firms and things stands.
fn of_firms(library: &Library, view: &ColumnView<'_>) -> f64 {
    let rules = library.rules.iter().zip(&library.versions);
    let rules = rules.filter(|(rule, _)| FIRMS_AND_THINGS.contains(&rule.identifier.as_str()));
    let seen = rules.filter_map(|(_, version)| view.evidence.rules.get(version));
    let most = seen.map(|counts| counts.matched.max(counts.terms)).max();
    let tested = view.evidence.cells.tested.max(1) as f64;
    (most.unwrap_or(0) as f64 / tested - OF_FIRMS).max(0.0)
}
