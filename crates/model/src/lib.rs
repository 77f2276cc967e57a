//! The nouns everyone shares: ids, paths, identifiers, findings, subjects.
//!
//! No I/O, no async, no clock. Nothing here has a field for a raw value that was read from a source, except
//! [`Attribute`], which a user supplies about a data subject.

mod column;
mod dsar;
mod entity;
mod finding;
pub mod foreign;
mod ids;
mod job;
mod request;
pub mod spreadsheet;
mod subject;

pub use column::LogicalType;
pub use dsar::DsarState;
pub use entity::{EntityKind, EntityPath, names};
pub use finding::{Category, Finding, FindingKind, Identifier, Sensitivity};
pub use ids::{
    ColumnId, EntityId, JobId, KeyId, OrgId, PieceId, RelationId, RequestId, SourceId, TaskId,
};
pub use job::{JobState, TaskState};
pub use request::RequestState;
pub use secrecy::{ExposeSecret, SecretString};
pub use subject::{Attribute, Role, Spelling, Strength, Subject};
