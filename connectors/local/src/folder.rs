//! The files below a folder.
//!
//! The one thing a reader gets wrong: links are followed, but only out of the folder. What they reach inside is listed
//! where it really is, and a loop of links is told instead of followed.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder};
use locard_connector::{Error, ErrorKind, Result, Way, globs};
use locard_files::{Blob, Blobs, Found, Times, io_error};
use locard_model::{EntityKind, EntityPath};

use crate::Settings;

/// The file that names what is not to be read, in the syntax of `.gitignore`.
const IGNORE: &str = ".locardignore";

/// The files of a local target.
#[derive(Debug)]
pub struct Folder {
    /// Where resources are relative to.
    base: PathBuf,
    /// What is walked: the base, or one file in it.
    start: PathBuf,
    /// The target's own glob, below the base.
    glob: Option<GlobSet>,
    /// The folders that it leads through.
    way: Way,
    include: GlobSet,
    exclude: GlobSet,
    own: Vec<PathBuf>,
    within: Vec<PathBuf>,
}

impl Folder {
    /// The files that these settings mean.
    pub fn new(settings: Settings) -> Result<Self> {
        let path = PathBuf::from(&settings.path);
        let (start, glob) = if path.exists() {
            (path, None)
        } else {
            split_glob(&path)
        };
        let base = if start.is_dir() {
            start.clone()
        } else {
            start.parent().map(Path::to_path_buf).unwrap_or_default()
        };
        let real = |paths: Vec<String>| {
            let paths = paths.into_iter().map(PathBuf::from);
            let real = paths.map(|path| path.canonicalize().unwrap_or(path));
            real.collect::<Vec<_>>()
        };
        Ok(Self {
            way: glob.as_deref().map_or(Ok(Way::default()), Way::of)?,
            glob: glob.map(|glob| globs(&[glob], true)).transpose()?,
            include: globs(&settings.include, false)?,
            exclude: globs(&settings.exclude, false)?,
            own: real(settings.own),
            within: real(settings.within),
            base,
            start,
        })
    }

    /// Where resources are relative to, as a path that is the same from wherever it is named; none where nothing is.
    pub(crate) fn base(&self) -> Option<String> {
        self.start.exists().then_some(())?;
        let base = self.base.canonicalize().ok()?;
        Some(base.to_string_lossy().replace('\\', "/"))
    }

    fn walk(&self, excluded: &GlobSet) -> ignore::Walk {
        let real = self.base.canonicalize();
        let real = real.unwrap_or_else(|_| self.base.clone());
        let (base, own, within) = (self.base.clone(), self.own.clone(), self.within.clone());
        let way = self.way.clone();
        let left = [self.exclude.clone(), excluded.clone()];
        let mut builder = WalkBuilder::new(&self.start);
        builder
            .standard_filters(false)
            .add_custom_ignore_filename(IGNORE)
            .follow_links(true);
        builder.sort_by_file_name(std::ffi::OsStr::cmp);
        builder.filter_entry(move |entry| {
            let resource = resource(entry.path(), &base);
            // Of a link to a folder the type is that of the folder.
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            (!is_folder || entry.depth() == 0 || way.leads_through(&resource))
                && !left.iter().any(|globs| globs.is_match(&resource))
                && is_ours(entry, &real, &own)
                && is_within(entry, &within)
        });
        builder.build()
    }

    /// The entity of a file below the base, if it is wanted.
    fn wanted(&self, path: &Path) -> Option<EntityPath> {
        let relative = path.strip_prefix(&self.base).ok()?;
        let segments = relative
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        let entity = EntityPath::new(segments);
        let resource = entity.resource(EntityKind::File);
        let wanted = self
            .glob
            .as_ref()
            .is_none_or(|glob| glob.is_match(&resource))
            && (self.include.is_empty() || self.include.is_match(&resource))
            && !self.exclude.is_match(&resource)
            && entity.name() != IGNORE;
        wanted.then_some(entity)
    }

    /// Whether what went wrong on the walk is of interest: of a link that leads to nothing only its name tells, behind a
    /// folder that does not open there may be something that is wanted.
    fn is_told(&self, error: &Error) -> bool {
        let Some(resource) = error.entity_name() else {
            return true;
        };
        if error.misses_nothing() {
            self.wanted(&self.base.join(resource)).is_some()
        } else {
            !self.exclude.is_match(resource)
        }
    }

