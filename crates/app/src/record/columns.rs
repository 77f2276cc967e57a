//! Columns as rows, and back: their names, and their sketches over a piece or the whole entity.

use std::collections::{HashMap, HashSet};

use arrow_schema::DataType;
use locard_engine::{Error, JudgedColumn, PieceOutline, Planned, ScannedColumn};
use locard_identify::Evidence;
use locard_model::{ColumnId, EntityId, PieceId};
use locard_profile::{ColumnSketch, Extremes};
use locard_sketch::forms;
use locard_store::{Column, ColumnHead, ColumnRecord, PieceColumn, PieceHead, PiecePart};

use crate::record::summary::ColumnSummary;

/// Type of a column that was derived from documents inside the cells of another.
const DERIVED: &str = "document field";

/// Adds the columns that are not among `known`.
pub(crate) fn add_columns(planned: &Planned, columns: &[ScannedColumn], known: &mut Vec<Column>) {
    let columns = columns.iter().map(|column| {
        (
            column.name.as_str(),
            column.within.is_some(),
            &column.data_type,
        )
    });
    add(planned, columns, known);
}

/// The same of columns that were judged.
pub(crate) fn add_judged(planned: &Planned, columns: &[JudgedColumn], known: &mut Vec<Column>) {
    let columns = columns.iter().map(|column| {
        (
            column.name.as_str(),
            column.within.is_some(),
            &column.data_type,
        )
    });
    add(planned, columns, known);
}

fn add<'a>(
    planned: &Planned,
    columns: impl Iterator<Item = (&'a str, bool, &'a DataType)>,
    known: &mut Vec<Column>,
) {
    let shown = &planned.shown;
    let mut ids: HashSet<ColumnId> = known.iter().map(|column| column.id).collect();
    for (name, derived, data_type) in columns {
        let id = ColumnId::derive(shown.entity, name);
        if ids.insert(id) {
            known.push(Column {
                id,
                entity: shown.entity,
                source: shown.source,
                ordinal: known.len() as u32,
                path: name.to_owned(),
                data_type: if derived {
                    DERIVED.to_owned()
                } else {
                    data_type.to_string()
                },
                comment: comment(planned, name),
                gone_at: None,
            });
        }
    }
}

/// The source's own comment on a column.
fn comment(planned: &Planned, column: &str) -> Option<String> {
    let name = column.strip_suffix("[]").unwrap_or(column);
    let field = planned.schema.as_ref()?.field_with_name(name).ok()?;
    field.metadata().get("comment").cloned()
}

/// The column that holds the documents from which this one was derived, if it was.
pub fn within<'a>(column: &Column, all: &'a [Column]) -> Option<&'a Column> {
    if column.data_type != DERIVED {
        return None;
    }
    let holds = |other: &&Column| {
        let rest = column.path.strip_prefix(other.path.as_str());
        other.data_type != DERIVED && rest.is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    all.iter()
        .filter(holds)
        .max_by_key(|other| other.path.len())
}

/// One piece's columns as rows.
pub(crate) fn piece_rows(entity: EntityId, columns: &[ScannedColumn]) -> Vec<PieceColumn> {
    let row = |column: &ScannedColumn| PieceColumn {
        column: ColumnId::derive(entity, &column.name),
        key: column.sketch.key(),
        forms: u32::from(forms::FORMS_VERSION),
        sketch: column.sketch.encode(),
        evidence: column.evidence.encode(),
        extremes: column.sketch.extremes().map(Extremes::encode),
    };
    columns.iter().map(row).collect()
}

/// Columns of several pieces put together, as rows. Their extremes stand with the conclusion.
pub(crate) fn merged_rows(entity: EntityId, columns: &[ScannedColumn]) -> Vec<PieceColumn> {
    let mut rows = piece_rows(entity, columns);
    for row in &mut rows {
        row.extremes = None;
    }
    rows
}

/// Whether the bytes of a piece are those that were written.
pub(crate) fn sound(columns: &[PieceColumn]) -> Result<(), Error> {
    let damaged = |error: &dyn std::fmt::Display| Error::Recorded(error.to_string());
    for column in columns {
        ColumnSketch::check(&column.sketch).map_err(|error| damaged(&error))?;
        Evidence::check(&column.evidence).map_err(|error| damaged(&error))?;
        let extremes = column.extremes.as_deref().map(Extremes::decode).transpose();
        extremes.map_err(|error| damaged(&error))?;
    }
    Ok(())
}

