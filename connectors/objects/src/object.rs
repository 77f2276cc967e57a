//! One object, read by ranges.
//!
//! The one thing a reader gets wrong: most reads go on where the last one ended, and a request for each would be slow and
//! dear. The second read in a row starts a stream that runs ahead; a read elsewhere ends it.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, StatusCode, header};
use locard_connector::{Error, ErrorKind, Result};
use locard_files::Blob;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::client::{Client, Wanted, is_no_range, pause};
use crate::refusal::{After, Doing, Trouble, no_answer};

/// So much is asked for when an object is opened: what it is can be told from that, and most objects are smaller.
const HEAD: u64 = 256 << 10;
/// A single read asks for at least so much, and for at most so much.
const LEAST: u64 = 64 << 10;
const MOST: u64 = 8 << 20;
/// The first request of a stream; each is four times the one before it.
const FIRST_WINDOW: u64 = 1 << 20;
const LAST_WINDOW: u64 = 64 << 20;
/// Chunks that a stream is ahead of its reader. The client's buffer is their largest size, half a megabyte.
const AHEAD: usize = 8;

/// An open object.
#[derive(Debug)]
pub(crate) struct Object {
    source: Arc<Source>,
    runtime: Handle,
    size: u64,
    state: Mutex<State>,
}

/// What a request needs.
#[derive(Debug)]
struct Source {
    client: Arc<Client>,
    name: String,
    resource: String,
    /// Its state; later requests fail where it is another.
    tag: Option<String>,
}

#[derive(Debug)]
struct State {
    head: Bytes,
    /// The last piece that was read by itself, and where it begins.
    piece: (u64, Bytes),
    /// Where the last read ended.
    at: u64,
    stream: Option<Stream>,
}

/// Bytes that arrive in order.
#[derive(Debug)]
struct Stream {
    chunks: mpsc::Receiver<Result<Bytes>>,
    held: Bytes,
    _task: AbortOnDropHandle<()>,
}

impl Object {
    /// Opens an object: one request, which brings its first bytes.
    pub(crate) async fn open(
        client: Arc<Client>,
        name: String,
        resource: String,
        runtime: Handle,
    ) -> Result<Self> {
        let mut source = Source {
            client,
            name,
            resource,
            tag: None,
        };
        let (headers, head, size) = source
            .first(HEAD)
            .await
            .map_err(|error| error.entity(&source.resource))?;
        source.tag = headers
            .get(header::ETAG)
            .and_then(|tag| tag.to_str().ok())
            .map(str::to_owned);
        let state = State {
            head,
            piece: (0, Bytes::new()),
            at: 0,
            stream: None,
        };
        Ok(Self {
            source: Arc::new(source),
            runtime,
            size,
            state: Mutex::new(state),
        })
    }

    /// The first bytes of an object.
    pub(crate) async fn head(
        client: Arc<Client>,
        name: String,
        resource: String,
        length: u64,
    ) -> Result<Bytes> {
        let source = Source {
            client,
            name,
            resource,
            tag: None,
        };
        let first = source
            .first(length)
            .await
            .map_err(|error| error.entity(&source.resource))?;
        Ok(first.1)
    }

    /// When an object was last written.
    pub(crate) async fn written(
        client: Arc<Client>,
        name: String,
        resource: String,
    ) -> Result<Option<jiff::Timestamp>> {
        let source = Source {
            client,
            name,
            resource,
            tag: None,
        };
        let first = source.first(1).await;
        let (headers, ..) = first.map_err(|error| error.entity(&source.resource))?;
        let text = headers.get(header::LAST_MODIFIED);
        let at = text.and_then(|text| jiff::fmt::rfc2822::parse(text.to_str().ok()?).ok());
        Ok(at.map(|at| at.timestamp()))
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if offset >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let in_order = offset == state.at;
        if !in_order {
            state.stream = None;
        }
        let read = match held(&state, offset) {
            // A stream stands where the last read ended, and would not see that others went on.
            Some(bytes) if state.stream.is_none() => copy(bytes, buffer),
            _ if in_order => self.stream(&mut state, offset, buffer)?,
            _ => self.piece(&mut state, offset, buffer)?,
        };
        state.at = offset + read as u64;
        Ok(read)
    }

    fn stream(&self, state: &mut State, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let stream = state.stream.get_or_insert_with(|| {
            let (sender, chunks) = mpsc::channel(AHEAD);
            let task = self
                .runtime
                .spawn(self.source.clone().run(offset..self.size, sender));
            Stream {
                chunks,
                held: Bytes::new(),
                _task: AbortOnDropHandle::new(task),
            }
        });
        if stream.held.is_empty() {
            let next = self.runtime.block_on(stream.chunks.recv());
            stream.held = next.unwrap_or_else(|| Err(shorter()))?;
        }
        let read = copy(&stream.held, buffer);
        stream.held = stream.held.slice(read..);
        Ok(read)
    }

    /// Reads by itself what is asked for, with what is behind it, or before it at the end of the object.
    fn piece(&self, state: &mut State, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let wanted = (buffer.len() as u64).clamp(LEAST, MOST);
        let end = self.size.min(offset.saturating_add(wanted));
        let start = offset.min(end.saturating_sub(LEAST));
        let bytes = self.runtime.block_on(self.source.range(start..end))?;
        let read = copy(
            bytes.get((offset - start) as usize..).unwrap_or_default(),
            buffer,
        );
        if read == 0 {
            return Err(shorter());
        }
        state.piece = (start, bytes);
        Ok(read)
    }
}

