//! Examples of what is sent and answered about requests.

use serde_json::{Value, json};

use super::AT;
use crate::requests::look;

const ID: &str = "0198c1f2-7a10-7c44-8d21-5b6a0c9e1f33";
const OTHER: &str = "6f1f0a6e-2f0e-4a43-9a53-0d8a5e7c9b12";
const DUE: &str = "2026-04-30T21:59:59Z";

/// What is sent.
pub(super) fn sent(method: &str, path: &str) -> Value {
    let rest = path.strip_prefix("/requests/{id}").unwrap_or(path);
    match (method, rest) {
        ("post", "/requests" | "/requests/capture") => json!({
            "jurisdiction": "eu", "region": "DE-BE", "requestType": "access",
            "intakeSource": { "channel": "email", "rawText": "Please send me what you hold about me.", "receivedAt": AT },
            "requestor": { "type": "subject", "name": "Anna Muster", "email": "anna@example.org" },
        }),
        (_, "/requestor") => {
            json!({ "type": "representative", "name": "Lea Lawyer", "relation": "attorney" })
        }
        ("put", "/subject") => {
            json!({ "name": "Anna Muster", "email": "anna@example.org", "attributes": { "PHONE_NUMBER": "+49 30 901820" } })
        }
        (_, "/authority/submit") => {
            json!({ "evidenceArtifacts": ["mandate.pdf"], "status": "pending" })
        }
        (_, "/verification/request") => {
            json!({ "level": "reasonable", "reasonForDoubt": "another address than before" })
        }
        (_, "/verification/evidence") => {
            json!({ "level": "reasonable", "evidenceArtifacts": ["login 2026-04-02"] })
        }
        (_, "/verification/waive") => json!({ "rationale": "asked from within the account" }),
        (_, "/extensions") => json!({ "rationale": "data lies in eleven systems" }),
        (_, "/refusals") => {
            json!({ "reason": "exemption_applies", "rationale": "manifestly excessive" })
        }
        (_, "/manifest/validate") => json!({ "action": "approved" }),
        (_, "/fulfilment/callback") => {
            json!({ "manifest": { "artifacts": [{ "title": "profile", "type": "profile_data" }] } })
        }
        (_, "/delivery/prepare") => json!({ "channel": "portal", "securityLevel": "token" }),
        (_, "/delivery/address/verify") => json!({ "email": "anna@example.org" }),
        (_, "/delivery/step-up/complete") => json!({ "token": "3f9c..." }),
        ("post", "/appeals") => {
            json!({ "message": "The invoices are missing.", "grounds": "incomplete" })
        }
        (_, "/appeals/{appealId}/decide") => {
            json!({ "decision": "partial", "explanation": "two invoices were added" })
        }
        (_, "/tasks/{taskId}/answer") => json!({ "outcome": "nothing_found" }),
        (_, "/places/{placeId}/decide") => json!({ "verdict": "included" }),
        (_, "/audit/verify") => json!({ "sequence": 17, "hash": "sha256:3f9c..." }),
        ("post", "/hold") => json!({ "reason": "case 7 of 2026" }),
        ("post", "/clarifications/request" | "/clarifications/receive" | "/withdrawals") => {
            json!({ "message": "Which account do you mean?" })
        }
        ("post", "/acknowledgements" | "/verification/approve" | "/verification/reject") => {
            json!({ "at": AT })
        }
        ("post", "/fulfilment") => json!({
            "at": AT, "acknowledgeOpen": true, "reason": "the backup of May is overwritten in June",
        }),
        _ => sent_about_policies(method, rest),
    }
}

fn sent_about_policies(method: &str, rest: &str) -> Value {
    match (method, rest) {
        (_, "/policies/custom/register") => json!({
            "jurisdiction": "eu", "name": "Ours", "version": "2", "pack": "id = \"eu\" ...",
            "metadata": { "changelog": "shorter", "compatibilityNotes": "none", "releaseType": "minor" },
        }),
        (_, "/policies/custom/activate") => {
            json!({ "jurisdiction": "eu", "tenantId": "default", "version": "2" })
        }
        (_, "/policies/custom/deactivate") => json!({ "tenantId": "default" }),
        ("put", "/tenants/{tenantId}/retention") => {
            json!({ "class": "request_record", "minDays": 730, "maxDays": 1095 })
        }
        _ => Value::Null,
    }
}

/// What is answered. Whoever changes something may be told what of it was not heeded.
pub(super) fn answered(method: &str, path: &str) -> Value {
    let mut told = done(method, path);
    if let (false, Some(fields)) = (method == "get", told.as_object_mut()) {
        let warnings = json!(["odd: is not known and was not heeded"]);
        fields.entry("warnings").or_insert(warnings);
    }
    told
}

