//! Columns that hold an identifier because a person says so, although no rule saw it.
//!
//! Nothing is stored of them but the decision, so they survive every rescan and travel with exported decisions. What a
//! finding has in numbers comes from the column's profile: every filled cell counts as one that matches.

use std::collections::{HashMap, HashSet};

use locard_identify::Library;
use locard_model::{Category, ColumnId, EntityId, FindingKind, Identifier, JobId, Sensitivity};
use locard_store::{Column, ColumnRecord, Decision, FindingFilter, Review};

use crate::catalog::Catalog;
use crate::findings::decided;
use crate::record::summary::ColumnSummary;
use crate::{FindingRow, Home, Result, record};

/// A column and an identifier in it.
pub(crate) type Key = (ColumnId, Identifier);

/// What was confirmed and is not among the findings, with the position of its column.
pub(crate) async fn rows(
    home: &Home,
    catalog: &mut Catalog<'_>,
    filter: &FindingFilter,
    reviews: impl Iterator<Item = &Review>,
    found: &HashSet<Key>,
) -> Result<Vec<(u32, FindingRow)>> {
    let missed = reviews.filter(|review| {
        review.decision == Decision::Confirmed
            && fits(home.engine.library(), filter, review)
            && !found.contains(&(review.column, review.identifier.clone()))
    });
    let mut by_entity: HashMap<EntityId, Vec<&Review>> = HashMap::new();
    for review in missed {
        by_entity.entry(review.entity).or_default().push(review);
    }
    let mut rows = Vec::new();
    for (entity, reviews) in by_entity {
        if is_wanted(home, entity, filter.job).await? {
            rows.extend(of_entity(home, catalog, entity, &reviews).await?);
        }
    }
    Ok(rows)
}

fn fits(library: &Library, filter: &FindingFilter, review: &Review) -> bool {
    let category = || about(library, &review.identifier).0;
    filter.source.is_none_or(|source| source == review.source)
        && filter.entity.is_none_or(|entity| entity == review.entity)
        && filter.column.is_none_or(|column| column == review.column)
        && filter.kind.is_none_or(|kind| kind == FindingKind::Column)
        && filter.category.is_none_or(|wanted| wanted == category())
        && filter
            .identifier
            .as_ref()
            .is_none_or(|identifier| *identifier == review.identifier)
}

/// Whether the entity was read by the job that is asked about.
async fn is_wanted(home: &Home, entity: EntityId, job: Option<JobId>) -> Result<bool> {
    let Some(job) = job else { return Ok(true) };
    let heads = home.store.column_heads(home.org, entity).await?;
    Ok(heads.first().is_some_and(|head| head.job == job))
}

/// The columns of one entity, as far as they were scanned.
async fn of_entity(
    home: &Home,
    catalog: &mut Catalog<'_>,
    entity: EntityId,
    reviews: &[&Review],
) -> Result<Vec<(u32, FindingRow)>> {
    let columns = home.store.columns(home.org, entity).await?;
    let mut rows = Vec::new();
    for review in reviews {
        let column = columns.iter().find(|column| column.id == review.column);
        let record = home.store.column_record(home.org, review.column).await?;
        if let (Some(column), Some(record)) = (column, record) {
            let row = row(home, catalog, review, column, record).await?;
            rows.push((column.ordinal, row));
        }
    }
    Ok(rows)
}

async fn row(
    home: &Home,
    catalog: &mut Catalog<'_>,
    review: &Review,
    column: &Column,
    record: ColumnRecord,
) -> Result<FindingRow> {
    let (category, sensitivity) = about(home.engine.library(), &review.identifier);
    let summary = ColumnSummary::of(&record.summary)?;
    let rows = summary.rows;
    let decoding = home.engine.pool().run(move |_| {
        record::sketch(&record).map_or(rows, |sketch| {
            let profile = sketch.summary();
            profile.rows.saturating_sub(profile.nulls + profile.blanks)
        })
    });
    let filled = decoding.await.map_err(locard_engine::Error::ledger)?;
    Ok(FindingRow {
        source: catalog.source_name(review.source),
        entity: review.entity,
        resource: catalog.resource(review.entity).await?,
        column_id: column.id,
        column: home.engine.mask().segment(&column.path),
        identifier: review.identifier.clone(),
        kind: FindingKind::Column,
        confidence: 1.0,
        category,
        sensitivity,
        rows,
        filled,
        tested: filled,
        matched: filled,
        validated: 0,
        distinct: summary.distinct,
        indexed: summary.indexed,
        rules: Vec::new(),
        decided: Some(decided(review)),
    })
}

/// What the rules say of an identifier; rules that are not here say the least.
fn about(library: &Library, identifier: &Identifier) -> (Category, Sensitivity) {
    let rule = rule_of(library, identifier);
    rule.map_or((Category::Text, Sensitivity::Medium), |rule| {
        (rule.category, rule.sensitivity)
    })
}

fn rule_of<'a>(library: &'a Library, identifier: &Identifier) -> Option<&'a locard_identify::Rule> {
    let rules = || {
        let rules = library.rules().iter();
        rules.filter(|rule| rule.identifier == *identifier)
    };
    // A person may say that what the rules take for a firm's number is personal, as that of a sole trader.
    let named = || rules().find(|rule| rule.identifier.as_str() != NOTHING);
    rules().find(|rule| rule.personal).or_else(named)
}

/// What rules call columns that are about nobody.
const NOTHING: &str = "NONE";

/// Whether some rule knows the identifier, so that it is no slip of the finger.
pub(crate) fn is_known(library: &Library, identifier: &Identifier) -> bool {
    rule_of(library, identifier).is_some()
}
