//! Reading one split: a task that owns the connection, has blocks decoded and hands batches over a bounded channel.
//!
//! Blocks are decoded on threads that may be busy, while the receiver works on earlier batches. When the receiver goes
//! away, the task stops waiting for the server and frees it.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::{Batch, Error, ErrorKind, Fault, Result, Split, foreign, from_task};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Sessions, too_long};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc;

use crate::block::{Block, Oddity, broken};
use crate::decode::records;
use crate::error::{from_driver, from_limited, granted, state};
use crate::part::{Part, schema};
use crate::session::Session;
use crate::settings::Settings;
use crate::shape::{Shape, is_unfit};
use crate::snapshot::{Lease, Shared, Snapshots};
use crate::types::Kind;

/// Batches that wait for the receiver.
const AHEAD: usize = 2;

/// What the reader of a plan is told where its splits have no snapshot together.
pub(crate) const NO_SNAPSHOT: &str =
    "its parts were read under snapshots of their own: the server exported none";

const ENDED: &str = "the snapshot of the plan had ended, so this part was read under its own";

/// Everything a reading task owns.
struct Reader {
    session: Session,
    sessions: Arc<Sessions<Session>>,
    part: Part,
    shape: Shape,
    schema: SchemaRef,
    kinds: Arc<[Kind]>,
    notes: Vec<String>,
    lease: Option<Lease>,
    path: EntityPath,
    kind: EntityKind,
    /// Seconds after which the server ends the reading of a view.
    limit: Option<u64>,
    _permit: OwnedSemaphorePermit,
}

/// Opens a split and starts to read it.
pub(crate) async fn read(
    sessions: &Arc<Sessions<Session>>,
    snapshots: &Arc<Snapshots>,
    split: &Split,
) -> Result<BoxStream<'static, Result<Batch>>> {
    let resource = split.path.resource(split.kind);
    let reader = start(sessions, snapshots, split).await.map_err(|error| {
        let user = &sessions.settings().user;
        granted(error, &split.path, user).entity(resource)
    })?;
    Ok(from_task(AHEAD, |sender| {
        foreign::sending(sender.clone(), reader.run(sender))
    }))
}

async fn start(
    sessions: &Arc<Sessions<Session>>,
    snapshots: &Arc<Snapshots>,
    split: &Split,
) -> Result<Reader> {
    let part = Part::parse(&split.part)?;
    let permit = sessions.permit().await?;
    let mut notes = part.notes.clone();
    let (id, note) = snapshot_of(split, &part, snapshots, sessions.settings()).await?;
    notes.extend(note.map(str::to_owned));
    let mut lease = id.as_deref().map(|id| snapshots.lease(id, part.number));
    let shape = Shape::of(&split.path, &part);
    let mut session = Session::ready(sessions).await?;
    let mut begun = session.begin(id.as_deref(), &shape.sql).await;
    if id.is_some() && begun.as_ref().is_err_and(is_gone) {
        lease = None;
        notes.push(ENDED.to_owned());
        let ended = session.run("ROLLBACK".to_owned()).await;
        ended.map_err(|error| from_driver(error, "beginning to read"))?;
        begun = session.begin(None, &shape.sql).await;
    }
    if let Err(error) = shape.check(begun) {
        if let Some(lease) = &mut lease {
            lease.ends_with(&error);
        }
        return Err(error);
    }
    let limit = session.view_limit(split.kind);
    if let Some(seconds) = limit {
        let limited = session.limit(seconds).await;
        limited.map_err(|error| from_driver(error, "beginning to read"))?;
    }
    Ok(Reader {
        session,
        limit,
        sessions: sessions.clone(),
        shape,
        schema: schema(&part.columns),
        kinds: part
            .columns
            .iter()
            .map(|column| column.kind.clone())
            .collect(),
        part,
        notes,
        lease,
        path: split.path.clone(),
        kind: split.kind,
        _permit: permit,
    })
}

/// The snapshot that a split is to be read in, and what is to be told of there being none.
async fn snapshot_of(
    split: &Split,
    part: &Part,
    snapshots: &Arc<Snapshots>,
    settings: &Arc<Settings>,
) -> Result<(Option<String>, Option<&'static str>)> {
    let Some(name) = split.snapshot.as_deref() else {
        return Ok((None, None));
    };
    Ok(match snapshots.shared(name, settings).await? {
        Shared::Id(id) => (Some(id), None),
        Shared::Refused => (None, (part.number == 0).then_some(NO_SNAPSHOT)),
        Shared::Ended => (None, Some(ENDED)),
    })
}

/// Whether an error says that a snapshot cannot be used (any more).
fn is_gone(error: &sqlx::Error) -> bool {
    matches!(state(error).as_deref(), Some("22023" | "42704" | "55000"))
}

/// How a read ended.
enum End {
    Done,
    Dropped,
    Failed(Error),
}

impl Reader {
    async fn run(mut self, sender: mpsc::Sender<Result<Batch>>) {
        let end = tokio::select! {
            () = sender.closed() => End::Dropped,
            end = self.read(&sender) => end,
        };
        match end {
            End::Done => {
                drop(self.lease);
                self.sessions.keep(self.session);
            }
            End::Dropped => self.session.abandon(),
            End::Failed(error) => {
                let error = granted(error, &self.path, self.session.account());
                if let Some(lease) = &mut self.lease {
                    lease.ends_with(&error);
                }
                let _ = sender
                    .send(Err(error.entity(self.path.resource(self.kind))))
                    .await;
            }
        }
    }

