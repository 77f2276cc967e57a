//! Parquet.
//!
//! The one thing a reader gets wrong: row groups are read each by itself, since a damaged one would take with it all
//! that one reader gives after it. In a damaged one, columns are tried by halves, and those that can be decoded are read on.

use std::io::{self, BufReader};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use bytes::Bytes;
use locard_connector::{Error, ErrorKind, Result};
use locard_model::foreign;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::blob::{Blob, Range, io_error, read_exact};
use crate::columnar::{Broken, wanted, with_views};
use crate::elements::rows_at_once;
use crate::flatten::flat_schema;
use crate::pages::{Page, Refused};

/// A blob as the Parquet reader wants it.
#[derive(Clone)]
struct Chunks {
    blob: Arc<dyn Blob>,
    /// Who is told of pages that are too large; in the footer there are none.
    refused: Option<Refused>,
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.blob.size()
    }
}

impl ChunkReader for Chunks {
    type T = Page<BufReader<Range>>;

    /// Of the columns it is asked for the headers of their pages only.
    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let range = Range::new(self.blob.clone(), start, None);
        Ok(Page::new(BufReader::new(range), self.refused.clone()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // A damaged footer may ask for more than there is: no memory is spent on that.
        if start
            .checked_add(length as u64)
            .is_none_or(|end| end > self.blob.size())
        {
            return Err(ParquetError::EOF(
                "a range beyond the end of the file".to_owned(),
            ));
        }
        read_exact(self.blob.as_ref(), start, length)
            .map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// The footer of a Parquet file.
pub(crate) struct Footer {
    blob: Arc<dyn Blob>,
    metadata: ArrowReaderMetadata,
}

impl Footer {
    pub(crate) fn read(blob: &Arc<dyn Blob>) -> Result<Self> {
        let watched = Arc::new(Watched {
            blob: blob.clone(),
            trouble: Mutex::default(),
        });
        let chunks = Chunks {
            blob: watched.clone(),
            refused: None,
        };
        let load = |options| ArrowReaderMetadata::load(&chunks, options);
        // The types that a writer noted are left alone where they cannot be read: Parquet has its own.
        let plain = load(ArrowReaderOptions::new());
        let plain = plain.or_else(|error| {
            load(ArrowReaderOptions::new().with_skip_arrow_metadata(true)).map_err(|_| error)
        });
        let plain = plain.map_err(|error| {
            let trouble = watched.trouble().take();
            // A file that ends before its footer is damaged, not unreachable.
            let trouble = trouble.filter(|error| error.kind() != io::ErrorKind::UnexpectedEof);
            trouble.map_or_else(
                || damaged(error),
                |error| io_error(error, "reading the file"),
            )
        })?;
        refuse_deep(&plain)?;
        // Text as views costs less to decode; where the file's types do not allow it they stay as they are.
        let fields: Vec<FieldRef> = plain.schema().fields().iter().map(with_views).collect();
        let schema = Arc::new(Schema::new(fields));
        let metadata = load(ArrowReaderOptions::new().with_schema(schema)).unwrap_or(plain);
        Ok(Self {
            blob: blob.clone(),
            metadata,
        })
    }

    /// The flat schema.
    pub(crate) fn schema(&self) -> SchemaRef {
        flat_schema(self.metadata.schema())
    }

    /// Records and bytes of each row group.
    pub(crate) fn groups(&self) -> Vec<(u64, u64)> {
        let groups = self.metadata.metadata().row_groups();
        groups
            .iter()
            .map(|group| {
                (
                    group.num_rows().max(0) as u64,
                    group.compressed_size().max(0) as u64,
                )
            })
            .collect()
    }

    /// Reads some row groups; only what the columns need is decoded.
    pub(crate) fn open(self, groups: Vec<usize>, columns: Option<&[String]>) -> Result<Groups> {
        let rows = self.groups();
        let with_rows = |group: usize| rows.get(group).map(|(rows, _)| (group, *rows));
        let Some(groups) = groups
            .into_iter()
            .map(with_rows)
            .collect::<Option<Vec<_>>>()
        else {
            return Err(Error::new(
                ErrorKind::Malformed,
                "the file has fewer row groups than when it was planned",
            ));
        };
        Ok(Groups {
            roots: self.roots(columns),
            metadata: self.metadata,
            blob: Arc::new(Watched {
                blob: self.blob,
                trouble: Mutex::default(),
            }),
            ahead: groups.into_iter(),
            opened: None,
        })
    }

    /// The top-level fields that the wanted columns are in.
    fn roots(&self, columns: Option<&[String]>) -> Vec<usize> {
        let roots = self.metadata.schema().fields().iter().enumerate();
        roots
            .filter(|(_, field)| wanted(field.name(), columns))
            .map(|(root, _)| root)
            .collect()
    }
}

/// A blob that remembers why it could not be read: such an error looks like damage by the time the decoder tells it.
#[derive(Debug)]
struct Watched {
    blob: Arc<dyn Blob>,
    trouble: Mutex<Option<io::Error>>,
}

impl Watched {
    fn trouble(&self) -> MutexGuard<'_, Option<io::Error>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blob for Watched {
    fn size(&self) -> u64 {
        self.blob.size()
    }

    fn version(&self) -> Option<String> {
        self.blob.version()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.blob.read_at(offset, buffer).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.trouble().get_or_insert(error);
            }
            kind.into()
        })
    }
}

