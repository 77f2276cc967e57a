//! Reading a table that is many files: pieces that hold many of them, or few large ones.
//!
//! The one thing a reader gets wrong: what a file is, is found out when it is read and not when it is planned, since
//! planning would ask for every file once more. One that cannot be read costs only itself.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Error, ErrorKind, Exactness, Fault, Honoured, Result, Sample, ScanPlan, ScanRequest,
    Split,
};
use locard_model::{EntityKind, EntityPath};
use serde::{Deserialize, Serialize};

use crate::blob::{Blobs, Found};
use crate::columnar;
use crate::detect::detect;
use crate::partitions::{folder, table, values};
use crate::plan::{answers, known, project, schema};
use crate::source::{self, open, whole_part};
use crate::stream::{AHEAD, all, blocking};

/// Files that are looked into for the columns of the table, at most: the first may be the damaged one.
const LOOKED_INTO: usize = 4;

/// Names the file of a record, where keys are wanted.
const FILE: &str = "file";

/// What a split of a table carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Members {
    /// Paths below the folder that the partitions are in.
    files: Vec<String>,
    columns: Option<Vec<String>>,
    with_keys: bool,
    /// Whether the first record of each names the columns, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<bool>,
}

/// The files of a table, as they are now.
fn files<B: Blobs>(blobs: &B, path: &EntityPath) -> Result<Vec<Found>> {
    let (mut files, mut failed) = (Vec::new(), None);
    blobs.below(&folder(path), &mut |found| {
        match found {
            Ok(found) if table(&found.path).as_ref() == Some(path) => files.push(found),
            Ok(_) => {}
            // What has a name is told by the listing of the source; what has none ended this one.
            Err(error) if error.entity_name().is_some() => {}
            Err(error) => failed = Some(error),
        }
        true
    });
    match failed {
        Some(error) => Err(error),
        None if files.is_empty() => Err(Error::new(
            ErrorKind::NotFound,
            "none of its files exists (any more)",
        )),
        None => Ok(files),
    }
}

/// The columns of the table: those of a file that can be read, then the folders'.
pub(crate) fn described<B: Blobs>(blobs: &B, path: &EntityPath) -> Result<SchemaRef> {
    let files = files(blobs, path)?;
    first(&files, |file| source::described(blobs, &file.path))
        .map(|schema| with_folders(&schema, path))
}

/// The columns, as far as a file tells them before it is read.
fn planned<B: Blobs>(
    blobs: &B,
    path: &EntityPath,
    files: &[Found],
    header: Option<bool>,
) -> Result<Option<SchemaRef>> {
    let columns = first(files, |file| {
        let blob = open(blobs, &file.path)?;
        schema(&blob, &detect(&blob, file.path.name())?.with_header(header))
    });
    Ok(columns?.map(|schema| with_folders(&schema, path)))
}

/// What the first file answers of which something can be had.
fn first<T>(files: &[Found], ask: impl Fn(&Found) -> Result<T>) -> Result<T> {
    let mut answer = Err(Error::new(ErrorKind::NotFound, "it has no files"));
    for file in files.iter().take(LOOKED_INTO) {
        answer = ask(file);
        if answer.is_ok() {
            break;
        }
    }
    answer
}

fn with_folders(schema: &Schema, path: &EntityPath) -> SchemaRef {
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    for (key, _) in values(path) {
        if schema.field_with_name(&key).is_err() {
            fields.push(Arc::new(Field::new(key, DataType::Utf8View, true)));
        }
    }
    Arc::new(Schema::new(fields))
}

/// Plans a read of a table: its files, in order, in as many splits of about equal size as are wanted.
pub(crate) fn plan<B: Blobs>(blobs: &B, request: &ScanRequest) -> Result<ScanPlan> {
    let files = files(blobs, &request.path)?;
    // A table whose first files are damaged is read all the same, and columns that they lack may be in others.
    let has_all = |schema: &SchemaRef| {
        let wanted = request.columns.as_deref().unwrap_or_default();
        known(schema, wanted).is_ok()
    };
    let planned = |header| planned(blobs, &request.path, &files, header).ok().flatten();
    let mut header = request.header;
    let told = planned(header);
    let lacks = told.as_ref().is_some_and(|schema| !has_all(schema));
    let mut schema = told.filter(has_all);
    if lacks && header.is_none() {
        // It may have been read by what somebody said of its header.
        let mut said = [Some(true), Some(false)].into_iter();
        let found = said.find_map(|said| Some((said, planned(said).filter(has_all)?)));
        if let Some((said, found)) = found {
            (header, schema) = (said, Some(found));
        }
    }
    let below = folder(&request.path).segments().len();
    let splits = shares(files, request.max_splits.get())
        .into_iter()
        .map(|files| {
            let members = Members {
                files: files
                    .iter()
                    .map(|file| file.path.segments()[below..].join("/"))
                    .collect(),
                columns: request.columns.clone(),
                with_keys: request.with_keys,
                header,
            };
            let part = serde_json::to_value(&members).map_err(|error| {
                Error::new(ErrorKind::Unexpected, "writing down a split").cause(error)
            })?;
            Ok(Split {
                path: request.path.clone(),
                kind: request.kind,
                rows: None,
                bytes: Some(files.iter().map(|file| file.size).sum()),
                version: version(&files),
                snapshot: None,
                part,
            })
        });
    let sample = if request.sample == Sample::All {
        Exactness::Exact
    } else {
        Exactness::No
    };
    Ok(ScanPlan {
        schema: schema.map(|schema| project(&schema, request.columns.as_deref())),
        splits: splits.collect::<Result<_>>()?,
        honoured: Honoured {
            sample,
            ..answers(request)
        },
    })
}

