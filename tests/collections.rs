//! Collections through the interface: made, changed, profiled, summed up.

use serde_json::{Value, json};

use crate::client::Server;
use crate::support::{Bench, sample};

fn column<'a>(sum: &'a Value, name: &str) -> &'a Value {
    let columns = sum["columns"].as_array().expect("columns are told");
    let found = columns.iter().find(|column| column["column"] == name);
    found.unwrap_or_else(|| panic!("{name} is not shared: {sum:#}"))
}

/// Two files of a year each with one column that only one has, and a database beside them.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write(
        "sales/2024.csv",
        "id,amount,email\n1,10,anna@planted.example\n2,20,bert@planted.example\n3,30,cleo@planted.example\n",
    );
    bench.write(
        "sales/2025.csv",
        "id,amount,email,channel\n3,40,cleo@planted.example,web\n4,50,dora@planted.example,shop\n5,,emil@planted.example,web\n",
    );
    bench.write("other/x.csv", "a\n1\n");
    bench
}

#[test]
fn a_dataset_is_profiled_and_summed_up_over_what_its_members_share() {
    let bench = bench();
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let ingested = server.run_job("metadata/re-ingest", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(ingested["status"], "COMPLETED", "{ingested:#}");
    let made = server.post(
        "/api/v1/collections",
        &json!({ "name": "sales", "members": ["FILES_1/sales/*.csv"] }),
    );
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(made.body["kind"], "dataset");
    let id = made.body["id"].as_str().unwrap();
    let path = format!("/api/v1/collections/{id}");
    let shown = server.get(&path).body;
    assert_eq!(
        shown["entityCount"], 3,
        "the source and two files: {shown:#}"
    );
    assert_eq!(shown["statistics"], Value::Null);

    let asked = json!({ "collectionId": id, "odd": true });
    let unread = server.run_job("collections/data-aggregation", &asked);
    assert_eq!(unread["status"], "FAILED", "{unread:#}");
    assert!(
        unread["errors"].to_string().contains("not profiled"),
        "{unread:#}"
    );

    let profiled = server.run_job("collections/data-profiling", &asked);
    assert_eq!(profiled["status"], "COMPLETED", "{profiled:#}");
    assert_eq!(profiled["counts"]["rows"], 6, "only the members are read");
    assert!(
        profiled["warnings"].to_string().contains("odd"),
        "{profiled:#}"
    );
    let sum = &profiled["result"]["aggregation"];
    assert_eq!((&sum["members"], &sum["rows"]), (&json!(2), &json!(6)));
    let amount = column(sum, "amount");
    assert_eq!(
        (&amount["rows"], &amount["nulls"], &amount["distinct"]),
        (&json!(6), &json!(1), &json!(5)),
        "{amount:#}"
    );
    assert_eq!(
        (&amount["min"], &amount["max"], &amount["mean"]),
        (&json!("10"), &json!("50"), &json!(30.0))
    );
    let email = column(sum, "email");
    assert_eq!(email["distinct"], 5, "one is in both: {email:#}");
    assert_eq!(email["identifiers"], json!(["EMAIL_ADDRESS"]));
    assert_eq!(
        (&email["min"], &email["mean"]),
        (&Value::Null, &Value::Null)
    );
    let difference = &sum["differences"][0];
    assert_eq!(difference["column"], "channel", "{sum:#}");
    assert_eq!(difference["absentFrom"], json!(["sales/2024.csv"]));
    assert!(!profiled.to_string().contains("@planted"), "{profiled:#}");

    let summed = server.run_job("collections/data-aggregation", &asked);
    assert_eq!(summed["status"], "COMPLETED", "{summed:#}");
    assert_eq!(&summed["result"]["aggregation"], sum);
    assert_eq!(&server.get(&path).body["statistics"], sum);
    // Both can be asked for by schedule.
    let schedule = json!({
        "name": "monthly", "cron": "@monthly", "job": "collections/data-aggregation", "body": { "collectionId": id },
    });
    assert_eq!(server.post("/api/v1/schedules", &schedule).status, 200);
}

#[test]
fn a_collection_of_all_sorts_is_profiled_and_not_summed_up() {
    let bench = bench();
    let database = bench.path("data/shop.sqlite");
    std::fs::copy(sample().join("company/shop/shop.sqlite"), &database).unwrap();
    let server = Server::start(&bench, &[]);
    server.folder(&format!("{}/sales", bench.data()), "FILES_1");
    let registered = server.post(
        "/api/v1/sources",
        &json!({ "name": "shop", "key": "SHOP_1", "target": format!("sqlite:{}", database.display()) }),
    );
    assert_eq!(registered.status, 200, "{registered:?}");
    for source in ["FILES_1", "SHOP_1"] {
        let ingested = server.run_job("metadata/re-ingest", &json!({ "scope": [source] }));
        assert_eq!(ingested["status"], "COMPLETED", "{ingested:#}");
    }
    let body =
        |kind: &str| json!({ "name": "all", "members": ["FILES_1", "SHOP_1"], "kind": kind });
    let refused = server.post("/api/v1/collections", &body("dataset"));
    assert_eq!(refused.status, 400, "{refused:?}");
    let made = server.post("/api/v1/collections", &body("collection"));
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(
        server
            .post("/api/v1/collections", &body("collection"))
            .status,
        409
    );
    let id = made.body["id"].as_str().unwrap();
    let path = format!("/api/v1/collections/{id}");
    let asked = json!({ "collectionId": id });
    let execute = "/api/public/v1/jobs/execute/collections";
    let refused = server.post(&format!("{execute}/data-aggregation"), &asked);
    assert_eq!(refused.status, 400, "{refused:?}");
    let profiled = server.run_job("collections/data-profiling", &asked);
    assert_eq!(profiled["status"], "COMPLETED", "{profiled:#}");
    assert!(
        profiled["counts"]["rows"].as_u64() > Some(6),
        "{profiled:#}"
    );
    assert_eq!(profiled["result"]["aggregation"], Value::Null);

    for (body, status) in [
        (json!({}), 400),
        (json!({ "collectionId": "x" }), 400),
        (
            json!({ "collectionId": "00000000-0000-4000-8000-000000000000" }),
            404,
        ),
    ] {
        for job in ["data-profiling", "data-aggregation"] {
            let refused = server.post(&format!("{execute}/{job}"), &body);
            assert_eq!(refused.status, status, "{body}: {refused:?}");
        }
    }
    let patch = |body: Value| server.ask_as(&server.key, "PATCH", &path, &body.to_string());
    assert_eq!(patch(json!({ "kind": "dataset" })).status, 400);
    assert_eq!(patch(json!({ "members": ["no such"] })).status, 404);
    let narrowed = patch(json!({ "members": ["SHOP_1"], "note": "of the shop" }));
    assert_eq!(narrowed.body["kind"], "dataset", "{narrowed:?}");
    assert_eq!(narrowed.body["note"], "of the shop");
    // What is gone is told, and where nothing is left no job is started.
    assert_eq!(
        server
            .ask_as(&server.key, "DELETE", "/api/v1/sources/SHOP_1", "")
            .status,
        200
    );
    let start = std::time::Instant::now();
    while server.get(&path).body["missing"] != json!(["SHOP_1"]) {
        assert!(start.elapsed().as_secs() < 60, "{:?}", server.get(&path));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(
        server
            .post(&format!("{execute}/data-profiling"), &asked)
            .status,
        404
    );
    assert_eq!(server.ask_as(&server.key, "DELETE", &path, "").status, 200);
    assert_eq!(server.get(&path).status, 404);
}
