//! One automaton for many patterns: a walk over the bytes of a value ends in a state that tells which patterns match the
//! whole value. The cost is that of the bytes up to the first dead state, however many patterns there are.
//!
//! States are made when a walk first needs them: data meets some hundreds, all of them together are millions. So a
//! [`Machine`] is ready at once and shared, and each thread has a [`Walker`] that remembers the states it met.
//!
//! What a reader gets wrong: the end state answers for the whole text walked so far. Anchored search asks once, at the
//! end; search in text asks after every byte, from every token start.

use std::collections::HashMap;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::Hir;

/// Memory of one thread's states of one machine. A walk that begins above half of it begins with none; one that reaches it ends.
const STATES_LIMIT: usize = 16 << 20;
/// Memory of one pattern as an automaton; a pattern beyond it is refused.
const PATTERN_LIMIT: usize = 4 << 20;
/// Stands for a transition or an end that nobody asked for yet.
const UNKNOWN: u32 = u32::MAX;

/// An automaton over some of the library's patterns.
#[derive(Debug)]
pub(crate) struct Machine {
    lazy: DFA,
    numbers: Vec<u32>,
    classes: [u8; 256],
    representatives: Vec<u8>,
    shift: u32,
}

impl Machine {
    /// An automaton over patterns, each with its number in the library.
    pub(crate) fn build(patterns: &[(u32, &Hir)]) -> Result<Self, String> {
        let parsed: Vec<&Hir> = patterns.iter().map(|(_, parsed)| *parsed).collect();
        let states = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .shrink(false)
                    .which_captures(WhichCaptures::None)
                    .nfa_size_limit(Some(PATTERN_LIMIT * patterns.len().max(1))),
            )
            .build_many_from_hir(&parsed)
            .map_err(|error| cause(&error))?;
        let lazy = DFA::builder()
            .configure(
                Config::new()
                    .match_kind(MatchKind::All)
                    .cache_capacity(2 * STATES_LIMIT)
                    .skip_cache_capacity_check(true),
            )
            .build_from_nfa(states)
            .map_err(|error| cause(&error))?;
        let mut classes = [0; 256];
        let mut representatives = Vec::new();
        for byte in 0..=u8::MAX {
            let class = lazy.byte_classes().get(byte);
            classes[usize::from(byte)] = class;
            if usize::from(class) == representatives.len() {
                representatives.push(byte);
            }
        }
        Ok(Self {
            numbers: patterns.iter().map(|(number, _)| *number).collect(),
            classes,
            shift: representatives.len().next_power_of_two().trailing_zeros(),
            representatives,
            lazy,
        })
    }
}

/// A pattern's syntax.
pub(crate) fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::parse(pattern).map_err(|error| error.to_string())
}

/// The deepest sentence of an error: `regex-automata` says only "error building NFA" at the top.
fn cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(next) = deepest.source() {
        deepest = next;
    }
    deepest.to_string()
}

/// The states that one thread met in one machine, and the sets of patterns that they end in.
#[derive(Debug, Default)]
pub(crate) struct Walker {
    cache: Option<Cache>,
    /// By state and class of the next byte: the next state. A state is the offset of its row; row 0 is the dead one.
    table: Vec<u32>,
    /// By row: the number of the set that ends here.
    ends: Vec<u32>,
    ids: Vec<LazyStateID>,
    rows: HashMap<LazyStateID, u32>,
    sets: Vec<Box<[u32]>>,
    set_numbers: HashMap<Box<[u32]>, u32>,
    /// Bytes that the states take, as of the last new one.
    memory: usize,
}

impl Walker {
    /// Number of the set of patterns that match the whole value; 0 is the empty set.
    #[inline]
    pub(crate) fn end(&mut self, machine: &Machine, value: &[u8]) -> u32 {
        let mut state = self.start(machine);
        for &byte in value {
            state = self.step(machine, state, byte);
            if state == 0 {
                return 0;
            }
        }
        self.end_of(machine, state)
    }

