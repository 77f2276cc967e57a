//! The jobs of the reference, option by option: each is heeded or told.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::client::{Server, assert_documented};
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
fn a_discovery_heeds_sizes_and_extensions_also_beside_patterns() {
    let bench = Bench::new();
    let server = profiled(&bench, &[("small.CSV", "id\n1\n")]);
    bench.write(
        "large.csv",
        format!("id,text\n{}", "1,aaaaaaaaaaaaaaaa\n".repeat(200)),
    );
    bench.write("other.json", r#"[{"id": 1}]"#);
    let body = json!({
        "scope": ["FILES_1"],
        "configs": { "supportedMaxFileSize": "1KB", "extensions": ["csv"] },
    });
    let read = server.run_job("data-discovery", &body);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let skipped = &read["result"]["skipped"];
    assert_eq!(skipped["count"], 1, "{read:#}");
    assert_eq!(skipped["items"][0]["resource"], "large.csv", "{read:#}");
    // The small one, in capitals.
    assert_eq!(read["result"]["listed"], 1, "{read:#}");

    let both = json!({
        "scope": ["FILES_1"],
        "configs": { "includePatterns": ["*er.json", "large*"], "extensions": ["json"] },
    });
    let read = server.run_job("data-discovery", &both);
    assert_eq!(read["result"]["listed"], 1, "{read:#}");
    let skipped = &read["result"]["skipped"];
    assert_eq!(skipped["items"][0]["resource"], "large.csv", "{read:#}");
    assert!(
        skipped["items"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("extension"),
        "{read:#}"
    );

    let execute = "/api/public/v1/jobs/execute/data-discovery";
    for (configs, status) in [
        (json!({ "supportedMaxFileSize": "huge" }), 400),
        (json!({ "dictionaryIds": ["no.such"] }), 404),
        (json!({ "dataPatternIds": ["NO_SUCH"] }), 404),
        (json!({ "headerExists": "perhaps" }), 400),
        (
            json!({ "modifiedWithinDays": 3, "modifiedBeforeDays": 3 }),
            400,
        ),
        (json!({ "filesModifiedLaterThanDays": 1.5 }), 400),
    ] {
        let body = json!({ "scope": ["FILES_1"], "configs": configs });
        let refused = server.post(execute, &body);
        assert_eq!(refused.status, status, "{refused:?}");
    }
}

/// The columns of a file in the catalog.
fn columns(server: &Server, resource: &str) -> Vec<String> {
    let all = server.get("/api/v1/entities?kind=file").body;
    let all = all["entities"].as_array().unwrap();
    let found = all.iter().find(|entity| entity["resource"] == resource);
    let id = found.expect("it is in the catalog")["id"].as_str().unwrap();
    let shown = server.get(&format!("/api/v1/entities/{id}")).body;
    let columns = shown["columns"].as_array().unwrap().iter();
    columns
        .map(|column| column["path"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_discovery_takes_at_its_word_what_is_said_of_headers_and_so_do_look_ups() {
    let bench = Bench::new();
    bench.write(
        "named.csv",
        "id,email\n1,a@planted.example\n2,b@planted.example\n",
    );
    bench.write("bare.csv", "1,c@planted.example\n2,d@planted.example\n");
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let rows = |configs: Value| {
        let body = json!({ "scope": ["FILES_1"], "configs": configs });
        let read = server.run_job("data-discovery", &body);
        assert_eq!(read["status"], "COMPLETED", "{read:#}");
        read["result"]["rows"].clone()
    };
    assert_eq!(rows(json!({})), 4);
    assert_eq!(columns(&server, "named.csv"), ["id", "email"]);

    assert_eq!(
        rows(json!({ "headerExists": true })),
        3,
        "a row of the bare one is a header"
    );
    // The other is called like a person and not shown.
    assert_eq!(columns(&server, "bare.csv")[0], "1");
    assert_eq!(rows(json!({ "headerExists": false })), 5, "no row is one");
    assert_eq!(columns(&server, "named.csv"), ["column_1", "column_2"]);
    // A source is asked for the columns as they were read.
    let body = json!({
        "attributes": { "EMAIL_ADDRESS": "b@planted.example" }, "purpose": "a test", "verify": true,
    });
    let officer = json!({ "name": "officer", "role": "privacy-officer" });
    let key = server.post("/api/v1/keys", &officer).body["token"].clone();
    let located = server.ask_as(
        key.as_str().unwrap(),
        "POST",
        "/api/v1/locate",
        &body.to_string(),
    );
    assert_eq!(located.status, 200, "{located:?}");
    let places = located.body["places"].as_array().unwrap();
    assert!(
        places.iter().any(|place| place["resource"] == "named.csv"
            && place["column"] == "column_2"
            && place["verified"] == true),
        "{:#}",
        located.body
    );
    assert_eq!(rows(json!({ "headerExists": "auto" })), 4);
    assert_eq!(columns(&server, "named.csv"), ["id", "email"]);
}

#[test]
fn a_discovery_leaves_files_out_by_when_they_were_used() {
    use std::fs::{File, FileTimes};
    use std::time::{Duration, SystemTime};

    let bench = Bench::new();
    let ago = |days: u64| SystemTime::now() - Duration::from_hours(24 * days);
    for (name, written, read) in [
        ("new.csv", 1, 1),
        ("old.csv", 40, 40),
        ("reread.csv", 40, 2),
    ] {
        let file = bench.write(name, "id,note\n1,a\n2,b\n");
        let times = FileTimes::new()
            .set_modified(ago(written))
            .set_accessed(ago(read));
        let file = File::options().write(true).open(file).unwrap();
        file.set_times(times).unwrap();
    }
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let left_out = |configs: Value| {
        let body = json!({ "scope": ["FILES_1"], "configs": configs });
        let read = server.run_job("data-discovery", &body);
        assert_eq!(read["status"], "COMPLETED", "{read:#}");
        let items = read["result"]["skipped"]["items"].as_array().unwrap();
        let mut names: Vec<String> = items
            .iter()
            .map(|item| item["resource"].as_str().unwrap().to_owned())
            .collect();
        names.sort_unstable();
        (names, read["warnings"].to_string())
    };
    let (names, told) = left_out(json!({ "filesModifiedLaterThanDays": 7 }));
    assert_eq!(names, ["old.csv", "reread.csv"]);
    assert!(
        told.contains("filesModifiedLaterThanDays") && told.contains("modifiedBeforeDays"),
        "{told}"
    );
    assert_eq!(
        left_out(json!({ "modifiedWithinDays": 7 })).0,
        ["old.csv", "reread.csv"]
    );
    assert_eq!(left_out(json!({ "modifiedBeforeDays": 7 })).0, ["new.csv"]);
    assert_eq!(
        left_out(json!({ "filesModifiedLaterThanDays": 0 })).0,
        [""; 0]
    );
}

#[test]
fn a_discovery_tells_where_there_is_something_of_what_it_is_given_and_what_holds_the_same() {
    let bench = Bench::new();
    let land = "n,land,mail\n1,CH,a@planted.example\n2,DE,b@planted.example\n3,FR,\n";
    bench.write("a.csv", land);
    bench.write("copy/b.csv", land);
    bench.write("rest.csv", "n,amount\n1,17\n2,29\n");
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let discover = |configs: Value| {
        let body = json!({ "scope": ["FILES_1"], "configs": configs });
        let read = server.run_job("data-discovery", &body);
        assert_eq!(read["status"], "COMPLETED", "{read:#}");
        read
    };
    let ids = json!({
        "dictionaryIds": ["world.country_codes"], "dataPatternIds": ["contact.email"],
        "contentScanType": "SCAN_ONLY", "computeChecksum": true,
    });
    let read = discover(ids.clone());
    let told = read["result"]["detected"]["items"].as_array().unwrap();
    let of = |kind: &str, resource: &str| {
        let mut found = told.iter();
        found.find(|item| !item[kind].is_null() && item["resource"] == resource)
    };
    let dictionary = of("dictionary", "a.csv").expect("codes of countries are in it");
    assert_eq!(dictionary["column"], "land");
    assert_eq!(dictionary["dictionary"], "world/country_codes");
    assert_eq!(of("pattern", "copy/b.csv").unwrap()["column"], "mail");
    assert!(of("pattern", "rest.csv").is_none(), "{told:#?}");
    assert!(
        told.iter().all(|item| item["cells"].is_null()),
        "presence alone: {told:#?}"
    );
    let groups = read["result"]["duplicates"]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{read:#}");
    let copies = groups[0]["copies"].as_array().unwrap().iter();
    let copies: Vec<&Value> = copies.map(|copy| &copy["resource"]).collect();
    assert_eq!(copies, [&json!("a.csv"), &json!("copy/b.csv")]);
    assert_eq!(read["warnings"], json!([]), "{read:#}");

    let mut counted = ids;
    counted["contentScanType"] = json!("SCAN_AND_COUNT");
    counted["computeChecksum"] = json!(false);
    let read = discover(counted);
    let told = read["result"]["detected"]["items"].as_array().unwrap();
    let mail = told
        .iter()
        .find(|item| item["pattern"] == "contact.email")
        .unwrap();
    assert_eq!(mail["cells"], 2, "{told:#?}");
    let codes = told
        .iter()
        .find(|item| !item["dictionary"].is_null())
        .unwrap();
    assert_eq!(codes["values"], 3, "{told:#?}");
    assert!(read["result"]["duplicates"].is_null(), "{read:#}");
    let without = discover(json!({}));
    assert!(without["result"]["detected"].is_null(), "{without:#}");
}

#[test]
fn every_option_that_means_nothing_here_is_named() {
    let bench = Bench::new();
    let server = profiled(&bench, &[("a.csv", "id\n1\n")]);
    let configs = json!({
        "buildSamples": true, "ingestProperties": false, "additionalFileProcessingThreads": "8",
        "persistenceThreads": "32", "odd": 1,
    });
    let body = json!({ "scope": ["FILES_1"], "configs": configs });
    let read = server.run_job("data-discovery", &body);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    let warnings = read["warnings"].to_string();
    for name in configs.as_object().unwrap().keys() {
        assert!(warnings.contains(name), "{name}: {warnings}");
    }
}

#[test]
fn names_of_columns_are_read_in_every_language_of_the_dictionaries_and_in_no_other() {
    let list = include_str!("../dictionaries/words/languages.txt");
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let languages: Vec<Vec<&str>> = lines.map(|line| line.split(" | ").collect()).collect();
    assert!(languages.len() > 30);
    let bench = Bench::new();
    for language in &languages {
        bench.write(
            &format!("{}.csv", language[0]),
            format!("id,{}\n1,x\n", language[3]),
        );
    }
    // Of Italy alone.
    bench.write("tax.csv", "id,codice fiscale\n1,x\n");
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let all = json!({ "scope": ["FILES_1"] });
    assert_eq!(
        server.run_job("data-profiling", &all)["status"],
        "COMPLETED"
    );
    let read = |language: &str| {
        let body = json!({ "scope": ["FILES_1"], "configs": { "language": language } });
        let read = server.run_job("pii-detection", &body);
        assert_eq!(read["status"], "COMPLETED", "{read:#}");
        assert_eq!(read["warnings"], json!([]), "{read:#}");
        read["result"].clone()
    };
    let found = |result: &Value, resource: &str| {
        let found = result["found"].as_array().unwrap().iter();
        found.filter(|it| it["resource"] == resource).count()
    };
    for language in &languages {
        let told = read(&language[1].to_uppercase());
        assert_eq!(told["language"], language[1]);
        let resource = format!("{}.csv", language[0]);
        assert!(found(&told, &resource) >= 1, "{language:?}: {told:#}");
        let is_italian = language[2].split(' ').any(|country| country == "IT");
        assert_eq!(found(&told, "tax.csv") >= 1, is_italian, "{language:?}");
    }
    assert_eq!(read("ja-JP")["language"], "japanese");
    let body = json!({ "scope": ["FILES_1"], "configs": { "language": "KLINGON" } });
    let refused = server.post("/api/public/v1/jobs/execute/pii-detection", &body);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(
        refused.text.contains("configs.language") && refused.text.contains("JAPANESE"),
        "{refused:?}"
    );
}

#[test]
fn a_connection_is_tested_without_a_name_of_an_account_and_the_job_tells_how_far_it_came() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--allow-loopback"]);
    for (kind, port) in [("POSTGRES", 1), ("MICROSOFT_SQL_SERVER", 1)] {
        let body = json!({
            "resourceName": format!("{kind} one"),
            "fqdnId": format!("{kind}_1"),
            "description": "of the old shop",
            "note": "ask first",
            "owners": [{ "name": "Sales" }, { "odd": 1 }],
            "databaseType": kind,
            "affinityId": "DEFAULT",
            "configMethod": "credentials",
            "host": "127.0.0.1",
            "port": port.to_string(),
            "databaseName": "crm",
        });
        let (id, started) = server.start_job("test-connection", &body);
        assert!(
            started["warnings"].to_string().contains("userName"),
            "{started:#}"
        );
        let tested = server.end_of(&id);
        assert_eq!(tested["status"], "FAILED", "{tested:#}");
        let steps = tested["result"]["steps"].as_array().unwrap();
        assert!(
            steps.iter().any(|step| step["state"] == "failed"),
            "{tested:#}"
        );
        let sources = server.get("/api/v1/sources").body;
        let sources = sources["sources"].as_array().unwrap();
        let source = sources
            .iter()
            .find(|source| source["key"] == format!("{kind}_1"));
        let source = source.expect("it is registered");
        assert_eq!(source["note"], "of the old shop; ask first");
        assert_eq!(source["owner"], "Sales");
    }
}

#[test]
fn an_account_that_is_given_beside_an_address_is_heeded() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--allow-loopback"]);
    let body = json!({
        "fqdnId": "BY_URI",
        "configMethod": "uri",
        "uri": "jdbc:postgresql://127.0.0.1:1/crm",
        "userName": "reader",
        "password": "hushhush",
    });
    let (id, started) = server.start_job("test-connection", &body);
    assert!(!started.to_string().contains("hushhush"), "{started:#}");
    assert!(
        !started["warnings"].to_string().contains("userName"),
        "{started:#}"
    );
    let tested = server.end_of(&id);
    assert_eq!(tested["status"], "FAILED", "{tested:#}");
    let sources = server.get("/api/v1/sources");
    assert!(!sources.text.contains("hushhush"), "{sources:?}");
    let target = &sources.body["sources"][0]["target"];
    assert_eq!(target, "postgres://127.0.0.1:1/crm");

    // Another test of it without the account leaves what is known.
    let again = json!({ "fqdnId": "BY_URI", "uri": "jdbc:postgresql://127.0.0.1:1/crm" });
    let (id, started) = server.start_job("test-connection", &again);
    assert!(
        !started["warnings"].to_string().contains("userName"),
        "{started:#}"
    );
    server.end_of(&id);
    let named = json!({ "fqdnId": "BY_URI", "uri": "jdbc:postgresql://127.0.0.1:1/crm", "userName": "other" });
    let (id, started) = server.start_job("test-connection", &named);
    assert!(
        started["warnings"]
            .to_string()
            .contains("stored account stays"),
        "{started:#}"
    );
    server.end_of(&id);
    let sources = server.get("/api/v1/sources").body;
    assert_eq!(&sources["sources"][0]["target"], target, "{sources:#}");
}

#[test]
fn kinds_of_places_are_known_by_each_of_their_names() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    // Where nothing else is said, a place that is known is asked for where it is.
    for kind in [
        "GCS",
        "GCP",
        "GOOGLE",
        "GOOGLE_CLOUD_STORAGE",
        "ADLS",
        "AZURE_DATA_LAKE",
        "MICROSOFT_SQL_SERVER",
    ] {
        let body = json!({ "databaseType": kind, "fqdnId": kind });
        let answer = server.post("/api/public/v1/jobs/execute/test-connection", &body);
        assert!(!answer.text.contains("databaseType"), "{kind}: {answer:?}");
        assert_eq!(answer.status, 404, "{kind}: {answer:?}");
    }
    let odbc = server.post(
        "/api/public/v1/jobs/execute/test-connection",
        &json!({ "databaseType": "ODBC", "fqdnId": "X" }),
    );
    assert_eq!(odbc.status, 400, "{odbc:?}");
    assert!(odbc.text.contains("locard sources add"), "{odbc:?}");
}

#[test]
fn what_makes_no_sense_is_refused_by_its_name() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--allow-loopback"]);
    for path in ["metadata/ingest", "test-connection"] {
        let nothing = server.post(&format!("/api/public/v1/jobs/execute/{path}"), &json!({}));
        assert_eq!(nothing.status, 400, "{nothing:?}");
        assert!(nothing.text.contains("fqdnId"), "{nothing:?}");
    }
    let hook = json!({ "name": "x", "url": "http://127.0.0.1:1/", "events": ["nope"] });
    let refused = server.post("/api/v1/webhooks", &hook);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.text.contains("business-rule."), "{refused:?}");

    let sql =
        "SELECT count(*) AS total_count, count(*) AS scopeCount, 0 AS nonCompliant FROM people";
    let rule = json!({ "name": "x", "sql": sql, "thresholds": { "warning": 5, "fail": 1 } });
    let refused = server.post("/api/v1/business-rules", &rule);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(refused.body["field"], "thresholds.warning", "{refused:?}");

    let path = "/api/public/v1/jobs/execute/data-profiling";
    let typed = |kind: &str| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: {}\r\nContent-Type: {kind}\r\n\
            Content-Length: 2\r\n\r\n{{}}",
            server.key
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(typed("application/xml"), "415");
    assert_documented("POST", path, 415);
    assert_eq!(typed("application/json; charset=utf-8"), "400");
    assert_eq!(typed("application/x-www-form-urlencoded"), "400");
}

#[test]
fn a_selection_that_matches_nothing_is_told() {
    let bench = Bench::new();
    let server = profiled(&bench, &[("a.csv", "id\n1\n")]);
    let nothing =
        json!({ "scope": ["FILES_1"], "configs": { "includePatterns": ["nowhere/*.txt"] } });
    let read = server.run_job("data-discovery", &nothing);
    assert_eq!(read["status"], "COMPLETED", "{read:#}");
    assert!(
        read["warnings"]
            .to_string()
            .contains("FILES_1: nothing in it"),
        "{read:#}"
    );
    let body = json!({ "fqdnId": "FILES_1", "includePatterns": ["nowhere/*.txt"] });
    let ingested = server.run_job("metadata/ingest", &body);
    assert!(
        ingested["warnings"]
            .to_string()
            .contains("FILES_1: nothing in it"),
        "{ingested:#}"
    );
    let all = server.run_job("metadata/ingest", &json!({ "fqdnId": "FILES_1" }));
    assert_eq!(all["warnings"], json!([]), "{all:#}");
}

#[test]
fn schemas_and_patterns_select_together() {
    let bench = Bench::new();
    for name in ["crm/people.csv", "crm/orders.csv", "hr/people.csv"] {
        bench.write(name, "id\n1\n");
    }
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let body =
        json!({ "fqdnId": "FILES_1", "schemaNames": ["crm"], "includePatterns": ["people*"] });
    let ingested = server.run_job("metadata/ingest", &body);
    assert_eq!(ingested["result"]["entities"], 1, "{ingested:#}");
    let all = server.get("/api/v1/entities?kind=file").body;
    assert_eq!(all["entities"][0]["resource"], "crm/people.csv", "{all:#}");
    let none = json!({ "fqdnId": "FILES_1", "schemaNames": ["crm"], "includePatterns": ["hr/*"] });
    let refused = server.post("/api/public/v1/jobs/execute/metadata/ingest", &none);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.text.contains("includePatterns"), "{refused:?}");
}

