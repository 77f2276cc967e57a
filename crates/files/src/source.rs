//! Files as a source.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Description, Entity, Error, ErrorKind, Globs, Result, ScanPlan, ScanRequest, Scope,
    Server, Source, Split, Usage,
};
use locard_model::{EntityKind, EntityPath};
use serde::Deserialize as _;

use crate::blob::{Blob, Blobs, Found, io_error};
use crate::detect::{PEEKED, database, detect, peek};
use crate::members::{self, Members};
use crate::orc::Orc;
use crate::part::{Format, Part};
use crate::partitions::{Listed, Tables, is_table};
use crate::plan::{plan, sampled_schema, schema};
use crate::row_groups::Footer;
use crate::stream::{batches, blocking};
use crate::unpack::{Contents, Unpacked};

/// The files of some [`Blobs`].
#[derive(Debug)]
pub struct Files<B> {
    blobs: Arc<Unpacked<B>>,
    sizes: Sizes,
}

/// How large things may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// A file is divided when each piece has at least so many bytes.
    pub split_bytes: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        // Whoever asks wants far larger ones as a rule; below this another split costs more than it gains.
        Self {
            split_bytes: 512 << 10,
        }
    }
}

impl<B: Blobs> Files<B> {
    /// The files of these blobs.
    pub fn new(blobs: B) -> Self {
        Self::with_sizes(blobs, Sizes::default())
    }

    /// The same with other sizes; tests divide small files.
    pub fn with_sizes(blobs: B, sizes: Sizes) -> Self {
        Self {
            blobs: Arc::new(Unpacked::new(blobs)),
            sizes,
        }
    }

    /// Runs something that blocks, away from the threads that must not.
    pub(crate) async fn away<T: Send + 'static>(
        &self,
        resource: String,
        work: impl FnOnce(&Unpacked<B>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let blobs = self.blobs.clone();
        let result = tokio::task::spawn_blocking(move || work(&blobs)).await;
        let result = result.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Malformed,
                "the reader failed on data that it should have refused",
            ))
        });
        result.map_err(|error| {
            if error.entity_name().is_some() || resource.is_empty() {
                error
            } else {
                error.entity(resource)
            }
        })
    }
}

#[async_trait]
impl<B: Blobs> Source for Files<B> {
    async fn check(&self) -> Result<Server> {
        let server = Server {
            product: self.blobs.product(),
            account: None,
        };
        self.away(String::new(), Unpacked::check)
            .await
            .map(|()| server)
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let (blobs, scope) = (self.blobs.clone(), scope.clone());
        // Whoever asks for what is in containers wants these looked into.
        let inside = scope.include.iter().any(|glob| glob.contains("!/"));
        blocking(64, move |send| {
            let scope = match Globs::of_files(&scope) {
                Ok(scope) => scope,
                Err(error) => {
                    send(Err(error));
                    return;
                }
            };
            let mut lister = Lister {
                blobs: blobs.as_ref(),
                scope: &scope,
                waiting: Vec::new(),
                send,
            };
            let mut tables = Tables::default();
            let narrowed = blobs.is_narrowed();
            let mut wanted = true;
            blobs.list(scope.exclude(), &mut |found| {
                wanted = match found {
                    Ok(found) => {
                        let resource = found.path.resource(EntityKind::File);
                        let holds = scope.admit(&resource) || inside && !scope.excludes(&resource);
                        // What the settings leave out of a table nobody sees here, and a table of some of its files
                        // must not be taken for the whole one.
                        let file = if narrowed {
                            Some(found).filter(|_| holds)
                        } else {
                            tables.take(found, holds, scope.has_globs())
                        };
                        file.is_none_or(|file| lister.file(file))
                    }
                    Err(error) if ignores(&scope, &error) => true,
                    Err(error) => lister.flush() && (lister.send)(Err(error)),
                };
                wanted
            });
            if wanted {
                lister.tables(tables);
                lister.flush();
            }
        })
    }

