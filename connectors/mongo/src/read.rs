//! Reading one split: a thread that owns the cursor, flattens documents into bounded batches and hands them over.
//!
//! When the receiver goes away, the cursor is dropped, and the driver ends it on the server.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow_schema::{DataType, Field, Schema};
use futures::stream::BoxStream;
use locard_connector::document::Flattener;
use locard_connector::{Batch, Error, ErrorKind, Fault, Result, Split, foreign, from_thread};
use locard_files::in_cells;
use locard_model::{EntityKind, EntityPath};
use mongodb::bson::{RawDocument, RawDocumentBuf, doc};
use mongodb::options::Hint;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Sender;

use crate::catalog::{self, names};
use crate::client::Session;
use crate::error::{from_limited, granted};
use crate::part::{Bytes, Part};
use crate::plan::{bound, limit_name};
use crate::project::ID;
use crate::walk::{Tell, Walked, walk, whole};

/// Documents of a batch, at most.
const ROWS: usize = 8_192;
/// Documents of the first batch, of which nobody knows how many columns it will have.
const FIRST_ROWS: usize = 1_024;
/// Cells of a batch beyond which it has fewer documents: sparse columns take memory too.
const CELLS: usize = 1 << 20;
/// Bytes after which a batch is handed on earlier.
const BYTES: usize = 4 << 20;
/// Batches that wait for the receiver.
const AHEAD: usize = 2;
/// Documents that the server sends at a time, at most; it sends no more than 16 MiB.
const SENT: u32 = 2_000;
/// Field metadata that marks a column as part of a record's key.
const KEY: &str = "locard.key";

/// Everything a reading thread owns.
struct Reader {
    session: Arc<Session>,
    part: Part,
    path: EntityPath,
    kind: EntityKind,
    _permit: OwnedSemaphorePermit,
}

/// Starts to read a split.
pub(crate) async fn read(
    session: &Arc<Session>,
    split: &Split,
) -> Result<BoxStream<'static, Result<Batch>>> {
    let resource = split.path.resource(split.kind);
    let part = Part::parse(&split.part).map_err(|error| error.entity(resource))?;
    let reader = Reader {
        part,
        path: split.path.clone(),
        kind: split.kind,
        _permit: session.permit().await?,
        session: Arc::clone(session),
    };
    Ok(from_thread(AHEAD, |sender| {
        foreign::sending(sender.clone(), reader.run(sender))
    }))
}

/// Why a reading stops.
enum End {
    Dropped,
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Reader {
    async fn run(self, sender: Sender<Result<Batch>>) {
        let end = tokio::select! {
            () = sender.closed() => Err(End::Dropped),
            end = self.copy(&sender) => end,
        };
        if let Err(End::Failed(error)) = end {
            let user = self.session.settings().user.as_deref();
            let error = granted(error, &self.path, user);
            let resource = self.path.resource(self.kind);
            // Nobody may listen any more.
            let _ = sender.send(Err(error.entity(resource))).await;
        }
    }

    async fn copy(&self, sender: &Sender<Result<Batch>>) -> Result<(), End> {
        if self.part.limit == Some(0) {
            // To the server that means no limit.
            return Ok(());
        }
        let mut cursor = self.open().await?;
        let mut pending = Pending::new(&self.part);
        loop {
            let is_more = match cursor.advance().await {
                Ok(is_more) => is_more,
                Err(error) => {
                    // What came before an error stands.
                    send(sender, pending.finish()?).await?;
                    return Err(self.failed(&error).await.into());
                }
            };
            if !is_more {
                break;
            }
            pending.push(cursor.current());
            if pending.is_full() {
                send(sender, pending.finish()?).await?;
            }
        }
        send(sender, pending.finish()?).await?;
        Ok(self.see_it_is_there().await?)
    }

    async fn open(&self) -> Result<mongodb::Cursor<RawDocumentBuf>> {
        let (database, name) = names(&self.path)?;
        let filter = self.part.filter.as_ref().map(Bytes::document).transpose()?;
        let database = self.session.database(database).await?;
        let documents = database.collection::<RawDocumentBuf>(name);
        let mut asked = documents
            .find(filter.unwrap_or_default())
            .batch_size(SENT)
            .selection_criteria(self.session.criteria());
        if let Some(fields) = bound(self.part.projection.as_ref())? {
            asked = asked.projection(fields);
        }
        let (from, until) = (
            bound(self.part.from.as_ref())?,
            bound(self.part.until.as_ref())?,
        );
        if from.is_some() || until.is_some() {
            asked = asked.hint(Hint::Keys(doc! { ID: 1 }));
        }
        if let Some(from) = from {
            asked = asked.min(from);
        }
        if let Some(until) = until {
            asked = asked.max(until);
        }
        if let Some(limit) = self.part.limit {
            asked = asked.limit(i64::try_from(limit).unwrap_or(i64::MAX));
        }
        if let Some(limit) = self.session.settings().limit(self.kind) {
            asked = asked.max_time(limit);
        }
        match asked.await {
            Ok(cursor) => Ok(cursor),
            Err(error) => Err(self.failed(&error).await),
        }
    }

    /// Sees that the collection that was read is there and the same: a server answers nothing for one that is gone.
    async fn see_it_is_there(&self) -> Result<()> {
        let now = catalog::one(&self.session, &self.path).await?;
        match (&self.part.uuid, &now.uuid) {
            (Some(planned), Some(now)) if planned != now => Err(Error::new(
                ErrorKind::NotFound,
                "the collection was dropped and made anew while it was read",
            )
            .hint("scan it again")),
            _ => Ok(()),
        }
    }

    async fn failed(&self, error: &mongodb::error::Error) -> Error {
        let settings = self.session.settings();
        let setting = limit_name(self.kind, settings.view_timeout, settings.statement_timeout);
        match &*error.kind {
            mongodb::error::ErrorKind::ServerSelection { .. } => {
                self.session.explain(error, "reading").await
            }
            _ => from_limited(error, "reading", setting),
        }
    }
}

async fn send(sender: &Sender<Result<Batch>>, batch: Option<Batch>) -> Result<(), End> {
    let Some(batch) = batch else {
        return Ok(());
    };
    sender.send(Ok(batch)).await.map_err(|_| End::Dropped)
}

/// A batch that is being gathered. The tree of paths outlives it, so that a map stays a map.
struct Pending<'a> {
    part: &'a Part,
    flattener: Flattener,
    /// The text of each document's `_id`, where it is asked for.
    keys: Vec<Option<String>>,
    /// Documents that came before.
    before: u64,
    rows: usize,
    /// Documents that it may have.
    most: usize,
    bytes: usize,
    faults: Faults,
    is_first: bool,
}

