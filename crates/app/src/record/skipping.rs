//! What a scan leaves out by what is known of each entity before it is read.

use serde::{Deserialize, Serialize};

/// What is not read; nothing is said: nothing is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipping {
    /// What a scan has read whole within so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiled_within_days: Option<u32>,
    /// Files of more bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_above: Option<u64>,
}

impl Skipping {
    /// Whether nothing is left out.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
