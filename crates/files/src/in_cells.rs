//! Documents in the cells of a table: a PDF in a `bytea`, a workbook in a `BLOB`, mail in a `varbinary`.
//!
//! The one thing a reader gets wrong: nothing new is made of them here. A cell that is a document becomes the text of one,
//! a JSON list of its records, and whoever takes documents of text out of cells (scans, look-ups, collecting) does so as
//! ever: the text of page three of `file` is in the column `file.value[].text`, at the place `file[2].text`. A cell that is none
//! costs a look at its first bytes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::builder::BinaryViewBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use globset::GlobSet;
use locard_connector::{
    Batch, Description, Entity, Error, ErrorKind, Fault, Globs, Result, ScanPlan, ScanRequest,
    Scope, Server, Settled, Source, Split, Usage,
};
use locard_model::{EntityKind, EntityPath};
use serde_json::{Map, Value};

use crate::blob::{Blob, Blobs, Found};
use crate::compression::Compression;
use crate::detect::{PEEKED, holds_no_text};
use crate::source::{look, open, whole_part};
use crate::stream::all;
use crate::unpack::{self, Contents, Unpacked};

/// Text of one document, at most.
const LONGEST: usize = 16 << 20;

/// Text of the documents of one batch, about.
const BATCH: usize = 16 << 20;

/// How a document is called that has no name.
const NAME: &str = "document";

/// A source whose cells are looked into for documents.
#[derive(Debug)]
pub struct InCells(Arc<dyn Source>);

impl InCells {
    /// Around a source.
    pub fn new(source: Arc<dyn Source>) -> Self {
        Self(source)
    }
}

#[async_trait]
impl Source for InCells {
    async fn check(&self) -> Result<Server> {
        self.0.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        self.0.entities(scope)
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.0.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.0.plan(request).await
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let batches = self.0.read(split).await?;
        let looked_into = batches.then(async |batch| match batch {
            Ok(batch) if may_hold(&batch.records) => {
                let parted = tokio::task::spawn_blocking(move || with_texts(&batch)).await;
                let failed = "a document in a cell could not be taken apart; this is a mistake in the program";
                parted.unwrap_or_else(|_| vec![Err(Error::new(ErrorKind::Unexpected, failed))])
            }
            batch => vec![batch],
        });
        Ok(looked_into.flat_map(stream::iter).boxed())
    }

    async fn settle(&self) -> Settled {
        self.0.settle().await
    }

    fn longest_silence(&self) -> Option<Duration> {
        self.0.longest_silence()
    }

    fn usage(&self) -> Option<&dyn Usage> {
        self.0.usage()
    }
}

/// The bytes of a cell, where its column holds bytes.
fn bytes(column: &dyn Array, row: usize) -> Option<&[u8]> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::BinaryView => Some(column.as_binary_view().value(row)),
        DataType::Binary => Some(column.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Some(column.as_binary::<i64>().value(row)),
        _ => None,
    }
}

/// Whether a cell of the batch may be a document.
fn may_hold(records: &RecordBatch) -> bool {
    records.columns().iter().any(|column| {
        let rows = 0..column.len();
        is_binary(column.data_type())
            && rows
                .filter_map(|row| bytes(column, row))
                .any(may_be_document)
    })
}

const fn is_binary(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::BinaryView | DataType::Binary | DataType::LargeBinary
    )
}

/// Whether bytes are worth a closer look, by the first of them. Pages and other text are found as text.
fn may_be_document(bytes: &[u8]) -> bool {
    let head = bytes.get(..1_024).unwrap_or(bytes);
    let is_packed = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
    is_packed
        || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
        || head.starts_with(b"7z\xbc\xaf")
        || head.starts_with(b"{\\rtf")
        || head.starts_with(b"From ")
        || head.get(257..262) == Some(b"ustar")
        || Compression::detect(head) != Compression::None
        || memchr::memmem::find(head, b"%PDF-").is_some()
        || begins_with_a_field(head)
}

/// Whether text begins as the head of a message does: `Received: …`.
fn begins_with_a_field(head: &[u8]) -> bool {
    let name = head
        .iter()
        .take(40)
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-');
    let length = name.count();
    head.first().is_some_and(u8::is_ascii_uppercase)
        && length >= 2
        && head.get(length..length + 2) == Some(b": ")
        && head.contains(&b'\n')
}

/// A batch with the texts of its documents in their place: as several where they are long.
fn with_texts(batch: &Batch) -> Vec<Result<Batch>> {
    let mut parts = Vec::new();
    let mut part = Part::default();
    for row in 0..batch.records.num_rows() {
        for (at, column) in batch.records.columns().iter().enumerate() {
            if let Some(read) = bytes(column, row).and_then(document) {
                let name = batch.records.schema_ref().field(at).name();
                part.add((row, at), read, &place(batch, row, name));
            }
        }
        if part.size >= BATCH {
            parts.push(part.finish(batch, row + 1));
            part = Part {
                from: row + 1,
                ..Part::default()
            };
        }
    }
    parts.push(part.finish(batch, batch.records.num_rows()));
    // What the batch tells of its own comes with its last part.
    if let Some(Ok(last)) = parts.last_mut() {
        last.faults.extend(batch.faults.iter().cloned());
        last.notes.extend(batch.notes.iter().cloned());
    }
    parts
}

