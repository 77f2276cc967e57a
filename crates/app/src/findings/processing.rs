//! The record of processing: of each entity with personal data what is in it, and what was said of it. What article 30 of
//! the GDPR asks for, as far as a catalog can know it.

use std::collections::{BTreeMap, BTreeSet};

use locard_model::{EntityId, Sensitivity};

use crate::catalog::Catalog;
use crate::catalog::annotations::{Annotation, Annotations};
use crate::{FindingFilter, Home, MANUAL, Result, findings};

/// One line of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessingRow {
    /// The source as people see it.
    pub source: String,
    /// The resource, masked; `None`: a place that no connector reaches, as a whole.
    pub resource: Option<String>,
    /// Kinds of personal data in it.
    pub identifiers: BTreeSet<String>,
    /// Their families.
    pub categories: BTreeSet<&'static str>,
    /// Whether some are of the special categories of article 9.
    pub special: bool,
    /// Records, as last read.
    pub rows: u64,
    /// What was said of it, or of what it is in.
    pub annotation: Annotation,
}

/// The record, by source and resource. Rejected findings do not count; places that no connector reaches are in it, since
/// nobody can look into them.
pub async fn record_of_processing(home: &Home) -> Result<Vec<ProcessingRow>> {
    let said = Annotations::load(home).await?;
    let mut catalog = Catalog::open(home).await?;
    let mut entities: BTreeMap<EntityId, ProcessingRow> = BTreeMap::new();
    for finding in findings(home, &FindingFilter::default()).await? {
        let row = match entities.entry(finding.entity) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => new.insert(ProcessingRow {
                source: finding.source,
                resource: Some(finding.resource),
                identifiers: BTreeSet::new(),
                categories: BTreeSet::new(),
                special: false,
                rows: finding.rows,
                annotation: said.of_entity(&mut catalog, finding.entity).await?,
            }),
        };
        row.identifiers.insert(finding.identifier.to_string());
        row.categories.insert(finding.category.as_str());
        row.special |= finding.sensitivity == Sensitivity::Special;
    }
    let manual = catalog.sources().into_iter();
    let manual = manual.filter(|source| source.kind == MANUAL);
    let manual = manual.map(|source| ProcessingRow {
        source: source.name.clone(),
        resource: None,
        identifiers: BTreeSet::new(),
        categories: BTreeSet::new(),
        special: false,
        rows: 0,
        annotation: said.of_source(&catalog, source.id),
    });
    let mut rows: Vec<ProcessingRow> = manual.collect();
    rows.extend(entities.into_values());
    rows.sort_by(|a, b| (&a.source, &a.resource).cmp(&(&b.source, &b.resource)));
    Ok(rows)
}
