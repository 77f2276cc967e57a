//! What is asked for wrongly, or of somebody else, is refused or told, and never answered with more than was meant.

use serde_json::{Value, json};

use crate::client::{Answer, Server};
use crate::collect::{SHOP, scanned};
use crate::serve::PEOPLE;
use crate::support::Bench;

const JOBS: &str = "/v1/compliance/dsar";

/// The keys of whoever asks here, over a server.
struct Office {
    server: Server,
    officer: String,
}

impl Office {
    fn open(bench: &Bench) -> Self {
        let server = Server::start(bench, &[]);
        let body = json!({ "name": "officer", "role": "privacy-officer" });
        let made = server.post("/api/v1/keys", &body).body;
        let officer = made["token"].as_str().unwrap().to_owned();
        Self { server, officer }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server
            .ask_as(&self.officer, method, path, &body.to_string())
    }

    /// A request about Anna, proven as far as is needed, of that type.
    fn request(&self, more: &Value) -> String {
        let mut body = json!({
            "jurisdiction": "eu", "region": "DE-BE",
            "intakeSource": { "channel": "email", "rawText": "my data", "receivedAt": "2026-01-31T10:00:00+01:00" },
            "requestor": { "type": "subject", "name": "Anna Muster", "email": "anna@planted.example" },
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self.ask("POST", "/requests", &body);
        assert_eq!(made.status, 202, "{made:?}");
        let id = made.body["id"].as_str().unwrap().to_owned();
        let why = json!({ "reason": "asked from within the account" });
        let waived = self.ask("POST", &format!("/requests/{id}/verification/waive"), &why);
        assert_eq!(waived.status, 202, "{waived:?}");
        id
    }

    /// Runs a job, approving it as it stands.
    fn finish(&self, path: &str) {
        for (step, body) in [
            ("/run", Value::Null),
            ("/review/approve", json!({ "leaveOutUndecided": true })),
            ("/run", Value::Null),
        ] {
            let done = self.ask("POST", &format!("{path}{step}"), &body);
            assert!(done.status < 300, "{step}: {done:?}");
        }
    }
}

/// What a job's answer warns of.
fn warnings(answer: &Answer) -> String {
    answer.body["data"]["job"]["warnings"].to_string()
}

#[test]
fn whose_identity_was_approved_is_nobody_elses() {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    let office = Office::open(&bench);
    let request = office.request(&json!({}));
    let about = |scope: Value, attributes: Value| json!({ "scope": scope, "attributes": attributes, "requestId": request });
    let bert = json!({ "EMAIL_ADDRESS": "bert@planted.example" });
    for other in [
        about(
            json!({ "dataSubjectId": "bert@planted.example" }),
            Value::Null,
        ),
        about(json!({}), bert.clone()),
        about(json!({ "dataSubjectId": "anna@planted.example" }), bert),
    ] {
        let refused = office.ask("POST", JOBS, &other);
        assert_eq!(refused.status, 409, "{refused:?}");
        assert!(refused.text.contains("somebody else"), "{refused:?}");
        assert!(!refused.text.contains("bert@"), "{refused:?}");
    }
    let own = about(
        json!({ "dataSubjectId": "Anna@planted.example" }),
        Value::Null,
    );
    let made = office.ask("POST", JOBS, &own);
    assert_eq!(made.status, 201, "{made:?}");
    // What else is known of her is said of the request first.
    let number = about(json!({}), json!({ "CUSTOMER_ID": "C-10234" }));
    assert_eq!(office.ask("POST", JOBS, &number).status, 409);
    let more = json!({ "attributes": { "CUSTOMER_ID": "C-10234" } });
    let added = office.ask("PUT", &format!("/requests/{request}/subject"), &more);
    assert_eq!(added.status, 202, "{added:?}");
    assert_eq!(office.ask("POST", JOBS, &number).status, 201);
}

#[test]
fn a_scope_that_names_nobody_is_no_export_of_everything() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let settings = json!({ "tenantExport": true, "activeLimit": 50 }).to_string();
    let server = &office.server;
    let changed = server.ask_as(&server.key, "PATCH", "/api/v1/dsar-settings", &settings);
    assert_eq!(changed.status, 200, "{changed:?}");
    let day = "2023-11-07T05:31:56Z";
    for scope in [
        json!({ "dataSubjectId": "" }),
        json!({ "dataSubjectId": "  " }),
        json!({ "dataSubjectID": "anna@example.org" }),
        json!({ "kind": "DATA_SUBJECT" }),
        json!({ "kind": "TENANT_SLICE" }),
        json!({ "kind": "TENANT_FULL", "dataSubjectId": "anna@example.org" }),
        json!({ "kind": "TENANT_FULL", "windowStart": day }),
        json!({ "kind": "EVERYTHING" }),
        json!({ "kind": "DATA_SUBJECT", "dataSubjectId": "anna@example.org", "windowStart": "2024-01-01T00:00:00Z", "windowEnd": day }),
    ] {
        let refused = office.ask("POST", JOBS, &json!({ "scope": scope }));
        assert_eq!(refused.status, 400, "{scope}: {refused:?}");
    }
    // Both ends of the sample of the reference are one instant.
    let sample =
        json!({ "dataSubjectId": "anna@example.org", "windowStart": day, "windowEnd": day });
    let body = json!({ "scope": sample, "format": "XLS" });
    let made = office.ask("POST", JOBS, &body);
    assert_eq!(made.status, 201, "{made:?}");
    assert!(warnings(&made).contains("`XLS`"), "{made:?}");
    let slice =
        json!({ "kind": "TENANT_SLICE", "windowStart": day, "windowEnd": "2024-01-01T00:00:00Z" });
    let made = server.post(JOBS, &json!({ "scope": slice }));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["data"]["job"]["scope"]["kind"], "TENANT_SLICE");
}

