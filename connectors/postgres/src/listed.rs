//! What the last listing read, kept for the questions that follow it.
//!
//! Whoever lists a database goes on to describe and to plan its relations, in the order of the listing. Asking the
//! catalog anew for each costs several round trips a table; so descriptions are kept as listed, and what plans need is
//! read for many relations at once, shortly before it is used. Each is handed out once: what is asked for again is read
//! again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use locard_connector::Result;
use locard_model::EntityPath;

use crate::catalog::{self, Relation, Which};
use crate::session::Session;
use crate::storage::{Storage, storages_of};

/// Relations that are read together for planning.
const TOGETHER: usize = 128;

/// How old what a plan is made from may be: between a plan and its reading, too, a table may change.
const FRESH: Duration = Duration::from_secs(10);

/// A relation and the tables that hold its rows, as read for planning.
pub(crate) type Plannable = (Relation, Vec<Storage>);

/// What the last listing left.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    relations: HashMap<EntityPath, Relation>,
    order: Vec<i64>,
    places: HashMap<EntityPath, usize>,
    /// The first of `order` that was not read for planning.
    next: usize,
    ready: HashMap<EntityPath, Plannable>,
    read: Option<Instant>,
}

impl Listed {
    /// What a listing found.
    pub(crate) fn new(relations: Vec<Relation>) -> Self {
        let order = relations.iter().map(|relation| relation.oid).collect();
        let paths = relations.iter().map(Relation::path);
        let places = paths.enumerate().map(|(at, path)| (path, at)).collect();
        let relations = relations.into_iter();
        Self {
            order,
            places,
            relations: relations.map(|found| (found.path(), found)).collect(),
            ..Self::default()
        }
    }

    /// A relation as it was listed, once.
    pub(crate) fn take(&mut self, path: &EntityPath) -> Option<Relation> {
        self.relations.remove(path)
    }

    /// What is to be read together, so that the relation of that path can be planned: it and those listed after it.
    /// `None`: it was read, or is none of those that come next.
    pub(crate) fn wanted(&mut self, path: &EntityPath) -> Option<Vec<i64>> {
        let at = *self.places.get(path)?;
        if at < self.next {
            return None;
        }
        self.next = self.order.len().min(at + TOGETHER);
        Some(self.order[at..self.next].to_vec())
    }

    /// Keeps what was read for planning in the place of what was read before.
    pub(crate) fn keep(&mut self, ready: Vec<Plannable>, read: Instant) {
        self.ready = ready
            .into_iter()
            .map(|(relation, storages)| (relation.path(), (relation, storages)))
            .collect();
        self.read = Some(read);
    }

    /// What was read for planning of a relation, once, while it is fresh.
    pub(crate) fn take_ready(&mut self, path: &EntityPath) -> Option<Plannable> {
        let fresh = self.read.is_some_and(|read| read.elapsed() < FRESH);
        self.ready.remove(path).filter(|_| fresh)
    }
}

/// Reads relations for planning. Those that are locked, or gone, are not among them.
pub(crate) async fn read_together(session: &mut Session, oids: &[i64]) -> Result<Vec<Plannable>> {
    let relations = catalog::load(session, Which::Some(oids)).await?;
    let mut storages = storages_of(session, oids).await?;
    let with_storages = |relation: Relation| {
        let storages = storages.remove(&relation.oid)?;
        Some((relation, storages))
    };
    Ok(relations.into_iter().filter_map(with_storages).collect())
}
