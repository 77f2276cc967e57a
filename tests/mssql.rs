//! SQL Server end to end: the same findings as from files, people found in its tables, and what a server does to a scan in
//! bad moments.

use std::path::Path;

use locard_tdskit::Mssql;

use crate::support::{Bench, Run, sample};
use crate::tables::{Copied, labels, of_file, of_table, tables};
use crate::town;

/// A scan of a database.
fn scan(bench: &Bench, url: &str) -> Run {
    bench.run(["scan", url, "--format", "ndjson"])
}

#[test]
fn tables_give_the_same_findings_as_the_files_they_were_loaded_from() {
    let bench = Bench::new();
    let town = town::build(&bench);
    hold_equal(&town, &tables(&town), 8);
    let company = ["crm/customers.csv", "catalog/products.csv"].map(str::to_owned);
    hold_equal(&sample().join("company"), &company, 8);
}

/// Scans tables as files and as tables of a database, and holds that both say the same.
fn hold_equal(folder: &Path, tables: &[String], at_least: usize) {
    let database = Mssql::new();
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

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    if text.is_empty() {
        "NULL".to_owned()
    } else {
        format!("N'{}'", text.replace('\'', "''"))
    }
}

/// Loads a copied table into a table of text columns.
fn load(database: &Mssql, copied: &Copied) {
    let columns = copied.header.iter();
    let columns: Vec<String> = columns
        .map(|column| format!("{} nvarchar(max)", quoted(column)))
        .collect();
    let name = quoted(&copied.name);
    let mut sql = format!("CREATE TABLE dbo.{name} ({})", columns.join(", "));
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(&copied.path)
        .expect("it was just written");
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.expect("it was just written");
        let cells = (0..copied.header.len()).map(|at| literal(record.get(at).unwrap_or_default()));
        format!("({})", cells.collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<String> = reader.records().map(row).collect();
    for rows in rows.chunks(1_000) {
        sql += &format!("\nGO\nINSERT INTO dbo.{name} VALUES {}", rows.join(", "));
    }
    database.run(&sql);
}

/// Five hundred people, and letters to some of them.
fn people(database: &Mssql) {
    let person = |n: u32| {
        format!(
            "({n}, N'Anna Person{n}', 'p{n}@example.org', '+49 30 5{}', '1950-01-01')",
            100_000 + n
        )
    };
    let people: Vec<String> = (1..=500).map(person).collect();
    let letter = |n: u32| format!("({n}, N'Dear Sir, write to P{n}@Example.org again')");
    let letters: Vec<String> = (1..=500).filter(|n| n % 7 == 0).map(letter).collect();
    database.run(&format!(
        "CREATE TABLE dbo.people (id int NOT NULL PRIMARY KEY, name nvarchar(80), mail varchar(80), phone varchar(40), born date)
GO
INSERT INTO dbo.people VALUES {}
GO
CREATE TABLE dbo.letters (id int NOT NULL PRIMARY KEY, note nvarchar(max))
GO
INSERT INTO dbo.letters VALUES {}
GO
CREATE VIEW dbo.addresses AS SELECT mail FROM dbo.people",
        people.join(", "),
        letters.join(", ")
    ));
}

#[test]
fn a_look_up_in_a_table_answers_with_its_key() {
    let database = Mssql::new();
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
    assert_eq!(found.status, 0, "{found:?}");
    let hits = found.ndjson();
    let mut hits: Vec<String> = hits
        .iter()
        .filter(|hit| hit["verified"] == true)
        .map(|hit| format!("{} {}", hit["resource"], hit["key"]["id"]))
        .collect();
    hits.sort();
    let expected = [
        "\"dbo.addresses\" null",
        "\"dbo.letters\" \"77\"",
        "\"dbo.people\" \"77\"",
    ];
    assert_eq!(hits, expected, "{found:?}");
}

#[test]
fn a_table_that_may_not_be_read_is_told_and_the_rest_is_scanned() {
    let database = Mssql::new();
    people(&database);
    if database.own().is_none() {
        return;
    }
    let login = format!("{}_r", database.name());
    database.run(&format!(
        "CREATE LOGIN {login} WITH PASSWORD = 'Reader-41c-pass'\nGO\nCREATE USER {login} FOR LOGIN {login}\nGO\n\
         GRANT SELECT ON dbo.people TO {login}"
    ));
    let bench = Bench::new();
    let run = scan(&bench, &database.url_as(&login, "Reader-41c-pass"));
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        run.stderr.contains("GRANT SELECT ON [dbo].[letters]"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("Reader-41c-pass"));
    assert!(
        run.ndjson()
            .iter()
            .any(|line| line["resource"] == "dbo.people")
    );
}