/// The batches of row groups, each group read by itself.
pub(crate) struct Groups {
    blob: Arc<Watched>,
    metadata: ArrowReaderMetadata,
    /// The top-level fields to be read.
    roots: Vec<usize>,
    /// The groups to come, with their records.
    ahead: std::vec::IntoIter<(usize, u64)>,
    opened: Option<Open>,
}

/// The group that is read.
struct Open {
    reader: ParquetRecordBatchReader,
    group: usize,
    records: u64,
    /// How many of its records are left.
    left: u64,
    /// Those of its fields that are read.
    roots: Vec<usize>,
    refused: Refused,
}

impl Groups {
    /// Reads fields of a group from a record on, as many records at a time as there is memory for.
    fn open(&self, group: usize, roots: Vec<usize>, from: u64) -> Result<Open, Why> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), roots.iter().copied());
        let refused = Refused::default();
        let chunks = Chunks {
            blob: self.blob.clone(),
            refused: Some(refused.clone()),
        };
        let why = |otherwise| why(&refused, otherwise);
        let meta = self.metadata.metadata().row_group(group);
        let records = meta.num_rows().max(0).cast_unsigned();
        let shared = Arc::new(chunks.clone());
        let rows = guarded(|| Some(rows_at_once(&shared, meta, &mask))).ok_or(Why::Damaged)?;
        let rows = rows.ok_or_else(|| why(Why::TooLong))?;
        let offset = usize::try_from(from).map_err(|_| Why::Damaged)?;
        let reader = guarded(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, self.metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(rows)
                .with_offset(offset)
                .build()
                .ok()
        });
        Ok(Open {
            reader: reader.ok_or_else(|| why(Why::Damaged))?,
            group,
            records,
            left: records.saturating_sub(from),
            roots,
            refused,
        })
    }

    /// Which of some fields of a group can be decoded to the end.
    fn sound(&self, group: usize, roots: &[usize]) -> Vec<usize> {
        let whole = |mut open: Open| {
            while let Ok(batch) = open.next() {
                if batch.is_none() {
                    return true;
                }
            }
            false
        };
        if self.open(group, roots.to_vec(), 0).is_ok_and(whole) {
            return roots.to_vec();
        }
        if roots.len() < 2 || self.blob.trouble().is_some() {
            return Vec::new();
        }
        let (left, right) = roots.split_at(roots.len() / 2);
        [self.sound(group, left), self.sound(group, right)].concat()
    }

    /// Goes on in a group with those fields that can be decoded, and tells what is lost.
    fn go_on(&mut self, group: usize, records: u64, lost: Lost) -> Broken {
        let Lost { why, left, roots } = lost;
        let mut sound = Vec::new();
        if roots.len() > 1 && self.blob.trouble().is_none() {
            let (first, second) = roots.split_at(roots.len() / 2);
            sound = [self.sound(group, first), self.sound(group, second)].concat();
        }
        if !sound.is_empty()
            && let Ok(open) = self.open(group, sound, records.saturating_sub(left))
        {
            let bad = roots.iter().filter(|root| !open.roots.contains(root));
            let fields = self.metadata.schema().fields();
            let columns = bad.filter_map(|root| fields.get(*root));
            let columns = columns.map(|field| field.name().clone()).collect();
            self.opened = Some(open);
            return Broken::Columns {
                sentence: why.of_columns(),
                columns,
                records: left,
            };
        }
        match self.blob.trouble().take() {
            Some(error) => Broken::End(io_error(error, "reading the file")),
            None => Broken::Lost {
                sentence: why.of_all(),
                records: left,
            },
        }
    }

    /// The next batch of the open group, or the first of the next one.
    fn step(&mut self) -> Result<Option<RecordBatch>, Broken> {
        loop {
            if let Some(mut open) = self.opened.take() {
                match open.next() {
                    Ok(Some(batch)) => {
                        self.opened = Some(open);
                        return Ok(Some(batch));
                    }
                    Ok(None) => {}
                    Err(why) => {
                        let (left, roots) = (open.left, open.roots);
                        let lost = Lost { why, left, roots };
                        return Err(self.go_on(open.group, open.records, lost));
                    }
                }
            }
            let Some((group, records)) = self.ahead.next() else {
                return Ok(None);
            };
            let roots = self.roots.clone();
            self.opened = Some(self.open(group, roots.clone(), 0).map_err(|why| {
                let left = records;
                self.go_on(group, records, Lost { why, left, roots })
            })?);
        }
    }
}

