//! The home: where an installation keeps its catalog, and everything that is opened once with it.
//!
//! The master key lives outside the home, so a copy of the home alone opens nothing.

pub(crate) mod gate;
pub(crate) mod memory;
pub(crate) mod ruled;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use locard_connector::Connector;
use locard_engine::Engine;
use locard_model::{OrgId, SecretString};
use locard_sketch::Keyer;
use locard_store::{KeyPlace, Opened, Place, Store, WorkerId};
use serde::Serialize;
use serde_json::Value;

use crate::home::gate::Gate;
use crate::home::memory::Memory;
use crate::home::ruled::{Ruled, Told};
use crate::{Error, ErrorKind, Result};

/// As something is kept in the store.
pub(crate) fn json(what: &impl Serialize) -> Result<Value> {
    serde_json::to_value(what)
        .map_err(|error| Error::new(ErrorKind::Unexpected, "it cannot be noted").cause(error))
}

/// How a home is opened. Faces fill it from arguments, environment and `locard.toml`; this crate reads none of them.
pub struct HomeOptions {
    /// The home's folder; `None`: the platform's data folder.
    pub dir: Option<PathBuf>,
    /// The address of a PostgreSQL database that holds the catalog in place of the home, for several processes at
    /// once; it may hold a password.
    pub store: Option<SecretString>,
    /// What is done with it, so that it is known who else may be in it.
    pub access: Access,
    /// The master key's text; `None`: the environment's, else the key file.
    pub key: Option<SecretString>,
    /// The master key's file; `None`: in the platform's configuration folder.
    pub key_file: Option<PathBuf>,
    /// A folder with the user's own `rules/` and `terms/`; `None`: `dictionaries/` in the home, if it is there.
    pub dictionaries: Option<PathBuf>,
    /// Whether it is opened to judge, or to tell what the rules are. Otherwise own rules that cannot be used keep nobody out.
    pub judges: bool,
    /// The connectors that this build carries: `locard_registry::ALL`.
    pub connectors: &'static [&'static dyn Connector],
    /// Worker threads; `None`: one per core.
    pub threads: Option<usize>,
    /// About how many bytes of a source are read and recorded together; `None`: as many as are good. Tests that
    /// interrupt scans inside entities of many pieces say less.
    pub piece_bytes: Option<u64>,
}

/// What a home is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// To change it: nobody else may be in it.
    #[default]
    Alone,
    /// To look at jobs or stop them: alone if nobody is in it, else beside whoever is.
    Beside,
    /// Only to look: beside whoever is in it or comes, who is not kept out.
    Look,
}

/// An open home, with the rules that it began with. A clone shares everything with it; one process holds an embedded home
/// at a time.
#[derive(Clone)]
pub struct Home {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) org: OrgId,
    pub(crate) engine: Engine,
    pub(crate) connectors: &'static [&'static dyn Connector],
    pub(crate) worker: WorkerId,
    /// Where own dictionaries are, whether or not there are any.
    pub(crate) own: PathBuf,
    pub(crate) rules: Arc<Ruled>,
    /// The latest rules that this process knows of.
    latest: Arc<Latest>,
    dir: PathBuf,
    keys: Arc<KeyPlace>,
    /// Files of its faces that no source reads.
    hidden: Arc<Mutex<Vec<PathBuf>>>,
    /// Who judges sources that were named over a network.
    gate: Arc<OnceLock<Arc<dyn Gate>>>,
    /// Whether schedules may fire every second.
    often: Arc<AtomicBool>,
    shared: bool,
    pub(crate) piece_bytes: u64,
    /// What use cases keep in memory.
    pub(crate) memory: Arc<Memory>,
    new_key: Option<PathBuf>,
}

/// Rules, the engine by them, and what the store said when they were read.
struct Latest {
    known: Mutex<(Arc<Ruled>, Engine)>,
    /// Whoever reads them anew does so alone.
    told: tokio::sync::Mutex<Told>,
}

