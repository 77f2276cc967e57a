//! The jobs of the reference, option by option: each is heeded or told.

use serde_json::{Value, json};

use crate::client::Server;
use crate::serve::PEOPLE;
use crate::support::Bench;

/// The sentences of what went wrong.
fn errors(job: &Value) -> Vec<&str> {
    let errors = job["errors"].as_array().expect("a job has errors").iter();
    errors
        .filter_map(|error| error["message"].as_str())
        .collect()
}

/// A server whose one source was read.
fn profiled(bench: &Bench, files: &[(&str, &str)]) -> Server {
    for (name, text) in files {
        bench.write(name, text);
    }
    let server = Server::start(bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let read = server.run_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    server
}

#[test]
fn an_identification_tells_of_profiles_that_are_older_than_what_they_are_of() {
    let bench = Bench::new();
    let files = [
        ("people.csv", PEOPLE),
        ("rest.csv", "sku,price\nA-1,3\nA-2,4\n"),
    ];
    let server = profiled(&bench, &files);
    let scope = json!({ "scope": ["FILES_1"] });
    let sound = server.run_job("data-identification", &scope);
    assert_eq!(
        (&sound["status"], &sound["result"]["stale"]),
        (&json!("COMPLETED"), &json!(0)),
        "{sound:#}"
    );

    // Another file under the same name, of which an ingest finds another column.
    bench.write(
        "rest.csv",
        "sku,price,contact\nA-1,3,x@planted.example\nA-2,4,y@planted.example\n",
    );
    let stale = server.run_job("data-identification", &scope);
    assert_eq!(stale["result"]["stale"], 1, "{stale:#}");
    assert_eq!(stale["outcome"], "PARTIAL");
    let told = errors(&stale);
    assert_eq!(told.len(), 1, "{stale:#}");
    assert!(told[0].contains("changed or replaced"), "{told:?}");
    assert_eq!(stale["errors"][0]["resource"], "rest.csv");
    let ingested = server.run_job("metadata/re-ingest", &scope);
    assert_eq!(ingested["status"], "COMPLETED", "{ingested:#}");
    let stale = server.run_job("data-identification", &scope);
    assert_eq!(stale["result"]["stale"], 1, "{stale:#}");
    let told = errors(&stale);
    assert!(
        told.iter()
            .any(|why| why.contains("1 column") && why.contains("contact")),
        "{told:?}"
    );

    let read = server.run_job("data-profiling", &scope);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let sound = server.run_job("data-identification", &scope);
    assert_eq!(
        (&sound["status"], &sound["result"]["stale"]),
        (&json!("COMPLETED"), &json!(0)),
        "{sound:#}"
    );
}

#[test]
fn an_identification_tells_what_columns_have_in_common_with_the_dictionaries_that_it_is_given() {
    let bench = Bench::new();
    let server = profiled(&bench, &[("a.csv", "n,land\n1,CH\n2,DE\n3,FR\n4,QQ\n")]);
    let lists = server.get("/api/v1/dictionaries").body;
    let lists = lists["dictionaries"].as_array().unwrap();
    let listed = lists
        .iter()
        .find(|list| list["name"] == "world/country_codes");
    let id = listed.expect("it is a dictionary of the build")["id"].clone();
    for given in [id, json!("world/country_codes")] {
        let body = json!({ "scope": ["FILES_1"], "dictionaryIds": [given], "dataPatternIds": [] });
        let judged = server.run_job("data-identification", &body);
        assert_eq!(judged["status"], "COMPLETED", "{judged:#}");
        let similar = judged["result"]["similar"].as_array().unwrap();
        assert_eq!(similar.len(), 1, "{judged:#}");
        let column = &similar[0];
        assert_eq!(
            (
                &column["resource"],
                &column["column"],
                &column["dictionary"]
            ),
            (
                &json!("a.csv"),
                &json!("land"),
                &json!("world/country_codes")
            )
        );
        assert_eq!(
            (&column["shared"], &column["share"]),
            (&json!(3.0), &json!(0.75))
        );
        assert!(column["ofTerms"].as_f64().unwrap() > 0.0, "{column}");
    }
    let without = server.run_job("data-identification", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(without["result"]["similar"], json!([]));
}

#[test]
fn what_was_profiled_lately_is_left_out_where_that_is_asked_for_and_told() {
    let bench = Bench::new();
    let server = profiled(&bench, &[("people.csv", PEOPLE)]);
    bench.write("new.csv", "id,mail\n1,n@planted.example\n");
    let recent = json!({ "scope": ["FILES_1"], "configs": { "dataProfiledSinceDays": 2 } });
    let read = server.run_job("data-profiling", &recent);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let skipped = &read["result"]["skipped"];
    assert_eq!(skipped["count"], 1, "{read:#}");
    assert_eq!(skipped["items"][0]["resource"], "people.csv");
    let why = skipped["items"][0]["reason"].as_str().unwrap();
    assert!(why.contains("2 days"), "{why}");
    assert_eq!(read["result"]["entities"], 1, "{read:#}");
    // What was left out is still known.
    assert!(
        server
            .findings()
            .iter()
            .any(|found| found["resource"] == "people.csv")
    );
    assert!(
        server
            .findings()
            .iter()
            .any(|found| found["resource"] == "new.csv")
    );

    for (configs, field) in [
        (
            json!({ "sampleType": "bogus", "sampleValue": 3 }),
            "configs.sampleType",
        ),
        (
            json!({ "dataProfiledSinceDays": 1.5 }),
            "configs.dataProfiledSinceDays",
        ),
    ] {
        let body = json!({ "scope": ["FILES_1"], "configs": configs });
        let refused = server.post("/api/public/v1/jobs/execute/data-profiling", &body);
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.text.contains(field), "{refused:?}");
    }
}

#[test]
fn a_discovery_heeds_sizes_and_extensions_and_names_what_it_cannot_do() {
    let bench = Bench::new();
    let server = profiled(&bench, &[("small.CSV", "id\n1\n")]);
    bench.write(
        "large.csv",
        format!("id,text\n{}", "1,aaaaaaaaaaaaaaaa\n".repeat(200)),
    );
    bench.write("other.json", r#"[{"id": 1}]"#);
    let body = json!({
        "scope": ["FILES_1"],
        "configs": {
            "supportedMaxFileSize": "1KB",
            "extensions": ["csv"],
            "headerExists": true,
            "computeChecksum": true,
            "filesModifiedLaterThanDays": 3,
            "dictionaryIds": ["world.country_codes"],
        },
    });
    let read = server.run_job("data-discovery", &body);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let skipped = &read["result"]["skipped"];
    assert_eq!(skipped["count"], 1, "{read:#}");
    assert_eq!(skipped["items"][0]["resource"], "large.csv", "{read:#}");
    // The small one, in capitals.
    assert_eq!(read["result"]["listed"], 1, "{read:#}");
    let warnings = read["warnings"].to_string();
    for name in [
        "headerExists",
        "computeChecksum",
        "filesModifiedLaterThanDays",
        "dictionaryIds",
    ] {
        assert!(warnings.contains(name), "{name}: {warnings}");
    }

    let execute = "/api/public/v1/jobs/execute/data-discovery";
    for (configs, status) in [
        (json!({ "supportedMaxFileSize": "huge" }), 400),
        (json!({ "dictionaryIds": ["no.such"] }), 404),
        (json!({ "dataPatternIds": ["NO_SUCH"] }), 404),
    ] {
        let body = json!({ "scope": ["FILES_1"], "configs": configs });
        let refused = server.post(execute, &body);
        assert_eq!(refused.status, status, "{refused:?}");
    }
}
