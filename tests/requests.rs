//! Legal requests: the binary serves, a plain client takes requests through their whole lives.

use serde_json::{Value, json};

use crate::client::{Answer, Server};
use crate::collect::{SHOP, scanned};
use crate::live;
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
    // Three days of waiting do not count: from the 28th, where the month ended before it was moved.
    assert_eq!(approved["dueAt"], "2026-03-03T22:59:59Z");
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
    let decide = at(&format!("/appeals/{appeal}/decide"));
    assert_eq!(
        office.refused("POST", &decide, &json!({ "decision": "deny" })),
        (400, "DSAR-BE-1403".to_owned())
    );
    let decided = office.done(
        "POST",
        &decide,
        &json!({ "decision": "deny", "explanation": "all of it was handed out" }),
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
        office.refused("GET", "/requests?status=lost", &json!({})),
        (400, "DSAR-BE-1199".to_owned())
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

#[test]
fn an_erasure_is_a_list_of_places_that_people_work_through_and_nothing_is_written() {
    let bench = Bench::new();
    let file = bench.write("crm/people.csv", PEOPLE);
    let office = Office::open(&bench, &[]);
    let source = office.server.folder(&bench.data(), "FILES_1");
    office
        .server
        .run_job("data-discovery", &json!({ "scope": [source] }));
    let id = office.create(&intake(&json!({ "requestType": "delete" })));
    let at = |rest: &str| format!("/requests/{id}{rest}");
    // Nobody is looked for who did not prove who they are.
    assert_eq!(
        office.refused("POST", &at("/places"), &json!({})).1,
        "DSAR-BE-1401"
    );
    let why = json!({ "rationale": "asked from within the account" });
    assert_eq!(
        office.done("POST", &at("/verification/waive"), &why)["status"],
        "in_progress"
    );
    let found = office.done("POST", &at("/places"), &json!({}));
    let place = &found["places"][0];
    assert_eq!(
        (&place["strength"], &place["rows"]),
        (&json!("strong"), &json!(1)),
        "{found:#}"
    );
    assert!(place["instructions"].as_str().unwrap().contains("Erase"));
    let decide = at(&format!("/places/{}/decide", place["id"].as_str().unwrap()));
    let without = json!({ "verdict": "excluded" });
    assert_eq!(office.refused("POST", &decide, &without).1, "DSAR-BE-1403");
    office.done("POST", &decide, &json!({ "verdict": "included" }));
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        PEOPLE,
        "sources are only read"
    );
    let again = office.done("POST", &at("/places/recheck"), &json!({}));
    assert_eq!(again["places"][0]["recheck"], "still_there");
    // Somebody erases her by hand.
    let without: Vec<&str> = PEOPLE
        .lines()
        .filter(|line| !line.contains("Anna"))
        .collect();
    bench.write("crm/people.csv", without.join("\n") + "\n");
    // The file says so, whether it was scanned since or not.
    let again = office.done("POST", &at("/places/recheck"), &json!({}));
    assert_eq!(again["places"][0]["recheck"], "gone", "{again:#}");
    assert!(office.detail(&id)["carriedOutAt"].is_string());
    // What is kept of her row is not kept any longer, once.
    office.done("POST", &at("/places/recheck"), &json!({}));
    let jobs = office.server.get("/api/v1/jobs").body;
    let jobs = jobs["jobs"].as_array().unwrap().iter();
    let rebuilding: Vec<&Value> = jobs
        .filter(|job| job["label"] == "REBUILD_AFTER_ERASURE")
        .collect();
    assert_eq!(rebuilding.len(), 1, "{rebuilding:#?}");
    let rebuilt = office
        .server
        .end_of(rebuilding[0]["shortId"].as_str().unwrap());
    assert_eq!(rebuilt["status"], "COMPLETED", "{rebuilt:#}");
    assert_eq!(rebuilt["result"]["compacted"], true, "{rebuilt:#}");
    let anna = json!({
        "attributes": { "EMAIL_ADDRESS": "anna@planted.example" }, "purpose": "a test", "verify": false,
    });
    let nowhere = office.ask("POST", "/api/v1/locate", &anna);
    assert_eq!(nowhere.body["places"], json!([]), "{nowhere:?}");
    assert_eq!(
        office.done("POST", &at("/fulfilment"), &json!({}))["status"],
        "fulfilled"
    );
}