impl Home {
    /// Opens the home, making it on first use.
    ///
    /// Fails with [`ErrorKind::Locked`] while another process holds it, if it is opened [`Access::Alone`], and with
    /// [`ErrorKind::Key`] when the master key is missing or another one.
    pub async fn open(options: HomeOptions) -> Result<Self> {
        options.check()?;
        let (dir, keys) = (options.folder()?, options.keys()?);
        let opened = options.store(&dir, &keys).await?;
        let own = options
            .dictionaries
            .clone()
            .unwrap_or_else(|| dir.join("dictionaries"));
        let org = OrgId::DEFAULT;
        let told = Told::by(opened.store.as_ref(), org).await?;
        let overlay = told.overlay(opened.store.as_ref(), org, &own).await?;
        let rules = Arc::new(Ruled::compile(overlay, options.judges).await?);
        let key = opened.store.sketch_key(org).await?;
        let names = opened.store.name_key(org).await?;
        let engine = Engine::new(
            Arc::clone(&rules.used),
            Arc::new(Keyer::new(&key.key)),
            Keyer::new(&names),
            options.threads.map_or(0, useful),
        )?;
        let engine = masking(engine, &rules);
        let latest = Latest {
            known: Mutex::new((Arc::clone(&rules), engine.clone())),
            told: tokio::sync::Mutex::new(told),
        };
        Ok(Self {
            store: opened.store,
            org,
            engine,
            connectors: options.connectors,
            worker: WorkerId::random(),
            own,
            rules,
            latest: Arc::new(latest),
            dir,
            keys: Arc::new(keys),
            hidden: Arc::default(),
            gate: Arc::default(),
            often: Arc::default(),
            shared: options.store.is_some(),
            new_key: opened.new_key,
            piece_bytes: options.piece_bytes.unwrap_or(locard_engine::PIECE_BYTES),
            memory: Arc::default(),
        })
    }

    /// The same home under the latest rules that this process knows of.
    #[must_use]
    pub fn current(&self) -> Self {
        let known = self.latest.known.lock();
        let (rules, engine) = known.unwrap_or_else(PoisonError::into_inner).clone();
        Self {
            engine,
            rules,
            ..self.clone()
        }
    }

    /// Reads the rules anew where somebody changed them in the store, and answers the home under them. Those that cannot be
    /// used are told in the log, and the others stay.
    pub async fn renewed(&self) -> Self {
        if let Err(error) = self.renew_rules().await {
            let why = error.sentence();
            tracing::error!(why, "changed rules cannot be used; those before them stay");
        }
        self.current()
    }

    /// Reads the rules anew where somebody changed them in the store.
    pub(crate) async fn renew_rules(&self) -> Result<()> {
        let mut told = self.latest.told.lock().await;
        let now = Told::by(self.store.as_ref(), self.org).await?;
        if now == *told {
            return Ok(());
        }
        let overlay = now
            .overlay(self.store.as_ref(), self.org, &self.own)
            .await?;
        // Also what cannot be used is not tried again before it changes.
        *told = now;
        let rules = Arc::new(Ruled::compile(overlay, true).await?);
        let engine = self.engine.ruled_by(Arc::clone(&rules.used));
        let engine = masking(engine, &rules);
        let known = self.latest.known.lock();
        *known.unwrap_or_else(PoisonError::into_inner) = (rules, engine);
        Ok(())
    }

    /// Tells the rules by which names are masked from others.
    pub(crate) fn masked_by(&self) -> u64 {
        let all = self.rules.all.as_ref().unwrap_or(&self.rules.used);
        all.fingerprint()
    }

    /// Lets scans give way to everything else that this process does: somebody waits for its answers.
    pub fn scan_in_the_background(&self) {
        self.engine.pool().yield_to_others();
    }

    /// Lets look-ups keep filters in memory, within so many bytes: for processes that many look-ups are made in.
    pub fn remember_filters(&self, bytes: usize) {
        self.memory.set_filter_bytes(bytes);
    }

    /// Notes that this process serves others until it is stopped, for whoever finds the home in use.
    pub fn serves(&self) {
        if !self.shared {
            locard_store::mark_server(&self.dir);
        }
    }

    /// Lets somebody judge sources that were named over a network, whenever one is opened; the first one stays.
    pub fn guard(&self, gate: Arc<dyn Gate>) {
        let _ = self.gate.set(gate);
    }

    pub(crate) fn gate(&self) -> Option<&Arc<dyn Gate>> {
        self.gate.get()
    }

    /// Lets schedules be made that fire more often than once a minute: tests do not wait for minutes.
    pub fn fire_often(&self) {
        self.often.store(true, Ordering::Relaxed);
    }

    pub(crate) fn fires_often(&self) -> bool {
        self.often.load(Ordering::Relaxed)
    }

    /// Keeps sources from reading these files too: secrets of a face.
    pub fn hide(&self, files: impl IntoIterator<Item = PathBuf>) {
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.extend(files);
    }

