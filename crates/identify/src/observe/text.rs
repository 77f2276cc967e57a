//! Search inside cells: the automaton is walked from every token start. Most walks die within two or three bytes.
//!
//! What a reader gets wrong: a match inside must end where a token ends; `12345` is not found in `x123456`.

use std::collections::HashMap;

use locard_sketch::forms::{dates, label_end, trimmed};
use locard_sketch::{Cells, ClassMask};

use super::Scratch;
use super::claims::Failed;
use super::names::Says;
use super::terms::Reached;
use crate::Library;
use crate::library::{Machine, Walker, Way};
use crate::rule::Embedded;

/// Classes of which one must occur for a cell to be searched although it is one word.
const SEPARATED: u16 = ClassMask::SPACE | ClassMask::COMMA | ClassMask::BRACKET | ClassMask::OTHER;
/// Classes of which one must occur for a single word to be more than one value.
const OPEN: u16 = ClassMask::COLON | ClassMask::AT | ClassMask::DOT;
/// Classes that separate an e-mail address from what is glued to it.
const GLUED: u16 = ClassMask::SLASH | ClassMask::COLON;
/// Classes of a cell that is one number in groups, or several numbers.
const NUMBERS: u16 = ClassMask::DIGIT | ClassMask::SPACE | ClassMask::DASH | ClassMask::DOT;
/// Longest match that is looked for.
const LONGEST: usize = 256;

/// A pattern that holds of a span of text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) rule: u32,
    checked: bool,
    /// Whether it passed a check of digits.
    pub(super) is_sure: bool,
    /// Whether a word of context stands before it.
    context: bool,
    /// As in its plan.
    accident: f64,
}

impl Hit {
    /// How many times rarer a pattern must be to be the surer one: figures of rules are no finer.
    const SURER: f64 = 3.0;

    /// Whether this is so much surer of the same span that the other is an accident.
    fn outdoes(&self, other: &Self) -> bool {
        match (self.context, other.context) {
            (true, false) => true,
            (false, true) => false,
            _ => self.accident * Self::SURER < other.accident,
        }
    }
}

/// What is known about the cell under search.
#[derive(Debug, Default)]
pub(super) struct TextState {
    /// Rules with a match in this cell.
    pub(super) rules: Seen,
    /// What holds of the span under search.
    pub(super) hits: Vec<Hit>,
    /// Spans that reach beyond the start of the search and failed their checks.
    pub(super) failed: Vec<Failed>,
    /// Whether the cell holds no words that could tell where a number begins.
    is_number: bool,
    pub(super) folded: Vec<u8>,
    /// What keys before names say to rules.
    pub(super) keys: HashMap<String, HashMap<u32, Says>>,
    /// A word of context and those after it.
    pub(super) reach: Vec<Reached>,
}

/// Some rules, each once: a cell may hold millions of matches.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<u32>);

impl Seen {
    pub(super) fn add(&mut self, rule: u32) {
        if !self.0.contains(&rule) {
            self.0.push(rule);
        }
    }
}

impl TextState {
    pub(super) fn shape(&mut self) {
        self.rules.0.clear();
        self.keys.clear();
    }
}

impl Library {
    pub(super) fn search_text(&self, cells: &Cells<'_>, scratch: &mut Scratch) {
        for k in 0..scratch.live.len() {
            let i = scratch.live[k] as usize;
            let classes = cells.classes.get(i).copied().unwrap_or_default().0;
            let weight = cells.weight(i);
            if scratch.whole[k] {
                if may_be_page_with_mail(classes) {
                    let text = trimmed(cells.texts.value(i));
                    self.search_page(Way::Plain, text, weight, scratch);
                    scratch.end_cell(weight);
                }
                continue;
            }
            if classes & (SEPARATED | OPEN) == 0 {
                continue;
            }
            let text = trimmed(cells.texts.value(i));
            if classes & SEPARATED == 0 && !is_labelled(text, classes) && !is_open(text, classes) {
                continue;
            }
            scratch.text.is_number = classes & !NUMBERS == 0;
            if scratch.text.is_number && is_in_equal_groups(text) {
                continue;
            }
            if classes & (ClassMask::DIGIT | ClassMask::AT | ClassMask::COLON) != 0 {
                // What is searched behind words of context are numbers.
                let calls = classes & ClassMask::DIGIT != 0 && self.plan.callers.may_call(text);
                let way = if calls { Way::InContext } else { Way::Plain };
                self.search(way, text, |_| true, weight, scratch);
            } else if classes & ClassMask::WIDE != 0 && text.contains(is_east_asian) {
                // What calls a name is run together with it there, and neither has digits or signs.
                let is_wanted = |found: &str| found.starts_with(is_east_asian);
                self.search(Way::Plain, text, is_wanted, weight, scratch);
            }
            if classes & ClassMask::SPACE != 0 {
                self.search_names(text, weight, scratch);
                self.search_terms(text, weight, scratch);
            }
            scratch.end_cell(weight);
        }
    }

