//! The walk of whole values through their automata. A lane is what one thread keeps for one kind of value: the states
//! it met, and the counts of this batch.

use std::collections::HashMap;
use std::sync::Arc;

use locard_sketch::ClassMask;

use super::scratch::{Counts, Histogram};
use crate::library::{Automata, Kind, Machine, PatternPlan, Plan, Walker};
use crate::rule::Embedded;

/// Memory of all lanes of a thread; above it their states are forgotten, when a new kind of value comes and when a batch
/// was counted.
const LIMIT: usize = 64 << 20;

/// What a set of patterns asks for beyond being counted.
#[derive(Clone, Copy, Debug)]
struct EndFlags {
    /// Some pattern has a length or a validator.
    checked: bool,
    /// Some pattern is also searched in text.
    embedded: bool,
}

/// Values of one kind.
#[derive(Debug)]
struct Lane {
    machine: Arc<Machine>,
    walker: Walker,
    /// By number of a set of patterns: values of this batch that ended in it.
    matched: Histogram,
    /// By number of a set of patterns.
    flags: Vec<EndFlags>,
}

impl Lane {
    fn new(machine: Arc<Machine>) -> Self {
        Self {
            machine,
            walker: Walker::default(),
            matched: Histogram::default(),
            flags: Vec::new(),
        }
    }

    /// Prepares for the sets of patterns that the walker met for the first time.
    fn meet(&mut self, plan: &Plan) {
        for number in self.flags.len()..self.walker.sets() {
            let set = self.walker.set(number as u32);
            let any = |ask: fn(&PatternPlan) -> bool| {
                set.iter()
                    .any(|&pattern| ask(&plan.patterns[pattern as usize]))
            };
            self.flags.push(EndFlags {
                checked: any(PatternPlan::needs_check),
                embedded: any(|pattern| pattern.embedded == Embedded::Always),
            });
        }
        self.matched.grow(self.walker.sets());
    }
}

/// All lanes of a thread.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    all: Vec<Lane>,
    by_kind: HashMap<Kind, u32>,
    /// The kind of the previous value and its lane: columns are mostly of one kind.
    last: Option<(Kind, u32)>,
}

impl Lanes {
    /// Walks a value; answers its lane and the number of the set it ended in.
    #[inline]
    pub(super) fn walk(&mut self, automata: &Automata, value: &str, classes: u16) -> (u32, u32) {
        let kind = Kind::of(value.len(), classes);
        let number = match self.last {
            Some((last, number)) if last == kind => number,
            _ => self.enter(automata, kind),
        };
        let Some(lane) = self.all.get_mut(number as usize) else {
            return (number, 0);
        };
        (number, lane.walker.end(&lane.machine, value.as_bytes()))
    }

    fn enter(&mut self, automata: &Automata, kind: Kind) -> u32 {
        let lanes = &mut self.all;
        let number = *self.by_kind.entry(kind).or_insert_with(|| {
            let machine = automata.whole(kind);
            let shared = lanes
                .iter()
                .position(|lane| Arc::ptr_eq(&lane.machine, &machine));
            shared.unwrap_or_else(|| {
                bound(lanes);
                lanes.push(Lane::new(machine));
                lanes.len() - 1
            }) as u32
        });
        self.last = Some((kind, number));
        number
    }

    /// To be called between walking the values of a batch and counting them.
    pub(super) fn meet(&mut self, plan: &Plan) {
        for lane in &mut self.all {
            lane.meet(plan);
        }
    }

    /// Counts a value that ended in a set of patterns; tells whether a pattern that is also searched in text holds.
    #[inline]
    pub(super) fn count(
        &mut self,
        (lane, end): (u32, u32),
        (text, weight): (&str, u64),
        plan: &Plan,
        counts: &mut Counts,
    ) -> bool {
        let Some(lane) = self.all.get_mut(lane as usize) else {
            return false;
        };
        match lane.flags.get(end as usize) {
            Some(flags) if !flags.checked => {
                lane.matched.add(end as usize, weight);
                flags.embedded
            }
            Some(_) => counts.check(plan, lane.walker.set(end), text, weight),
            None => false,
        }
    }

    /// Hands out the sets of patterns with the values of this batch that ended in them, and forgets the counts.
    pub(super) fn drain(&mut self, mut each: impl FnMut(&[u32], u64)) {
        for Lane {
            walker, matched, ..
        } in &mut self.all
        {
            matched.drain(|end, weight| each(walker.set(end as u32), weight));
        }
        bound(&mut self.all);
    }
}

/// Forgets states, not what was counted: the numbers of sets stay valid.
fn bound(lanes: &mut [Lane]) {
    if lanes.iter().map(|lane| lane.walker.memory()).sum::<usize>() > LIMIT {
        for lane in lanes {
            lane.walker.forget_states();
        }
    }
}

/// The classes of a value without the white space around it, given those of the cell.
#[inline]
pub(super) fn classes_of(value: &str, cell: &str, classes: u16) -> u16 {
    if value.len() == cell.len() {
        classes
    } else {
        ClassMask::of(value).0
    }
}
