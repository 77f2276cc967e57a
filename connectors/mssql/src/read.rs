//! Reading one split: a thread that owns the connection, gathers rows into bounded batches and hands them over.
//!
//! The server has no limits of time, so they are kept here. When the receiver goes away or a limit has passed, the server
//! is told to give the statement up.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::{Batch, Error, ErrorKind, Fault, Result, Split, foreign, from_thread};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Sessions, schema, too_long};
use tiberius::error::Error as Driver;
use tiberius::{QueryItem, Row};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::{from_driver, granted, silent, view_late};
use crate::gather::Gathered;
use crate::part::Part;
use crate::session::Session;
use crate::settings::Settings;

/// Rows of a batch.
const ROWS: usize = 8_192;
/// Bytes after which a batch is handed on earlier.
const BYTES: usize = 4 << 20;
/// Batches that wait for the receiver.
const AHEAD: usize = 2;

/// Everything a reading thread owns.
struct Reader {
    session: Session,
    sessions: Arc<Sessions<Session>>,
    part: Part,
    path: EntityPath,
    kind: EntityKind,
    _permit: OwnedSemaphorePermit,
}

/// Opens a split and starts to read it.
pub(crate) async fn read(
    sessions: &Arc<Sessions<Session>>,
    split: &Split,
) -> Result<BoxStream<'static, Result<Batch>>> {
    let resource = split.path.resource(split.kind);
    let reader = start(sessions, split)
        .await
        .map_err(|error| error.entity(resource))?;
    Ok(from_thread(AHEAD, |sender| {
        foreign::sending(sender.clone(), reader.run(sender))
    }))
}

async fn start(sessions: &Arc<Sessions<Session>>, split: &Split) -> Result<Reader> {
    let part = Part::parse(&split.part)?;
    let permit = sessions.permit().await?;
    let session = Session::begun(sessions, part.snapshot).await?;
    Ok(Reader {
        session,
        sessions: sessions.clone(),
        part,
        path: split.path.clone(),
        kind: split.kind,
        _permit: permit,
    })
}

/// How a read ended.
enum End {
    Done,
    Dropped,
    /// The server itself ended the statement, and the connection is as good as before.
    Refused(Error),
    /// What came was not understood, or nothing came, and more of it may come.
    Failed(Error),
}

/// The error of the driver, and whether the connection outlives it.
fn failed(error: Driver) -> End {
    // Above that, the server closes the connection itself.
    const SEVERE: u8 = 20;
    let outlives = matches!(&error, Driver::Server(token) if token.class() < SEVERE);
    let error = from_driver(error, "reading");
    if outlives {
        End::Refused(error)
    } else {
        End::Failed(error)
    }
}

impl Reader {
    async fn run(mut self, sender: mpsc::Sender<Result<Batch>>) {
        let end = tokio::select! {
            () = sender.closed() => End::Dropped,
            end = self.copy(&sender) => end,
        };
        match end {
            End::Done => self.sessions.keep(self.session),
            End::Dropped => self.session.abandon().await,
            End::Refused(error) => {
                self.tell(error, &sender).await;
                self.sessions.keep(self.session);
            }
            End::Failed(error) => {
                self.tell(error, &sender).await;
                self.session.abandon().await;
            }
        }
    }

    async fn tell(&self, error: Error, sender: &mpsc::Sender<Result<Batch>>) {
        let error = granted(error, &self.path, self.session.account());
        let resource = self.path.resource(self.kind);
        let _ = sender.send(Err(error.entity(resource))).await;
    }

    async fn copy(&mut self, sender: &mpsc::Sender<Result<Batch>>) -> End {
        let clock = Clock::start(self.session.settings(), self.kind);
        let asking = self.session.client.simple_query(&self.part.sql);
        let mut rows = match clock.wait(asking).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => return failed(error),
            Err(late) => return End::Failed(late),
        };
        let mut pending = Pending::new(&self.part, 0);
        let mut sent = false;
        let ended = loop {
            let pushed = match clock.wait(rows.next()).await {
                Ok(None) => break End::Done,
                Ok(Some(Ok(QueryItem::Row(row)))) => pending.push(&row),
                Ok(Some(Ok(QueryItem::Metadata(_)))) => Ok(()),
                Ok(Some(Err(error))) => break failed(error),
                Err(late) => break End::Failed(late),
            };
            if let Err(error) = pushed {
                break End::Failed(error);
            }
            if pending.is_full() {
                let next = Pending::new(&self.part, pending.first + pending.rows);
                let full = std::mem::replace(&mut pending, next);
                if sender.send(full.finish()).await.is_err() {
                    return End::Dropped;
                }
                sent = true;
            }
        };
        // What came before an error stands; an empty table still tells its columns.
        if pending.rows > 0 || !sent && matches!(ended, End::Done) {
            let batch = pending.finish();
            if let (Err(_), false) = (&batch, matches!(ended, End::Done)) {
                return ended;
            }
            if sender.send(batch).await.is_err() {
                return End::Dropped;
            }
        }
        ended
    }
}

