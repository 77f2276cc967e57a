//! How a file is divided, and what of a request is done here.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use locard_connector::document::{Flattener, Parser};
use locard_connector::{
    Error, ErrorKind, Exactness, Honoured, Result, Sample, ScanPlan, ScanRequest, Split,
};

use crate::avro;
use crate::blob::{Blob, io_error};
use crate::compression::Compression;
use crate::csv::{Marks, cut};
use crate::detect::{Detected, detect};
use crate::encoding::Encoding;
use crate::input::{Bytes, Input};
use crate::ipc;
use crate::orc::Orc;
use crate::part::{Format, JsonRecords, Part, Seen};
use crate::row_groups::Footer;
use crate::source::Sizes;
use crate::stream::input;
use crate::unpack;

/// Plans a read of one file; `stop` ends it where it takes long.
pub(crate) fn plan(
    blob: &Arc<dyn Blob>,
    request: &ScanRequest,
    sizes: Sizes,
    stop: &AtomicBool,
) -> Result<ScanPlan> {
    let detected = laid_out(detect(blob, request.path.name())?, request);
    let schema = asked_schema(blob, &detected, request.columns.as_deref())?;
    if let (Some(schema), Some(columns)) = (&schema, &request.columns) {
        known(schema, columns)?;
    }
    let limit = limit(request);
    let mut whole = detected.part();
    whole.limit = limit;
    whole.columns.clone_from(&request.columns);
    whole.places = request.with_keys;
    let pieces = divided(blob, whole, request, sizes, stop)?;
    let splits = pieces
        .into_iter()
        .map(|piece| piece.split(request, blob.version()))
        .collect::<Result<_>>()?;
    let sample = if limit.is_some() || request.sample == Sample::All {
        Exactness::Exact
    } else {
        Exactness::No
    };
    let schema = schema.map(|schema| project(&schema, request.columns.as_deref()));
    Ok(ScanPlan {
        schema,
        splits,
        honoured: Honoured {
            sample,
            ..answers(request)
        },
    })
}

/// As the file is to be read. Where a column is asked for that is none as the text tells it, the file was read by what somebody
/// said of its header, and is read so again.
fn laid_out(detected: Detected, request: &ScanRequest) -> Detected {
    if request.header.is_some() {
        return detected.with_header(request.header);
    }
    let asked = request.columns.iter().flatten();
    let matched = request.matching.iter().map(|matching| &matching.column);
    let asked: Vec<&String> = asked.chain(matched).collect();
    let has_all = |detected: &Detected| match &detected.format {
        Format::Delimited(layout) => asked.iter().all(|name| layout.number(name).is_some()),
        _ => true,
    };
    if has_all(&detected) {
        return detected;
    }
    let mut others = [true, false]
        .into_iter()
        .map(|header| detected.clone().with_header(Some(header)));
    others.find(has_all).unwrap_or(detected)
}

/// The pieces of a file.
fn divided(
    blob: &Arc<dyn Blob>,
    whole: Part,
    request: &ScanRequest,
    sizes: Sizes,
    stop: &AtomicBool,
) -> Result<Vec<Piece>> {
    let (limit, format) = (whole.limit, whole.format.clone());
    Ok(match &format {
        Format::Empty => Vec::new(),
        Format::Parquet(_) => {
            let groups = Footer::read(blob)?.groups();
            grouped(groups, &whole, Format::Parquet, request.max_splits)
        }
        Format::Orc(_) => {
            let stripes = Orc::read(blob)?.groups();
            grouped(stripes, &whole, Format::Orc, request.max_splits)
        }
        _ if limit.is_some() => vec![Piece {
            part: whole,
            rows: limit,
            bytes: Some(blob.size()),
        }],
        _ if request.estimate => rough(blob, &whole, pieces(blob, request, sizes)),
        Format::Delimited(layout) if can_cut(&whole) => byte_ranges(
            blob,
            whole,
            (layout.marks, layout.dropped()),
            pieces(blob, request, sizes),
            stop,
        )?,
        Format::Json(JsonRecords::Lines) if can_cut(&whole) => {
            let marks = Marks {
                delimiter: None,
                quote: None,
                newline: b'\n',
            };
            byte_ranges(blob, whole, (marks, 0), pieces(blob, request, sizes), stop)?
        }
        _ => vec![Piece {
            part: whole,
            rows: None,
            bytes: Some(blob.size()),
        }],
    })
}

/// Nothing is filtered here; what was not asked counts as done.
pub(crate) fn answers(request: &ScanRequest) -> Honoured {
    let done = |asked: bool| {
        if asked {
            Exactness::No
        } else {
            Exactness::Exact
        }
    };
    Honoured {
        matching: done(!request.matching.is_empty()),
        filter: done(request.filter.is_some()),
        sample: Exactness::No,
    }
}

