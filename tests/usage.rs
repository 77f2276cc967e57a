//! Usage statistics through the interface: what sources record, and that they say what they do not.

use serde_json::{Value, json};

use crate::client::Server;
use crate::postgres::Schema;
use crate::serve::PEOPLE;
use crate::support::{Bench, postgres};

fn of<'a>(job: &'a Value, resource: &str) -> &'a Value {
    let rows = job["result"]["usage"].as_array().expect("figures are told");
    let row = rows
        .iter()
        .find(|row| row["resource"].as_str().unwrap().ends_with(resource));
    row.unwrap_or_else(|| panic!("{resource} is not there: {job:#}"))
}

#[test]
fn tables_of_a_server_tell_how_often_they_are_read_written_to_and_changed() {
    let Some(url) = postgres() else { return };
    let bench = Bench::new();
    let schema = Schema::new(&url, "usage");
    schema.run("create table people (id int primary key, email text); create table quiet (id int); \
        create view shown as select id from people; insert into people select n, 'p' || n from generate_series(1, 10) n");
    let server = Server::start(&bench, &["--allow-loopback"]);
    let registered = server.post(
        "/api/v1/sources",
        &json!({ "name": "crm", "key": "CRM_1", "target": url }),
    );
    assert_eq!(registered.status, 200, "{registered:?}");
    let ingest = json!({ "fqdnId": "CRM_1", "schemaNames": [schema.name] });
    assert_eq!(
        server.run_job("metadata/ingest", &ingest)["status"],
        "COMPLETED"
    );
    let asked = json!({ "scope": [format!("CRM_1/{}/*", schema.name)], "configs": { "odd": 1 } });
    let first = server.run_job("usage-statistics", &asked);
    assert_eq!(first["status"], "COMPLETED", "{first:#}");
    assert!(
        first["warnings"].to_string().contains("configs.odd"),
        "{first:#}"
    );
    // Nothing is known of the time before somebody asked.
    assert_eq!(of(&first, "people")["reads"], Value::Null, "{first:#}");
    let before = of(&first, "people").clone();
    assert_eq!(before["countedFrom"], Value::Null);

    schema.run("insert into people select n, 'p' || n from generate_series(11, 17) n; select count(*) from people; \
        select count(*) from people; alter table people add column note text");
    // The server writes its counters down when a session ends, or a moment later.
    let mut counted = Value::Null;
    for _ in 0..50 {
        counted = server.run_job("usage-statistics", &asked);
        if of(&counted, "people")["writes"] == 7
            && of(&counted, "people")["reads"].as_u64() >= Some(2)
        {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let people = of(&counted, "people");
    assert_eq!(people["writes"], 7, "{people:#}");
    assert!(people["reads"].as_u64() >= Some(2), "{people:#}");
    assert_eq!(people["changes"], 1, "{people:#}");
    let quiet = of(&counted, "quiet");
    assert_eq!(
        (&quiet["writes"], &quiet["changes"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        of(&counted, "shown")["writes"],
        Value::Null,
        "a view has no counters"
    );
    assert!(
        counted["result"]["cannotTell"]
            .to_string()
            .contains("last written to"),
        "{counted:#}"
    );

    let id = people["entity"].as_str().unwrap();
    let path = format!("/api/v1/entities/{id}/usage");
    let told = server.get(&path);
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.body["writes"], 7);
    assert!(
        !told.body["spans"].as_array().unwrap().is_empty(),
        "{told:?}"
    );
    let earlier = server
        .get(&format!("{path}?from=2020-01-01&to=2020-01-31"))
        .body;
    assert_eq!(
        (&earlier["writes"], &earlier["spans"]),
        (&Value::Null, &json!([]))
    );
    let of_then = json!({ "scope": ["CRM_1"], "configs": { "startDate": "2020-01-01", "endDate": "2020-01-31T10:00:00Z" } });
    let of_then = server.run_job("usage-statistics", &of_then);
    assert_eq!(of(&of_then, "people")["writes"], Value::Null, "{of_then:#}");
    assert_eq!(of_then["result"]["endDate"], "2020-01-31");
}

#[test]
fn files_tell_when_they_were_written_and_bad_days_are_refused() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    bench.write("b.json", "[{\"email\": \"anna@planted.example\"}]");
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    assert_eq!(
        server.run_job("metadata/re-ingest", &json!({ "scope": ["FILES_1"] }))["status"],
        "COMPLETED"
    );
    let asked = json!({ "scope": ["FILES_1"] });
    let first = server.run_job("usage-statistics", &asked);
    assert_eq!(first["status"], "COMPLETED", "{first:#}");
    let a = of(&first, "a.csv");
    assert!(a["lastWrite"].is_string() && a["reads"].is_null(), "{a:#}");
    assert!(
        first["result"]["cannotTell"]
            .to_string()
            .contains("how often it is read"),
        "{first:#}"
    );
    bench.write("a.csv", "id,name,email,added\n1,a,a@planted.example,x\n");
    std::fs::remove_file(bench.path("data/b.json")).unwrap();
    let second = server.run_job("usage-statistics", &asked);
    assert_eq!(
        (&second["status"], &second["outcome"]),
        (&json!("FAILED"), &json!("PARTIAL")),
        "{second:#}"
    );
    assert_eq!(of(&second, "a.csv")["changes"], 1, "{second:#}");
    assert!(
        second["errors"].to_string().contains("b.json"),
        "{second:#}"
    );
    for configs in [
        json!({ "startDate": "soon" }),
        json!({ "startDate": "2026-02-30" }),
        json!({ "startDate": "2026-03-02", "endDate": "2026-03-01" }),
    ] {
        let body = json!({ "scope": ["FILES_1"], "configs": configs });
        let refused = server.post("/api/public/v1/jobs/execute/usage-statistics", &body);
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
        assert!(
            refused.body["message"]
                .as_str()
                .unwrap()
                .starts_with("configs."),
            "{refused:?}"
        );
    }
    let id = of(&second, "a.csv")["entity"].as_str().unwrap();
    for query in ["from=x", "from=2026-03-02&to=2026-03-01"] {
        let refused = server.get(&format!("/api/v1/entities/{id}/usage?{query}"));
        assert_eq!(refused.status, 400, "{query}: {refused:?}");
    }
    let unknown = "/api/v1/entities/00000000-0000-4000-8000-000000000000/usage";
    assert_eq!(server.get(unknown).status, 404);
}
