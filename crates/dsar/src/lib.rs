//! From a person to all rows that are about them.
//!
//! ```text
//! Subject ─► app::locate ─► candidates ─► read whole rows ─┬─► Sections: one entity after the other, row by row
//!                                            ▲             │
//!                                            └── keys ◄── Walk over relations (declared, or confirmed by a person)
//! ```
//!
//! What is collected of one person is an [`Extract`]: sections of rows, and what was not searched. Rows with a strong
//! match, and rows that they lead to, are included; what may be somebody else's is for review, and leads nowhere.
//!
//! What is collected for somebody is a DSAR job ([`job`]): it goes on where it was when its worker dies, waits for people,
//! and ends as a signed bundle.
//!
//! What a reader gets wrong: rows are never in memory together. They go to [`Sections`] as they are read, so an extract
//! knows how many there were and not what they hold.

mod collect;
pub mod job;
mod keep;
mod locations;
mod naming;
mod relations;
mod sections;

pub use collect::{
    Answer, CollectOptions, Extract, KeepRead, Links, Onward, ReadId, Reads, RowId, SectionSummary,
    Seed, collect, collect_keeping, collect_onward,
};
pub use keep::{BundleStore, Put};
pub use locard_index::{Bounds, Origin};
pub use locations::{
    Again, Lead, Location, MOST_FOLLOWED, Spot, SpotRow, find, leads, locations, look_again,
};
pub use relations::{
    RelationRow, RelationsReport, SideRow, decide_relation, relations, withdraw_relation,
};
pub use sections::{
    Agreement, PathStep, Reached, ReviewReason, Section, SectionColumn, SectionEnd, SectionRow,
    Sections, Standing,
};
