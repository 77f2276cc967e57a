//! MongoDB end to end: the same findings as from files, people found in its documents, and what a server does to a scan in
//! bad moments.
//!
//! `LOCARD_TEST_MONGO_URL` names a server whose account may do everything.

use std::path::Path;

use locard_testkit::servers::Mongo;
use serde_json::{Map, Value, json};

use crate::proxy::Proxy;
use crate::support::{Bench, Run, sample};
use crate::tables::{Copied, labels, of_file, of_table, tables};
use crate::town;

/// A scan of a database.
fn scan(bench: &Bench, url: &str) -> Run {
    bench.run(["scan", url, "--format", "ndjson"])
}

#[test]
fn collections_give_the_same_findings_as_the_files_they_were_loaded_from() {
    let bench = Bench::new();
    let town = town::build(&bench);
    hold_equal("the town in MongoDB", &town, &tables(&town), 8);
    let company = ["crm/customers.csv", "catalog/products.csv"].map(str::to_owned);
    let sample = sample().join("company");
    hold_equal("the company in MongoDB", &sample, &company, 8);
}

/// Scans tables as files and as collections of a database, and holds that both say the same.
fn hold_equal(test: &str, folder: &Path, tables: &[String], at_least: usize) {
    let Some(database) = Mongo::new(test) else {
        return;
    };
    let bench = Bench::new();
    for table in tables {
        load(&database, &Copied::new(&bench, folder, table));
    }
    let files = bench.scan();
    let run = scan(&bench, &database.url());
    assert_eq!(run.status, 0, "{}", run.stderr);
    let from_files = labels(&files, of_file);
    let from_tables = labels(&run.ndjson(), of_table);
    let differing: Vec<&String> = from_files.symmetric_difference(&from_tables).collect();
    assert!(
        from_files.len() >= at_least && differing.is_empty(),
        "{} labels, differing: {differing:#?}",
        from_files.len()
    );
}

/// Loads a copied table into a collection of documents of texts, in the table's order.
fn load(database: &Mongo, copied: &Copied) {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(&copied.path)
        .expect("it was just written");
    let document = |(row, record): (usize, csv::StringRecord)| {
        let cells = copied.header.iter().zip(&record);
        let cells = cells.map(|(name, cell)| {
            let cell = if cell.is_empty() {
                Value::Null
            } else {
                json!(cell)
            };
            (name.clone(), cell)
        });
        let id = ("_id".to_owned(), json!(row));
        Value::Object(std::iter::once(id).chain(cells).collect::<Map<_, _>>())
    };
    let records = reader
        .records()
        .map(|record| record.expect("it was just written"));
    let documents: Vec<Value> = records.enumerate().map(document).collect();
    database.insert(&copied.name, &documents);
}

/// Five hundred people in documents of several shapes.
fn people(database: &Mongo) {
    let person = |n: u32| {
        json!({
            "_id": { "$oid": format!("{n:024x}") },
            "name": { "first": "Anna", "last": format!("Person{n}") },
            "contacts": [{ "mail": format!("p{n}@example.org"), "phone": format!("+49 30 5{}", 100_000 + n) }],
            "born": { "$date": "1950-01-01T00:00:00Z" },
        })
    };
    let people: Vec<Value> = (1..=500).map(person).collect();
    database.insert("people", &people);
    let letter = |n: u32| {
        let text = format!("Dear Sir, write to P{n}@Example.org again");
        json!({ "_id": format!("L{n}"), "note": text })
    };
    let letters: Vec<Value> = (1..=500).filter(|n| n % 7 == 0).map(letter).collect();
    database.insert("letters", &letters);
    let by_mail = |n: u32| (format!("p{n}@example.org"), json!({ "logins": n }));
    let logins: Map<String, Value> = (1..=200).map(by_mail).collect();
    database.insert("logins", &[json!({ "_id": 1, "of": logins })]);
    let pipeline = json!([{ "$project": { "contacts": 1 } }]);
    database.run(&json!({ "create": "addresses", "viewOn": "people", "pipeline": pipeline }));
}