fn place(batch: &Batch, row: usize, column: &str) -> String {
    match (batch.lines.get(row), batch.first_row) {
        (Some(line), _) => format!("line {line}, column {column}"),
        (None, Some(first)) => format!("record {}, column {column}", first + row as u64),
        (None, None) => format!("column {column}"),
    }
}

/// Adds what could not be read of a document at a place: of what comes several times the first place is told, and how many
/// there are.
pub fn tell(faults: &mut Vec<Fault>, told: Fault, place: &str) {
    let mut known = faults.iter_mut();
    if let Some(known) = known.find(|known| known.sentence == told.sentence) {
        known.records += 1;
        return;
    }
    let place = match told.place.as_str() {
        "" => place.to_owned(),
        within => format!("{place}, {within}"),
    };
    faults.push(Fault {
        place,
        records: 1,
        ..told
    });
}

/// Some rows of a batch.
#[derive(Default)]
struct Part {
    from: usize,
    /// Texts by row and column, in that order.
    texts: Vec<((usize, usize), Vec<u8>)>,
    faults: Vec<Fault>,
    size: usize,
}

impl Part {
    fn add(&mut self, cell: (usize, usize), read: Document, place: &str) {
        for told in read.told {
            tell(&mut self.faults, told, place);
        }
        if let Some(text) = read.text {
            self.size += text.len();
            self.texts.push((cell, text));
        }
    }

    /// The rows up to one, with the texts in them.
    fn finish(self, batch: &Batch, until: usize) -> Result<Batch> {
        let length = until - self.from;
        let records = batch.records.slice(self.from, length);
        let mut columns = records.columns().to_vec();
        for (at, column) in columns.iter_mut().enumerate() {
            let of_column = self.texts.iter().filter(|((_, of), _)| *of == at);
            let texts: Vec<(usize, &[u8])> = of_column
                .map(|((row, _), text)| (row - self.from, text.as_slice()))
                .collect();
            if !texts.is_empty() {
                *column = replaced(column, &texts)?;
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(length));
        let records = RecordBatch::try_new_with_options(records.schema(), columns, &options);
        let mut part = Batch::new(records.map_err(unbuilt)?);
        part.first_row = batch.first_row.map(|first| first + self.from as u64);
        part.lines = batch
            .lines
            .get(self.from..until)
            .unwrap_or_default()
            .to_vec();
        part.faults = self.faults;
        Ok(part)
    }
}

fn unbuilt(error: arrow_schema::ArrowError) -> Error {
    Error::new(ErrorKind::Unexpected, "building a batch").cause(error)
}

/// The column with texts in the place of some of its cells: bytes that are text are shown as text.
fn replaced(column: &ArrayRef, texts: &[(usize, &[u8])]) -> Result<ArrayRef> {
    let mut builder = BinaryViewBuilder::with_capacity(column.len());
    let mut texts = texts.iter().peekable();
    for row in 0..column.len() {
        match texts.next_if(|(of, _)| *of == row) {
            Some((_, text)) => builder.append_value(text),
            None => builder.append_option(bytes(column, row)),
        }
    }
    arrow_cast::cast(&builder.finish(), column.data_type()).map_err(unbuilt)
}

/// What was read of a cell that may be a document.
#[derive(Debug, Default)]
pub struct Document {
    /// Its records, as JSON; `None`: the cell stays as it is.
    pub text: Option<Vec<u8>>,
    /// What could not be read of it.
    pub told: Vec<Fault>,
}

/// Takes bytes apart that may be a document, wherever they come from; `None`: they are none by their beginning.
#[must_use]
pub fn document(bytes: &[u8]) -> Option<Document> {
    may_be_document(bytes).then(|| read(bytes))
}

fn read(bytes: &[u8]) -> Document {
    let blobs = Unpacked::new(Cell(bytes.into()));
    let path = EntityPath::new([NAME]);
    let mut reading = Reading {
        text: b"[".to_vec(),
        ..Reading::default()
    };
    if let Err(error) = reading.document(&blobs, &path) {
        reading.tell(&error, &path);
    }
    let is_filled = reading.text.len() > 1;
    reading.text.push(b']');
    Document {
        text: is_filled.then_some(reading.text),
        told: reading.told,
    }
}

/// A document that is read.
#[derive(Default)]
struct Reading {
    text: Vec<u8>,
    told: Vec<Fault>,
}

impl Reading {
    fn document(&mut self, blobs: &Unpacked<Cell>, path: &EntityPath) -> Result<()> {
        let blob = open(blobs, path)?;
        let mut head = vec![0; PEEKED];
        let read = blob.read_at(0, &mut head);
        head.truncate(read.unwrap_or(0));
        let format = unpack::format(&head, &unpack::opener(&blob))?;
        // A word and a colon begin many texts.
        if format.is_none() && Compression::detect(&head) == Compression::None {
            return Ok(());
        }
        let everything = Globs::of_files(&Scope::default())?;
        let mut inside = Vec::new();
        let mut send = |entity: Result<Entity>| {
            inside.push(entity);
            true
        };
        if Contents::of(blobs, &everything, path, &head, &mut send).is_none() {
            look(blobs, path, &head)?;
            return self.file(blobs, path);
        }
        for entity in inside {
            let read = entity.and_then(|entity| {
                let read = self.file(blobs, &entity.path);
                read.map_err(|error| error.entity(entity.path.resource(EntityKind::File)))
            });
            if let Err(error) = read {
                self.tell(&error, path);
            }
            if self.text.len() > LONGEST {
                break;
            }
        }
        Ok(())
    }

