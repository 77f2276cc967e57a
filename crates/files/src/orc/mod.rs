//! ORC.
//!
//! The one thing a reader gets wrong: a file claims what it likes, of its blocks, its dictionaries and the lengths of its
//! lists, and a claim must take no memory. Everything that is held is counted ([`bytes::Memory`]), and a stripe that is
//! damaged or takes too much is left out by itself; columns in it that can be decoded are read on.

mod bytes;
mod column;
mod runs;
mod stripe;
mod tail;
mod time;
mod wire;

use std::io;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{FieldRef, Schema, SchemaRef};
use locard_connector::{Error, ErrorKind, Result};
use locard_model::foreign;

use crate::blob::{Blob, io_error};
use crate::columnar::{Broken, ROWS, wanted};
use crate::flatten::flat_schema;
use bytes::Memory;
use column::Column;
use stripe::Streams;
use tail::{Node, Tail};

/// What the values of one batch take, at most.
const BATCH: u64 = 512 << 20;

/// What the values of a batch should take, about, where the records of a stripe are long.
const BATCH_READ: u64 = 8 << 20;

/// Why something cannot be read.
#[derive(Debug)]
enum Why {
    Damaged,
    /// It takes more memory than is given to a stripe or a batch.
    TooLarge,
    /// What it is, and is not read.
    Unread(&'static str),
    /// The place of the file did not answer.
    Io(io::Error),
}

impl From<Why> for Error {
    fn from(why: Why) -> Self {
        match why {
            Why::Damaged => Self::new(ErrorKind::Malformed, "the ORC file is damaged or truncated"),
            Why::TooLarge => Self::new(
                ErrorKind::Unsupported,
                "the ORC file's descriptions take more memory than is given to them",
            ),
            Why::Unread(what) => {
                Self::new(ErrorKind::Unsupported, format!("{what}: it is not read"))
                    .hint("write it again without, or as Parquet")
            }
            Why::Io(error) => io_error(error, "reading the file"),
        }
    }
}

/// The end of an ORC file, which tells what is in it.
pub(crate) struct Orc {
    blob: Arc<dyn Blob>,
    tail: Tail,
}

impl Orc {
    pub(crate) fn read(blob: &Arc<dyn Blob>) -> Result<Self> {
        let tail = Tail::read(blob)?;
        Ok(Self {
            blob: blob.clone(),
            tail,
        })
    }

    /// The flat schema.
    pub(crate) fn schema(&self) -> SchemaRef {
        let fields: Vec<FieldRef> = self.tail.columns.iter().map(Node::field).collect();
        flat_schema(&Schema::new(fields))
    }

    /// Records and bytes of each stripe.
    pub(crate) fn groups(&self) -> Vec<(u64, u64)> {
        let stripes = self.tail.stripes.iter();
        stripes.map(|it| (it.records, it.size())).collect()
    }

    /// Reads some stripes; only what the columns need is decoded.
    pub(crate) fn open(self, stripes: Vec<usize>, columns: Option<&[String]>) -> Result<Stripes> {
        if stripes.iter().any(|at| *at >= self.tail.stripes.len()) {
            return Err(Error::new(
                ErrorKind::Malformed,
                "the file has fewer stripes than when it was planned",
            ));
        }
        let all = self.tail.columns.iter().enumerate();
        let chosen = all.filter(|(_, node)| wanted(&node.name, columns));
        Ok(Stripes {
            chosen: chosen.map(|(at, _)| at).collect(),
            orc: self,
            ahead: stripes.into_iter(),
            opened: None,
            pending: None,
        })
    }
}

/// The batches of stripes, each stripe read by itself.
pub(crate) struct Stripes {
    orc: Orc,
    /// The columns that are to be read.
    chosen: Vec<usize>,
    ahead: std::vec::IntoIter<usize>,
    opened: Option<Open>,
    /// A batch that comes after something was told.
    pending: Option<RecordBatch>,
}

/// The stripe that is read.
struct Open {
    /// With the place of each among the columns.
    columns: Vec<(usize, Column)>,
    /// Records that are left.
    left: u64,
    /// Records of a batch.
    rows: u64,
}

impl Stripes {
    fn open(&self, stripe: usize) -> Result<Open, Why> {
        let tail = &self.orc.tail;
        let stripe = *tail.stripes.get(stripe).ok_or(Why::Damaged)?;
        let streams = Streams::read(&self.orc.blob, tail.compression, stripe)?;
        let columns = self.chosen.iter().map(|at| {
            let node = tail.columns.get(*at).ok_or(Why::Damaged)?;
            Ok((*at, Column::open(node, &streams)?))
        });
        let of_a_record = stripe.data.checked_div(stripe.records).unwrap_or(1);
        Ok(Open {
            columns: columns.collect::<Result<_, Why>>()?,
            left: stripe.records,
            rows: (BATCH_READ / of_a_record.max(1)).clamp(16, ROWS as u64),
        })
    }

