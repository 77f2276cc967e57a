//! What a column's name says: which phrases of which rules stand in it, and what the remaining words do to them.
//!
//! What a reader gets wrong: a phrase that lies within a longer matching phrase of another identifier does not count:
//! `ip address` is no postal address.

mod pair;
mod prefix;
mod tokens;

use std::collections::{BTreeMap, HashMap, HashSet};

pub(crate) use prefix::common_prefix;

use crate::Rule;
use crate::library::fold;
use crate::words::{self, HEADS, LEADS, NEUTRAL, THINGS};

/// Longest phrase in words.
const LONGEST: usize = 7;

/// Names of columns that say nothing without that of their table.
pub(crate) const GENERAL: [&str; 7] = ["name", "id", "code", "number", "key", "value", "label"];

/// Letters of a word that was cut off.
const CUT: std::ops::RangeInclusive<usize> = 6..=8;

/// Words of the name of a table that are looked at.
const TABLE_WORDS: usize = 4;

/// All phrases of all rules by their words run together.
#[derive(Debug, Default)]
pub(crate) struct Phrases {
    by_text: HashMap<String, Vec<(u32, Kind)>>,
    /// Words that mean something to somebody; a name made of other words says nothing.
    known: HashSet<String>,
    /// Hashes of everyday words, sorted: these are never taken apart, so that no `regime` has a Croatian name in it.
    everyday: Vec<u64>,
    /// Phrases of one word that are names, each with its identifier; `None` where several have it.
    single: BTreeMap<String, Option<u32>>,
    /// Identifier of each rule by number, so that two rules of one identifier do not compete.
    identifiers: Vec<u32>,
}

/// How a phrase speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Hint,
    Not,
}

/// What a name as a whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clarity {
    /// No word of it tells anything: `c07`, `attr3`, `field_12`.
    Opaque,
    /// Some words are known.
    Mixed,
    /// Every word is known.
    Clear,
}

/// What a name says to one rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) kind: Kind,
    /// Share of the telling words that the phrase covers.
    pub(crate) covers: f64,
    /// Whether words around the phrase make it a fact about the thing.
    pub(crate) about: bool,
    /// Whether it lies within a longer phrase of another identifier.
    pub(crate) within: bool,
}

/// What a name says.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) clarity: Clarity,
    /// Whether it names a thing rather than a person's property.
    pub(crate) thing: bool,
    /// Whether it is what any column may be called: a `name`, a `code`.
    pub(crate) general: bool,
    readings: HashMap<u32, Reading>,
}

struct Run {
    rule: u32,
    kind: Kind,
    from: usize,
    to: usize,
}

impl Phrases {
    /// The phrases of these rules, beside everyday words by their hashes.
    pub(crate) fn new(rules: &[Rule], everyday: &[u64]) -> Self {
        let mut phrases = Self {
            everyday: everyday.to_vec(),
            ..Self::default()
        };
        phrases.everyday.sort_unstable();
        let mut identifiers: HashMap<&str, u32> = HashMap::new();
        for (rule, number) in rules.iter().zip(0_u32..) {
            let next = identifiers.len() as u32;
            phrases
                .identifiers
                .push(*identifiers.entry(rule.identifier.as_str()).or_insert(next));
            let column = &rule.column;
            for (list, kind) in [
                (&column.names, Kind::Name),
                (&column.hints, Kind::Hint),
                (&column.not, Kind::Not),
            ] {
                for phrase in list {
                    phrases.add(phrase, number, kind);
                }
            }
        }
        for word in [HEADS, LEADS, NEUTRAL, THINGS].into_iter().flatten() {
            phrases.known.insert((*word).to_owned());
        }
        for (from, _) in words::SAME {
            phrases.known.insert((*from).to_owned());
        }
        phrases
    }

    fn add(&mut self, phrase: &str, rule: u32, kind: Kind) {
        let folded = fold(phrase);
        if folded.len() < 3 && !phrase.is_ascii() {
            // Two letters without their accents are an abbreviation of something else somewhere.
            return;
        }
        let written = tokens::split(&folded);
        self.known.extend(
            written
                .iter()
                .filter(|word| word.chars().count() > 1)
                .cloned(),
        );
        let words = tokens::canonical_words(written.iter().map(String::as_str));
        let together = written.concat();
        self.known.insert(together.clone());
        if written.len() == 1 && kind == Kind::Name {
            let own = self.identifiers.get(rule as usize).copied();
            let of = self.single.entry(together.clone()).or_insert(own);
            if *of != own {
                *of = None;
            }
        }
        // A name that is written together is one word, whatever its parts stand for, and names leave small words out.
        for squashed in [words.concat(), together, without_links(&words)] {
            let entry = self.by_text.entry(squashed).or_default();
            if !entry.contains(&(rule, kind)) {
                entry.push((rule, kind));
            }
        }
    }