    /// The state before any byte. States of an earlier walk are void afterwards.
    #[inline]
    pub(crate) fn start(&mut self, machine: &Machine) -> u32 {
        if self.table.is_empty() || self.memory > STATES_LIMIT / 2 {
            return self.forget(machine);
        }
        1 << machine.shift
    }

    /// The state after one more byte; 0 is dead.
    #[inline]
    pub(crate) fn step(&mut self, machine: &Machine, state: u32, byte: u8) -> u32 {
        let class = machine.classes[usize::from(byte)];
        let at = state as usize + usize::from(class);
        match self.table.get(at) {
            Some(&UNKNOWN) => self.meet(machine, state, class),
            Some(&next) => next,
            None => 0,
        }
    }

    /// Number of the set of patterns that match all bytes up to this state.
    #[inline]
    pub(crate) fn end_of(&mut self, machine: &Machine, state: u32) -> u32 {
        let row = (state >> machine.shift) as usize;
        match self.ends.get(row) {
            Some(&UNKNOWN) => self.find_end(machine, row),
            Some(&end) => end,
            None => 0,
        }
    }

    /// Bytes that the states take.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// Forgets the states, but not the numbers of sets.
    pub(crate) fn forget_states(&mut self) {
        self.table = Vec::new();
        self.ends = Vec::new();
        self.ids = Vec::new();
        self.rows = HashMap::new();
        self.cache = None;
        self.memory = 0;
    }

    /// The set of that number; numbers stay valid for the walker's life.
    pub(crate) fn set(&self, number: u32) -> &[u32] {
        self.sets.get(number as usize).map_or(&[], |set| set)
    }

    /// Sets met so far, the empty one included.
    pub(crate) fn sets(&self) -> usize {
        self.sets.len()
    }

    fn weigh(&mut self) -> usize {
        let of_library = self.cache.as_ref().map_or(0, Cache::memory_usage);
        self.memory = of_library + 4 * self.table.len();
        self.memory
    }

    /// Forgets all states and begins anew; answers the start state.
    #[cold]
    fn forget(&mut self, machine: &Machine) -> u32 {
        if self.sets.is_empty() {
            self.sets.push(Box::default());
            self.set_numbers.insert(Box::default(), 0);
        }
        self.rows.clear();
        self.ids.clear();
        self.table.clear();
        self.ends.clear();
        let cache = self
            .cache
            .get_or_insert_with(|| machine.lazy.create_cache());
        machine.lazy.reset_cache(cache);
        self.memory = 0;
        let start = machine
            .lazy
            .start_state(cache, &start::Config::new().anchored(Anchored::Yes));
        // Row 0 is dead, whatever comes; its id is never asked for.
        self.table.resize(1 << machine.shift, 0);
        self.ends.push(0);
        self.ids.push(LazyStateID::default());
        start.map_or(0, |start| self.row(machine, start))
    }

    /// The transition that nobody took before; a walk that needs too much memory ends.
    #[cold]
    fn meet(&mut self, machine: &Machine, state: u32, class: u8) -> u32 {
        let row = (state >> machine.shift) as usize;
        if self.weigh() > STATES_LIMIT {
            return 0;
        }
        let (Some(cache), Some(&id), Some(&byte)) = (
            self.cache.as_mut(),
            self.ids.get(row),
            machine.representatives.get(usize::from(class)),
        ) else {
            return 0;
        };
        let next = match machine.lazy.next_state(cache, id, byte) {
            Ok(next) if !next.is_dead() && !next.is_quit() => self.row(machine, next),
            _ => 0,
        };
        if let Some(entry) = self.table.get_mut(state as usize + usize::from(class)) {
            *entry = next;
        }
        next
    }

