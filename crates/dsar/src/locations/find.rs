//! A look-up that goes on over relations: from rows that name the person to rows that only carry their key.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use locard_app::{
    CancellationToken, Catalog, FindOptions, FindReport, Hit, Home, MOST_HITS, NotSearched, Reason,
    Reporter, Result, RowAt, Silent, shown_rows,
};
use locard_index::{Bounds, Graph};
use locard_model::{EntityId, Identifier, Strength, Subject};

use super::{Gathered, Gathering, Placed};
use crate::collect::{CollectOptions, Extract, collect};
use crate::relations;
use crate::sections::Standing;

/// Persons of one question for whom relations are followed: of each the rows that name them are read once more.
pub const MOST_FOLLOWED: usize = 100;

/// Looks persons up as [`locard_app::find`] does. Where the sources are read and bounds are given, it goes on from strong
/// rows over the relations that collecting follows, and each hit says how it was reached.
///
/// # Errors
/// As of [`locard_app::find`].
pub async fn find(
    home: &Home,
    options: &FindOptions,
    bounds: Option<Bounds>,
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<FindReport> {
    let mut report = Box::pin(locard_app::find(home, options, reporter, cancel)).await?;
    let Some(bounds) = bounds.filter(|_| options.verify) else {
        return Ok(report);
    };
    let catalog = Catalog::open(home).await?;
    let graph = relations::followed(home, &catalog).await?;
    let places = super::leads::places(home, &catalog).await?;
    let leading = leading(&graph, &places, &report);
    let mut followed = 0;
    for subject in &options.subjects {
        if !leading.contains(&subject.id) || cancel.is_cancelled() {
            continue;
        }
        if followed == MOST_FOLLOWED {
            report.not_searched.push(not_followed(&subject.id));
            continue;
        }
        followed += 1;
        let collected = CollectOptions {
            subject: subject.clone(),
            sources: options.sources.clone(),
            relations: true,
            review: true,
            bounds,
        };
        let room = MOST_HITS.saturating_sub(report.hits.len());
        let mut gathering = Gathering::new(room, true);
        // What fails is told once, below.
        let extract = Box::pin(collect(home, &collected, &mut gathering, &Silent, cancel)).await?;
        tell(&mut report, extract, &children(&graph, &places));
        Box::pin(add(home, subject, gathering.sections, &mut report)).await?;
    }
    report.sort();
    Ok(report)
}

/// The persons of whom a strong row is in an entity from which a relation leads.
fn leading(
    graph: &Graph,
    places: &HashMap<EntityId, (String, String)>,
    report: &FindReport,
) -> HashSet<String> {
    let leads = |entity: &EntityId| graph.from(*entity).next().is_some();
    let parents: HashSet<&(String, String)> = places
        .iter()
        .filter(|(entity, _)| leads(entity))
        .map(|(_, place)| place)
        .collect();
    let hits = report.hits.iter().filter(|hit| {
        hit.verified
            && hit.strength == Strength::Strong
            && parents.contains(&(hit.source.clone(), hit.resource.clone()))
    });
    hits.map(|hit| hit.subject.clone()).collect()
}

/// The entities to which a relation leads.
fn children(
    graph: &Graph,
    places: &HashMap<EntityId, (String, String)>,
) -> BTreeSet<(String, String)> {
    let relations = (0..).map_while(|at| graph.relation(at));
    let places = relations.filter_map(|relation| places.get(&relation.child.entity));
    places.cloned().collect()
}

fn not_followed(subject: &str) -> NotSearched {
    NotSearched {
        source: "relations".to_owned(),
        resource: None,
        column: None,
        reason: Reason::TooMany,
        sentence: format!(
            "relations are followed for {MOST_FOLLOWED} persons of one question, and not for {subject}: ask for them alone"
        ),
    }
}

/// Adds what following relations says of its limits: of what the look-up itself has read, that has told.
fn tell(report: &mut FindReport, extract: Extract, children: &BTreeSet<(String, String)>) {
    let is_child = |source: &str, resource: Option<&str>| {
        let resource = resource.unwrap_or_default();
        children.contains(&(source.to_owned(), resource.to_owned()))
    };
    for gap in extract.not_searched {
        let is_same = |known: &NotSearched| {
            (&known.source, &known.resource, known.reason)
                == (&gap.source, &gap.resource, gap.reason)
        };
        if is_child(&gap.source, gap.resource.as_deref())
            && gap.column.is_none()
            && !report.not_searched.iter().any(is_same)
        {
            report.not_searched.push(gap);
        }
    }
    for failure in extract.failures {
        let resource = failure.resource.as_deref();
        let is_told = report.failures.iter().any(|known| {
            known.source_name == failure.source_name && known.resource == failure.resource
        });
        if is_child(&failure.source_name, resource) && !is_told {
            report.failures.push(failure);
        }
    }
}

/// Adds rows that were reached. One that names the person too has its hits already: these are told how else it was reached.
async fn add(
    home: &Home,
    subject: &Subject,
    sections: Vec<Gathered>,
    report: &mut FindReport,
) -> Result<()> {
    let mut known: BTreeMap<(String, String, RowAt), Vec<usize>> = BTreeMap::new();
    for (at, hit) in report.hits.iter().enumerate() {
        if let (true, Some(row)) = (hit.subject == subject.id, &hit.row) {
            let place = (hit.source.clone(), hit.resource.clone(), row.clone());
            known.entry(place).or_default().push(at);
        }
    }
    for gathered in sections {
        if gathered.path().is_empty() {
            continue;
        }
        let rows: Vec<RowAt> = gathered.rows.iter().map(|row| row.at.clone()).collect();
        let shown = shown_rows(home, gathered.section.entity, &rows).await?;
        for (row, at) in gathered.rows.iter().zip(shown) {
            let strength = match row.standing {
                Standing::Included => Strength::Strong,
                Standing::Review(_) => Strength::Weak,
            };
            let section = &gathered.section;
            let place = (section.source.clone(), section.resource.clone(), at.clone());
            let same = known.get(&place).filter(|_| row.strength.is_some());
            for hit in same.into_iter().flatten() {
                let hit = &mut report.hits[*hit];
                hit.reached = gathered.path().to_vec();
                hit.strength = hit.strength.max(strength);
            }
            if same.is_none() {
                let hits = gathered.carrying().iter();
                let hits = hits.map(|column| gathered.hit(subject, column, (row, &at), strength));
                report.hits.extend(hits);
            }
        }
        gathered.tell_more(report);
    }
    Ok(())
}

impl Gathered {
    fn hit(
        &self,
        subject: &Subject,
        column: &str,
        (row, at): (&Placed, &RowAt),
        strength: Strength,
    ) -> Hit {
        let agreed = row.agreed.iter();
        let identifiers: BTreeSet<Identifier> = agreed
            .flat_map(|agreement| agreement.identifiers.iter().cloned())
            .collect();
        Hit {
            subject: subject.id.clone(),
            source: self.section.source.clone(),
            resource: self.section.resource.clone(),
            column: column.to_owned(),
            row: Some(at.clone()),
            identifiers: identifiers.into_iter().collect(),
            spelling: row.agreed.iter().map(|it| it.spelling).min(),
            verified: true,
            path: None,
            unchecked: None,
            strength,
            reached: self.path().to_vec(),
        }
    }

    fn tell_more(&self, report: &mut FindReport) {
        let more = self.more.0 + self.more.1;
        if more > 0 {
            report.not_searched.push(NotSearched {
                source: self.section.source.clone(),
                resource: Some(self.section.resource.clone()),
                column: None,
                reason: Reason::TooMany,
                sentence: format!("{more} more rows that carry the person's key are not listed"),
            });
        }
    }
}