    fn step(&mut self) -> Result<Option<RecordBatch>, Broken> {
        if let Some(batch) = self.pending.take() {
            return Ok(Some(batch));
        }
        loop {
            if let Some(open) = self.opened.take()
                && open.left > 0
            {
                return self.batch(open).map(Some);
            }
            let Some(stripe) = self.ahead.next() else {
                return Ok(None);
            };
            // The decoders are not all ours.
            let opened = foreign::decode(|| self.open(stripe)).unwrap_or(Err(Why::Damaged));
            let records = self.orc.tail.stripes.get(stripe).map_or(0, |it| it.records);
            self.opened = Some(opened.map_err(|why| lost(why, records))?);
        }
    }

    /// The next batch of a stripe. Columns that cannot be decoded are told first, and no longer read in it.
    fn batch(&mut self, mut open: Open) -> Result<RecordBatch, Broken> {
        let rows = open.left.min(open.rows) as usize;
        let memory = Memory::new(BATCH);
        let (mut arrays, mut sound, mut bad, mut why) = (Vec::new(), Vec::new(), Vec::new(), None);
        for (at, mut column) in open.columns {
            let decoded = foreign::decode(|| column.decode(rows, &memory));
            match decoded.unwrap_or(Err(Why::Damaged)) {
                Ok(array) => {
                    arrays.push((at, array));
                    sound.push((at, column));
                }
                Err(Why::Io(error)) => return Err(lost(Why::Io(error), open.left)),
                Err(reason) => {
                    bad.extend(self.orc.tail.columns.get(at).map(|node| node.name.clone()));
                    why.get_or_insert(reason);
                }
            }
        }
        if let Some(why) = &why
            && sound.is_empty()
        {
            return Err(Broken::Lost {
                sentence: why.of_all(),
                records: open.left,
            });
        }
        let batch = self.put_together(arrays, rows)?;
        let left = open.left;
        open.columns = sound;
        open.left -= rows as u64;
        self.opened = Some(open);
        let Some(why) = why else {
            return Ok(batch);
        };
        self.pending = Some(batch);
        Err(Broken::Columns {
            sentence: why.of_columns(),
            columns: bad,
            records: left,
        })
    }

    fn put_together(
        &self,
        arrays: Vec<(usize, ArrayRef)>,
        rows: usize,
    ) -> Result<RecordBatch, Broken> {
        let columns = &self.orc.tail.columns;
        let fields = arrays.iter().filter_map(|(at, _)| columns.get(*at));
        let fields: Vec<FieldRef> = fields.map(Node::field).collect();
        let arrays = arrays.into_iter().map(|(_, array)| array).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(|_| Broken::End(Why::Damaged.into()))
    }
}

impl Why {
    fn of_all(&self) -> &'static str {
        match self {
            Self::TooLarge => {
                "a stripe takes more memory than is given to it, and was left out from here on"
            }
            _ => "a stripe is damaged and was left out from here on",
        }
    }

    fn of_columns(&self) -> &'static str {
        match self {
            Self::TooLarge => {
                "columns take more memory than is given to a stripe and were left out of it from here on"
            }
            _ => "columns are damaged in a stripe and were left out of it from here on",
        }
    }
}

fn lost(why: Why, records: u64) -> Broken {
    match why {
        Why::Io(error) => Broken::End(io_error(error, "reading the file")),
        why => Broken::Lost {
            sentence: why.of_all(),
            records,
        },
    }
}

impl Iterator for Stripes {
    type Item = Result<RecordBatch, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
