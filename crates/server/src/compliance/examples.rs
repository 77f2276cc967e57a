//! Examples of what is sent and answered on these paths.

use serde_json::{Value, json};

const JOB: &str = "dsar:0198c1f2-6f3e-7d1a-9b7c-2f6d1e0a4c55";
const AT: &str = "2026-03-31T02:00:00Z";
const LINK: &str = "9d0a5d3a-6f0e-4b39-8a4f-0d6f2a9c1b11";

/// A body that is sent to a route, and one that it answers; null where there is none.
pub(crate) fn of(method: &str, path: &str) -> (Value, Value) {
    (sent(method, path), answered(method, path))
}

fn sent(method: &str, path: &str) -> Value {
    match (
        method,
        path.strip_prefix("/v1/compliance/dsar").unwrap_or(path),
    ) {
        ("post", "") => json!({
            "scope": { "dataSubjectId": "anna@example.org", "windowStart": "2023-11-07T05:31:56Z", "substrates": ["crm"] },
            "attributes": { "PERSON": "Anna Muster" }, "format": "JSON", "requestNotes": "request 2026-17",
        }),
        ("post", "/{id}/hold") => json!({ "reason": "case 7 of 2026" }),
        ("post", "/{id}/cancel") => json!({ "reason": "withdrawn" }),
        ("post", "/{id}/review/decisions") => json!({
            "decisions": [
                { "section": 1, "row": 2, "verdict": "not", "act": "exclude", "reason": "another birth date" },
                {
                    "section": 1, "row": 1, "act": "redact", "column": "note", "spans": [[4, 14]],
                    "reason": "names a colleague", "exemption": "third-party",
                },
            ],
        }),
        ("post", "/{id}/review/approve") => json!({ "leaveOutUndecided": true }),
        ("post", "/{id}/review/undo") => json!({ "decision": "3" }),
        ("post", "/{id}/links") => json!({ "hours": "48" }),
        ("post", "/v1/delivery/{id}") => json!({ "code": "K7QX2MBA" }),
        ("patch", "/api/v1/dsar-settings") => json!({ "activeLimit": 10, "secondApprover": true }),
        ("post", "/api/v1/subjects") => {
            json!({ "id": "C-10234", "attributes": { "EMAIL_ADDRESS": "anna@example.org" } })
        }
        _ => Value::Null,
    }
}

fn answered(method: &str, path: &str) -> Value {
    let settings = json!({
        "activeLimit": 5, "ttlHours": 720, "review": true, "secondApprover": false, "tenantExport": false, "tenantExportRows": false, "alertDays": null,
        "controller": null, "notice": null, "register": null, "store": null,
    });
    match (method, path.strip_prefix("/v1/compliance").unwrap_or(path)) {
        (_, "/v1/delivery/{id}") => json!("the bundle, or the page that asks for its code"),
        ("get", "/api/v1/dsar-settings") => {
            json!({ "settings": settings, "publicKey": "base64", "keyId": "1f3a5c7e9b0d2f4a" })
        }
        (_, "/api/v1/dsar-settings") => json!({ "settings": settings }),
        (_, "/api/v1/subjects") => {
            json!({ "id": "C-10234", "registered": true, "warnings": [] })
        }
        (method, rest) => {
            json!({ "ok": true, "data": data(method, rest), "contractVersion": "v1.0" })
        }
    }
}

