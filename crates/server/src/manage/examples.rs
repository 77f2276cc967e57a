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

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn got(path: &str) -> Option<Value> {
    Some(match path {
        "/me" => {
            json!({ "id": JOB, "name": "pipeline", "roles": ["operator"], "may": ["viewer", "operator"] })
        }
        "/entities/{id}/profile" => {
            let profile = json!({
                "logicalType": "text", "rows": 2_000, "nulls": 0, "blanks": 0, "distinct": 1_990, "uniqueness": 0.99, "density": 1.0,
                "length": { "shortest": 9, "mean": 17.3, "longest": 40 }, "moments": { "mean": 17.3, "deviation": 4.1 },
                "range": { "min": "1", "max": "9" }, "shapes": [{ "shape": "aaaa@aaa.aaa", "share": 0.4 }],
                "mostFrequent": [0.01], "indexed": 1.0, "notIndexed": "it is a column of floats",
            });
            of_columns(&json!({ "column": "email", "comment": "of the shop", "profile": profile }))
        }
        "/entities/{id}/explanation" => {
            let weight = json!({ "what": "values", "logOdds": 9.2, "detail": "1933 of 1941" });
            let because = json!({
                "identifier": "EMAIL_ADDRESS", "kind": "column", "rule": "contact.email", "version": "7c3a90d2f1b84e65",
                "confidence": 0.98, "tested": 1_941, "matched": 1_933, "validated": 0, "similarity": 1.0, "weights": [weight],
            });
            let mut reported = crate::examples::finding();
            reported["because"] = json!([because]);
            let column = json!({
                "column": "email", "reported": [reported], "weighed": [because], "fields": null, "tooFew": false,
            });
            let mut shown = of_columns(&column);
            shown["rulesChanged"] = json!(false);
            shown["untestedRules"] = json!(["own.badge"]);
            shown
        }
        "/duplicates" => {
            let copies = json!([{ "source": "crm", "resource": "public.users", "bytes": 90_000, "entity": ENTITY }, { "source": "exports", "resource": "users.csv", "bytes": 81_204, "entity": ENTITY }]);
            json!({ "groups": [{ "content": "7c3a90d2f1b84e65", "rows": 2_000, "copies": copies }], "total": 1, "unknown": { "sampled": 3 } })
        }
        "/findings/diff" => {
            let counts = json!({ "added": 1, "removed": 0, "changed": 0, "notScanned": 0, "notScannedBefore": 0 });
            json!({ "before": JOB, "after": JOB, "counts": counts, "added": [crate::examples::finding()], "removed": [crate::examples::finding()], "changed": [], "notScanned": [], "notScannedBefore": [] })
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
            let holds = crate::examples::said()["holds"].take();
            let row = json!({ "source": "crm", "resource": "public.users", "identifiers": ["EMAIL_ADDRESS"], "categories": ["contact"], "special": false, "rows": 2_000, "holds": holds, "missing": ["recipients"] });
            json!({ "rows": [row] })
        }
        "/record-of-processing.csv" => {
            json!("source,resource,identifiers\r\ncrm,public.users,EMAIL_ADDRESS\r\n")
        }
        "/dictionaries" => json!({ "dictionaries": [dictionary()] }),
        "/dictionaries/{id}" => with_efficacy(dictionary()),
        "/dictionaries/{id}/terms.txt" => json!("# source: own\n# licence: own\nBern\nUlm\n"),
        "/dictionaries/{id}/overlaps" => {
            let column = json!({ "source": "crm", "resource": "public.offices", "column": "town", "distinct": 12, "shared": 11, "share": 0.92, "ofTerms": 0.01 });
            json!({ "columns": [column], "total": 1 })
        }
        "/patterns" => json!({ "patterns": [pattern()] }),
        "/patterns/efficacy" => {
            let efficacy = with_efficacy(json!({}))["efficacy"].take();
            let mut of_rule = efficacy;
            of_rule["id"] = json!("us.ssn");
            json!({ "patterns": [of_rule] })
        }
        "/patterns/{id}" => with_efficacy(pattern()),
        "/patterns/{id}/rule.toml" => json!("id = \"own.badge\"\nidentifier = \"BADGE_NUMBER\"\n"),
        "/jobs/{id}/log" => {
            json!({ "lines": [{ "at": "2026-03-31T02:00:00Z", "sentence": "scan was asked for" }] })
        }
        _ => return None,
    })
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn changed(method: &str, path: &str) -> Option<(Value, Value)> {
    let finding = json!({ "entity": ENTITY, "column": "email", "identifier": "EMAIL_ADDRESS" });
    let reasoned = json!({ "entity": ENTITY, "column": "email", "identifier": "EMAIL_ADDRESS", "reason": "looked at it" });
    let decided = |decision: &str| {
        let mut decided = crate::examples::finding();
        decided["decision"] = json!(decision);
        json!({ "findings": [decided] })
    };
    let said = json!({ "purpose": "contracts", "tags": ["core"], "retention": null });
    let holds = crate::examples::said()["holds"].take();
    let own = crate::examples::said()["said"].take();
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
            json!({ "name": "own/branches", "terms": ["Ulm", "Bern"], "licence": "own", "identifier": "BRANCH", "category": "location", "columnNames": ["branch"] }),
            dictionary(),
        ),
        ("put", "/dictionaries/{id}/terms.txt") => (Value::Null, dictionary()),
        ("patch", "/dictionaries/{id}") => (json!({ "enabled": false }), dictionary()),
        ("delete", "/dictionaries/{id}") => (
            Value::Null,
            json!({ "id": "own.branches", "name": "own/branches", "removed": true }),
        ),
        ("post", "/dictionaries/{id}/test") => (
            json!({ "values": ["ulm", "Paris"] }),
            json!({ "matches": [true, false], "matched": 1, "tested": 2 }),
        ),
        ("post", "/patterns") => (
            json!({ "id": "own.badge", "identifier": "BADGE_NUMBER", "pattern": "BX-[0-9]+", "columnNames": ["badge"], "examples": ["BX-17"], "counterexamples": ["17"] }),
            with_efficacy(pattern()),
        ),
        ("patch", "/patterns/{id}") => (json!({ "enabled": false }), with_efficacy(pattern())),
        ("delete", "/patterns/{id}") => {
            (Value::Null, json!({ "id": "own.badge", "removed": true }))
        }
        ("post", "/patterns/test") => (
            json!({ "text": "078-05-1120" }),
            json!({ "matches": [{ "pattern": "us.ssn", "identifier": "US_SSN", "whole": true, "validated": null }] }),
        ),
        ("post", "/jobs") => (
            json!({ "job": "data-profiling", "ids": [ENTITY] }),
            json!({ "jobs": [{ "id": ENTITY, "job": JOB, "shortId": SHORT, "new": true, "error": "there is no such entity" }], "failed": 0 }),
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
    json!({
        "id": "own.branches", "name": "own/branches", "terms": 2, "source": "own", "licence": "own", "own": true,
        "enabled": true, "patterns": ["own.branches"],
    })
}

/// What came of it beside what it is.
fn with_efficacy(mut it: Value) -> Value {
    it["efficacy"] = json!({ "findings": 3, "tested": 6_000, "matched": 5_990, "validated": 0, "confirmed": 2, "rejected": 0, "precision": 1.0 });
    it
}

fn pattern() -> Value {
    json!({
        "id": "us.ssn", "identifier": "US_SSN", "title": "Social Security number", "category": "government-id",
        "sensitivity": "high", "regions": ["US"], "own": false, "enabled": true, "used": true,
    })
}
