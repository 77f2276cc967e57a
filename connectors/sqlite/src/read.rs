//! Reading one split: the driver's own thread steps through the rows, another gathers them into bounded batches.
//!
//! What a reader gets wrong: SQLite shares no snapshot between connections. Pieces of one table are of one state only
//! because each compares the file's version with that of the plan once its own transaction has begun, and is read in the
//! transaction that was begun with the plan where they differ.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::{Batch, Error, ErrorKind, Fault, Result, Split, foreign, from_thread};
use locard_sql::too_long;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::sync::{Mutex, mpsc};

use crate::cell::{Cell, Gathered, LeftOut};
use crate::error::{from_driver, from_limited};
use crate::file::{self, Idle, Session};
use crate::part::{Output, Part};
use crate::settings::{Limit, Settings};
use crate::snapshot::{Lease, Snapshots};

/// Rows of a batch.
const ROWS: usize = 8_192;
/// Bytes after which a batch is handed on earlier.
const BYTES: usize = 4 << 20;
/// Batches that wait for the receiver.
const AHEAD: usize = 2;

/// Opens a split and starts to read it. Dropping the stream ends the statement.
pub(crate) async fn read(
    settings: &Settings,
    (idle, snapshots): (&Arc<Idle>, &Arc<Snapshots>),
    split: &Split,
) -> Result<BoxStream<'static, Result<Batch>>> {
    let resource = split.path.resource(split.kind);
    let part = Part::parse(&split.part)?;
    // A table in one piece is read as it is now: one statement sees one state.
    let planned = split.version.clone().filter(|_| part.piece);
    let state = planned.map(|planned| State {
        lease: snapshots.lease(&planned, &part.sql),
        path: settings.path.clone(),
        planned,
    });
    let limit = settings.limit(split.kind);
    let session = begin(settings, idle, (&part, limit), state.as_ref()).await;
    let session = session.map_err(|error: Error| error.entity(&resource))?;
    let mut reader = Reader {
        idle: Arc::clone(idle),
        part,
        limit,
        state,
    };
    Ok(from_thread(AHEAD, |sender| {
        foreign::sending(sender.clone(), async move {
            tokio::select! {
                () = sender.closed() => {}
                result = reader.run(session, &sender) => {
                    if let Err(error) = result {
                        reader.keep_lease(error.is_retryable());
                        let _ = sender.send(Err(error.entity(resource))).await;
                    }
                }
            }
        })
    }))
}

/// On what a split is read.
enum Begun {
    /// A session of its own, so that pieces are read side by side.
    Own(Session),
    /// What sees the state of the plan, since the file has another one now.
    Shared(Arc<Mutex<Session>>),
}

async fn begin(
    settings: &Settings,
    idle: &Idle,
    (part, limit): (&Part, Limit),
    state: Option<&State>,
) -> Result<Begun> {
    let own = async {
        let mut session = idle.open(settings, part.ahead, limit.most).await?;
        if let Some(state) = state {
            session.begin().await?;
            state.check().await?;
        }
        Ok(Begun::Own(session))
    };
    let shared = |error| {
        let session = state.and_then(|state| state.lease.session());
        session.map(Begun::Shared).ok_or(error)
    };
    own.await.or_else(shared)
}

/// What a reading thread owns beside its session.
struct Reader {
    idle: Arc<Idle>,
    part: Part,
    limit: Limit,
    state: Option<State>,
}

impl Reader {
    fn keep_lease(&mut self, retry: bool) {
        if let Some(state) = &mut self.state {
            state.lease.retry = retry;
        }
    }