#[test]
fn a_look_up_in_a_collection_answers_with_the_id() {
    let Some(database) = Mongo::new("a look-up") else {
        return;
    };
    people(&database);
    let bench = Bench::new();
    let scanned = scan(&bench, &database.url());
    assert_eq!(scanned.status, 0, "{scanned:?}");
    let find = [
        "find",
        "--email",
        "P77@Example.org",
        "--verify",
        "--format",
        "ndjson",
    ];
    let found = bench.run(find);
    let hits = found.ndjson();
    let mut hits: Vec<(String, String, String)> = hits
        .iter()
        .filter(|hit| hit["verified"] == true)
        .map(|hit| {
            let text = |field: &str| hit[field].as_str().unwrap_or_default().to_owned();
            (
                of_table(&text("resource")),
                text("column"),
                hit["key"]["_id"].to_string(),
            )
        })
        .collect();
    hits.sort();
    let oid = format!("\"{:024x}\"", 77);
    let hit = |table: &str, column: &str, key: &str| {
        (table.to_owned(), column.to_owned(), key.to_owned())
    };
    let expected = [
        hit("addresses", "contacts[].mail", &oid),
        hit("letters", "note", "\"L77\""),
        hit("logins", "of.*#key", "\"1\""),
        hit("people", "contacts[].mail", &oid),
    ];
    assert_eq!(hits, expected, "{found:?}");
}

#[test]
fn rows_of_a_finding_name_their_documents() {
    let Some(database) = Mongo::new("rows") else {
        return;
    };
    people(&database);
    let bench = Bench::new();
    let scanned = scan(&bench, &database.url());
    assert_eq!(scanned.status, 0, "{scanned:?}");
    let entity = format!("{}.people", database.name());
    let run = bench.run([
        "rows",
        &entity,
        "--identifier",
        "EMAIL_ADDRESS",
        "--format",
        "ndjson",
    ]);
    assert_eq!(run.status, 0, "{run:?}");
    let rows = run.ndjson();
    assert_eq!(rows.len(), 500, "{}", run.stderr);
    let is_named = |row: &Value| {
        let key = row["key"].as_str().and_then(|key| key.strip_prefix("_id="));
        key.is_some_and(|id| id.len() == 24)
    };
    assert!(rows.iter().all(is_named), "{:?}", rows.first());
    assert!(!run.stdout.contains("@example.org"), "values are masked");
}

#[test]
fn whatever_the_spelling_every_other_is_found_in_a_collection() {
    let Some(database) = Mongo::new("spellings") else {
        return;
    };
    for (identifier, spellings) in crate::lookup::SPELLINGS {
        let documents = spellings.iter().enumerate();
        let documents: Vec<Value> = documents
            .map(|(n, text)| json!({ "_id": n, "value": text }))
            .collect();
        database.insert(identifier, &documents);
    }
    let bench = Bench::new();
    let scanned = scan(&bench, &database.url());
    assert_eq!(scanned.status, 0, "{scanned:?}");
    crate::lookup::assert_spellings_are_found(&bench, 1);
}

#[test]
fn a_server_that_goes_away_leaves_a_sentence_and_what_was_found() {
    let Some(database) = Mongo::new("a server that goes away") else {
        return;
    };
    let little: Vec<Value> = (0..200)
        .map(|n| json!({ "mail": format!("p{n}@example.org") }))
        .collect();
    database.insert("a_little", &little);
    let pad = "x".repeat(400);
    let big: Vec<Value> = (0..60_000)
        .map(|n| json!({ "_id": n, "mail": format!("p{n}@example.org"), "pad": pad }))
        .collect();
    database.insert("big", &big);
    let url = format!("{}&connect_timeout=2", database.url());
    let proxy = Proxy::start(&url, 8_000_000);
    let bench = Bench::new();
    let run = scan(&bench, proxy.url());
    assert!(
        proxy.was_cut(),
        "the scan read too little to be cut: {run:?}"
    );
    assert_eq!(run.status, 2, "{run:?}");
    for word in ["panicked", "@example.org", "test-only"] {
        assert!(!run.stderr.contains(word), "{word} in {run:?}");
    }
    assert!(run.stderr.contains("big"), "{run:?}");
    let little = format!("{}.a_little", database.name());
    let found = crate::support::identifiers(&run.ndjson(), &little, "mail");
    assert_eq!(found, ["EMAIL_ADDRESS"], "{run:?}");
}

#[test]
fn who_cannot_connect_is_told_why() {
    for (target, wanted) in [
        (
            "mongodb://reader:hunter2secret@127.0.0.1:1/db?connect_timeout=1",
            "connecting to 127.0.0.1:1",
        ),
        (
            "mongodb://reader:hunter2secret@no-such-host.invalid/db?connect_timeout=1",
            "no-such-host.invalid",
        ),
        (
            "mongodb://reader:hunter2secret@h/x?readPreference=none",
            "readpreference",
        ),
        ("mongodb://u:hunter2secret@x/y@host", "told apart"),
    ] {
        let run = scan(&Bench::new(), target);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert_eq!(run.status, 2, "{run:?}");
        assert!(
            said.contains(wanted) && !said.contains("hunter2secret"),
            "{run:?}"
        );
    }
}
