//! Records as batches.

use std::collections::VecDeque;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_avro::reader::Decoder;
use arrow_schema::Schema;
use locard_connector::{Error, Result};
use locard_model::foreign;

use super::blocks::{Block, Blocks};
use super::shape::{Stop, Walk};
use super::{Header, PREFIX};
use crate::columnar::{Broken, ELEMENTS, MOST_ELEMENTS, ROWS};

/// A batch is full with so many bytes, however few records it has.
const BYTES: usize = 16 << 20;

/// The batches of an Avro file.
pub(crate) struct Records<R> {
    blocks: Blocks<R>,
    header: Header,
    decoder: Option<Decoder>,
    block: Option<Block>,
    gathered: Gathered,
    /// What is to be given next.
    ahead: VecDeque<Result<RecordBatch, Broken>>,
    /// How often halves are still tried.
    patience: u32,
    ended: bool,
}

/// So often halves of what cannot be decoded are tried in one file: a file of nothing but damage comes to an end too.
const PATIENCE: u32 = 1_000;

/// Records that wait to be decoded together, as the decoder wants them.
#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    cells: u64,
}

impl Gathered {
    fn add(&mut self, record: &[u8], cells: u64) {
        self.bytes.extend_from_slice(&PREFIX);
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
        self.cells += cells;
    }

    fn is_full(&self) -> bool {
        self.ends.len() >= ROWS || self.cells >= ELEMENTS || self.bytes.len() >= BYTES
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.cells = 0;
    }

    fn bytes_of(&self, records: &Range<usize>) -> &[u8] {
        let start = records
            .start
            .checked_sub(1)
            .map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[records.end - 1]]
    }
}