#[test]
fn of_a_partial_job_each_thing_that_it_was_about_is_told() {
    let bench = Bench::new();
    bench.write("good.csv", "id,name\n1,a\n2,b\n");
    bench.write("broken.parquet", "PAR1 this is none PAR1");
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let read = server.run_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(
        (&read["status"], &read["outcome"]),
        (&json!("FAILED"), &json!("PARTIAL")),
        "{read:#}"
    );
    let items = read["items"].as_array().unwrap();
    let of = |name: &str| {
        let found = items.iter().find(|item| item["resource"] == name);
        found.unwrap_or_else(|| panic!("{name}: {read:#}"))
    };
    assert_eq!(of("broken.parquet")["outcome"], "FAILED", "{read:#}");
    assert!(of("broken.parquet")["message"].is_string(), "{read:#}");
    assert_eq!(of("good.csv")["outcome"], "COMPLETED", "{read:#}");
    assert_eq!(of("good.csv")["rows"], 2);
    assert!(read["counts"]["failed"].as_u64() >= Some(1), "{read:#}");
}

#[test]
fn what_is_asked_about_a_source_runs_where_the_source_is_reached() {
    let bench = Bench::new();
    bench.write("a.csv", "id\n1\n");
    let server = Server::start(&bench, &[]);
    let body = json!({
        "databaseType": "LOCAL", "path": bench.data(), "fqdnId": "FAR", "affinityId": "SITE_B",
    });
    let (test, _) = server.start_job("test-connection", &body);
    let (read, _) = server.start_job("data-profiling", &json!({ "scope": ["FAR"] }));
    // This server has no worker of that label, so that both wait, while what is asked about another place is done.
    bench.write("near/b.csv", "id\n1\n");
    server.folder(&format!("{}/near", bench.data()), "NEAR");
    for id in [&test, &read] {
        let status = server.get(&format!("/api/public/v1/jobs/{id}/status")).body;
        assert_eq!(status["status"], "RUNNING", "{status:#}");
        assert!(status["startedAt"].is_null(), "{status:#}");
    }
    let both = server.post(
        "/api/public/v1/jobs/execute/data-profiling",
        &json!({ "scope": ["FAR", "NEAR"] }),
    );
    assert_eq!(both.status, 400, "{both:?}");
    assert!(both.text.contains("SITE_B"), "{both:?}");
    let gone = server.run_job(
        "remove-datasource",
        &json!({ "id": source(&server, "FAR"), "fqdnId": "FAR" }),
    );
    assert_eq!(gone["status"], "COMPLETED", "{gone:#}");
}

