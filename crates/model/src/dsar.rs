//! States of a DSAR job.

use serde::{Deserialize, Serialize};

use crate::named;

/// Where the collecting and packaging of one subject's data stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DsarState {
    /// Asked for; nobody began.
    Requested,
    /// Rows are being read from the sources.
    Collecting,
    /// They are reviewed and put into the bundle.
    Packaging,
    /// The bundle waits for its recipient.
    Ready,
    /// The recipient has it.
    Delivered,
    /// Nobody fetched it in time, and it is gone.
    Expired,
    /// There will be none.
    Failed,
}

named!(DsarState {
    Requested => "REQUESTED",
    Collecting => "COLLECTING",
    Packaging => "PACKAGING",
    Ready => "READY",
    Delivered => "DELIVERED",
    Expired => "EXPIRED",
    Failed => "FAILED",
});

impl DsarState {
    /// Those of jobs that count against the cap.
    pub const ACTIVE: [Self; 4] = [
        Self::Requested,
        Self::Collecting,
        Self::Packaging,
        Self::Ready,
    ];

    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Expired | Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_either_active_or_final() {
        for state in DsarState::ALL {
            assert_ne!(DsarState::ACTIVE.contains(state), state.is_final());
        }
    }
}