    /// Reads the name of a column in a table of that name. What any table may have, a `name` or a `code`, is read together
    /// with what the table holds where that says it all: the `name` of `countries` is a country's.
    pub(crate) fn read_in(&self, table: &str, name: &str) -> Header {
        let words = self.words(last_parts(name));
        if is_general(&words) {
            let says_all = |reading: &Reading| {
                reading.kind == Kind::Name
                    && reading.covers >= 1.0
                    && !reading.about
                    && !reading.within
            };
            for thing in things(table) {
                let both = self.read(&format!("{thing} {name}"));
                if both.readings.values().any(says_all) {
                    return both;
                }
            }
        }
        self.read(name)
    }

    /// Reads a name.
    pub(crate) fn read(&self, name: &str) -> Header {
        let words = self.words(last_parts(name));
        let runs = self.runs(&words);
        let parts: Vec<Part> = (0..words.len()).map(|at| self.part(&words, at)).collect();
        let telling = || parts.iter().filter(|part| part.tells);
        let known = telling().filter(|part| part.is_known).count();
        let clarity = match (known, telling().count() - known) {
            (0, _) => Clarity::Opaque,
            (_, 0) => Clarity::Clear,
            _ => Clarity::Mixed,
        };
        let mut readings: HashMap<u32, Reading> = HashMap::new();
        for run in &runs {
            let reading = self.reading(run, &runs, &parts);
            let slot = readings.entry(run.rule).or_insert(reading);
            if rank(&reading) > rank(slot) {
                *slot = reading;
            }
        }
        let thing = words.iter().any(|word| THINGS.contains(&word.as_str()));
        Header {
            clarity,
            thing,
            general: is_general(&words),
            readings,
        }
    }

    /// The words of a name in canonical spelling, without the numbers that only count columns.
    fn words(&self, name: &str) -> Vec<String> {
        let written = tokens::split(name);
        let whole = written.concat();
        // A number may be part of a phrase: `icd10`.
        if whole.contains(|letter: char| letter.is_ascii_digit())
            && self.by_text.contains_key(&whole)
        {
            return vec![whole];
        }
        let mut words = Vec::new();
        for word in written {
            if word.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            if self.known.contains(&word) {
                words.push(word);
                continue;
            }
            let everyday = || self.is_everyday(&word);
            let pieces = tokens::take_apart(&word, &self.known).filter(|_| !everyday());
            match pieces {
                Some(pieces) => words.extend(pieces.into_iter().map(str::to_owned)),
                None => words.push(self.completed(&word).unwrap_or(word)),
            }
        }
        tokens::canonical_words(words.iter().map(String::as_str))
    }

    fn is_everyday(&self, word: &str) -> bool {
        let hash = locard_sketch::hash(word.as_bytes());
        self.everyday.binary_search(&hash).is_ok()
    }

