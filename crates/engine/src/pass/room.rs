//! Memory that passes share for the keys of their columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Memory of all passes together for the keys of their columns: 1 GiB. An input that cannot be divided may have any
/// number of columns with any number of values each, and a scan must fit into a small machine beside a database
/// (`docs/decisions/most-keys.md`).
const HELD: usize = 1 << 30;

/// What all passes hold.
#[derive(Debug)]
pub(crate) struct Room {
    most: usize,
    /// What each pass may hold, however much the others do: else one that begins late would index nothing.
    least: usize,
    held: AtomicUsize,
}

impl Room {
    /// That of so many passes at a time.
    pub(crate) fn new(passes: usize) -> Arc<Self> {
        Self::of(HELD, passes)
    }

    pub(super) fn of(most: usize, passes: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            least: most / passes.max(1),
            held: AtomicUsize::new(0),
        })
    }
}

/// What one pass holds of it; given back when dropped.
#[derive(Debug)]
pub(super) struct Claim {
    room: Arc<Room>,
    held: usize,
}

impl Claim {
    pub(super) fn new(room: &Arc<Room>) -> Self {
        Self {
            room: Arc::clone(room),
            held: 0,
        }
    }

    /// Notes that the pass holds so many bytes, and answers how many it may.
    pub(super) fn most(&mut self, held: usize) -> usize {
        let room = &self.room;
        let all = if held >= self.held {
            let more = held - self.held;
            room.held.fetch_add(more, Ordering::Relaxed) + more
        } else {
            let less = self.held - held;
            room.held.fetch_sub(less, Ordering::Relaxed) - less
        };
        self.held = held;
        let others = all.saturating_sub(held);
        room.most.saturating_sub(others).max(room.least)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_has_all_the_room_that_others_leave_and_never_less_than_its_share() {
        let room = Room::of(1_000, 64);
        let (mut one, mut other) = (Claim::new(&room), Claim::new(&room));
        assert_eq!(one.most(900), 1_000, "on any number of threads");
        assert_eq!(other.most(50), 100);
        assert_eq!(other.most(400), 100);
        assert_eq!(one.most(2_000), 600);
        assert_eq!(other.most(10), 15, "the share of one in 64");
        drop(one);
        assert_eq!(other.most(10), 1_000);
    }
}
