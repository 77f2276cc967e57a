//! The automata of a library: one for text, and for whole values one for each kind of value, made when the first value
//! of the kind comes.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use super::machine::Machine;
use super::reach::Reach;

/// Kinds of which each has an automaton of its own; the values of further ones meet all patterns.
const KINDS: usize = 256;

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
            0..=40 => length as u8,
            41..=64 => 64,
            65..=128 => 128,
            _ => u8::MAX,
        };
        Self { length, classes }
    }

    fn lengths(self) -> RangeInclusive<usize> {
        match self.length {
            length @ 0..=40 => usize::from(length)..=usize::from(length),
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
    pub(crate) text: String,
    pub(crate) reach: Reach,
}

/// The automata of a library.
#[derive(Debug)]
pub(crate) struct Automata {
    /// For running text: only patterns marked `embedded`.
    pub(crate) text: Arc<Machine>,
    patterns: Vec<Pattern>,
    /// All patterns.
    all: Arc<Machine>,
    kinds: Mutex<HashMap<Kind, Arc<Machine>>>,
}

impl Automata {
    /// Over all patterns, and for text over those that `embedded` names. Fails where one of them cannot be built.
    pub(crate) fn new(
        patterns: Vec<Pattern>,
        embedded: impl Fn(&Pattern) -> bool,
    ) -> Result<Self, String> {
        let build = |wanted: &dyn Fn(&Pattern) -> bool| {
            let wanted = patterns.iter().filter(|pattern| wanted(pattern));
            Machine::build(&wanted.map(named).collect::<Vec<_>>()).map(Arc::new)
        };
        Ok(Self {
            text: build(&embedded)?,
            all: build(&|_| true)?,
            patterns,
            kinds: Mutex::default(),
        })
    }

    /// The automaton for whole values of any kind.
    pub(crate) fn all(&self) -> &Machine {
        &self.all
    }

    /// The automaton for whole values of this kind.
    pub(crate) fn whole(&self, kind: Kind) -> Arc<Machine> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kinds.get(&kind) {
            return Arc::clone(known);
        }
        if kinds.len() >= KINDS {
            return Arc::clone(&self.all);
        }
        let lengths = kind.lengths();
        let admitted = self
            .patterns
            .iter()
            .filter(|pattern| pattern.reach.admits(&lengths, kind.classes));
        // Patterns that can be built together can be built apart.
        let machine = Machine::build(&admitted.map(named).collect::<Vec<_>>())
            .map_or_else(|_| Arc::clone(&self.all), Arc::new);
        kinds.insert(kind, Arc::clone(&machine));
        machine
    }
}

fn named(pattern: &Pattern) -> (u32, &str) {
    (pattern.number, pattern.text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_in_the_range_of_its_kind() {
        for length in (0..300).chain([1 << 20, usize::MAX]) {
            assert!(Kind::of(length, 0).lengths().contains(&length), "{length}");
        }
    }
}
