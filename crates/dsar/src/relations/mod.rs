//! Relations of the catalog: which there are, which are walked, and what people decide about them.

mod declared;
mod inferred;

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use locard_app::{Actor, Catalog, Decision, Error, ErrorKind, Home, Result, record_audit};
use locard_index::{Graph, Origin, Relation, Side};
use locard_model::{EntityId, RelationId, SourceId};
use locard_store::{Entity, RelationReview};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A relation as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct RelationRow {
    /// Its id.
    pub id: RelationId,
    /// The side that is referred to.
    pub parent: SideRow,
    /// The side that refers.
    pub child: SideRow,
    /// Why it is believed.
    pub origin: Origin,
    /// What a person decided.
    pub decision: Option<Decision>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// Whether collecting walks it.
    pub is_followed: bool,
    /// Of an inferred one, the share of the child's distinct values that the parent has.
    pub containment: Option<f64>,
}

/// One side of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideRow {
    /// The entity.
    pub entity: EntityId,
    /// The source as people see it.
    pub source: String,
    /// The resource, masked.
    pub resource: String,
    /// The columns, masked where they are keys that a rule matches.
    pub columns: Vec<String>,
}

/// The relations of a catalog.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RelationsReport {
    /// By parent, then child.
    pub relations: Vec<RelationRow>,
    /// Pairs of columns that were not compared, since there are too many whose names fit.
    pub not_compared: u64,
}

/// A relation as it is kept with a decision.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    parent: KeptSide,
    child: KeptSide,
    inferred: bool,
}

#[derive(Serialize, Deserialize)]
struct KeptSide {
    entity: EntityId,
    columns: Vec<String>,
}

impl Kept {
    fn of(relation: &Relation) -> Self {
        let side = |side: &Side| KeptSide {
            entity: side.entity,
            columns: side.columns.clone(),
        };
        Self {
            parent: side(&relation.parent),
            child: side(&relation.child),
            inferred: relation.origin == Origin::Inferred,
        }
    }

    fn relation(self) -> Option<Relation> {
        let side = |side: KeptSide| Side {
            entity: side.entity,
            columns: side.columns,
        };
        let origin = if self.inferred {
            Origin::Inferred
        } else {
            Origin::Declared
        };
        Relation::new(side(self.parent), side(self.child), origin)
    }
}

/// Everything known of relations without reading sketches.
struct Known {
    entities: HashMap<EntityId, Entity>,
    declared: Vec<Relation>,
    reviews: BTreeMap<RelationId, RelationReview>,
}

impl Known {
    async fn load(home: &Home, catalog: &Catalog<'_>) -> Result<Self> {
        let entities = catalog.list(None).await?;
        let declared = declared::declared(&entities);
        let reviews = home.store().relation_reviews(home.org()).await?;
        let entities = entities.into_iter();
        Ok(Self {
            declared,
            entities: entities.map(|entity| (entity.id, entity)).collect(),
            reviews: reviews
                .into_iter()
                .map(|review| (review.id, review))
                .collect(),
        })
    }

    fn decision(&self, id: RelationId) -> Option<Decision> {
        self.reviews.get(&id).map(|review| review.decision)
    }

    /// Whether collecting walks it: what a source declares unless a person rejected it, anything else only if a person
    /// confirmed it.
    fn is_followed(&self, relation: &Relation) -> bool {
        let sides = [&relation.parent, &relation.child];
        let is_there = sides
            .iter()
            .all(|side| self.entities.contains_key(&side.entity));
        let is_believed = match relation.origin {
            Origin::Declared => self.decision(relation.id) != Some(Decision::Rejected),
            Origin::Inferred => self.decision(relation.id) == Some(Decision::Confirmed),
        };
        is_there && is_believed && !relation.is_within_one_entity()
    }

    /// What people decided about and no source declares.
    fn decided(&self) -> Vec<Relation> {
        let kept = self.reviews.values().filter_map(|review| {
            let kept: Kept = serde_json::from_value(review.relation.clone()).ok()?;
            kept.relation()
        });
        kept.filter(|relation| relation.origin == Origin::Inferred)
            .collect()
    }
}

/// The relations that collecting walks.
pub(crate) async fn followed(home: &Home, catalog: &Catalog<'_>) -> Result<Graph> {
    let known = Known::load(home, catalog).await?;
    let all = known.declared.iter().cloned().chain(known.decided());
    Ok(Graph::new(
        all.filter(|relation| known.is_followed(relation)),
    ))
}

/// Every relation: declared ones, those that people decided about, and those that names, types and values speak for.
/// Asks the stored sketches; no source is read.
///
/// # Errors
/// The home cannot be read, or a sketch in it is damaged.
pub async fn relations(home: &Home) -> Result<RelationsReport> {
    let catalog = Catalog::open(home).await?;
    let known = Known::load(home, &catalog).await?;
    let (all, not_compared) = all(home, &known).await?;
    let mut relations: Vec<RelationRow> = all
        .iter()
        .filter_map(|(relation, containment)| row(home, &catalog, &known, relation, *containment))
        .collect();
    let place = |side: &SideRow| {
        (
            side.source.clone(),
            side.resource.clone(),
            side.columns.clone(),
        )
    };
    relations.sort_by_cached_key(|row| (place(&row.parent), place(&row.child)));
    Ok(RelationsReport {
        relations,
        not_compared,
    })
}

