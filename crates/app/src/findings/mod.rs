//! Findings as people see them, with what people decided about them.

pub(crate) mod aggregation;
pub(crate) mod confirmed;
pub(crate) mod decisions;
pub(crate) mod explain;
pub(crate) mod explanation;
pub(crate) mod fail_on;
pub(crate) mod finding_pages;
pub(crate) mod processing;
pub(crate) mod review;
pub(crate) mod spelt;

use std::collections::{BTreeSet, HashMap, HashSet};

use globset::{GlobBuilder, GlobMatcher};
use locard_model::{Category, ColumnId, EntityId, FindingKind, Identifier, JobId, Sensitivity};
use locard_store::{Decision, FindingRecord, Page, Review};

use crate::catalog::Catalog;
use crate::{Error, Home, Result, clock};

/// One finding. Fields as on one NDJSON line of `locard scan`.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingRow {
    /// The source as people see it: its name, or the canonical target.
    pub source: String,
    /// The entity.
    pub entity: EntityId,
    /// Path within the source, `schema.table` in databases; masked.
    pub resource: String,
    /// The column's id.
    pub column_id: ColumnId,
    /// The column's path; masked where it is a key that a rule matches.
    pub column: String,
    /// What was found.
    pub identifier: Identifier,
    /// How it occurs.
    pub kind: FindingKind,
    /// Estimated probability that it is right, 0 to 1; 1 where a person confirmed it.
    pub confidence: f64,
    /// Family of the identifier.
    pub category: Category,
    /// Harm of disclosure.
    pub sensitivity: Sensitivity,
    /// Rows of the entity that were read.
    pub rows: u64,
    /// Cells of the column that hold something: more than rows where these hold lists or maps. 0: not known.
    pub filled: u64,
    /// Cells that the deciding rules judged.
    pub tested: u64,
    /// Cells that hold it: those that matched, without those that failed every check they were put to.
    pub matched: u64,
    /// Matches that passed a validator.
    pub validated: u64,
    /// Estimated distinct values of the column.
    pub distinct: u64,
    /// Share of values in the subject filter.
    pub indexed: f64,
    /// Ids of the deciding rules.
    pub rules: Vec<String>,
    /// What a person decided, if anybody did.
    pub decided: Option<Decided>,
}

impl FindingRow {
    /// Whether it is here only because a person says so: no rule saw it.
    pub fn is_only_confirmed(&self) -> bool {
        self.rules.is_empty() && self.is_confirmed()
    }

    /// Whether a person confirmed it.
    pub fn is_confirmed(&self) -> bool {
        self.is_decided(Decision::Confirmed)
    }

    /// Whether a person rejected it.
    pub fn is_rejected(&self) -> bool {
        self.is_decided(Decision::Rejected)
    }

    fn is_decided(&self, decision: Decision) -> bool {
        let decided = self.decided.as_ref();
        decided.is_some_and(|decided| decided.decision == decision)
    }
}

/// What a person decided about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// When, RFC 3339.
    pub at: String,
}

/// Which findings are wanted.
#[derive(Clone, Debug, Default)]
pub struct FindingFilter {
    /// Of this job instead of the latest state of the catalog.
    pub job: Option<JobId>,
    /// Of this source, by name, id or target.
    pub source: Option<String>,
    /// Whose resource contains this text or matches this glob.
    pub resource: Option<String>,
    /// Of this identifier.
    pub identifier: Option<Identifier>,
    /// At least this confident.
    pub min_confidence: f64,
    /// Rejected ones too.
    pub with_rejected: bool,
}

/// What an import changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Decisions taken over, those for findings not seen yet included.
    pub decisions: u64,
    /// Allowed values taken over.
    pub allowed: u64,
    /// Allowed values that were left out: they were sealed or hashed under keys that are not known here.
    pub unknown: u64,
    /// Decisions that name nothing in the catalog now; kept for later scans.
    pub unmatched: u64,
    /// Identifiers of decisions that no rule here knows, in order; they may be known where the file was written.
    pub nameless: BTreeSet<Identifier>,
}

impl FindingFilter {
    /// As the store is asked; what it cannot tell is left.
    pub(crate) fn asked(&self, catalog: &Catalog<'_>) -> Result<locard_store::FindingFilter> {
        let source = match &self.source {
            Some(source) => Some(catalog.source_named(source)?.id),
            None => None,
        };
        Ok(locard_store::FindingFilter {
            job: self.job,
            source,
            identifier: self.identifier.clone(),
            min_confidence: Some(self.min_confidence).filter(|least| *least > 0.0),
            ..locard_store::FindingFilter::default()
        })
    }
}

/// Findings in the catalog, by source, resource, column order and confidence.
pub async fn findings(home: &Home, filter: &FindingFilter) -> Result<Vec<FindingRow>> {
    let mut catalog = Catalog::open(home).await?;
    let asked = filter.asked(&catalog)?;
    let resource = filter.resource.as_deref().map(Wanted::parse).transpose()?;
    // A path that was typed as for a scan, if it is one.
    let there = match &filter.resource {
        Some(text) if text.contains('/') => catalog.at_path(text).await?,
        _ => Vec::new(),
    };
    let there: HashSet<EntityId> = there.into_iter().map(|entity| entity.id).collect();
    rows(home, &mut catalog, &asked, |row| {
        let wanted = resource
            .as_ref()
            .is_none_or(|wanted| there.contains(&row.entity) || wanted.admits(&row.resource));
        wanted && (filter.with_rejected || !row.is_rejected())
    })
    .await
}