impl<R: Read + 'static> Records<R> {
    pub(super) fn new(blocks: Blocks<R>, header: Header, decoder: Decoder) -> Self {
        Self {
            blocks,
            header,
            decoder: Some(decoder),
            block: None,
            gathered: Gathered::default(),
            ahead: VecDeque::new(),
            patience: PATIENCE,
            ended: false,
        }
    }

    /// Reads on until there is something to give, or a block is at its end.
    fn step(&mut self) {
        let Some(mut block) = self.block.take() else {
            match self.blocks.open() {
                Ok(Some(block)) => self.block = Some(block),
                Ok(None) => {
                    self.decode();
                    self.ended = true;
                }
                Err(error) => self.end(error),
            }
            return;
        };
        let gathering = if self.header.shape.is_nothing {
            self.empty(&mut block)
        } else {
            self.gather(&mut block)
        };
        match gathering {
            Gathering::Full => {
                self.decode();
                self.block = Some(block);
            }
            Gathering::Done => self.close(&block, None),
            Gathering::Broken(sentence) => self.close(&block, Some(sentence)),
        }
    }

    /// Takes records of a block until enough are there.
    fn gather(&mut self, block: &mut Block) -> Gathering {
        while block.records > 0 {
            if self.gathered.is_full() {
                return Gathering::Full;
            }
            let mut walk = Walk::new(block.rest());
            match walk.record(&self.header.shape) {
                Ok(()) => {
                    let (length, cells) = (walk.at, walk.cells);
                    self.gathered.add(&block.rest()[..length], cells);
                    block.pass(length);
                    block.records -= 1;
                }
                Err(Stop::Short) if !block.ended => block.more(),
                Err(stop) => return Gathering::Broken(reason(stop, block.is_damaged)),
            }
        }
        end(block)
    }

    /// Records without a byte: only their number is known.
    fn empty(&mut self, block: &mut Block) -> Gathering {
        if block.records > MOST_ELEMENTS {
            return Gathering::Broken("a block says that it has more empty records than are read");
        }
        self.decode();
        while block.records > 0 {
            let rows = block.records.min(ROWS as u64);
            let options = RecordBatchOptions::new().with_row_count(Some(rows as usize));
            let schema = Arc::new(Schema::empty());
            if let Ok(batch) = RecordBatch::try_new_with_options(schema, Vec::new(), &options) {
                self.ahead.push_back(Ok(batch));
            }
            block.records -= rows;
        }
        end(block)
    }

    /// Leaves a block, and tells what was lost of it. Where reading ends with it, that is told.
    fn close(&mut self, block: &Block, lost: Option<&'static str>) {
        match (self.blocks.close(), lost) {
            (Ok(()), None) => {}
            (Ok(()), Some(sentence)) => {
                self.decode();
                // The number may be what is damaged; a record takes a byte.
                let records = block.records.min(block.size).max(1);
                self.ahead
                    .push_back(Err(Broken::Lost { sentence, records }));
            }
            (Err(error), _) => self.end(error),
        }
    }

    fn end(&mut self, error: Error) {
        self.decode();
        self.ahead.push_back(Err(Broken::End(error)));
        self.ended = true;
    }

    /// Decodes what was gathered. Where that fails, halves of it are tried, so that one damaged value costs one record.
    fn decode(&mut self) {
        let mut gathered = std::mem::take(&mut self.gathered);
        let mut open: Vec<Range<usize>> = Vec::new();
        if !gathered.ends.is_empty() {
            open.push(0..gathered.ends.len());
        }
        while let Some(records) = open.pop() {
            if let Some(batch) = self.decoded(&gathered, &records) {
                self.ahead.push_back(Ok(batch));
            } else if records.len() > 1 && self.patience > 0 {
                self.patience -= 1;
                let middle = records.start + records.len() / 2;
                open.extend([middle..records.end, records.start..middle]);
            } else {
                self.ahead.push_back(Err(Broken::Lost {
                    sentence: "values of a record are damaged",
                    records: records.len() as u64,
                }));
            }
        }
        gathered.clear();
        self.gathered = gathered;
    }

    /// A decoder that failed holds part of a record, so it is not used again.
    fn decoded(&mut self, gathered: &Gathered, records: &Range<usize>) -> Option<RecordBatch> {
        let decoder = self.decoder.take();
        let mut decoder = decoder.or_else(|| self.header.decoder().ok())?;
        let bytes = gathered.bytes_of(records);
        let batch = foreign::decode(|| {
            let used = decoder.decode(bytes).ok()?;
            let batch = decoder.flush().ok()??;
            (used == bytes.len() && batch.num_rows() == records.len()).then_some(batch)
        });
        let batch = batch.flatten()?;
        self.decoder = Some(decoder);
        Some(batch)
    }
}

impl<R: Read + 'static> Iterator for Records<R> {
    type Item = Result<RecordBatch, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ahead.is_empty() && !self.ended {
            self.step();
        }
        self.ahead.pop_front()
    }
}

/// How far a block was used.
enum Gathering {
    /// Enough records are there; there may be more in it.
    Full,
    /// All that it has was used.
    Done,
    /// The rest of it is lost, for this reason.
    Broken(&'static str),
}

/// Whether a block ends behind its last record.
fn end(block: &mut Block) -> Gathering {
    while block.rest().is_empty() && !block.ended {
        block.more();
    }
    if !block.rest().is_empty() {
        Gathering::Broken("a block has more in it than the records that it tells of")
    } else if block.is_damaged {
        Gathering::Broken(UNPACKED)
    } else {
        Gathering::Done
    }
}

const UNPACKED: &str = "a block cannot be decompressed to its end";

fn reason(stop: Stop, is_damaged: bool) -> &'static str {
    match stop {
        Stop::Short if is_damaged => UNPACKED,
        Stop::Short => "a block ends before its last record",
        Stop::Wrong => "a record is damaged, and what follows in its block was left out",
        Stop::TooLarge => {
            "a record is longer than 64 MiB or has more than 8 million elements, and what follows in its block was left out"
        }
    }
}
