//! DSAR jobs as the reference tells them, with what it leaves out.

use locard_dsar::job::{Body, DsarJob, Handed, LinkRow, Moment};
use serde_json::{Value, json};

/// A job.
pub(super) fn job(job: &DsarJob) -> Value {
    let mut told = json!({
        "id": job.name(),
        "orgId": job.org,
        "state": job.state,
        "createdAt": job.created_at,
        "updatedAt": job.updated_at,
        "timeline": job.timeline.iter().map(moment).collect::<Vec<_>>(),
        "destroyed": job.body.is_none(),
        "legalHold": job.is_held,
    });
    if let (Some(told), Some(Value::Object(more))) = (told.as_object_mut(), known(job)) {
        told.extend(more);
    }
    told
}

fn known(job: &DsarJob) -> Option<Value> {
    let body = job.body.as_ref()?;
    let collected = body.collected.as_ref();
    let name = |id: &uuid::Uuid| format!("dsar:{id}");
    Some(json!({
        "scope": body.scope,
        "format": body.formats.first(),
        "formats": body.formats,
        "identifiers": body.attributes.iter().map(|known| &known.identifier).collect::<Vec<_>>(),
        "requestedBy": body.requested_by,
        "requestNotes": body.request_notes,
        "purpose": body.purpose,
        "requestId": body.request,
        "encryptedTo": body.recipients,
        "warnings": warnings(body),
        "progress": body.progress,
        "review": { "required": body.review, "approvals": body.approvals, "waits": job.waits_for_review() },
        "answer": collected.map(|collected| &collected.answer),
        "sections": collected.map(|collected| &collected.sections),
        "notSearched": collected.map(|collected| &collected.not_searched),
        "delivery": delivery(job, body),
        "failure": body.failure,
        "hold": body.hold,
        "retryOf": body.retry_of.as_ref().map(name),
        "retriedBy": body.retried_by.as_ref().map(name),
    }))
}

fn warnings(body: &Body) -> Vec<String> {
    let collected = body
        .collected
        .iter()
        .flat_map(|collected| &collected.warnings);
    body.warnings.iter().chain(collected).cloned().collect()
}

fn delivery(job: &DsarJob, body: &Body) -> Option<Value> {
    let delivery = body.delivery.as_ref()?;
    Some(json!({
        "bundleR2Key": delivery.key,
        "bundleKey": delivery.key,
        "bundleSizeBytes": delivery.size,
        "bundleSha256": delivery.sha256,
        "bundleUrl": format!("/v1/compliance/dsar/{}/download", job.name()),
        "signedBy": delivery.signed_by,
        "expiresAt": job.expires_at,
        "downloadedAt": delivery.downloaded_at,
        "downloadedBy": delivery.downloaded_by,
    }))
}

fn moment(moment: &Moment) -> Value {
    json!({ "at": moment.at, "state": moment.state, "actor": moment.actor, "notes": moment.notes })
}

/// The report of a bundle.
pub(super) fn report(job: &DsarJob) -> Value {
    json!(job.body.as_ref().and_then(|body| body.report.as_ref()))
}

/// A link.
pub(super) fn link(link: &LinkRow) -> Value {
    json!({
        "id": link.id,
        "createdBy": link.by,
        "createdAt": link.created_at,
        "expiresAt": link.expires_at,
        "revokedAt": link.revoked_at,
        "usedAt": link.used_at,
        "attempts": link.attempts,
    })
}

/// A time at which a bundle was handed out.
pub(super) fn handed(handed: &Handed) -> Value {
    json!({ "at": handed.at, "by": handed.by, "purpose": handed.purpose, "link": handed.link })
}
