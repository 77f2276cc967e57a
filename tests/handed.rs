//! What of a person's rows is handed out: their own texts and rows, and nothing that is somebody else's or of another time.

use serde_json::{Value, json};

use crate::client::Server;
use crate::collect::scanned;
use crate::support::Bench;

const JOBS: &str = "/v1/compliance/dsar";

/// Anna is the first customer; others have notes and calls too, so that their columns are known for what they hold.
const DESK: &str = "
    create table people (n integer, first text, last text);
    insert into people select a.n * 5 + b.n, a.v, b.v
        from (select 0 n, 'Peter' v union all select 1, 'Maria' union all select 2, 'Thomas' union all select 3, 'Julia'
                union all select 4, 'Laura') a,
            (select 1 n, 'Schmidt' v union all select 2, 'Weber' union all select 3, 'Wagner' union all select 4, 'Becker'
                union all select 5, 'Hoffmann') b;
    create table customers (id integer primary key, full_name text, email text);
    insert into customers values (1, 'Anna Muster', 'anna@example.org');
    insert into customers select 100 + n, first || ' ' || last, lower(first || '.' || last) || '@example.org' from people;
    create table leads (id integer primary key, email text, notes text);
    insert into leads values (1, 'anna@example.org', 'She wants the blue lamp and asks to be called on a Friday.');
    insert into leads select 100 + n, lower(first || '.' || last) || '@example.org',
        'Talked to ' || first || ' ' || last || ', write to ' || lower(last) || n || '@example.net about it.' from people;
    create table calls (id integer primary key, customer_id integer references customers (id), agent_name text,
        contact_phone text, summary text);
    insert into calls values (1, 1, 'Carl Anders', '+49 30 5550199', 'asked for a lamp');
    insert into calls select 100 + n, 100 + n, first || ' ' || last, printf('+49 30 55501%02d', n), 'asked for a chair'
        from people;
    create table contacts (id integer primary key, customer_id integer references customers (id), consent text, opened text);
    insert into contacts values (1, 1, 'yes', '31.12.2019'), (2, 1, 'no', '15.06.2024'), (3, 1, 'yes', 'in spring');
    insert into contacts select 100 + n, 100 + n, 'yes', printf('%02d.%02d.2023', n, 1 + n % 12) from people;
    drop table people;
";

/// A job about Anna as it was handed out: rows of a table, and all of the answer.
struct Handed(Value);

impl Handed {
    fn of(server: &Server, more: &Value) -> Self {
        let mut body = json!({ "scope": {}, "attributes": { "EMAIL_ADDRESS": "anna@example.org", "PERSON": "Anna Muster" } });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let name = format!("officer-{}", jiff::Timestamp::now().as_nanosecond());
        let officer = json!({ "name": name, "role": "privacy-officer" });
        let key = server.post("/api/v1/keys", &officer).body["token"]
            .as_str()
            .unwrap()
            .to_owned();
        let ask = |method: &str, path: &str, body: &Value| {
            let answer = server.ask_as(&key, method, path, &body.to_string());
            assert!(answer.status < 300, "{path}: {answer:?}");
            answer.body
        };
        let made = ask("POST", JOBS, &body);
        let path = format!("{JOBS}/{}", made["data"]["job"]["id"].as_str().unwrap());
        ask("POST", &format!("{path}/run"), &Value::Null);
        let approve = json!({ "leaveOutUndecided": true });
        ask("POST", &format!("{path}/review/approve"), &approve);
        ask("POST", &format!("{path}/run"), &Value::Null);
        Self(ask("GET", &format!("{path}/download"), &Value::Null)["data"].clone())
    }

    fn rows(&self, table: &str) -> Vec<Value> {
        let sections = self.0["artifact"]["sections"].as_array().unwrap();
        let of = sections
            .iter()
            .filter(|section| section["name"].as_str().unwrap().ends_with(table));
        of.flat_map(|section| section["items"].as_array().unwrap().clone())
            .collect()
    }

    fn told(&self, what: &str) -> String {
        self.0["artifact"][what].to_string()
    }
}

#[test]
fn a_persons_own_texts_stay_and_numbers_of_others_in_their_rows_go() {
    let bench = Bench::new();
    scanned(&bench, DESK);
    let server = Server::start(&bench, &[]);
    let handed = Handed::of(&server, &json!({}));
    let leads = handed.rows("leads");
    let note = "She wants the blue lamp and asks to be called on a Friday.";
    assert_eq!(leads[0]["notes"], note, "{leads:#?}");
    // The row carries her number, and an agent's name makes it nobody else's.
    let calls = handed.rows("calls");
    assert_eq!(calls.len(), 1, "{:#}", handed.0["artifact"]["sections"]);
    let gone = json!("[redacted]");
    assert_eq!(
        (&calls[0]["agent_name"], &calls[0]["contact_phone"]),
        (&gone, &gone)
    );
    assert_eq!(calls[0]["summary"], "asked for a lamp");
    assert_eq!(handed.rows("customers")[0]["email"], "anna@example.org");
    let report = handed.told("auditReport");
    assert!(
        report.contains("contact_phone redacted in 1 row"),
        "{report}"
    );
}

#[test]
fn a_window_is_applied_where_rows_tell_when_they_were_and_told_where_they_do_not() {
    let bench = Bench::new();
    scanned(&bench, DESK);
    let server = Server::start(&bench, &[]);
    let window =
        json!({ "windowStart": "2024-01-01T00:00:00Z", "windowEnd": "2025-01-01T00:00:00Z" });
    let handed = Handed::of(&server, &json!({ "scope": window }));
    let ids: Vec<Value> = handed
        .rows("contacts")
        .iter()
        .map(|row| row["id"].clone())
        .collect();
    assert_eq!(ids, [2, 3], "{:#}", handed.0["artifact"]["sections"]);
    let told = handed.told("warnings");
    assert!(
        told.contains("the time of 1 row cannot be read in opened"),
        "{told}"
    );
}

#[test]
fn what_nobody_asked_for_is_not_told_as_not_searched() {
    let bench = Bench::new();
    scanned(&bench, DESK);
    let paper = bench.run(["sources", "add", "paper", "--manual", "--owner", "archive"]);
    assert_eq!(paper.status, 0, "{}", paper.stderr);
    let server = Server::start(&bench, &[]);
    let told = |handed: &Handed| handed.told("notSearched").contains("paper");
    assert!(told(&Handed::of(&server, &json!({}))));
    let sources = server.get("/api/v1/sources").body;
    let mut listed = sources["sources"].as_array().unwrap().iter();
    let shop = listed.find(|source| source["connector"] == "sqlite");
    let shop = shop.unwrap()["id"].clone();
    let collection = json!({ "name": "desk", "members": [shop] });
    let made = server.post("/api/v1/collections", &collection);
    assert_eq!(made.status, 200, "{made:?}");
    let scope = json!({ "campaignIds": [made.body["id"]] });
    let handed = Handed::of(&server, &json!({ "scope": scope }));
    assert!(!told(&handed), "{:#}", handed.0["artifact"]);
    assert_eq!(handed.rows("customers").len(), 1);
}
