//! Legal requests: the binary serves, a plain client takes requests through their whole lives.

use serde_json::{Value, json};

use crate::client::{Answer, Server};
use crate::postgres::Schema;
use crate::serve::PEOPLE;
use crate::support::{Bench, postgres};

/// A server, and a privacy officer's key to it.
struct Office {
    server: Server,
    key: String,
}

impl Office {
    fn open(bench: &Bench, options: &[&str]) -> Self {
        let server = Server::start(bench, options);
        let body = json!({ "name": "privacy", "role": "privacy-officer" });
        let made = server.post("/api/v1/keys", &body);
        assert_eq!(made.status, 200, "{made:?}");
        let key = made.body["token"]
            .as_str()
            .expect("the key is told once")
            .to_owned();
        Self { server, key }
    }

    fn get(&self, path: &str) -> Answer {
        self.server.ask_as(&self.key, "GET", path, "")
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server
            .ask_as(&self.key, method, path, &body.to_string())
    }

    /// Something that is done as asked.
    fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, body);
        assert_eq!(answer.status, 202, "{path}: {answer:?}");
        answer.body
    }

    /// Something that is refused, by its id and status.
    fn refused(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let answer = self.ask(method, path, body);
        let error = &answer.body["error"];
        assert_eq!(error["status"], answer.status, "{path}: {answer:?}");
        let docs = error["docsUrl"].as_str().expect("an error has a page");
        assert_eq!(self.get(docs).body["id"], error["id"]);
        (
            answer.status,
            error["id"].as_str().expect("an error has an id").to_owned(),
        )
    }

    fn create(&self, body: &Value) -> String {
        let made = self.done("POST", "/requests", body);
        made["id"].as_str().expect("a request has an id").to_owned()
    }

    fn detail(&self, id: &str) -> Value {
        let answer = self.get(&format!("/requests/{id}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }
}

/// A request of Anna's, who is in the sample file.
fn intake(more: &Value) -> Value {
    let mut body = json!({
        "jurisdiction": "eu", "region": "DE-BE",
        "intakeSource": {
            "channel": "email", "rawText": "Please send me a PLANTED copy of my data.",
            "receivedAt": "2026-01-31T10:00:00+01:00", "contact": "anna@planted.example",
        },
        "requestor": { "type": "subject", "name": "Anna Muster", "email": "anna@planted.example" },
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn lives(bench: &Bench, options: &[&str]) {
    bench.write("crm/people.csv", PEOPLE);
    let office = Office::open(bench, options);
    let source = office.server.folder(&bench.data(), "FILES_1");
    office
        .server
        .run_job("data-discovery", &json!({ "scope": [source] }));

    // It comes in; where the person may be and by when it is due is known at once.
    let captured = office.done("POST", "/requests/capture", &intake(&json!({})));
    assert_eq!(captured["status"], "captured");
    assert_eq!(captured["receivedAt"], "2026-01-31T09:00:00Z");
    // February has no 31st, and its 28th is a Saturday.
    assert_eq!(captured["dueAt"], "2026-03-02T22:59:59Z");
    assert!(
        captured["located"]["places"].as_u64() >= Some(1),
        "{captured:#}"
    );
    let id = captured["id"].as_str().unwrap();
    let at = |rest: &str| format!("/requests/{id}{rest}");

    let listed = office.get("/requests?sortBy=dueAt&sortOrder=asc").body;
    assert_eq!(
        (&listed["total"], &listed["limit"]),
        (&json!(1), &json!(25))
    );
    assert_eq!(listed["items"][0]["id"], id);
    let found = office.get("/subjects/Anna%40planted.example").body;
    assert_eq!(found["requests"][0]["id"], id);

    // What is not possible yet is refused, and says what is.
    let early = office.refused(
        "POST",
        &at("/extensions"),
        &json!({ "rationale": "complex" }),
    );
    assert_eq!(early, (409, "DSAR-BE-1401".to_owned()));
    office.done(
        "POST",
        &at("/acknowledgements"),
        &json!({ "at": "2026-02-02T09:00:00Z" }),
    );
    let asked = json!({ "reasonForDoubt": "another address", "at": "2026-02-03T09:00:00Z" });
    let pending = office.done("POST", &at("/verification/request"), &asked);
    assert_eq!(pending["status"], "verification_pending");
    assert_eq!(office.detail(id)["clockMode"], "paused");
    let handed = office.done(
        "POST",
        &at("/verification/evidence/upload"),
        &json!("a PLANTED passport"),
    );
    assert_eq!(handed["status"], "pending");
    let approved = office.done(
        "POST",
        &at("/verification/approve"),
        &json!({ "at": "2026-02-06T09:00:00Z" }),
    );
    assert_eq!(approved["status"], "in_progress");
    // Three days of waiting do not count.
    assert_eq!(approved["dueAt"], "2026-03-05T22:59:59Z");
    assert_eq!(
        office.get(&at("/verification-case")).body["status"],
        "approved"
    );

    let without = office.refused("POST", &at("/extensions"), &json!({}));
    assert_eq!(without, (400, "DSAR-BE-1403".to_owned()));
    let much = json!({ "rationale": "complex", "by": "5 months", "at": "2026-02-10T09:00:00Z" });
    assert_eq!(
        office.refused("POST", &at("/extensions"), &much).1,
        "DSAR-BE-1199"
    );
    let longer = json!({ "rationale": "data lies in many systems", "at": "2026-02-10T09:00:00Z" });
    let extended = office.done("POST", &at("/extensions"), &longer);
    assert!(
        extended["dueAt"].as_str() > Some("2026-05-01"),
        "{extended}"
    );
    let explained = office.get(&at("/clock/explain")).body;
    assert_eq!(explained["policyPack"], "eu");
    assert_eq!(explained["pauses"][0]["reason"], "verification");
    assert_eq!(
        explained["extensions"][0]["justification"],
        "data lies in many systems"
    );
    assert!(
        explained["notice"]
            .as_str()
            .unwrap()
            .contains("not legal advice")
    );
    let steps = &explained["deadlines"]["deadlines"][0]["statutory"]["steps"];
    assert!(steps.as_array().unwrap().len() >= 3, "{steps:#}");

    // What is handed out must be approved first.
    let upload = office.done(
        "POST",
        &at("/manifest/artifact/upload"),
        &json!("PLANTED copy"),
    );
    let artifact = upload["artifactId"].as_str().unwrap();
    assert_eq!(
        office.refused("POST", &at("/fulfilment"), &json!({})).1,
        "DSAR-BE-1209"
    );
    assert_eq!(
        office
            .refused("POST", &at("/delivery/prepare"), &json!({}))
            .1,
        "DSAR-BE-1209"
    );
    let good = json!({ "action": "approved" });
    assert_eq!(
        office.done("POST", &at("/manifest/validate"), &good)["status"],
        "approved"
    );
    let prepared = office.done(
        "POST",
        &at("/delivery/prepare"),
        &json!({ "channel": "portal", "securityLevel": "token" }),
    );
    assert_eq!(prepared["artifactId"], artifact);
    let download = at(&format!("/artifacts/{artifact}/download"));
    assert_eq!(
        office.refused("GET", &download, &json!({})),
        (403, "DSAR-BE-1205".to_owned())
    );
    let token =
        office.done("POST", &at("/delivery/step-up/challenge"), &json!({}))["token"].clone();
    let wrong = json!({ "token": "0".repeat(64) });
    assert_eq!(
        office
            .refused("POST", &at("/delivery/step-up/complete"), &wrong)
            .1,
        "DSAR-BE-1205"
    );
    office.done(
        "POST",
        &at("/delivery/step-up/complete"),
        &json!({ "token": token }),
    );
    assert_eq!(
        office
            .refused(
                "POST",
                &at("/delivery/step-up/complete"),
                &json!({ "token": token })
            )
            .1,
        "DSAR-BE-1205"
    );
    assert_eq!(
        office.done("POST", &at("/fulfilment"), &json!({}))["status"],
        "fulfilled"
    );

    // The answer is appealed against; the request is not opened again.
    let appeal = office.done(
        "POST",
        &at("/appeals"),
        &json!({ "message": "something is missing" }),
    );
    let appeal = appeal["appealId"].as_str().unwrap();
    assert_eq!(
        office.refused("POST", &at("/closures"), &json!({})).1,
        "DSAR-BE-1401"
    );
    let decided = office.done(
        "POST",
        &at(&format!("/appeals/{appeal}/decide")),
        &json!({ "decision": "deny" }),
    );
    assert_eq!(decided["status"], "appeal_decided");
    assert_eq!(
        office.done("POST", &at("/closures"), &json!({}))["status"],
        "closed"
    );

    let events = office.get(&at("/timeline")).body["events"].clone();
    let told: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["eventType"].as_str().unwrap())
        .collect();
    for kind in [
        "request_created",
        "verification_requested",
        "verification_resolved",
        "deadline_extended",
        "fulfilled",
        "closed",
    ] {
        assert!(told.contains(&kind), "{kind}: {told:?}");
    }
    // Nothing of it lies open in the home.
    assert_eq!(planted(bench), Vec::<String>::new());
}

/// Files of the home in which a planted word stands.
fn planted(bench: &Bench) -> Vec<String> {
    let mut folders = vec![bench.home()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path)
                .is_ok_and(|bytes| bytes.windows(7).any(|window| window == b"PLANTED"))
            {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_request_for_access_lives_from_intake_to_its_end() {
    lives(&Bench::new(), &[]);
}

#[test]
fn the_same_over_a_shared_store() {
    let Some(url) = postgres() else { return };
    let schema = Schema::new(&url, "requests");
    let separator = if url.contains('?') { '&' } else { '?' };
    let store = format!("{url}{separator}options[search_path]={}", schema.name);
    lives(&Bench::new(), &["--store", &store]);
}

#[test]
fn what_makes_no_sense_is_told_by_its_code_and_never_recorded() {
    let bench = Bench::new();
    let office = Office::open(&bench, &[]);
    let refused = |more: &Value| office.refused("POST", "/requests", &intake(more));
    let source = |received: &str| json!({ "intakeSource": { "channel": "x", "rawText": "y", "receivedAt": received } });
    assert_eq!(
        refused(&json!({ "jurisdiction": "atlantis" })),
        (400, "DSAR-BE-1301".to_owned())
    );
    for more in [
        json!({ "region": "DE-XX" }),
        json!({ "requestType": "everything" }),
        json!({ "requestor": { "name": "nobody" } }),
        json!({ "authority": { "status": "verified" } }),
        json!({ "receivedAt": "2026-01-30T10:00:00Z" }),
        source("2999-01-01T00:00:00Z"),
        source("yesterday"),
        json!({ "intakeSource": { "channel": "x" } }),
        json!({ "intakeSource": "SECRET" }),
    ] {
        assert_eq!(refused(&more), (400, "DSAR-BE-1199".to_owned()), "{more}");
    }
    let told = office.ask(
        "POST",
        "/requests",
        &intake(&json!({ "jurisdiction": "austia" })),
    );
    assert!(
        told.body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("did you mean"),
        "{told:?}"
    );
    let broken = office.server.ask_as(&office.key, "POST", "/requests", "{");
    assert_eq!(broken.body["error"]["id"], "DSAR-BE-1101");
    assert_eq!(office.get("/requests").body["total"], 0);

    let id = office.create(&intake(&json!({})));
    let at = |rest: &str| format!("/requests/{id}{rest}");
    let before = json!({ "at": "2026-01-01T00:00:00Z" });
    assert_eq!(
        office.refused("POST", &at("/acknowledgements"), &before).1,
        "DSAR-BE-1199"
    );
    assert_eq!(
        office
            .refused("POST", &at("/refusals"), &json!({ "rationale": "x" }))
            .1,
        "DSAR-BE-1401"
    );
    assert_eq!(
        office
            .refused("POST", &at("/verification/waive"), &json!({}))
            .1,
        "DSAR-BE-1403"
    );
    assert_eq!(
        office
            .refused(
                "GET",
                "/requests/00000000-0000-4000-8000-000000000000",
                &json!({})
            )
            .1,
        "DSAR-BE-1411"
    );
    assert_eq!(
        office.refused("GET", "/requests/x", &json!({})).1,
        "DSAR-BE-1411"
    );
    assert_eq!(
        office.refused("GET", "/requests?status=lost", &json!({})).1,
        "DSAR-BE-1402"
    );
    assert_eq!(
        office.refused("GET", "/requests?limit=0", &json!({})).1,
        "DSAR-BE-1199"
    );
    assert_eq!(
        office.refused("GET", "/requests/x/nothing", &json!({})).1,
        "DSAR-BE-1201"
    );
    // Whoever is no privacy officer gets nowhere near, administrators included.
    let answer = office.server.get("/requests");
    assert_eq!(
        (answer.status, &answer.body["error"]["id"]),
        (403, &json!("DSAR-BE-1002"))
    );
    let nobody = office.server.ask_as("locard_none", "GET", "/requests", "");
    assert_eq!(
        (nobody.status, &nobody.body["error"]["id"]),
        (401, &json!("DSAR-BE-1001"))
    );
    let another = "/tenants/11111111-1111-4111-8111-111111111111/retention";
    assert_eq!(office.refused("GET", another, &json!({})).1, "DSAR-BE-1411");
}