impl<'a> Pending<'a> {
    fn new(part: &'a Part) -> Self {
        Self {
            part,
            flattener: Flattener::new(part.columns.as_deref()).telling_places(part.with_keys),
            keys: Vec::new(),
            before: 0,
            rows: 0,
            most: FIRST_ROWS,
            bytes: 0,
            faults: Faults::default(),
            is_first: true,
        }
    }

    fn is_full(&self) -> bool {
        self.rows >= self.most || self.flattener.size() + self.bytes >= BYTES
    }

    fn push(&mut self, document: &RawDocument) {
        let walked = walk(document, Tell::Values, &mut self.flattener);
        self.rows += 1;
        self.faults.add(walked, self.before + self.rows as u64);
        if self.part.with_keys {
            let id = document.get(ID).ok().flatten();
            let key = id.map(whole);
            self.bytes += key.as_ref().map_or(0, String::len);
            self.keys.push(key);
        }
    }

    /// What came since the last batch, if anything.
    fn finish(&mut self) -> Result<Option<Batch>> {
        let is_worth = self.rows > 0 || self.is_first && !self.part.notes.is_empty();
        if !is_worth {
            return Ok(None);
        }
        let records = self.flattener.finish().map_err(broken)?;
        let records = if self.part.with_keys {
            with_key(&records, std::mem::take(&mut self.keys)).map_err(broken)?
        } else {
            records
        };
        self.most = (CELLS / records.num_columns().max(1)).clamp(1, ROWS);
        let mut batch = Batch::new(records);
        (batch.faults, batch.notes) = std::mem::take(&mut self.faults).told(self.part.number);
        if self.is_first {
            let notes = self.part.notes.iter();
            batch
                .faults
                .extend(notes.map(|note| fault(note, "whole collection".to_owned(), 0)));
        }
        self.before += self.rows as u64;
        (self.rows, self.bytes, self.is_first) = (0, 0, false);
        Ok(Some(batch))
    }
}

fn broken(cause: arrow_schema::ArrowError) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the columns of a batch differ in length",
    )
    .cause(cause)
}

/// The records with their key in front, in place of the column of that name.
fn with_key(
    records: &RecordBatch,
    keys: Vec<Option<String>>,
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let metadata = HashMap::from([(KEY.to_owned(), "true".to_owned())]);
    let field = Field::new(ID, DataType::Utf8View, true).with_metadata(metadata);
    let keys: StringViewArray = keys.into_iter().collect();
    let mut fields = vec![Arc::new(field)];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(keys)];
    let schema = records.schema();
    let others = schema.fields().iter().zip(records.columns());
    for (field, array) in others.filter(|(field, _)| field.name() != ID) {
        fields.push(Arc::clone(field));
        arrays.push(Arc::clone(array));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(records.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}

/// What is wrong with documents of a batch: how many, and which was the first.
#[derive(Debug, Default)]
struct Faults {
    broken: Option<(u64, u64)>,
    repaired: Option<(u64, u64)>,
    left_out: Option<(u64, u64)>,
    /// What could not be read of files in documents.
    of_files: Vec<(u64, Fault)>,
}

impl Faults {
    fn add(&mut self, walked: Walked, row: u64) {
        let count = |which: &mut Option<(u64, u64)>, more: u64| {
            if more > 0 {
                which.get_or_insert((row, 0)).1 += more;
            }
        };
        count(&mut self.broken, u64::from(walked.is_broken));
        count(&mut self.repaired, u64::from(walked.is_repaired));
        count(&mut self.left_out, walked.left_out);
        let of_files = walked.told.into_iter().map(|told| (row, told));
        self.of_files.extend(of_files);
    }

    /// What is missing, and what is only odd.
    fn told(self, part: u32) -> (Vec<Fault>, Vec<Fault>) {
        let place = |row: u64| match part {
            0 => format!("document {row}"),
            part => format!("document {row} of part {}", part + 1),
        };
        let told = |sentence: &str, found: Option<(u64, u64)>| {
            let (row, records) = found?;
            Some(fault(sentence, place(row), records))
        };
        let broken = told("a document could not be decoded to its end", self.broken);
        let repaired = told(
            "text is not UTF-8; unreadable bytes were replaced",
            self.repaired,
        );
        let left_out = told(
            "binary data of more than 4 KiB that is neither text nor a known kind of file is not read",
            self.left_out,
        );
        let mut faults: Vec<Fault> = broken.into_iter().chain(repaired).collect();
        for (row, told) in self.of_files {
            in_cells::tell(&mut faults, told, &place(row));
        }
        (faults, left_out.into_iter().collect())
    }
}

fn fault(sentence: &str, place: String, records: u64) -> Fault {
    Fault {
        sentence: sentence.to_owned(),
        place,
        records,
    }
}
