//! What a source holds, written into the catalog: its entities, and of each what the source itself tells of it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt as _;
use jiff::Timestamp;
use locard_connector::{Description, Entity};
use locard_engine::{Failure, Shown, Target};
use locard_model::{ColumnId, EntityId, EntityKind};
use locard_store::{Author, Column, EntityFilter, Page};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Home, Result, record};

/// Entities that are described at the same time.
const AT_ONCE: usize = 8;

/// Descriptions that are written at once.
const CHUNK: usize = 200;

/// Listed entities that are held at once.
const PORTION: usize = 1_000;

/// What an ingest saw.
#[derive(Clone, Debug, Default)]
pub struct IngestReport {
    /// Entities listed.
    pub entities: u64,
    /// Of them, not in the catalog before.
    pub new: u64,
    /// In the catalog but gone from the source; they became tombstones.
    pub gone: u64,
    /// Of them, described by their source.
    pub described: u64,
    /// Of those, described otherwise than before.
    pub changed: u64,
    /// What could not be listed or described.
    pub failures: Vec<Failure>,
    /// Sources in which nothing is what was asked for.
    pub empty: Vec<String>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

impl IngestReport {
    /// Counts another source in.
    pub(crate) fn add(&mut self, other: Self) {
        self.entities += other.entities;
        self.new += other.new;
        self.gone += other.gone;
        self.described += other.described;
        self.changed += other.changed;
        self.failures.extend(other.failures);
        self.empty.extend(other.empty);
        self.stopped |= other.stopped;
    }
}

/// How a source is ingested.
pub(crate) struct Ingesting<'a> {
    pub(crate) author: Author,
    /// Whether what is not listed need not be gone.
    pub(crate) narrowed: bool,
    pub(crate) stop: &'a CancellationToken,
}

/// Lists and describes a source into the catalog.
pub(crate) async fn ingest(
    home: &Home,
    target: &Target,
    how: &Ingesting<'_>,
) -> Result<IngestReport> {
    let began = home.store.clock().await?;
    let mut report = IngestReport::default();
    let mut complete = !how.narrowed && target.scope == locard_connector::Scope::default();
    let mut entities = Vec::new();
    let mut listing = target.source.entities(&target.scope);
    while let Some(item) = listing.next().await {
        if how.stop.is_cancelled() {
            report.stopped = true;
            return Ok(report);
        }
        match item {
            Ok(entity) => entities.push((Arc::new(home.engine.shown(target, &entity)), entity)),
            Err(error) if error.misses_nothing() => {}
            Err(error) => {
                complete = false;
                let failure = home.engine.listing_failure(&error, target);
                report.failures.push(failure);
            }
        }
        if entities.len() == PORTION {
            let portion = std::mem::take(&mut entities);
            take_in(home, target, portion, how, &mut report).await?;
        }
    }
    take_in(home, target, entities, how, &mut report).await?;
    if complete && !report.stopped {
        let store = home.store.as_ref();
        report.gone = record::bury_unlisted(store, how.author, target.id, began).await?;
    }
    Ok(report)
}

/// Writes down some entities that were listed, and what the source knows of each.
async fn take_in(
    home: &Home,
    target: &Target,
    entities: Vec<(Arc<Shown>, Entity)>,
    how: &Ingesting<'_>,
    report: &mut IngestReport,
) -> Result<()> {
    if entities.is_empty() {
        return Ok(());
    }
    let store = home.store.as_ref();
    report.entities += entities.len() as u64;
    report.new += record::put_listed(store, how.author, target.id, &entities).await?;
    describe(home, target, entities, how, report).await
}

/// Asks the source of each entity what it knows of it, and writes that down.
async fn describe(
    home: &Home,
    target: &Target,
    entities: Vec<(Arc<Shown>, Entity)>,
    how: &Ingesting<'_>,
    report: &mut IngestReport,
) -> Result<()> {
    let ids: Vec<EntityId> = entities.iter().map(|(shown, _)| shown.entity).collect();
    let mut before = descriptions(home, &ids).await?;
    let asked = futures::stream::iter(entities).map(|(shown, entity)| {
        let source = Arc::clone(&target.source);
        async move {
            let answer = source.describe(&entity.path, entity.kind).await;
            (shown, entity, answer)
        }
    });
    let mut answers = asked.buffered(AT_ONCE).ready_chunks(CHUNK);
    while let Some(chunk) = answers.next().await {
        let mut rows = Vec::new();
        for (shown, entity, answer) in chunk {
            match answer {
                Ok(description) => {
                    let described = described(&description);
                    let (known, state) = before.remove(&shown.entity).unwrap_or_default();
                    report.changed += u64::from(known.is_some_and(|known| known != described));
                    put_columns(home, how.author, &shown, &description).await?;
                    rows.push(record::described_entity(&shown, &entity, described, state));
                }
                Err(error) => {
                    let mask = home.engine.mask();
                    let failure = Failure::of(mask, &error, &target.name, Some(&shown));
                    report.failures.push(failure);
                }
            }
        }
        report.described += rows.len() as u64;
        home.store.put_entities(how.author, &rows).await?;
        if how.stop.is_cancelled() {
            report.stopped = true;
            return Ok(());
        }
    }
    Ok(())
}

