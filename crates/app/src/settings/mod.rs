//! What is written down of a source: how it is reached, spared, and where its secrets are kept.

pub(crate) mod limits;
pub(crate) mod secrets;
pub(crate) mod stored;
pub(crate) mod window;