#[test]
fn what_is_hardly_looked_for_is_told_and_numbers_of_the_organisation_are_taken() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let run = |body: Value| {
        let made = office.ask("POST", JOBS, &body);
        assert_eq!(made.status, 201, "{made:?}");
        let id = made.body["data"]["job"]["id"].as_str().unwrap();
        office.ask("POST", &format!("{JOBS}/{id}/run"), &Value::Null)
    };
    // Where else a short number may be is known when the filters were asked.
    let short = run(json!({ "scope": { "dataSubjectId": "10" } }));
    let told = "DATA_SUBJECT_ID may be in 2 columns that are not called like it";
    assert!(warnings(&short).contains(told), "{short:?}");
    let job = &short.body["data"]["job"];
    assert_eq!(job["answer"], "not-known", "{short:?}");
    assert_eq!(job["notSearched"][0]["cause"], "partly", "{short:?}");
    let gap = job["notSearched"][0]["detail"].as_str().unwrap();
    assert!(gap.contains(told), "{short:?}");
    // It is told beside what was found, too, and of a number that no column holds there is nothing to tell.
    let told = "CUSTOMER_ID may be in a column that is not called like it";
    let found = run(json!({ "scope": {}, "attributes": { "CUSTOMER_ID": "1" } }));
    assert_eq!(found.body["data"]["job"]["answer"], "found", "{found:?}");
    assert!(warnings(&found).contains(told), "{found:?}");
    let request = office.request(&json!({ "subject": { "attributes": { "CUSTOMER_ID": "1" } } }));
    let shown = office.ask("GET", &format!("/requests/{request}"), &Value::Null);
    let warned = shown.body["warnings"].to_string();
    assert!(warned.contains(told), "{shown:?}");
    let nowhere = run(json!({ "scope": { "dataSubjectId": "1001" } }));
    let answer = &nowhere.body["data"]["job"]["answer"];
    assert_eq!(answer, "nowhere", "{nowhere:?}");
    assert!(!warnings(&nowhere).contains("too short"), "{nowhere:?}");
    // Numbers of customers are known by whatever name; any other is looked for under its own, and that is told.
    for (identifier, is_known) in [("CUSTOMER_ID", true), ("LOCKER_ID", false)] {
        let numbers = json!({ identifier: "C-10234" });
        let told = |answer: &Answer| answer.body["warnings"].to_string().contains(identifier);
        let subject = json!({ "id": "C-1", "attributes": numbers });
        let registered = office.ask("POST", "/api/v1/subjects", &subject);
        assert_eq!(registered.status, 200, "{registered:?}");
        assert_ne!(told(&registered), is_known, "{registered:?}");
        let locate = json!({ "attributes": numbers, "purpose": "a question" });
        let located = office.ask("POST", "/api/v1/locate", &locate);
        assert_eq!(located.status, 200, "{located:?}");
        assert_ne!(told(&located), is_known, "{located:?}");
        let job = json!({ "scope": {}, "attributes": numbers });
        let made = office.ask("POST", JOBS, &job);
        assert_eq!(made.status, 201, "{made:?}");
        assert_ne!(warnings(&made).contains(identifier), is_known, "{made:?}");
        let request = office.request(&json!({ "subject": { "attributes": numbers } }));
        let shown = office.ask("GET", &format!("/requests/{request}"), &Value::Null);
        assert_ne!(told(&shown), is_known, "{shown:?}");
    }
    // A slip stays one.
    let slip = json!({ "scope": {}, "attributes": { "EMAIL_ADRESS": "anna@example.org" } });
    let refused = office.ask("POST", JOBS, &slip);
    assert_eq!(refused.status, 400, "{refused:?}");
}