impl Open {
    fn next(&mut self) -> Result<Option<RecordBatch>, Why> {
        let reader = &mut self.reader;
        let batch = guarded(|| reader.next().transpose().ok());
        let batch = batch.ok_or_else(|| why(&self.refused, Why::Damaged))?;
        match &batch {
            Some(batch) => self.left = self.left.saturating_sub(batch.num_rows() as u64),
            // Fewer than the footer promised.
            None if self.left > 0 => return Err(Why::Damaged),
            None => {}
        }
        Ok(batch)
    }
}

/// What of a group cannot be decoded: so many records at its end, in some of these fields at least.
struct Lost {
    why: Why,
    left: u64,
    roots: Vec<usize>,
}

/// Why something of a row group cannot be decoded.
#[derive(Clone, Copy)]
enum Why {
    Damaged,
    TooLong,
    TooLarge,
}

/// What a decoder does not tell: whether it failed for the size of a page.
fn why(refused: &Refused, otherwise: Why) -> Why {
    if refused.is_any() {
        Why::TooLarge
    } else {
        otherwise
    }
}

impl Why {
    fn of_all(self) -> &'static str {
        match self {
            Self::Damaged => "a row group is damaged and was left out from here on",
            Self::TooLong => {
                "a record has more than 8 million elements, and its row group was left out"
            }
            Self::TooLarge => {
                "a page takes more than 512 MiB, and its row group was left out from here on"
            }
        }
    }

    fn of_columns(self) -> &'static str {
        match self {
            Self::Damaged => {
                "columns are damaged in a row group and were left out of it from here on"
            }
            Self::TooLong => {
                "a record has more than 8 million elements, and its columns were left out of the row group"
            }
            Self::TooLarge => {
                "a page takes more than 512 MiB, and its columns were left out of the row group from here on"
            }
        }
    }
}

impl Iterator for Groups {
    type Item = Result<RecordBatch, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// The decoder is not ours: where it panics on damage, only the row group is lost.
fn guarded<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    foreign::decode(work).flatten()
}

/// Fields within fields, at most: whoever takes them apart goes down as deep.
const DEEPEST: usize = 256;

fn refuse_deep(metadata: &ArrowReaderMetadata) -> Result<()> {
    let columns = metadata.parquet_schema().columns().iter();
    let depth = columns.map(|column| column.path().parts().len()).max();
    if depth > Some(DEEPEST) {
        let sentence = "the Parquet schema has fields within fields, deeper than is read";
        return Err(Error::new(ErrorKind::Unsupported, sentence)
            .hint("write the file again with a schema of plain columns"));
    }
    Ok(())
}

fn damaged(error: ParquetError) -> Error {
    Error::new(
        ErrorKind::Malformed,
        "the Parquet file is damaged or truncated",
    )
    .cause(error)
}
