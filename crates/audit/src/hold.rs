//! Which requests are under a legal hold, as the log has it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{Entry, Hold};

/// The requests under a legal hold after the entries that were shown to it, in the chain's order.
#[derive(Clone, Debug, Default)]
pub struct Holds(BTreeSet<Uuid>);

impl Holds {
    /// Takes the next entry into account. One without a request says nothing.
    pub fn observe(&mut self, entry: &Entry) {
        let Some(request) = entry.event.request else {
            return;
        };
        match entry.event.hold {
            Hold::Unchanged => {}
            Hold::Placed => drop(self.0.insert(request)),
            Hold::Lifted => drop(self.0.remove(&request)),
        }
    }

    /// Whether nothing of the request may be destroyed.
    pub fn is_held(&self, request: Uuid) -> bool {
        self.0.contains(&request)
    }

    /// Whether retention allows that the entry's details are destroyed at that time.
    pub fn may_destroy(&self, entry: &Entry, now: Timestamp) -> bool {
        let is_over = entry
            .event
            .retention
            .until
            .is_some_and(|until| until <= now);
        is_over
            && !entry
                .event
                .request
                .is_some_and(|request| self.is_held(request))
    }
}
