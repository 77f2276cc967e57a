//! Going on from rows that people confirmed: rows for review lead nowhere while collecting, and once somebody says that one
//! is the person's, so is what carries its keys.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use locard_app::{CancellationToken, Home, OpenSources, Reporter, Result, locate};
use locard_index::Walk;
use locard_model::RelationId;

use super::kept::Reads;
use super::reader::Reader;
use super::row::RowId;
use super::writer::Writer;
use super::{Among, CollectOptions, Extract, follow};
use crate::relations;
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
    let graph = relations::followed(home, &located.catalog).await?;
    let opened = OpenSources::new(home);
    let reader = Reader {
        home,
        opened: &opened,
        queries: Arc::clone(&located.queries),
        subject: Arc::new(options.subject.clone()),
        bounds: options.bounds,
        cancel,
        graph: &graph,
        reads,
    };
    let walk = Walk::new(&graph, options.bounds);
    let mut writer = Writer::new(home, sections, (options.review, cancel), (&graph, walk));
    let among = Among::of(&located.catalog, options).await?;
    writer.places = among.places(home);
    writer.go_on(onward);
    follow(&reader, &graph, &among, &mut writer).await?;
    Ok(writer.finish(reporter))
}
