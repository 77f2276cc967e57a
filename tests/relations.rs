//! Relations over HTTP: listed, decided about, followed by a look-up, and taken back.

use serde_json::{Value, json};

use crate::client::{Answer, Server};
use crate::support::Bench;

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// A server that read customers, and two files that carry their numbers.
fn scanned(bench: &Bench) -> Server {
    let rows = |count: u32, row: fn(u32) -> String| (1..=count).map(row).collect::<String>();
    let people = rows(40, |n| format!("C-{n:04},person{n}@example.org\n"));
    bench.write("crm/customers.csv", format!("customer_no,email\n{people}"));
    let orders = rows(90, |n| format!("{n},C-{:04},{n}.50\n", n % 40 + 1));
    bench.write(
        "shop/orders.csv",
        format!("order_id,customer_no,total\n{orders}"),
    );
    let visits = rows(80, |n| {
        format!("C-{:04},2026-01-{:02}\n", n % 40 + 1, n % 28 + 1)
    });
    bench.write("shop/visits.csv", format!("customer_no,day\n{visits}"));
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

fn listed(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.get(&format!("/api/v1/relations{query}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let relations = answer.body["relations"].as_array().unwrap().clone();
    assert_eq!(answer.body["total"], relations.len());
    relations
}

/// Files in which a privacy officer's look-up finds the seventh customer.
fn found(server: &Server, officer: &str) -> Vec<String> {
    let body = json!({
        "attributes": { "EMAIL_ADDRESS": "person7@example.org" }, "purpose": "test", "verify": true,
    });
    let answer = server.ask_as(officer, "POST", "/api/v1/locate", &body.to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    let places = answer.body["places"].as_array().unwrap().iter();
    let mut files: Vec<String> = places
        .map(|place| place["resource"].as_str().unwrap().to_owned())
        .collect();
    files.sort();
    files.dedup();
    files
}

#[test]
fn relations_are_listed_decided_about_and_followed() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let (officer, operator) = (key(&server, "privacy-officer"), key(&server, "operator"));
    let open = listed(&server, "?origin=inferred&decision=open");
    // Customers lead to both; neither of the others has a number of its own for each row.
    assert_eq!(open.len(), 2, "{open:#?}");
    for relation in &open {
        assert_eq!(relation["from"]["resource"], "crm/customers.csv");
        assert_eq!(relation["from"]["columns"], json!(["customer_no"]));
        assert_eq!(
            (&relation["contained"], &relation["followed"]),
            (&json!(1.0), &json!(false))
        );
    }
    assert!(listed(&server, "?origin=declared").is_empty());
    let first = server.get("/api/v1/relations?limit=1").body;
    assert_eq!(
        (&first["relations"][0], &first["total"]),
        (&open[0], &json!(2))
    );
    let next = format!(
        "/api/v1/relations?limit=1&cursor={}",
        first["next"].as_str().unwrap()
    );
    let second = server.get(&next).body;
    assert_eq!(
        (&second["relations"][0], &second["next"]),
        (&open[1], &Value::Null)
    );

    assert_eq!(found(&server, &officer), ["crm/customers.csv"]);
    let orders = open
        .iter()
        .find(|it| it["to"]["resource"] == "shop/orders.csv");
    let id = orders.unwrap()["id"].as_str().unwrap();
    let decide = |key: &str, what: &str, body: &Value| -> Answer {
        let path = format!("/api/v1/relations/{id}/{what}");
        server.ask_as(key, "POST", &path, &body.to_string())
    };
    let confirmed = decide(
        &operator,
        "confirm",
        &json!({ "reason": "the shop takes it over" }),
    );
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    assert_eq!(
        (&confirmed.body["decision"], &confirmed.body["followed"]),
        (&json!("confirmed"), &json!(true))
    );
    assert_eq!(
        listed(&server, "?decision=confirmed")[0]["reason"],
        "the shop takes it over"
    );
    assert_eq!(
        found(&server, &officer),
        ["crm/customers.csv", "shop/orders.csv"]
    );
    assert_eq!(decide(&officer, "reject", &json!({})).status, 200);
    assert_eq!(found(&server, &officer), ["crm/customers.csv"]);
    let path = format!("/api/v1/relations/{id}/decision");
    let back = server.ask_as(&operator, "DELETE", &path, "");
    assert_eq!((back.status, &back.body["withdrawn"]), (200, &json!(true)));
    assert_eq!(
        server.ask_as(&operator, "DELETE", &path, "").status,
        404,
        "nothing stands"
    );
    assert_eq!(listed(&server, "?decision=open").len(), 2);

    let audit = server.get("/api/v1/audit?limit=1000").body;
    let acts = audit["rows"].as_array().unwrap().iter();
    let acts: Vec<&str> = acts
        .filter(|row| row["details"]["relation"] == id)
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        acts,
        ["withdraw relation", "reject relation", "confirm relation"]
    );
}

#[test]
fn who_may_not_decide_and_what_makes_no_sense_is_refused() {
    let bench = Bench::new();
    let server = scanned(&bench);
    let viewer = key(&server, "viewer");
    let all = server.ask_as(&viewer, "GET", "/api/v1/relations", "");
    let id = all.body["relations"][0]["id"].as_str().unwrap().to_owned();
    for (method, what) in [
        ("POST", "confirm"),
        ("POST", "reject"),
        ("DELETE", "decision"),
    ] {
        let path = format!("/api/v1/relations/{id}/{what}");
        assert_eq!(
            server.ask_as(&viewer, method, &path, "").status,
            403,
            "{what}"
        );
        for other in [UNKNOWN, "x", &id[..8]] {
            let path = format!("/api/v1/relations/{other}/{what}");
            assert_eq!(
                server.ask_as(&server.key, method, &path, "").status,
                404,
                "{path}"
            );
        }
    }
    let path = format!("/api/v1/relations/{id}/confirm");
    for body in [
        json!({ "why": "x" }),
        json!({ "reason": "x".repeat(2_001) }),
    ] {
        assert_eq!(server.post(&path, &body).status, 400);
    }
    for query in ["origin=guessed", "decision=maybe", "limit=0", "sort=id"] {
        assert_eq!(
            server.get(&format!("/api/v1/relations?{query}")).status,
            400,
            "{query}"
        );
    }
    let query = format!("cursor={UNKNOWN}");
    assert_eq!(
        server.get(&format!("/api/v1/relations?{query}")).status,
        400
    );
    assert!(
        listed(&server, "?decision=confirmed").is_empty(),
        "nothing was decided"
    );
}
