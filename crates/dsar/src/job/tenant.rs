//! What the catalog knows of everything, as sections: sources, entities with their columns, findings. No row of any source.

use std::collections::BTreeMap;
use std::io;

use locard_app::{
    FindingFilter, Home, Result, RowAt, SourceRow, choose, chosen_entities, findings,
};
use locard_model::{EntityId, EntityKind, EntityPath, SourceId};
use serde_json::{Map, Value, json};

use super::gather::Gather;
use super::narrow::Narrow;
use super::times::Period;
use super::{Scope, unkept};
use crate::sections::{
    Reached, Section, SectionColumn, SectionEnd, SectionRow, Sections, Standing,
};

/// Collects it. Entities that a window leaves out are those that were last read before it, or after it.
pub(super) async fn collect(
    home: &Home,
    scope: &Scope,
    narrow: &Narrow,
    gather: &mut Gather,
) -> Result<()> {
    let sources = chosen_sources(home, scope, narrow).await?;
    let told = sources.iter().map(|source| {
        json!({
            "id": source.id, "name": source.name, "connector": source.connector, "owner": source.owner,
            "registered": source.registered, "entities": source.entities, "scannedAt": source.scanned_at,
        })
    });
    section(gather, "sources", told).map_err(unkept)?;
    let names: Vec<String> = sources.iter().map(|source| source.id.to_string()).collect();
    let mut entities = Vec::new();
    if !names.is_empty() {
        let chosen = choose(home, &names).await?;
        entities = chosen_entities(home, &chosen).await?;
    }
    entities.retain(|entity| {
        narrow
            .entities
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&entity.id))
    });
    let mask = home.engine().mask();
    let mut told = Vec::new();
    for entity in &entities {
        let columns = home.store().columns(home.org(), entity.id).await?;
        let columns: Vec<String> = columns
            .iter()
            .map(|column| mask.segment(&column.path))
            .collect();
        told.push(json!({
            "id": entity.id, "source": entity.source, "kind": entity.kind, "rows": entity.rows, "bytes": entity.bytes,
            "resource": mask.path(&entity.path, entity.kind), "columns": columns,
        }));
    }
    section(gather, "entities", told.into_iter()).map_err(unkept)?;
    let found = findings(home, &FindingFilter::default()).await?;
    let is_among = |id: &EntityId| entities.iter().any(|entity| entity.id == *id);
    let told = found.iter().filter(|row| is_among(&row.entity)).map(|row| {
        json!({
            "source": row.source, "resource": row.resource, "column": row.column, "identifier": row.identifier,
            "confidence": row.confidence, "rows": row.rows, "matched": row.matched, "category": row.category,
        })
    });
    section(gather, "findings", told).map_err(unkept)
}

/// The sources that are asked for, last read within the window.
async fn chosen_sources(home: &Home, scope: &Scope, narrow: &Narrow) -> Result<Vec<SourceRow>> {
    let sources = locard_app::sources(home).await?;
    let is_wanted = |id: &SourceId| {
        use locard_model::ExposeSecret as _;
        let mut named = narrow.sources.iter();
        narrow.sources.is_empty() || named.any(|name| name.expose_secret() == id.to_string())
    };
    let in_window = |at: Option<&String>| {
        let at = at.and_then(|at| at.parse::<jiff::Timestamp>().ok());
        let Some(at) = at else {
            return scope.window_start.is_none();
        };
        Period::new(scope.window_start, scope.window_end).holds(at)
    };
    let sources = sources.into_iter();
    let chosen =
        sources.filter(|source| is_wanted(&source.id) && in_window(source.scanned_at.as_ref()));
    Ok(chosen.collect())
}

fn section(gather: &mut Gather, name: &str, rows: impl Iterator<Item = Value>) -> io::Result<()> {
    let source = SourceId::derive("catalog");
    let mut rows = rows.filter_map(|row| match row {
        Value::Object(row) => Some(row),
        _ => None,
    });
    let Some(first) = rows.next() else {
        return Ok(());
    };
    let columns = first.keys().map(|name| SectionColumn {
        path: name.clone(),
        data_type: String::new(),
        comment: None,
        identifiers: Vec::new(),
        inside: Vec::new(),
    });
    gather.begin_of_catalog(&Section {
        source: "catalog".to_owned(),
        source_id: source,
        entity: EntityId::derive(source, EntityKind::Table, &EntityPath::new([name])),
        kind: EntityKind::Table,
        resource: name.to_owned(),
        records: None,
        columns: columns.collect(),
        reached: Reached::Directly,
    })?;
    let mut included = 0;
    for (values, number) in std::iter::once(first).chain(rows).zip(1..) {
        gather.row(row(number, values))?;
        included = number;
    }
    gather.end(&SectionEnd {
        included,
        review: 0,
        examined: included,
        complete: true,
    })
}

fn row(number: u64, values: Map<String, Value>) -> SectionRow {
    SectionRow {
        at: RowAt {
            number: Some(number),
            line: None,
            key: Vec::new(),
        },
        standing: Standing::Included,
        agreed: Vec::new(),
        strength: None,
        values,
        cut: BTreeMap::new(),
    }
}