    async fn run(&self, session: Begun, sender: &mpsc::Sender<Result<Batch>>) -> Result<()> {
        let mut session = match session {
            Begun::Own(session) => session,
            Begun::Shared(session) => {
                let mut session = session.lock().await;
                session.limit(self.limit.most);
                self.copy(&mut session, None, sender).await?;
                return Ok(());
            }
        };
        let state = self.state.as_ref();
        match self.copy(&mut session, state, sender).await {
            Ok(true) if state.is_none() => self.idle.keep(session),
            Ok(true) => session.close().await,
            // What is left of the statement is ended.
            Ok(false) => drop(session),
            Err(error) => {
                session.close().await;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Answers whether all was handed on, or nobody wants the rest.
    async fn copy(
        &self,
        session: &mut SqliteConnection,
        state: Option<&State>,
        sender: &mpsc::Sender<Result<Batch>>,
    ) -> Result<bool> {
        let Part { sql, columns, .. } = &self.part;
        let mut pending = Pending::new(columns, 0);
        let mut rows = sqlx::query(AssertSqlSafe(sql.clone()))
            .persistent(false)
            .fetch(&mut *session);
        let mut failed = None;
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| from_limited(error, "reading", self.limit));
            if let Err(error) = row.and_then(|row| pending.push(&row)) {
                failed = Some(error);
                break;
            }
            if pending.is_full() {
                let next = Pending::new(columns, pending.first + pending.rows);
                let full = std::mem::replace(&mut pending, next);
                if sender.send(full.finish(self.part.piece)).await.is_err() {
                    return Ok(false);
                }
            }
        }
        drop(rows);
        if failed.is_none() {
            // Where the driver's thread dies its rows just end: only the next question tells.
            let alive = session.ping().await;
            failed = alive.err().map(|error| from_driver(error, "reading"));
        }
        if let Some(state) = state.filter(|_| failed.is_none()) {
            state.check_end().await?;
        }
        // What came before an error stands; an empty table still tells its columns.
        if pending.rows > 0 || pending.first == 0 && failed.is_none() {
            let _ = sender.send(pending.finish(self.part.piece)).await;
        }
        failed.map_or(Ok(true), Err)
    }
}

/// The state of the file that all pieces of a plan must have read.
struct State {
    path: PathBuf,
    planned: String,
    lease: Lease,
}

impl State {
    /// Sees that nobody wrote past SQLite's locks. With a write-ahead log a writer may commit and fold its log in
    /// meanwhile; the transaction does not see that.
    async fn check_end(&self) -> Result<()> {
        if file::has_log(&self.path).await {
            return Ok(());
        }
        self.check().await
    }

    /// Sees that a transaction which has begun looks at the planned state: nothing was committed between the planning
    /// and the question for the version, and the transaction began in between.
    async fn check(&self) -> Result<()> {
        if file::version(&self.path).await.as_ref() == Some(&self.planned) {
            return Ok(());
        }
        let sentence = "the database changed after the scan was planned";
        Err(Error::new(ErrorKind::Interrupted, sentence)
            .retryable(false)
            .hint("scan it again: now that it is known to be written to, it is read of one state"))
    }
}

/// A batch that is being gathered.
struct Pending<'a> {
    /// Rows that came before it.
    first: usize,
    outputs: &'a [Output],
    columns: Vec<Gathered>,
    rows: usize,
    bytes: usize,
}

impl<'a> Pending<'a> {
    fn new(outputs: &'a [Output], first: usize) -> Self {
        let columns = outputs
            .iter()
            .map(|output| Gathered::new(output.declared))
            .collect();
        Self {
            first,
            outputs,
            columns,
            rows: 0,
            bytes: 0,
        }
    }

    fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }

    fn push(&mut self, row: &SqliteRow) -> Result<()> {
        // All or none, so that the columns stay of one length.
        let cells: Vec<Cell<'_>> = (0..self.columns.len())
            .map(|at| Cell::of(row, at))
            .collect::<Result<_>>()?;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.bytes += cell.size();
            column.take(cell, self.rows);
        }
        self.rows += 1;
        Ok(())
    }

    /// Where cells of each column were too long; pieces are read side by side, so a row's number says nothing there.
    fn left_out(&self, is_piece: bool) -> Vec<Fault> {
        let columns = self.outputs.iter().zip(&self.columns);
        let fault = |(output, column): (&Output, &Gathered)| {
            let LeftOut { before, cells } = column.left_out?;
            let place = if is_piece {
                format!("column {}", output.name)
            } else {
                format!("row {}, column {}", self.first + before + 1, output.name)
            };
            Some(too_long(place, cells))
        };
        columns.filter_map(fault).collect()
    }

    fn finish(self, is_piece: bool) -> Result<Batch> {
        let left_out = self.left_out(is_piece);
        let repaired: u64 = self.columns.iter().map(|column| column.repaired).sum();
        let arrays: Vec<_> = self.columns.into_iter().map(Gathered::finish).collect();
        let fields: Vec<_> = self
            .outputs
            .iter()
            .zip(&arrays)
            .map(|(output, array)| output.field(array.data_type().clone()))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let records =
            RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
                .map_err(|_| {
                    Error::new(
                        ErrorKind::Unexpected,
                        "the columns of a batch differ in length",
                    )
                })?;
        let mut batch = Batch::new(records);
        batch.faults = left_out;
        if repaired > 0 {
            let sentence = "text is not UTF-8; unreadable bytes were replaced".to_owned();
            batch.faults.push(Fault {
                sentence,
                place: "whole table".to_owned(),
                records: repaired,
            });
        }
        Ok(batch)
    }
}
