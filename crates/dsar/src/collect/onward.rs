//! Going on from rows that people confirmed: rows for review lead nowhere while collecting, and once somebody says that one
//! is the person's, so is what carries its keys.

use std::collections::HashSet;
use std::fmt;

use locard_app::{CancellationToken, Home, Reporter, Result, locate};
use locard_model::RelationId;

use super::kept::Reads;
use super::row::RowId;
use super::{CollectOptions, Extract, Ground};
use crate::sections::Sections;

/// From where a walk goes on.
#[derive(Debug, Default)]
pub struct Onward {
    /// Rows that were confirmed.
    pub seeds: Vec<Seed>,
    /// Every row that was handed on before; none of them comes again.
    pub rows: HashSet<RowId>,
    /// [`Links::leads`](super::Links::leads) of rows whose keys were followed before.
    pub followed: HashSet<u64>,
}

/// A row that was confirmed.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed {
    /// The relations over which it was reached; none: it names the person.
    pub path: Vec<RelationId>,
    /// Its keys: [`Links::keys`](super::Links::keys).
    pub keys: Vec<(RelationId, Vec<String>)>,
}

/// Keys may be a person's.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seed({} keys)", self.keys.len())
    }
}

/// Collects what carries keys of rows that were confirmed, within the bounds of any walk. Sections are new ones; the
/// extract tells of these alone.
///
/// # Errors
/// As of [`collect_keeping`](super::collect_keeping).
pub async fn collect_onward(
    home: &Home,
    (options, onward): (&CollectOptions, Onward),
    (sections, reads): (&mut dyn Sections, Option<&dyn Reads>),
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<Extract> {
    let located = locate(home, &options.asked(), cancel).await?;
    let ground = Ground::of(home, options, &located.catalog).await?;
    let reader = ground.reader(&located.queries, (reads, cancel));
    let mut writer = ground.writer((sections, cancel));
    writer.go_on(onward);
    ground.follow(&reader, &mut writer).await?;
    Ok(writer.finish(reporter))
}
