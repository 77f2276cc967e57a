//! The contract between Locard and a data source.
//!
//! Reading is two steps: [`Source::plan`] turns a [`ScanRequest`] into [`Split`]s, [`Source::read`] turns one split
//! into a stream of [`Batch`]es. What a source does itself it answers per request with [`Honoured`]; the engine
//! finishes whatever is not [`Exactness::Exact`]. Looking a person up is a scan with [`ScanRequest::matching`] set:
//! there is no second code path.
//!
//! Sources are opened read-only. A split is data that any worker can open; it never contains a secret.

mod batch;
mod bytes;
pub mod decorators;
pub mod document;
mod error;
pub mod foreign;
mod globs;
mod kind;
mod plan;
mod reach;
mod request;
mod source;
mod task;

pub use batch::{Batch, Fault};
pub use bytes::as_text;
pub use error::{Error, ErrorKind, Result, Step};
pub use globs::{Globs, Way, globs};
pub use kind::{Connector, Kind, Target};
pub use plan::{Exactness, Honoured, ScanPlan, Split};
pub use reach::Address;
pub use request::{Filter, Form, Literal, Matching, Operator, Sample, ScanRequest, Snapshot};
pub use source::{
    Description, Entity, ForeignKey, Scope, Server, Settled, Source, Usage, UsageRecord,
};
pub use task::{from_task, from_thread};