#[test]
fn a_format_that_there_is_not_delivers_nothing_and_a_store_is_where_the_server_may_write() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let body = json!({ "scope": {}, "attributes": { "EMAIL_ADDRESS": "anna@example.org", "PERSON": "Anna Muster" } });
    let made = office.ask("POST", JOBS, &body);
    let path = format!(
        "{JOBS}/{}",
        made.body["data"]["job"]["id"].as_str().unwrap()
    );
    office.finish(&path);
    let refused = office.ask("GET", &format!("{path}/download?format=foo"), &Value::Null);
    assert_eq!(refused.status, 400, "{refused:?}");
    let job = office.ask("GET", &path, &Value::Null);
    assert_eq!(job.body["data"]["job"]["state"], "READY");

    let outside = bench.path("elsewhere").display().to_string();
    let server = &office.server;
    let settings = json!({ "store": outside }).to_string();
    let refused = server.ask_as(&server.key, "PATCH", "/api/v1/dsar-settings", &settings);
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(!bench.path("elsewhere").exists());

    assert_eq!(server.post("/init", &json!({})).body["initialized"], true);
    let unknown = server.get("/errors/DSAR-BE-1");
    assert_eq!(unknown.status, 404);
    assert!(unknown.body["error"]["id"].is_string(), "{unknown:?}");
}

#[test]
fn an_erasure_is_not_answered_before_its_places_are_done_unless_somebody_says_why() {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    let office = Office::open(&bench);
    let source = office.server.folder(&bench.data(), "FILES_1");
    office
        .server
        .run_job("data-discovery", &json!({ "scope": [source] }));
    let subject = json!({ "attributes": { "EMAIL_ADDRESS": "anna@planted.example" } });
    let id = office.request(&json!({ "requestType": "deletion", "subject": subject }));
    let at = |rest: &str| format!("/requests/{id}{rest}");
    let found = office.ask("POST", &at("/places"), &json!({}));
    let place = found.body["places"][0]["id"].as_str().unwrap().to_owned();
    let refused = office.ask("POST", &at("/fulfilment"), &json!({}));
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.text.contains("1 place is open"), "{refused:?}");
    let without = json!({ "acknowledgeOpen": true });
    assert_eq!(office.ask("POST", &at("/fulfilment"), &without).status, 400);
    let known = json!({ "acknowledgeOpen": true, "reason": "the backup rolls over in May" });
    let done = office.ask("POST", &at("/fulfilment"), &known);
    assert_eq!(done.status, 202, "{done:?}");
    let told = office.ask("GET", &at("/timeline"), &Value::Null);
    assert!(told.text.contains("rolls over"), "{told:?}");
    // What is done later is taken down all the same.
    let decided = office.ask(
        "POST",
        &at(&format!("/places/{place}/decide")),
        &json!({ "verdict": "done" }),
    );
    assert_eq!(decided.status, 202, "{decided:?}");
}

#[test]
fn whoever_brings_a_request_does_not_judge_the_authority_to_ask_for_another() {
    let bench = Bench::new();
    let office = Office::open(&bench);
    let id = office.request(&json!({
        "requestor": { "type": "authorised_agent", "name": "Otto Anwalt" },
        "authority": { "status": "verified", "evidenceArtifacts": [] },
        "subject": { "attributes": { "EMAIL_ADDRESS": "anna@planted.example" } },
    }));
    let shown = office.ask("GET", &format!("/requests/{id}"), &Value::Null);
    assert_eq!(shown.body["authority"]["status"], "pending", "{shown:?}");
    assert!(
        shown.body["warnings"].to_string().contains("pending"),
        "{shown:?}"
    );
    let collected = office.ask("POST", &format!("/requests/{id}/collection"), &json!({}));
    assert_eq!(collected.status, 409, "{collected:?}");
}

#[test]
fn a_letter_names_the_date_that_the_extension_will_give() {
    let bench = Bench::new();
    let office = Office::open(&bench);
    let now = jiff::Timestamp::now().to_string();
    let source = json!({ "channel": "email", "rawText": "my data", "receivedAt": now });
    let id = office.request(&json!({ "intakeSource": source }));
    let letter = |bench: &Bench| {
        let run = bench.run(["requests", "letter", &id, "extend"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stdout
    };
    let date = |letter: &str| {
        let words: Vec<&str> = letter.split_whitespace().collect();
        let of = |three: &[&str]| three[2].starts_with("20") && three[0].parse::<u8>().is_ok();
        let found: Vec<String> = words
            .windows(3)
            .filter(|it| of(it))
            .map(|it| it.join(" "))
            .collect();
        found
    };
    let draft = date(&letter(&bench));
    let why = json!({ "rationale": "many systems" });
    let extended = office.ask("POST", &format!("/requests/{id}/extensions"), &why);
    assert_eq!(extended.status, 202, "{extended:?}");
    let told = date(&letter(&bench));
    assert!(!told.is_empty());
    assert_eq!(draft, told);
}