    fn usage(&self) -> Option<&dyn Usage> {
        Some(self)
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        let wanted = path.clone();
        self.away(path.resource(kind), move |blobs| {
            let schema = if is_table(&wanted) {
                members::described(blobs, &wanted)?
            } else {
                described(blobs, &wanted)?
            };
            let (primary_key, unique, foreign_keys) = (Vec::new(), Vec::new(), Vec::new());
            Ok(Description {
                schema,
                primary_key,
                unique,
                foreign_keys,
                definition: None,
                comment: None,
            })
        })
        .await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let (request, sizes) = (request.clone(), self.sizes);
        let given_up = GivenUp::default();
        let stop = Arc::clone(&given_up.0);
        self.away(request.path.resource(request.kind), move |blobs| {
            if is_table(&request.path) {
                return members::plan(blobs, &request);
            }
            plan(&open(blobs, &request.path)?, &request, sizes, &stop)
        })
        .await
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let resource = split.path.resource(split.kind);
        let other_version = |_| {
            let sentence = "the split was made by another version";
            Error::new(ErrorKind::Malformed, sentence)
                .entity(&resource)
                .hint("plan the scan again")
        };
        if is_table(&split.path) {
            let members = Members::deserialize(&split.part).map_err(other_version)?;
            return Ok(members::batches(
                self.blobs.clone(),
                split.path.clone(),
                members,
            ));
        }
        let part = Part::deserialize(&split.part).map_err(other_version)?;
        let (blobs, path, version) = (
            self.blobs.clone(),
            split.path.clone(),
            split.version.clone(),
        );
        let is_piece = part.end.is_some() || part.first_row > 1;
        let open = move || {
            let blob = open(blobs.as_ref(), &path)?;
            // Borders of pieces mean nothing in another state of the file; as a whole it is read as it is now.
            if !is_piece || version.is_none() || blob.version() == version {
                return Ok((blob, part, None));
            }
            let (part, grown) = part.of_grown(blob.as_ref()).ok_or_else(changed)?;
            Ok((blob, part, grown))
        };
        Ok(batches(open, resource))
    }
}

/// Tells work on another thread that nobody waits for it any more.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The columns of a file.
pub(crate) fn described<B: Blobs>(blobs: &B, path: &EntityPath) -> Result<SchemaRef> {
    let blob = open(blobs, path)?;
    let detected = detect(&blob, path.name())?;
    match schema(&blob, &detected)? {
        Some(schema) => Ok(schema),
        None => sampled_schema(&blob, &detected),
    }
}

/// All of a file as one piece.
pub(crate) fn whole_part(blob: &Arc<dyn Blob>, name: &str, header: Option<bool>) -> Result<Part> {
    let mut part = detect(blob, name)?.with_header(header).part();
    match &mut part.format {
        Format::Parquet(groups) => *groups = (0..Footer::read(blob)?.groups().len()).collect(),
        Format::Orc(stripes) => *stripes = (0..Orc::read(blob)?.groups().len()).collect(),
        _ => {}
    }
    Ok(part)
}

fn changed() -> Error {
    let sentence = "the file changed after the scan was planned";
    Error::new(ErrorKind::Interrupted, sentence)
        .retryable(false)
        .hint("scan it again")
}

/// Opens a file that is not a database of its own.
pub(crate) fn open<B: Blobs>(blobs: &B, path: &EntityPath) -> Result<Arc<dyn Blob>> {
    let blob = blobs.open(path)?;
    let mut head = [0; 64];
    let read = blob.read_at(0, &mut head).unwrap_or(0);
    match database(&head[..read]) {
        Some(database) => Err(other_connector(blobs, path, database)),
        None => Ok(blob),
    }
}

/// Whether a file is what SQLite keeps beside a database of the same name while it writes.
fn is_part_of_database<B: Blobs>(blobs: &B, path: &EntityPath) -> bool {
    let endings = ["-wal", "-shm", "-journal"];
    let Some(name) = endings.iter().find_map(|end| path.name().strip_suffix(end)) else {
        return false;
    };
    let folders = path
        .segments()
        .split_last()
        .map_or(&[][..], |(_, rest)| rest);
    let database_path = EntityPath::new(folders.iter().map(String::as_str).chain([name]));
    let mut head = [0; 64];
    blobs
        .open(&database_path)
        .and_then(|blob| {
            let read = blob.read_at(0, &mut head);
            read.map_err(|error| io_error(error, "opening the file"))
        })
        .is_ok_and(|read| database(&head[..read]).is_some())
}

/// Listed files that are looked into together.
const AT_ONCE: usize = 64;

/// What is to be told.
struct Waiting {
    entity: Found,
    /// The file that is looked into before.
    look: Found,
    /// Other pieces of a table, of which one that can be read is enough.
    others: Vec<Found>,
}

/// Turns listed files into entities, several at the same time.
struct Lister<'a, B> {
    blobs: &'a Unpacked<B>,
    scope: &'a Globs,
    waiting: Vec<Waiting>,
    send: &'a mut dyn FnMut(Result<Entity>) -> bool,
}

