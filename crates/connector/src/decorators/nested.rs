//! Databases within a source of files: a folder with an SQLite file in it is one source.
//!
//! A source of files answers such a file with an error that names a target ([`Error::target_text`]). [`Nested`] opens
//! the target and puts what is in it under the file's path: table `main.users` of `crm/app.db` becomes the entity
//! `["crm/app.db", "main", "users"]`. Whoever reads a split needs nothing but the split: the first segment tells the
//! file.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use locard_model::{EntityKind, EntityPath};
use tokio::sync::OnceCell;

use crate::{
    Batch, Description, Entity, Error, ErrorKind, Globs, Result, ScanPlan, ScanRequest, Scope,
    Server, Settled, Source, Split, Usage, UsageRecord,
};

/// Opens targets by their text: the registry of connectors, seen from below.
#[async_trait]
pub trait Targets: Debug + Send + Sync + 'static {
    /// Opens a target such as `sqlite:/data/crm.db`.
    async fn open(&self, target: &str) -> Result<Arc<dyn Source>>;
}

/// A source of files, with the databases among them opened. A glob of a scope that a database's file matches means all in it;
/// others are tried on the resources in it, as `crm/app.db.users`.
#[derive(Debug)]
pub struct Nested {
    files: Arc<dyn Source>,
    targets: Arc<dyn Targets>,
    open: Mutex<Open>,
}

/// Databases that are kept open at a time. A folder may hold tens of thousands; the one that was not used for longest gives
/// way, and is opened again when it is asked for.
const KEPT: usize = 64;

/// A database, once it was opened: by whoever asked first.
type Opened = Arc<OnceCell<Arc<dyn Source>>>;

/// Databases that were opened, by the file's resource.
#[derive(Debug, Default)]
struct Open {
    by_file: HashMap<String, (u64, Opened)>,
    /// How often any was asked for: the time by which they are old.
    asked: u64,
}

impl Open {
    fn get(&mut self, file: &str) -> Opened {
        self.asked += 1;
        if let Some((last, opened)) = self.by_file.get_mut(file) {
            *last = self.asked;
            return Arc::clone(opened);
        }
        if self.by_file.len() >= KEPT {
            let oldest = self.by_file.iter().min_by_key(|(_, (last, _))| *last);
            if let Some(oldest) = oldest.map(|(file, _)| file.clone()) {
                self.by_file.remove(&oldest);
            }
        }
        let opened = Opened::default();
        let entry = (self.asked, Arc::clone(&opened));
        self.by_file.insert(file.to_owned(), entry);
        opened
    }
}

/// What a path means.
enum Place {
    File,
    Within(String, Arc<dyn Source>),
}

impl Nested {
    /// Around a source of files.
    pub fn new(files: Arc<dyn Source>, targets: Arc<dyn Targets>) -> Self {
        Self {
            files,
            targets,
            open: Mutex::default(),
        }
    }

    fn opened(&self, file: &str) -> Opened {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(file)
    }

    async fn database(&self, file: &str, target: &str) -> Result<Arc<dyn Source>> {
        let opened = self.opened(file);
        let source = opened.get_or_try_init(|| self.targets.open(target)).await?;
        Ok(Arc::clone(source))
    }

    /// The entities of a database that was met in a listing, as far as they are wanted; if it cannot be opened, why.
    async fn listed(&self, error: Error, globs: &Globs) -> Vec<Result<Entity>> {
        let (Some(file), Some(target)) = (error.entity_name(), error.target_text()) else {
            return vec![Err(error)];
        };
        let is_whole = globs.admit(file);
        let is_wanted = |path: &EntityPath, kind: EntityKind| {
            let resource = below(file, path).resource(kind);
            !globs.excludes(&resource) && (is_whole || globs.admit(&resource))
        };
        let source = match self.database(file, target).await {
            Ok(source) => source,
            Err(error) => return vec![Err(within(error, file))],
        };
        let entities = source
            .entities(&Scope::default())
            .filter(|entity| {
                let wanted = entity
                    .as_ref()
                    .map_or(is_whole, |entity| is_wanted(&entity.path, entity.kind));
                futures::future::ready(wanted)
            })
            .map(|entity| match entity {
                Ok(entity) => Ok(Entity {
                    path: below(file, &entity.path),
                    ..entity
                }),
                Err(error) => Err(within(error, file)),
            });
        entities.collect().await
    }

    /// What is wanted of databases whose files the globs do not match, but resources in them.
    fn databases_of(&self, files: &Scope, globs: Arc<Globs>) -> BoxStream<'_, Result<Entity>> {
        let listed = self.files.entities(files).then(move |item| {
            let globs = Arc::clone(&globs);
            async move {
                match item {
                    Err(error)
                        if error.target_text().is_some()
                            && error.entity_name().is_some_and(|file| !globs.admit(file)) =>
                    {
                        self.listed(error, &globs).await
                    }
                    // Files that are wanted were listed already.
                    _ => Vec::new(),
                }
            }
        });
        listed.flat_map(stream::iter).boxed()
    }

    async fn place(&self, path: &EntityPath, kind: EntityKind) -> Result<Place> {
        if matches!(kind, EntityKind::File | EntityKind::Folder) {
            return Ok(Place::File);
        }
        let Some(file) = path.segments().first() else {
            return Ok(Place::File);
        };
        if let Some(source) = self.opened(file).get() {
            return Ok(Place::Within(file.clone(), Arc::clone(source)));
        }
        // This process did not list the file; its source still knows what it is.
        match self
            .files
            .describe(&EntityPath::new(file.split('/')), EntityKind::File)
            .await
        {
            Err(error) => match error.target_text() {
                Some(target) => Ok(Place::Within(
                    file.clone(),
                    self.database(file, target).await?,
                )),
                None => Err(error),
            },
            Ok(_) => Err(
                Error::new(ErrorKind::NotFound, "the file is no database (any more)").entity(file),
            ),
        }
    }
}