fn data(method: &str, rest: &str) -> Value {
    match rest {
        "/dsar" if method == "get" => json!({
            "jobs": [job("READY")], "total": 1, "filteredCount": 1, "counts": {}, "activeCount": 1,
            "activeLimit": 5, "next": LINK,
        }),
        "/dsar" | "/dsar/{id}/retry" => {
            json!({ "job": job("REQUESTED"), "activeLimit": 5, "notHeeded": ["scope.odd: is not known and was not heeded"] })
        }
        "/dsar/{id}/hold" => json!({ "job": job("READY") }),
        "/dsar/{id}/cancel" => json!({ "job": job("FAILED") }),
        "/dsar/{id}" => json!({ "job": job("READY"), "auditReport": report() }),
        "/dsar/{id}/run" => {
            json!({ "job": job("READY"), "auditReport": report(), "waitsForReview": false })
        }
        "/dsar/{id}/download" => json!({ "job": job("DELIVERED"), "artifact": artifact() }),
        "/dsar/{id}/downloads" => {
            json!({ "downloads": [{ "at": AT, "by": "anna", "purpose": "delivery", "link": LINK }] })
        }
        "/dsar/{id}/review" => json!({
            "waits": true, "sections": [section()], "undecided": 0, "decisions": 0, "approvals": { "wanted": 1, "given": [] },
        }),
        "/dsar/{id}/review/rows" => json!({
            "section": 1, "next": 2,
            "rows": [{
                "row": 1, "at": "id=17", "review": "only a name agrees", "included": true, "values": {}, "agreed": null, "decisions": [],
                "outside": false, "strength": "strong", "spelled": {},
                "redactedByRule": ["note"],
                "redactions": [{ "column": "note", "within": "", "identifier": "PERSON", "spans": [[4, 14]] }],
            }],
        }),
        "/dsar/{id}/review/decisions" => json!({ "decisions": [4] }),
        "/dsar/{id}/review/undo" => json!({ "decisions": [5], "undoes": 3 }),
        "/dsar/{id}/review/approve" => json!({ "job": job("PACKAGING"), "undecided": 2 }),
        "/dsar/{id}/links" if method == "get" => {
            json!({ "links": [{
                "id": LINK, "createdBy": "anna", "createdAt": AT, "expiresAt": AT, "revokedAt": AT, "usedAt": AT, "attempts": 1,
            }] })
        }
        "/dsar/{id}/links" => {
            json!({ "id": LINK, "url": "/v1/delivery/AZjB8m8…", "code": "K7QX2MBA", "expiresAt": AT, "notHeeded": ["odd: is not known and was not heeded"] })
        }
        "/dsar/{id}/links/{link}" => json!({ "id": LINK, "revoked": true }),
        "/export" => json!({
            "kind": "TENANT_FULL", "exportedAt": AT, "key": { "id": LINK, "label": "anna" },
            "tenant": "00000000-0000-0000-0000-000000000000", "retentionPolicy": { "bundleHours": 720 }, "artifact": artifact(),
        }),
        "/data-map" => json!({
            "generatedAt": AT, "sources": [], "controller": null, "retentionPolicy": null,
            "categories": [{ "identifier": "EMAIL_ADDRESS", "category": "contact", "places": [], "legalBasis": null,
                "purpose": null, "recipients": null, "retention": null, "sensitivity": "medium" }],
        }),
        _ => Value::Null,
    }
}

fn job(state: &str) -> Value {
    json!({
        "id": JOB, "orgId": "00000000-0000-0000-0000-000000000000", "state": state, "createdAt": AT, "updatedAt": AT,
        "scope": { "kind": "DATA_SUBJECT", "dataSubjectId": "anna@example.org", "campaignIds": [], "substrates": ["crm"], "windowStart": AT, "windowEnd": AT, "withRows": false },
        "format": "JSON", "formats": ["JSON"], "identifiers": ["EMAIL_ADDRESS"], "purpose": "request 2026-17", "requestId": JOB,
        "encryptedTo": [], "warnings": ["a short number says little"], "review": { "required": true, "approvals": null, "waits": false },
        "answer": null, "sections": [], "notSearched": [], "hold": null, "retryOf": JOB, "retriedBy": JOB, "destroyed": false,
        "requestedBy": "anna", "requestNotes": "request 2026-17",
        "progress": { "rowsCollected": 12, "rowsExpected": 12, "bytesPackaged": 4_096, "lastHeartbeatAt": AT, "workerId": LINK, "sections": null },
        "delivery": {
            "bundleR2Key": "dsar/…", "bundleKey": "dsar/…", "bundleSizeBytes": 4_096, "bundleSha256": "…",
            "bundleUrl": "/v1/compliance/dsar/…/download", "signedBy": "1f3a5c7e9b0d2f4a", "expiresAt": AT, "downloadedAt": AT,
            "downloadedBy": "anna",
        },
        "failure": null, "legalHold": false,
        "timeline": [{ "at": AT, "state": "REQUESTED", "actor": "anna", "notes": "request 2026-17" }],
    })
}

fn section() -> Value {
    json!({ "number": 1, "entity": LINK, "source": "crm", "resource": "public.users", "included": 1, "review": 0, "outside": 0, "count": 1,
        "totalBeforeFilter": 1, "undecided": 0, "complete": true })
}

fn report() -> Value {
    json!({
        "jobId": JOB, "orgId": "00000000-0000-0000-0000-000000000000", "requestedBy": "anna", "requestedAt": AT,
        "generatedAt": AT, "sectionCounts": {}, "totalRecords": 1, "redactionNotes": [],
        "notSearched": [], "bundleId": "…", "dataCategories": null, "redactions": null, "warnings": [], "decisions": null,
    })
}

fn artifact() -> Value {
    json!({
        "schemaVersion": "1.0", "generatedAt": AT, "jobId": JOB, "integritySha256": "…", "auditReport": report(),
        "orgId": "00000000-0000-0000-0000-000000000000", "scope": {}, "warnings": [], "notSearched": [],
        "sections": [{ "name": "001 crm public.users", "count": 1, "totalBeforeFilter": 1, "items": [] }],
    })
}
