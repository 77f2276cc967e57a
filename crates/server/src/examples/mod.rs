//! An example of what is sent and of what is answered, for each route. A test sees to it that none is forgotten.

mod requests;

use serde_json::{Value, json};

use crate::family::Family;

/// A body that is sent to a route, and one that it answers; null where there is none.
pub(crate) fn of(method: &str, path: &str) -> (Value, Value) {
    if let Some(known) = crate::manage::examples::of(method, path) {
        return known;
    }
    let family = Family::of(path);
    if family == Family::Requests || path.starts_with("/errors") {
        return (
            requests::sent(method, path),
            requests::answered(method, path),
        );
    }
    let is_compliance = matches!(family, Family::Compliance | Family::Delivery);
    if is_compliance || ["/api/v1/dsar-settings", "/api/v1/subjects"].contains(&path) {
        return crate::compliance::examples::of(method, path);
    }
    match path.strip_prefix('~') {
        Some(path) => (job(path), reply(path)),
        None => (sent(method, path), answered(method, path)),
    }
}

/// What is answered where something goes wrong, in the words of a family.
pub(crate) fn fault(family: Family) -> Value {
    let message = "there is no such source";
    match family {
        Family::Reference => json!({ "status": 404, "message": message }),
        Family::Compliance => json!({
            "ok": false, "data": null, "contractVersion": "1",
            "error": { "code": "NOT_FOUND", "message": message, "hint": "look it up", "field": "id" },
        }),
        Family::Requests => json!({ "error": {
            "id": "DSAR-BE-1411", "code": "NOT_FOUND", "docsUrl": "/errors/dsar-be-1411", "message": message, "status": 404,
            "hint": "look it up", "field": "id", "trace": {},
        } }),
        Family::Management | Family::Delivery | Family::Plain => json!({
            "type": "about:blank", "title": "Not Found", "status": 404, "detail": message, "hint": "look it up", "field": "id",
        }),
    }
}

const JOB: &str = "0198c1f2-6f3e-7d1a-9b7c-2f6d1e0a4c55";
const SHORT: &str = "0198c1f26f3e7d1a9b7c2f6d";
const SOURCE: &str = "5b0f6f0e-93b1-5b0f-8d5e-0c3f6f1a2b3c";
const SOURCE_SHORT: &str = "5b0f6f0e93b15b0f8d5e0c3f";
const ENTITY: &str = "1d433d87-9add-4fd4-837a-d7ba401aa619";
const AT: &str = "2026-03-31T02:00:00Z";

/// What a job of the reference is started with.
fn job(path: &str) -> Value {
    let scope = json!([ENTITY]);
    match path.trim_start_matches("/jobs/execute/") {
        "test-connection" => json!({
            "databaseType": "POSTGRES", "host": "db.example", "port": 5432, "databaseName": "crm",
            "userName": "reader", "password": "secret", "fqdnId": "CRM_1", "resourceName": "crm",
        }),
        "metadata/ingest" => {
            json!({ "resourceId": SOURCE_SHORT, "fqdnId": "CRM_1", "schemaNames": ["public"] })
        }
        "remove-datasource" => json!({ "id": SOURCE_SHORT, "fqdnId": "CRM_1" }),
        "data-profiling" => {
            json!({ "scope": scope, "configs": { "sampleType": "FIRST_N", "sampleValue": 10_000 } })
        }
        "data-discovery" => {
            json!({ "scope": ["FILES_1"], "configs": { "extensions": ["csv", "pdf"] } })
        }
        "data-identification" => {
            json!({ "scope": scope, "dictionaryIds": [], "dataPatternIds": [] })
        }
        "pii-detection" => json!({ "scope": scope, "configs": { "language": "JAPANESE" } }),
        "usage-statistics" => {
            json!({ "scope": scope, "configs": { "startDate": "2026-03-01", "endDate": "2026-03-31" } })
        }
        "collections/data-profiling" | "collections/data-aggregation" => {
            json!({ "collectionId": JOB })
        }
        "business-rule" => json!({ "ruleId": [SHORT] }),
        "business-rule/with-row-counter" => json!({ "ruleId": [SHORT], "scope": [ENTITY] }),
        "metadata/re-ingest" => json!({ "scope": ["CRM_1/public/*"] }),
        _ => Value::Null,
    }
}