/// Which columns each piece has, in the order in which the entity has them.
pub(crate) fn outlines(
    heads: &[PieceHead],
    parts: &[PiecePart],
    columns: &[Column],
) -> Vec<PieceOutline> {
    let mut by_piece: HashMap<PieceId, HashMap<ColumnId, u64>> = HashMap::new();
    for part in parts {
        let of_piece = by_piece.entry(part.piece).or_default();
        of_piece.insert(part.column, part.bytes);
    }
    let outline = |head: &PieceHead| {
        let parts = by_piece.remove(&head.piece).unwrap_or_default();
        let sized = |column: &Column| Some((column.path.clone(), *parts.get(&column.id)?));
        PieceOutline {
            rows: head.rows,
            columns: columns.iter().filter_map(sized).collect(),
        }
    };
    heads.iter().map(outline).collect()
}

/// Some columns of several pieces back from rows: of each column what the pieces have of it, in their order.
pub(crate) fn columns_of_pieces(
    heads: &[PieceHead],
    columns: &[ColumnId],
    names: &[Column],
    recorded: Vec<(PieceId, PieceColumn)>,
) -> Result<Vec<Vec<ScannedColumn>>, Error> {
    let names_by_id: HashMap<ColumnId, &Column> =
        names.iter().map(|column| (column.id, column)).collect();
    let mut by_place: HashMap<(ColumnId, PieceId), PieceColumn> = recorded
        .into_iter()
        .map(|(piece, row)| ((row.column, piece), row))
        .collect();
    let mut of_column = |id: &ColumnId| {
        let Some(name) = names_by_id.get(id) else {
            return Ok(Vec::new());
        };
        let of_piece = |head: &PieceHead| {
            let row = by_place.remove(&(*id, head.piece))?;
            Some(scanned_column(name, names, head.rows, Blobs::from(&row)))
        };
        heads.iter().filter_map(of_piece).collect()
    };
    columns.iter().map(&mut of_column).collect()
}

/// What is stored of a column.
#[derive(Clone, Copy)]
pub(crate) struct Blobs<'a> {
    sketch: &'a [u8],
    evidence: &'a [u8],
    extremes: Option<&'a [u8]>,
}

impl<'a> From<&'a PieceColumn> for Blobs<'a> {
    fn from(row: &'a PieceColumn) -> Self {
        Self {
            sketch: &row.sketch,
            evidence: &row.evidence,
            extremes: row.extremes.as_deref(),
        }
    }
}

impl<'a> From<&'a ColumnRecord> for Blobs<'a> {
    fn from(row: &'a ColumnRecord) -> Self {
        Self {
            sketch: &row.sketch,
            evidence: &row.evidence,
            extremes: row.extremes.as_deref(),
        }
    }
}

/// One column back from its blobs.
pub(crate) fn scanned_column(
    column: &Column,
    all: &[Column],
    records: u64,
    blobs: Blobs<'_>,
) -> Result<ScannedColumn, Error> {
    let damaged = |error: &dyn std::fmt::Display| Error::Recorded(error.to_string());
    let mut sketch = ColumnSketch::decode(blobs.sketch).map_err(|error| damaged(&error))?;
    let extremes = blobs
        .extremes
        .map(Extremes::decode)
        .transpose()
        .map_err(|error| damaged(&error))?;
    sketch.set_extremes(extremes);
    Ok(ScannedColumn {
        name: column.path.clone(),
        data_type: column.data_type.parse().unwrap_or(DataType::Utf8View),
        within: within(column, all).map(|column| column.path.clone()),
        records,
        sketch,
        evidence: Evidence::decode(blobs.evidence).map_err(|error| damaged(&error))?,
    })
}

/// The sketch of a column as it was recorded.
///
/// # Errors
/// Its bytes are damaged, or of another version.
pub fn sketch(record: &ColumnRecord) -> Result<ColumnSketch, Error> {
    ColumnSketch::decode(&record.sketch).map_err(|error| Error::Recorded(error.to_string()))
}

/// Whether that is the index of an entity of which more than a sample was asked for. One that cannot be read is none:
/// whatever is read now is better.
pub(crate) fn is_whole(heads: &[ColumnHead]) -> bool {
    let whole =
        |head: &ColumnHead| ColumnSummary::of(&head.summary).is_ok_and(|summary| !summary.sampled);
    !heads.is_empty() && heads.iter().all(whole)
}

/// Whether the bytes of a column are not those that were written.
pub(crate) fn damaged(record: &ColumnRecord) -> bool {
    sketch(record).is_err() || Evidence::decode(&record.evidence).is_err()
}
