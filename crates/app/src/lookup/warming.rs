//! Reading the filters of the whole catalog into memory before anybody asks, beside whatever else the process does.
//!
//! What a reader gets wrong: nothing depends on this having come to its end. A question takes what is remembered and reads
//! the rest; it only waits, since whoever read the same at the same time would slow both.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use locard_engine::give_way;
use locard_model::EntityId;
use locard_store::opened_here;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::catalog::twins::Same;
use crate::catalog::view::{View, view};
use crate::catalog::{Catalog, twins};
use crate::input::blocking;
use crate::lookup::asking::{Shelf, portions, rows};
use crate::lookup::find::grouping;
use crate::lookup::remembered::{Gathered, Learnt, Remembered};
use crate::lookup::suspect::learnt;
use crate::scan::gaps::{Failures, Reason};
use crate::{Error, ErrorKind, Home, Result};

/// Threads that read, at most: a SQLite store has four readers, and others want some.
const MOST_THREADS: usize = 3;

/// How often it is looked again for what changed while it was read. After that, questions read it.
const ROUNDS: usize = 3;

/// How long a store that does not answer is left in peace.
const PAUSE: Duration = Duration::from_secs(30);

/// How far the filters of a catalog are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterMemory {
    /// What becomes of it.
    pub state: FilterState,
    /// Entities that were gone through, and how many there are to go through.
    pub entities: (u64, u64),
    /// Entities of which the filters are in memory.
    pub held: u64,
    /// Bytes that they take, about, and may take.
    pub bytes: (u64, u64),
}

/// What becomes of filters in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilterState {
    /// Only questions fill it.
    #[default]
    Filling,
    /// They are being read.
    Loading,
    /// Those of every entity that can be held are there, or were.
    Loaded,
    /// There is no room for all of them: of the others the store is read for each question.
    Full,
    /// The store did not answer, and is asked again.
    Failed,
}

impl FilterState {
    /// The word on the programming interface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filling => "filling",
            Self::Loading => "loading",
            Self::Loaded => "loaded",
            Self::Full => "full",
            Self::Failed => "failed",
        }
    }
}

/// How far it is.
#[derive(Default)]
struct Warming {
    state: watch::Sender<FilterState>,
    done: AtomicU64,
    of: AtomicU64,
}

/// How far the filters of the catalog are in memory.
pub fn filter_memory(home: &Home) -> FilterMemory {
    let warming = home.memory.of::<Warming>();
    let (bytes, held) = home.memory.of::<Remembered>().size();
    FilterMemory {
        state: *warming.state.borrow(),
        entities: (
            warming.done.load(Ordering::Relaxed),
            warming.of.load(Ordering::Relaxed),
        ),
        held: held as u64,
        bytes: (bytes as u64, home.memory.filter_bytes() as u64),
    }
}

/// Waits while the filters of the catalog are being read, if they are.
pub async fn filters_loaded(home: &Home) {
    let mut state = home.memory.of::<Warming>().state.subscribe();
    // The sender is kept in memory for as long as the home.
    let _ = state.wait_for(|state| *state != FilterState::Loading).await;
}

/// Reads the filters of the whole catalog into memory, as far as [`Home::remember_filters`] gives room, on threads that give
/// way to all others. Ends when that is done, or when `stop` fires.
pub async fn load_filters(home: &Arc<Home>, stop: &CancellationToken) {
    if home.memory.filter_bytes() == 0 {
        return;
    }
    let (warming, began) = (home.memory.of::<Warming>(), Instant::now());
    warming.state.send_replace(FilterState::Loading);
    while !stop.is_cancelled() {
        let (of, by, runtime) = (Arc::clone(home), stop.clone(), Handle::current());
        let loaded = blocking(move || rounds(&of, &runtime, &by)).await;
        let state = match &loaded {
            Ok(true) => FilterState::Loaded,
            Ok(false) => FilterState::Full,
            Err(_) => FilterState::Failed,
        };
        warming.state.send_replace(state);
        let FilterMemory { held, bytes, .. } = filter_memory(home);
        let (seconds, mib) = (began.elapsed().as_secs_f64(), bytes.0 >> 20);
        match loaded {
            Ok(true) => tracing::info!(held, mib, seconds, "the filters were read into memory"),
            Ok(false) => tracing::warn!(
                held,
                mib,
                seconds,
                "not all filters fit into memory, so look-ups read the others; --filter-memory gives more room"
            ),
            Err(error) => {
                tracing::warn!(
                    why = error.sentence(),
                    "the filters could not be read into memory"
                );
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(PAUSE) => {}
                }
                continue;
            }
        }
        return;
    }
    // Nobody waits for a server that ends.
    warming.state.send_replace(FilterState::Filling);
}

/// Reads everything, and then what changed meanwhile. Whether all of it found room.
fn rounds(home: &Home, runtime: &Handle, stop: &CancellationToken) -> Result<bool> {
    for _ in 0..ROUNDS {
        let round = runtime.block_on(Round::begin(home))?;
        if !round.run(runtime, stop)? {
            return Ok(false);
        }
        let now = runtime.block_on(view(home))?;
        if now.number == round.view.number || stop.is_cancelled() {
            break;
        }
    }
    Ok(true)
}