    /// The word of which this is the beginning, as systems that allow six or eight letters keep it: `indiri` of
    /// `indirizzo`. Only where all words that begin so are names of one identifier.
    fn completed(&self, word: &str) -> Option<String> {
        let is_cut = CUT.contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase());
        if !is_cut || self.is_everyday(word) {
            return None;
        }
        let longer = self.single.range(word.to_owned()..);
        let mut longer = longer.take_while(|(whole, _)| whole.starts_with(word));
        let (whole, identifier) = longer.next()?;
        let identifier = identifier.as_ref()?;
        let alike = longer.all(|(_, other)| other.as_ref() == Some(identifier));
        alike.then(|| whole.clone())
    }

    fn runs(&self, words: &[String]) -> Vec<Run> {
        let mut runs = Vec::new();
        for from in 0..words.len() {
            let mut squashed = String::new();
            for (to, word) in words.iter().enumerate().skip(from).take(LONGEST) {
                squashed.push_str(word);
                let singular = squashed.strip_suffix('s').filter(|short| short.len() > 3);
                let found = self
                    .by_text
                    .get(&squashed)
                    .or_else(|| self.by_text.get(singular?));
                for &(rule, kind) in found.into_iter().flatten() {
                    runs.push(Run {
                        rule,
                        kind,
                        from,
                        to: to + 1,
                    });
                }
            }
        }
        runs
    }

    fn reading(&self, run: &Run, runs: &[Run], parts: &[Part]) -> Reading {
        let identifier = self.identifiers.get(run.rule as usize);
        let within = runs.iter().any(|other| {
            other.kind == Kind::Name
                && other.from <= run.from
                && run.to <= other.to
                && other.to - other.from > run.to - run.from
                && self.identifiers.get(other.rule as usize) != identifier
        });
        let inside = run.to - run.from;
        let (before, after) = (&parts[..run.from], &parts[run.to..]);
        let others = before.iter().chain(after);
        let outside = others.filter(|part| part.tells).count();
        let about = after.iter().any(|part| part.is_head) || before.iter().any(|part| part.is_lead);
        Reading {
            kind: run.kind,
            covers: inside as f64 / (inside + outside) as f64,
            about,
            within,
        }
    }

    /// What the word at that place does to the name. What says nothing before a phrase may be the head behind it: the
    /// `present address` is an address, `cvv_present` is none.
    fn part(&self, words: &[String], at: usize) -> Part {
        let word = words[at].as_str();
        let is_last = at > 0 && at + 1 == words.len();
        let is_neutral = NEUTRAL.contains(&word);
        let is_head = HEADS.contains(&word) && (is_last || !is_neutral);
        let is_lead = LEADS.contains(&word);
        Part {
            is_head,
            is_lead,
            tells: is_head || is_lead || !is_neutral,
            is_known: self.known.contains(word),
        }
    }
}

/// Words that only join others.
const LINKS: [&str; 12] = [
    "d", "da", "de", "del", "der", "di", "do", "du", "la", "of", "the", "von",
];

/// A phrase with the words left out that only join others, where two at least are left.
fn without_links(words: &[String]) -> String {
    let telling = || words.iter().filter(|word| !LINKS.contains(&word.as_str()));
    if telling().count() < 2 {
        return words.concat();
    }
    telling().map(String::as_str).collect()
}

fn is_general(words: &[String]) -> bool {
    matches!(words, [word] if GENERAL.contains(&word.as_str()))
}

/// The things that a table may hold by its name, the likeliest first: `dim_countries` holds a `country`.
fn things(table: &str) -> impl Iterator<Item = String> {
    let stem = table.split('.').next().unwrap_or_default();
    let words = tokens::split(stem);
    let words = words.into_iter().rev().take(TABLE_WORDS);
    words.filter(|word| word.len() > 2).map(|word| {
        match (word.strip_suffix("ies"), word.strip_suffix('s')) {
            (Some(stem), _) if stem.len() > 2 => format!("{stem}y"),
            (_, Some(stem)) if stem.len() > 2 && !stem.ends_with('s') => stem.to_owned(),
            _ => word,
        }
    })
}

/// What one word does to a name.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Behind a phrase, it makes it a fact about the thing: `email_count`.
    is_head: bool,
    /// Before a phrase, it does: `count_email`.
    is_lead: bool,
    /// Whether it takes part in the meaning at all.
    tells: bool,
    /// Whether it means something to somebody.
    is_known: bool,
}

impl Header {
    /// What the name says to a rule, if anything.
    pub(crate) fn reading(&self, rule: usize) -> Option<&Reading> {
        self.readings.get(&(rule as u32))
    }
}

/// Which of two readings of one rule speaks louder.
fn rank(reading: &Reading) -> f64 {
    let kind = match reading.kind {
        Kind::Not => 20.0,
        Kind::Name => 10.0,
        Kind::Hint => 0.0,
    };
    kind + reading.covers
        - if reading.about || reading.within {
            5.0
        } else {
            0.0
        }
}

/// The last two parts of a dotted path: `data.buyer.email` is read as `buyer.email`.
fn last_parts(name: &str) -> &str {
    let name = name.trim_end_matches("[]").trim_end_matches(['.', '*']);
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    dots.next();
    dots.next().map_or(name, |at| &name[at + 1..])
}

#[cfg(test)]
mod tests;