    fn row(&mut self, machine: &Machine, id: LazyStateID) -> u32 {
        let next = (self.ids.len() as u32) << machine.shift;
        let row = *self.rows.entry(id).or_insert(next);
        if row == next {
            self.ids.push(id);
            self.ends.push(UNKNOWN);
            self.table
                .resize(self.table.len() + (1 << machine.shift), UNKNOWN);
        }
        row
    }

    #[cold]
    fn find_end(&mut self, machine: &Machine, row: usize) -> u32 {
        let (Some(cache), Some(&id)) = (self.cache.as_mut(), self.ids.get(row)) else {
            return 0;
        };
        let mut set: Vec<u32> = match machine.lazy.next_eoi_state(cache, id) {
            Ok(last) if last.is_match() => (0..machine.lazy.match_len(cache, last))
                .map(|at| machine.lazy.match_pattern(cache, last, at).as_usize())
                .filter_map(|pattern| machine.numbers.get(pattern).copied())
                .collect(),
            _ => Vec::new(),
        };
        set.sort_unstable();
        let next = self.sets.len() as u32;
        let number = *self
            .set_numbers
            .entry(set.into_boxed_slice())
            .or_insert_with_key(|set| {
                self.sets.push(set.clone());
                next
            });
        if let Some(end) = self.ends.get_mut(row) {
            *end = number;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(texts: &[&str]) -> Machine {
        let parsed: Vec<Hir> = texts.iter().map(|text| parse(text).unwrap()).collect();
        Machine::build(&(0..).zip(&parsed).collect::<Vec<_>>()).unwrap()
    }

    fn matches(machine: &Machine, value: &str) -> Vec<u32> {
        let mut walker = Walker::default();
        let end = walker.end(machine, value.as_bytes());
        // Asked twice, since the second walk takes another way through the code.
        assert_eq!(walker.end(machine, value.as_bytes()), end);
        walker.set(end).to_vec()
    }

    #[test]
    fn every_pattern_that_matches_the_whole_value_is_named() {
        let machine = machine(&["[0-9]{3}-[0-9]{2}", "[0-9-]+", "[a-z]+@[a-z]+", "x|y"]);
        assert_eq!(matches(&machine, "123-45"), [0, 1]);
        assert_eq!(matches(&machine, "123-456"), [1]);
        assert_eq!(matches(&machine, "a@b"), [2]);
        assert_eq!(matches(&machine, "y"), [3]);
        assert!(matches(&machine, "a@b!").is_empty());
        assert!(matches(&machine, "").is_empty());
    }

    #[test]
    fn a_match_of_the_beginning_alone_is_no_match() {
        let machine = machine(&["[0-9]{4}"]);
        assert!(matches(&machine, "12345").is_empty());
        assert!(matches(&machine, "123").is_empty());
    }

    #[test]
    fn letters_of_any_script_can_be_asked_for() {
        let machine = machine(&[r"\p{L}+ \p{L}+", "[а-я]+"]);
        assert_eq!(matches(&machine, "Zoë Ünal"), [0]);
        assert_eq!(matches(&machine, "привет"), [1]);
    }

    #[test]
    fn a_pattern_that_cannot_be_built_is_refused() {
        assert!(parse("[0-9").is_err());
        let large = parse(r"\p{L}{3000}\p{L}{3000}").unwrap();
        assert!(Machine::build(&[(0, &large)]).is_err());
    }

    #[test]
    fn memory_stays_bounded_when_every_value_needs_new_states() {
        // Which of the last sixteen letters were an `a` is in the state: more states than memory.
        let machine = machine(&["[ab]*a[ab]{24}"]);
        let mut walker = Walker::default();
        let mut seed = 1_u64;
        for _ in 0..2_000 {
            let value: Vec<u8> = (0..200)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    if seed >> 63 == 0 { b'a' } else { b'b' }
                })
                .collect();
            let expected = u32::from(value[value.len() - 25] == b'a');
            assert_eq!(walker.end(&machine, &value), expected);
            assert!(walker.weigh() <= STATES_LIMIT + (1 << 20));
        }
    }
}
