//! Tables in memory with versions, many pieces and trouble on demand.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Description, Entity, Error, ErrorKind, Exactness, Result, Sample, ScanPlan, ScanRequest,
    Scope, Server, Settled, Source, Split,
};
use locard_connector_memory::Tables;
use locard_model::{EntityKind, EntityPath};

/// Bytes that make a split a piece of its own.
const PIECE: u64 = locard_engine::PIECE_BYTES;

#[derive(Clone, Debug)]
pub(crate) struct Fickle {
    pub(crate) tables: Tables,
    pub(crate) version: Option<String>,
    /// Tables that are listed and then gone.
    pub(crate) vanishing: Arc<Mutex<Vec<EntityPath>>>,
    /// Tables whose reading ends in the middle.
    pub(crate) breaking: Arc<Mutex<Vec<EntityPath>>>,
    /// Tables whose reading ends in the middle, and might go on when tried again.
    pub(crate) faltering: Arc<Mutex<Vec<EntityPath>>>,
    /// After a table faltered, nothing is answered any more.
    pub(crate) falls: Arc<AtomicBool>,
    /// Tables for which the server is gone as soon as something was read.
    pub(crate) lost: Arc<Mutex<Vec<EntityPath>>>,
    /// Tables whose reading panics in the middle.
    pub(crate) panicking: Arc<Mutex<Vec<EntityPath>>>,
    /// Leaves sampling to the engine, and tells it of each table what is expected.
    pub(crate) samples_nothing: bool,
    /// Records that are expected of each table then.
    pub(crate) expected: Option<u64>,
    /// Nothing is answered any more but the listing.
    pub(crate) gone: Arc<AtomicBool>,
    /// Reads that fail before one is answered.
    pub(crate) flaky: Arc<AtomicU32>,
    /// Reads that find a table changed since it was planned, before one does not.
    pub(crate) outdated: Arc<AtomicU32>,
    /// How the source answers when it is asked whether all is counted, and how often it was asked.
    pub(crate) settled: Arc<Mutex<Settled>>,
    pub(crate) settles: Arc<AtomicU32>,
    /// The state that plans tell once it was asked that.
    pub(crate) later: Arc<Mutex<Option<String>>>,
    /// Tables that were changed whenever they are read.
    pub(crate) changing: Arc<Mutex<Vec<EntityPath>>>,
    /// Questions, checks and reads that came.
    pub(crate) asked: Arc<[AtomicU32; 3]>,
    /// Tells of no split how many bytes it has.
    pub(crate) small: bool,
    pieces: u64,
}

impl Fickle {
    pub(crate) fn new(pieces: u64) -> Self {
        Self {
            tables: Tables::new(),
            version: None,
            vanishing: Arc::default(),
            breaking: Arc::default(),
            faltering: Arc::default(),
            falls: Arc::default(),
            lost: Arc::default(),
            panicking: Arc::default(),
            samples_nothing: false,
            expected: None,
            gone: Arc::default(),
            flaky: Arc::default(),
            outdated: Arc::default(),
            settled: Arc::new(Mutex::new(Settled::Always)),
            settles: Arc::default(),
            later: Arc::default(),
            changing: Arc::default(),
            asked: Arc::default(),
            small: false,
            pieces,
        }
    }
}

impl Fickle {
    fn asked(&self, what: usize) -> Result<()> {
        self.asked[what].fetch_add(1, Ordering::SeqCst);
        if self.gone.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unreachable, "nobody answers"));
        }
        Ok(())
    }
}

fn is_among(tables: &Mutex<Vec<EntityPath>>, path: &EntityPath) -> bool {
    tables.lock().expect("no test panicked").contains(path)
}

#[async_trait]
impl Source for Fickle {
    async fn check(&self) -> Result<Server> {
        self.asked(1)?;
        if !self.lost.lock().expect("no test panicked").is_empty() {
            return Err(Error::new(ErrorKind::Unreachable, "nobody answers"));
        }
        self.tables.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let (bytes, expected) = (self.pieces * PIECE, self.expected);
        let tells = self.samples_nothing;
        self.tables
            .entities(scope)
            .map(move |entity| {
                let entity = entity?;
                Ok(Entity {
                    bytes: Some(bytes),
                    rows: if tells { expected } else { entity.rows },
                    ..entity
                })
            })
            .boxed()
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.tables.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.asked(0)?;
        if is_among(&self.lost, &request.path) {
            while self.asked[2].load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            return Err(Error::new(ErrorKind::Unreachable, "nobody answers").retryable(false));
        }
        if is_among(&self.vanishing, &request.path) {
            return Err(Error::new(ErrorKind::NotFound, "the table is gone"));
        }
        let mut request = request.clone();
        if self.samples_nothing {
            request.sample = Sample::All;
        }
        let mut plan = self.tables.plan(&request).await?;
        if self.samples_nothing {
            plan.honoured.sample = Exactness::No;
        }
        for split in &mut plan.splits {
            let later = self.later.lock().expect("no test panicked").clone();
            let settled = self.settles.load(Ordering::SeqCst) > 0;
            split.version = later.filter(|_| settled).or_else(|| self.version.clone());
            split.bytes = Some(PIECE).filter(|_| !self.small);
        }
        Ok(plan)
    }

    async fn settle(&self) -> Settled {
        self.settles.fetch_add(1, Ordering::SeqCst);
        *self.settled.lock().expect("no test panicked")
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        self.asked(2)?;
        let less = |left: u32| left.checked_sub(1);
        let flaky = self
            .flaky
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        if flaky.is_ok() {
            return Err(Error::new(ErrorKind::Interrupted, "the line broke"));
        }
        let batches = self.tables.read(split).await?;
        let outdated = self
            .outdated
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        if outdated.is_ok() || is_among(&self.changing, &split.path) {
            let sentence = "its columns were changed after it was planned";
            let changed = Error::new(ErrorKind::Interrupted, sentence).outdated();
            let changed = futures::stream::iter([Err(changed)]);
            return Ok(batches.take(1).chain(changed).boxed());
        }
        if is_among(&self.panicking, &split.path) {
            let panics = futures::stream::poll_fn(|_| panic!("as told"));
            return Ok(batches.take(2).chain(panics).boxed());
        }
        let broken = if is_among(&self.breaking, &split.path) {
            Error::new(ErrorKind::Malformed, "the rest is damaged")
        } else if is_among(&self.faltering, &split.path) {
            self.gone
                .fetch_or(self.falls.load(Ordering::SeqCst), Ordering::SeqCst);
            Error::new(ErrorKind::Interrupted, "the line broke")
        } else {
            return Ok(batches);
        };
        let broken = futures::stream::iter([Err(broken)]);
        Ok(batches.take(2).chain(broken).boxed())
    }
}