/// The one place of a table that is so firm.
fn place<'p>(places: &'p Value, table: &str, strength: &str) -> &'p Value {
    let all = places["places"].as_array().expect("places are listed");
    let is_it = |place: &&Value| {
        let resource = place["resource"].as_str().unwrap_or_default();
        resource.ends_with(table) && place["strength"] == strength
    };
    let found: Vec<&Value> = all.iter().filter(is_it).collect();
    assert_eq!(found.len(), 1, "{table}, {strength}: {places:#}");
    found[0]
}

/// Which rows of it are meant, by the values of a key column.
fn keys(place: &Value, column: &str) -> Vec<String> {
    let rows = place["rowsAt"].as_array().into_iter().flatten();
    let mut keys: Vec<String> = rows
        .map(|row| row["key"][column].as_str().unwrap_or("?").to_owned())
        .collect();
    keys.sort();
    keys
}

/// What people erase is told place by place, wherever the shop is; `run` erases there.
fn erased(bench: &Bench, run: impl Fn(&str)) {
    let office = Office::open(bench, &[]);
    let anna = json!({ "type": "subject", "name": "Anna Muster", "email": "anna@example.org" });
    let id = office.create(&intake(
        &json!({ "requestType": "delete", "requestor": anna, "requiresVerification": false }),
    ));
    let at = |rest: &str| format!("/requests/{id}{rest}");
    let leads = office.detail(&id)["located"]["leadsTo"].clone();
    assert!(
        leads.to_string().contains("order_items.order_id → "),
        "{leads:#}"
    );
    let found = office.done("POST", &at("/places"), &json!({}));
    let customers = place(&found, "customers", "strong");
    assert_eq!(keys(customers, "id"), ["1"], "{found:#}");
    assert_eq!(customers["reached"], json!([]));
    let orders = place(&found, "orders", "strong");
    assert_eq!(keys(orders, "id"), ["10", "12"]);
    let way = orders["reached"][0].as_str().unwrap_or_default();
    assert!(way.contains("customer_id → "), "{way}");
    assert_eq!(place(&found, "order_items", "strong")["rows"], 3);
    assert_eq!(keys(place(&found, "tickets", "strong"), "id"), ["20"]);
    // Of the same name, and somebody else's: to be looked at, and not to be erased.
    let namesake = place(&found, "customers", "weak");
    assert_eq!(keys(namesake, "id"), ["3"]);
    assert_eq!(namesake["listed"], false);
    let other = place(&found, "tickets", "weak");
    assert_eq!(
        (&other["reviewReason"], &other["listed"]),
        (&json!("names-somebody-else"), &json!(false))
    );
    assert_eq!(office.detail(&id)["placesUndecided"], 2);

    let recheck = || office.done("POST", &at("/places/recheck"), &json!({}));
    let stands = |places: &Value, table: &str, strength: &str| {
        place(places, table, strength)["recheck"].clone()
    };
    run(
        "update customers set full_name = '-', email = null, birth_date = null where id = 1;
         delete from order_items where order_id in (10, 12); delete from orders where id = 12;",
    );
    let again = recheck();
    for (table, strength, standing) in [
        ("customers", "strong", "gone"),
        ("order_items", "strong", "gone"),
        ("orders", "strong", "still_there"),
        ("tickets", "strong", "still_there"),
        ("customers", "weak", "still_there"),
    ] {
        assert_eq!(stands(&again, table, strength), standing, "{again:#}");
    }
    assert_eq!(
        place(&again, "orders", "strong")["recheckNote"],
        "1 of 2 rows"
    );
    // Nothing leads to the orders any more, and they are there.
    let found = office.done("POST", &at("/places"), &json!({}));
    assert_eq!(keys(place(&found, "orders", "strong"), "id"), ["10", "12"]);

    run("delete from tickets where id = 20; delete from orders where id = 10;");
    let again = recheck();
    assert_eq!(stands(&again, "orders", "strong"), "gone", "{again:#}");
    assert_eq!(stands(&again, "tickets", "strong"), "gone");
    assert_eq!(stands(&again, "customers", "weak"), "still_there");
    assert!(office.detail(&id)["carriedOutAt"].is_string());
    // Somebody says that it is her after all: then it is to be erased as well.
    let other = place(&again, "tickets", "weak")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let decided = office.done(
        "POST",
        &at(&format!("/places/{other}/decide")),
        &json!({ "verdict": "included" }),
    );
    assert_eq!(place(&decided, "tickets", "weak")["listed"], true);
    assert_eq!(office.detail(&id)["carriedOutAt"], Value::Null);
}

