//! Opening what is inside: containers that are open, and paths that lead into them.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use globset::GlobSet;
use locard_connector::{Error, ErrorKind, Result};
use locard_containers::{Container, Content, Member, guarded};
use locard_model::{EntityKind, EntityPath};

use super::inflated::{Held, Inflated, Span};
use super::table::Text;
use super::{as_it_was, error, first_bytes, format, opener};
use crate::blob::{Blob, Blobs, Found, Range, Times};

/// Stands behind the name of a container in the paths of what is in it.
pub(crate) const INSIDE: char = '!';

/// Containers that are kept open.
const OPEN: usize = 8;

/// How long what is kept is taken for the file's state where nobody can say whether it changed.
const FRESH: Duration = Duration::from_mins(5);

/// A place that holds files, and what is in those that are containers.
#[derive(Debug)]
pub(crate) struct Unpacked<B> {
    inner: B,
    open: Mutex<Vec<(EntityPath, Arc<Drawer>)>>,
}

/// An open container.
pub(super) struct Drawer {
    blob: Arc<dyn Blob>,
    container: Arc<dyn Container>,
    positions: HashMap<Vec<String>, usize>,
    since: Instant,
}

impl fmt::Debug for Drawer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} members of {:?}", self.positions.len(), self.blob)
    }
}

impl Drawer {
    fn new(blob: Arc<dyn Blob>) -> Result<Option<Self>> {
        let head = first_bytes(Range::new(blob.clone(), 0, None));
        let opener = opener(&blob);
        let Some(members) = format(&head, &opener)?.and_then(|format| format.members) else {
            return Ok(None);
        };
        let container: Arc<dyn Container> = guarded(|| members(&opener)).map_err(error)?.into();
        let paths = container.members().iter().enumerate();
        Ok(Some(Self {
            positions: paths
                .map(|(position, member)| (member.path.clone(), position))
                .collect(),
            blob,
            container,
            since: Instant::now(),
        }))
    }

    /// What is in it.
    pub(super) fn members(&self) -> &[Member] {
        self.container.members()
    }

    /// What is wrong with it.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        self.container.faults()
    }

    /// A member as a file.
    pub(super) fn open(&self, position: usize) -> Result<Arc<dyn Blob>> {
        let Some(member) = self.members().get(position) else {
            return Err(missing());
        };
        let outer = self.blob.clone();
        let content = guarded(|| self.container.open(position)).map_err(error)?;
        let blob: Arc<dyn Blob> = match content {
            Content::Span { start, length } => Arc::new(Span {
                outer,
                start,
                length,
            }),
            Content::Held(bytes) => Arc::new(Held {
                outer,
                bytes: bytes.into(),
            }),
            Content::Stream(_) | Content::Rows(_) => {
                let (container, is_table) = (self.container.clone(), member.is_table);
                let open = move || stream(container.as_ref(), position);
                let size = if is_table { Some(0) } else { member.size };
                Arc::new(Inflated::new(outer, size, is_table, Box::new(open)))
            }
        };
        as_it_was(blob)
    }

    /// Whether it is still what the file holds.
    fn is_fresh(&self) -> bool {
        match self.blob.now() {
            Some((_, version)) => version == self.blob.version(),
            None => self.since.elapsed() < FRESH,
        }
    }
}

fn stream(container: &dyn Container, position: usize) -> std::io::Result<Box<dyn Read + Send>> {
    match guarded(|| container.open(position)) {
        Ok(Content::Stream(stream)) => Ok(stream),
        Ok(Content::Rows(rows)) => Ok(Box::new(Text::new(rows))),
        Ok(Content::Span { .. } | Content::Held(_)) => Err(std::io::ErrorKind::InvalidData.into()),
        Err(broken) => Err(std::io::Error::other(error(broken))),
    }
}

fn missing() -> Error {
    Error::new(ErrorKind::NotFound, "it is not in its container (any more)")
}

/// The path of a member of a container.
pub(super) fn inside(container: &EntityPath, member: &[String]) -> EntityPath {
    let mut segments = container.segments().to_vec();
    if let Some(last) = segments.last_mut() {
        last.push(INSIDE);
    }
    segments.extend_from_slice(member);
    EntityPath::new(segments)
}

/// Where a path may lead into a container: the container, and the member in it. The innermost comes first.
fn outsides(path: &EntityPath) -> impl Iterator<Item = (EntityPath, &[String])> {
    let segments = path.segments();
    let marks = (0..segments.len().saturating_sub(1)).rev();
    marks.filter_map(move |at| {
        let name = segments[at]
            .strip_suffix(INSIDE)
            .filter(|name| !name.is_empty())?;
        let above = segments[..at].iter().cloned();
        let container = EntityPath::new(above.chain([name.to_owned()]));
        Some((container, &segments[at + 1..]))
    })
}