    fn found(&self, entry: &DirEntry) -> Option<Result<Found>> {
        let path = self.wanted(entry.path())?;
        let resource = path.resource(EntityKind::File);
        if entry.path().to_str().is_none() && !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            let error = Error::new(ErrorKind::Unsupported, "the name is not UTF-8");
            return Some(Err(error
                .entity(resource)
                .hint("rename the file or its folder")));
        }
        Some(match std::fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => return None,
            Ok(metadata) => special(&metadata).map_or(
                Ok(Found {
                    path,
                    size: metadata.len(),
                    version: version(&metadata),
                }),
                |what| Err(endless(what).entity(resource)),
            ),
            Err(error) => {
                Err(listing_error(entry.path(), error, "listing the file").entity(resource))
            }
        })
    }

    /// Where an entity is on disk; nothing above the base.
    fn locate(&self, path: &EntityPath) -> Result<PathBuf> {
        let mut full = self.base.clone();
        for segment in path.segments() {
            let mut parts = Path::new(segment).components();
            let (Some(Component::Normal(part)), None) = (parts.next(), parts.next()) else {
                let error = Error::new(ErrorKind::NotFound, "no such file");
                return Err(error.entity(path.resource(EntityKind::File)));
            };
            full.push(part);
        }
        // Whoever may write there may put a link in the place of a file after it was listed.
        if !self.within.is_empty() && !lies_in(&full, &self.within) {
            let error = Error::new(
                ErrorKind::Denied,
                "the file lies outside of the folders that may be read",
            );
            return Err(error.entity(path.resource(EntityKind::File)));
        }
        Ok(full)
    }
}

impl Blobs for Folder {
    fn product(&self) -> String {
        "local files".to_owned()
    }

    fn check(&self) -> Result<()> {
        // Asked before opening: opening a pipe waits for whoever writes to it.
        let metadata = std::fs::metadata(&self.start).ok();
        if let Some(what) = metadata
            .filter(|metadata| !metadata.is_dir())
            .as_ref()
            .and_then(special)
        {
            let hint = match what {
                PIPE => "write it to a file first, and scan that",
                _ => "name a file or a folder",
            };
            return Err(endless(what).hint(hint));
        }
        let result = if self.start.is_dir() {
            self.start.read_dir().map(drop)
        } else {
            File::open(&self.start).map(drop)
        };
        result.map_err(|error| {
            let missing = error.kind() == io::ErrorKind::NotFound;
            let error = io_error(error, "opening it");
            if missing {
                error.hint("check the path; a glob needs quotes in a shell")
            } else {
                error
            }
        })
    }

    fn list(&self, excluded: &GlobSet, each: &mut dyn FnMut(Result<Found>) -> bool) {
        if let Err(error) = self.check() {
            each(Err(error));
            return;
        }
        for entry in self.walk(excluded) {
            let item = match entry {
                Ok(entry) => self.found(&entry),
                // What a link leads to is looked at before anybody is asked whether it is wanted.
                Err(error) => Some(walk_error(&error, &self.base))
                    .filter(|error| self.is_told(error))
                    .map(Err),
            };
            if item.is_some_and(|item| !each(item)) {
                return;
            }
        }
    }

    fn is_narrowed(&self) -> bool {
        self.glob.is_some() || !self.include.is_empty()
    }

    fn open(&self, path: &EntityPath) -> Result<Arc<dyn Blob>> {
        let full = self.locate(path)?;
        let resource = path.resource(EntityKind::File);
        let failed = |error| io_error(error, "opening the file").entity(&resource);
        // Asked before opening: opening a pipe waits for whoever writes to it.
        let metadata = std::fs::metadata(&full).map_err(failed)?;
        if let Some(what) = special(&metadata) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("{what} cannot be read as a file"),
            )
            .entity(resource));
        }
        let file = File::open(&full).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        Ok(Arc::new(LocalFile { file, metadata }))
    }

    fn times(&self, path: &EntityPath) -> Result<Times> {
        let metadata = self.locate(path).and_then(|full| {
            std::fs::metadata(full).map_err(|error| io_error(error, "looking at the file"))
        });
        let metadata = metadata.map_err(|error| error.entity(path.resource(EntityKind::File)))?;
        let at =
            |time: io::Result<std::time::SystemTime>| jiff::Timestamp::try_from(time.ok()?).ok();
        Ok(Times {
            read: at(metadata.accessed()),
            written: at(metadata.modified()),
        })
    }

    fn address(&self, path: &EntityPath) -> Option<String> {
        Some(self.locate(path).ok()?.to_string_lossy().into_owned())
    }
}

/// Whether a path, with every link in it followed, lies in one of these folders.
fn lies_in(path: &Path, folders: &[PathBuf]) -> bool {
    let real = path.canonicalize();
    real.is_ok_and(|real| folders.iter().any(|folder| real.starts_with(folder)))
}

/// Whether a link leads to where may be read; what is no link lies where its folder does.
fn is_within(entry: &DirEntry, within: &[PathBuf]) -> bool {
    let may_leave = entry.path_is_symlink() || entry.depth() == 0;
    !may_leave || within.is_empty() || lies_in(entry.path(), within)
}

