//! Legal requests of persons: from the day one comes in to the day it is destroyed.
//!
//! ```text
//! Desk ─ receive(Intake) ─► Record ─┬─ act(Case) ─► Record ─ … ─► ended ─ retention ─► key destroyed
//!   │                               └─ deadlines: computed from pinned facts, never stored as truth
//!   └── every act: one transaction of the store, with its entry in the log
//! ```
//!
//! What a reader gets wrong: an act is a plain function over a [`Case`] in memory. It is tried again on the newest state when
//! somebody else was faster, so it must do nothing but change the case. And nothing here writes to a source: where data is
//! to be erased or put right, people are told where, and a later look tells whether they did.

mod alerts;
mod answer;
mod appeals;
mod case;
mod clock;
mod code;
mod collection;
mod delivery;
mod desk;
mod explain;
mod identity;
mod intake;
mod letters;
mod life;
mod locate;
mod manifest;
mod notices;
mod packs;
mod past;
mod places;
mod policies;
mod purge;
mod record;
mod register;
mod retention;
mod shape;
mod tasks;

pub use answer::{Extending, Fulfilling, Refusing};
pub use case::Case;
pub use code::{Code, Fault, Result};
pub use collection::{About, collection_shape};
pub use delivery::Handing;
pub use desk::{Desk, Listing, Opened, Received};
pub use identity::{Asked, Submitted};
pub use intake::{Arrival, kind_named};
pub use letters::{LANGUAGES, LETTERS};
pub use life::Action;
pub use locard_deadline::{Kind, NOTICE};
pub use locard_model::{RequestId, RequestState};
pub use locard_store::{RequestHead, RequestOrder};
pub use manifest::{Content, Returned, ReturnedArtifact, Upload};
pub use policies::NewPack;
pub use record::{
    Appeal, Artifact, Authority, Known, LeadsTo, Manifest, Person, Place, PlaceDecision, Proof,
    Record, Requestor, Task, TaskOutcome, Validation, Verification,
};
pub use register::{COLUMNS, Imported, TakenOver};
pub use retention::{Policy, policies};
pub use shape::{
    appeals as appeals_shape, case_shape, detail, is_overdue, lifecycle, listed, logs,
    manifest as manifest_shape, notifications, place as place_shape, task as task_shape, timeline,
};