    /// Reads the document itself, or one that is in it.
    fn file(&mut self, blobs: &Unpacked<Cell>, path: &EntityPath) -> Result<()> {
        let blob = open(blobs, path)?;
        let mut part = whole_part(&blob, path.name(), None)?;
        part.places = true;
        let member = (path.segments().len() > 1).then(|| path.resource(EntityKind::File));
        let mut broken = None;
        let mut take = |batch: Result<Batch>| {
            let taken = batch.and_then(|batch| self.add(&batch, member.as_deref()));
            taken.unwrap_or_else(|error| {
                broken = Some(error);
                false
            })
        };
        all((blob, part, None), &mut take)?;
        broken.map_or(Ok(()), Err)
    }

    /// Adds records; whether there is room for more.
    fn add(&mut self, batch: &Batch, member: Option<&str>) -> Result<bool> {
        for fault in &batch.faults {
            let place = [member.unwrap_or_default(), &fault.place];
            self.told.push(Fault {
                place: place.map(str::to_owned).join(" ").trim().to_owned(),
                ..fault.clone()
            });
        }
        let options = FormatOptions::default().with_display_error(true);
        let schema = batch.records.schema_ref();
        let columns = schema.fields().iter().zip(batch.records.columns());
        let formatted = columns.map(|(field, column)| {
            let formatter = ArrayFormatter::try_new(column, &options).map_err(unbuilt)?;
            Ok((field.name(), column, formatter))
        });
        let formatted = formatted.collect::<Result<Vec<_>>>()?;
        for row in 0..batch.records.num_rows() {
            if self.text.len() > LONGEST {
                let megabytes = LONGEST >> 20;
                let sentence = format!(
                    "a document has more than {megabytes} MiB of text: the rest was left out"
                );
                self.told.push(told(sentence));
                return Ok(false);
            }
            let mut record = Map::new();
            if let Some(member) = member {
                record.insert("member".to_owned(), Value::from(member));
            }
            for (name, column, formatter) in &formatted {
                if column.is_valid(row) {
                    record.insert(
                        (*name).clone(),
                        Value::from(formatter.value(row).to_string()),
                    );
                }
            }
            if self.text.len() > 1 {
                self.text.push(b',');
            }
            serde_json::to_writer(&mut self.text, &record).map_err(|error| {
                Error::new(ErrorKind::Unexpected, "writing down a record").cause(error)
            })?;
        }
        Ok(true)
    }

    /// What cannot be read of it; pictures and programs have nothing to be read.
    fn tell(&mut self, error: &Error, path: &EntityPath) {
        if holds_no_text(error) {
            return;
        }
        let outer = path.resource(EntityKind::File);
        let within = error.entity_name().filter(|name| *name != outer);
        let place = [
            within.unwrap_or_default(),
            error.place_name().unwrap_or_default(),
        ];
        self.told.push(Fault {
            place: place.map(str::to_owned).join(" ").trim().to_owned(),
            ..told(format!("a document in a cell: {}", error.sentence()))
        });
    }
}

fn told(sentence: String) -> Fault {
    Fault {
        sentence,
        place: String::new(),
        records: 1,
    }
}

/// The bytes of a cell as a place with one file.
#[derive(Debug)]
struct Cell(Arc<[u8]>);

impl Blobs for Cell {
    fn product(&self) -> String {
        "a cell".to_owned()
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn list(&self, _: &GlobSet, each: &mut dyn FnMut(Result<Found>) -> bool) {
        each(Ok(Found {
            path: EntityPath::new([NAME]),
            size: self.0.len() as u64,
            version: None,
        }));
    }

    fn open(&self, path: &EntityPath) -> Result<Arc<dyn Blob>> {
        if path.segments() == [NAME] {
            Ok(Arc::new(Bytes(self.0.clone())))
        } else {
            Err(Error::new(ErrorKind::NotFound, "it is not in its cell"))
        }
    }

    fn address(&self, _: &EntityPath) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct Bytes(Arc<[u8]>);

impl Blob for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn version(&self) -> Option<String> {
        None
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.0.get(from..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }
}
