//! Bundles in a folder, for their owner only.

use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
        // Held until it is closed, whatever ends the process: whoever gets the lock knows that nobody writes it any more.
        // Where a file system knows no locks, age decides.
        let _ = file.try_lock();
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

    fn sweep(&self) -> io::Result<u64> {
        let mut swept = 0;
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file()
                    && is_left(&entry)
                    && std::fs::remove_file(entry.path()).is_ok()
                {
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }
}

/// A file that was just made may not be locked yet.
const YOUNG: Duration = Duration::from_mins(1);

/// So long nobody writes one stream, where locks cannot tell.
const OLD: Duration = Duration::from_hours(7 * 24);

/// Whether it is an unfinished file of ours that nobody writes any more.
fn is_left(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = name.to_str().and_then(|name| name.strip_suffix(".part"));
    let number = number.and_then(|name| name.rsplit_once('.')?.1.split_once('-'));
    if !number.is_some_and(|(process, number)| is_number(process) && is_number(number)) {
        return false;
    }
    let written = entry.metadata().and_then(|it| it.modified());
    let age = written
        .ok()
        .and_then(|at| at.elapsed().ok())
        .unwrap_or_default();
    // Opened for writing, since some systems lock nothing else.
    let locked = File::options()
        .append(true)
        .open(entry.path())
        .map(|file| file.try_lock());
    match locked {
        Ok(Ok(())) => age > YOUNG,
        Ok(Err(TryLockError::Error(_))) => age > OLD,
        _ => false,
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
    #[test]
    fn what_a_process_left_in_the_middle_is_swept_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::new(folder.path().join("bundles"));
        assert_eq!(store.sweep().unwrap(), 0, "there is no folder yet");
        let mut writing = store.create("job/a.rows").unwrap();
        writing.write_all(b"one").unwrap();
        writing.flush().unwrap();
        let job = folder.path().join("bundles/job");
        let old = std::time::SystemTime::now() - Duration::from_hours(2);
        let make = |name: &str| {
            let file = File::create(job.join(name)).unwrap();
            file.set_modified(old).unwrap();
        };
        make("b.99-7.part");
        make("notes.part");
        make("bundle.zip");
        File::create(job.join("c.99-8.part")).unwrap();
        for entry in std::fs::read_dir(&job).unwrap().flatten() {
            // What is written may be old: somebody waits for a slow source.
            if entry.file_name().to_string_lossy().starts_with("a.") {
                let file = File::options().append(true).open(entry.path()).unwrap();
                file.set_modified(old).unwrap();
            }
        }
        assert_eq!(store.sweep().unwrap(), 1);
        assert!(!job.join("b.99-7.part").exists());
        for kept in ["notes.part", "bundle.zip", "c.99-8.part"] {
            assert!(job.join(kept).exists(), "{kept}");
        }
        writing.commit().unwrap();
        assert!(store.open("job/a.rows").unwrap().is_some());
        assert!(crate::keep::try_out(&store).is_ok());
        let nowhere = Folder::new("/proc/locard/bundles".into());
        assert!(crate::keep::try_out(&nowhere).is_err());
    }
}