/// Which files may be databases in which a glob means something: `crm/app.db.users*` may mean tables of `crm/app.db`. A
/// name without a dot is tried only where it means one file, as `*.csv` else would have every file looked into.
fn databases(scope: &Scope) -> Option<Scope> {
    let files = scope.include.iter().flat_map(|glob| {
        let dots = glob
            .match_indices('.')
            .map(move |(at, _)| glob.split_at(at));
        dots.filter(|(file, rest)| {
            let name = file.rsplit('/').next().unwrap_or(file);
            let is_named = name.contains('.') || !name.contains(['*', '?', '[', '{']);
            is_named && !name.is_empty() && !rest.contains('/') && !COMPRESSED.contains(&&rest[1..])
        })
    });
    let include: Vec<String> = files.map(|(file, _)| file.to_owned()).collect();
    (!include.is_empty()).then(|| Scope {
        include,
        exclude: scope.exclude.clone(),
    })
}

/// Endings behind that of the format: these are files.
const COMPRESSED: [&str; 6] = ["gz", "zst", "bz2", "xz", "lz4", "br"];

fn below(file: &str, path: &EntityPath) -> EntityPath {
    EntityPath::new(std::iter::once(file.to_owned()).chain(path.segments().iter().cloned()))
}

fn above(path: &EntityPath) -> EntityPath {
    EntityPath::new(path.segments().iter().skip(1).cloned())
}

/// Names the file in an error of its database.
fn within(error: Error, file: &str) -> Error {
    let name = error
        .entity_name()
        .map_or_else(|| file.to_owned(), |entity| format!("{file}.{entity}"));
    error.entity(name)
}

#[async_trait]
impl Source for Nested {
    async fn check(&self) -> Result<Server> {
        self.files.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let globs = match Globs::of_files(scope) {
            Ok(globs) => Arc::new(globs),
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        let known = Arc::clone(&globs);
        let listed = self.files.entities(scope).then(move |item| {
            let globs = Arc::clone(&globs);
            async move {
                match item {
                    Err(error) if error.target_text().is_some() => self.listed(error, &globs).await,
                    item => vec![item],
                }
            }
        });
        let listed = listed.flat_map(stream::iter);
        match databases(scope) {
            Some(files) => listed.chain(self.databases_of(&files, known)).boxed(),
            None => listed.boxed(),
        }
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        let (file, source) = match self.place(path, kind).await? {
            Place::File => return self.files.describe(path, kind).await,
            Place::Within(file, source) => (file, source),
        };
        let mut description = source
            .describe(&above(path), kind)
            .await
            .map_err(|error| within(error, &file))?;
        for key in &mut description.foreign_keys {
            key.references = below(&file, &key.references);
        }
        Ok(description)
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let (file, source) = match self.place(&request.path, request.kind).await? {
            Place::File => return self.files.plan(request).await,
            Place::Within(file, source) => (file, source),
        };
        let inner = ScanRequest {
            path: above(&request.path),
            ..request.clone()
        };
        let mut plan = source
            .plan(&inner)
            .await
            .map_err(|error| within(error, &file))?;
        for split in &mut plan.splits {
            split.path = below(&file, &split.path);
        }
        Ok(plan)
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let (file, source) = match self.place(&split.path, split.kind).await? {
            Place::File => return self.files.read(split).await,
            Place::Within(file, source) => (file, source),
        };
        let inner = Split {
            path: above(&split.path),
            ..split.clone()
        };
        let batches = source
            .read(&inner)
            .await
            .map_err(|error| within(error, &file))?;
        Ok(batches
            .map(move |item| item.map_err(|error| within(error, &file)))
            .boxed())
    }

    async fn settle(&self) -> Settled {
        self.files.settle().await
    }

    fn longest_silence(&self) -> Option<Duration> {
        self.files.longest_silence()
    }

    fn usage(&self) -> Option<&dyn Usage> {
        self.files.usage().map(|_| self as &dyn Usage)
    }
}

#[async_trait]
impl Usage for Nested {
    /// What is in a database within a file is used with it.
    async fn of(&self, path: &EntityPath, kind: EntityKind) -> Result<UsageRecord> {
        let Some(usage) = self.files.usage() else {
            return Ok(UsageRecord::default());
        };
        match self.place(path, kind).await? {
            Place::File => usage.of(path, kind).await,
            Place::Within(file, _) => {
                let file = EntityPath::new(file.split('/'));
                usage.of(&file, EntityKind::File).await
            }
        }
    }
}
