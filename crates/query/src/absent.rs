//! What stands in for the engine in a build without it: statements are read and checked, and none is run.

use std::sync::Arc;

use locard_connector::Source;
use locard_model::{EntityKind, EntityPath};

use crate::{Counts, Error, Limits, Result, Statement};

/// An entity of an open source; there is none without the engine.
#[derive(Clone, Debug)]
pub enum Table {}

impl Table {
    /// Says that the engine is missing.
    pub async fn open(_: Arc<dyn Source>, _: EntityPath, _: EntityKind) -> Result<Self> {
        Err(Error::Absent)
    }
}

/// Says that the engine is missing.
pub async fn run(_: &Statement, _: &[Table], _: &Limits) -> Result<Counts> {
    Err(Error::Absent)
}

/// Says that the engine is missing.
pub async fn count_rows(_: &Table, _: &Limits) -> Result<(u64, u64)> {
    Err(Error::Absent)
}