impl<B: Blobs> Lister<'_, B> {
    /// Takes a file; whether more are wanted.
    fn file(&mut self, file: Found) -> bool {
        is_part_of_database(self.blobs, &file.path) || self.push(file.clone(), vec![file])
    }

    fn push(&mut self, entity: Found, looks: Vec<Found>) -> bool {
        let mut looks = looks.into_iter();
        self.waiting.extend(looks.next().map(|look| Waiting {
            entity,
            look,
            others: looks.collect(),
        }));
        self.waiting.len() < AT_ONCE || self.flush()
    }

    /// Takes the tables that a listing held; whether more is wanted.
    fn tables(&mut self, tables: Tables) -> bool {
        tables.listed().all(|listed| match listed {
            Listed::Whole(table, pieces) => self.push(table, pieces),
            Listed::Parts(parts) => parts.into_iter().all(|part| self.file(part)),
        })
    }

    /// Tells what waits; whether more is wanted.
    fn flush(&mut self) -> bool {
        let waiting = std::mem::take(&mut self.waiting);
        let looks: Vec<Found> = waiting.iter().map(|it| it.look.clone()).collect();
        let heads = self.blobs.heads(&looks, PEEKED);
        let mut waiting = waiting.into_iter().zip(heads);
        waiting.all(|(waiting, head)| {
            let found = waiting.entity;
            if is_table(&found.path) {
                return (self.send)(table(self.blobs, found, head, &waiting.others));
            }
            if let Ok(head) = &head
                && let Some(more) =
                    Contents::of(self.blobs, self.scope, &found.path, head, self.send)
            {
                return more;
            }
            let is_wanted = self.scope.admit(&found.path.resource(EntityKind::File));
            !is_wanted || (self.send)(file(self.blobs, found, head))
        })
    }
}

/// A listed file as an entity, if a quick look does not rule that out.
fn file<B: Blobs>(blobs: &B, found: Found, head: Result<Vec<u8>>) -> Result<Entity> {
    let looked = head.and_then(|head| look(blobs, &found.path, &head));
    looked.map_err(|error| error.entity(found.path.resource(EntityKind::File)))?;
    Ok(entity(found))
}

/// A listed table as an entity, unless none of the pieces that are looked into is of a format that is read. What is wrong
/// with one piece is told when it is read, and costs the others nothing.
fn table<B: Blobs>(
    blobs: &B,
    found: Found,
    head: Result<Vec<u8>>,
    others: &[Found],
) -> Result<Entity> {
    let is_readable = |head: Result<Vec<u8>>| match head {
        Ok(head) => look(blobs, &found.path, &head),
        // It is not known to be anything else.
        Err(_) => Ok(()),
    };
    if let Err(error) = is_readable(head) {
        let mut heads = blobs.heads(others, PEEKED).into_iter();
        if !heads.any(|head| is_readable(head).is_ok()) {
            return Err(error.entity(found.path.resource(EntityKind::File)));
        }
    }
    // The pieces have several versions.
    Ok(entity(Found {
        version: None,
        ..found
    }))
}

fn entity(found: Found) -> Entity {
    Entity {
        path: found.path,
        kind: EntityKind::File,
        rows: None,
        bytes: Some(found.size),
        comment: None,
        version: found.version,
    }
}

/// A quick look at the first bytes of a file: whether it can be read here at all.
pub(crate) fn look<B: Blobs>(blobs: &B, path: &EntityPath, head: &[u8]) -> Result<()> {
    peek(head)?;
    database(head).map_or(Ok(()), |database| {
        Err(other_connector(blobs, path, database))
    })
}

fn other_connector<B: Blobs>(blobs: &B, path: &EntityPath, (scheme, what): (&str, &str)) -> Error {
    let error = Error::new(
        ErrorKind::Unsupported,
        format!("{what} is not read as a file"),
    );
    match blobs.address(path) {
        Some(address) => {
            let target = format!("{scheme}:{address}");
            error
                .hint(format!("`locard scan {target}` reads its tables"))
                .target(target)
        }
        None => error.hint("take it out of the container that it is in"),
    }
}

/// Whether an error is of something that nobody asked for. Behind a folder that does not open there may be something that
/// is wanted; behind what misses nothing there is not.
fn ignores(scope: &Globs, error: &Error) -> bool {
    error
        .entity_name()
        .is_some_and(|name| scope.excludes(name) || error.misses_nothing() && !scope.admit(name))
}
