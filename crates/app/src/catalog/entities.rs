//! Entities of the catalog, as programs are told.

use locard_model::{ColumnId, EntityId, EntityKind, SourceId};
use serde_json::Value;

use crate::{Home, Result};

/// An entity.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityRow {
    /// Its id.
    pub id: EntityId,
    /// Its source.
    pub source: SourceId,
    /// What it is in.
    pub parent: Option<EntityId>,
    /// What it is.
    pub kind: EntityKind,
    /// Its resource, masked.
    pub resource: String,
    /// Records, as last known.
    pub rows: Option<u64>,
    /// Bytes, as last known.
    pub bytes: Option<u64>,
}

/// An entity with its columns and what its source says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityDetail {
    /// The entity.
    pub entity: EntityRow,
    /// Keys, references and types as the source declares them; `None` until it was ingested, or where its names are masked.
    pub description: Option<Value>,
    /// Its columns.
    pub columns: Vec<ColumnRow>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnRow {
    /// Its id.
    pub id: ColumnId,
    /// Its path, masked.
    pub path: String,
    /// Its type.
    pub data_type: String,
}

/// One entity.
pub async fn entity(home: &Home, id: EntityId) -> Result<EntityDetail> {
    let entity = home.store.entity(home.org, id).await?;
    let columns = home.store.columns(home.org, id).await?;
    let mask = home.engine.mask();
    let rows: Vec<ColumnRow> = columns
        .iter()
        .map(|column| ColumnRow {
            id: column.id,
            path: mask.segment(&column.path),
            data_type: column.data_type.clone(),
        })
        .collect();
    // A description repeats the names as they are.
    let plain = rows
        .iter()
        .zip(&columns)
        .all(|(row, column)| row.path == column.path);
    let row = row(home, &entity);
    let plain = plain && row.resource == entity.path.resource(entity.kind);
    Ok(EntityDetail {
        entity: row,
        description: entity.description.filter(|_| plain),
        columns: rows,
    })
}

pub(crate) fn row(home: &Home, entity: &locard_store::Entity) -> EntityRow {
    EntityRow {
        id: entity.id,
        source: entity.source,
        parent: entity.parent,
        kind: entity.kind,
        resource: home.engine.mask().path(&entity.path, entity.kind),
        rows: entity.rows,
        bytes: entity.bytes,
    }
}
