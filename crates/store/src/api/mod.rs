//! The store as everybody above sees it: one trait, made of one small trait for each noun.
//!
//! Every call names its organisation. What belongs to another organisation does not exist: it is `NotFound` or an
//! empty listing, never an error that tells it apart.

mod catalog;
mod decisions;
mod subjects;
mod upkeep;
mod work;

pub use catalog::{Entities, Findings, Organisations, Sketches, Sources};
pub use decisions::{Annotations, BusinessRules, Collections, OwnRules, Relations, Reviews};
pub use subjects::{Dsars, Requests};
pub use upkeep::{Audit, Keys, Settings, Upkeep, UsageDays};
pub use work::{Jobs, Schedules, Tasks, Webhooks};

/// The catalog and job database.
pub trait Store:
    Organisations
    + Sources
    + Entities
    + Jobs
    + Tasks
    + Sketches
    + Findings
    + Reviews
    + Relations
    + Annotations
    + Schedules
    + Collections
    + BusinessRules
    + OwnRules
    + Webhooks
    + Dsars
    + Requests
    + UsageDays
    + Settings
    + Keys
    + Audit
    + Upkeep
{
}

impl<T> Store for T where
    T: Organisations
        + Sources
        + Entities
        + Jobs
        + Tasks
        + Sketches
        + Findings
        + Reviews
        + Relations
        + Annotations
        + Schedules
        + Collections
        + BusinessRules
        + OwnRules
        + Webhooks
        + Dsars
        + Requests
        + UsageDays
        + Settings
        + Keys
        + Audit
        + Upkeep
{
}
