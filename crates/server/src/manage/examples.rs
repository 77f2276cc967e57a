//! Examples of the routes that are in this folder alone; see [`crate::examples`].

use serde_json::{Value, json};

const JOB: &str = "0198c1f2-6f3e-7d1a-9b7c-2f6d1e0a4c55";
const SHORT: &str = "0198c1f26f3e7d1a9b7c2f6d";
const SOURCE: &str = "5b0f6f0e-93b1-5b0f-8d5e-0c3f6f1a2b3c";
const ENTITY: &str = "1d433d87-9add-4fd4-837a-d7ba401aa619";

/// What is sent and what is answered, where a route is one of these.
pub(crate) fn of(method: &str, path: &str) -> Option<(Value, Value)> {
    let rest = path.strip_prefix("/api/v1")?;
    if rest.starts_with("/relations") {
        return Some(super::relations::example(method, rest));
    }
    let known = match method {
        "get" => (Value::Null, got(rest)?),
        _ => changed(method, rest)?,
    };
    Some(known)
}

fn got(path: &str) -> Option<Value> {
    Some(match path {
        "/me" => {
            json!({ "id": JOB, "name": "pipeline", "roles": ["operator"], "may": ["viewer", "operator"] })
        }
        "/entities/{id}/profile" => {
            let profile = json!({ "logicalType": "text", "rows": 2_000, "nulls": 0, "distinct": 1_990, "shapes": [{ "shape": "aaaa@aaa.aaa", "share": 0.4 }] });
            of_columns(&json!({ "column": "email", "comment": null, "profile": profile }))
        }
        "/entities/{id}/explanation" => {
            let weight = json!({ "what": "values", "logOdds": 9.2, "detail": "1933 of 1941" });
            let because = json!({ "identifier": "EMAIL_ADDRESS", "rule": "world.email", "confidence": 0.98, "weights": [weight] });
            let reported =
                json!({ "identifier": "EMAIL_ADDRESS", "confidence": 0.98, "because": [because] });
            of_columns(
                &json!({ "column": "email", "reported": [reported], "weighed": [], "fields": [], "tooFew": false }),
            )
        }
        "/duplicates" => {
            let copies = json!([{ "source": "crm", "resource": "public.users", "bytes": 90_000, "entity": ENTITY }, { "source": "exports", "resource": "users.csv", "bytes": 81_204, "entity": ENTITY }]);
            json!({ "groups": [{ "content": "7c3a90d2f1b84e65", "rows": 2_000, "copies": copies }], "total": 1, "unknown": { "sampled": 3 } })
        }
        "/findings/diff" => {
            let counts = json!({ "added": 1, "removed": 0, "changed": 0, "notScanned": 0, "notScannedBefore": 0 });
            json!({ "before": JOB, "after": JOB, "counts": counts, "added": [{ "resource": "public.users", "column": "email" }], "removed": [], "changed": [] })
        }
        "/findings.csv" => {
            json!("source,resource,column,identifier\r\ncrm,public.users,email,EMAIL_ADDRESS\r\n")
        }
        "/findings.ndjson" => {
            json!("{\"source\":\"crm\",\"resource\":\"public.users\",\"column\":\"email\"}\n")
        }
        "/findings.parquet" => json!("PAR1"),
        "/decisions.toml" => json!("version = 1\n\n[[finding]]\nsource = \"crm\"\n"),
        "/record-of-processing" => {
            let holds = json!({ "purpose": "contracts", "legalBasis": "article 6 (1) b", "retention": "10 years" });
            let row = json!({ "source": "crm", "resource": "public.users", "identifiers": ["EMAIL_ADDRESS"], "categories": ["contact"], "special": false, "rows": 2_000, "holds": holds, "missing": ["recipients"] });
            json!({ "rows": [row] })
        }
        "/record-of-processing.csv" => {
            json!("source,resource,identifiers\r\ncrm,public.users,EMAIL_ADDRESS\r\n")
        }
        "/dictionaries" => json!({ "dictionaries": [dictionary()] }),
        "/dictionaries/{id}" => dictionary(),
        "/dictionaries/{id}/terms.txt" => json!("# source: own\n# licence: own\nBern\nUlm\n"),
        "/dictionaries/{id}/overlaps" => {
            let column = json!({ "source": "crm", "resource": "public.offices", "column": "town", "distinct": 12, "shared": 11, "share": 0.92, "ofTerms": 0.01 });
            json!({ "columns": [column], "total": 1 })
        }
        "/patterns" => json!({ "patterns": [pattern()] }),
        "/patterns/efficacy" => {
            json!({ "patterns": [{ "id": "us.ssn", "findings": 3, "confirmed": 2, "rejected": 0, "precision": 1.0 }] })
        }
        "/patterns/{id}" => pattern(),
        "/jobs/{id}/log" => {
            json!({ "lines": [{ "at": "2026-03-31T02:00:00Z", "sentence": "scan was asked for" }] })
        }
        _ => return None,
    })
}

