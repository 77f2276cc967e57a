//! DSAR jobs over the programming interface: from a person to a bundle that is reviewed, delivered and destroyed, whatever
//! happens on the way.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use locard_bundle::{Bundle, PublicKey};
use serde_json::{Value, json};

use crate::client::{Server, assert_documented, joined};
use crate::collect::{SHOP, scanned};
use crate::support::Bench;

pub(crate) const JOBS: &str = "/v1/compliance/dsar";

/// A server with a key for the privacy officer.
pub(crate) struct Office {
    pub(crate) server: Server,
    pub(crate) officer: String,
}

/// An answer whose body may be anything.
pub(crate) struct Raw {
    pub(crate) status: u16,
    /// In small letters.
    head: String,
    /// As it came.
    told: String,
    pub(crate) body: Vec<u8>,
}

impl Office {
    pub(crate) fn open(bench: &Bench) -> Self {
        let server = Server::start(bench, &[]);
        let officer = key(&server, "officer", "privacy-officer");
        Self { server, officer }
    }

    /// The same home, served again after its server was killed.
    pub(crate) fn reopen(self, bench: &Bench) -> Self {
        let (key, officer) = (self.server.key.clone(), self.officer.clone());
        drop(self.server);
        let server = Server::again(bench, &key, &[]);
        Self { server, officer }
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self
            .server
            .ask_as(&self.officer, method, path, &body.to_string());
        (answer.status, answer.body)
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body:#}");
        assert_eq!(
            (&body["ok"], &body["contractVersion"]),
            (&json!(true), &json!("v1.0"))
        );
        body["data"].clone()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, body);
        assert!((200..203).contains(&status), "{path}: {answer:#}");
        answer["data"].clone()
    }

    /// Asks for a job about Anna; answers its path.
    pub(crate) fn create(&self, more: &Value) -> String {
        let mut body = json!({ "scope": {}, "attributes": { "EMAIL_ADDRESS": "anna@example.org", "PERSON": "Anna Muster" } });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let job = self.post(JOBS, &body)["job"].clone();
        assert_eq!(job["state"], "REQUESTED", "{job:#}");
        let id = job["id"].as_str().unwrap();
        assert!(id.starts_with("dsar:"), "{id}");
        format!("{JOBS}/{id}")
    }

    pub(crate) fn job(&self, path: &str) -> Value {
        self.get(path)["job"].clone()
    }

    pub(crate) fn wait(&self, path: &str, state: &str) -> Value {
        let start = Instant::now();
        while start.elapsed() < Duration::from_mins(2) {
            let job = self.job(path);
            if job["state"] == state {
                return job;
            }
            assert_ne!(job["state"], "FAILED", "{job:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the job never was {state}: {:#}", self.job(path));
    }

    /// Runs a job whose review is approved as it stands.
    fn finish(&self, path: &str) -> Value {
        let ran = self.post(&format!("{path}/run"), &Value::Null);
        if ran["waitsForReview"] == true {
            self.approve(path);
        }
        let ran = self.post(&format!("{path}/run"), &Value::Null);
        assert_eq!(ran["job"]["state"], "READY", "{ran:#}");
        ran
    }

    /// Approves what is to be handed out, whatever is undecided.
    pub(crate) fn approve(&self, path: &str) -> Value {
        let body = json!({ "leaveOutUndecided": true });
        self.post(&format!("{path}/review/approve"), &body)
    }

    /// Section, number and all of the row of a table that fits.
    fn place(&self, path: &str, table: &str, wanted: &dyn Fn(&Value) -> bool) -> (u64, u64, Value) {
        let review = self.get(&format!("{path}/review"));
        for section in review["sections"].as_array().unwrap() {
            let number = section["number"].as_u64().unwrap();
            if !section["resource"].as_str().unwrap().ends_with(table) {
                continue;
            }
            let rows = self.get(&format!("{path}/review/rows?section={number}"))["rows"].clone();
            let rows = rows.as_array().unwrap();
            if let Some(row) = rows.iter().find(|row| wanted(row)) {
                return (number, row["row"].as_u64().unwrap(), row.clone());
            }
        }
        panic!("no such row of {table}: {review:#}");
    }

    /// Says of the row of that id whose it is.
    pub(crate) fn decide(&self, path: &str, (table, id): (&str, u64), verdict: &str) {
        let (section, row, _) = self.place(path, table, &|row| row["values"]["id"] == id);
        let decision = json!({ "section": section, "row": row, "verdict": verdict });
        let body = json!({ "decisions": decision });
        self.post(&format!("{path}/review/decisions"), &body);
    }

    pub(crate) fn raw(
        &self,
        key: &str,
        method: &str,
        path: &str,
        (headers, body): (&str, &str),
    ) -> Raw {
        let mut stream = TcpStream::connect(&self.server.address).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n{headers}\
            Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let told = String::from_utf8_lossy(&answer[..end]).into_owned();
        let head = told.to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert_documented(method, path, status);
        let body = &answer[end + 4..];
        let body = if head.contains("transfer-encoding: chunked") {
            joined(body)
        } else {
            body.to_vec()
        };
        Raw {
            status,
            head,
            told,
            body,
        }
    }

    /// The archive of a job.
    pub(crate) fn archive(&self, path: &str, query: &str) -> Vec<u8> {
        let path = format!("{path}/download{query}");
        let raw = self.raw(
            &self.officer,
            "GET",
            &path,
            ("Accept: application/zip\r\n", ""),
        );
        assert_eq!(raw.status, 200, "{}", String::from_utf8_lossy(&raw.body));
        assert!(raw.head.contains("application/zip"), "{}", raw.head);
        raw.body
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let (_, settings) = self.ask("GET", "/api/v1/dsar-settings", &Value::Null);
        settings["publicKey"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn change_settings(&self, settings: &Value) {
        let path = "/api/v1/dsar-settings";
        let changed = self
            .server
            .ask_as(&self.server.key, "PATCH", path, &settings.to_string());
        assert_eq!(changed.status, 200, "{changed:?}");
    }
}

fn key(server: &Server, name: &str, role: &str) -> String {
    let made = server
        .post("/api/v1/keys", &json!({ "name": name, "role": role }))
        .body;
    made["token"]
        .as_str()
        .expect("a key has a token")
        .to_owned()
}

/// What of a bundle people read, by name.
fn texts(archive: &[u8]) -> Vec<(String, String)> {
    let mut bundle = Bundle::open(Cursor::new(archive)).unwrap();
    let manifest = serde_json::to_string(bundle.manifest()).unwrap();
    let mut texts = vec![("manifest.json".to_owned(), manifest)];
    for name in ["audit-report.json", "summary.html"] {
        let mut text = String::new();
        let mut file = bundle.file(name).unwrap();
        file.read_to_string(&mut text).unwrap();
        texts.push((name.to_owned(), text));
    }
    texts
}

/// What a bundle holds: rows of each entity, and its manifest.
pub(crate) struct Opened {
    manifest: Value,
    rows: Vec<(String, Value)>,
}

/// Verifies a bundle and reads its rows.
pub(crate) fn opened(archive: &[u8], key: PublicKey) -> Opened {
    let mut bundle = Bundle::open(Cursor::new(archive)).unwrap();
    let report = bundle.verify(&[key]).unwrap();
    assert!(report.is_sound(), "{report:?}");
    let mut rows = Vec::new();
    for section in &report.manifest.sections {
        let file = section
            .files
            .iter()
            .find(|file| {
                std::path::Path::new(file)
                    .extension()
                    .is_some_and(|extension| extension == "json")
            })
            .unwrap();
        let mut text = String::new();
        bundle
            .file(file)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let items: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(items.len() as u64, section.count);
        rows.extend(
            items
                .into_iter()
                .map(|row| (section.section.entity.clone(), row)),
        );
    }
    Opened {
        manifest: serde_json::to_value(&report.manifest).unwrap(),
        rows,
    }
}

impl Opened {
    /// A column of the rows of a table, sorted.
    pub(crate) fn column(&self, table: &str, column: &str) -> Vec<String> {
        let rows = self
            .rows
            .iter()
            .filter(|(entity, _)| entity.ends_with(table));
        let mut cells: Vec<String> = rows
            .map(|(_, row)| match &row[column] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect();
        cells.sort();
        cells
    }
}

/// What holds of Anna's bundle, as nobody decided anything.
pub(crate) fn hold_anna(opened: &Opened) {
    assert_eq!(opened.column("customers", "id"), ["1"]);
    assert_eq!(opened.column("orders", "id"), ["10", "12"]);
    assert_eq!(
        opened.column("order_items", "product"),
        ["desk", "lamp", "lamp"]
    );
    assert_eq!(opened.column("tickets", "id"), ["20"]);
}

#[test]
fn a_job_goes_from_request_to_delivery_and_every_step_is_told() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let path = office.create(&json!({ "format": "XML", "requestNotes": "request 17" }));
    let job = office.job(&path);
    assert_eq!(
        (&job["format"], &job["requestedBy"]),
        (&json!("JSON"), &json!("officer"))
    );
    assert!(
        job["warnings"][0].as_str().unwrap().contains("unknown"),
        "{job:#}"
    );

    let (status, ran) = office.ask("POST", &format!("{path}/run"), &Value::Null);
    assert_eq!(
        (status, &ran["data"]["waitsForReview"]),
        (202, &json!(true)),
        "{ran:#}"
    );
    assert_eq!(ran["data"]["job"]["state"], "PACKAGING");
    let (status, early) = office.ask("GET", &format!("{path}/download"), &Value::Null);
    assert_eq!((status, &early["ok"]), (409, &json!(false)), "{early:#}");
    // Two rows are undecided: nobody leaves them out unawares.
    let (status, refused) = office.ask("POST", &format!("{path}/review/approve"), &json!({}));
    assert_eq!(status, 409, "{refused:#}");
    assert!(
        refused.to_string().contains("2 rows are undecided"),
        "{refused:#}"
    );
    assert_eq!(office.approve(&path)["undecided"], 2);
    let ran = office.post(&format!("{path}/run"), &Value::Null);
    assert_eq!(ran["job"]["state"], "READY", "{ran:#}");
    assert_eq!(ran["auditReport"]["totalRecords"], 7, "{ran:#}");
    let counts = |name: &str| -> u64 {
        let sections = ran["job"]["sections"].as_array().unwrap().iter();
        sections
            .map(|section| section[name].as_u64().unwrap())
            .sum()
    };
    assert_eq!(
        (
            counts("count"),
            counts("totalBeforeFilter"),
            counts("undecided")
        ),
        (7, 9, 2)
    );
    assert_eq!(ran["auditReport"]["requestedBy"], "officer");

    let listed = office.get(&format!("{JOBS}?state=READY"));
    assert_eq!(
        (&listed["total"], &listed["filteredCount"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&listed["activeCount"], &listed["activeLimit"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(
        (&listed["counts"]["READY"], &listed["counts"]["FAILED"]),
        (&json!(1), &json!(0))
    );

    let key = office.public_key();
    hold_anna(&opened(&office.archive(&path, "?preview=true"), key));
    assert_eq!(
        office.job(&path)["state"],
        "READY",
        "a preview delivers nothing"
    );
    let archive = office.archive(&path, "");
    let bundle = opened(&archive, key);
    hold_anna(&bundle);
    let job = office.job(&path);
    assert_eq!(job["state"], "DELIVERED");
    assert_eq!(job["delivery"]["bundleSizeBytes"], archive.len());
    assert_eq!(job["delivery"]["downloadedBy"], "officer");
    // As often as it is wanted, until its time is over; and as the reference has it.
    let raw = office.raw(
        &office.officer,
        "GET",
        &format!("{path}/download"),
        ("", ""),
    );
    let told: Value = serde_json::from_slice(&raw.body).unwrap();
    assert_eq!(
        (&told["ok"], &told["contractVersion"]),
        (&json!(true), &json!("v1.0"))
    );
    let artifact = &told["data"]["artifact"];
    assert_eq!(artifact["integritySha256"], bundle.manifest["digest"]);
    let counts: u64 = artifact["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["count"].as_u64().unwrap())
        .sum();
    assert_eq!(counts, 7, "{artifact:#}");
    let handed = office.get(&format!("{path}/downloads"))["downloads"].clone();
    let purposes: Vec<&str> = handed
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["purpose"].as_str())
        .collect();
    assert_eq!(purposes, ["preview", "delivery", "delivery"]);
    let states: Vec<String> = job["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["state"].to_string())
        .collect();
    let mut distinct = states.clone();
    distinct.dedup();
    let expected = ["REQUESTED", "COLLECTING", "PACKAGING", "READY", "DELIVERED"]
        .map(|state| format!("\"{state}\""));
    assert_eq!(distinct, expected, "{states:?}");
    let audit = office.server.get("/api/v1/audit").body["rows"].clone();
    let audit = audit.as_array().unwrap();
    let acts: BTreeSet<&str> = audit
        .iter()
        .filter_map(|row| row["action"].as_str())
        .collect();
    for act in [
        "dsar create",
        "dsar run",
        "dsar approve",
        "dsar preview",
        "dsar download",
    ] {
        assert!(acts.contains(act), "{act} is not in {acts:?}");
    }
    let created = audit
        .iter()
        .find(|row| row["action"] == "dsar create")
        .unwrap();
    assert_eq!(created["details"]["purpose"], "request 17");
    assert_eq!(created["details"]["subject"].as_str().unwrap().len(), 64);
    assert!(!created.to_string().contains("example.org"));
}

#[test]
fn no_more_jobs_are_active_than_may_be_and_roles_decide_who_asks() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    office.change_settings(&json!({ "activeLimit": 2 }));
    let first = office.create(&json!({}));
    office.create(&json!({}));
    let body = json!({ "scope": { "dataSubjectId": "anna@example.org" } });
    let refused = office
        .server
        .ask_as(&office.officer, "POST", JOBS, &body.to_string());
    assert_eq!(
        (refused.status, &refused.body["error"]["code"]),
        (429, &json!("RATE_LIMITED"))
    );
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    let cancelled = office.post(
        &format!("{first}/cancel"),
        &json!({ "reason": "withdrawn" }),
    )["job"]
        .clone();
    assert_eq!(
        (&cancelled["state"], &cancelled["failure"]["reason"]),
        (&json!("FAILED"), &json!("cancelled"))
    );
    assert_eq!(
        office.ask("POST", &format!("{first}/run"), &Value::Null).0,
        409
    );
    office.post(JOBS, &body);

    let (viewer, operator) = (
        key(&office.server, "v", "viewer"),
        key(&office.server, "o", "operator"),
    );
    for other in [&viewer, &operator] {
        assert_eq!(office.server.ask_as(other, "GET", JOBS, "").status, 403);
    }
    // Administrators look nobody up, and what is about a person is not shown to them.
    assert_eq!(
        office
            .server
            .ask_as(&office.server.key, "POST", JOBS, &body.to_string())
            .status,
        403
    );
    assert_eq!(office.server.get(&first).status, 403);
    assert_eq!(office.server.get(JOBS).body["data"]["jobs"], json!([]));
    // Nothing but the catalog of everything is without a subject, and that is off.
    assert_eq!(
        office.server.post(JOBS, &json!({ "scope": {} })).status,
        400
    );
    assert_eq!(
        office
            .ask("GET", &format!("{JOBS}?state=ODD"), &Value::Null)
            .0,
        400
    );
    assert_eq!(
        office
            .ask("GET", &format!("{JOBS}/dsar:nothing"), &Value::Null)
            .0,
        404
    );
}

#[test]
fn what_reviewers_decide_is_what_is_handed_out() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let path = office.create(&json!({}));
    office.post(&format!("{path}/run"), &Value::Null);
    let review = office.get(&format!("{path}/review"));
    assert_eq!(
        (&review["waits"], &review["approvals"]["wanted"]),
        (&json!(true), &json!(1))
    );
    let place = |table: &str, wanted: &dyn Fn(&Value) -> bool| office.place(&path, table, wanted);
    // The namesake's row is out until somebody says so; one of the orders goes out, and a ticket loses a part.
    let (section, row, namesake) = place("customers", &|row| row["values"]["id"] == 3);
    assert_eq!(
        (&namesake["included"], &namesake["review"]),
        (&json!(false), &json!("weak"))
    );
    let (of_orders, order, _) = place("orders", &|row| row["values"]["id"] == 12);
    let (of_tickets, ticket, _) = place("tickets", &|row| row["values"]["id"] == 20);
    let decisions = format!("{path}/review/decisions");
    let bad = json!({ "decisions": { "section": of_orders, "row": order, "act": "exclude" } });
    assert_eq!(
        office.ask("POST", &decisions, &bad).0,
        400,
        "a reason is wanted"
    );
    let sentence = json!({ "decisions": {
        "section": of_orders, "row": order, "act": "exclude", "exemption": "it is the order of somebody else",
    } });
    assert_eq!(
        office.ask("POST", &decisions, &sentence).0,
        400,
        "a code is wanted"
    );
    let missing = json!({ "decisions": { "section": of_orders, "row": 999, "verdict": "not" } });
    assert_eq!(office.ask("POST", &decisions, &missing).0, 404);
    let made = office.post(
        &decisions,
        &json!({ "decisions": [
            { "section": section, "row": row, "verdict": "same" },
            { "section": of_orders, "row": order, "act": "exclude", "exemption": "Art. 15(4)", "reason": "trade secret" },
            { "section": of_tickets, "row": ticket, "act": "redact", "column": "requester", "spans": [[0, 4]], "reason": "as asked" },
        ] }),
    );
    let numbers = made["decisions"].as_array().unwrap();
    // What was said too much is taken back.
    office.post(
        &format!("{path}/review/undo"),
        &json!({ "decision": numbers[0] }),
    );
    let now = office.get(&format!("{path}/review"))["sections"].clone();
    let of = |number: u64| now[number as usize - 1].clone();
    assert_eq!(
        (&of(of_orders)["count"], &of(of_orders)["totalBeforeFilter"]),
        (&json!(1), &json!(2))
    );
    office.finish(&path);
    let late = json!({ "decisions": { "section": section, "row": row, "verdict": "not" } });
    assert_eq!(office.ask("POST", &decisions, &late).0, 409);
    let bundle = opened(&office.archive(&path, ""), office.public_key());
    assert_eq!(bundle.column("customers", "id"), ["1"]);
    assert_eq!(bundle.column("orders", "id"), ["10"]);
    assert_eq!(bundle.column("tickets", "requester"), ["[redacted] Muster"]);
    // Each decision is told with its number, what was taken back too; what reviewers wrote stays with them.
    let told: Vec<Value> = bundle.manifest["sections"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|section| section["decisions"].as_array().cloned().unwrap_or_default())
        .collect();
    let numbered = |number: &Value| told.iter().find(|it| it["number"] == *number).unwrap();
    let (undone, excluded) = (numbered(&numbers[0]), numbered(&numbers[1]));
    assert_eq!(
        (&undone["decision"], &undone["undoneBy"]),
        (&json!("same person"), &json!(4))
    );
    assert_eq!(
        (
            &excluded["decision"],
            &excluded["by"],
            &excluded["exemption"],
            &excluded["row"]
        ),
        (
            &json!("exclude"),
            &json!("officer"),
            &json!("Art. 15(4)"),
            &json!(order)
        )
    );
    assert!(
        excluded["at"].as_str().unwrap().starts_with("20"),
        "{excluded:#}"
    );
    assert_eq!(
        (told.len(), &numbered(&numbers[2])["column"]),
        (3, &json!("requester"))
    );
    let archive = office.archive(&path, "?preview=true");
    for (file, text) in texts(&archive) {
        for said in ["trade secret", "as asked"] {
            assert!(!text.contains(said), "{said} is in {file}");
        }
        if file == "audit-report.json" {
            assert!(
                text.contains("Art. 15(4)") && text.contains("undoneBy"),
                "{text}"
            );
        }
    }
    let audit = office.server.get("/api/v1/audit").body["rows"].to_string();
    assert!(audit.contains("trade secret") && audit.contains("as asked"));
    assert_eq!(audit.matches("\"dsar decide\"").count(), 3);
    assert_eq!(audit.matches("\"dsar undo\"").count(), 1);
}

#[test]
fn two_people_approve_where_two_must_and_a_decision_asks_both_again() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    office.change_settings(&json!({ "secondApprover": true }));
    let second = key(&office.server, "second", "privacy-officer");
    let path = office.create(&json!({}));
    office.post(&format!("{path}/run"), &Value::Null);
    let approve = format!("{path}/review/approve");
    let body = json!({ "leaveOutUndecided": true }).to_string();
    let by_second = || {
        office
            .server
            .ask_as(&second, "POST", &approve, &body)
            .status
    };
    office.approve(&path);
    office.approve(&path);
    assert_eq!(
        office.get(&format!("{path}/review"))["approvals"]["given"],
        json!(["officer"])
    );
    let decision = json!({ "decisions": { "section": 1, "row": 1, "verdict": "same" } });
    office.post(&format!("{path}/review/decisions"), &decision);
    assert_eq!(
        office.get(&format!("{path}/review"))["approvals"]["given"],
        json!([])
    );
    assert_eq!(by_second(), 200);
    assert_eq!(office.get(&format!("{path}/review"))["waits"], true);
    office.approve(&path);
    office.wait(&path, "READY");
}

#[test]
fn a_link_opens_with_its_code_then_for_whoever_opened_it_and_never_when_it_was_taken_back() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let path = office.create(&json!({}));
    office.finish(&path);
    let links = format!("{path}/links");
    let make = || office.post(&links, &json!({ "hours": 1 }));
    let follow = |url: &Value, code: &str| {
        let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
        office.raw(
            "",
            "POST",
            url.as_str().unwrap(),
            (headers, &format!("code={code}")),
        )
    };
    let made = make();
    let code = made["code"].as_str().unwrap();
    let page = office.raw("", "GET", made["url"].as_str().unwrap(), ("", ""));
    assert_eq!(page.status, 200);
    assert!(!String::from_utf8_lossy(&page.body).contains("Anna"));
    assert_eq!(follow(&made["url"], "WRONG").status, 403);
    let fetched = follow(&made["url"], code);
    assert_eq!(fetched.status, 200);
    hold_anna(&opened(&fetched.body, office.public_key()));
    assert_eq!(office.job(&path)["state"], "DELIVERED");
    assert_eq!(
        follow(&made["url"], code).status,
        410,
        "the code works once"
    );
    // Whoever opened it may fetch it again, as a program or as a browser; nobody else may.
    let url = made["url"].as_str().unwrap();
    let key = header(&fetched.told, "locard-delivery-key").expect("a key is given");
    let cookie = header(&fetched.told, "set-cookie").expect("a cookie is set");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let again = |headers: &str| office.raw("", "POST", url, (headers, ""));
    for headers in [
        format!("Locard-Delivery-Key: {key}\r\n"),
        format!("Cookie: other=1; {cookie}\r\n"),
    ] {
        let fetched = again(&headers);
        assert_eq!(fetched.status, 200, "{headers}");
        hold_anna(&opened(&fetched.body, office.public_key()));
    }
    assert_eq!(again("Locard-Delivery-Key: AAAA\r\n").status, 410);
    let page = office.raw("", "GET", url, (&format!("Cookie: {cookie}\r\n"), ""));
    assert!(String::from_utf8_lossy(&page.body).contains("downloaded again"));

    let revoked = make();
    let (status, _) = office.ask(
        "DELETE",
        &format!("{links}/{}", revoked["id"].as_str().unwrap()),
        &Value::Null,
    );
    assert_eq!(status, 200);
    assert_eq!(
        follow(&revoked["url"], revoked["code"].as_str().unwrap()).status,
        410
    );
    let guessed = make();
    for _ in 0..5 {
        assert_eq!(follow(&guessed["url"], "AAAAAAAA").status, 403);
    }
    assert_eq!(
        follow(&guessed["url"], guessed["code"].as_str().unwrap()).status,
        410,
        "too many attempts"
    );
    let altered = made["url"]
        .as_str()
        .unwrap()
        .replace("/v1/delivery/A", "/v1/delivery/B");
    let altered = json!(if altered == made["url"] {
        "/v1/delivery/AAAA"
    } else {
        &altered
    });
    assert_eq!(follow(&altered, code).status, 404);
    let listed = office.get(&links)["links"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert!(
        !listed[0]["usedAt"].is_null() && !listed[1]["revokedAt"].is_null(),
        "{listed:#}"
    );
    let handed = office.get(&format!("{path}/downloads"))["downloads"].clone();
    assert_eq!(handed.as_array().unwrap().len(), 3);
    assert_eq!(handed[0]["link"], made["id"]);
    // Taken back, it opens for nobody.
    let place = format!("{links}/{}", made["id"].as_str().unwrap());
    assert_eq!(office.ask("DELETE", &place, &Value::Null).0, 200);
    assert_eq!(
        again(&format!("Locard-Delivery-Key: {key}\r\n")).status,
        410
    );
}

/// The value of a header.
fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

#[test]
fn a_bundle_that_was_altered_in_its_store_is_not_handed_out_and_spends_no_code() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let path = office.create(&json!({}));
    office.finish(&path);
    let made = office.post(&format!("{path}/links"), &json!({ "hours": 1 }));
    let id = path.rsplit(':').next().unwrap();
    let stored = bench
        .home()
        .join("bundles/dsar")
        .join(id)
        .join("bundle.zip");
    let sealed = std::fs::read(&stored).unwrap();
    let mut altered = sealed.clone();
    *altered.last_mut().unwrap() ^= 1;
    std::fs::write(&stored, altered).unwrap();
    let code = format!("code={}", made["code"].as_str().unwrap());
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let follow = || office.raw("", "POST", made["url"].as_str().unwrap(), (form, &code));
    assert_eq!(follow().status, 503);
    assert_eq!(office.job(&path)["state"], "READY", "nothing was delivered");
    let handed = office.get(&format!("{path}/downloads"))["downloads"].clone();
    assert_eq!(handed, json!([]));
    // With what was packed back in its place, the code is as good as before.
    std::fs::write(&stored, sealed).unwrap();
    let fetched = follow();
    assert_eq!(fetched.status, 200);
    hold_anna(&opened(&fetched.body, office.public_key()));
    assert_eq!(office.job(&path)["state"], "DELIVERED");
}

#[test]
fn a_person_who_is_nowhere_has_a_bundle_that_says_so() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let path =
        office.create(&json!({ "attributes": { "EMAIL_ADDRESS": "nobody@elsewhere.example" } }));
    let ran = office.finish(&path);
    assert_eq!(
        (&ran["job"]["answer"], &ran["auditReport"]["totalRecords"]),
        (&json!("nowhere"), &json!(0))
    );
    let bundle = opened(&office.archive(&path, ""), office.public_key());
    assert!(bundle.rows.is_empty());
    let warnings = bundle.manifest["warnings"].to_string();
    assert!(
        warnings.contains("nothing about the person was found"),
        "{warnings}"
    );
}

#[test]
fn a_source_that_is_down_is_told_and_a_retry_completes_it() {
    let bench = Bench::new();
    let file = scanned(&bench, SHOP);
    bench.write(
        "more/people.csv",
        "id,name,email\n1,Anna Muster,anna@example.org\n2,Bert Beispiel,bert@example.org\n",
    );
    let scan = bench.run(["scan", &format!("{}/more", bench.data()), "--quiet"]);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    let away = bench.path("away.db");
    std::fs::rename(&file, &away).unwrap();
    let office = Office::open(&bench);
    office.change_settings(&json!({ "review": false }));
    let path = office.create(&json!({ "review": false }));
    let ran = office.post(&format!("{path}/run"), &Value::Null);
    assert_eq!(ran["job"]["state"], "READY", "{ran:#}");
    let missing = ran["auditReport"]["notSearched"].to_string();
    assert!(
        missing.contains("unreachable") && missing.contains("shop.db"),
        "{missing}"
    );
    // What only a key leads to is named as well: nobody knows which keys there are.
    let gaps = ran["auditReport"]["notSearched"].as_array().unwrap();
    for table in ["customers", "orders", "order_items", "tickets"] {
        let is_it = |gap: &&Value| gap["entity"].as_str().is_some_and(|it| it.ends_with(table));
        let gap = gaps.iter().find(is_it);
        assert_eq!(
            gap.map(|gap| &gap["cause"]),
            Some(&json!("unreachable")),
            "{table}: {missing}"
        );
    }
    let first = opened(&office.archive(&path, "?preview=true"), office.public_key());
    assert_eq!(first.column("people.csv", "id"), ["1"]);
    assert!(first.column("orders", "id").is_empty());

    std::fs::rename(&away, &file).unwrap();
    // What was read is not read again: the file may go.
    std::fs::remove_dir_all(bench.path("data/more")).unwrap();
    let again = office.post(&format!("{path}/retry"), &Value::Null)["job"].clone();
    assert_eq!(again["retryOf"], office.job(&path)["id"]);
    let again = format!("{JOBS}/{}", again["id"].as_str().unwrap());
    assert_eq!(
        office.post(&format!("{path}/retry"), &Value::Null)["job"]["id"],
        office.job(&again)["id"]
    );
    let ran = office.post(&format!("{again}/run"), &Value::Null);
    assert_eq!(ran["job"]["state"], "READY", "{ran:#}");
    let second = opened(&office.archive(&again, ""), office.public_key());
    hold_anna(&second);
    assert_eq!(second.column("people.csv", "id"), ["1"]);
    let left = ran["auditReport"]["notSearched"].to_string();
    assert!(!left.contains("shop.db"), "{left}");
}

#[test]
fn the_command_line_shows_whole_texts_and_approves_nothing_undecided_unawares() {
    let bench = Bench::new();
    let long = format!(
        "create table notes (id integer primary key, customer_id integer references customers (id), body text);
        insert into notes values (1, 1, '{}ends here');",
        "word ".repeat(40)
    );
    scanned(&bench, &format!("{SHOP}{long}"));
    let person = json!({ "EMAIL_ADDRESS": "anna@example.org", "PERSON": "Anna Muster" });
    let file = bench.write("../person.json", person.to_string());
    let file = file.display().to_string();
    let done = |args: &[&str]| {
        let run = bench.run(std::iter::once("dsar").chain(args.iter().copied()));
        assert_eq!(run.status, 0, "{args:?}: {}", run.stderr);
        run.stdout
    };
    let job = done(&["create", "--subject", &file]).trim().to_owned();
    done(&["run", &job]);
    let shown = |more: &[&str]| -> String {
        let sections = (1..=8).map(|number| number.to_string());
        let one = |number: String| {
            let mut command = vec!["dsar", "review", &job, "--section", &number];
            command.extend(more);
            bench.run(command).stdout
        };
        sections.map(one).collect()
    };
    let (cut, whole) = (shown(&[]), shown(&["--whole"]));
    assert!(!cut.contains("ends here") && cut.contains('…'), "{cut}");
    assert!(whole.contains("ends here"), "{whole}");
    // Parts of a text are taken out by the words themselves, which no process list shows.
    let place = field_of(&shown(&["--whole"]), "ends here", "body");
    let redact = ["--redact", &place, "--exemption", "Art. 15(4)", "--only"];
    let words = |words: &str| bench.write("../words.txt", words).display().to_string();
    let cut = |file: &str| {
        let fixed = ["dsar", "review", &job];
        bench.run(fixed.iter().chain(&redact).copied().chain([file]))
    };
    let missing = cut(&words("nowhere\n"));
    assert_eq!(missing.status, 2, "{}", missing.stderr);
    assert!(!missing.stderr.contains("nowhere"), "{}", missing.stderr);
    assert_eq!(cut(&words("here\nnowhere\n")).status, 0);
    let marked = shown(&["--whole"]);
    assert!(marked.contains("word ends [-here-] (taken out"), "{marked}");
    let refused = bench.run(["dsar", "review", &job, "--approve"]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("undecided"), "{}", refused.stderr);
    done(&["review", &job, "--approve", "--leave-out-undecided"]);
    let ran = done(&["run", &job]);
    assert!(ran.contains("READY"), "{ran}");
}

/// How `review` names the field of the row in which a text is shown.
fn field_of(shown: &str, text: &str, column: &str) -> String {
    let before = shown.split(text).next().unwrap();
    let row = before
        .lines()
        .rfind(|line| line.starts_with(|start: char| start.is_ascii_digit()));
    let row = row.and_then(|line| line.split(' ').next());
    format!("{}:{column}", row.expect("a row before it"))
}

/// Two more of Anna's name: 3 turns out to be her, and 4 is somebody else.
pub(crate) const NAMESAKES: &str = "
    insert into customers values (4, 'Anna Muster', 'a.muster@example.com', '1960-01-01');
    insert into orders values (14, 4, 2.00);
    insert into order_items values (14, 'rug');
    insert into tickets values (23, 3, 'Carl Anders'), (24, 3, null), (25, 4, null);
";

#[test]
fn what_carries_keys_of_a_confirmed_row_comes_and_is_looked_at_before_it_goes() {
    let bench = Bench::new();
    scanned(&bench, &format!("{SHOP}{NAMESAKES}"));
    let office = Office::open(&bench);
    let path = office.create(&json!({}));
    office.post(&format!("{path}/run"), &Value::Null);
    office.decide(&path, ("customers", 3), "same");
    office.decide(&path, ("customers", 4), "not");
    let before = office.get(&format!("{path}/review"))["sections"].clone();
    office.approve(&path);
    let ran = office.post(&format!("{path}/run"), &Value::Null);
    assert_eq!(
        (&ran["waitsForReview"], &ran["job"]["state"]),
        (&json!(true), &json!("PACKAGING")),
        "{ran:#}"
    );
    let timeline = ran["job"]["timeline"].to_string();
    assert!(
        timeline.contains("came over keys of rows that were confirmed"),
        "{timeline}"
    );
    let review = office.get(&format!("{path}/review"));
    assert_eq!(
        review["approvals"]["given"],
        json!([]),
        "nobody has seen these"
    );
    let (before, after) = (
        before.as_array().unwrap(),
        review["sections"].as_array().unwrap(),
    );
    assert_eq!(after[..before.len()], before[..], "numbers stay");
    let names: Vec<&str> = after[before.len()..]
        .iter()
        .map(|section| section["resource"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    // A ticket in which somebody else is named wants a decision again.
    let (_, _, ticket) = office.place(&path, "tickets", &|row| row["values"]["id"] == 23);
    assert_eq!(ticket["review"], "names-somebody-else");
    office.decide(&path, ("tickets", 23), "same");
    office.approve(&path);
    let ran = office.post(&format!("{path}/run"), &Value::Null);
    assert_eq!(ran["job"]["state"], "READY", "{ran:#}");
    let bundle = opened(&office.archive(&path, ""), office.public_key());
    assert_eq!(bundle.column("customers", "id"), ["1", "3"]);
    assert_eq!(bundle.column("orders", "id"), ["10", "12", "13"]);
    assert_eq!(
        bundle.column("order_items", "product"),
        ["book", "desk", "lamp", "lamp"]
    );
    assert_eq!(bundle.column("tickets", "id"), ["20", "23", "24"]);
    let sections = office.job(&path)["sections"].clone();
    let counts: Vec<u64> = sections
        .as_array()
        .unwrap()
        .iter()
        .map(|section| section["count"].as_u64().unwrap())
        .collect();
    assert_eq!(
        counts.iter().sum::<u64>(),
        bundle.rows.len() as u64,
        "{sections:#}"
    );
}

#[test]
fn whoever_tampers_with_a_bundle_is_found_out() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    office.change_settings(&json!({ "review": false }));
    let path = office.create(&json!({ "review": false, "formats": ["JSON", "CSV", "PARQUET"] }));
    office.post(&format!("{path}/run"), &Value::Null);
    let archive = office.archive(&path, "");
    let key = office.public_key();
    hold_anna(&opened(&archive, key));
    drop(office);
    let file = bench.path("bundle.zip");
    std::fs::write(&file, &archive).unwrap();
    let verify = || bench.run(["dsar", "verify", &file.display().to_string()]);
    let sound = verify();
    assert_eq!(sound.status, 0, "{}", sound.stderr);
    assert!(
        sound.stdout.contains("signature: good\n"),
        "{}",
        sound.stdout
    );
    // Also where no file is: in the directory, in the seal.
    let end = archive.len();
    for at in [end / 3, end / 2, end - 300, end - 5] {
        let mut altered = archive.clone();
        altered[at] ^= 0x40;
        std::fs::write(&file, &altered).unwrap();
        let found = verify();
        assert_ne!(found.status, 0, "{}", found.stdout);
    }
    std::fs::write(&file, [&archive[..], b"\n"].concat()).unwrap();
    let longer = verify();
    assert_eq!(longer.status, 2, "{}", longer.stdout);
    // What is kept in the home is noise without the key.
    let mut stack = vec![bench.home()];
    while let Some(folder) = stack.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                stack.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            let plain = bytes
                .windows(15)
                .any(|window| window == b"1234567890.12\"," || window == b"anna@example.or");
            assert!(!plain, "{}", entry.path().display());
        }
    }
}

#[test]
fn an_export_of_everything_is_widened_to_rows_by_two_administrators() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let office = Office::open(&bench);
    let (one, other) = (
        key(&office.server, "one", "administrator"),
        key(&office.server, "other", "administrator"),
    );
    let ask = |key: &str, method: &str, path: &str, body: &Value| {
        office.server.ask_as(key, method, path, &body.to_string())
    };
    let widened = json!({ "scope": { "kind": "TENANT_FULL", "withRows": true } });
    assert_eq!(ask(&one, "POST", JOBS, &widened).status, 400, "it is off");
    office.change_settings(&json!({ "tenantExport": true }));
    assert_eq!(
        ask(&one, "POST", JOBS, &widened).status,
        400,
        "rows are off"
    );
    office.change_settings(&json!({ "tenantExportRows": true }));
    assert_eq!(ask(&office.officer, "POST", JOBS, &widened).status, 403);
    let of_person = json!({ "scope": { "withRows": true, "dataSubjectId": "anna@example.org" } });
    let (status, fault) = office.ask("POST", JOBS, &of_person);
    assert_eq!(
        (status, &fault["error"]["field"]),
        (400, &json!("scope.withRows"))
    );

    let made = ask(&one, "POST", JOBS, &widened);
    assert_eq!(made.status, 201, "{made:?}");
    let job = &made.body["data"]["job"];
    assert_eq!(job["scope"]["withRows"], true);
    let path = format!("{JOBS}/{}", job["id"].as_str().unwrap());
    let ran = ask(&one, "POST", &format!("{path}/run"), &Value::Null);
    assert_eq!(
        (ran.status, &ran.body["data"]["waitsForReview"]),
        (202, &json!(true))
    );
    let rows = format!("{path}/review/rows?section=4");
    assert_eq!(
        ask(&one, "GET", &rows, &Value::Null).status,
        409,
        "nobody sees it alone"
    );
    assert_eq!(ask(&other, "GET", &rows, &Value::Null).status, 200);
    let approve = format!("{path}/review/approve");
    assert_eq!(ask(&one, "POST", &approve, &json!({})).status, 409);
    assert_eq!(ask(&other, "POST", &approve, &json!({})).status, 200);
    let ran = ask(&one, "POST", &format!("{path}/run"), &Value::Null);
    assert_eq!(ran.body["data"]["job"]["state"], "READY", "{ran:?}");
    let export = ask(&one, "GET", "/v1/compliance/export", &Value::Null);
    let sections = export.body["data"]["artifact"]["sections"]
        .as_array()
        .unwrap();
    let customers = sections
        .iter()
        .find(|it| it["name"].as_str().unwrap().ends_with("customers"));
    assert_eq!(customers.unwrap()["count"], 3, "{export:?}");
    let audit = office.server.get("/api/v1/audit?limit=1000").body;
    let acts = audit["rows"].as_array().unwrap().iter();
    let created = acts
        .filter(|row| row["action"] == "dsar create")
        .map(|row| row["details"]["withRows"].clone());
    assert_eq!(created.collect::<Vec<_>>(), [json!(true)]);
}

#[test]
fn the_command_line_asks_for_an_export_of_everything_and_does_not_approve_its_own() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let create = |more: &[&str]| bench.run(["dsar", "create"].iter().chain(more));
    assert_eq!(create(&[]).status, 2, "nobody is named");
    assert_eq!(create(&["--everything"]).status, 2, "it is off");
    assert_eq!(create(&["--with-rows"]).status, 2);
    assert_eq!(create(&["--everything", "--name", "Anna Muster"]).status, 2);
    let on = [
        "dsar",
        "settings",
        "tenantExport=true",
        "tenantExportRows=true",
    ];
    assert_eq!(bench.run(on).status, 0);
    let created = create(&["--everything", "--with-rows"]);
    assert_eq!(created.status, 0, "{}", created.stderr);
    let job = created.stdout.trim().to_owned();
    let ran = bench.run(["dsar", "run", &job]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("waits for review"), "{}", ran.stdout);
    let approved = bench.run(["dsar", "review", &job, "--approve"]);
    assert_eq!(approved.status, 2, "{}", approved.stdout);
    assert!(
        approved.stderr.contains("another administrator"),
        "{}",
        approved.stderr
    );
}