/// What the reference answers.
fn reply(path: &str) -> Value {
    if path.ends_with("/status") {
        return json!({
            "workerId": SHORT, "workerName": "DATA_PROFILE", "activity": "3 of 8 pieces read", "status": "RUNNING",
            "user": { "name": "pipeline", "email": "", "firstName": "pipeline", "lastName": "" },
            "createdAt": AT, "duration": 5_312, "jobId": JOB, "outcome": "PARTIAL", "progress": 0.375, "startedAt": AT,
            "endedAt": AT, "scope": about(),
            "counts": { "tasks": 8, "done": 3, "failed": 1, "rows": 6_000, "bytes": 98_304, "faults": 0, "failures": 1, "findings": 4 },
            "items": [{ "source": "crm", "resource": "public.users", "outcome": "FAILED", "rows": 0, "message": "it may not be read" }],
            "errors": [{ "source": "crm", "resource": "public.users", "kind": "denied", "message": "it may not be read", "hint": "grant it" }],
            "result": {}, "warnings": ["configs.odd: is not known and was not heeded"],
        });
    }
    json!({
        "status": "SUCCESS", "message": "the job was started", "warnings": ["configs.odd: is not known and was not heeded"],
        "data": {
            "userId": "9d0a5d3a-6f0e-4b39-8a4f-0d6f2a9c1b11", "resourceIds": [SOURCE_SHORT], "scope": about(), "_id": SHORT,
            "jobId": JOB, "date": AT, "workerName": "DATA_PROFILE", "activity": "accepted", "createdAt": AT, "updatedAt": AT,
            "pId": 0, "__v": 0,
        },
    })
}

/// What a job is about.
fn about() -> Value {
    json!({
        "dataSources": [{ "_id": SOURCE_SHORT, "title": "crm" }],
        "scope": [{ "type": "TABLE", "_id": ENTITY, "title": "crm/public.users" }],
    })
}

/// What is sent to a route of ours.
fn sent(method: &str, path: &str) -> Value {
    match (method, path) {
        ("post", "/api/v1/sources") => {
            json!({ "name": "crm", "key": "CRM_1", "target": "postgres://reader:secret@db.example/crm", "owner": "Sales" })
        }
        ("post", "/api/v1/locate") => json!({
            "purpose": "request 2026-17", "attributes": { "EMAIL_ADDRESS": "anna@example.org", "PERSON": "Anna Muster" },
            "verify": true,
        }),
        ("post", "/api/v1/keys") => {
            json!({ "name": "pipeline", "role": "operator", "expiresAt": "2031-01-01T00:00:00Z", "scopes": ["jobs", "sources:read"] })
        }
        ("post", "/api/v1/schedules") => json!({
            "name": "nightly", "cron": "0 2 * * 1-5", "timeZone": "Europe/Berlin", "missed": "run-once",
            "job": "data-profiling", "body": { "scope": ["CRM_1"] },
        }),
        ("patch", "/api/v1/schedules/{id}") => json!({ "enabled": false }),
        ("post", "/api/v1/collections") => {
            json!({ "name": "customers", "members": ["CRM_1/public/customers_*"], "kind": "dataset" })
        }
        (method, path) if path.starts_with("/api/v1/webhooks") => {
            crate::manage::webhooks::example(method, path.trim_start_matches("/api/v1"), true)
        }
        (method, path) if path.starts_with("/api/v1/business-rules") => {
            crate::manage::business::example(method, path.trim_start_matches("/api/v1"), true)
        }
        ("patch", "/api/v1/collections/{id}") => json!({ "note": "of the three regions" }),
        _ => Value::Null,
    }
}

/// What a route of ours answers.
fn answered(method: &str, path: &str) -> Value {
    let rest = path.strip_prefix("/api/v1").unwrap_or(path);
    match (method, rest) {
        ("get", "/healthz") => json!({ "status": "ok" }),
        ("get", "/readyz") => {
            json!({ "status": "ready", "filters": { "state": "loaded", "share": 1.0 } })
        }
        ("get", "/metrics") => json!(
            "locard_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 7\n"
        ),
        ("get", "/docs" | "/docs.js" | "/docs.css") => json!("the reference page"),
        ("get", "/openapi.json") => {
            json!({ "openapi": "3.1.0", "info": {}, "paths": {}, "components": {} })
        }
        ("delete", "/sources/{id}") => json!({ "job": JOB }),
        ("delete", "/keys/{id}") => key(),
        (method, rest) if rest.starts_with("/webhooks") || rest.starts_with("/deliveries") => {
            crate::manage::webhooks::example(method, rest, false)
        }
        ("post", "/schedules/{id}/run") => json!({ "id": JOB, "job": JOB, "jobShortId": SHORT }),
        (method, rest) if rest.starts_with("/business-rules") => {
            crate::manage::business::example(method, rest, false)
        }
        ("delete", _) => json!({ "id": JOB, "removed": true }),
        (_, "/sources") if method == "post" => {
            json!({ "id": SOURCE, "shortId": SOURCE_SHORT, "name": "crm", "new": true })
        }
        (_, "/keys") if method == "post" => with(key(), &json!({ "token": "locard_…" })),
        ("post", "/jobs/{id}/cancel") => json!({ "id": JOB, "state": "CANCELLING" }),
        ("post", "/locate") => located(),
        (_, rest) => listed_or_shown(method, rest),
    }
}