/// Runs of files; the share of the bytes that a file begins in is its split.
fn shares(files: Vec<Found>, most: usize) -> Vec<Vec<Found>> {
    let total: u128 = files.iter().map(|file| u128::from(file.size)).sum();
    let (mut shares, mut last, mut before): (Vec<Vec<Found>>, _, u128) = (Vec::new(), u128::MAX, 0);
    for file in files {
        let share = (before * most as u128 / total.max(1)).min(most as u128 - 1);
        before += u128::from(file.size);
        match shares.last_mut() {
            Some(files) if share == last => files.push(file),
            _ => shares.push(vec![file]),
        }
        last = share;
    }
    shares
}

/// Tells one state of some files from another.
fn version(files: &[Found]) -> Option<String> {
    let mut sum = xxhash_rust::xxh3::Xxh3::new();
    for file in files {
        for part in [file.path.name(), file.version.as_deref()?] {
            sum.update(part.as_bytes());
            sum.update(&[0]);
        }
    }
    Some(format!("{:016x}", sum.digest()))
}

/// The batches of a split of a table.
pub(crate) fn batches<B: Blobs>(
    blobs: Arc<B>,
    path: EntityPath,
    members: Members,
) -> BoxStream<'static, Result<Batch>> {
    let resource = path.resource(EntityKind::File);
    blocking(AHEAD, move |send| {
        let folder = folder(&path);
        for file in &members.files {
            let above = folder.segments().iter().cloned();
            let member = Member {
                path: EntityPath::new(above.chain(file.split('/').map(str::to_owned))),
                file,
                members: &members,
            };
            let failed = match member.read(blobs.as_ref(), send) {
                Ok(true) => continue,
                Ok(false) => return,
                Err(error) => error,
            };
            let going_on = if ends_all(&failed) {
                send(Err(failed.entity(&resource).place(file)));
                false
            } else {
                send(Ok(columnar::alone(lost(&failed, file))))
            };
            if !going_on {
                return;
            }
        }
    })
}

/// Whether the other files would fail too, or trying again may help.
fn ends_all(error: &Error) -> bool {
    let kinds = [
        ErrorKind::Unreachable,
        ErrorKind::Unauthenticated,
        ErrorKind::Throttled,
        ErrorKind::Settings,
    ];
    error.is_retryable() || kinds.contains(&error.kind())
}

/// A file that could not be read, or not to its end. How many records are missing nobody knows, so the least is told:
/// with none, a look-up would take the table for searched.
fn lost(error: &Error, file: &str) -> Fault {
    Fault {
        sentence: error.sentence().to_owned(),
        place: within(file, error.place_name().unwrap_or_default()),
        records: 1,
    }
}

/// A place in a file of the table.
fn within(file: &str, place: &str) -> String {
    if place.is_empty() {
        file.to_owned()
    } else {
        format!("{file}, {place}")
    }
}

/// One file of a table.
struct Member<'a> {
    path: EntityPath,
    /// Its path below the table's folder.
    file: &'a str,
    members: &'a Members,
}

impl Member<'_> {
    /// Sends its batches; whether more are wanted.
    fn read<B: Blobs>(
        &self,
        blobs: &B,
        send: &mut dyn FnMut(Result<Batch>) -> bool,
    ) -> Result<bool> {
        let blob = open(blobs, &self.path)?;
        let mut part = whole_part(&blob, self.path.name(), self.members.header)?;
        part.columns.clone_from(&self.members.columns);
        all((blob, part, None), &mut |batch| {
            send(batch.and_then(|batch| self.placed(batch)))
        })
    }

    /// A batch of the file as one of the table.
    fn placed(&self, batch: Batch) -> Result<Batch> {
        let schema = batch.records.schema();
        let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
        let mut columns = batch.records.columns().to_vec();
        let mut add = |name: String, column: StringViewArray| {
            if schema.field_with_name(&name).is_err() {
                fields.push(Arc::new(Field::new(name, DataType::Utf8View, true)));
                columns.push(Arc::new(column) as ArrayRef);
            }
        };
        let rows = batch.records.num_rows();
        let wanted = |name: &String| {
            self.members
                .columns
                .as_ref()
                .is_none_or(|columns| columns.contains(name))
        };
        for (key, value) in values(&self.path)
            .into_iter()
            .filter(|(key, _)| wanted(key))
        {
            add(key, std::iter::repeat_n(value.as_deref(), rows).collect());
        }
        if self.members.with_keys {
            add(
                FILE.to_owned(),
                std::iter::repeat_n(Some(self.file), rows).collect(),
            );
            if let Some((name, numbers)) = numbers(&batch) {
                add(name.to_owned(), numbers);
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let records =
            RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
                .map_err(|error| {
                    Error::new(ErrorKind::Unexpected, "building a batch").cause(error)
                })?;
        let mut placed = Batch::new(records);
        (placed.faults, placed.notes) = (batch.faults, batch.notes);
        for fault in placed.faults.iter_mut().chain(&mut placed.notes) {
            fault.place = within(self.file, &fault.place);
        }
        Ok(placed)
    }
}

/// Where the records stand in their file.
fn numbers(batch: &Batch) -> Option<(&'static str, StringViewArray)> {
    if !batch.lines.is_empty() {
        let lines = batch.lines.iter().map(|line| Some(line.to_string()));
        return Some(("line", lines.collect()));
    }
    let first = batch.first_row?;
    let rows = (first..).take(batch.records.num_rows());
    Some(("row", rows.map(|row| Some(row.to_string())).collect()))
}