    /// Walks from every token start that no earlier match covers, for matches that are wanted.
    fn search(
        &self,
        way: Way,
        text: &str,
        is_wanted: fn(&str) -> bool,
        weight: u64,
        scratch: &mut Scratch,
    ) {
        let (bytes, machine) = (text.as_bytes(), self.automata.text(way));
        scratch.text.failed.clear();
        let mut inside = false;
        let mut covered = 0;
        for start in 0..bytes.len() {
            let byte = bytes[start];
            let continues = std::mem::replace(&mut inside, is_word(byte));
            let opens = matches!(byte, b'+' | b'(') && !continues;
            if start < covered || ((continues || !inside) && !opens) || joins_number(bytes, start) {
                continue;
            }
            if scratch.text.is_number && joins_group(bytes, start) {
                continue;
            }
            let ends = ends(
                &mut scratch.text_walkers[way as usize],
                machine,
                bytes,
                start,
            );
            for &(end, set) in ends.iter().rev().filter(|(_, set)| *set != 0) {
                let wanted = text.get(start..end).is_some_and(is_wanted);
                if wanted && self.take((way, set), (start, end), text, weight, scratch) {
                    covered = end;
                    break;
                }
            }
            if let Some(found) = text.get(start..covered) {
                self.search_page(way, found, weight, scratch);
            }
        }
    }

    /// Looks for e-mail addresses behind the host of a web address: those of its parameters leak in every log. Nothing
    /// else is looked for there, since numbers in web addresses are mostly ids of something.
    fn search_page(&self, way: Way, page: &str, weight: u64, scratch: &mut Scratch) {
        let Some(behind) = behind_host(page).filter(|behind| has_mail(behind)) else {
            return;
        };
        self.search(way, behind, has_mail, weight, scratch);
    }

    /// Counts the patterns that match there and pass their checks; tells whether any did, or whether it is one number all
    /// the same.
    fn take(
        &self,
        (way, set): (Way, u32),
        (start, end): (usize, usize),
        text: &str,
        weight: u64,
        scratch: &mut Scratch,
    ) -> bool {
        let Some(value) = text.get(start..end) else {
            return false;
        };
        scratch.text.hits.clear();
        let mut is_one = false;
        for &pattern in scratch.text_walkers[way as usize].set(set) {
            let Some(plan) = self
                .plan
                .patterns
                .get(pattern as usize)
                .filter(|plan| plan.fits(value.len()))
            else {
                continue;
            };
            let checked = plan.validator.is_some();
            let passed = plan.validator.is_none_or(|validator| validator(value));
            let in_context = plan.embedded == Embedded::InContext;
            if !passed {
                is_one |= plan.is_one;
                scratch.text.fail(plan.rule, (start, end));
            }
            if in_context && !(passed && self.is_called(plan.rule, text, start)) {
                continue;
            }
            if self.is_unlike(plan.rule, text, start) {
                continue;
            }
            if passed {
                scratch.text.hits.push(Hit {
                    rule: plan.rule,
                    checked,
                    is_sure: plan.is_of_digits,
                    context: in_context || self.has_context(plan.rule, text, start),
                    accident: plan.accident,
                });
            } else if dates(value).next().is_none() {
                // A date was never meant to be anything else: the head of each line of a log.
                scratch.counts.rule(plan.rule).embedded_checked += weight;
            }
        }
        self.give_way((start, end), text, scratch);
        if !scratch.spared.has(value) {
            self.count_hits(weight, scratch);
        }
        is_one || !scratch.text.hits.is_empty()
    }

    /// Counts what holds of one span, except what another identifier outdoes there: it is one thing.
    fn count_hits(&self, weight: u64, scratch: &mut Scratch) {
        let hits = &scratch.text.hits;
        let identifier = |hit: &Hit| {
            self.rules
                .get(hit.rule as usize)
                .map(|rule| &rule.identifier)
        };
        for hit in hits {
            let outdone = |other: &Hit| other.outdoes(hit) && identifier(other) != identifier(hit);
            if hits.iter().any(outdone) {
                continue;
            }
            let sums = scratch.counts.rule(hit.rule);
            sums.embedded_checked += weight * u64::from(hit.checked);
            sums.embedded_passed += weight * u64::from(hit.checked);
            sums.embedded += weight;
            sums.in_context += weight * u64::from(hit.context);
            scratch.text.rules.add(hit.rule);
        }
    }
}

impl Scratch {
    /// Counts the cell once for every rule that matched inside it.
    fn end_cell(&mut self, weight: u64) {
        for rule in self.text.rules.0.drain(..) {
            self.counts.rule(rule).embedded_cells += weight;
        }
    }
}

/// Whether a cell of these classes may be a web address with an e-mail address in it.
const fn may_be_page_with_mail(classes: u16) -> bool {
    classes & ClassMask::COLON != 0
        && classes & ClassMask::SLASH != 0
        && classes & (ClassMask::AT | ClassMask::OTHER) != 0
}