/// Each relation once, inferred ones with their containment, and how many pairs were not compared.
async fn all(home: &Home, known: &Known) -> Result<(Vec<(Relation, Option<f64>)>, u64)> {
    let (inferred, not_compared) = inferred::inferred(home, &known.entities).await?;
    let declared = known
        .declared
        .iter()
        .cloned()
        .map(|relation| (relation, None));
    let decided = known.decided().into_iter().map(|relation| (relation, None));
    let mut seen = HashSet::new();
    let mut all: Vec<(Relation, Option<f64>)> = declared.chain(inferred).chain(decided).collect();
    all.retain(|(relation, _)| seen.insert(relation.id));
    Ok((all, not_compared))
}

/// As it is listed, unless one of its entities is gone.
fn row(
    home: &Home,
    catalog: &Catalog<'_>,
    known: &Known,
    relation: &Relation,
    containment: Option<f64>,
) -> Option<RelationRow> {
    let mask = home.engine().mask();
    let side = |side: &Side| {
        let entity = known.entities.get(&side.entity)?;
        let columns = side.columns.iter();
        Some(SideRow {
            entity: entity.id,
            source: catalog.source_name(entity.source),
            resource: mask.path(&entity.path, entity.kind),
            columns: columns.map(|column| mask.segment(column)).collect(),
        })
    };
    let review = known.reviews.get(&relation.id);
    Some(RelationRow {
        id: relation.id,
        parent: side(&relation.parent)?,
        child: side(&relation.child)?,
        origin: relation.origin,
        decision: review.map(|review| review.decision),
        reason: review.and_then(|review| review.note.clone()),
        is_followed: known.is_followed(relation),
        containment,
    })
}

/// Confirms or rejects a relation, by its id or the beginning of one. The decision survives rescans.
///
/// # Errors
/// No relation, or more than one, has such an id.
pub async fn decide_relation(
    home: &Home,
    actor: &Actor,
    id: &str,
    decision: Decision,
    reason: Option<&str>,
) -> Result<RelationRow> {
    let catalog = Catalog::open(home).await?;
    let mut known = Known::load(home, &catalog).await?;
    let (all, _) = all(home, &known).await?;
    let (relation, containment) = named(all, id)?;
    if relation.is_within_one_entity() && decision == Decision::Confirmed {
        let sentence =
            "it leads from rows of an entity to others of it, which are about other people";
        return Err(Error::usage(sentence).hint("such a relation is never followed"));
    }
    let source = |side: &Side| -> Result<SourceId> {
        let entity = known.entities.get(&side.entity).ok_or_else(missing)?;
        Ok(entity.source)
    };
    let review = RelationReview {
        id: relation.id,
        parent: source(&relation.parent)?,
        child: source(&relation.child)?,
        relation: json(&Kept::of(&relation))?,
        decision,
        note: reason.map(str::to_owned),
        actor: Some(actor.name.clone()),
        decided_at: Timestamp::UNIX_EPOCH,
    };
    let store = home.store();
    store
        .review_relations(home.org(), std::slice::from_ref(&review))
        .await?;
    let act = match decision {
        Decision::Confirmed => "confirm relation",
        Decision::Rejected => "reject relation",
    };
    record_audit(home, actor, act, json!({ "relation": review.id })).await?;
    known.reviews.insert(review.id, review);
    row(home, &catalog, &known, &relation, containment).ok_or_else(missing)
}

/// Takes a decision on a relation back.
///
/// # Errors
/// Nothing was decided about such a relation.
pub async fn withdraw_relation(home: &Home, actor: &Actor, id: &str) -> Result<()> {
    let reviews = home.store().relation_reviews(home.org()).await?;
    let fits = |review: &&RelationReview| review.id.to_string().starts_with(id);
    let mut fitting = reviews.iter().filter(fits);
    let (Some(review), None) = (fitting.next().filter(|_| !id.is_empty()), fitting.next()) else {
        return Err(
            Error::not_found("nothing was decided about such a relation")
                .hint("`locard relations list`, or GET /api/v1/relations, shows ids and decisions"),
        );
    };
    let store = home.store();
    store
        .withdraw_relation_review(home.org(), review.id)
        .await?;
    let details = json!({ "relation": review.id });
    record_audit(home, actor, "withdraw relation", details).await
}

/// The one relation whose id begins so.
fn named(all: Vec<(Relation, Option<f64>)>, id: &str) -> Result<(Relation, Option<f64>)> {
    let fits = |(relation, _): &(Relation, Option<f64>)| relation.id.to_string().starts_with(id);
    let mut fitting = all.into_iter().filter(|item| !id.is_empty() && fits(item));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(missing()),
        (Some(_), Some(_)) => {
            let sentence = format!("more than one relation has an id that begins with {id}");
            Err(Error::usage(sentence).hint("type more of the id"))
        }
    }
}

fn missing() -> Error {
    Error::not_found("there is no such relation")
        .hint("`locard relations list`, or GET /api/v1/relations, shows them")
}

fn json(kept: &Kept) -> Result<Value> {
    serde_json::to_value(kept).map_err(|error| {
        Error::new(ErrorKind::Unexpected, "the relation cannot be written").cause(error)
    })
}