fn listed_or_shown(method: &str, rest: &str) -> Value {
    let list = |name: &str, item: Value| json!({ name: [item], "next": JOB, "total": 2, "totalIsLowerBound": true });
    match rest {
        "/sources" => list("sources", source()),
        "/sources/{id}" => with(source(), &said()),
        "/entities" => list("entities", entity()),
        "/entities/{id}" => {
            let columns = json!([{ "id": ENTITY, "path": "email", "type": "text" }]);
            with(
                with(entity(), &said()),
                &json!({ "description": {}, "columns": columns }),
            )
        }
        "/entities/{id}/usage" => usage(),
        "/findings" => list("findings", finding()),
        "/jobs" => list("jobs", shown_job()),
        "/jobs/{id}" => {
            let error = json!({ "source": "crm", "resource": "public.users", "place": "line 17", "kind": "denied", "sentence": "it may not be read", "hint": "grant it" });
            let item = json!({ "kind": "source", "id": SOURCE, "title": "crm" });
            with(shown_job(), &json!({ "errors": [error], "items": [item] }))
        }
        "/jobs/{id}/tasks" => {
            let task = json!({ "source": "crm", "resource": "public.users", "state": "COMPLETED", "attempts": 1, "rows": 2_000, "error": "it may not be read" });
            json!({ "tasks": [task] })
        }
        "/jobs/{id}/events" => {
            json!("event: progress\nid: 1\ndata: {\"state\":\"RUNNING\",\"progress\":0.375}\n\n")
        }
        "/schedules" if method == "get" => list("schedules", schedule()),
        "/schedules" | "/schedules/{id}" => schedule(),
        "/collections" if method == "get" => list("collections", collection()),
        "/collections/{id}" if method == "get" => {
            let entity = json!({ "id": ENTITY, "kind": "table", "title": "crm/public.users" });
            with(
                collection(),
                &json!({ "entities": [entity], "entityCount": 1, "missing": ["CRM_1/public/old"], "statistics": {} }),
            )
        }
        "/collections" | "/collections/{id}" => collection(),
        "/keys" => json!({ "keys": [key()] }),
        "/roles" => json!({
            "roles": [{ "role": "viewer", "about": "looks at the catalog, and at nobody", "routes": [{ "method": "GET", "path": "/metrics" }] }],
            "scopes": ["jobs", "sources"],
        }),
        "/users" => json!({
            "users": [{ "key": JOB, "name": "pipeline", "role": "operator", "scopes": ["jobs"], "expiresAt": null }],
            "tokens": { "issuer": "https://id.example", "audience": "locard", "roleClaim": "roles", "roles": [{ "claim": "ops", "role": "operator" }] },
        }),
        "/audit/verify" => {
            let head = format!("17:{}", "3f".repeat(32));
            json!({ "verified": false, "fault": "entry 9 is not what was written", "count": 17, "head": head })
        }
        "/audit" => {
            let row = json!({
                "id": JOB, "at": AT, "action": "locate", "actor": "anna", "purpose": "request 2026-17", "details": {},
                "request": JOB, "sequence": 17, "hash": "3f".repeat(32),
            });
            list("rows", row)
        }
        _ => Value::Null,
    }
}

fn source() -> Value {
    json!({
        "id": SOURCE, "shortId": SOURCE_SHORT, "name": "crm", "key": "CRM_1", "connector": "postgres",
        "target": "postgres://db.example/crm", "registered": true, "owner": "Sales", "note": "of the old shop", "manual": "paper",
        "contact": "files@example.org", "instructions": "ask for the green folder", "maxBytesPerSecond": 1_000_000, "readers": 2,
        "scanWindow": "22:00-06:00 Europe/Berlin", "entities": 42, "scannedAt": AT,
    })
}

/// What people say of something, and what holds for it.
pub(crate) fn said() -> Value {
    let said = json!({
        "tags": ["core"], "terms": ["customer"], "sensitivity": "high", "owner": "Sales", "purpose": "contracts",
        "legalBasis": "article 6 (1) b", "retention": "10 years", "recipients": ["the bank"], "origin": "the web shop",
    });
    json!({ "said": said, "holds": said })
}