fn changed(method: &str, path: &str) -> Option<(Value, Value)> {
    let finding = json!({ "entity": ENTITY, "column": "email", "identifier": "EMAIL_ADDRESS" });
    let reasoned = json!({ "entity": ENTITY, "column": "email", "identifier": "EMAIL_ADDRESS", "reason": "looked at it" });
    let decided = |decision: &str| json!({ "findings": [{ "resource": "public.users", "column": "email", "decision": decision }] });
    let said = json!({ "purpose": "contracts", "tags": ["core"], "retention": null });
    let holds = json!({ "purpose": "contracts", "tags": ["core"], "owner": "Sales" });
    let own = json!({ "purpose": "contracts", "tags": ["core"] });
    Some(match (method, path) {
        ("patch", "/sources/{id}") => (
            said,
            json!({ "source": SOURCE, "said": own, "holds": holds }),
        ),
        ("patch", "/entities/{id}") => (
            said,
            json!({ "entity": ENTITY, "said": own, "holds": holds }),
        ),
        ("post", "/findings/confirm") => (reasoned, decided("confirmed")),
        ("post", "/findings/reject") => (reasoned, decided("rejected")),
        ("post", "/findings/withdraw") => (finding, json!({ "withdrawn": true })),
        ("post", "/decisions") => (
            json!({ "toml": "version = 1\n" }),
            json!({ "decisions": 0, "allowed": 0, "unknown": 0, "unmatched": 0, "unknownIdentifiers": [] }),
        ),
        ("post", "/allowed-values") => (
            json!({ "value": "info@example.org", "reason": "everybody's" }),
            json!({ "allowed": true }),
        ),
        ("post", "/allowed-values/remove") => (
            json!({ "value": "info@example.org" }),
            json!({ "allowed": false }),
        ),
        ("post", "/dictionaries") => (
            json!({ "name": "own/branches", "terms": ["Ulm", "Bern"], "licence": "own" }),
            json!({ "id": "own.branches", "name": "own/branches", "terms": 2, "own": true }),
        ),
        ("patch", "/patterns/{id}") => (
            json!({ "enabled": false }),
            json!({ "id": "us.ssn", "enabled": false, "heeded": super::dictionaries::HEEDED }),
        ),
        ("post", "/patterns/test") => (
            json!({ "text": "078-05-1120" }),
            json!({ "matches": [{ "pattern": "us.ssn", "identifier": "US_SSN", "whole": true, "validated": null }] }),
        ),
        ("post", "/jobs") => (
            json!({ "job": "data-profiling", "ids": [ENTITY] }),
            json!({ "jobs": [{ "id": ENTITY, "job": JOB, "shortId": SHORT, "new": true }], "failed": 0 }),
        ),
        ("post", "/jobs/{id}/rerun") => (
            Value::Null,
            json!({ "job": JOB, "shortId": SHORT, "new": true, "parent": JOB }),
        ),
        _ => return None,
    })
}

fn of_columns(column: &Value) -> Value {
    json!({ "source": "crm", "resource": "public.users", "rows": 2_000, "scannedAt": "2026-03-31T02:00:00Z", "columns": [column] })
}

fn dictionary() -> Value {
    json!({ "id": "own.branches", "name": "own/branches", "terms": 2, "source": "own", "licence": "own", "own": true })
}

fn pattern() -> Value {
    json!({
        "id": "us.ssn", "identifier": "US_SSN", "title": "Social Security number", "category": "government-id",
        "sensitivity": "high", "regions": ["US"], "own": false, "enabled": true, "used": true,
    })
}
