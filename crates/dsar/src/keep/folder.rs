//! Bundles in a folder, for their owner only.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{BundleStore, Put};

/// A folder of bundles.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

/// Tells unfinished files of one process apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl BundleStore for Folder {
    fn create(&self, name: &str) -> io::Result<Box<dyn Put>> {
        let path = self.0.join(name);
        if let Some(folder) = path.parent() {
            make(folder.to_owned())?;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let part = path.with_extension(format!("{}-{number}.part", std::process::id()));
        // What a process of the same number left behind.
        let _ = std::fs::remove_file(&part);
        let file = locard_app::create_private(&part)?;
        Ok(Box::new(Part {
            file: BufWriter::new(file),
            unfinished: part,
            path,
        }))
    }

    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
        match File::open(self.0.join(name)) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn remove(&self, folder: &str) -> io::Result<()> {
        let path = self.0.join(folder);
        let removed = if path.is_file() {
            std::fs::remove_file(path)
        } else {
            std::fs::remove_dir_all(path)
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn make(folder: PathBuf) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file that is not there yet under its name.
struct Part {
    file: BufWriter<File>,
    unfinished: PathBuf,
    path: PathBuf,
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Put for Part {
    fn commit(mut self: Box<Self>) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        std::fs::rename(&self.unfinished, &self.path)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Once it has its name there is nothing of the other.
        let _ = std::fs::remove_file(&self.unfinished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_committed_is_not_there_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::new(folder.path().join("bundles"));
        let text = |name: &str| {
            let mut text = String::new();
            let stream = store.open(name).unwrap()?;
            Box::new(stream).read_to_string(&mut text).unwrap();
            Some(text)
        };
        let mut put = store.create("job/a").unwrap();
        put.write_all(b"one").unwrap();
        assert_eq!(text("job/a"), None);
        put.commit().unwrap();
        let mut other = store.create("job/a").unwrap();
        other.write_all(b"two").unwrap();
        drop(other);
        assert_eq!(text("job/a").as_deref(), Some("one"));
        let files = std::fs::read_dir(folder.path().join("bundles/job")).unwrap();
        assert_eq!(files.count(), 1);
        store.remove("job").unwrap();
        store.remove("job").unwrap();
        assert_eq!(text("job/a"), None);
    }
}