/// How many containers a path leads through.
pub(super) fn depth(path: &EntityPath) -> usize {
    outsides(path).count()
}

impl<B: Blobs> Unpacked<B> {
    pub(crate) fn new(inner: B) -> Self {
        Self {
            inner,
            open: Mutex::default(),
        }
    }

    /// The container at a path, if it is one.
    pub(super) fn drawer(&self, path: &EntityPath) -> Result<Option<Arc<Drawer>>> {
        if let Some(known) = self.known(path) {
            return Ok(Some(known));
        }
        let Some(drawer) = Drawer::new(self.open(path)?)? else {
            return Ok(None);
        };
        let drawer = Arc::new(drawer);
        if drawer.members().is_empty() {
            return Ok(Some(drawer));
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(known, _)| known != path);
        if open.len() >= OPEN {
            open.remove(0);
        }
        open.push((path.clone(), drawer.clone()));
        Ok(Some(drawer))
    }

    /// One that is open; what was used last goes last.
    fn known(&self, path: &EntityPath) -> Option<Arc<Drawer>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let position = open.iter().position(|(known, _)| known == path)?;
        let found = open.remove(position);
        if !found.1.is_fresh() {
            return None;
        }
        let drawer = found.1.clone();
        open.push(found);
        Some(drawer)
    }

    fn member(&self, container: &EntityPath, member: &[String]) -> Result<Option<Arc<dyn Blob>>> {
        let drawer = match self.drawer(container) {
            Ok(Some(drawer)) => drawer,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.entity(container.resource(EntityKind::File))),
        };
        let position = drawer.positions.get(member);
        position.map(|position| drawer.open(*position)).transpose()
    }
}

impl<B: Blobs> Blobs for Unpacked<B> {
    fn product(&self) -> String {
        self.inner.product()
    }

    fn check(&self) -> Result<()> {
        self.inner.check()
    }

    fn list(&self, excluded: &GlobSet, each: &mut dyn FnMut(Result<Found>) -> bool) {
        self.inner.list(excluded, each);
    }

    fn below(&self, folder: &EntityPath, each: &mut dyn FnMut(Result<Found>) -> bool) {
        self.inner.below(folder, each);
    }

    fn is_narrowed(&self) -> bool {
        self.inner.is_narrowed()
    }

    fn open(&self, path: &EntityPath) -> Result<Arc<dyn Blob>> {
        let mut leads_inside = false;
        for (container, member) in outsides(path) {
            leads_inside = true;
            if let Some(blob) = self.member(&container, member)? {
                return Ok(blob);
            }
        }
        // Folders may have such names too.
        match self.inner.open(path).and_then(as_it_was) {
            Err(error) if leads_inside && error.kind() == ErrorKind::NotFound => {
                Err(missing().entity(path.resource(EntityKind::File)))
            }
            opened => opened,
        }
    }

    fn heads(&self, files: &[Found], length: usize) -> Vec<Result<Vec<u8>>> {
        self.inner.heads(files, length)
    }

    /// What is in a container is used with it.
    fn times(&self, path: &EntityPath) -> Result<Times> {
        let outermost = outsides(path).last();
        let container = outermost.map(|(container, _)| self.inner.times(&container));
        match container {
            Some(Ok(times)) => Ok(times),
            // Folders may have such names too.
            _ => self.inner.times(path),
        }
    }

    fn address(&self, path: &EntityPath) -> Option<String> {
        match outsides(path).next() {
            // Nobody else can open it.
            Some(_) if self.inner.open(path).is_err() => None,
            _ => self.inner.address(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_containers() {
        let path = |text: &str| EntityPath::new(text.split('/'));
        let member = ["c".to_owned(), "d.tar".to_owned()];
        let inner = inside(&path("a/b.zip"), &member);
        assert_eq!(inner, path("a/b.zip!/c/d.tar"));
        let deep = path("a/b.zip!/c/d.tar!/e.csv");
        let found: Vec<_> = outsides(&deep).collect();
        assert_eq!(found[0], (inner, &["e.csv".to_owned()][..]));
        assert_eq!(found[1].0, path("a/b.zip"));
        assert_eq!((found.len(), depth(&deep)), (2, 2));
        assert_eq!(depth(&path("a/b.zip!")), 0);
    }
}