/// Writes down what sources say of the tables that a listing named since `began`: their keys and references lead from row
/// to row. What cannot be described is left as it is; reading it fails too, and that is told.
pub(crate) async fn describe_tables(
    home: &Home,
    targets: &[Target],
    (author, began): (Author, Timestamp),
) -> Result<()> {
    for target in targets {
        let filter = EntityFilter {
            source: Some(target.id),
            kind: Some(EntityKind::Table),
            ..EntityFilter::default()
        };
        let mut page = Page::first(CHUNK as u32);
        loop {
            let found = home.store.entities(home.org, &filter, page).await?;
            let listed = found.items.into_iter();
            let listed = listed.filter(|table| table.seen_at >= began);
            let asked = futures::stream::iter(listed).map(|table| async move {
                let answer = target.source.describe(&table.path, table.kind).await;
                (table, answer)
            });
            let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
            let tables: Vec<locard_store::Entity> = answers
                .into_iter()
                .filter_map(|(table, answer)| {
                    let description = Some(described(&answer.ok()?));
                    let is_new = description != table.description;
                    is_new.then_some(locard_store::Entity {
                        description,
                        ..table
                    })
                })
                .collect();
            home.store.put_entities(author, &tables).await?;
            let Some(after) = found.next else { break };
            page.after = Some(after);
        }
    }
    Ok(())
}

/// What is known of some entities: how they were described, and the state in which they were read.
async fn descriptions(
    home: &Home,
    entities: &[EntityId],
) -> Result<HashMap<EntityId, (Option<Value>, Option<String>)>> {
    let known = home.store.entities_of(home.org, entities).await?;
    let known = known.into_iter();
    Ok(known
        .map(|entity| (entity.id, (entity.description, entity.fingerprint)))
        .collect())
}

/// A description as it is stored, sealed, with its entity.
fn described(description: &Description) -> Value {
    let keys = description.foreign_keys.iter().map(|key| {
        json!({
            "columns": key.columns,
            "references": key.references.segments(),
            "referenced": key.referenced,
        })
    });
    let columns = description.schema.fields().iter().map(|field| {
        json!({
            "name": field.name(),
            "type": field.data_type().to_string(),
            "nativeType": field.metadata().get("native_type"),
            "nullable": field.is_nullable(),
            "comment": field.metadata().get("comment"),
        })
    });
    json!({
        "columns": columns.collect::<Vec<_>>(),
        "primaryKey": description.primary_key,
        "unique": description.unique,
        "foreignKeys": keys.collect::<Vec<_>>(),
        "definition": description.definition,
        "comment": description.comment,
    })
}

/// Adds the columns that the catalog does not have. Of an entity that was never read, those that are gone become
/// tombstones too; else a scan tells what is left.
async fn put_columns(
    home: &Home,
    author: Author,
    shown: &Shown,
    description: &Description,
) -> Result<()> {
    let (store, entity) = (&home.store, shown.entity);
    let known = store.columns(home.org, entity).await?;
    let ids: HashSet<ColumnId> = known.iter().map(|column| column.id).collect();
    let fields = description.schema.fields().iter();
    // Of documents the scan finds the fields.
    let columns: Vec<Column> = (fields.filter(|field| !field.data_type().is_nested()))
        .enumerate()
        .map(|(at, field)| Column {
            id: ColumnId::derive(entity, field.name()),
            entity,
            source: shown.source,
            ordinal: at as u32,
            path: field.name().clone(),
            data_type: field.data_type().to_string(),
            comment: field.metadata().get("comment").cloned(),
            gone_at: None,
        })
        .collect();
    let is_new = |column: &Column| !ids.contains(&column.id);
    if store.column_heads(home.org, entity).await?.is_empty() {
        if columns.iter().any(is_new) || columns.len() != known.len() {
            store.put_columns(author, entity, &columns).await?;
        }
        return Ok(());
    }
    let new = columns.into_iter().filter(is_new).zip(known.len() as u32..);
    let new: Vec<Column> = new
        .map(|(column, ordinal)| Column { ordinal, ..column })
        .collect();
    if !new.is_empty() {
        store.add_columns(author, entity, &new).await?;
    }
    Ok(())
}
