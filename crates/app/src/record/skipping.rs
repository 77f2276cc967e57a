//! What a scan leaves out by what is known of each entity before it is read.

use serde::{Deserialize, Serialize};

/// What is not read; nothing is said: nothing is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipping {
    /// What a scan has read whole within so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiled_within_days: Option<u32>,
    /// Files of more bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_above: Option<u64>,
    /// Files that were not written then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Within>,
    /// Files that were not read then, by whomever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessed: Option<Within>,
    /// Files with other extensions than these; none: with any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_extensions: Vec<String>,
}

/// The time in which a file was used that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// In the last so many days.
    Days(u32),
    /// Longer than so many days ago.
    Before(u32),
}

impl Skipping {
    /// Whether nothing is left out.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is to be known when files were used.
    pub(crate) fn asks_for_times(&self) -> bool {
        self.written.is_some() || self.accessed.is_some()
    }
}