/// The one with the fields of the other.
fn with(mut one: Value, other: &Value) -> Value {
    for (name, field) in other.as_object().into_iter().flatten() {
        one[name] = field.clone();
    }
    one
}

fn entity() -> Value {
    json!({ "id": ENTITY, "source": SOURCE, "parent": ENTITY, "kind": "table", "resource": "public.users", "rows": 2_000, "bytes": 98_304 })
}

fn usage() -> Value {
    let span =
        json!({ "from": "2026-03-30T02:00:00Z", "to": AT, "reads": 12, "writes": 3, "changes": 0 });
    json!({ "entity": ENTITY, "reads": 12, "writes": 3, "changes": 0, "lastRead": AT, "lastWrite": AT, "since": AT, "spans": [span] })
}

pub(crate) fn finding() -> Value {
    json!({
        "source": "crm", "entity": ENTITY, "resource": "public.users", "column": "email", "identifier": "EMAIL_ADDRESS",
        "kind": "column", "confidence": 0.98, "category": "contact", "sensitivity": "medium", "rows": 2_000, "filled": 1_990,
        "tested": 1_941, "matched": 1_933, "validated": 0, "distinct": 1_890, "indexed": 1.0, "rules": ["contact.email"],
        "columnId": ENTITY, "decision": "confirmed", "reason": "looked at it", "decidedAt": AT,
    })
}

fn shown_job() -> Value {
    json!({
        "id": JOB, "shortId": SHORT, "kind": "scan", "label": "DATA_PROFILE", "state": "RUNNING", "parent": JOB,
        "actor": "pipeline", "createdAt": AT, "waitsUntil": AT, "startedAt": AT, "endedAt": AT, "duration": 5_312,
        "progress": 0.375, "tasks": 8, "tasksDone": 3, "tasksFailed": 0, "rows": 6_000, "failures": 0, "findings": 4,
        "error": "the store did not answer", "warnings": ["configs.odd: is not known and was not heeded"], "result": {},
    })
}

fn schedule() -> Value {
    json!({
        "id": JOB, "name": "nightly", "enabled": true, "cron": "0 2 * * 1-5", "timeZone": "Europe/Berlin",
        "missed": "run-once", "job": "data-profiling", "body": {}, "affinity": "SITE_B",
        "warnings": ["configs.odd: is not known and was not heeded"], "next": ["2026-04-01T00:00:00Z"], "lastAt": AT,
        "lastJob": JOB, "lastJobShortId": SHORT, "note": "its source was removed", "createdBy": "pipeline", "createdAt": AT,
    })
}

fn collection() -> Value {
    json!({
        "id": JOB, "name": "customers", "kind": "dataset", "members": ["CRM_1/public/customers_*"],
        "note": "of the three regions", "summedAt": AT, "createdAt": AT, "updatedAt": AT,
    })
}

fn key() -> Value {
    json!({
        "id": JOB, "name": "pipeline", "role": "operator", "scopes": ["jobs"], "valid": true, "createdAt": AT,
        "expiresAt": AT, "revokedAt": AT,
    })
}

fn located() -> Value {
    let place = json!({
        "source": "crm", "resource": "public.users", "column": "email", "identifiers": ["EMAIL_ADDRESS"],
        "spelling": "as-given", "verified": true, "strength": "strong", "row": "id 17", "reached": ["public.orders by user_id"],
    });
    let location = json!({
        "source": "crm", "resource": "public.users", "columns": ["email"], "identifiers": ["EMAIL_ADDRESS"],
        "strength": "strong", "reached": [], "rows": 1,
    });
    let gap = json!({ "source": "crm", "resource": "public.log", "column": "text", "reason": "failed", "sentence": "it may not be read" });
    let copy = json!({ "source": "exports", "resource": "users.csv" });
    json!({
        "locations": [location], "places": [place], "notSearched": [gap], "copies": [[copy]],
        "warnings": ["a short number says little"], "complete": true, "sources": 1, "columns": 310, "candidates": 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ROUTES;

    #[test]
    fn every_route_has_an_example_and_every_field_of_one_is_known() {
        for route in ROUTES {
            let (sent, answered) = of(route.method, route.path);
            assert!(!answered.is_null(), "{} {}", route.method, route.path);
            assert_eq!(
                sent.is_null(),
                route.body.is_empty(),
                "{} {}",
                route.method,
                route.path
            );
            let known: Vec<&str> = route.body.iter().map(|field| field.name).collect();
            for name in sent.as_object().into_iter().flatten().map(|(name, _)| name) {
                assert!(known.contains(&name.as_str()), "{}: {name}", route.path);
            }
        }
    }
}