    /// What no source reads: the home, the file of the master key, and what was hidden.
    pub fn hidden(&self) -> Vec<PathBuf> {
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        let own = [self.dir.clone(), self.keys.file.clone()].into_iter();
        own.chain(hidden.iter().cloned()).collect()
    }

    /// The folder. Own dictionaries are in it also when the catalog is elsewhere.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The catalog and job database, for use cases that are crates of their own.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The organisation that it is open for.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// What reads sources, with the rules and keys of the home.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Why the user's own rules and lists are left out, where nothing is judged and they cannot be used.
    pub fn rules_left_out(&self) -> Option<&Error> {
        self.rules.left_out.as_ref()
    }

    /// Where the catalog is, for people.
    pub fn place(&self) -> String {
        if self.shared {
            "the PostgreSQL store".to_owned()
        } else {
            self.dir.display().to_string()
        }
    }

    /// Replaces the master key in its file, and answers the file and where the old key is kept. Nothing is scanned or written again but the keys
    /// that it wraps.
    pub async fn rotate_key(&self) -> Result<(&Path, PathBuf)> {
        let old = locard_store::rotate(self.store.as_ref(), &self.keys).await?;
        Ok((&self.keys.file, old))
    }

    /// Where the master key was written when this open created it; faces print it once, so that it gets saved.
    pub fn new_key_file(&self) -> Option<&Path> {
        self.new_key.as_deref()
    }

    /// Releases the home: pending writes are flushed, the lock is let go.
    pub async fn close(self) -> Result<()> {
        self.store.close().await;
        Ok(())
    }
}

/// So many threads as do any good: beyond a few per core they only take memory.
fn useful(threads: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    threads.min(cores.saturating_mul(4))
}

/// The engine, which masks by every rule: what is no longer looked for is still not shown.
fn masking(engine: Engine, rules: &Ruled) -> Engine {
    match &rules.all {
        Some(all) => engine.masking(Arc::clone(all)),
        None => engine,
    }
}

impl HomeOptions {
    /// Opens the store as it is to be used.
    async fn store(&self, dir: &Path, keys: &KeyPlace) -> Result<Opened> {
        let beside = async || {
            let store = locard_store::open_beside(dir, keys).await?;
            let new_key = None;
            Ok::<_, locard_store::Error>(Opened { store, new_key })
        };
        // What is not there yet, or of an older version, is made or migrated first.
        if self.access == Access::Look && self.store.is_none() {
            match beside().await {
                Err(error) if error.kind() == locard_store::ErrorKind::WrongKey => {
                    return Err(error.into());
                }
                Err(_) => {}
                opened => return Ok(opened?),
            }
        }
        match locard_store::open(&self.place()?, keys).await {
            Err(error)
                if self.access == Access::Beside
                    && matches!(
                        error.kind(),
                        // Also on a disk that is full or may not be written jobs can be looked at.
                        locard_store::ErrorKind::Locked
                            | locard_store::ErrorKind::Full
                            | locard_store::ErrorKind::Denied
                    ) =>
            {
                Ok(beside().await?)
            }
            opened => Ok(opened?),
        }
    }

    /// A folder of own rules that is not there would silently be judged without them.
    fn check(&self) -> Result<()> {
        match &self.dictionaries {
            Some(folder) if !folder.is_dir() => Err(Error::new(
                ErrorKind::Usage,
                format!("there is no folder {} with own rules", folder.display()),
            )
            .hint("--dictionaries-dir names a folder that holds rules/, terms/ or both")),
            _ => Ok(()),
        }
    }

    /// Where the catalog is.
    pub(crate) fn place(&self) -> Result<Place> {
        match &self.store {
            Some(address) => Ok(Place::Postgres(address.clone())),
            None => Ok(Place::Home(self.folder()?)),
        }
    }

    pub(crate) fn folder(&self) -> Result<PathBuf> {
        let platform = locard_store::default_home;
        self.dir.clone().or_else(platform).ok_or_else(|| {
            Error::new(
                ErrorKind::Store,
                "this user has no folder for application data",
            )
            .hint("name one with --home")
        })
    }

    pub(crate) fn keys(&self) -> Result<KeyPlace> {
        match (&self.key, &self.key_file) {
            (Some(_), Some(file)) => Ok(KeyPlace {
                given: self.key.clone(),
                file: file.clone(),
            }),
            (None, Some(file)) => Ok(KeyPlace {
                given: None,
                file: file.clone(),
            }),
            (given, None) => {
                let standard = KeyPlace::standard()?;
                Ok(KeyPlace {
                    given: given.clone().or(standard.given),
                    file: standard.file,
                })
            }
        }
    }
}
