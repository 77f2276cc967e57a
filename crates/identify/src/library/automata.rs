//! The automata of a library: one for text, and for whole values one for each kind of value, made when the first value
//! of the kind comes.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use regex_syntax::hir::Hir;

use super::machine::Machine;
use super::reach::Reach;
use crate::rule::Embedded;

/// Kinds of which each has an automaton of its own; the values of further ones meet all patterns.
const KINDS: usize = 256;

/// How many times as many patterns as a kind of value can match its automaton may have.
const OTHERS: usize = 3;

/// So many patterns cost a walk hardly more than one.
const FEWEST: usize = 8;

/// What values must have in common to go through one automaton: their length, more coarsely the longer they are, and
/// the classes of their characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    length: u8,
    classes: u16,
}

impl Kind {
    /// The kind of a value of so many bytes with these classes.
    #[inline]
    pub(crate) fn of(length: usize, classes: u16) -> Self {
        let length = match length {
            0..=16 => length as u8,
            17..=40 => length.next_multiple_of(4) as u8,
            41..=64 => 64,
            65..=128 => 128,
            _ => u8::MAX,
        };
        Self { length, classes }
    }

    fn lengths(self) -> RangeInclusive<usize> {
        match self.length {
            length @ 0..=16 => usize::from(length)..=usize::from(length),
            length @ 17..=40 => usize::from(length) - 3..=usize::from(length),
            41..=64 => 41..=64,
            65..=128 => 65..=128,
            _ => 129..=usize::MAX,
        }
    }
}

/// A pattern of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// Its number in the library.
    pub(crate) number: u32,
    pub(crate) parsed: Hir,
    pub(crate) reach: Reach,
    pub(crate) embedded: Embedded,
}

/// The automata of a library.
#[derive(Debug)]
pub(crate) struct Automata {
    /// For running text: patterns that are searched everywhere.
    plain: Arc<Machine>,
    /// With those too that are searched behind words of context, once a text has such words.
    in_context: OnceLock<Arc<Machine>>,
    patterns: Vec<Pattern>,
    /// All patterns, once they are asked for.
    all: OnceLock<Arc<Machine>>,
    known: Mutex<Known>,
}

/// How running text is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// For patterns that are searched everywhere.
    Plain,
    /// For those too that are searched behind words of context.
    InContext,
}

/// Automata that were asked for.
#[derive(Debug, Default)]
struct Known {
    kinds: HashMap<Kind, Arc<Machine>>,
    /// With the patterns that are in each, in order: many kinds have the same.
    sets: Vec<(Vec<u32>, Arc<Machine>)>,
}

impl Automata {
    /// Over all patterns, each of which was built by itself; for text over those that are searched everywhere. Fails
    /// where these cannot be built.
    pub(crate) fn new(patterns: Vec<Pattern>) -> Result<Self, String> {
        let always = |pattern: &&Pattern| pattern.embedded == Embedded::Always;
        let always = patterns.iter().filter(always).map(named);
        let plain = Machine::build(&always.collect::<Vec<_>>())?;
        Ok(Self {
            plain: Arc::new(plain),
            in_context: OnceLock::new(),
            all: OnceLock::new(),
            patterns,
            known: Mutex::default(),
        })
    }

    /// The automaton for whole values of any kind.
    pub(crate) fn all(&self) -> &Arc<Machine> {
        self.all.get_or_init(|| self.built(|_| true))
    }

    fn built(&self, wanted: fn(&&Pattern) -> bool) -> Arc<Machine> {
        let wanted = self.patterns.iter().filter(wanted).map(named);
        // Patterns that can be built apart can be built together: the limit is one for each.
        Machine::build(&wanted.collect::<Vec<_>>())
            .map_or_else(|_| Arc::clone(&self.plain), Arc::new)
    }

    /// The automaton for running text.
    pub(crate) fn text(&self, way: Way) -> &Arc<Machine> {
        let searched = |pattern: &&Pattern| pattern.embedded != Embedded::Never;
        match way {
            Way::Plain => &self.plain,
            Way::InContext => self.in_context.get_or_init(|| self.built(searched)),
        }
    }