/// How long an answer is waited for.
struct Clock {
    silence: Duration,
    seconds: u64,
    /// When a view must have been read, and how many seconds that is.
    view: Option<(Instant, u64)>,
}

impl Clock {
    fn start(settings: &Settings, kind: EntityKind) -> Self {
        let view = settings.view_limit(kind);
        Self {
            silence: settings.silence(),
            seconds: settings.statement_timeout,
            view: view.and_then(|limit| {
                let end = Instant::now().checked_add(Duration::from_secs(limit))?;
                Some((end, limit))
            }),
        }
    }

    /// What comes in time, else the error that says which time.
    async fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let silent = || silent("reading", self.seconds);
        let waiting = tokio::time::timeout(self.silence, work);
        let Some((end, limit)) = self.view else {
            return waiting.await.map_err(|_| silent());
        };
        match tokio::time::timeout_at(end, waiting).await {
            Ok(came) => came.map_err(|_| silent()),
            Err(_) => Err(view_late(limit)),
        }
    }
}

/// A batch that is being gathered.
struct Pending<'a> {
    part: &'a Part,
    /// Rows that came before it.
    first: usize,
    columns: Vec<Gathered>,
    rows: usize,
    bytes: usize,
}

impl<'a> Pending<'a> {
    fn new(part: &'a Part, first: usize) -> Self {
        let columns = part.columns.iter();
        Self {
            part,
            first,
            columns: columns.map(|column| Gathered::new(column.decode)).collect(),
            rows: 0,
            bytes: 0,
        }
    }

    fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }

    fn push(&mut self, row: &Row) -> Result<()> {
        // An answer without columns of ours still has one, so that it has rows.
        if row.len() < self.columns.len() {
            let sentence = "the table changed between the planning and the reading";
            return Err(Error::new(ErrorKind::Malformed, sentence).hint("scan it again"));
        }
        for (at, (column, (_, cell))) in self.columns.iter_mut().zip(row.cells()).enumerate() {
            let taken = column.take(cell, self.rows);
            self.bytes +=
                taken.map_err(|error| error.place(place(self.part, at, self.first + self.rows)))?;
        }
        self.rows += 1;
        Ok(())
    }

    fn faults(&self) -> Vec<Fault> {
        let note = |note: &String| Fault {
            sentence: note.clone(),
            place: "whole table".to_owned(),
            records: 0,
        };
        let notes = self.part.notes.iter().filter(|_| self.first == 0);
        let left_out = self.columns.iter().enumerate().filter_map(|(at, column)| {
            let (row, records) = column.left_out?;
            Some(too_long(place(self.part, at, self.first + row), records))
        });
        notes.map(note).chain(left_out).collect()
    }

    fn finish(self) -> Result<Batch> {
        let faults = self.faults();
        let arrays: Vec<ArrayRef> = self.columns.into_iter().map(Gathered::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let schema = schema(&self.part.columns);
        let records =
            RecordBatch::try_new_with_options(schema, arrays, &options).map_err(|_| {
                let sentence = "the columns of a batch differ in length";
                Error::new(ErrorKind::Unexpected, sentence)
            })?;
        let mut batch = Batch::new(records);
        batch.faults = faults;
        Ok(batch)
    }
}

/// Where a cell stands. Other splits are read side by side with this one, so rows are counted within it.
fn place(part: &Part, column: usize, row: usize) -> String {
    let column = part.columns.get(column);
    let column = column.map_or("", |column| column.name.as_str());
    match part.number {
        0 => format!("row {}, column {column}", row + 1),
        number => format!("row {} of part {}, column {column}", row + 1, number + 1),
    }
}