/// The id of the source of that key.
fn source(server: &Server, key: &str) -> Value {
    let sources = server.get("/api/v1/sources").body;
    let sources = sources["sources"].as_array().unwrap();
    let found = sources.iter().find(|source| source["key"] == key);
    found.expect("it is registered")["id"].clone()
}

#[test]
fn lists_tell_how_much_there_is_in_all_or_at_least() {
    let bench = Bench::new();
    let server = profiled(&bench, &[("a.csv", "id\n1\n"), ("b.csv", "id\n1\n")]);
    for list in [
        "sources",
        "entities",
        "jobs",
        "audit",
        "collections",
        "schedules",
        "webhooks",
        "business-rules",
    ] {
        let all = server.get(&format!("/api/v1/{list}")).body;
        assert_eq!(all["totalIsLowerBound"], false, "{list}: {all:#}");
        let rows = all.as_object().unwrap().values().find_map(Value::as_array);
        assert_eq!(
            all["total"],
            rows.expect("there are rows").len(),
            "{list}: {all:#}"
        );
    }
    let some = server.get("/api/v1/entities?limit=1&kind=file").body;
    assert_eq!(
        (&some["total"], &some["totalIsLowerBound"]),
        (&json!(2), &json!(true)),
        "{some:#}"
    );
}
