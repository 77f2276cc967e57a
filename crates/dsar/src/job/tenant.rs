//! What the catalog knows of everything, as sections: sources, entities with their columns, findings. Rows of the sources are
//! behind that only where the job was widened to them, and the settings still allow it.

use std::collections::BTreeMap;
use std::io;

use locard_app::{
    CancellationToken, FindingFilter, Home, NotSearched, Reason, Result, RowAt, SourceRow, choose,
    chosen_entities, findings,
};
use locard_model::{EntityId, EntityKind, EntityPath, SourceId};
use locard_store::Entity;
use serde_json::{Map, Value, json};

use super::gather::Gather;
use super::narrow::Narrow;
use super::times::Period;
use super::{Scope, create, settings, unkept};
use crate::collect::collect_every;
use crate::keep::Shelf;
use crate::sections::{
    Reached, Section, SectionColumn, SectionEnd, SectionRow, Sections, Standing,
};

/// Collects it, and tells what of the rows could not be read.
pub(super) async fn collect(
    home: &Home,
    scope: &Scope,
    narrow: &Narrow,
    (gather, shelf): (&mut Gather, &Shelf),
    cancel: &CancellationToken,
) -> Result<Vec<NotSearched>> {
    // An administrator may have switched it off since it was asked for.
    create::check(&settings(home).await?, scope)?;
    let sources = chosen_sources(home, narrow).await?;
    tell_catalog(home, scope, (&sources, narrow), gather).await?;
    if !scope.with_rows {
        return Ok(Vec::new());
    }
    let mut gaps: Vec<NotSearched> = sources.iter().filter_map(out_of_reach).collect();
    let entities = entities(home, &sources, narrow).await?;
    // It is a large future.
    let rows = collect_every(home, entities, (gather, shelf), cancel);
    gaps.extend(Box::pin(rows).await?);
    Ok(gaps)
}

/// What the catalog knows. Entities that a window leaves out are those that were last read before it, or after it.
async fn tell_catalog(
    home: &Home,
    scope: &Scope,
    (sources, narrow): (&[SourceRow], &Narrow),
    gather: &mut Gather,
) -> Result<()> {
    let in_window = |source: &&SourceRow| is_in_window(scope, source);
    let sources: Vec<SourceRow> = sources.iter().filter(in_window).cloned().collect();
    let told = sources.iter().map(|source| {
        json!({
            "id": source.id, "name": source.name, "connector": source.connector, "owner": source.owner,
            "registered": source.registered, "entities": source.entities, "scannedAt": source.scanned_at,
        })
    });
    section(gather, "sources", told).map_err(unkept)?;
    let entities = entities(home, &sources, narrow).await?;
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

/// The entities of these sources that are asked for.
async fn entities(home: &Home, sources: &[SourceRow], narrow: &Narrow) -> Result<Vec<Entity>> {
    let names: Vec<String> = sources.iter().map(|source| source.id.to_string()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut entities = chosen_entities(home, &choose(home, &names).await?).await?;
    let wanted = narrow.entities.as_ref();
    entities.retain(|entity| wanted.is_none_or(|wanted| wanted.contains(&entity.id)));
    Ok(entities)
}

/// Of a source that no connector reaches, that its rows are not there.
fn out_of_reach(source: &SourceRow) -> Option<NotSearched> {
    source.manual.as_ref()?;
    let owner = source.owner.as_deref().unwrap_or("its owner");
    Some(NotSearched {
        source: source.name.clone(),
        resource: None,
        column: None,
        reason: Reason::Manual,
        sentence: format!("no connector reaches it; ask {owner}"),
    })
}

/// The sources that are asked for.
async fn chosen_sources(home: &Home, narrow: &Narrow) -> Result<Vec<SourceRow>> {
    let sources = locard_app::sources(home).await?;
    let is_wanted = |id: &SourceId| {
        use locard_model::ExposeSecret as _;
        let mut named = narrow.sources.iter();
        narrow.sources.is_empty() || named.any(|name| name.expose_secret() == id.to_string())
    };
    Ok(sources
        .into_iter()
        .filter(|source| is_wanted(&source.id))
        .collect())
}

/// Whether a source was last read within the window.
fn is_in_window(scope: &Scope, source: &SourceRow) -> bool {
    let at = source.scanned_at.as_ref();
    let Some(at) = at.and_then(|at| at.parse::<jiff::Timestamp>().ok()) else {
        return scope.window_start.is_none();
    };
    Period::new(scope.window_start, scope.window_end).holds(at)
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
