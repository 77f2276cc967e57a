//! What people decide about findings and values.
//!
//! Decisions survive rescans and can live in a file under version control. That file holds no personal data:
//! allowed values are keyed hashes in it, and sealed.

use jiff::Timestamp;
use locard_model::Identifier;
use locard_sketch::{forms, hash};
use locard_store::{Allowed, Decision, Review};
use serde_json::json;

use crate::access::{Actor, record_audit};
use crate::catalog::{Catalog, column_named};
use crate::findings::{confirmed, decisions, rows};
use crate::rules::identifiers;
use crate::{Error, FindingRow, Home, Result};

/// Names one finding, or all of a column when the identifier is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRef {
    /// The entity: its id, its resource, or an unambiguous end of its resource.
    pub entity: String,
    /// The column.
    pub column: String,
    /// The identifier.
    pub identifier: Option<Identifier>,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The findings that it applies to.
    pub findings: Vec<FindingRow>,
    /// Whether anything is other than before.
    pub is_new: bool,
}

/// Confirms or rejects findings; answers those it applied to. What no rule saw in a column can be confirmed too, and is a
/// finding from then on. Without a reason, the one that was given when the same was decided before stands.
pub async fn decide(
    home: &Home,
    actor: &Actor,
    finding: &FindingRef,
    decision: Decision,
    reason: Option<&str>,
) -> Result<Ruling> {
    let mut catalog = Catalog::open(home).await?;
    let entity = catalog.named(&finding.entity).await?;
    let filter = locard_store::FindingFilter {
        entity: Some(entity.id),
        identifier: finding.identifier.clone(),
        ..locard_store::FindingFilter::default()
    };
    let column = column_named(home, entity.id, &finding.column).await?.id;
    let of_column = |row: &FindingRow| row.column_id == column;
    let found = rows(home, &mut catalog, &filter, of_column).await?;
    let mut identifiers: Vec<Identifier> = found.iter().map(|row| row.identifier.clone()).collect();
    if identifiers.is_empty() {
        identifiers.push(missed(home, finding, decision)?);
    }
    identifiers.dedup();
    let mut known = home.store.reviews(home.org, Some(decision)).await?;
    known.retain(|review| review.column == column);
    let before = |identifier: &Identifier| {
        let mut known = known.iter();
        known.find(|review| review.identifier == *identifier)
    };
    let stands = |identifier: &Identifier| {
        before(identifier).is_some_and(|known| reason.is_none() || known.note.as_deref() == reason)
    };
    if identifiers.iter().all(stands) {
        return Ok(Ruling {
            findings: found,
            is_new: false,
        });
    }
    let review = |identifier: Identifier| Review {
        source: entity.source,
        entity: entity.id,
        column,
        note: reason
            .map(str::to_owned)
            .or_else(|| before(&identifier)?.note.clone()),
        identifier,
        decision,
        actor: Some(actor.name.clone()),
        decided_at: Timestamp::UNIX_EPOCH,
    };
    let reviews: Vec<Review> = identifiers.into_iter().map(review).collect();
    home.store.review(home.org, &reviews).await?;
    let act = match decision {
        Decision::Confirmed => "confirm finding",
        Decision::Rejected => "reject finding",
    };
    let identifiers: Vec<&Identifier> = reviews.iter().map(|review| &review.identifier).collect();
    let details = json!({ "entity": entity.id, "column": column, "identifiers": identifiers });
    record_audit(home, actor, act, details).await?;
    let now = rows(home, &mut catalog, &filter, of_column).await?;
    // What was only somebody's word is gone when it is taken back.
    Ok(Ruling {
        findings: if now.is_empty() { found } else { now },
        is_new: true,
    })
}

/// The identifier that a person saw and no rule did.
fn missed(home: &Home, finding: &FindingRef, decision: Decision) -> Result<Identifier> {
    let confirmed = decision == Decision::Confirmed;
    let Some(identifier) = finding.identifier.as_ref().filter(|_| confirmed) else {
        return Err(
            Error::not_found("there is no such finding").hint("`locard findings list` shows them")
        );
    };
    if confirmed::is_known(home.engine.library(), identifier) {
        return Ok(identifier.clone());
    }
    Err(identifiers::unknown(home.engine.library(), identifier))
}

/// Allows a value: cells equal to it count as evidence for nothing from the next scan on. Kept as a hash, and sealed
/// for other catalogs.
pub async fn allow_value(
    home: &Home,
    actor: &Actor,
    value: &str,
    reason: Option<&str>,
) -> Result<()> {
    let folded = folded(value)?;
    let value = Allowed {
        hash: hash_of(home, &folded),
        value: Some(folded.into()),
        reason: reason.map(str::to_owned),
    };
    home.store.allow(home.org, &[value]).await?;
    record_audit(home, actor, "allow value", json!({})).await
}

/// No longer allows a value.
pub async fn disallow_value(home: &Home, actor: &Actor, value: &str) -> Result<()> {
    decisions::disallow(home, hash_of(home, &folded(value)?)).await?;
    record_audit(home, actor, "disallow value", json!({})).await
}

/// What is compared of an allowed value.
fn folded(value: &str) -> Result<String> {
    let folded = forms::folded(value);
    if folded.is_empty() {
        return Err(Error::usage("a blank value cannot be allowed"));
    }
    Ok(folded.into_owned())
}

/// The hash by which this catalog knows a folded value.
pub(crate) fn hash_of(home: &Home, folded: &str) -> u64 {
    home.engine.keyer().key(hash(folded.as_bytes()))
}

/// Takes a decision back.
pub async fn withdraw_decision(home: &Home, actor: &Actor, finding: &FindingRef) -> Result<()> {
    let catalog = Catalog::open(home).await?;
    let entity = catalog.named(&finding.entity).await?;
    let column = column_named(home, entity.id, &finding.column).await?.id;
    let withdrawn = match &finding.identifier {
        Some(identifier) => {
            home.store
                .withdraw_review(home.org, column, identifier.as_str())
                .await?
        }
        None => false,
    };
    if withdrawn {
        let details =
            json!({ "entity": entity.id, "column": column, "identifier": finding.identifier });
        return record_audit(home, actor, "withdraw decision", details).await;
    }
    Err(Error::not_found("nothing was decided about it")
        .hint("`locard findings export -` shows every decision"))
}