/// Whether the walk enters or lists something.
fn is_ours(entry: &DirEntry, base: &Path, own: &[PathBuf]) -> bool {
    let is_link = entry.path_is_symlink();
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    let is_called_so = |own: &PathBuf| own.file_name() == Some(entry.file_name());
    if !is_link && (own.is_empty() || !is_folder && !own.iter().any(is_called_so)) {
        return true;
    }
    let Ok(real) = entry.path().canonicalize() else {
        return true;
    };
    let is_own = own.iter().any(|own| real.starts_with(own));
    if is_own && (!is_folder || !base.starts_with(&real)) {
        return false;
    }
    if is_link && is_folder && entry.depth() > 0 && is_system(&real) && !is_system(base) {
        return false;
    }
    // What a link reaches within the folder is listed where it is; the start itself may be a link.
    !(is_link && entry.depth() > 0 && real != base && real.starts_with(base))
}

/// Whether a folder is where the system shows its processes and devices as files: they hold what is read elsewhere, or
/// have no end.
fn is_system(real: &Path) -> bool {
    let is_in = |folder: &&str| real.starts_with(folder);
    cfg!(unix) && ["/proc", "/sys", "/dev"].iter().any(is_in) && !real.starts_with("/dev/shm")
}

/// What is neither file nor folder, by name.
fn special(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some(PIPE);
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    Some("a special file")
}

/// What is written by another program while it is read.
const PIPE: &str = "a pipe";

fn endless(what: &str) -> Error {
    let why = match what {
        PIPE => {
            "can be read only once and from its beginning, and a scan reads a file from several places"
        }
        _ => "is not a file that can be read to its end",
    };
    let sentence = format!("{what} {why}");
    Error::new(ErrorKind::Unsupported, sentence)
}

/// A path as globs and messages have it.
fn resource(path: &Path, base: &Path) -> String {
    path.strip_prefix(base)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

/// Why the walk could not go on somewhere.
fn walk_error(error: &ignore::Error, base: &Path) -> Error {
    match error {
        ignore::Error::WithPath { path, err } => match err.io_error() {
            Some(error) => {
                let error = io::Error::from(error.kind());
                listing_error(path, error, "listing the folder")
            }
            None => walk_error(err, base),
        }
        .entity(resource(path, base)),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            walk_error(err, base)
        }
        ignore::Error::Loop { child, .. } => {
            round("a symbolic link leads back to a folder that it is in")
                .entity(resource(child, base))
        }
        ignore::Error::Io(error) => io_error(io::Error::from(error.kind()), "listing the folder"),
        _ => Error::new(
            ErrorKind::Settings,
            format!("a line of {IGNORE} is malformed"),
        ),
    }
}

/// A loop of links; what it leads to is listed where it really is, or is nothing.
fn round(what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{what}; it was not followed, and nothing is missing for it"),
    )
    .missing_nothing()
}

fn listing_error(path: &Path, error: io::Error, doing: &str) -> Error {
    if is_round(&error) {
        return round("symbolic links lead round in a circle and to no file");
    }
    if error.kind() == io::ErrorKind::NotFound && path.is_symlink() {
        let sentence = "this symbolic link points nowhere, so there is nothing to read";
        return Error::new(ErrorKind::NotFound, sentence).missing_nothing();
    }
    io_error(error, doing)
}

/// Whether the system gave up following links.
fn is_round(error: &io::Error) -> bool {
    const LOOP: i32 = if cfg!(target_os = "linux") { 40 } else { 62 };
    cfg!(unix) && error.kind() == io::Error::from_raw_os_error(LOOP).kind()
}

/// The folder in front of the first segment with a wildcard, and the rest.
fn split_glob(path: &Path) -> (PathBuf, Option<String>) {
    let is_wild = |part: &Component| {
        let text = part.as_os_str().to_string_lossy();
        text.contains(['*', '?', '[', '{'])
    };
    let parts: Vec<Component> = path.components().collect();
    let Some(first) = parts.iter().position(is_wild) else {
        return (path.to_path_buf(), None);
    };
    let glob: Vec<_> = parts[first..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    (parts[..first].iter().collect(), Some(glob.join("/")))
}

#[derive(Debug)]
struct LocalFile {
    file: File,
    metadata: Metadata,
}

impl Blob for LocalFile {
    fn size(&self) -> u64 {
        self.metadata.len()
    }

    fn version(&self) -> Option<String> {
        version(&self.metadata)
    }

    /// Of the open file: another one that took its name meanwhile is none of its states.
    fn now(&self) -> Option<(u64, Option<String>)> {
        let metadata = self.file.metadata().ok()?;
        Some((metadata.len(), version(&metadata)))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset);
    }
}

/// Tells one state of a file from another.
fn version(metadata: &Metadata) -> Option<String> {
    let modified = metadata.modified().ok()?;
    let modified = modified.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    Some(format!("{}-{modified}{}", metadata.len(), inode(metadata)))
}

/// A file that was replaced by another of the same size and time has another number.
#[cfg(unix)]
fn inode(metadata: &Metadata) -> String {
    format!("-{}", std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> String {
    String::new()
}
