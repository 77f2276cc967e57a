//! Files in memory, and a table of what was read from them as plain text.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use futures::StreamExt;
use locard_connector::{Error, ErrorKind, Fault, Result, Sample, ScanPlan, ScanRequest, Source};
use locard_files::{Blob, Blobs, Files, Found, Sizes};
use locard_model::{EntityKind, EntityPath};

/// Files by name.
#[derive(Debug)]
pub(crate) struct Shelf(BTreeMap<String, Arc<[u8]>>);

/// Of one whose name begins with `head` only the beginning can be read. One whose name begins with `changing` is another by the time that it was read, whether longer or not.
#[derive(Debug)]
struct Book {
    bytes: Arc<[u8]>,
    size_later: u64,
    version_later: String,
    readable: u64,
}

impl Book {
    fn new(name: &str, bytes: &Arc<[u8]>) -> Self {
        let size = bytes.len() as u64;
        let (size_later, version_later) = match name.strip_prefix("changing") {
            Some(how) if how.contains("longer") => (size + 100, (size + 100).to_string()),
            Some(_) => (size, "another".to_owned()),
            None => (size, size.to_string()),
        };
        Self {
            bytes: bytes.clone(),
            size_later,
            version_later,
            readable: if name.starts_with("head") {
                512 << 10
            } else {
                u64::MAX
            },
        }
    }
}

impl Blobs for Shelf {
    fn product(&self) -> String {
        "shelf".to_owned()
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn list(&self, _: &globset::GlobSet, each: &mut dyn FnMut(Result<Found>) -> bool) {
        for (name, bytes) in &self.0 {
            let found = Found {
                path: EntityPath::new(name.split('/')),
                size: bytes.len() as u64,
                version: Some(bytes.len().to_string()),
            };
            if !each(Ok(found)) {
                return;
            }
        }
    }

    fn open(&self, path: &EntityPath) -> Result<Arc<dyn Blob>> {
        match self.0.get(&path.resource(EntityKind::File)) {
            Some(bytes) => Ok(Arc::new(Book::new(path.name(), bytes))),
            None => Err(Error::new(ErrorKind::NotFound, "no such file")),
        }
    }

    fn address(&self, path: &EntityPath) -> Option<String> {
        Some(format!("/shelf/{}", path.resource(EntityKind::File)))
    }
}

impl Blob for Book {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn version(&self) -> Option<String> {
        Some(self.bytes.len().to_string())
    }

    fn now(&self) -> Option<(u64, Option<String>)> {
        Some((self.size_later, Some(self.version_later.clone())))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset > self.readable {
            return Err(io::Error::other("nothing is read here"));
        }
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        // Short reads, as networks give them.
        let length = buffer.len().min(rest.len()).min(10_007);
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

/// What one scan gave.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Records by number: `column=value` of every cell that is not null.
    pub(crate) records: BTreeMap<u64, Vec<String>>,
    /// Line of each record.
    pub(crate) lines: BTreeMap<u64, u64>,
    /// Names of the columns in order of appearance.
    pub(crate) columns: Vec<String>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) notes: Vec<Fault>,
    pub(crate) errors: Vec<Error>,
    pub(crate) splits: usize,
}

impl Taken {
    /// The cells of a column in order of records.
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let prefix = format!("{name}=");
        self.records
            .values()
            .map(|cells| {
                cells
                    .iter()
                    .find_map(|cell| cell.strip_prefix(&prefix))
                    .unwrap_or("(null)")
            })
            .collect()
    }

    pub(crate) fn sentences(&self) -> Vec<String> {
        sentences(&self.faults)
    }
}

/// Faults or notes as text.
pub(crate) fn sentences(faults: &[Fault]) -> Vec<String> {
    faults
        .iter()
        .map(|fault| format!("{}: {} ({})", fault.place, fault.sentence, fault.records))
        .collect()
}

/// A file under that name.
pub(crate) fn shelf(name: &str, bytes: impl Into<Vec<u8>>) -> Files<Shelf> {
    shelves([(name, bytes.into())])
}

/// Files under these names.
pub(crate) fn shelves<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Files<Shelf> {
    let files = files.into_iter();
    Files::with_sizes(
        Shelf(
            files
                .map(|(name, bytes)| (name.to_owned(), bytes.into()))
                .collect(),
        ),
        Sizes {
            split_bytes: 1 << 10,
        },
    )
}

/// Everything of one file.
pub(crate) async fn take(name: &str, bytes: impl Into<Vec<u8>>) -> Taken {
    take_with(&shelf(name, bytes), name, |_| {}).await.unwrap()
}

/// One file with a request of one's own.
pub(crate) async fn take_with(
    source: &Files<Shelf>,
    name: &str,
    ask: impl FnOnce(&mut ScanRequest),
) -> Result<Taken> {
    let mut request = ScanRequest::all(EntityPath::new(name.split('/')), EntityKind::File);
    ask(&mut request);
    let plan = source.plan(&request).await?;
    take_planned(source, &plan).await
}

/// What was planned, of these files or of another state of them.
pub(crate) async fn take_planned(source: &Files<Shelf>, plan: &ScanPlan) -> Result<Taken> {
    let mut taken = Taken {
        splits: plan.splits.len(),
        ..Taken::default()
    };
    for split in &plan.splits {
        let mut batches = source.read(split).await?;
        while let Some(batch) = batches.next().await {
            match batch {
                Ok(batch) => add(&mut taken, batch),
                Err(error) => taken.errors.push(error),
            }
        }
    }
    Ok(taken)
}

/// Divided into at most so many splits.
pub(crate) fn divided(splits: usize) -> impl FnOnce(&mut ScanRequest) {
    move |request| request.max_splits = NonZeroUsize::new(splits).unwrap()
}

/// Only the first records.
pub(crate) fn first(records: u64) -> impl FnOnce(&mut ScanRequest) {
    move |request| request.sample = Sample::First(records)
}

fn add(taken: &mut Taken, batch: locard_connector::Batch) {
    // Records of a table of many files have no number.
    let start = batch.first_row.unwrap_or(taken.records.len() as u64 + 1);
    assert!(start > 0);
    let schema = batch.records.schema();
    for field in schema.fields() {
        if !taken.columns.contains(field.name()) {
            taken.columns.push(field.name().clone());
        }
    }
    for row in 0..batch.records.num_rows() {
        let cells = schema.fields().iter().zip(batch.records.columns());
        let cells = cells
            .filter(|(_, array)| array.is_valid(row))
            .map(|(field, array)| format!("{}={}", field.name(), text(array, row)));
        let number = start + row as u64;
        assert!(
            taken.records.insert(number, cells.collect()).is_none(),
            "record {number} came twice"
        );
        if let Some(line) = batch.lines.get(row) {
            taken.lines.insert(number, *line);
        }
    }
    taken.faults.extend(batch.faults);
    taken.notes.extend(batch.notes);
}

fn text(array: &ArrayRef, row: usize) -> String {
    if let DataType::List(_) = array.data_type() {
        let values = array.as_list::<i32>().value(row);
        return (0..values.len())
            .map(|at| text(&values, at))
            .collect::<Vec<_>>()
            .join("|");
    }
    ArrayFormatter::try_new(array, &FormatOptions::default())
        .unwrap()
        .value(row)
        .to_string()
}