fn done(method: &str, path: &str) -> Value {
    let rest = path.strip_prefix("/requests/{id}").unwrap_or(path);
    match (method, rest) {
        (_, "/init") => json!({ "initialized": true }),
        (_, "/status") => json!({ "service": "locard", "status": "ok" }),
        (_, "/errors/{id}") => look::told(locard_requests::Code::TransitionDisallowed),
        ("post", "/requests") => {
            json!({ "id": ID, "receivedAt": AT, "status": "captured" })
        }
        (_, "/requests/capture") => {
            json!({ "id": ID, "receivedAt": AT, "status": "captured", "dueAt": DUE, "located": null })
        }
        ("get", "/requests") => json!({
            "items": [listed()], "limit": 25, "offset": 0, "sortBy": "receivedAt", "sortOrder": "desc", "total": 1,
        }),
        (_, "/requests/calendar.ics") => {
            json!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n")
        }
        (_, "/requests/register.csv") => json!("id,status,requestType,jurisdiction\r\n"),
        (_, "/requests/register/upload") => {
            json!({ "imported": 12, "known": 0, "refused": [], "warnings": [] })
        }
        (_, "/letters/{kind}") => json!("Dear Anna Muster, ..."),
        (_, "/audit/export") => {
            json!({ "requestId": ID, "format": "jsonl", "events": [], "rootHash": "sha256:3f9c...", "rootSequence": 17 })
        }
        (_, "/audit/verify") => json!({ "verified": true, "status": "verified", "mismatches": [] }),
        ("delete", "") => json!({ "id": ID, "destroyed": true }),
        ("get", "") => shown(),
        (_, "/timeline") => json!({
            "requestId": ID,
            "events": [{ "id": OTHER, "eventType": "request_created", "createdAt": AT, "payload": {} }],
        }),
        (_, "/clock/explain") => explained(),
        (_, "/notifications") => json!({
            "requestId": ID,
            "events": [{ "eventId": OTHER, "eventType": "request_captured", "createdAt": AT, "status": "generated", "attempts": [] }],
        }),
        (_, "/notifications/{eventId}/replay") => json!({ "eventId": OTHER, "status": "replayed" }),
        (_, "/subjects/{subjectId}") => json!({
            "subjectId": "sub-123", "requests": [{ "id": ID, "requestType": "access", "status": "in_progress", "receivedAt": AT }],
        }),
        (_, rest) => of_policies(method, rest),
    }
}

