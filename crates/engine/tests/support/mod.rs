//! A source that can be told to misbehave, and a ledger that can die.

mod ledger;
mod source;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow_array::{ArrayRef, RecordBatch};
use locard_connector::{Sample, ScanRequest, Scope, Settled, Snapshot};
use locard_engine::{
    Allowed, Engine, Found, LookUp, Options, Result, Row, Silent, Summary, Target,
};
use locard_identify::Library;
use locard_model::{EntityKind, EntityPath, SourceId};
use locard_sketch::{Keyer, forms, hash};
use tokio_util::sync::CancellationToken;

pub(crate) use ledger::Ledger;
use source::Fickle;

const RULE: &str = r#"
id = "contact.email"
identifier = "EMAIL_ADDRESS"
title = "E-mail address"
category = "contact"
sensitivity = "medium"
role = "unique"
prior = 0.02

[[value]]
pattern = '[0-9A-Za-z._%+-]+@[0-9A-Za-z.-]+[.][A-Za-z]+'
lookalikes = 0.0001
embedded = true

[column]
names = ["mail", "email"]
"#;

pub(crate) fn options() -> Options {
    Options {
        condition: None,
        sample: Sample::All,
        exhaustive: false,
        snapshot: Snapshot::Entity,
        piece_bytes: locard_engine::PIECE_BYTES,
        listed_bytes: locard_engine::LISTED_BYTES,
        allowed: Arc::new(Allowed::default()),
    }
}

pub(crate) fn table(name: &str) -> EntityPath {
    EntityPath::new([name])
}

/// An engine over tables in memory.
pub(crate) struct Fixture {
    engine: Engine,
    source: Fickle,
    cancel: CancellationToken,
}

impl Fixture {
    /// Each table comes in so many pieces.
    pub(crate) fn new(pieces: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let rules = folder.path().join("rules/contact");
        std::fs::create_dir_all(&rules).expect("the folder is made");
        std::fs::write(rules.join("email.toml"), RULE).expect("the rule is written");
        let library = Library::from_folder(folder.path()).expect("the rule is sound");
        let engine = Engine::new(
            library,
            Arc::new(Keyer::new(&[7; 16])),
            Keyer::new(&[9; 16]),
            2,
        )
        .expect("threads start");
        Self {
            engine,
            source: Fickle::new(pieces),
            cancel: CancellationToken::new(),
        }
    }

    pub(crate) fn versioned(mut self, version: &str) -> Self {
        self.source.version = Some(version.to_owned());
        self
    }

    /// Pieces are as small as their records.
    pub(crate) fn small(mut self) -> Self {
        self.source.small = true;
        self
    }

    pub(crate) fn put(&self, name: &str, columns: &[(&str, ArrayRef)]) {
        let columns = columns
            .iter()
            .map(|(name, array)| (*name, Arc::clone(array)));
        self.put_records(
            name,
            RecordBatch::try_from_iter(columns).expect("columns are of one length"),
        );
    }

    pub(crate) fn put_records(&self, name: &str, records: RecordBatch) {
        self.source.tables.put(table(name), records);
    }

    pub(crate) fn vanishes(&self, name: &str) {
        self.source
            .vanishing
            .lock()
            .expect("no test panicked")
            .push(table(name));
    }

    pub(crate) fn is_gone(&self) {
        self.source.gone.store(true, Ordering::SeqCst);
    }

    pub(crate) fn fails_to_read(&self, times: u32) {
        self.source.flaky.store(times, Ordering::SeqCst);
    }

    /// So many reads find that a table changed after it was planned.
    pub(crate) fn is_outdated(&self, times: u32) {
        self.source.outdated.store(times, Ordering::SeqCst);
    }

    /// Whenever this table is read, it has changed after it was planned.
    pub(crate) fn is_outdated_always(&self, name: &str) {
        let mut changing = self.source.changing.lock().expect("no test panicked");
        changing.push(table(name));
    }

    /// How the source answers when it is asked whether all changes are counted.
    pub(crate) fn settles(&self, settled: Settled) {
        *self.source.settled.lock().expect("no test panicked") = settled;
    }

    /// The state that plans tell as soon as all changes are counted.
    pub(crate) fn counts_when_settled(&self, version: &str) {
        let mut later = self.source.later.lock().expect("no test panicked");
        *later = Some(version.to_owned());
    }

    /// How often the source was asked whether all changes are counted.
    pub(crate) fn settled(&self) -> u32 {
        self.source.settles.load(Ordering::SeqCst)
    }

    /// Plans, checks and reads that were asked for.
    pub(crate) fn asked(&self) -> [u32; 3] {
        [0, 1, 2].map(|what: usize| self.source.asked[what].load(Ordering::SeqCst))
    }

    pub(crate) fn breaks(&self, name: &str) {
        self.source
            .breaking
            .lock()
            .expect("no test panicked")
            .push(table(name));
    }

    /// Reading it ends in the middle, whenever it is tried.
    pub(crate) fn falters(&self, name: &str) {
        let mut faltering = self.source.faltering.lock().expect("no test panicked");
        faltering.push(table(name));
    }

    /// After the first table that falters, nothing is answered any more.
    pub(crate) fn falls_then(&self) {
        self.source.falls.store(true, Ordering::SeqCst);
    }

    /// Reading it panics in the middle.
    pub(crate) fn panics(&self, name: &str) {
        let mut panicking = self.source.panicking.lock().expect("no test panicked");
        panicking.push(table(name));
    }

    /// The source samples nothing itself, and expects so many records in each table.
    pub(crate) fn expecting(mut self, rows: Option<u64>) -> Self {
        (self.source.samples_nothing, self.source.expected) = (true, rows);
        self
    }

    /// The server is gone for this table, and when it is asked, as soon as something was read.
    pub(crate) fn is_lost(&self, name: &str) {
        let mut lost = self.source.lost.lock().expect("no test panicked");
        lost.push(table(name));
    }

    /// The cells of a table's column in the order of their reading.
    pub(crate) async fn cells(&self, name: &str) -> Found<String> {
        let examine = |rows: &[Row<'_>]| -> Vec<String> {
            let cells = rows.iter().flat_map(|row| &row.cells);
            cells.map(|(_, text)| (*text).to_owned()).collect()
        };
        let look_up = LookUp {
            source: Arc::new(self.source.clone()),
            request: ScanRequest::all(table(name), EntityKind::Table),
            columns: Arc::default(),
            examine: Arc::new(examine),
            limit: usize::MAX,
        };
        self.engine.look_up(look_up, &self.cancel).await
    }

    pub(crate) fn cancel(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// The next scan is not cancelled by what cancelled the last one.
    pub(crate) fn goes_on(&mut self) {
        self.cancel = CancellationToken::new();
    }

    pub(crate) fn keyed(&self, value: &str) -> u64 {
        self.engine
            .keyer()
            .key(hash(forms::folded(value).as_bytes()))
    }

    pub(crate) async fn scan(&self, ledger: &Ledger, options: &Options) -> Result<Summary> {
        let target = Target {
            id: SourceId::derive("memory"),
            name: "memory".to_owned(),
            source: Arc::new(self.source.clone()),
            scope: Scope::default(),
        };
        self.engine
            .scan(&[target], options, ledger, &Silent, &self.cancel)
            .await
    }
}
