//! Members of containers as files.

use std::fmt;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use locard_containers::{Expanding, Refusal};

use crate::blob::{Blob, Range};
use crate::compression::Compression;

/// What is not larger is held in memory when it is read back and forth.
const HELD: u64 = 32 << 20;

/// So much behind the place where a stream is can still be read.
const WINDOW: usize = 1 << 20;

/// A stream is read in pieces of this size.
const PIECE: usize = 64 << 10;

/// Streams of one member that are kept for whoever goes on where another stopped.
const CURSORS: usize = 6;

/// Bytes may be passed so many times for the sake of those behind them.
const PASSES: u64 = 64;

type Open = Box<dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync>;

/// A file of which there is only a stream that begins at its beginning.
pub(super) struct Inflated {
    open: Open,
    /// The file that it is in.
    outer: Arc<dyn Blob>,
    size: OnceLock<u64>,
    is_table: bool,
    /// All of it, or that it is too large.
    held: OnceLock<Option<Bytes>>,
    has_begun: AtomicBool,
    cursors: Mutex<Vec<Cursor>>,
    passed: AtomicU64,
}

/// A stream, and what it gave last.
struct Cursor {
    reader: Box<dyn Read + Send>,
    window: Vec<u8>,
    /// Where the window begins.
    start: u64,
    ended: bool,
}

impl Cursor {
    fn end(&self) -> u64 {
        self.start + self.window.len() as u64
    }

