//! HANA and other servers through ODBC end to end: the same findings as from files, people found in their tables, and a
//! `locard` that needs no ODBC for anything else.

use locard_testkit::servers::Hana;

use crate::support::{Bench, Run, sample};
use crate::tables::{Copied, labels, of_file, of_table};

/// A scan of a database.
fn scan(bench: &Bench, url: &str) -> Run {
    bench.run(["scan", url, "--format", "ndjson"])
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    if text.is_empty() {
        "NULL".to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Loads a copied table into a table of text columns.
fn load(database: &Hana, copied: &Copied) {
    let columns: Vec<String> = copied
        .header
        .iter()
        .map(|column| format!("{} varchar", quoted(column)))
        .collect();
    let name = quoted(&copied.name);
    let mut sql = format!("CREATE TABLE \"SALES\".{name} ({});\n", columns.join(", "));
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(&copied.path)
        .expect("it was just written");
    let rows: Vec<String> = reader
        .records()
        .map(|record| {
            let record = record.expect("it was just written");
            let cells: Vec<String> = record.iter().map(literal).collect();
            format!("({})", cells.join(", "))
        })
        .collect();
    for rows in rows.chunks(500) {
        sql += &format!("INSERT INTO \"SALES\".{name} VALUES {};\n", rows.join(", "));
    }
    database.database().run(&sql);
}

#[test]
fn tables_give_the_same_findings_as_the_files_they_were_loaded_from() {
    let Some(database) = Hana::new("the company in HANA") else {
        return;
    };
    let bench = Bench::new();
    for table in ["crm/customers.csv", "catalog/products.csv"] {
        let copied = Copied::new(&bench, &sample().join("company"), table);
        load(&database, &copied);
    }
    let from_files = labels(&bench.scan(), of_file);
    let run = scan(&bench, &database.url());
    assert_eq!(run.status, 0, "{}", run.stderr);
    let from_tables = labels(&run.ndjson(), of_table);
    let differing: Vec<&String> = from_files.symmetric_difference(&from_tables).collect();
    assert!(
        from_files.len() >= 8 && differing.is_empty(),
        "{} labels, differing: {differing:#?}",
        from_files.len()
    );
}

/// Five hundred people, in a table with a key, one with long texts, and a view.
const PEOPLE: &str = r#"
    CREATE TABLE "SALES"."person" (id int PRIMARY KEY, name varchar(80), mail varchar(80), phone varchar(30), born date);
    INSERT INTO "SALES"."person" SELECT i, 'Person ' || i, 'p' || i || '@example.org', '+49 30 5' || (100000 + i), date '1950-01-01' + i FROM generate_series(1, 500) i;
    CREATE TABLE "SALES"."letter" (code varchar(9) PRIMARY KEY, note text);
    INSERT INTO "SALES"."letter" SELECT 'L' || id, 'Dear Sir, write to ' || upper(mail) || ' again' FROM "SALES"."person" WHERE id % 7 = 0;
    CREATE VIEW "SALES"."addresses" AS SELECT id, mail FROM "SALES"."person" WHERE id < 100"#;

#[test]
fn a_look_up_in_a_table_answers_with_the_key() {
    let Some(database) = Hana::new("a look-up in HANA") else {
        return;
    };
    database.database().run(PEOPLE);
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
    let mut hits: Vec<(String, String)> = hits
        .iter()
        .map(|hit| {
            let table = of_table(hit["resource"].as_str().unwrap_or_default());
            (table, hit["key"].to_string())
        })
        .collect();
    hits.sort();
    let told: Vec<_> = hits.iter().map(|(table, _)| table.as_str()).collect();
    assert_eq!(told, ["addresses", "letter", "person"], "{found:?}");
    assert_eq!(hits[1].1, r#"{"code":"L77"}"#);
    assert_eq!(hits[2].1, r#"{"id":"77"}"#);
    let home = bench.run(["sources", "list"]);
    assert!(!format!("{scanned:?}{found:?}{home:?}").contains(database.password()));
}

#[test]
fn without_the_helper_everything_else_works_and_the_sentence_says_what_is_missing() {
    let bench = Bench::new();
    bench.write(
        "data/people.csv",
        "id,email\n1,anna@example.org\n2,ben@example.org\n",
    );
    let target = "hana://reader:plantpw55@db.invalid:30015";
    let mut command = bench.command(["scan", target, &bench.data(), "--format", "ndjson"]);
    let nowhere = bench.path("no-such-program");
    let run = Run::of(
        &command
            .env("LOCARD_ODBC_HELPER", nowhere)
            .output()
            .expect("it runs"),
    );
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stdout.contains("EMAIL_ADDRESS"), "{run:?}");
    assert!(run.stderr.contains("no-such-program"), "{run:?}");
    assert!(!format!("{run:?}").contains("plantpw55"), "{run:?}");
}

/// What the system's loader needs of a program.
#[cfg(target_os = "linux")]
#[test]
fn the_program_does_not_link_the_driver_manager() {
    let told = std::process::Command::new("ldd")
        .arg(env!("CARGO_BIN_EXE_locard"))
        .output();
    let told = told.expect("ldd is part of the system");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("libc.so") && !told.contains("odbc"), "{told}");
}