    /// Whether a pattern may match a value of so many bytes with these classes.
    pub(crate) fn admits(&self, pattern: u32, length: usize, classes: u16) -> bool {
        self.patterns
            .get(pattern as usize)
            .is_some_and(|pattern| pattern.reach.admits(&(length..=length), classes))
    }

    /// The automaton for whole values of this kind.
    pub(crate) fn whole(&self, kind: Kind) -> Arc<Machine> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(machine) = known.kinds.get(&kind) {
            return Arc::clone(machine);
        }
        if known.kinds.len() >= KINDS {
            return Arc::clone(self.all());
        }
        let lengths = kind.lengths();
        let admitted = self
            .patterns
            .iter()
            .filter(|pattern| pattern.reach.admits(&lengths, kind.classes));
        let admitted: Vec<(u32, &Hir)> = admitted.map(named).collect();
        let numbers: Vec<u32> = admitted.iter().map(|(number, _)| *number).collect();
        let machine = known.with(&numbers).unwrap_or_else(|| {
            // Patterns that can be built together can be built apart.
            let built = Machine::build(&admitted);
            let machine = built.map_or_else(|_| Arc::clone(self.all()), Arc::new);
            known.sets.push((numbers, Arc::clone(&machine)));
            machine
        });
        known.kinds.insert(kind, Arc::clone(&machine));
        machine
    }
}

impl Known {
    /// The smallest automaton that has these patterns and not many others: a value that cannot match those gets the same
    /// answer, and a walk costs less than another automaton.
    fn with(&self, patterns: &[u32]) -> Option<Arc<Machine>> {
        let has_all = |all: &[u32]| {
            let mut all = all.iter();
            patterns.iter().all(|wanted| all.any(|one| one == wanted))
        };
        let usable = self
            .sets
            .iter()
            .filter(|(all, _)| all.len() <= OTHERS * patterns.len().max(FEWEST) && has_all(all));
        usable
            .min_by_key(|(all, _)| all.len())
            .map(|(_, machine)| Arc::clone(machine))
    }
}

fn named(pattern: &Pattern) -> (u32, &Hir) {
    (pattern.number, &pattern.parsed)
}

#[cfg(test)]
mod tests {
    use locard_sketch::ClassMask;

    use super::super::machine::{Walker, parse};
    use super::*;

    #[test]
    fn every_length_is_in_the_range_of_its_kind() {
        for length in (0..300).chain([1 << 20, usize::MAX]) {
            assert!(Kind::of(length, 0).lengths().contains(&length), "{length}");
        }
    }

    /// Which automaton serves a kind depends on which kinds came before; what it says of a value does not.
    #[test]
    fn a_value_matches_the_same_patterns_whatever_came_before_it() {
        let texts = [
            "[0-9]{4}",
            "[0-9]{4,6}",
            "[a-z]{4}",
            "[a-z0-9]{2,9}",
            "[0-9]{3}-[0-9]{2}",
            "[a-z]+@[a-z]+",
        ];
        let patterns = || {
            let parsed = texts.iter().map(|text| parse(text).unwrap());
            let pattern = |(number, parsed): (u32, Hir)| Pattern {
                number,
                reach: Reach::of(&parsed, None),
                embedded: Embedded::Always,
                parsed,
            };
            (0..).zip(parsed).map(pattern).collect::<Vec<_>>()
        };
        let values = ["1234", "123456", "abcd", "ab12", "123-45", "a@b", "a", "12"];
        let asked = |order: &mut dyn Iterator<Item = &&'static str>| {
            let automata = Automata::new(patterns()).unwrap();
            let mut found = HashMap::new();
            for value in order {
                let kind = Kind::of(value.len(), ClassMask::of(value).0);
                let mut walker = Walker::default();
                let (machine, all) = (automata.whole(kind), automata.all());
                let end = walker.end(&machine, value.as_bytes());
                let mut walker_of_all = Walker::default();
                let end_of_all = walker_of_all.end(all, value.as_bytes());
                assert_eq!(walker.set(end), walker_of_all.set(end_of_all), "{value}");
                found.insert(*value, walker.set(end).to_vec());
            }
            found
        };
        let found = asked(&mut values.iter());
        assert_eq!(found, asked(&mut values.iter().rev()));
        assert_eq!(found["1234"], [0, 1, 3]);
        assert_eq!(found["a@b"], [5]);
    }
}