    /// Reads on until something of that place is there, or the end.
    fn forward(&mut self, offset: u64) -> io::Result<()> {
        while self.end() <= offset && !self.ended {
            if self.window.len() >= 2 * WINDOW {
                let gone = self.window.len() - WINDOW;
                self.window.drain(..gone);
                self.start += gone as u64;
            }
            let filled = self.window.len();
            self.window.resize(filled + PIECE, 0);
            let read = self.reader.read(&mut self.window[filled..]);
            self.window.truncate(filled + *read.as_ref().unwrap_or(&0));
            self.ended = match read {
                Ok(read) => read == 0,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    fn copy(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        copy(&self.window, from, buffer)
    }
}

fn copy(bytes: &[u8], from: usize, buffer: &mut [u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let length = rest.len().min(buffer.len());
    buffer[..length].copy_from_slice(&rest[..length]);
    length
}

impl Inflated {
    /// What `open` gives, of which somebody may know the size.
    pub(super) fn new(outer: Arc<dyn Blob>, size: Option<u64>, is_table: bool, open: Open) -> Self {
        Self {
            open,
            outer,
            size: size.map_or_else(OnceLock::new, OnceLock::from),
            is_table,
            held: OnceLock::new(),
            has_begun: AtomicBool::new(false),
            cursors: Mutex::default(),
            passed: AtomicU64::new(0),
        }
    }

    /// A file that is compressed as a whole.
    pub(super) fn compressed(blob: Arc<dyn Blob>, compression: Compression) -> Self {
        let outer = blob.clone();
        let open = move || {
            let used = Arc::<AtomicU64>::default();
            let (blob, counter) = (blob.clone(), used.clone());
            let decoder = compression.decode(move || Counting {
                range: Range::new(blob.clone(), 0, None),
                used: counter.clone(),
            })?;
            Ok(Box::new(Expanding::new(decoder, used)) as Box<dyn Read + Send>)
        };
        Self::new(outer, None, false, Box::new(open))
    }

    /// All of it, if it is small enough to be held.
    fn held(&self) -> io::Result<Option<&Bytes>> {
        if let Some(held) = self.held.get() {
            return Ok(held.as_ref());
        }
        if self.size.get().is_some_and(|size| *size > HELD) {
            return Ok(self.held.get_or_init(|| None).as_ref());
        }
        let mut bytes = Vec::new();
        (self.open)()?.take(HELD + 1).read_to_end(&mut bytes)?;
        let is_all = bytes.len() as u64 <= HELD;
        let held = is_all.then(|| Bytes::from(bytes));
        Ok(self.held.get_or_init(|| held).as_ref())
    }

    /// The stream that is nearest before a place, or a new one.
    fn cursor(&self, offset: u64) -> io::Result<Cursor> {
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let before = cursors
            .iter()
            .enumerate()
            .filter(|(_, cursor)| cursor.start <= offset);
        if let Some((nearest, _)) = before.max_by_key(|(_, cursor)| cursor.start) {
            return Ok(cursors.remove(nearest));
        }
        drop(cursors);
        let passed = self
            .passed
            .fetch_add(offset, Ordering::Relaxed)
            .saturating_add(offset);
        if passed > PASSES * offset.max(1 << 30) {
            return Err(Refusal::error(
                "reading it back and forth where it is would take too long: take it out of its container",
            ));
        }
        Ok(Cursor {
            reader: (self.open)()?,
            window: Vec::new(),
            start: 0,
            ended: false,
        })
    }
}

/// Counts what is read of a compressed file.
struct Counting {
    range: Range,
    used: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.range.read(buffer)?;
        self.used.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Blob for Inflated {
    fn size(&self) -> u64 {
        *self.size.get_or_init(|| match self.held() {
            Ok(Some(held)) => held.len() as u64,
            // What is damaged ends at the damage; whoever reads it is told.
            _ => (self.open)().map_or(0, |mut reader| count(&mut reader)),
        })
    }

    fn version(&self) -> Option<String> {
        self.outer.version()
    }

    fn now(&self) -> Option<(u64, Option<String>)> {
        self.outer.now()
    }

    fn is_sequential(&self) -> bool {
        true
    }

    fn is_table(&self) -> bool {
        self.is_table
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(Some(held)) = self.held.get() {
            return Ok(copy(
                held,
                usize::try_from(offset).unwrap_or(usize::MAX),
                buffer,
            ));
        }
        let is_first = !self.has_begun.swap(true, Ordering::Relaxed);
        let is_behind = || {
            let cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
            !cursors.iter().any(|cursor| cursor.start <= offset)
        };
        if !is_first
            && is_behind()
            && let Ok(Some(held)) = self.held()
        {
            return Ok(copy(
                held,
                usize::try_from(offset).unwrap_or(usize::MAX),
                buffer,
            ));
        }
        let mut cursor = self.cursor(offset)?;
        cursor.forward(offset)?;
        let read = cursor.copy(offset, buffer);
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        if cursors.len() >= CURSORS {
            cursors.remove(0);
        }
        cursors.push(cursor);
        Ok(read)
    }
}

fn count(reader: &mut dyn Read) -> u64 {
    let (mut buffer, mut count) = (vec![0; PIECE], 0);
    while let Ok(read) = reader.read(&mut buffer) {
        if read == 0 {
            break;
        }
        count += read as u64;
    }
    count
}

impl fmt::Debug for Inflated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inflated in {:?}", self.outer)
    }
}

/// Bytes of a file that are a file.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) outer: Arc<dyn Blob>,
    pub(super) start: u64,
    pub(super) length: u64,
}

impl Blob for Span {
    fn size(&self) -> u64 {
        self.length
    }

    fn version(&self) -> Option<String> {
        self.outer.version()
    }

    fn now(&self) -> Option<(u64, Option<String>)> {
        self.outer.now()
    }

    fn is_sequential(&self) -> bool {
        self.outer.is_sequential()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(offset);
        let length = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if length == 0 {
            return Ok(0);
        }
        match self
            .outer
            .read_at(self.start.saturating_add(offset), &mut buffer[..length])?
        {
            // The container promised more.
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// A file in memory.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) outer: Arc<dyn Blob>,
    pub(super) bytes: Bytes,
}

impl Blob for Held {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn version(&self) -> Option<String> {
        self.outer.version()
    }

    fn now(&self) -> Option<(u64, Option<String>)> {
        self.outer.now()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(copy(
            &self.bytes,
            usize::try_from(offset).unwrap_or(usize::MAX),
            buffer,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Nowhere;

    impl Blob for Nowhere {
        fn size(&self) -> u64 {
            0
        }

        fn version(&self) -> Option<String> {
            None
        }

        fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
            Ok(0)
        }
    }

    fn inflated(length: usize, opened: Arc<AtomicU64>) -> (Vec<u8>, Inflated) {
        let bytes: Vec<u8> = (0..length).map(|at| (at * 7 / 5) as u8).collect();
        let shared = Bytes::from(bytes.clone());
        let open = move || {
            opened.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(io::Cursor::new(shared.clone())) as Box<dyn Read + Send>)
        };
        (
            bytes,
            Inflated::new(Arc::new(Nowhere), None, false, Box::new(open)),
        )
    }

    #[test]
    fn a_stream_is_read_like_a_file() {
        for length in [0, 10, 3 << 20, 40 << 20] {
            let opened = Arc::<AtomicU64>::default();
            let (bytes, file) = inflated(length, opened.clone());
            let places = [
                0,
                5,
                70_000,
                1_500_000,
                200,
                2_999_999,
                33_000_000,
                41 << 20,
            ];
            for offset in places {
                let mut buffer = [0; 100];
                let read = file.read_at(offset, &mut buffer).unwrap();
                let wanted = bytes.get(offset as usize..).unwrap_or_default();
                assert!(read > 0 || wanted.is_empty(), "{length}: {offset}");
                assert_eq!(buffer[..read], wanted[..read], "{length}: {offset}");
            }
            assert_eq!(file.size(), length as u64);
            assert!(opened.load(Ordering::Relaxed) <= 4, "{length}");
        }
    }

    #[test]
    fn a_head_and_the_rest_are_one_stream() {
        let opened = Arc::<AtomicU64>::default();
        let (_, file) = inflated(40 << 20, opened.clone());
        let mut buffer = vec![0; 64 << 10];
        // Members one after the other: of each the head, then all of it.
        for member in 0..40 {
            for offset in [0_u64, 200 << 10, 0, 500 << 10, 1 << 20] {
                file.read_at((member << 20) + offset, &mut buffer).unwrap();
            }
        }
        assert_eq!(opened.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_span_that_is_cut_off_is_no_end() {
        let outer = Arc::new(Nowhere);
        let span = Span {
            outer,
            start: 0,
            length: 10,
        };
        assert!(span.read_at(0, &mut [0; 4]).is_err());
        assert_eq!(span.read_at(10, &mut [0; 4]).unwrap(), 0);
    }
}