/// What is held already of an object from a place on.
fn held(state: &State, offset: u64) -> Option<&[u8]> {
    let within =
        |start: u64, bytes: &'_ Bytes| (start..start + bytes.len() as u64).contains(&offset);
    if within(0, &state.head) {
        return state.head.get(offset as usize..);
    }
    let (start, bytes) = &state.piece;
    within(*start, bytes)
        .then(|| bytes.get((offset - start) as usize..))
        .flatten()
}

fn copy(bytes: &[u8], buffer: &mut [u8]) -> usize {
    let length = bytes.len().min(buffer.len());
    buffer[..length].copy_from_slice(&bytes[..length]);
    length
}

fn shorter() -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "reading: the object ended before its size",
    )
}

impl Source {
    /// The first bytes, the size, and what else the answer says.
    async fn first(&self, length: u64) -> Result<(HeaderMap, Bytes, u64)> {
        let wanted = Wanted {
            range: Some(0..length),
            tag: None,
        };
        let mut answer = self
            .client
            .fetch(&self.name, &wanted, length as usize)
            .await?;
        if is_no_range(answer.0) {
            answer = self
                .client
                .fetch(&self.name, &Wanted::default(), length as usize)
                .await?;
        }
        let (status, headers, bytes) = answer;
        let text = |name: header::HeaderName| headers.get(name)?.to_str().ok();
        let size = if status == StatusCode::PARTIAL_CONTENT {
            text(header::CONTENT_RANGE).and_then(|range| Some(range.rsplit_once('/')?.1))
        } else {
            text(header::CONTENT_LENGTH)
        };
        let size = size.and_then(|size| size.parse().ok());
        let size = size.ok_or_else(|| {
            Error::new(
                ErrorKind::Unexpected,
                "reading: the store does not tell the size of the object",
            )
        })?;
        Ok((headers, bytes, size))
    }

    async fn range(&self, range: Range<u64>) -> Result<Bytes> {
        let length = (range.end - range.start) as usize;
        let start = range.start;
        let wanted = Wanted {
            range: Some(range),
            tag: self.tag.clone(),
        };
        let (status, _, bytes) = self.client.fetch(&self.name, &wanted, length).await?;
        // A store that knows no ranges answers with everything.
        if status != StatusCode::PARTIAL_CONTENT && start > 0 {
            return Err(no_ranges());
        }
        Ok(bytes)
    }

    /// Sends the bytes of a range in order until all are sent or nobody takes them.
    async fn run(self: Arc<Self>, range: Range<u64>, sender: mpsc::Sender<Result<Bytes>>) {
        let (mut at, mut window, mut failed) = (range.start, FIRST_WINDOW, 0);
        while at < range.end {
            let before = at;
            let end = range.end.min(at + window);
            let sent = self.window(&mut at, end, &sender).await;
            // What arrived counts as an answer.
            if at > before {
                failed = 0;
            }
            let going_on = match sent {
                Ok(true) => Ok(()),
                Ok(false) => return,
                Err(trouble) => pause(trouble, &mut failed).await,
            };
            if let Err(error) = going_on {
                // Nobody waits for it any more where this fails.
                let _ = sender.send(Err(error)).await;
                return;
            }
            window = (window * 4).min(LAST_WINDOW);
        }
    }

    /// Sends the bytes up to `end`; whether more are wanted.
    async fn window(
        &self,
        at: &mut u64,
        end: u64,
        sender: &mpsc::Sender<Result<Bytes>>,
    ) -> Result<bool, Trouble> {
        let address = self
            .client
            .store
            .object_address(&self.name)
            .map_err(Trouble::lasting)?;
        let wanted = Wanted {
            range: Some(*at..end),
            tag: self.tag.clone(),
        };
        let answer = self.client.object(&address, &wanted).await?;
        if answer.status() != StatusCode::PARTIAL_CONTENT && *at > 0 {
            return Err(Trouble::lasting(no_ranges()));
        }
        let mut chunks = answer.into_body().bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| {
                no_answer(error, Doing::Reading, &crate::client::origin(&address))
            })?;
            let chunk = chunk.slice(..chunk.len().min((end - *at) as usize));
            if chunk.is_empty() {
                continue;
            }
            *at += chunk.len() as u64;
            if sender.send(Ok(chunk)).await.is_err() {
                return Ok(false);
            }
        }
        if *at < end {
            return Err(Trouble {
                error: shorter(),
                after: After::Again,
                wait: None,
            });
        }
        Ok(true)
    }
}

fn no_ranges() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the store does not give parts of an object",
    )
    .hint("see whether a proxy stands before it that drops the header `Range`")
}

impl Blob for Object {
    fn size(&self) -> u64 {
        self.size
    }

    fn version(&self) -> Option<String> {
        let tag = self.source.tag.as_deref()?;
        Some(format!("{}-{}", self.size, tag.trim_matches('"')))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read(offset, buffer);
        read.map_err(|error| io::Error::other(error.entity(&self.source.resource)))
    }
}
