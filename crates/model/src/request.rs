//! States of a person's legal request.

use serde::{Deserialize, Serialize};

use crate::named;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It came in; nobody has said yet whether the person must prove who they are.
    Captured,
    /// Proof of who they are is waited for.
    VerificationPending,
    /// It is worked on.
    InProgress,
    /// It was answered as asked, or in part.
    Fulfilled,
    /// It was refused.
    Refused,
    /// The person took it back.
    Withdrawn,
    /// Nothing of it is left to be done.
    Closed,
}

named!(RequestState {
    Captured => "captured",
    VerificationPending => "verification_pending",
    InProgress => "in_progress",
    Fulfilled => "fulfilled",
    Refused => "refused",
    Withdrawn => "withdrawn",
    Closed => "closed",
});

impl RequestState {
    /// Those in which an answer is still owed.
    pub const OPEN: [Self; 3] = [Self::Captured, Self::VerificationPending, Self::InProgress];

    /// Whether an answer is still owed.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Captured | Self::VerificationPending | Self::InProgress
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_json_are_the_stable_ones() {
        for state in RequestState::ALL {
            assert_eq!(serde_json::json!(state), state.as_str());
            assert_eq!(RequestState::OPEN.contains(state), state.is_open());
        }
    }
}
