//! Who did what, when and why: one chain of hashes for each organisation, over events whose details are sealed.
//!
//! ```text
//! Head::genesis(org) ─ append(event, details under a request's key) ─► Entry ─ append ─► Entry ─ …
//!                                                                        └── verify(entries, known head)
//! ```
//!
//! The hash of an entry is over its bytes and the hash of the one before it. Details are in these bytes as ciphertext, so
//! that the chain verifies further on once a request's key is destroyed, and nobody reads them any more.
//!
//! What a reader gets wrong: a chain proves nothing about its own end. Whoever can write the log can write all of it anew;
//! that is found only against a [`Head`] that was kept elsewhere. Pure: no clock, no storage; only keys and nonces come
//! from the system's source of randomness.

mod chain;
mod encoding;
mod error;
mod event;
mod export;
mod key;
mod verify;

pub use chain::{Entry, Hash, Head};
pub use error::{Error, Result};
pub use event::{Event, Hold, Retention, RetentionClass};
pub use export::{CsvExport, JsonlExport, read_jsonl};
pub use key::{RequestKey, SubjectDigest, SubjectKey};
pub use verify::{Checker, Damage, Flaw, verify};