    /// Reads to the end, and sees whether the relation was the same all the time.
    async fn read(&mut self, sender: &mpsc::Sender<Result<Batch>>) -> End {
        match self.copy(sender).await {
            Ok(false) => End::Dropped,
            Ok(true) => {
                let ending = format!("{}; COMMIT", self.shape.sql);
                let answered = self.session.rows(ending).await;
                self.shape
                    .check(answered)
                    .map_or_else(End::Failed, |()| End::Done)
            }
            Err(Broken::Refused(error)) => End::Failed(self.refused(error).await),
            Err(Broken::Off(error)) => End::Failed(error),
        }
    }

    /// Why the server refused the statement: because what it names is gone or other than it was, or for its own reason.
    async fn refused(&mut self, error: sqlx::Error) -> Error {
        let refused = |error| from_limited(error, "reading", self.limit);
        if !is_unfit(&error) {
            return refused(error);
        }
        let now = format!("ROLLBACK; {}", self.shape.sql);
        let answered = self.session.rows(now).await;
        match self.shape.check(answered) {
            Err(changed) if changed.is_outdated() => changed,
            _ => refused(error),
        }
    }

    /// Reads what the statement answers; whether somebody wanted it to its end.
    async fn copy(&mut self, sender: &mpsc::Sender<Result<Batch>>) -> Result<bool, Broken> {
        let statement = format!("COPY ({}) TO STDOUT (FORMAT binary)", self.part.sql);
        let limit = self.limit;
        let answered = self.session.connection.copy_out_raw(&statement).await;
        let mut received = answered.map_err(Broken::Refused)?;
        let mut output = Output {
            part: &self.part,
            kinds: &self.kinds,
            schema: &self.schema,
            notes: &mut self.notes,
            sender,
            rows: 0,
        };
        let (mut block, mut sent) = (Block::new(self.kinds.len()), false);
        let failed = loop {
            let Some(bytes) = received.next().await else {
                break (!block.is_ended()).then(|| broken("it broke off"));
            };
            let bytes = bytes.map_err(|error| from_limited(error, "reading", limit));
            if let Err(error) = bytes.and_then(|bytes| block.push(&bytes)) {
                break Some(error);
            }
            if block.is_full() {
                let rest = block.rest();
                if !output.emit(std::mem::replace(&mut block, rest)).await? {
                    return Ok(false);
                }
                sent = true;
            }
        };
        // What came before an error stands; an empty table still tells its columns.
        if block.rows > 0 || !sent && failed.is_none() {
            match (output.emit(block).await, failed) {
                (Ok(false), _) => return Ok(false),
                (_, Some(error)) | (Err(error), None) => return Err(error.into()),
                (Ok(true), None) => return Ok(true),
            }
        }
        failed.map_or(Ok(true), |error| Err(error.into()))
    }
}

/// Why a read came to no end.
enum Broken {
    /// The server did not take the statement.
    Refused(sqlx::Error),
    /// It broke off.
    Off(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Off(error)
    }
}

/// What a block holds.
struct Decoded {
    records: RecordBatch,
    /// Texts that were not UTF-8.
    repaired: Vec<Oddity>,
    left_out: Vec<Oddity>,
}

fn decoded(mut block: Block, kinds: &[Kind], schema: &SchemaRef) -> Result<Decoded> {
    let left_out = block.leave_out();
    let (records, repaired) = records(block, kinds, schema)?;
    Ok(Decoded {
        records,
        repaired,
        left_out,
    })
}

/// Where decoded blocks go.
struct Output<'a> {
    part: &'a Part,
    kinds: &'a Arc<[Kind]>,
    schema: &'a SchemaRef,
    notes: &'a mut Vec<String>,
    sender: &'a mpsc::Sender<Result<Batch>>,
    /// Rows that were handed over.
    rows: usize,
}

impl Output<'_> {
    /// Decodes a block and hands it over; false when nobody wants it any more.
    async fn emit(&mut self, block: Block) -> Result<bool> {
        let (rows, kinds, schema) = (block.rows, self.kinds.clone(), self.schema.clone());
        let decoding = tokio::task::spawn_blocking(move || decoded(block, &kinds, &schema));
        let Decoded {
            records,
            repaired,
            left_out,
        } = decoding.await.unwrap_or_else(|_| {
            let sentence = "a block could not be decoded; this is a mistake in the program";
            Err(Error::new(ErrorKind::Unexpected, sentence))
        })?;
        let mut batch = Batch::new(records);
        let notes = self.notes.drain(..).map(|sentence| Fault {
            sentence,
            place: "whole table".to_owned(),
            records: 0,
        });
        batch.faults = notes.collect();
        batch.faults.extend(repaired.iter().map(|odd| Fault {
            sentence: "text is not UTF-8; unreadable bytes were replaced".to_owned(),
            place: self.place(odd),
            records: odd.records,
        }));
        let left_out = left_out.iter();
        let left_out = left_out.map(|odd| too_long(self.place(odd), odd.records));
        batch.faults.extend(left_out);
        self.rows += rows;
        Ok(self.sender.send(Ok(batch)).await.is_ok())
    }

    fn place(&self, odd: &Oddity) -> String {
        let row = self.rows + odd.row + 1;
        let column = self.part.columns.get(odd.column);
        let column = column.map_or("", |column| column.name.as_str());
        // Other splits were read side by side with this one, so rows are counted within it.
        match self.part.number {
            0 => format!("row {row}, column {column}"),
            part => format!("row {row} of part {}, column {column}", part + 1),
        }
    }
}