/// How many records are enough; sampling comes after filtering, and filtering is not done here.
fn limit(request: &ScanRequest) -> Option<u64> {
    let filtered = !request.matching.is_empty() || request.filter.is_some();
    match request.sample {
        Sample::First(records) if !filtered => Some(records),
        _ => None,
    }
}

struct Piece {
    part: Part,
    rows: Option<u64>,
    bytes: Option<u64>,
}

impl Piece {
    fn add_group(&mut self, group: usize, rows: u64, bytes: u64) {
        if let Format::Parquet(groups) | Format::Orc(groups) = &mut self.part.format {
            groups.push(group);
        }
        self.rows = self.rows.map(|sum| sum + rows);
        self.bytes = self.bytes.map(|sum| sum + bytes);
    }

    fn split(self, request: &ScanRequest, version: Option<String>) -> Result<Split> {
        let part = serde_json::to_value(&self.part).map_err(|error| {
            Error::new(ErrorKind::Unexpected, "writing down a split").cause(error)
        })?;
        Ok(Split {
            path: request.path.clone(),
            kind: request.kind,
            rows: self.rows,
            bytes: self.bytes,
            version,
            snapshot: None,
            part,
        })
    }
}

fn can_cut(whole: &Part) -> bool {
    whole.compression == Compression::None && whole.encoding == Encoding::Utf8
}

fn pieces(blob: &Arc<dyn Blob>, request: &ScanRequest, sizes: Sizes) -> u64 {
    if blob.is_sequential() {
        return 1;
    }
    (blob.size() / sizes.split_bytes.max(1))
        .min(request.max_splits.get() as u64)
        .max(1)
}

/// As many pieces as [`byte_ranges`] would make, without looking where the records begin.
fn rough(blob: &Arc<dyn Blob>, whole: &Part, pieces: u64) -> Vec<Piece> {
    let is_divided = match &whole.format {
        Format::Delimited(_) | Format::Json(JsonRecords::Lines) => can_cut(whole),
        _ => false,
    };
    let pieces = if is_divided { pieces } else { 1 };
    let piece = |_| Piece {
        part: whole.clone(),
        rows: None,
        bytes: Some(blob.size() / pieces),
    };
    (0..pieces).map(piece).collect()
}

/// Pieces of a text, each beginning with a record.
fn byte_ranges(
    blob: &Arc<dyn Blob>,
    whole: Part,
    (marks, skip): (Marks, u64),
    pieces: u64,
    stop: &AtomicBool,
) -> Result<Vec<Piece>> {
    let single = |part: Part| {
        vec![Piece {
            bytes: Some(blob.size() - part.start),
            part,
            rows: None,
        }]
    };
    if pieces < 2 {
        return Ok(single(whole));
    }
    let cuts = cut(blob.as_ref(), whole.start, pieces, marks, stop)
        .map_err(|error| io_error(error, "dividing the file"))?;
    let Some((cuts, end)) = cuts else {
        return Ok(single(whole));
    };
    let seen = Seen::of(blob.as_ref(), end.offset)
        .map_err(|error| io_error(error, "dividing the file"))?;
    let ends = cuts.iter().skip(1).map(|cut| Some(*cut)).chain([None]);
    let pieces = cuts.iter().zip(ends).map(|(cut, next)| {
        let has_header = cut.offset == whole.start;
        let until = next.unwrap_or(end);
        let header = if has_header { skip } else { 0 };
        let part = Part {
            start: cut.offset,
            end: next.map(|next| next.offset),
            first_row: cut.records.saturating_sub(skip) + 1,
            first_line: cut.lines + 1,
            has_header,
            seen: Some(seen),
            ..whole.clone()
        };
        let rows = (until.records - cut.records).saturating_sub(header);
        Piece {
            part,
            rows: Some(rows),
            bytes: Some(until.offset - cut.offset),
        }
    });
    Ok(pieces.collect())
}

