//! Reading one split: a thread that owns the connection, gathers rows into bounded batches and hands them over.
//!
//! When the receiver goes away, the reader stops waiting for the server and frees it.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::{Batch, Error, ErrorKind, Fault, Result, Split, foreign, from_thread};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Sessions, too_long};
use sqlx::mysql::{MySql, MySqlRow};
use sqlx::{AssertSqlSafe, Column as _, Row as _, TypeInfo as _};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc;

use crate::error::{from_driver, from_limited, granted};
use crate::gather::Gathered;
use crate::part::{Output, Part, parse};
use crate::session::Session;

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
    /// Seconds after which the server ends the reading of a view.
    limit: Option<u64>,
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
    let part = parse(&split.part)?;
    let permit = sessions.permit().await?;
    let mut session = Session::begun(sessions).await?;
    let limit = session.view_limit(split.kind);
    if let Some(seconds) = limit {
        let limited = session.limit(seconds).await;
        limited.map_err(|error| from_driver(error, "beginning to read"))?;
    }
    Ok(Reader {
        session,
        limit,
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
    /// The server itself ended the statement, or the connection.
    Refused(Error),
    /// What came was not understood, and more of it may come.
    Failed(Error),
}

impl Reader {
    async fn run(mut self, sender: mpsc::Sender<Result<Batch>>) {
        let end = tokio::select! {
            () = sender.closed() => End::Dropped,
            end = self.copy(&sender) => end,
        };
        match end {
            End::Done => self.session.give_back(&self.sessions).await,
            End::Dropped => self.session.abandon(),
            End::Refused(error) => {
                self.tell(error, &sender).await;
                self.session.give_back(&self.sessions).await;
            }
            End::Failed(error) => {
                self.tell(error, &sender).await;
                self.session.abandon();
            }
        }
    }

    async fn tell(&self, error: Error, sender: &mpsc::Sender<Result<Batch>>) {
        let error = granted(error, &self.path, self.session.account());
        let resource = self.path.resource(self.kind);
        let _ = sender.send(Err(error.entity(resource))).await;
    }

    async fn copy(&mut self, sender: &mpsc::Sender<Result<Batch>>) -> End {
        let limit = self.limit;
        let fail = |error| from_limited(error, "reading", limit);
        // Whoever looks at the server's sessions sees whose statement it is; the protocol has no other word for it.
        let statement = AssertSqlSafe(format!("/* locard */ {}", self.part.sql));
        let mut rows = sqlx::query(statement)
            .persistent(false)
            .fetch(&mut self.session.connection);
        let mut pending = Pending::new(&self.part, 0);
        let (mut sent, mut ended) = (false, None);
        while let Some(row) = rows.next().await {
            let pushed = match row {
                Ok(row) => pending.push(&row).map_err(End::Failed),
                Err(error) => Err(End::Refused(fail(error))),
            };
            if let Err(end) = pushed {
                ended = Some(end);
                break;
            }
            if pending.is_full() {
                let next = Pending::new(&self.part, pending.first + pending.rows);
                let full = std::mem::replace(&mut pending, next);
                if sender.send(full.finish()).await.is_err() {
                    return End::Dropped;
                }
                sent = true;
            }
        }
        // What came before an error stands; an empty table still tells its columns.
        if pending.rows > 0 || !sent && ended.is_none() {
            let batch = match pending.finish() {
                Ok(batch) => batch,
                Err(error) => return ended.unwrap_or(End::Failed(error)),
            };
            if sender.send(Ok(batch)).await.is_err() {
                return End::Dropped;
            }
        }
        ended.unwrap_or(End::Done)
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

    fn push(&mut self, row: &MySqlRow) -> Result<()> {
        if self.first + self.rows == 0 {
            check(&self.part.columns, row)?;
        }
        for at in 0..self.columns.len() {
            let value = row
                .try_get_raw(at)
                .map_err(|error| from_driver(error, "reading"))?;
            // Only null has no bytes.
            let cell = <&[u8] as sqlx::Decode<MySql>>::decode(value).ok();
            self.bytes += cell.map_or(0, <[u8]>::len) + 8;
            if let Some(column) = self.columns.get_mut(at) {
                column
                    .take(cell, self.rows)
                    .map_err(|error| error.place(self.place(at, self.rows)))?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Where a cell stands. Other splits are read side by side with this one, so rows are counted within it.
    fn place(&self, column: usize, row: usize) -> String {
        let row = self.first + row + 1;
        let column = self.part.columns.get(column);
        let column = column.map_or("", |column| column.name.as_str());
        match self.part.number {
            0 => format!("row {row}, column {column}"),
            part => format!("row {row} of part {}, column {column}", part + 1),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let fault = |sentence: &str, records| Fault {
            sentence: sentence.to_owned(),
            place: "whole table".to_owned(),
            records,
        };
        let notes = self.part.notes.iter().filter(|_| self.first == 0);
        let mut faults: Vec<Fault> = notes.map(|note| fault(note, 0)).collect();
        let repaired: u64 = self.columns.iter().map(|column| column.repaired).sum();
        if repaired > 0 {
            let sentence = "text is not UTF-8; unreadable bytes were replaced";
            faults.push(fault(sentence, repaired));
        }
        let left_out = self.columns.iter().enumerate().filter_map(|(at, column)| {
            let (row, records) = column.left_out?;
            Some(too_long(self.place(at, row), records))
        });
        faults.extend(left_out);
        faults
    }

    /// What is odd, although nothing is missing for it.
    fn notes(&self) -> Vec<Fault> {
        let columns = self.part.columns.iter().zip(&self.columns);
        columns
            .filter(|(_, column)| column.zeros > 0)
            .map(|(output, column)| Fault {
                sentence: "dates of zeros say that there is none, so they are read as nulls"
                    .to_owned(),
                place: format!("column {}", output.name),
                records: column.zeros,
            })
            .collect()
    }

    fn finish(self) -> Result<Batch> {
        let (faults, notes) = (self.faults(), self.notes());
        let arrays: Vec<ArrayRef> = self.columns.into_iter().map(Gathered::finish).collect();
        let outputs = self.part.columns.iter().zip(&arrays);
        let fields = outputs.map(|(output, array)| output.field(array.data_type().clone()));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let records =
            RecordBatch::try_new_with_options(schema, arrays, &options).map_err(|_| {
                Error::new(
                    ErrorKind::Unexpected,
                    "the columns of a batch differ in length",
                )
            })?;
        let mut batch = Batch::new(records);
        (batch.faults, batch.notes) = (faults, notes);
        Ok(batch)
    }
}

/// Sees that the answer has the columns of the plan: the table may have changed since.
fn check(outputs: &[Output], row: &MySqlRow) -> Result<()> {
    // An answer without columns of ours still has one, so that it has rows.
    if row.len() < outputs.len() {
        return Err(changed("the table"));
    }
    for (output, column) in outputs.iter().zip(row.columns()) {
        if !output.decode.reads(column.type_info().name()) {
            return Err(changed("its type").place(format!("column {}", output.name)));
        }
    }
    Ok(())
}

fn changed(what: &str) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("{what} changed between the planning and the reading"),
    )
    .hint("scan it again")
}
