//! What is written down of a source: how it is reached, spared, and where its secrets are kept.

pub(crate) mod limits;
pub(crate) mod secrets;
pub(crate) mod stored;
pub(crate) mod window;

/// Kind of a source that no connector reaches.
pub const MANUAL: &str = "manual";

/// Whether a source was registered by name; others are called like their targets.
pub(crate) fn is_registered(source: &locard_store::Source) -> bool {
    source.kind == MANUAL || source.name != source.target
}