/// What of a web address comes after its host: a user name in front of the host is no e-mail address.
fn behind_host(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("://")?;
    rest.find(['/', '?', '#']).and_then(|at| rest.get(at..))
}

/// Whether it is a letter of Chinese, Japanese or Korean.
const fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{d7ff}')
}

/// Whether there is an `@` in it, or one as a web address encodes it.
fn has_mail(text: &str) -> bool {
    text.contains('@') || text.contains("%40")
}

/// Whether a single word is a label and a value, as in `EMAIL:a@example.org`: the index takes that apart too. Times and
/// hexadecimal groups have colons as well, and nothing in them.
fn is_labelled(word: &str, classes: u16) -> bool {
    let begins = |first: &u8| first.is_ascii_alphabetic() || !first.is_ascii();
    word.as_bytes().first().is_some_and(begins) && label_end(word, ClassMask(classes)).is_some()
}

/// Whether one word is more than one value: an address with punctuation around it or something glued to it, or anything
/// that a full stop or a colon ends.
fn is_open(text: &str, classes: u16) -> bool {
    let ends =
        [text.as_bytes().first(), text.as_bytes().last()].map(|byte| byte.copied().unwrap_or(b'x'));
    let ended = matches!(ends[1], b'.' | b':') && classes & (ClassMask::DIGIT | ClassMask::AT) != 0;
    ended
        || classes & ClassMask::AT != 0
            && (classes & GLUED != 0 || ends.iter().any(|byte| !is_word(*byte)))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether digits and a separator before this digit make it part of a longer number.
fn joins_number(bytes: &[u8], start: usize) -> bool {
    start > 1
        && bytes[start].is_ascii_digit()
        && joins_digits(bytes[start - 1])
        && bytes[start - 2].is_ascii_digit()
}

/// Fewest groups of equal length that are one number, and the most digits of that: those of payment cards (ISO/IEC 7812).
const EQUAL_GROUPS: usize = 4;
const MOST_OF_ONE: usize = 19;

/// Whether a cell without words is one number in groups of one length, of which the last may be shorter. It is that or
/// nothing: no other number begins where it does.
fn is_in_equal_groups(text: &str) -> bool {
    let mut groups = text.split(' ').map(str::len);
    let Some(length) = groups.next() else {
        return false;
    };
    let (mut count, mut digits, mut last) = (1, length, length);
    let equal = groups.all(|next| {
        let is_after_whole = last == length && next <= length;
        (count, digits, last) = (count + 1, digits + next, next);
        is_after_whole && count <= MOST_OF_ONE
    });
    let plain = || {
        text.bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_digit())
    };
    equal && count >= EQUAL_GROUPS && (4..=8).contains(&length) && digits <= MOST_OF_ONE && plain()
}

/// Whether nothing but blanks is between this digit and one before: in a cell without words, the groups of one number.
fn joins_group(bytes: &[u8], start: usize) -> bool {
    let before = bytes[..start].trim_ascii_end();
    before.len() < start && before.last().is_some_and(u8::is_ascii_digit)
}

/// Matches that begin here and end where a token ends, the longest last; only the last few are kept.
fn ends(
    walker: &mut Walker,
    machine: &Machine,
    bytes: &[u8],
    start: usize,
) -> [(usize, u32); KEPT] {
    let mut state = walker.start(machine);
    let mut found = [(0, 0); KEPT];
    let mut is_mail = false;
    for (at, &byte) in bytes.iter().enumerate().skip(start).take(LONGEST) {
        state = walker.step(machine, state, byte);
        if state == 0 {
            break;
        }
        is_mail |= byte == b'@';
        let set = walker.end_of(machine, state);
        // No domain holds what was glued to it: `ada@example.org_old`.
        let is_glued = is_mail && bytes.get(at + 1) == Some(&b'_');
        if set != 0 && (is_glued || ends_token(bytes, at + 1)) {
            found.rotate_left(1);
            found[KEPT - 1] = (at + 1, set);
        }
    }
    found
}

/// Matches of different length from one start that are tried.
const KEPT: usize = 6;

fn ends_token(bytes: &[u8], end: usize) -> bool {
    let Some(&next) = bytes.get(end) else {
        return true;
    };
    if is_word(next) || next == b'@' || next == b'_' {
        return false;
    }
    let digits =
        bytes[end - 1].is_ascii_digit() && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    !(digits && joins_digits(next))
}

/// Characters that make one number of the digits around them.
fn joins_digits(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_equal_groups_is_told_from_several() {
        for one in ["0123 4567 8901 2345", "4556 9999 9999 9999 123"] {
            assert!(is_in_equal_groups(one), "{one}");
        }
        for other in [
            "06 12 34 56 78",
            "0755 8123 4567",
            "0170 1234567 0171 2345678",
            "01234567 01234568 01234569",
            "1234 5678 90 1234",
            "1234-5678 9012 3456 7890",
            "",
        ] {
            assert!(!is_in_equal_groups(other), "{other}");
        }
    }
}