/// Which resources are wanted.
pub(crate) enum Wanted {
    /// Those that contain this text.
    Text(String),
    /// Those that match as a whole, or whose name does where the glob has no folder.
    Glob(GlobMatcher),
}

impl Wanted {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if !text.contains(['*', '?', '[', '{']) {
            return Ok(Self::Text(text.to_owned()));
        }
        let anywhere = if text.contains('/') {
            text.to_owned()
        } else {
            format!("**/{text}")
        };
        let glob = GlobBuilder::new(&anywhere).literal_separator(true).build();
        glob.map(|glob| Self::Glob(glob.compile_matcher()))
            .map_err(|error| {
                Error::usage(format!("`{text}` is not a glob: {}", error.kind()))
                    .hint("`*` and `?` stand for any text and any character, `[ab]` for a choice")
            })
    }

    pub(crate) fn admits(&self, resource: &str) -> bool {
        match self {
            Self::Text(text) => resource.contains(text.as_str()),
            Self::Glob(glob) => glob.is_match(resource),
        }
    }
}

/// Stored findings and what only people confirmed, as rows, those that are wanted.
pub(crate) async fn rows(
    home: &Home,
    catalog: &mut Catalog<'_>,
    filter: &locard_store::FindingFilter,
    wanted: impl Fn(&FindingRow) -> bool,
) -> Result<Vec<FindingRow>> {
    let reviews = reviews(home).await?;
    let mut ordinals: HashMap<EntityId, HashMap<ColumnId, u32>> = HashMap::new();
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.findings(home.org, filter, page).await?;
        for record in found.items {
            let entity = record.finding.entity;
            if let std::collections::hash_map::Entry::Vacant(new) = ordinals.entry(entity) {
                let columns = home.store.columns(home.org, entity).await?;
                new.insert(
                    columns
                        .into_iter()
                        .map(|column| (column.id, column.ordinal))
                        .collect(),
                );
            }
            let ordinal = ordinals[&entity]
                .get(&record.finding.column)
                .copied()
                .unwrap_or(u32::MAX);
            seen.insert((record.finding.column, record.finding.identifier.clone()));
            let row = row(home, catalog, record, &reviews).await?;
            if wanted(&row) {
                rows.push((ordinal, row));
            }
        }
        let Some(after) = found.next else { break };
        page.after = Some(after);
    }
    let said = confirmed::rows(home, catalog, filter, reviews.values(), &seen).await?;
    rows.extend(said.into_iter().filter(|(_, row)| wanted(row)));
    rows.sort_by(|(a_at, a), (b_at, b)| {
        let place = |at, row: &FindingRow| (row.source.clone(), row.resource.clone(), at);
        place(*a_at, a)
            .cmp(&place(*b_at, b))
            .then(b.confidence.total_cmp(&a.confidence))
    });
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Decisions by column and identifier.
pub(crate) type Reviews = HashMap<(ColumnId, String), Review>;

pub(crate) async fn reviews(home: &Home) -> Result<Reviews> {
    let all = home.store.reviews(home.org, None).await?;
    Ok(all
        .into_iter()
        .map(|review| {
            (
                (review.column, review.identifier.as_str().to_owned()),
                review,
            )
        })
        .collect())
}

pub(crate) async fn row(
    home: &Home,
    catalog: &mut Catalog<'_>,
    record: FindingRecord,
    reviews: &Reviews,
) -> Result<FindingRow> {
    let finding = record.finding;
    let review = reviews.get(&(finding.column, finding.identifier.as_str().to_owned()));
    // Who looked knows better than what was estimated.
    let is_confirmed = review.is_some_and(|review| review.decision == Decision::Confirmed);
    Ok(FindingRow {
        source: catalog.source_name(finding.source),
        entity: finding.entity,
        resource: catalog.resource(finding.entity).await?,
        column_id: finding.column,
        column: home.engine.mask().segment(&finding.column_name),
        identifier: finding.identifier,
        kind: finding.kind,
        confidence: if is_confirmed {
            1.0
        } else {
            finding.confidence
        },
        category: finding.category,
        sensitivity: finding.sensitivity,
        rows: finding.rows,
        filled: finding.filled,
        tested: finding.tested,
        matched: finding.matched,
        validated: finding.validated,
        distinct: finding.distinct,
        indexed: finding.indexed,
        rules: finding.rules,
        decided: review.map(decided),
    })
}

/// A decision as it is told.
pub(crate) fn decided(review: &Review) -> Decided {
    Decided {
        decision: review.decision,
        reason: review.note.clone(),
        at: clock::instant(review.decided_at),
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn resources_are_chosen_by_text_or_glob() {
        let check = |wanted: &str, resource: &str, expected: bool| {
            let admits = Wanted::parse(wanted)
                .expect("it can be read")
                .admits(resource);
            assert_eq!(admits, expected, "{wanted} {resource}");
        };
        check("custom", "crm/customers.csv", true);
        check("custom", "crm/orders.csv", false);
        check("*.csv", "crm/customers.csv", true);
        check("crm/*.csv", "crm/customers.csv", true);
        check("crm/*.csv", "crm/old/customers.csv", false);
        check("crm/**", "crm/old/customers.csv", true);
        check("public.*", "public.users", true);
        check("users*", "public.users", false);
        assert!(Wanted::parse("[").is_err());
    }
}
