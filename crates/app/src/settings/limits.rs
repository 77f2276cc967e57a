//! How much of a source is taken at a time: registered with it, or said for one scan.

use std::num::{NonZeroU64, NonZeroUsize};

use locard_connector::decorators::Limits;
use serde::{Deserialize, Serialize};

/// What spares a source. What is not said is left to the defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLimits {
    /// Most splits of it that are read at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<NonZeroUsize>,
    /// Most bytes of records taken from it per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<NonZeroU64>,
}

impl SourceLimits {
    /// These, and where they say nothing, others.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            readers: self.readers.or(others.readers),
            bytes_per_second: self.bytes_per_second.or(others.bytes_per_second),
        }
    }

    /// With everything else that is put around a source.
    pub(crate) fn complete(self) -> Limits {
        let usual = Limits::default();
        Limits {
            readers: self.readers.unwrap_or(usual.readers),
            bytes_per_second: self.bytes_per_second.map(NonZeroU64::get),
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_for_one_scan_wins() {
        let said = SourceLimits {
            readers: NonZeroUsize::new(1),
            ..SourceLimits::default()
        };
        let stored = SourceLimits {
            readers: NonZeroUsize::new(8),
            bytes_per_second: NonZeroU64::new(5),
        };
        let limits = said.or(stored).complete();
        assert_eq!(
            (limits.readers.get(), limits.bytes_per_second),
            (1, Some(5))
        );
    }
}