#[test]
fn what_people_erase_in_a_database_file_is_told_gone_and_the_rest_is_still_there() {
    let bench = Bench::new();
    let file = scanned(&bench, SHOP);
    erased(&bench, |sql| assert!(live::run(&file, sql), "{sql}"));
}

#[test]
fn what_people_erase_in_postgres_is_told_gone_and_the_rest_is_still_there() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "erased");
    schema.run(SHOP);
    let bench = Bench::new();
    let include = format!("{}.*", schema.name);
    let scan = bench.run(["scan", &url, "--include", &include, "--quiet"]);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    erased(&bench, |sql| schema.run(sql));
}

#[test]
fn a_place_that_cannot_be_read_is_not_told_gone() {
    let bench = Bench::new();
    let file = scanned(&bench, SHOP);
    let office = Office::open(&bench, &[]);
    let anna = json!({ "type": "subject", "name": "Anna Muster", "email": "anna@example.org" });
    let id = office.create(&intake(
        &json!({ "requestType": "delete", "requestor": anna, "requiresVerification": false }),
    ));
    office.done("POST", &format!("/requests/{id}/places"), &json!({}));
    std::fs::rename(&file, bench.path("away.db")).unwrap();
    let recheck = format!("/requests/{id}/places/recheck");
    let again = office.done("POST", &recheck, &json!({}));
    let orders = place(&again, "orders", "strong");
    assert_eq!(orders["recheck"], "not_searched", "{again:#}");
    assert!(orders["recheckNote"].is_string());
    assert_eq!(office.detail(&id)["carriedOutAt"], Value::Null);
}

#[test]
fn what_no_connector_reaches_is_a_task_of_every_request() {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    let office = Office::open(&bench, &[]);
    let source = office.server.folder(&bench.data(), "FILES_1");
    office
        .server
        .run_job("data-discovery", &json!({ "scope": [source] }));
    let cabinet = json!({
        "name": "cabinet", "manual": "paper", "owner": "HR", "contact": "hr@planted.example",
        "instructions": "second floor, by name",
    });
    assert_eq!(office.server.post("/api/v1/sources", &cabinet).status, 200);
    let odd = json!({ "name": "attic", "manual": "roof", "owner": "HR" });
    assert_eq!(office.server.post("/api/v1/sources", &odd).status, 400);
    let id = office.create(&intake(&json!({ "receivedAt": null })));
    let located = office.detail(&id)["located"].clone();
    assert!(
        located["notSearched"].to_string().contains("cabinet"),
        "{located:#}"
    );
    assert_eq!(located["complete"], false);
    let tasks = format!("/requests/{id}/tasks");
    let listed = office.get(&tasks).body["tasks"].clone();
    let task = &listed[0];
    assert_eq!(
        (&task["source"], &task["kind"], &task["contact"]),
        (
            &json!("cabinet"),
            &json!("paper"),
            &json!("hr@planted.example")
        )
    );
    // The request is months old, and so is the task.
    assert_eq!(task["status"], "overdue");
    let one = format!("{tasks}/{}", task["id"].as_str().unwrap());
    let nothing = json!({ "outcome": "nothing_found", "note": "looked twice" });
    let answered = office.done("POST", &format!("{one}/answer"), &nothing);
    assert_eq!(answered["tasks"][0]["status"], "nothing_found");
    let file = office.done("POST", &format!("{one}/upload"), &json!("a scan"))["fileId"].clone();
    let shown = office.get(&tasks).body["tasks"][0].clone();
    assert_eq!(
        (&shown["status"], &shown["files"][0]["id"]),
        (&json!("answered"), &file)
    );
    let download = format!(
        "/requests/{id}/manifest/artifact/download?artifactId={}",
        file.as_str().unwrap()
    );
    let content = office.get(&download);
    assert!(
        content.head.contains("attachment") && content.text.contains("a scan"),
        "{content:?}"
    );
    // What was found is handed out, once the request is worked on.
    office.done(
        "POST",
        &format!("/requests/{id}/verification/waive"),
        &json!({ "rationale": "asked from within the account" }),
    );
    let manifest = office.get(&format!("/requests/{id}/manifest")).body;
    assert_eq!(manifest["artifacts"][0]["id"], file);
    assert_eq!(manifest["artifacts"][0]["sourceSystem"], "cabinet");
    // One that is registered later is asked too.
    let mail = json!({ "name": "post room", "manual": "mailbox", "owner": "Office" });
    assert_eq!(office.server.post("/api/v1/sources", &mail).status, 200);
    let more = office.done("POST", &tasks, &json!({}));
    assert_eq!(more["tasks"].as_array().map(Vec::len), Some(2));
}

