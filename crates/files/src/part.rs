//! What a split carries: enough to read the piece without looking at the rest of the file.

use std::io;

use locard_connector::Fault;
use locard_connector::document::Records;
use serde::{Deserialize, Serialize};

use crate::blob::{Blob, read_exact};
use crate::compression::Compression;
use crate::csv::Layout;
use crate::encoding::Encoding;

/// How a file is to be read; becomes [`Split::part`](locard_connector::Split::part).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) encoding: Encoding,
    /// First byte, behind a byte-order mark.
    pub(crate) start: u64,
    /// End of a piece that does not go to the end of the file.
    pub(crate) end: Option<u64>,
    /// Number of the first record.
    pub(crate) first_row: u64,
    /// Line on which the piece begins.
    pub(crate) first_line: u64,
    /// Whether what stands before the first record of data is part of the piece.
    pub(crate) has_header: bool,
    /// At most so many records.
    pub(crate) limit: Option<u64>,
    /// Only these columns.
    pub(crate) columns: Option<Vec<String>>,
    /// The text that was divided, where the piece has neighbours.
    #[serde(default)]
    pub(crate) seen: Option<Seen>,
    /// Where records stand is wanted in columns of its own, where there is more to say than a number.
    #[serde(default)]
    pub(crate) places: bool,
}

/// A text as it was when it was divided: enough to know it again behind which more was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    size: u64,
    /// Checksum of its first and its last bytes.
    ends: u32,
}

/// So much of each end is compared. A file that was written anew differs in one of them.
const COMPARED: u64 = 4 << 10;

impl Seen {
    /// The first `size` bytes of a file.
    pub(crate) fn of(blob: &dyn Blob, size: u64) -> io::Result<Self> {
        let length = COMPARED.min(size);
        let mut sum = flate2::Crc::new();
        for start in [0, size - length] {
            sum.update(&read_exact(blob, start, length as usize)?);
        }
        let ends = sum.sum();
        Ok(Self { size, ends })
    }
}

impl Part {
    /// What is to be told where a file is no longer as it was when it was opened. What was written behind a piece does
    /// not matter to it.
    pub(crate) fn change(&self, blob: &dyn Blob) -> Option<Fault> {
        let (size, version) = blob.now()?;
        if version == blob.version() {
            return None;
        }
        let grew = |seen: Seen| size > seen.size && Seen::of(blob, seen.size).ok() == Some(seen);
        if self.end.is_some() && self.seen.is_some_and(grew) {
            return None;
        }
        Some(Fault {
            sentence: "the file changed while it was read; what was read may be of either state"
                .to_owned(),
            place: String::new(),
            records: 0,
        })
    }

    /// The same piece of a file that only grew since it was divided, with what is to be told; `None` if it changed
    /// in another way.
    pub(crate) fn of_grown(mut self, blob: &dyn Blob) -> Option<(Self, Option<Fault>)> {
        let seen = self.seen?;
        if blob.size() <= seen.size || Seen::of(blob, seen.size).ok()? != seen {
            return None;
        }
        // The last piece had no end, so it alone tells.
        let fault = self.end.is_none().then(|| Fault {
            sentence: "the file grew while it was read; what came later is not in this scan"
                .to_owned(),
            place: format!("byte {}", seen.size),
            records: 0,
        });
        self.end = self.end.or(Some(seen.size));
        Some((self, fault))
    }
}

/// What the bytes mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// CSV and its kin; plain text by lines.
    Delimited(Layout),
    /// Plain text by paragraphs.
    Paragraphs,
    /// JSON documents.
    Json(JsonRecords),
    /// Parquet, with the row groups of the piece.
    Parquet(Vec<usize>),
    /// ORC, with the stripes of the piece.
    Orc(Vec<usize>),
    /// Avro.
    Avro,
    /// Arrow IPC.
    Arrow,
    /// Arrow IPC without a footer.
    ArrowStream,
    /// A document of the format of that name.
    Document(String),
    /// A file without a byte.
    Empty,
}

/// What the records of a JSON file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JsonRecords {
    /// One document a line.
    Lines,
    /// Documents one after the other, or the elements of a list.
    Documents,
    /// The elements of lists in a document.
    Wrapped,
}

impl From<JsonRecords> for Records {
    fn from(records: JsonRecords) -> Self {
        match records {
            JsonRecords::Lines => Self::Documents,
            JsonRecords::Documents => Self::Elements,
            JsonRecords::Wrapped => Self::Wrapped,
        }
    }
}
