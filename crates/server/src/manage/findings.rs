//! Findings.

use axum::extract::State;
use locard_app::{FindingFilter, FindingRow, identifier_named, job_id};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::Query;

fn told(finding: &FindingRow) -> Value {
    json!({
        "source": finding.source,
        "entity": finding.entity,
        "resource": finding.resource,
        "columnId": finding.column_id,
        "column": finding.column,
        "identifier": finding.identifier,
        "kind": finding.kind.as_str(),
        "confidence": (finding.confidence * 10_000.0).round() / 10_000.0,
        "category": finding.category.as_str(),
        "sensitivity": finding.sensitivity.as_str(),
        "rows": finding.rows,
        "filled": finding.filled,
        "tested": finding.tested,
        "matched": finding.matched,
        "validated": finding.validated,
        "distinct": finding.distinct,
        "indexed": finding.indexed,
        "rules": finding.rules,
        "decision": finding.decided.as_ref().map(|decided| decided.decision.as_str()),
    })
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let home = context.home();
    let text = |name: &str| query.get(name).filter(|text| !text.is_empty()).cloned();
    let job = match text("job") {
        Some(job) => Some(job_id(home, &job).await?),
        None => None,
    };
    let identifier = match text("identifier") {
        Some(name) => Some(identifier_named(home, &name).await?),
        None => None,
    };
    let filter = FindingFilter {
        job,
        source: text("source"),
        resource: text("resource"),
        identifier,
        min_confidence: confidence(text("minConfidence"))?,
        with_rejected: false,
    };
    let findings = locard_app::findings(home, &filter).await?;
    answer(json!({ "findings": findings.iter().map(told).collect::<Vec<_>>() }))
}

/// The confidence that is asked for.
fn confidence(text: Option<String>) -> Result<f64, Fault> {
    let Some(text) = text else { return Ok(0.0) };
    let least = text
        .parse()
        .ok()
        .filter(|least| (0.0..=1.0).contains(least));
    least.ok_or_else(|| Fault::field("minConfidence", "a number from 0 to 1 is wanted"))
}