/// What is read, and by whom it is remembered.
struct Round<'a> {
    home: &'a Home,
    view: Arc<View>,
    remembered: Arc<Remembered>,
    warming: Arc<Warming>,
    failures: Failures,
    left: Mutex<std::vec::IntoIter<Vec<Vec<Same>>>>,
    /// There is no room for more.
    is_full: AtomicBool,
}

impl<'a> Round<'a> {
    async fn begin(home: &'a Home) -> Result<Self> {
        let (remembered, warming) = (home.memory.of::<Remembered>(), home.memory.of::<Warming>());
        let catalog = Catalog::open(home).await?;
        let view = view(home).await?;
        remembered.catch_up(&view);
        let entities = view.readable.clone();
        let bases = twins::bases(home, &catalog, &entities).await?;
        let groups = grouping(Arc::clone(&view), entities.clone(), bases, false).await?;
        let mut groups = groups.sorted(home, &entities).await?;
        let known = remembered.known(&entities);
        groups.retain(|group| !group.iter().any(|same| known.contains(&same.entity.id)));
        let left: usize = groups.iter().map(Vec::len).sum();
        let of = entities.len() as u64;
        warming.of.store(of, Ordering::Relaxed);
        warming.done.store(of - left as u64, Ordering::Relaxed);
        let portions = portions(groups, |entity| Some(rows(entity)));
        Ok(Self {
            home,
            view,
            remembered,
            warming,
            failures: Failures::load(home, None).await?,
            left: Mutex::new(portions.into_iter()),
            is_full: AtomicBool::new(false),
        })
    }

    /// Reads all portions, some at the same time. Whether all of them found room.
    fn run(&self, runtime: &Handle, stop: &CancellationToken) -> Result<bool> {
        let threads = self.home.engine.threads().clamp(1, MOST_THREADS);
        let read = || {
            give_way();
            runtime.block_on(opened_here(self.read(stop)))
        };
        let ended: Vec<Result<()>> = std::thread::scope(|scope| {
            let named = |at| std::thread::Builder::new().name(format!("locard-filters-{at}"));
            let begun = (0..threads).map_while(|at| named(at).spawn_scoped(scope, read).ok());
            let begun: Vec<_> = begun.collect();
            let gone = |_| Error::new(ErrorKind::Unexpected, "reading ended in the middle");
            let begun = begun.into_iter();
            begun.map(|thread| thread.join().map_err(gone)?).collect()
        });
        if ended.is_empty() {
            let sentence = "the system starts no thread that could read them";
            return Err(Error::new(ErrorKind::Unexpected, sentence));
        }
        ended.into_iter().collect::<Result<()>>()?;
        Ok(!self.is_full.load(Ordering::Relaxed))
    }

    /// Reads portions until there are none, or there is no room.
    async fn read(&self, stop: &CancellationToken) -> Result<()> {
        let (mut gathered, mut ended) = (Gathered::default(), Ok(()));
        while ended.is_ok() && !stop.is_cancelled() && !self.is_full.load(Ordering::Relaxed) {
            let next = self
                .left
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next();
            let Some(portion) = next else { break };
            ended = self.portion(portion, &mut gathered).await;
        }
        self.remembered.learn_all(gathered, self.view.number);
        ended
    }

    async fn portion(&self, portion: Vec<Vec<Same>>, gathered: &mut Gathered) -> Result<()> {
        let entities = portion.iter().flatten().map(|same| same.entity.id);
        let entities: Vec<EntityId> = entities.collect();
        let mut shelf = Shelf::unhurried(self.home, &entities).await?;
        for group in portion {
            for same in group {
                let whole = self.one(&same, &mut shelf, gathered).await?;
                // As a look-up does, which asks no further source then.
                if whole && !same.is_part {
                    break;
                }
            }
        }
        let count = entities.len() as u64;
        self.warming.done.fetch_add(count, Ordering::Relaxed);
        Ok(())
    }

    /// Learns one entity; whether its filters leave no gap.
    async fn one(&self, same: &Same, shelf: &mut Shelf, gathered: &mut Gathered) -> Result<bool> {
        let entity = &same.entity;
        // What a scan failed at is not remembered: it may be other tomorrow.
        if self.failures.of(entity.id).is_some() {
            return Ok(false);
        }
        let recorded = shelf.take(entity.id);
        let Some(learnt) = learnt(self.home, entity, recorded).await? else {
            return Ok(false);
        };
        let whole = is_whole(&learnt);
        let room = self.home.memory.filter_bytes();
        let by = (self.view.number, room.saturating_sub(self.view.memory));
        if !self.remembered.gather(gathered, learnt, by) {
            self.is_full.store(true, Ordering::Relaxed);
        }
        Ok(whole)
    }
}

fn is_whole(learnt: &Learnt) -> bool {
    let mut gaps = learnt.facts.gaps.iter();
    gaps.all(|(_, reason, _): &(_, Reason, _)| !reason.is_gap())
}

/// Has questions wait as while filters are being read, or no longer.
#[cfg(test)]
pub(crate) fn hold_back(home: &Home, waits: bool) {
    let state = if waits {
        FilterState::Loading
    } else {
        FilterState::Filling
    };
    home.memory.of::<Warming>().state.send_replace(state);
}
