//! What changed between two scans.

use axum::extract::State;
use locard_app::{FindingRow, diff_jobs, job_id};
use locard_model::JobId;
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::{Query, findings, page};

/// Two jobs by their ids, and nothing else that has a name.
pub(crate) async fn diff(State(context): State<Context>, query: Query) -> Answer {
    let (before, after) = (
        job(&context, &query, "before").await?,
        job(&context, &query, "after").await?,
    );
    let (_, limit) = page(&query)?;
    let compared = context
        .apart(move |context| async move { diff_jobs(context.home(), before, after).await })
        .await??;
    let shown = |rows: &[FindingRow]| -> Vec<Value> {
        let rows = rows.iter().take(limit as usize);
        rows.map(findings::told).collect()
    };
    let changed = compared.changed.iter().take(limit as usize).map(|change| {
        json!({ "before": findings::told(&change.before), "after": findings::told(&change.after) })
    });
    answer(json!({
        "before": before,
        "after": after,
        "counts": {
            "added": compared.added.len(),
            "removed": compared.removed.len(),
            "changed": compared.changed.len(),
            "notScanned": compared.not_scanned.len(),
            "notScannedBefore": compared.not_scanned_before.len(),
        },
        "added": shown(&compared.added),
        "removed": shown(&compared.removed),
        "changed": changed.collect::<Vec<_>>(),
        "notScanned": shown(&compared.not_scanned),
        "notScannedBefore": shown(&compared.not_scanned_before),
    }))
}

async fn job(context: &Context, query: &Query, name: &str) -> Result<JobId, Fault> {
    let text = query.get(name).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Fault::field(name, "the id of a job is wanted"))?;
    job_id(context.home(), text).await.map_err(|error| Fault {
        field: Some(name.to_owned()),
        ..Fault::from(error)
    })
}