#[test]
fn retention_ends_with_the_key_unless_it_is_held_and_the_log_still_verifies() {
    let bench = Bench::new();
    let office = Office::open(&bench, &[]);
    let id = office.create(&intake(&json!({ "requiresVerification": false })));
    let at = |rest: &str| format!("/requests/{id}{rest}");
    assert_eq!(office.detail(&id)["status"], "in_progress");
    let class = json!({ "class": "request_record", "minDays": 0, "maxDays": 30 });
    let retention = "/tenants/default/retention";
    let by = |key: &str, body: &Value| {
        office
            .server
            .ask_as(key, "PUT", retention, &body.to_string())
    };
    assert_eq!(
        by(&office.key, &class).status,
        403,
        "administrators decide it"
    );
    assert_eq!(by(&office.server.key, &class).status, 202);
    let odd = by(&office.server.key, &json!({ "class": "forever" }));
    assert_eq!(odd.body["error"]["id"], "DSAR-BE-1304");

    let early = office.refused("DELETE", &at(""), &json!({}));
    assert_eq!(early, (409, "DSAR-BE-1401".to_owned()));
    office.done(
        "POST",
        &at("/refusals"),
        &json!({ "rationale": "manifestly excessive", "reason": "exemption_applies" }),
    );
    office.done("POST", &at("/closures"), &json!({}));
    office.done("POST", &at("/hold"), &json!({ "reason": "case 7" }));
    assert_eq!(office.refused("DELETE", &at(""), &json!({})).0, 409);
    office.done("DELETE", &at("/hold"), &json!({}));
    // All evidence is held: it would go with the key.
    let evidence = |is_held: bool| {
        let class = json!({ "class": "verification_evidence", "legalHoldEnabled": is_held });
        assert_eq!(by(&office.server.key, &class).status, 202);
    };
    evidence(true);
    assert_eq!(office.refused("DELETE", &at(""), &json!({})).0, 409);
    evidence(false);
    let exported = office.get(&at("/audit/export?format=jsonl"));
    assert_eq!(exported.status, 202);
    let events = exported.body["events"].as_array().unwrap().clone();
    assert!(events.len() >= 5, "{events:#?}");
    assert!(
        !exported.text.contains("Anna") && !exported.text.contains("excessive"),
        "details are sealed"
    );
    let last = events.last().unwrap();
    let kept =
        json!({ "sequence": last["sequence"], "hash": last["hash"], "prevHash": last["previous"] });
    assert_eq!(
        office.done("POST", &at("/audit/verify"), &kept)["verified"],
        true
    );
    let head = office.server.get("/api/v1/audit/verify").body["head"].clone();

    assert_eq!(
        office.done("DELETE", &at(""), &json!({}))["destroyed"],
        true
    );
    let left = office.detail(&id);
    assert_eq!(
        (&left["status"], &left["destroyed"]),
        (&json!("closed"), &json!(true))
    );
    assert!(!left.to_string().contains("anna"), "{left:#}");
    assert_eq!(
        office.refused("GET", &at("/clock/explain"), &json!({})).1,
        "DSAR-BE-1413"
    );
    assert_eq!(
        office.get("/subjects/anna%40planted.example").body["requests"],
        json!([])
    );
    assert_eq!(
        office.done("POST", &at("/audit/verify"), &kept)["verified"],
        true
    );
    let wrong = json!({ "sequence": last["sequence"], "hash": "0".repeat(64) });
    assert_eq!(
        office.done("POST", &at("/audit/verify"), &wrong)["verified"],
        false
    );
    drop(office);

    // The command line says the same, of the catalog and of an export.
    let head = head.as_str().unwrap();
    let checked = bench.run(["audit", "verify", "--head", head]);
    assert_eq!(checked.status, 0, "{}", checked.stderr);
    let export = bench.path("log.jsonl");
    let run = bench.run(["audit", "export", "--output", export.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let file = export.to_str().unwrap();
    assert_eq!(
        bench.run(["audit", "verify", file, "--head", head]).status,
        0
    );
    let text = std::fs::read_to_string(&export).unwrap();
    let changed = text.replacen("request.refused", "request.granted", 1);
    assert_ne!(changed, text);
    std::fs::write(&export, changed).unwrap();
    let found = bench.run(["audit", "verify", file]);
    assert_eq!(found.status, 2);
    assert!(found.stderr.contains("was altered"), "{}", found.stderr);
    let cut: Vec<&str> = text.lines().take(3).collect();
    std::fs::write(&export, cut.join("\n")).unwrap();
    let found = bench.run(["audit", "verify", file, "--head", head]);
    assert!(
        found.status == 2 && found.stderr.contains("cut off"),
        "{}",
        found.stderr
    );
}

#[test]
fn proof_is_destroyed_by_its_class_and_a_hold_keeps_it() {
    let bench = Bench::new();
    let office = Office::open(&bench, &[]);
    let ended = |is_held: bool| {
        let id = office.create(&intake(&json!({})));
        let at = |rest: &str| format!("/requests/{id}{rest}");
        office.done(
            "POST",
            &at("/verification/request"),
            &json!({ "reasonForDoubt": "another address" }),
        );
        office.done(
            "POST",
            &at("/verification/evidence/upload"),
            &json!("a PLANTED passport"),
        );
        office.done("POST", &at("/withdrawals"), &json!({}));
        if is_held {
            office.done("POST", &at("/hold"), &json!({ "reason": "case 7" }));
        }
        id
    };
    let (free, held) = (ended(false), ended(true));
    let class = json!({
        "class": "verification_evidence", "minDays": 0, "maxDays": 0, "purgeEnabled": true,
    });
    let retention = "/tenants/default/retention";
    let decided = office
        .server
        .ask_as(&office.server.key, "PUT", retention, &class.to_string());
    assert_eq!(decided.status, 202, "{decided:?}");
    let pieces = |office: &Office, id: &str| {
        let case = office.get(&format!("/requests/{id}/verification-case"));
        case.body["evidence"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((pieces(&office, &free), pieces(&office, &held)), (1, 1));
    // A server looks when it starts, and then every hour.
    let (server_key, key) = (office.server.key.clone(), office.key.clone());
    drop(office);
    let server = Server::again(&bench, &server_key, &[]);
    let office = Office { server, key };
    let start = std::time::Instant::now();
    while pieces(&office, &free) > 0 && start.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!((pieces(&office, &free), pieces(&office, &held)), (0, 1));
    assert_eq!(office.detail(&free)["status"], "withdrawn");
    let log = office.server.get("/api/v1/audit/verify");
    assert_eq!(log.status, 200, "{log:?}");
}

#[test]
fn a_register_goes_in_and_out_and_letters_and_the_calendar_come_out() {
    let bench = Bench::new();
    let register = "jurisdiction,region,Request Type,received_at,status,endedAt,requestorName,requestorEmail,rawText\n\
        eu,DE,access,2026-01-31,fulfilled,2026-02-20,Anna Muster,anna@planted.example,=1+1\n\
        gb,GB-ENG,erasure,2026-02-03T10:00:00Z,,,Bert Beispiel,bert@planted.example,\n\
        atlantis,,access,2026-01-31,,,X,,\n\
        eu,DE,access,someday,,,X,,\n";
    let file = bench.write("register.csv", register);
    let file = file.to_str().unwrap();
    let run = bench.run(["requests", "import", file]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("2 requests taken over, 0 known already, 2 refused"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("line 4") && run.stderr.contains("line 5"),
        "{}",
        run.stderr
    );
    let again = bench.run(["requests", "import", file]);
    assert!(
        again
            .stderr
            .contains("0 requests taken over, 2 known already"),
        "{}",
        again.stderr
    );

    let exported = bench.run(["requests", "export"]);
    assert_eq!(exported.status, 0, "{}", exported.stderr);
    assert!(
        exported.stdout.contains("'=1+1"),
        "nothing is executed: {}",
        exported.stdout
    );
    let listed = bench
        .run(["requests", "list", "--format", "ndjson"])
        .ndjson();
    assert_eq!(listed.len(), 2);
    let of = |kind: &str| {
        let found = listed.iter().find(|row| row["type"] == kind);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (access, deletion) = (of("access"), of("deletion"));
    // Its beginning is enough.
    let shown = bench.run(["requests", "show", &access]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["status"], "fulfilled");
    assert_eq!(shown["deadlines"][0]["standing"]["state"], "met");
    let explained = bench.run(["requests", "explain", &deletion]);
    assert!(
        explained.stdout.contains("not legal advice"),
        "{}",
        explained.stdout
    );
    for (language, word) in [
        ("en", "Dear Anna Muster"),
        ("de", "Guten Tag Anna Muster"),
        ("nl", "Beste Anna Muster"),
    ] {
        let letter = bench.run([
            "requests",
            "letter",
            &access,
            "cover",
            "--language",
            language,
        ]);
        assert!(letter.stdout.contains(word), "{}", letter.stdout);
    }
    assert_eq!(bench.run(["requests", "letter", &access, "bill"]).status, 2);
    let calendar = bench.run(["requests", "calendar"]);
    assert!(
        calendar.stdout.starts_with("BEGIN:VCALENDAR\r\n"),
        "{}",
        calendar.stdout
    );
    assert!(calendar.stdout.contains(&deletion) && !calendar.stdout.contains(&access));
    assert!(!calendar.stdout.contains("Bert"), "a calendar names nobody");
}

#[test]
fn what_is_known_of_a_person_comes_in_a_file() {
    let bench = Bench::new();
    let known = r#"{"PERSON": "Anna Muster", "EMAIL_ADDRESS": "anna@planted.example", "US_SSN": "219-09-9999"}"#;
    let file = bench.write("person.json", known).display().to_string();
    let line = [
        "requests",
        "create",
        "--jurisdiction",
        "eu",
        "--received",
        "2026-01-31T10:00:00+01:00",
        "--subject",
        &file,
    ];
    let created = bench.run(line);
    assert_eq!(created.status, 0, "{}", created.stderr);
    let id = created.stdout.trim();
    let letter = bench.run(["requests", "letter", id, "cover", "--language", "en"]);
    assert!(letter.stdout.contains("Dear Anna Muster"), "{letter:?}");

    // Of somebody for whom another asks, the file says nothing of whoever asks.
    let created = bench.run(line.into_iter().chain([
        "--requestor",
        "representative",
        "--name",
        "Rita Recht",
    ]));
    assert_eq!(created.status, 0, "{}", created.stderr);
    let letter = bench.run(["requests", "letter", created.stdout.trim(), "cover"]);
    assert!(letter.stdout.contains("Rita Recht"), "{letter:?}");

    let two = bench.write("two.json", format!("{known}\n{known}"));
    let two = two.display().to_string();
    let refused = bench.run(line[..7].iter().copied().chain([two.as_str()]));
    assert_eq!(refused.status, 2, "one request is about one person");
}

#[test]
fn a_pack_of_ones_own_rules_from_its_activation_on() {
    let bench = Bench::new();
    let office = Office::open(&bench, &[]);
    let admin = |method: &str, path: &str, body: &Value| {
        office
            .server
            .ask_as(&office.server.key, method, path, &body.to_string())
    };
    let text = "id = \"xx\"\nversion = 1\ntitle = \"House rules\"\nlaw = \"Handbook\"\nchecked = \"2026-01-01\"\n\
        zone = \"UTC\"\n[[clock]]\nduty = \"answer\"\nkinds = [\"access\"]\nlength = \"7 days\"\ncite = \"Handbook 3\"\ncertainty = \"confirmed\"\n";
    let metadata =
        json!({ "changelog": "new", "compatibilityNotes": "none", "releaseType": "major" });
    let pack = json!({ "jurisdiction": "xx", "name": "House", "version": "1", "pack": text, "metadata": metadata });
    let registered = admin("POST", "/policies/custom/register", &pack);
    assert_eq!(
        (registered.status, &registered.body["status"]),
        (202, &json!("registered")),
        "{registered:?}"
    );
    let body = intake(&json!({ "jurisdiction": "xx", "region": null }));
    assert_eq!(office.refused("POST", "/requests", &body).1, "DSAR-BE-1301");
    let proposed = admin("POST", "/policies/upgrades/propose", &json!({})).body;
    let at = |step: &str| {
        format!(
            "/policies/upgrades/{}/{step}",
            proposed["proposalId"].as_str().unwrap()
        )
    };
    let early = admin("POST", &at("apply"), &json!({}));
    assert_eq!(
        (early.status, &early.body["error"]["id"]),
        (409, &json!("DSAR-BE-1303"))
    );
    assert_eq!(admin("POST", &at("approve"), &json!({})).status, 202);
    assert_eq!(
        admin("POST", &at("apply"), &json!({})).body["status"],
        "applied"
    );
    let id = office.create(&body);
    assert_eq!(office.detail(&id)["dueAt"], "2026-02-07T23:59:59Z");
    // Deactivated, it still rules what was received under it.
    let tenant = json!({ "tenantId": "default" });
    assert_eq!(
        admin("POST", "/policies/custom/deactivate", &tenant).status,
        202
    );
    assert_eq!(office.refused("POST", "/requests", &body).1, "DSAR-BE-1301");
    assert_eq!(office.detail(&id)["dueAt"], "2026-02-07T23:59:59Z");
    let other = json!({ "tenantId": "somebody", "jurisdiction": "xx", "version": "1" });
    assert_eq!(
        admin("POST", "/policies/custom/activate", &other).body["error"]["id"],
        "DSAR-BE-1411"
    );
}

#[test]
fn a_dsar_job_of_a_request_is_collected_and_handed_out_only_as_the_request_allows() {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    let office = Office::open(&bench, &[]);
    let source = office.server.folder(&bench.data(), "FILES_1");
    office
        .server
        .run_job("data-discovery", &json!({ "scope": [source] }));
    let id = office.create(&intake(&json!({})));
    let at = |rest: &str| format!("/requests/{id}{rest}");
    let jobs = "/v1/compliance/dsar";
    let asked = |request: &str| {
        json!({
            "scope": { "foo": 1 }, "attributes": { "EMAIL_ADDRESS": "anna@planted.example" }, "requestId": request,
        })
    };

    // Nobody is collected whose identity nobody has looked at, nor for a request that there is not.
    assert_eq!(office.ask("POST", jobs, &asked(&id)).status, 409);
    let nobody = "00000000-0000-4000-8000-000000000000";
    assert_eq!(office.ask("POST", jobs, &asked(nobody)).status, 404);
    office.done(
        "POST",
        &at("/verification/waive"),
        &json!({ "reason": "asked from within the account" }),
    );
    let made = office.ask("POST", jobs, &asked(&id));
    assert_eq!(made.status, 201, "{made:?}");
    let told = made.body["data"]["notHeeded"].to_string();
    assert!(told.contains("scope.foo"), "{told}");
    let name = made.body["data"]["job"]["id"].as_str().unwrap();
    assert_eq!(office.detail(&id)["jobs"], json!([name]));
    let job = format!("{jobs}/{name}");
    for path in ["/run", "/review/approve", "/run"] {
        let body = json!({ "leaveOutUndecided": true });
        let answer = office.ask("POST", &format!("{job}{path}"), &body);
        assert!(answer.status < 300, "{path}: {answer:?}");
    }
    let listed = office.get(jobs).body["data"].clone();
    assert_eq!(listed["total"], 1);
    assert!(
        listed["jobs"][0]["timeline"]
            .as_array()
            .is_some_and(|timeline| !timeline.is_empty()),
        "{listed:#}"
    );

    // Its bundle goes only as a part of what was approved.
    let links = format!("{job}/links");
    assert_eq!(office.ask("POST", &links, &json!({})).status, 409);
    assert_eq!(office.get(&format!("{job}/download")).status, 409);
    assert_eq!(
        office.get(&format!("{job}/download?preview=maybe")).status,
        400
    );
    assert_eq!(office.get(&format!("{job}/download?preview=1")).status, 200);
    office.done("POST", &at("/collection/attach"), &json!({}));
    let artifact = office.get(&at("/manifest")).body["artifacts"][0].clone();
    assert_eq!(artifact["mediaType"], "application/zip");
    assert!(
        artifact["sizeBytes"].as_u64() > Some(0) && artifact["sha256"].is_string(),
        "{artifact:#}"
    );
    assert_eq!(office.ask("POST", &links, &json!({})).status, 409);
    office.done(
        "POST",
        &at("/manifest/validate"),
        &json!({ "action": "approved" }),
    );
    let link = office.ask("POST", &links, &json!({ "foo": 1 }));
    assert_eq!(link.status, 201, "{link:?}");
    assert!(link.body["data"]["notHeeded"].to_string().contains("foo"));
    assert_eq!(office.get(&job).body["data"]["job"]["state"], "READY");

    // A request that was taken back hands out nothing more, not even by a link that was made before.
    office.done("POST", &at("/withdrawals"), &json!({}));
    assert_eq!(office.ask("POST", &links, &json!({})).status, 409);
    let url = link.body["data"]["url"].as_str().unwrap();
    assert_eq!(office.get(url).status, 409);
}

#[test]
fn whom_a_request_is_about_may_be_said_later_and_why_it_is_refused_is_a_word_of_the_catalogue() {
    let bench = Bench::new();
    let office = Office::open(&bench, &[]);
    let id = office.create(&intake(
        &json!({ "requestor": null, "requiresVerification": false }),
    ));
    let at = |rest: &str| format!("/requests/{id}{rest}");
    assert_eq!(
        office.ask("POST", &at("/collection"), &json!({})).status,
        400
    );
    assert_eq!(
        office.refused("PUT", &at("/subject"), &json!({})),
        (400, "DSAR-BE-1199".to_owned())
    );
    let person = json!({ "name": "Anna Muster", "email": "anna@planted.example", "shoe": 38 });
    let done = office.done("PUT", &at("/subject"), &person);
    assert!(done["warnings"].to_string().contains("shoe"), "{done}");
    let known = office.detail(&id)["subject"]["attributes"].clone();
    assert_eq!(known.as_array().map(Vec::len), Some(2), "{known}");
    let odd = json!({ "reason": "because", "rationale": "manifestly excessive" });
    assert_eq!(
        office.refused("POST", &at("/refusals"), &odd),
        (400, "DSAR-BE-1199".to_owned())
    );
}

#[test]
fn a_job_that_is_retried_on_the_command_line_is_of_the_same_request() {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    let office = Office::open(&bench, &[]);
    let source = office.server.folder(&bench.data(), "FILES_1");
    office
        .server
        .run_job("data-discovery", &json!({ "scope": [source] }));
    let id = office.create(&intake(&json!({})));
    let at = |rest: &str| format!("/requests/{id}{rest}");
    let waived = json!({ "reason": "asked from within the account" });
    office.done("POST", &at("/verification/waive"), &waived);
    let away = bench.path("away");
    std::fs::rename(bench.path("data"), &away).unwrap();
    office.done("POST", &at("/collection"), &json!({}));
    let first = office.detail(&id)["jobs"][0].as_str().unwrap().to_owned();
    let run = format!("/v1/compliance/dsar/{first}/run");
    let ran = office.ask("POST", &run, &json!({})).body["data"]["job"].clone();
    assert_ne!(ran["notSearched"], json!([]), "{ran:#}");
    std::fs::rename(&away, bench.path("data")).unwrap();
    let (key, officer) = (office.server.key.clone(), office.key.clone());
    drop(office);

    let retried = bench.run(["dsar", "retry", &first]);
    assert_eq!(retried.status, 0, "{}", retried.stderr);
    let second = retried.stdout.trim().to_owned();
    let office = Office {
        server: Server::again(&bench, &key, &[]),
        key: officer,
    };
    assert_eq!(office.detail(&id)["jobs"], json!([first, second]));
    // Nothing is begun anew for a request that was taken back.
    office.done("POST", &at("/withdrawals"), &json!({}));
    drop(office);
    let refused = bench.run(["dsar", "retry", &second]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("DSAR-BE-"), "{}", refused.stderr);
}