/// Runs of row groups or stripes, of which the records and the bytes are known, of about equal size.
fn grouped(
    groups: Vec<(u64, u64)>,
    whole: &Part,
    format: fn(Vec<usize>) -> Format,
    max_splits: NonZeroUsize,
) -> Vec<Piece> {
    let total: u128 = groups.iter().map(|(_, bytes)| u128::from(*bytes)).sum();
    let most = if whole.limit.is_some() {
        1
    } else {
        max_splits.get() as u128
    };
    let (mut pieces, mut last): (Vec<Piece>, u128) = (Vec::new(), u128::MAX);
    let (mut row, mut before) = (1, 0);
    for (group, (rows, bytes)) in groups.into_iter().enumerate() {
        if whole.limit.is_some_and(|limit| row > limit) {
            break;
        }
        // The share of the file that a group begins in is its piece.
        let share = before * most / total.max(1);
        match pieces.last_mut() {
            Some(piece) if share == last => piece.add_group(group, rows, bytes),
            _ => {
                let part = Part {
                    format: format(vec![group]),
                    first_row: row,
                    ..whole.clone()
                };
                pieces.push(Piece {
                    part,
                    rows: Some(rows),
                    bytes: Some(bytes),
                });
            }
        }
        last = share;
        row += rows;
        before += u128::from(bytes);
    }
    pieces
}

/// The columns, where the file tells them before it is read.
pub(crate) fn schema(blob: &Arc<dyn Blob>, detected: &Detected) -> Result<Option<SchemaRef>> {
    Ok(match &detected.format {
        Format::Delimited(layout) => Some(text_schema(&layout.names)),
        Format::Paragraphs => Some(text_schema(&["text".to_owned()])),
        Format::Parquet(_) => Some(Footer::read(blob)?.schema()),
        Format::Orc(_) => Some(Orc::read(blob)?.schema()),
        Format::Avro => {
            let bytes = Bytes {
                compression: detected.compression,
                encoding: Encoding::Utf8,
                start: 0,
                end: None,
            };
            let input =
                Input::open(blob, bytes).map_err(|error| io_error(error, "opening the file"))?;
            Some(avro::schema(input.into_reader())?)
        }
        Format::Arrow => Some(ipc::schema(blob)?),
        Format::ArrowStream => Some(ipc::stream_schema(blob)?),
        Format::Json(_) | Format::Document(_) => None,
        Format::Empty => Some(text_schema(&[])),
    })
}

/// As [`schema`], and the columns among those asked for that may stand behind a header: only reading tells.
pub(crate) fn asked_schema(
    blob: &Arc<dyn Blob>,
    detected: &Detected,
    columns: Option<&[String]>,
) -> Result<Option<SchemaRef>> {
    let (Format::Delimited(layout), Some(columns)) = (&detected.format, columns) else {
        return schema(blob, detected);
    };
    let is_beyond = |name: &&String| {
        let number = layout.number(name);
        number.is_some_and(|number| number >= layout.width())
    };
    let beyond = columns.iter().filter(is_beyond);
    let names: Vec<String> = layout.names.iter().chain(beyond).cloned().collect();
    Ok(Some(text_schema(&names)))
}

/// The columns that the first records of a document, or the first documents of a JSON file have.
pub(crate) fn sampled_schema(blob: &Arc<dyn Blob>, detected: &Detected) -> Result<SchemaRef> {
    if let Format::Document(name) = &detected.format {
        let part = detected.part();
        let reader = unpack::Reader::open(blob, name, &part, || input(blob, &part))?;
        return unpack::sampled_schema(reader);
    }
    let mut flattener = Flattener::new(None);
    let Format::Json(records) = detected.format else {
        return Ok(text_schema(&[]));
    };
    let mut parser = Parser::new(records.into());
    // The head ends somewhere in a document, and a bad line is met again when the file is read.
    if records == JsonRecords::Lines {
        for line in detected.head.lines() {
            let _ = parser.feed(line, true, &mut flattener);
            parser.reset();
            flattener.abandon();
        }
    } else {
        let _ = parser.feed(&detected.head, false, &mut flattener);
    }
    flattener.abandon();
    let batch = flattener
        .finish()
        .map_err(|error| Error::new(ErrorKind::Unexpected, "building a schema").cause(error))?;
    Ok(batch.schema())
}

fn text_schema(names: &[String]) -> SchemaRef {
    Arc::new(Schema::new(
        names
            .iter()
            .map(|name| Field::new(name, DataType::Utf8View, true))
            .collect::<Vec<_>>(),
    ))
}

pub(crate) fn project(schema: &SchemaRef, columns: Option<&[String]>) -> SchemaRef {
    let Some(columns) = columns else {
        return schema.clone();
    };
    let wanted = schema
        .fields()
        .iter()
        .filter(|field| columns.contains(field.name()));
    Arc::new(Schema::new(wanted.cloned().collect::<Vec<_>>()))
}

/// Refuses a column that does not exist.
pub(crate) fn known(schema: &Schema, columns: &[String]) -> Result<()> {
    match columns
        .iter()
        .find(|column| schema.field_with_name(column).is_err())
    {
        Some(column) => Err(Error::new(
            ErrorKind::NotFound,
            format!("there is no column `{column}`"),
        )),
        None => Ok(()),
    }
}
