//! The management interface: what is said, looked for, decided, exported and switched, and that nothing odd gets through.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::client::{Answer, Server};
use crate::serve::PEOPLE;
use crate::support::Bench;

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// A server whose one source was read.
fn scanned(bench: &Bench) -> Server {
    bench.write("crm/people.csv", PEOPLE);
    bench.write(
        "crm/customerOrders.csv",
        "id,order_mail\n1,eva@planted.example\n2,fritz@planted.example\n3,gerd@planted.example\n",
    );
    bench.write("shop/items.csv", "sku,price\nA-1,3\nA-2,4\nA-3,9\n");
    bench.write("shop/zwieback.zacharias@planted.example.csv", "a,b\n1,2\n");
    let server = Server::start(bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let read = server.run_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    server
}

fn key(server: &Server, role: &str) -> String {
    let made = server.post("/api/v1/keys", &json!({ "name": role, "role": role }));
    assert_eq!(made.status, 200, "{made:?}");
    made.body["token"].as_str().unwrap().to_owned()
}

fn patch(server: &Server, path: &str, body: &Value) -> Answer {
    server.ask_as(&server.key, "PATCH", path, &body.to_string())
}

fn resources(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let entities = answer.body["entities"].as_array().unwrap().iter();
    let names = entities.map(|entity| entity["resource"].as_str().unwrap().to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn entity(server: &Server, resource: &str) -> String {
    let all = server.get("/api/v1/entities").body;
    let all = all["entities"].as_array().unwrap();
    let found = all.iter().find(|entity| entity["resource"] == resource);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

/// A file, as a client without chunks gets it.
fn download(server: &Server, path: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: x\r\nX-API-Key: {}\r\n\r\n",
        server.key
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    assert!(head.contains(" 200 "), "{head}");
    (head, answer[end + 4..].to_vec())
}

/// The rows of the audit of that action.
fn audited(server: &Server, action: &str) -> Vec<Value> {
    let rows = server.get("/api/v1/audit?limit=1000").body;
    let rows = rows["rows"].as_array().unwrap().iter();
    rows.filter(|row| row["action"] == action)
        .cloned()
        .collect()
}

#[test]
fn what_is_said_of_a_source_holds_for_what_is_in_it_until_that_is_told_apart() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let people = format!("/api/v1/entities/{}", entity(&server, "crm/people.csv"));
    let said = patch(
        &server,
        "/api/v1/sources/FILES_1",
        &json!({ "purpose": "contracts", "legalBasis": "6 (1) b", "recipients": ["=HYPERLINK(1)"], "tags": ["core"], "owner": "Sales" }),
    );
    assert_eq!(said.status, 200, "{said:?}");
    let of_people = json!({ "purpose": "claims", "sensitivity": "special" });
    let said = patch(&server, &people, &of_people);
    assert_eq!(said.body["said"], of_people, "{said:?}");
    let shown = server.get(&people).body;
    assert_eq!(shown["said"], of_people);
    assert_eq!(
        (
            &shown["holds"]["purpose"],
            &shown["holds"]["owner"],
            &shown["holds"]["tags"]
        ),
        (&json!("claims"), &json!("Sales"), &json!(["core"])),
        "{shown:#}"
    );
    let back = patch(
        &server,
        &people,
        &json!({ "purpose": null, "retention": "10 years" }),
    );
    assert_eq!(
        back.body["said"],
        json!({ "sensitivity": "special", "retention": "10 years" })
    );
    assert_eq!(back.body["holds"]["purpose"], "contracts");
    let source = server.get("/api/v1/sources/FILES_1").body;
    assert_eq!(source["said"]["legalBasis"], "6 (1) b", "{source:#}");

    // Whoever looks it up by the tag finds all of the source.
    let tagged = server.get("/api/v1/entities?tag=core&kind=file");
    assert_eq!(resources(&tagged).len(), 4);
    let own = patch(&server, &people, &json!({ "tags": ["other"] }));
    assert_eq!(own.status, 200);
    assert_eq!(
        resources(&server.get("/api/v1/entities?tag=other")),
        ["crm/people.csv"]
    );

    let record = server.get("/api/v1/record-of-processing").body;
    let rows = record["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{record:#}");
    let row = rows
        .iter()
        .find(|row| row["resource"] == "crm/people.csv")
        .unwrap();
    assert_eq!(row["holds"]["retention"], "10 years");
    assert_eq!(row["missing"], json!([]));
    assert!(
        row["identifiers"].to_string().contains("EMAIL_ADDRESS"),
        "{row:#}"
    );
    let (head, csv) = download(&server, "/api/v1/record-of-processing.csv");
    let csv = String::from_utf8(csv).unwrap();
    assert!(head.contains("text/csv"), "{head}");
    assert!(
        csv.contains("'=HYPERLINK(1)") && !csv.contains(",=HYPERLINK"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 3, "{csv}");

    let rows = audited(&server, "annotate");
    assert_eq!(rows.len(), 4);
    let text = json!(rows).to_string();
    assert!(
        text.contains("\"retention\"") && !text.contains("10 years"),
        "{text}"
    );
}

#[test]
fn an_annotation_that_makes_no_sense_is_refused_by_its_field() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let people = format!("/api/v1/entities/{}", entity(&server, "crm/people.csv"));
    for (body, field) in [
        (json!({ "colour": "SECRET" }), "colour"),
        (json!({ "purpose": 7 }), "purpose"),
        (json!({ "purpose": "" }), "purpose"),
        (json!({ "tags": "SECRET" }), "tags"),
        (json!({ "tags": [["SECRET"]] }), "tags"),
        (json!({ "sensitivity": "SECRET" }), "sensitivity"),
        (json!({ "retention": "x".repeat(2_001) }), "retention"),
        (json!({ "recipients": vec!["x"; 101] }), "recipients"),
    ] {
        for path in [people.as_str(), "/api/v1/sources/FILES_1"] {
            let answer = patch(&server, path, &body);
            assert_eq!(answer.status, 400, "{body}: {answer:?}");
            assert_eq!(answer.body["field"], field, "{answer:?}");
            assert!(!answer.text.contains("SECRET"), "{answer:?}");
        }
    }
    for body in ["", "[]", "\"x\"", "{\"purpose\": SECRET", "null"] {
        let answer = server.ask_as(&server.key, "PATCH", &people, body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(!answer.text.contains("SECRET"), "{answer:?}");
    }
    for path in [
        format!("/api/v1/entities/{UNKNOWN}"),
        "/api/v1/entities/x".to_owned(),
        "/api/v1/entities/..%2F..%2Fetc%2Fpasswd".to_owned(),
        "/api/v1/sources/nobody".to_owned(),
        format!("/api/v1/sources/{UNKNOWN}"),
    ] {
        let answer = patch(&server, &path, &json!({ "purpose": "x" }));
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    assert_eq!(server.get(&people).body["said"], json!({}));
    let body = json!({ "purpose": "x" }).to_string();
    for (role, status) in [("viewer", 403), ("privacy-officer", 200), ("operator", 200)] {
        let key = key(&server, role);
        let answer = server.ask_as(&key, "PATCH", &people, &body);
        assert_eq!(answer.status, status, "{role}: {answer:?}");
    }
}

#[test]
fn entities_are_found_by_words_filters_and_in_pages() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let found = |query: &str| resources(&server.get(&format!("/api/v1/entities?{query}")));
    assert_eq!(found("search=cust%20ord"), ["crm/customerOrders.csv"]);
    assert_eq!(found("search=ORDER+mai"), ["crm/customerOrders.csv"]);
    assert_eq!(found("search=crm%20sku"), Vec::<String>::new());
    assert_eq!(
        found("search=zwieback"),
        Vec::<String>::new(),
        "it is masked"
    );
    assert_eq!(found("search=zacharias"), Vec::<String>::new());
    assert_eq!(
        found("identifier=email_address"),
        ["crm/customerOrders.csv", "crm/people.csv"]
    );
    assert_eq!(
        found("identifier=EMAIL_ADDRESS&search=peop"),
        ["crm/people.csv"]
    );
    assert_eq!(found("kind=table"), Vec::<String>::new());
    let (mut pages, mut seen) = (0, Vec::new());
    let mut cursor = String::new();
    loop {
        let answer = server.get(&format!("/api/v1/entities?search=crm&limit=1{cursor}"));
        let found = resources(&answer);
        assert!(found.len() <= 1, "{found:?}");
        seen.extend(found);
        pages += 1;
        match answer.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["crm", "crm/customerOrders.csv", "crm/people.csv"]);
    assert!(pages <= 4, "{pages}");
    let long = format!("search={}", "x".repeat(300));
    for (query, field) in [
        (long.as_str(), "search"),
        ("search=%25%25", "search"),
        ("search=a%20b%20c%20d%20e%20f%20g%20h%20i%20j%20k", "search"),
        ("kind=column", "kind"),
        ("kind=odd", "kind"),
        ("identifier=EMIAL_ADDRESS", "identifier"),
        ("source=x", "source"),
        ("cursor=x", "cursor"),
        ("limit=1001", "limit"),
    ] {
        let answer = server.get(&format!("/api/v1/entities?{query}"));
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
        assert_eq!(answer.body["field"], field, "{answer:?}");
    }
}

#[test]
fn an_entity_is_explained_in_figures_without_a_value() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let people = format!("/api/v1/entities/{}", entity(&server, "crm/people.csv"));
    let profile = server.get(&format!("{people}/profile"));
    assert_eq!(profile.status, 200, "{profile:?}");
    let columns = profile.body["columns"].as_array().unwrap();
    let email = columns
        .iter()
        .find(|column| column["column"] == "email")
        .unwrap();
    assert_eq!(
        (&email["profile"]["rows"], &email["profile"]["distinct"]),
        (&json!(4), &json!(4))
    );
    assert!(email["profile"]["shapes"].is_array() && email["profile"]["range"].is_null());
    let explained = server.get(&format!("{people}/explanation?column=email"));
    assert_eq!(explained.status, 200, "{explained:?}");
    let column = &explained.body["columns"][0];
    let reported = &column["reported"][0];
    assert_eq!(reported["identifier"], "EMAIL_ADDRESS", "{column:#}");
    let weights = reported["because"][0]["weights"].as_array().unwrap();
    assert!(
        weights
            .iter()
            .any(|weight| weight["logOdds"].as_f64().unwrap() > 1.0),
        "{weights:?}"
    );
    for answer in [&profile, &explained] {
        assert!(!answer.text.contains("@planted"), "{}", answer.text);
        assert!(
            !answer.text.to_lowercase().contains("anna"),
            "{}",
            answer.text
        );
    }
    for path in [
        format!("/api/v1/entities/{UNKNOWN}/profile"),
        format!("/api/v1/entities/{UNKNOWN}/explanation"),
        "/api/v1/entities/people.csv/profile".to_owned(),
        format!("{people}/explanation?column=no%20such"),
        format!("{people}/profile?column={}", "x".repeat(5_000)),
    ] {
        let answer = server.get(&path);
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
}

#[test]
fn findings_are_confirmed_rejected_and_taken_back() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let officer = key(&server, "privacy-officer");
    let viewer = key(&server, "viewer");
    let people = entity(&server, "crm/people.csv");
    let body = json!({ "entity": people, "column": "email", "identifier": "EMAIL_ADDRESS", "reason": "everybody's" });
    let ask = |key: &str, what: &str, body: &Value| {
        server.ask_as(
            key,
            "POST",
            &format!("/api/v1/findings/{what}"),
            &body.to_string(),
        )
    };
    assert_eq!(ask(&viewer, "reject", &body).status, 403);
    let rejected = ask(&officer, "reject", &body);
    assert_eq!(rejected.status, 200, "{rejected:?}");
    let finding = &rejected.body["findings"][0];
    assert_eq!(
        (&finding["decision"], &finding["reason"]),
        (&json!("rejected"), &json!("everybody's"))
    );
    let is_email = |finding: &&Value| {
        finding["entity"] == people.as_str() && finding["identifier"] == "EMAIL_ADDRESS"
    };
    assert_eq!(server.findings().iter().filter(is_email).count(), 0);
    let all = server.get("/api/v1/findings?withRejected=true").body;
    assert_eq!(
        all["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(is_email)
            .count(),
        1
    );
    assert_eq!(
        resources(&server.get("/api/v1/entities?identifier=EMAIL_ADDRESS")),
        ["crm/customerOrders.csv"]
    );

    // The same column by its id; and what no rule saw.
    let by_id =
        json!({ "entity": people, "column": finding["columnId"], "identifier": "EMAIL_ADDRESS" });
    let confirmed = ask(&officer, "confirm", &by_id);
    assert_eq!(
        confirmed.body["findings"][0]["confidence"], 1.0,
        "{confirmed:?}"
    );
    let said = json!({ "entity": "shop/items.csv", "column": "sku", "identifier": "PERSON" });
    assert_eq!(ask(&server.key, "confirm", &said).status, 200);
    let first = server.get("/api/v1/findings?limit=1").body;
    let total = first["total"].as_u64().unwrap() as usize;
    assert_eq!(first["totalIsLowerBound"], false);
    let (mut seen, mut page) = (Vec::new(), first);
    loop {
        seen.extend(page["findings"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = server
            .get(&format!("/api/v1/findings?limit=1&cursor={next}"))
            .body;
        assert_eq!(page["total"], Value::Null);
    }
    assert_eq!(seen.len(), total);
    assert!(
        seen.iter().any(|finding| finding["column"] == "sku"),
        "{seen:#?}"
    );

    let file = server.get("/api/v1/decisions.toml");
    assert!(file.head.contains("application/toml"), "{}", file.head);
    for body in [&by_id, &said] {
        let mut body = body.clone();
        let withdrawn = ask(&officer, "withdraw", &body);
        assert_eq!(withdrawn.status, 200, "{withdrawn:?}");
        assert_eq!(
            ask(&officer, "withdraw", &body).status,
            404,
            "nothing is decided any more"
        );
        body["identifier"] = Value::Null;
        assert_eq!(ask(&officer, "withdraw", &body).body["field"], "identifier");
    }
    assert!(
        !server
            .findings()
            .iter()
            .any(|finding| finding["column"] == "sku")
    );
    let taken = server.post("/api/v1/decisions", &json!({ "toml": file.text }));
    assert_eq!(
        (taken.status, &taken.body["decisions"]),
        (200, &json!(2)),
        "{taken:?}"
    );
    assert!(
        server
            .findings()
            .iter()
            .any(|finding| finding["column"] == "sku")
    );

    for (path, body, status, field) in [
        ("findings/confirm", json!({}), 400, json!("entity")),
        (
            "findings/confirm",
            json!({ "entity": people }),
            400,
            json!("column"),
        ),
        (
            "findings/confirm",
            json!({ "entity": [1], "column": "email" }),
            400,
            json!("entity"),
        ),
        (
            "findings/confirm",
            json!({ "entity": UNKNOWN, "column": "email" }),
            404,
            Value::Null,
        ),
        (
            "findings/confirm",
            json!({ "entity": "../../etc/passwd", "column": "x" }),
            404,
            Value::Null,
        ),
        (
            "findings/confirm",
            json!({ "entity": people, "column": "x" }),
            404,
            Value::Null,
        ),
        (
            "findings/reject",
            json!({ "entity": people, "column": "id" }),
            404,
            Value::Null,
        ),
        (
            "findings/reject",
            json!({ "entity": people, "column": "email", "identifier": "EMIAL_ADDRESS" }),
            400,
            json!("identifier"),
        ),
        (
            "findings/reject",
            json!({ "entity": people, "column": "email", "reason": "x".repeat(2_001) }),
            400,
            json!("reason"),
        ),
        (
            "findings/reject",
            json!({ "entity": people, "column": "email", "odd": 1 }),
            400,
            Value::Null,
        ),
        (
            "decisions",
            json!({ "toml": "version = \"SECRET\"" }),
            400,
            json!("toml"),
        ),
        ("decisions", json!({ "toml": 7 }), 400, json!("toml")),
        ("decisions", json!({}), 400, json!("toml")),
        (
            "allowed-values",
            json!({ "value": "  " }),
            400,
            json!("value"),
        ),
        (
            "allowed-values",
            json!({ "value": ["SECRET"] }),
            400,
            json!("value"),
        ),
        (
            "allowed-values/remove",
            json!({ "value": "SECRET" }),
            404,
            json!("value"),
        ),
    ] {
        let answer = server.post(&format!("/api/v1/{path}"), &body);
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        assert_eq!(answer.body["field"], field, "{path} {body}: {answer:?}");
        assert!(!answer.text.contains("SECRET"), "{answer:?}");
    }
    for query in [
        "cursor=x",
        "cursor=x.y",
        "limit=0",
        "withRejected=7",
        "resource=%5B",
        "minConfidence=NaN",
    ] {
        let answer = server.get(&format!("/api/v1/findings?{query}"));
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
    assert_eq!(server.get("/api/v1/findings?source=nobody").status, 404);
    assert_eq!(audited(&server, "confirm finding").len(), 2);
    let rejected = &audited(&server, "reject finding")[0];
    assert_eq!(rejected["actor"], "privacy-officer");
    assert!(!rejected.to_string().contains("everybody"), "{rejected:#}");
}

#[test]
fn a_value_that_is_allowed_is_written_and_never_read() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "id,mail\n1,info@planted.example\n2,info@planted.example\n3,info@planted.example\n4,info@planted.example\n",
    );
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let scope = json!({ "scope": ["FILES_1"] });
    let is_found = |server: &Server| {
        server.run_job("data-profiling", &scope);
        !server.findings().is_empty()
    };
    assert!(is_found(&server));
    let body = json!({ "value": "INFO@planted.example", "reason": "of the firm" });
    let allowed = server.post("/api/v1/allowed-values", &body);
    assert_eq!(
        (allowed.status, &allowed.body),
        (200, &json!({ "allowed": true }))
    );
    assert!(!is_found(&server), "{:#?}", server.findings());
    let file = server.get("/api/v1/decisions.toml").text;
    assert!(
        file.contains("[[allowed]]") && !file.to_lowercase().contains("info@"),
        "{file}"
    );
    let back = server.post(
        "/api/v1/allowed-values/remove",
        &json!({ "value": "info@planted.example" }),
    );
    assert_eq!(back.status, 200, "{back:?}");
    assert!(is_found(&server));
    let rows = audited(&server, "allow value");
    assert!(
        rows.len() == 1 && !json!(rows).to_string().contains("planted"),
        "{rows:?}"
    );
}

#[test]
fn findings_are_exported_whole_and_no_cell_is_executed() {
    let bench = Bench::new();
    bench.write("=cmd|calc.csv", PEOPLE);
    let server = scanned(&bench);
    let people =
        json!({ "entity": "crm/people.csv", "column": "email", "reason": "=1+1, \"said\"\nso" });
    assert_eq!(server.post("/api/v1/findings/confirm", &people).status, 200);
    let found = server.findings();
    let (head, text) = download(&server, "/api/v1/findings.csv");
    assert!(
        head.contains("text/csv") && head.contains("findings.csv"),
        "{head}"
    );
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), found.len());
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    assert!(rows.iter().all(|row| !row[at("resource")].starts_with('=')));
    assert!(
        rows.iter()
            .any(|row| row[at("resource")].starts_with("'=cmd")),
        "{rows:?}"
    );
    assert!(
        rows.iter()
            .any(|row| &row[at("reason")] == "'=1+1, \"said\"\nso"),
        "{rows:?}"
    );

    let (head, text) = download(&server, "/api/v1/findings.ndjson?identifier=EMAIL_ADDRESS");
    assert!(head.contains("ndjson"), "{head}");
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let emails = found
        .iter()
        .filter(|finding| finding["identifier"] == "EMAIL_ADDRESS");
    assert_eq!(lines.len(), emails.count());

    let (head, bytes) = download(&server, "/api/v1/findings.parquet");
    assert!(head.contains("parquet"), "{head}");
    let file = bench.path("findings.parquet");
    std::fs::write(&file, bytes).unwrap();
    let file = std::fs::File::open(file).unwrap();
    let batches = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    let batches: Vec<_> = batches.map(Result::unwrap).collect();
    let read: usize = batches
        .iter()
        .fold(0, |rows, batch| rows + batch.num_rows());
    assert_eq!(read, found.len());
    assert_eq!(batches[0].schema().field(5).name(), "confidence");

    let (_, none) = download(
        &server,
        "/api/v1/findings.parquet?minConfidence=1&identifier=PERSON",
    );
    assert!(none.starts_with(b"PAR1") && none.ends_with(b"PAR1"));
    for query in ["job=x", "minConfidence=2", "identifier=ODD", "resource=%5B"] {
        let answer = server.get(&format!("/api/v1/findings.csv?{query}"));
        assert!(matches!(answer.status, 400 | 404), "{query}: {answer:?}");
    }
    assert!(!audited(&server, "export findings").is_empty());
}

#[test]
fn two_scans_are_compared_by_their_ids_and_by_no_file() {
    let bench = Bench::new();
    let server = scanned(&bench);
    bench.write("crm/new.csv", PEOPLE);
    let read = server.run_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let jobs = server.get("/api/v1/jobs?kind=scan").body;
    let id = |at: usize| jobs["jobs"][at]["id"].as_str().unwrap().to_owned();
    let (after, before) = (id(0), id(1));
    let compared = server.get(&format!(
        "/api/v1/findings/diff?before={before}&after={after}"
    ));
    assert_eq!(compared.status, 200, "{compared:?}");
    let added = compared.body["added"].as_array().unwrap();
    assert!(!added.is_empty() && added.iter().all(|row| row["resource"] == "crm/new.csv"));
    assert_eq!(compared.body["counts"]["removed"], 0, "{:#}", compared.body);
    let short = jobs["jobs"][1]["shortId"].as_str().unwrap();
    let same = server.get(&format!(
        "/api/v1/findings/diff?before={short}&after={before}"
    ));
    assert_eq!(same.body["counts"]["added"], 0, "{same:?}");

    std::fs::write(bench.path("latest.ndjson"), "{}").unwrap();
    let file = bench.path("latest.ndjson").display().to_string();
    let other = server.get("/api/v1/jobs?kind=test-connection").body["jobs"][0]["id"].clone();
    let test = server.get("/api/v1/jobs").body["jobs"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()["id"]
        .clone();
    let no_scan = other.as_str().or(test.as_str()).unwrap().to_owned();
    for (name, status) in [
        ("latest", 404),
        ("previous", 404),
        (file.as_str(), 404),
        ("..%2Flatest.ndjson", 404),
        (UNKNOWN, 404),
        ("", 400),
        (no_scan.as_str(), 400),
    ] {
        let path = format!("/api/v1/findings/diff?before={name}&after={after}");
        let answer = server.get(&path);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
}

#[test]
fn a_dictionary_is_made_and_exported_and_used_at_once() {
    let bench = Bench::new();
    let server = scanned(&bench);
    bench.write(
        "shop/offices.csv",
        "id,office\n1,Quellmark\n2,Nordtann\n3,Suedkamm\n",
    );
    let body = json!({ "name": "own/offices", "terms": ["Suedkamm", "Quellmark ", "Nordtann", "quellmark"], "licence": "own" });
    let viewer = key(&server, "viewer");
    let refused = server.ask_as(&viewer, "POST", "/api/v1/dictionaries", &body.to_string());
    assert_eq!(refused.status, 403);
    let made = server.post("/api/v1/dictionaries", &body);
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(
        (&made.body["id"], &made.body["terms"]),
        (&json!("own.offices"), &json!(3))
    );
    let exported = server.get("/api/v1/dictionaries/own.offices/terms.txt");
    assert_eq!(
        exported.text, "# source: own\n# licence: own\nNordtann\nQuellmark\nSuedkamm\n",
        "{exported:?}"
    );
    let long = "x".repeat(201);
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": "own/x" }), "terms"),
        (json!({ "name": "own/x", "terms": [] }), "terms"),
        (json!({ "name": "own/x", "terms": [7] }), "terms"),
        (json!({ "name": "own/x", "terms": ["a\nb"] }), "terms"),
        (
            json!({ "name": "own/x", "terms": ["# source: x"] }),
            "terms",
        ),
        (json!({ "name": "own/x", "terms": [long] }), "terms"),
        (
            json!({ "name": "own/x", "terms": ["a"], "source": "a\nb" }),
            "source",
        ),
        (
            json!({ "name": "own/x", "terms": ["a"], "licence": "" , "source": long }),
            "source",
        ),
        (json!({ "name": "../x", "terms": ["a"] }), "name"),
        (json!({ "name": "a/b/c", "terms": ["a"] }), "name"),
        (json!({ "name": "/etc/passwd", "terms": ["a"] }), "name"),
        (json!({ "name": "own/x.txt", "terms": ["a"] }), "name"),
    ] {
        let answer = server.post("/api/v1/dictionaries", &body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(answer.body["field"], field, "{body}: {answer:?}");
    }
    for (path, status) in [
        ("no.such", 404),
        ("..%2F..%2Fcatalog", 404),
        ("..%2F..%2Fcatalog/terms.txt", 404),
        ("own.offices/terms.txt", 200),
        ("world.first_names/terms.txt", 409),
        ("world.first_names/overlaps?minShare=2", 400),
        ("no.such/overlaps", 404),
        ("world%2Ffirst_names", 200),
    ] {
        let answer = server.get(&format!("/api/v1/dictionaries/{path}"));
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }

    let read = server.run_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let listed = server.get("/api/v1/dictionaries").body;
    let own = listed["dictionaries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|list| list["own"] == true);
    assert_eq!(own.unwrap()["name"], "own/offices");
    let overlaps = server.get("/api/v1/dictionaries/own.offices/overlaps").body;
    let column = &overlaps["columns"][0];
    assert_eq!(
        (&column["resource"], &column["column"], &column["share"]),
        (&json!("shop/offices.csv"), &json!("office"), &json!(1.0)),
        "{overlaps:#}"
    );
    assert!(!overlaps.to_string().contains("Quellmark"));
}

/// Findings of an identifier.
fn found_of(server: &Server, identifier: &str) -> Vec<Value> {
    let all = server.findings().into_iter();
    all.filter(|finding| finding["identifier"] == identifier)
        .collect()
}

#[test]
fn what_a_dictionary_is_of_is_found_without_reading_anything_until_it_is_switched_off_or_removed() {
    let bench = Bench::new();
    bench.write(
        "ships.csv",
        "id,vessel\n1,Zorbavale\n2,Quellmarka\n3,Nordtannor\n4,Suedkammin\n5,Zorbavale\n",
    );
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let scope = json!({ "scope": ["FILES_1"] });
    let read = server.run_job("data-profiling", &scope);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let identify = || {
        let judged = server.run_job("data-identification", &scope);
        assert_eq!(judged["status"], "COMPLETED", "{judged:#}");
    };
    identify();
    assert_eq!(found_of(&server, "VESSEL_NAME").len(), 0);

    let body = json!({
        "name": "own/vessels", "terms": ["zorbavale", "Quellmarka", "Nordtannor", "Suedkammin", "Ostwindia"],
        "identifier": "VESSEL_NAME", "category": "device", "columnNames": ["vessel"],
    });
    let made = server.post("/api/v1/dictionaries", &body);
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(made.body["patterns"], json!(["own.vessels"]), "{made:?}");
    identify();
    let found = found_of(&server, "VESSEL_NAME");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (&found[0]["column"], &found[0]["rules"]),
        (&json!("vessel"), &json!(["own.vessels"]))
    );
    let shown = server.get("/api/v1/dictionaries/own.vessels").body;
    assert_eq!(shown["efficacy"]["findings"], 1, "{shown:#}");
    let tried = json!({ "values": ["ZORBAVALE", "pear"] });
    let tried = server.post("/api/v1/dictionaries/own.vessels/test", &tried);
    assert_eq!(tried.body["matches"], json!([true, false]), "{tried:?}");
    assert!(!tried.text.contains("ZORBAVALE"), "{tried:?}");

    // A reading finds it too, and counts cells.
    let read = server.run_job("data-discovery", &scope);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    assert_eq!(found_of(&server, "VESSEL_NAME")[0]["tested"], 5);

    for (enabled, findings) in [(false, 0), (true, 1)] {
        let switched = patch(
            &server,
            "/api/v1/dictionaries/own.vessels",
            &json!({ "enabled": enabled }),
        );
        assert_eq!(
            (switched.status, &switched.body["enabled"]),
            (200, &json!(enabled)),
            "{switched:?}"
        );
        identify();
        assert_eq!(
            found_of(&server, "VESSEL_NAME").len(),
            findings,
            "{enabled}"
        );
    }
    let terms = "/api/v1/dictionaries/own.vessels/terms.txt";
    let text = server.get(terms).text;
    assert!(
        text.ends_with("Nordtannor\nOstwindia\nQuellmarka\nSuedkammin\nzorbavale\n"),
        "{text}"
    );
    let put = server.ask_as(&server.key, "PUT", terms, &format!("{text}Westwindia\n"));
    assert_eq!(
        (put.status, &put.body["terms"]),
        (200, &json!(6)),
        "{put:?}"
    );
    let viewer = key(&server, "viewer");
    assert_eq!(server.ask_as(&viewer, "GET", terms, "").status, 403);

    // What is kept of the list can be read by nobody who has the home.
    for entry in std::fs::read_dir(bench.home()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for term in ["Quellmarka", "quellmarka", "own/vessels"] {
                let is_in = bytes
                    .windows(term.len())
                    .any(|part| part == term.as_bytes());
                assert!(!is_in, "{term} is in {}", path.display());
            }
        }
    }
    let gone = server.ask_as(
        &server.key,
        "DELETE",
        "/api/v1/dictionaries/own.vessels",
        "",
    );
    assert_eq!(gone.status, 200, "{gone:?}");
    identify();
    assert_eq!(found_of(&server, "VESSEL_NAME").len(), 0);
    for (method, path, status) in [
        ("GET", "/api/v1/dictionaries/own.vessels", 404),
        ("DELETE", "/api/v1/dictionaries/own.vessels", 404),
        ("DELETE", "/api/v1/dictionaries/world.colors", 409),
        ("GET", "/api/v1/patterns/own.vessels", 404),
    ] {
        let answer = server.ask_as(&server.key, method, path, "");
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    }
}

#[test]
fn a_pattern_of_ones_own_is_made_exported_used_and_removed() {
    let bench = Bench::new();
    bench.write(
        "staff.csv",
        "id,badge\n1,BX-10417\n2,BX-20418\n3,BX-30419\n4,BX-40420\n",
    );
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let scan = || {
        let read = server.run_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
        assert_eq!(read["status"], "COMPLETED", "{read:#}");
        found_of(&server, "BADGE_NUMBER").len()
    };
    assert_eq!(scan(), 0);
    let body = json!({
        "id": "own.badge", "identifier": "BADGE_NUMBER", "pattern": "BX-[0-9]+", "role": "unique",
        "columnNames": ["badge"], "examples": ["BX-17"], "counterexamples": ["17"],
    });
    for (field, value, told) in [
        ("id", json!("badge"), "id"),
        ("identifier", json!("A B"), "identifier"),
        ("pattern", json!("BX-["), "compile"),
        ("examples", json!(["17"]), "example"),
        ("category", json!("nothing"), "category"),
        ("lookalikes", json!(2), "lookalikes"),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value;
        let answer = server.post("/api/v1/patterns", &wrong);
        assert_eq!(answer.status, 400, "{field}: {answer:?}");
        assert!(answer.text.contains(told), "{field}: {answer:?}");
    }
    let made = server.post("/api/v1/patterns", &body);
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(
        (&made.body["own"], &made.body["used"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(scan(), 1);

    let exported = server.get("/api/v1/patterns/own.badge/rule.toml");
    assert_eq!(exported.status, 200, "{exported:?}");
    let path = "/api/v1/patterns/own.badge";
    let gone = server.ask_as(&server.key, "DELETE", path, "");
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(server.get(path).status, 404);
    assert_eq!(scan(), 0);
    let again = server.post("/api/v1/patterns", &json!({ "rule": exported.text }));
    assert_eq!(
        (again.status, &again.body["id"]),
        (200, &json!("own.badge")),
        "{again:?}"
    );
    assert_eq!(scan(), 1);
    let refused = server.ask_as(&server.key, "DELETE", "/api/v1/patterns/contact.email", "");
    assert_eq!(refused.status, 409, "{refused:?}");
    let builtin = server.get("/api/v1/patterns/contact.email/rule.toml");
    assert!(builtin.text.contains("EMAIL_ADDRESS"), "{builtin:?}");
    let off = patch(&server, path, &json!({ "enabled": false }));
    assert_eq!(
        (off.status, &off.body["used"]),
        (200, &json!(false)),
        "{off:?}"
    );
    assert_eq!(scan(), 0);
}

#[test]
fn what_is_said_of_dictionaries_on_the_command_line_is_heeded_by_a_running_server() {
    let bench = Bench::new();
    bench.write(
        "ships.csv",
        "id,vessel\n1,Zorbavale\n2,Quellmarka\n3,Nordtannor\n4,Suedkammin\n",
    );
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let scope = json!({ "scope": ["FILES_1"] });
    let scan = || {
        let read = server.run_job("data-profiling", &scope);
        assert_eq!(read["status"], "COMPLETED", "{read:#}");
        found_of(&server, "VESSEL_NAME").len()
    };
    assert_eq!(scan(), 0);
    let list = bench.path("own/vessels.txt");
    std::fs::create_dir_all(list.parent().unwrap()).unwrap();
    std::fs::write(
        &list,
        "# source: us\n# licence: own\nNordtannor\nQuellmarka\nSuedkammin\nZorbavale\n",
    )
    .unwrap();
    let run = |line: &[&str]| {
        let run = bench.run(line.iter().copied());
        assert_eq!(run.status, 0, "{line:?}: {run:?}");
        run
    };
    let file = list.display().to_string();
    run(&[
        "dictionaries",
        "import",
        &file,
        "--identifier",
        "VESSEL_NAME",
        "--column-name",
        "vessel",
    ]);
    assert_eq!(scan(), 1);
    run(&["dictionaries", "disable", "own/vessels"]);
    assert_eq!(scan(), 0);
    run(&["dictionaries", "enable", "own/vessels"]);
    run(&["rules", "disable", "own.vessels"]);
    assert_eq!(scan(), 0);
    run(&["rules", "enable", "own.vessels"]);
    assert_eq!(scan(), 1);
    let terms = run(&["dictionaries", "export", "own/vessels"]).stdout;
    assert_eq!(terms, std::fs::read_to_string(&list).unwrap());
    let rule = run(&["rules", "export", "own.vessels"]).stdout;
    assert!(rule.contains("VESSEL_NAME"), "{rule}");
    let file = bench.path("rule.toml");
    std::fs::write(&file, rule.replace("VESSEL_NAME", "BOAT_NAME")).unwrap();
    run(&["rules", "import", &file.display().to_string()]);
    assert_eq!((scan(), found_of(&server, "BOAT_NAME").len()), (0, 1));
    run(&["dictionaries", "remove", "own/vessels"]);
    assert_eq!((scan(), found_of(&server, "BOAT_NAME").len()), (0, 0));
    assert_eq!(audited(&server, "import dictionary").len(), 1);
    let listed = run(&["dictionaries", "list", "--format", "ndjson"]).ndjson();
    assert!(
        listed
            .iter()
            .all(|list| list["dictionary"] != "own/vessels")
    );
}

#[test]
fn a_pattern_is_tried_judged_and_switched_off() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let listed = server.get("/api/v1/patterns?identifier=email_address").body;
    let rules = listed["patterns"].as_array().unwrap().clone();
    assert!(
        !rules.is_empty() && rules.iter().all(|rule| rule["enabled"] == true),
        "{listed:#}"
    );
    let tried = server.post(
        "/api/v1/patterns/test",
        &json!({ "text": "anna@planted.example" }),
    );
    assert_eq!(tried.status, 200, "{tried:?}");
    let matches = tried.body["matches"].as_array().unwrap();
    assert!(
        matches
            .iter()
            .any(|test| test["identifier"] == "EMAIL_ADDRESS"),
        "{matches:?}"
    );
    assert!(!tried.text.contains("anna@"), "{}", tried.text);
    for (body, status, field) in [
        (json!({}), 400, json!("text")),
        (json!({ "text": ["SECRET"] }), 400, json!("text")),
        (json!({ "text": "x".repeat(10_001) }), 400, json!("text")),
        (
            json!({ "text": "SECRET", "pattern": "no.such" }),
            404,
            json!("pattern"),
        ),
        (json!({ "text": "SECRET", "odd": 1 }), 400, Value::Null),
    ] {
        let answer = server.post("/api/v1/patterns/test", &body);
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (status, &field),
            "{answer:?}"
        );
        assert!(!answer.text.contains("SECRET"), "{answer:?}");
    }
    let people = json!({ "entity": "crm/people.csv", "column": "email" });
    assert_eq!(server.post("/api/v1/findings/confirm", &people).status, 200);
    let efficacy = server.get("/api/v1/patterns/efficacy").body;
    let used: Vec<Value> = efficacy["patterns"].as_array().unwrap().clone();
    assert!(
        used.iter()
            .any(|rule| rule["confirmed"] == 1 && rule["precision"] == 1.0),
        "{used:?}"
    );

    let officer = key(&server, "privacy-officer");
    let id = |rule: &Value| format!("/api/v1/patterns/{}", rule["id"].as_str().unwrap());
    let off = json!({ "enabled": false });
    let refused = server.ask_as(&officer, "PATCH", &id(&rules[0]), &off.to_string());
    assert_eq!(refused.status, 403, "{refused:?}");
    for (path, body, status) in [
        ("no.such", off.clone(), 404),
        ("..%2F..%2Fx", off.clone(), 404),
        ("no.such", json!({}), 400),
        ("no.such", json!({ "enabled": "perhaps" }), 400),
    ] {
        let answer = patch(&server, &format!("/api/v1/patterns/{path}"), &body);
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
    }
    for rule in &rules {
        let switched = patch(&server, &id(rule), &off);
        assert_eq!(
            (switched.status, &switched.body["enabled"]),
            (200, &json!(false)),
            "{switched:?}"
        );
    }
    assert_eq!(audited(&server, "switch pattern").len(), rules.len());
    let shown = server.get(&id(&rules[0])).body;
    assert_eq!(
        (&shown["enabled"], &shown["used"]),
        (&json!(false), &json!(false)),
        "{shown:#}"
    );
    let orders = json!({ "scope": [entity(&server, "crm/customerOrders.csv")] });
    let read = server.run_job("data-profiling", &orders);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let is_of = |finding: &&Value| {
        finding["resource"] == "crm/customerOrders.csv" && finding["identifier"] == "EMAIL_ADDRESS"
    };
    assert_eq!(server.findings().iter().filter(is_of).count(), 0);
    let names = resources(&server.get("/api/v1/entities"));
    let shown = names.iter().filter(|name| name.contains("zwieback"));
    assert_eq!(
        shown.count(),
        0,
        "what is not looked for is still not shown: {names:?}"
    );
    let on = patch(&server, &id(&rules[0]), &json!({ "enabled": true }));
    assert_eq!(on.body["enabled"], true, "{on:?}");
}

#[test]
fn jobs_are_filtered_logged_run_again_and_started_together() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let scan = server.get("/api/v1/jobs?kind=scan&state=completed").body;
    assert_eq!(scan["jobs"].as_array().unwrap().len(), 1, "{scan:#}");
    let id = scan["jobs"][0]["id"].as_str().unwrap().to_owned();
    let log = server.get(&format!("/api/v1/jobs/{id}/log")).body;
    let lines = log["lines"].as_array().unwrap();
    assert!(
        lines[0]["sentence"].as_str().unwrap().contains("asked for"),
        "{log:#}"
    );
    assert!(
        lines.last().unwrap()["sentence"]
            .as_str()
            .unwrap()
            .contains("COMPLETED"),
        "{log:#}"
    );

    let again = server.post(&format!("/api/v1/jobs/{id}/rerun"), &json!({}));
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(
        (&again.body["parent"], &again.body["new"]),
        (&json!(id), &json!(true))
    );
    let second = again.body["shortId"].as_str().unwrap();
    let ended = server.end_of(second);
    assert_eq!(ended["status"], "COMPLETED", "{ended:#}");
    let children = server.get(&format!("/api/v1/jobs?parent={id}")).body;
    assert_eq!(children["jobs"][0]["id"], again.body["job"], "{children:#}");
    assert_eq!(children["jobs"][0]["parent"], json!(id));
    assert_eq!(children["jobs"][0]["actor"], "first administrator");

    let (people, orders) = (
        entity(&server, "crm/people.csv"),
        entity(&server, "crm/customerOrders.csv"),
    );
    let started = server.post(
        "/api/v1/jobs",
        &json!({ "job": "data-profiling", "ids": [people, orders, UNKNOWN], "body": { "configs": { "sampleValue": 0 } } }),
    );
    assert_eq!(started.status, 200, "{started:?}");
    let jobs = started.body["jobs"].as_array().unwrap();
    assert_eq!(
        (jobs.len(), &started.body["failed"]),
        (3, &json!(1)),
        "{jobs:?}"
    );
    assert!(
        jobs[2]["error"].is_string() && jobs[2]["id"] == UNKNOWN,
        "{jobs:?}"
    );
    for job in &jobs[..2] {
        let ended = server.end_of(job["shortId"].as_str().unwrap());
        assert_eq!(
            (&ended["status"], &ended["scope"]["scope"][0]["_id"]),
            (&json!("COMPLETED"), &job["id"])
        );
    }

    for (path, body, status, field) in [
        ("jobs", json!({}), 400, json!("job")),
        (
            "jobs",
            json!({ "job": "remove-datasource", "ids": ["x"] }),
            400,
            json!("job"),
        ),
        (
            "jobs",
            json!({ "job": "../data-profiling", "ids": ["x"] }),
            400,
            json!("job"),
        ),
        (
            "jobs",
            json!({ "job": "data-profiling" }),
            400,
            json!("ids"),
        ),
        (
            "jobs",
            json!({ "job": "data-profiling", "ids": vec!["x"; 1_001] }),
            400,
            json!("ids"),
        ),
        (
            "jobs",
            json!({ "job": "data-profiling", "ids": ["x"], "body": [] }),
            400,
            json!("body"),
        ),
        (
            "jobs",
            json!({ "job": "data-profiling", "ids": ["x"], "body": { "scope": ["y"] } }),
            400,
            json!("body"),
        ),
    ] {
        let answer = server.post(&format!("/api/v1/{path}"), &body);
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (status, &field),
            "{body}: {answer:?}"
        );
    }
    for (path, status) in [
        (format!("/api/v1/jobs/{UNKNOWN}/log"), 404),
        ("/api/v1/jobs/latest/log".to_owned(), 404),
        ("/api/v1/jobs?parent=x".to_owned(), 400),
        ("/api/v1/jobs?schedule=x".to_owned(), 400),
    ] {
        assert_eq!(server.get(&path).status, status, "{path}");
    }
    assert_eq!(
        server
            .post(&format!("/api/v1/jobs/{UNKNOWN}/rerun"), &json!({}))
            .status,
        404
    );
    let (removal, _) = server.start_job("remove-datasource", &json!({ "fqdnId": "FILES_1", "id": server.get("/api/v1/sources").body["sources"][0]["shortId"] }));
    server.end_of(&removal);
    let refused = server.post(&format!("/api/v1/jobs/{removal}/rerun"), &json!({}));
    assert_eq!(refused.status, 409, "{refused:?}");
    assert_eq!(audited(&server, "run job again").len(), 1);
    assert_eq!(audited(&server, "start jobs")[0]["details"]["started"], 2);
}

#[test]
fn whoever_asks_is_told_who_they_are() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let me = server.get("/api/v1/me").body;
    assert_eq!(
        (&me["name"], &me["roles"]),
        (&json!("first administrator"), &json!(["administrator"]))
    );
    let officer = key(&server, "privacy-officer");
    let me = server.ask_as(&officer, "GET", "/api/v1/me", "").body;
    assert_eq!(
        me["may"],
        json!(["viewer", "privacy-officer", "operator or privacy-officer"]),
        "{me:#}"
    );
    assert_eq!(
        server.ask_as("nonsense", "GET", "/api/v1/me", "").status,
        401
    );
}