fn of_policies(method: &str, rest: &str) -> Value {
    match (method, rest) {
        (_, "/policies/custom/register") => {
            json!({ "jurisdiction": "eu", "name": "Ours", "status": "registered", "version": "2" })
        }
        (_, "/policies/custom/activate") => {
            json!({ "jurisdiction": "eu", "status": "activated", "tenantId": "default", "version": "2" })
        }
        (_, "/policies/custom/deactivate") => {
            json!({ "status": "deactivated", "tenantId": "default" })
        }
        (_, "/policies/upgrades/propose") => {
            json!({ "proposalId": OTHER, "status": "pending_approval", "changes": [] })
        }
        (_, "/policies/upgrades/{proposalId}/approve") => {
            json!({ "proposalId": OTHER, "status": "approved" })
        }
        (_, "/policies/upgrades/{proposalId}/apply") => {
            json!({ "proposalId": OTHER, "status": "applied" })
        }
        (_, "/policies") => {
            json!([{ "jurisdiction": "eu", "name": "European Union and European Economic Area", "packId": "eu", "version": "1",
                "aliases": [], "checkedAt": null, "hash": "3f9c...", "law": null, "notes": null, "publishedAt": null, "regions": null, "url": null }])
        }
        ("get", "/tenants/{tenantId}/retention") => json!([retention()]),
        (_, "/tenants/{tenantId}/retention") => retention(),
        (_, rest) => of_part(method, rest),
    }
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn of_part(method: &str, rest: &str) -> Value {
    let artifact = json!({ "artifactId": OTHER, "artifactKey": format!("manifest/{ID}/{OTHER}"), "requestId": ID });
    match (method, rest) {
        (_, "/verification/evidence" | "/verification/evidence/upload") => {
            json!({
                "requestId": ID, "evidenceId": OTHER, "level": "reasonable", "status": "pending", "artifactKey": "evidence/...",
            })
        }
        (_, "/verification-case") => json!({
            "id": OTHER, "status": "pending", "level": "reasonable", "method": "manual", "pauseClock": true, "requestedAt": AT,
            "evidence": [], "reason": "the name alone says little", "resolvedAt": AT,
        }),
        ("get", "/manifest") => json!({
            "artifacts": [], "dataCategories": [], "redactionsApplied": [], "thirdPartyExclusions": [], "validationState": "pending",
            "decidedAt": AT, "decidedBy": "anna", "supplementaryInfoInline": "where it comes from", "supplementaryInfoRef": "notice 3",
        }),
        (_, "/manifest/validate") => json!({ "id": ID, "status": "approved" }),
        (_, "/manifest/artifact/download") => json!("the file"),
        (_, rest) if rest.starts_with("/manifest/artifact/") => artifact,
        (_, "/fulfilment/callback") => json!({ "requestId": ID, "status": "recorded" }),
        (_, "/delivery/prepare") => json!({
            "requestId": ID, "artifactId": OTHER, "surface": "delivery_prepare",
            "deliveryPrepare": { "channel": "portal", "preparedAt": AT, "preparedBy": "anna", "securityLevel": "step_up" },
        }),
        (_, "/delivery/address/verify") => {
            json!({ "requestId": ID, "email": "anna@example.org", "verified": true })
        }
        (_, "/delivery/step-up/challenge") => {
            json!({ "requestId": ID, "token": "3f9c...", "expiresAt": AT })
        }
        (_, "/delivery/step-up/complete") => json!({ "requestId": ID, "status": "completed" }),
        (_, "/delivery/logs") => json!({ "requestId": ID, "logs": [] }),
        (_, "/artifacts/{artifactId}/download") => json!({
            "requestId": ID, "artifactId": OTHER, "artifact": { "title": "profile", "mediaType": "text/csv" },
        }),
        ("get", "/appeals") => {
            json!([{ "id": OTHER, "message": "The invoices are missing.", "status": "pending", "createdAt": AT }])
        }
        ("post", "/appeals") => {
            json!({ "appealId": OTHER, "requestId": ID, "status": "appeal_submitted" })
        }
        (_, "/appeals/{appealId}/decide") => {
            json!({ "appealId": OTHER, "decision": "partial", "requestId": ID, "status": "appeal_decided" })
        }
        (_, "/collection") => json!({
            "requestId": ID, "jobId": format!("dsar:{OTHER}"), "state": "COLLECTING", "waitsForReview": false, "rowsCollected": 12,
            "createdAt": AT, "updatedAt": AT, "expiresAt": AT, "failure": null,
        }),
        (_, "/tasks/{taskId}/upload") => {
            json!({ "requestId": ID, "taskId": OTHER, "fileId": OTHER })
        }
        (_, rest) if rest.starts_with("/tasks") => json!({
            "requestId": ID,
            "tasks": [{ "id": OTHER, "source": "cabinet", "kind": "paper", "owner": "HR", "status": "waiting", "dueAt": DUE,
                "contact": "files@example.org", "instructions": "ask for the green folder", "createdAt": AT, "answeredAt": AT,
                "answeredBy": "anna", "note": "nothing there", "files": [],
            }],
        }),
        (_, rest) if rest.starts_with("/places") => json!({
            "requestId": ID,
            "places": [{
                "id": OTHER, "source": "crm", "resource": "public.users", "columns": ["email"], "identifiers": ["EMAIL_ADDRESS"],
                "strength": "strong", "reviewReason": "only a name agrees", "reached": ["public.orders by user_id"], "rows": 1,
                "rowsAt": [{ "at": "id=17", "key": {}, "line": 17, "number": 16 }], "verified": true, "listed": true, "verdict": "open",
                "reason": "a duty to keep it", "instructions": "Erase the rows", "recheck": "still_there", "recheckNote": "1 of 1 rows",
                "recheckedAt": AT,
            }],
            "notSearched": [],
        }),
        (_, "/subject") => {
            json!({ "id": ID, "requestId": ID, "status": "in_progress", "dueAt": DUE, "warnings": ["a name alone says little"] })
        }
        _ => json!({ "id": ID, "requestId": ID, "status": "in_progress", "dueAt": DUE }),
    }
}

fn listed() -> Value {
    json!({
        "id": ID, "status": "in_progress", "requestType": "access", "jurisdiction": "eu", "receivedAt": AT, "dueAt": DUE,
        "clockMode": "active", "requestor": { "type": "subject", "name": "Anna Muster", "email": "anna@example.org" },
        "destroyed": false, "dueDate": "2026-03-02", "intake": null, "legalHold": false,
        "authority": { "evidenceArtifacts": [], "status": "not_required" },
    })
}

/// One request with all that is known of it.
fn shown() -> Value {
    let mut shown = listed();
    for at in [
        "acknowledgedAt",
        "carriedOutAt",
        "endedAt",
        "recordedAt",
        "retainUntil",
    ] {
        shown[at] = json!(AT);
    }
    // What each of them holds is told where it is asked for alone.
    for part in [
        "allowedActions",
        "appeals",
        "clarifications",
        "deadlines",
        "extensions",
        "hold",
        "intakeSource",
        "isComplex",
        "jobs",
        "located",
        "manifest",
        "notice",
        "places",
        "placesUndecided",
        "refusal",
        "subject",
        "tasks",
        "verification",
        "warnings",
    ] {
        shown[part] = Value::Null;
    }
    shown
}

fn retention() -> Value {
    json!({
        "id": "ret-request_record", "class": "request_record", "minDays": 730, "maxDays": 1095, "purgeEnabled": false,
        "legalHoldEnabled": false, "updatedAt": AT,
    })
}

fn explained() -> Value {
    json!({
        "requestId": ID, "baseDeadline": DUE, "finalDueAt": DUE, "policyPack": "eu", "policyVersion": "1", "extensions": [],
        "deadlines": null, "dueDate": "2026-03-02", "isOpen": true, "notice": null, "policyHash": "3f9c...",
        "pauses": [],
        "clock": {
            "clockMode": "active", "receivedAt": AT, "dueAt": DUE,
            "segments": [{ "actor": "system", "countsTowardDeadline": true, "from": AT, "to": DUE, "reason": "base", "policyVersion": "1" }],
        },
    })
}
