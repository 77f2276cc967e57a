//! Business rules through the interface and the command line: made, refused, run over files and servers, counted, kept. And
//! the conditions of scans, which are read by the same parser.

use serde_json::{Value, json};

use crate::client::Server;
use crate::postgres::Schema;
use crate::support::{Bench, postgres};

const PEOPLE: &str = "id,name,Email,born\n1,Anna Muster,anna@planted.example,1990-01-01\n2,Bert Beispiel,bert-planted,1985-05-05\n\
    3,Cleo Muster,,2001-09-09\n4,Dora Muster,dora@planted.example,1970-12-12\n";

const MAIL: &str = "SELECT count(*) AS total_count, count(email) AS scopeCount, \
    sum(CASE WHEN email NOT LIKE '%@%' THEN 1 ELSE 0 END) AS nonCompliant FROM \"crm/people.csv\"";

fn bench() -> (Bench, Server) {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    bench.write(
        "crm/more.csv",
        "id,name,Email,born\n9,Emil,emil@planted.example,1999-01-01\n",
    );
    bench.write("crm/orders.csv", "person,amount\n1,10\n2,20\n7,30\n");
    let server = Server::start(&bench, &["--allow-loopback"]);
    server.folder(&bench.data(), "FILES_1");
    let ingested = server.run_job("metadata/re-ingest", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(ingested["status"], "COMPLETED", "{ingested:#}");
    (bench, server)
}

fn made(server: &Server, body: &Value) -> Value {
    let made = server.post("/api/v1/business-rules", body);
    assert_eq!(made.status, 200, "{body}: {made:?}");
    made.body
}

fn entity(server: &Server, name: &str) -> String {
    let listed = server.get("/api/v1/entities?limit=1000").body;
    let entities = listed["entities"].as_array().unwrap().clone();
    let found = entities.iter().find(|entity| {
        entity["resource"].as_str().unwrap().ends_with(name) && entity["kind"] != "column"
    });
    let found = found.unwrap_or_else(|| panic!("{name} is not there: {listed:#}"));
    found["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_business_rule_is_made_run_over_live_data_and_its_history_kept() {
    let (bench, server) = bench();
    let rule = made(
        &server,
        &json!({
            "name": "mail", "sql": MAIL, "scope": ["FILES_1"], "dimension": "validity", "tags": ["contact"],
            "thresholds": { "measure": "percent", "warning": 10, "fail": 50 },
        }),
    );
    let short = rule["shortId"].as_str().unwrap();
    assert_eq!(short.len(), 24);
    let ran = server.run_job("business-rule", &json!({ "ruleId": [short], "odd": 1 }));
    assert_eq!(ran["status"], "COMPLETED", "{ran:#}");
    assert!(ran["warnings"].to_string().contains("odd"), "{ran:#}");
    let result = &ran["result"]["rules"][0];
    assert_eq!(result["ruleId"], short, "{ran:#}");
    assert_eq!(
        [
            &result["total_count"],
            &result["scopeCount"],
            &result["nonCompliant"],
            &result["status"]
        ],
        [&json!(4), &json!(3), &json!(1), &json!("WARNING")],
        "{ran:#}"
    );
    // The data is mended, and asked again.
    bench.write(
        "crm/people.csv",
        PEOPLE.replace("bert-planted", "bert@planted.example"),
    );
    let again = server.run_job("business-rule", &json!({ "ruleId": [short, "mail"] }));
    assert_eq!(again["result"]["rules"][0]["status"], "PASS", "{again:#}");
    let history = server
        .get(&format!("/api/v1/business-rules/{short}/history"))
        .body;
    let words: Vec<&str> = (history["results"].as_array().unwrap().iter())
        .map(|result| result["status"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["PASS", "WARNING"], "{history:#}");
    let shown = server.get(&format!("/api/v1/business-rules/{short}")).body;
    assert_eq!(shown["lastResult"]["nonCompliant"], 0, "{shown:#}");

    let path = format!("/api/v1/business-rules/{short}");
    let off = server.ask_as(
        &server.key,
        "PATCH",
        &path,
        r#"{"enabled": false, "note": "later"}"#,
    );
    assert_eq!(
        (off.status, &off.body["sql"]),
        (200, &json!(MAIL)),
        "{off:?}"
    );
    let skipped = server.run_job("business-rule", &json!({ "ruleId": [short] }));
    assert_eq!(
        skipped["result"]["rules"][0]["status"], "SKIPPED",
        "{skipped:#}"
    );
    assert!(
        skipped["warnings"].to_string().contains("switched off"),
        "{skipped:#}"
    );
    assert_eq!(server.ask_as(&server.key, "DELETE", &path, "").status, 200);
    assert_eq!(server.get(&path).status, 404);
    let gone = server.post(
        "/api/public/v1/jobs/execute/business-rule",
        &json!({ "ruleId": [short] }),
    );
    assert_eq!(gone.status, 404, "{gone:?}");
    let audit = server.get("/api/v1/audit").text;
    assert!(audit.contains("add business rule"), "{audit}");
}

#[test]
fn rows_are_counted_per_entity_and_what_does_not_fit_is_told_of_its_own() {
    let (_bench, server) = bench();
    let rule = made(&server, &json!({ "name": "mail", "sql": MAIL }));
    let entities: Vec<String> = ["people.csv", "more.csv", "orders.csv"]
        .iter()
        .map(|name| entity(&server, name))
        .collect();
    let asked = json!({ "ruleId": [rule["shortId"]], "scope": entities });
    let ran = server.run_job("business-rule/with-row-counter", &asked);
    // Orders have no e-mail addresses, which is nothing wrong.
    assert_eq!(ran["status"], "COMPLETED", "{ran:#}");
    assert_eq!(ran["errors"], json!([]), "{ran:#}");
    let result = &ran["result"]["rules"][0];
    assert_eq!(result["status"], "FAIL", "{ran:#}");
    let counted = result["details"]["entities"].as_array().unwrap();
    let of = |name: &str| {
        let found = counted
            .iter()
            .find(|count| count["resource"].as_str().unwrap().ends_with(name));
        found.unwrap_or_else(|| panic!("{name}: {ran:#}"))
    };
    assert_eq!(of("people.csv")["rowCount"], 4);
    assert_eq!(of("people.csv")["rule"]["nonCompliant"], 1);
    assert_eq!(
        of("more.csv")["rule"],
        json!({ "total_count": 1, "scopeCount": 1, "nonCompliant": 0 })
    );
    assert_eq!(of("orders.csv")["rowCount"], 3);
    assert_eq!(of("orders.csv")["rule"], Value::Null, "{ran:#}");
    let why = of("orders.csv")["reason"].as_str().unwrap();
    assert!(why.contains("email"), "{ran:#}");
    assert!(of("orders.csv")["error"].is_null(), "{ran:#}");
    let without = json!({ "ruleId": [rule["shortId"]] });
    for (path, body) in [
        ("business-rule/with-row-counter", &without),
        (
            "business-rule/with-row-counter",
            &json!({ "ruleId": [rule["id"]], "scope": [] }),
        ),
        ("business-rule", &json!({ "ruleId": [] })),
        ("business-rule", &json!({})),
    ] {
        let refused = server.post(&format!("/api/public/v1/jobs/execute/{path}"), body);
        assert_eq!(refused.status, 400, "{path} {body}: {refused:?}");
        assert_eq!(refused.body["status"], 400);
    }
}

#[test]
fn one_rule_joins_a_file_with_a_table_of_a_server() {
    let Some(url) = postgres() else { return };
    let (_bench, server) = bench();
    let schema = Schema::new(&url, "business");
    schema.run("create table customers (\"Id\" int primary key, country text, seen timestamptz); \
        insert into customers values (1, 'CH', now()), (2, 'DE', now() - interval '3 years'), (3, 'CH', null)");
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
    let sql = format!(
        "WITH known AS (SELECT id FROM crm.{0}.customers WHERE country IN ('CH', 'DE') AND id <= 2) \
        SELECT count(*) AS total_count, count(*) AS scope_count, \
        count(*) FILTER (WHERE k.id IS NULL) AS non_compliant \
        FROM FILES_1.crm.\"orders.csv\" o LEFT JOIN known k ON k.id = CAST(o.person AS INT)",
        schema.name
    );
    made(
        &server,
        &json!({ "name": "orders of known customers", "sql": sql }),
    );
    let fresh = format!(
        "SELECT count(*) total_count, count(seen) scopeCount, \
        count(*) FILTER (WHERE seen < now() - INTERVAL '1 year') nonCompliant FROM {}.customers",
        schema.name
    );
    made(
        &server,
        &json!({ "name": "fresh", "sql": fresh, "dimension": "Timeliness" }),
    );
    let ran = server.run_job(
        "business-rule",
        &json!({ "ruleId": ["orders of known customers", "fresh"] }),
    );
    assert_eq!(ran["status"], "COMPLETED", "{ran:#}");
    let counts = |at: usize| {
        let rule = &ran["result"]["rules"][at];
        ["total_count", "scopeCount", "nonCompliant"].map(|name| rule[name].as_u64().unwrap())
    };
    assert_eq!((counts(0), counts(1)), ([3, 3, 1], [3, 2, 1]), "{ran:#}");
    // The table goes away: the rule says so, and the other one is run all the same.
    schema.run("drop table customers");
    made(&server, &json!({ "name": "mail", "sql": MAIL }));
    let ran = server.run_job("business-rule", &json!({ "ruleId": ["fresh", "mail"] }));
    assert_eq!(ran["outcome"], "PARTIAL", "{ran:#}");
    assert_eq!(ran["result"]["rules"][0]["status"], "ERROR", "{ran:#}");
    assert_eq!(ran["result"]["rules"][1]["status"], "FAIL", "{ran:#}");
}

#[test]
fn hostile_rules_are_refused_and_results_hold_no_value() {
    let (bench, server) = bench();
    for (sql, why) in [
        ("DROP TABLE people", "only SELECT"),
        (
            "SELECT count(*) FROM \"crm/people.csv\"; DELETE FROM x",
            "one statement",
        ),
        ("COPY (SELECT 1) TO '/tmp/x'", "only SELECT"),
        (
            "SELECT count(*) AS total_count FROM read_csv('/etc/passwd')",
            "function",
        ),
        (
            "SELECT pg_read_file('/etc/passwd') FROM \"crm/people.csv\"",
            "function",
        ),
        ("SELECT count(*) FROM '/etc/passwd'", "no table"),
        ("SELECT count(*) FROM information_schema.tables", "no table"),
        (
            "WITH RECURSIVE r AS (SELECT 1 FROM \"crm/people.csv\" UNION ALL SELECT 1 FROM r) SELECT count(*) FROM r",
            "RECURSIVE",
        ),
    ] {
        let refused = server.post(
            "/api/v1/business-rules",
            &json!({ "name": "x", "sql": sql }),
        );
        assert!(matches!(refused.status, 400 | 404), "{sql}: {refused:?}");
        assert!(refused.text.contains(why), "{sql}: {refused:?}");
    }
    for (field, value) in [
        ("name", json!("1x")),
        ("thresholds", json!({ "measure": "often" })),
        ("thresholds", json!({ "fail": -1 })),
        ("dimension", json!("beauty")),
        ("timeLimitSeconds", json!(0)),
        ("odd", json!(true)),
    ] {
        let mut body = json!({ "name": "x", "sql": MAIL });
        body[field] = value;
        let refused = server.post("/api/v1/business-rules", &body);
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
    }
    // What would carry a value out as a count, and what quotes one in its error.
    let columns = |count: &str| {
        format!(
            "SELECT {count} AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM \"crm/people.csv\""
        )
    };
    for (name, sql, why) in [
        ("largest", columns("max(id)"), "must be a count"),
        ("summed", columns("sum(CAST(id AS INT))"), "must be a count"),
        (
            "inner",
            columns("(SELECT max(CAST(id AS INT)) FROM \"crm/people.csv\")"),
            "must be a count",
        ),
        (
            "cast",
            columns("count(*) FILTER (WHERE CAST(name AS INT) > 0)"),
            "does not fit",
        ),
        ("missing", columns("count(phone)"), "phone"),
        (
            "rows",
            format!("{} GROUP BY name", columns("count(*)")),
            "more than one row",
        ),
    ] {
        made(&server, &json!({ "name": name, "sql": sql }));
        let ran = server.run_job("business-rule", &json!({ "ruleId": [name] }));
        assert_eq!(ran["status"], "FAILED", "{sql}: {ran:#}");
        let told = ran.to_string();
        assert!(told.contains(why), "{sql}: {ran:#}");
        assert!(
            !told.contains("Anna") && !told.contains("planted"),
            "{ran:#}"
        );
        let history = server
            .get(&format!("/api/v1/business-rules/{name}/history"))
            .text;
        assert!(
            history.contains("ERROR") && !history.contains("Anna"),
            "{history}"
        );
    }
    drop(server);
    for file in std::fs::read_dir(bench.home()).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        for planted in ["Anna Muster", "planted.example", "total_count, 0"] {
            let is_in = bytes
                .windows(planted.len())
                .any(|window| window == planted.as_bytes());
            assert!(!is_in, "{} holds {planted}", file.path().display());
        }
    }
}

#[test]
fn the_command_line_makes_runs_and_forgets_rules() {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    assert_eq!(
        bench.run(["sources", "add", "files", &bench.data()]).status,
        0
    );
    assert_eq!(bench.run(["sources", "ingest", "files"]).status, 0);
    let none = bench.run(["business-rules", "list"]);
    assert!(none.stdout.contains("no business rules yet"), "{none:?}");
    let made = bench.run([
        "business-rules",
        "add",
        "mail",
        "--sql",
        MAIL,
        "--warn-share",
        "0.1",
        "--dimension",
        "validity",
    ]);
    assert_eq!(made.status, 0, "{made:?}");
    let ran = bench.run([
        "business-rules",
        "run",
        "mail",
        "--count",
        "files/crm/people.csv",
    ]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("WARNING") && ran.stdout.contains("people.csv"),
        "{ran:?}"
    );
    let strict = bench.run([
        "business-rules",
        "add",
        "strict",
        "--sql",
        MAIL,
        "--fail-rows",
        "0",
    ]);
    assert_eq!(strict.status, 0, "{strict:?}");
    let failed = bench.run(["business-rules", "run", "strict", "--format", "ndjson"]);
    assert_eq!(failed.status, 1, "{failed:?}");
    let line: Value = serde_json::from_str(failed.stdout.trim()).unwrap();
    assert_eq!(
        (&line["status"], &line["nonCompliant"]),
        (&json!("FAIL"), &json!(1)),
        "{line:#}"
    );
    let history = bench.run(["business-rules", "history", "mail"]);
    assert!(history.stdout.contains("WARNING"), "{history:?}");
    let refused = bench.run(["business-rules", "add", "bad", "--sql", "DROP TABLE people"]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(
        refused.stderr.contains("only SELECT is allowed"),
        "{refused:?}"
    );
    assert_eq!(bench.run(["business-rules", "remove", "mail"]).status, 0);
    let gone = bench.run(["business-rules", "run", "mail"]);
    assert_eq!(gone.status, 2, "{gone:?}");
}

#[test]
fn a_condition_decides_which_records_are_read() {
    let (bench, server) = bench();
    let profile = |clause: &str| {
        let configs = json!({ "whereClause": clause });
        let scope = json!({ "scope": ["FILES_1/crm/people.csv"], "configs": configs });
        server.run_job("data-profiling", &scope)
    };
    let all = profile("");
    assert_eq!(
        (&all["status"], &all["result"]["rows"]),
        (&json!("COMPLETED"), &json!(4)),
        "{all:#}"
    );
    let some =
        profile("born >= '1985-01-01' AND email IS NOT NULL AND (name <> 'x' OR id IN ('1'))");
    assert_eq!(
        (&some["status"], &some["result"]["rows"]),
        (&json!("COMPLETED"), &json!(2)),
        "{some:#}"
    );
    // Whoever was found before is not lost by it.
    let body =
        json!({ "purpose": "test", "attributes": { "EMAIL_ADDRESS": "dora@planted.example" } });
    let officer = json!({ "name": "officer", "role": "privacy-officer" });
    let officer = server.post("/api/v1/keys", &officer).body;
    let officer = officer["token"].as_str().unwrap();
    let found = server.ask_as(officer, "POST", "/api/v1/locate", &body.to_string());
    assert!(found.text.contains("people.csv"), "{found:?}");
    let missing = profile("phone = '1'");
    assert_eq!(missing["status"], "FAILED", "{missing:#}");
    assert!(
        missing["errors"].to_string().contains("phone"),
        "{missing:#}"
    );
    for clause in [
        "1 = 1; DROP TABLE people",
        "id = 1 -- rest",
        "id IN (SELECT id FROM people)",
        "pg_sleep(10) = 1",
        "id = 1 UNION SELECT 1",
        "id",
    ] {
        let body = json!({ "scope": ["FILES_1"], "configs": { "whereClause": clause } });
        for job in ["data-profiling", "data-discovery"] {
            let refused = server.post(&format!("/api/public/v1/jobs/execute/{job}"), &body);
            assert_eq!(refused.status, 400, "{clause}: {refused:?}");
            assert!(
                refused.text.contains("whereClause"),
                "{clause}: {refused:?}"
            );
        }
    }
    drop((bench, server));
}

#[test]
fn a_condition_is_asked_of_the_server_that_can_answer_it() {
    let Some(url) = postgres() else { return };
    let (_bench, server) = bench();
    let schema = Schema::new(&url, "condition");
    schema.run("create table people (id int primary key, email text, seen timestamptz); \
        insert into people select n, 'p' || n || '@planted.example', timestamptz '2026-01-01' + n * interval '1 day' \
        from generate_series(1, 500) n");
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
    let scope = json!({
        "scope": [format!("CRM_1/{}/people", schema.name)],
        "configs": { "whereClause": "ID <= 100 AND seen < TIMESTAMP '2026-02-01 00:00:00'" },
    });
    let ran = server.run_job("data-profiling", &scope);
    assert_eq!(
        (&ran["status"], &ran["result"]["rows"]),
        (&json!("COMPLETED"), &json!(30)),
        "{ran:#}"
    );
}
