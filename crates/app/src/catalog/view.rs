//! The entities of the catalog in memory: listing them anew for every question would open the seal of each.
//!
//! The store counts changes, and each entity knows by which it changed last. So whoever asks gets every entity as it was
//! committed, by whatever process, before the question; only what changed is read again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use locard_model::{EntityId, SourceId};
use locard_store::{Entity, EntityFilter, Page};

use crate::catalog::is_readable;
use crate::catalog::twins::{Bases, Grouping};
use crate::{Home, Result};

/// Entities that are read together.
const READ: usize = 500;

/// All entities as of some moment.
pub(crate) struct View {
    /// How many changes of the catalog it knows of, as the store counts them.
    at: u64,
    /// Which view of this process it is: a later one has a larger number.
    pub(crate) number: u64,
    /// Every entity but columns and tombstones, in the order of their ids. Their descriptions are left out: they are large.
    pub(crate) all: Vec<Arc<Entity>>,
    /// Those that can be read.
    pub(crate) readable: Vec<Arc<Entity>>,
    /// Bytes that it takes, about.
    pub(crate) memory: usize,
    /// When each source was registered: one that was removed and registered again may have other entities.
    sources: HashMap<SourceId, Timestamp>,
    /// In which view it was told first that an entity had changed, the last time that it was.
    changed: HashMap<EntityId, u64>,
    /// Which of the readable ones are the same.
    grouping: Mutex<Option<(Bases, Arc<Grouping>)>>,
}

impl View {
    fn new(
        (at, number): (u64, u64),
        all: Vec<Arc<Entity>>,
        sources: HashMap<SourceId, Timestamp>,
        changed: HashMap<EntityId, u64>,
    ) -> Self {
        let readable = all.iter().filter(|entity| is_readable(entity)).cloned();
        Self {
            at,
            number,
            readable: readable.collect(),
            memory: memory(&all),
            all,
            sources,
            changed,
            grouping: Mutex::default(),
        }
    }

    /// The entities that changed since another view, and the view that told it.
    pub(crate) fn changed_since(&self, other: u64) -> impl Iterator<Item = (EntityId, u64)> + '_ {
        let changed = self.changed.iter().map(|(entity, told)| (*entity, *told));
        changed.filter(move |(_, told)| *told > other)
    }

    /// Which of the readable ones are the same, where the paths of sources begin so.
    pub(crate) fn grouping(&self, bases: Bases) -> Arc<Grouping> {
        let mut known = self.grouping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, grouping)) = &*known
            && *of == bases
        {
            return Arc::clone(grouping);
        }
        let grouping = Arc::new(Grouping::of(&self.readable, &bases));
        *known = Some((bases, Arc::clone(&grouping)));
        grouping
    }
}

/// Bytes that entities take, about.
fn memory(all: &[Arc<Entity>]) -> usize {
    let of_entity = |entity: &Arc<Entity>| {
        let segments = entity.path.segments().iter();
        let path: usize = segments.map(|segment| segment.len() + 40).sum();
        let comment = entity.comment.as_ref().map_or(0, String::len);
        size_of::<Entity>() + 64 + path + comment
    };
    all.iter().map(of_entity).sum()
}

/// The latest view.
#[derive(Default)]
struct Views(tokio::sync::Mutex<Option<Arc<View>>>);

/// The entities as they are now. Whoever asks while another brings the view up to date waits for that.
pub(crate) async fn view(home: &Home) -> Result<Arc<View>> {
    let views = home.memory.of::<Views>();
    let mut known = views.0.lock().await;
    let sources = home.store.sources(home.org).await?.into_iter();
    let sources: HashMap<_, _> = sources.map(|it| (it.id, it.created_at)).collect();
    let since = known.as_ref().map(|view| view.at);
    let changes = home.store.changes(home.org, since).await?;
    let at = changes.at;
    let view = match &*known {
        Some(view) if changes.entities.is_empty() && view.sources == sources => {
            return Ok(Arc::clone(view));
        }
        Some(view) => {
            let mut touched = changes.entities;
            let all = renewed(home, view, &sources, &mut touched).await?;
            let number = view.number + 1;
            let mut changed = view.changed.clone();
            changed.extend(touched.into_iter().map(|entity| (entity, number)));
            View::new((at, number), all, sources, changed)
        }
        None => {
            let all = listed(home, None).await?;
            View::new((at, 0), all, sources, HashMap::new())
        }
    };
    Ok(Arc::clone(known.insert(Arc::new(view))))
}

/// Every entity, of one source or all.
async fn listed(home: &Home, source: Option<SourceId>) -> Result<Vec<Arc<Entity>>> {
    let filter = EntityFilter {
        source,
        ..EntityFilter::default()
    };
    let mut all = Vec::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.entities(home.org, &filter, page).await?;
        all.extend(found.items.into_iter().map(lean));
        let Some(after) = found.next else {
            return Ok(all);
        };
        page.after = Some(after);
    }
}

fn lean(entity: Entity) -> Arc<Entity> {
    Arc::new(Entity {
        description: None,
        ..entity
    })
}

/// The entities of a view with those that changed since as they are now. To these it adds the ones that are no more, and
/// those of sources that were registered since.
async fn renewed(
    home: &Home,
    view: &View,
    sources: &HashMap<SourceId, Timestamp>,
    changed: &mut Vec<EntityId>,
) -> Result<Vec<Arc<Entity>>> {
    let is_same = |source: &SourceId| {
        let then = view.sources.get(source);
        then.is_some() && then == sources.get(source)
    };
    let touched: HashSet<EntityId> = changed.iter().copied().collect();
    let mut all: BTreeMap<EntityId, Arc<Entity>> = BTreeMap::new();
    for entity in &view.all {
        if !is_same(&entity.source) {
            changed.push(entity.id);
        } else if !touched.contains(&entity.id) {
            all.insert(entity.id, Arc::clone(entity));
        }
    }
    let touched: Vec<EntityId> = touched.into_iter().collect();
    for some in touched.chunks(READ) {
        let found = home.store.entities_of(home.org, some).await?;
        all.extend(found.into_iter().map(|entity| (entity.id, lean(entity))));
    }
    for source in sources.keys().filter(|source| !is_same(source)) {
        let found = listed(home, Some(*source)).await?;
        all.extend(found.into_iter().map(|entity| (entity.id, entity)));
    }
    Ok(all.into_values().collect())
}
