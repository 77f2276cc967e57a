//! What the catalog says of the organisation's data: the data map, and the export of everything that it knows.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use locard_app::{Actor, ErrorKind, FindingFilter, Home, Result, findings};
use locard_model::{DsarState, EntityId, Identifier};
use serde_json::{Value, json};

use super::download::{Download, Purpose, artifact};
use super::processing::Register;
use super::{Processing, conflict, jobs, settings};

/// Which kinds of personal data there are and where, and for how long bundles of it are kept. What allows that is
/// told as far as people said it of the places, or the settings do of sources.
pub async fn data_map(home: &Home) -> Result<Value> {
    let found = findings(home, &FindingFilter::default()).await?;
    let settings = settings(home).await?;
    let mut register = Register::open(home, &settings).await?;
    let mut told: BTreeMap<EntityId, Processing> = BTreeMap::new();
    let mut kinds: BTreeMap<Identifier, Vec<&locard_app::FindingRow>> = BTreeMap::new();
    for row in found.iter().filter(|row| !row.is_rejected()) {
        kinds.entry(row.identifier.clone()).or_default().push(row);
        if let Entry::Vacant(new) = told.entry(row.entity) {
            new.insert(register.of_entity(row.entity, &row.source).await?);
        }
    }
    let categories: Vec<Value> = kinds
        .iter()
        .map(|(kind, rows)| category(kind, rows, &told))
        .collect();
    let sources: Vec<Value> = locard_app::sources(home)
        .await?
        .iter()
        .map(|source| {
            json!({
                "id": source.id, "name": source.name, "connector": source.connector, "owner": source.owner,
                "note": source.note, "processing": register.of_source(source.id, &source.name), "entities": source.entities, "scannedAt": source.scanned_at,
            })
        })
        .collect();
    Ok(json!({
        "generatedAt": home.store().clock().await?,
        "controller": settings.controller,
        "categories": categories,
        "sources": sources,
        "retentionPolicy": { "bundleHours": settings.ttl_hours },
    }))
}

fn category(
    kind: &Identifier,
    rows: &[&locard_app::FindingRow],
    told: &BTreeMap<EntityId, Processing>,
) -> Value {
    // Of every entity that holds it, what was told.
    let entities: BTreeSet<EntityId> = rows.iter().map(|row| row.entity).collect();
    let told: Vec<&Processing> = entities.iter().filter_map(|it| told.get(it)).collect();
    let mut places: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        let columns = places.entry((&row.source, &row.resource)).or_default();
        columns.insert(&row.column);
    }
    let first = rows.first();
    let places: Vec<Value> = places
        .into_iter()
        .map(|((source, resource), columns)| json!({ "source": source, "entity": resource, "columns": columns }))
        .collect();
    json!({
        "identifier": kind,
        "category": first.map(|row| row.category),
        "sensitivity": first.map(|row| row.sensitivity),
        "places": places,
        "purpose": told.iter().filter_map(|it| it.purpose.as_ref()).collect::<BTreeSet<_>>(),
        "legalBasis": told.iter().filter_map(|it| it.legal_basis.as_ref()).collect::<BTreeSet<_>>(),
        "retention": told.iter().filter_map(|it| it.retention.as_ref()).collect::<BTreeSet<_>>(),
        "recipients": told.iter().flat_map(|it| &it.recipients).collect::<BTreeSet<_>>(),
    })
}

/// What the catalog knows of everything, as it is handed out.
pub struct Export {
    /// The bundle.
    pub bundle: Download,
    /// When it is handed out.
    pub at: Timestamp,
    /// How long bundles are kept, in hours.
    pub kept_hours: u32,
}

/// The newest export of what the catalog knows of everything that was approved.
///
/// # Errors
/// Exports are switched off, or none was approved.
pub async fn export(home: &Home, actor: &Actor) -> Result<Export> {
    let settings = settings(home).await?;
    if !settings.tenant_export {
        return Err(locard_app::Error::new(
            ErrorKind::Usage,
            "exports of everything are switched off",
        )
        .hint("an administrator may switch tenantExport on"));
    }
    for state in [DsarState::Ready, DsarState::Delivered] {
        let (found, _) = jobs(home, Some(state), None, 1_000).await?;
        let tenant = found
            .into_iter()
            .find(|job| job.body.as_ref().is_some_and(super::Body::is_tenant));
        if let Some(job) = tenant {
            let bundle = artifact(home, actor, job.id, Purpose::Delivery).await?;
            let at = home.store().clock().await;
            return Ok(Export {
                bundle,
                at: at.map_err(locard_app::Error::from)?,
                kept_hours: settings.ttl_hours,
            });
        }
    }
    Err(conflict("no export of everything was approved").hint(
        "ask for a DSAR job without a subject, run it, and have another administrator approve it",
    ))
}
