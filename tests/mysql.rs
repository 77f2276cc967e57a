//! MariaDB end to end: the same findings as from files, people found in its tables, and what a server does to a scan in bad
//! moments.
//!
//! `LOCARD_TEST_MYSQL_URL` names a server whose account may do everything; its own client loads it.

use std::path::Path;
use std::process::Stdio;

use locard_testkit::servers::Mysql;
use serde_json::Value;

use crate::proxy::Proxy;
use crate::support::{Bench, Run, corpus, essence, sample};
use crate::tables::{Copied, labels, of_file, of_table, tables};
use crate::town;

/// A scan of a database.
fn scan(bench: &Bench, url: &str) -> Run {
    bench.run(["scan", url, "--format", "ndjson"])
}

#[test]
fn tables_give_the_same_findings_as_the_corpus_they_were_loaded_from() {
    let Some(corpus) = corpus() else { return };
    let tables = tables(&corpus);
    hold_equal("the corpus in MariaDB", &corpus, &tables, 300);
}

#[test]
fn tables_give_the_same_findings_as_the_files_they_were_loaded_from() {
    let bench = Bench::new();
    let town = town::build(&bench);
    hold_equal("the town in MariaDB", &town, &tables(&town), 8);
    let company = ["crm/customers.csv", "catalog/products.csv"].map(str::to_owned);
    let sample = sample().join("company");
    hold_equal("the company in MariaDB", &sample, &company, 8);
}

/// Scans tables as files and as tables of a database, and holds that both say the same.
fn hold_equal(test: &str, folder: &Path, tables: &[String], at_least: usize) {
    let Some(database) = Mysql::new(test) else {
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
fn load(database: &Mysql, copied: &Copied) {
    let columns: Vec<String> = copied
        .header
        .iter()
        .map(|column| format!("{} longtext", quoted(column)))
        .collect();
    let name = quoted(&copied.name);
    let mut sql = format!(
        "SET innodb_strict_mode = OFF; CREATE TABLE {name} ({});\n",
        columns.join(", ")
    );
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
        sql += &format!("INSERT INTO {name} VALUES {};\n", rows.join(", "));
    }
    database.run(&sql);
}

/// Five hundred people, in tables of several character sets and with keys of several types.
const PEOPLE: &str = "
    CREATE TABLE person (id int PRIMARY KEY, name varchar(80), mail varchar(80), phone varchar(30), born date);
    INSERT INTO person SELECT seq, CONCAT('Person ', seq), CONCAT('p', seq, '@example.org'), CONCAT('+49 30 5', 100000 + seq), '1950-01-01' + INTERVAL seq DAY FROM seq_1_to_500;
    CREATE TABLE letter (code varchar(9) PRIMARY KEY, note text) CHARACTER SET latin1;
    INSERT INTO letter SELECT CONCAT('L', id), CONCAT('Dear Sir, write to ', UPPER(mail), ' again') FROM person WHERE id % 7 = 0;
    CREATE TABLE visit (person int, at datetime, FOREIGN KEY (person) REFERENCES person (id));
    INSERT INTO visit SELECT id, '2024-01-01' + INTERVAL id HOUR FROM person;
    CREATE VIEW addresses AS SELECT id, mail FROM person WHERE id < 100";

#[test]
fn a_look_up_in_a_table_answers_with_the_key() {
    let Some(database) = Mysql::new("a look-up") else {
        return;
    };
    database.run(PEOPLE);
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
    let mut hits: Vec<(String, String)> = found
        .ndjson()
        .iter()
        .map(|hit| {
            (
                of_table(hit["resource"].as_str().unwrap_or_default()),
                hit["key"].to_string(),
            )
        })
        .collect();
    hits.sort();
    let expected = [
        ("addresses", "{}"),
        ("letter", r#"{"code":"L77"}"#),
        ("person", r#"{"id":"77"}"#),
        // Reached over its key to the person.
        ("visit", "null"),
    ];
    let told: Vec<_> = hits.iter().map(|(table, _)| table.as_str()).collect();
    assert_eq!(told, expected.map(|(table, _)| table), "{found:?}");
    for (hit, (_, key)) in hits
        .iter()
        .zip(expected)
        .filter(|(_, (table, _))| *table != "addresses")
    {
        assert_eq!(hit.1, key, "{found:?}");
    }
}

#[test]
fn whatever_the_spelling_every_other_is_found_in_a_table() {
    let Some(database) = Mysql::new("spellings") else {
        return;
    };
    for (identifier, spellings) in crate::lookup::SPELLINGS {
        let rows: Vec<String> = spellings
            .iter()
            .map(|text| format!("({})", literal(text)))
            .collect();
        database.run(&format!(
            "CREATE TABLE {identifier} (id serial PRIMARY KEY, value text); INSERT INTO {identifier} (value) VALUES {}",
            rows.join(", ")
        ));
    }
    let bench = Bench::new();
    let scanned = scan(&bench, &database.url());
    assert_eq!(scanned.status, 0, "{scanned:?}");
    crate::lookup::assert_spellings_are_found(&bench, 1);
}

#[test]
fn a_table_of_every_type_is_scanned_and_zero_dates_are_warned_of() {
    let Some(database) = Mysql::new("every type") else {
        return;
    };
    database.run(
        "CREATE TABLE t (id bigint unsigned PRIMARY KEY, a tinyint, b bit(9), c year, d decimal(30,10), e float, f double, g date, h datetime(6),
            i timestamp, j time(3), k enum('x', 'y'), l set('x', 'y'), m json, n blob, o geometry, p uuid, q inet6, r varchar(80) CHARACTER SET latin1, s date);
         INSERT INTO t SELECT seq, 1, 1, 2000, 1.5, 1.5, 1.5, '0000-00-00', NOW(6), NOW(), '-100:00:00', 'x', 'x,y', CONCAT('{\"mail\": \"p', seq, '@example.org\"}'),
            'x', POINT(1, 2), UUID(), '::1', CONCAT('p', seq, '@example.org'), '1980-00-00' FROM seq_1_to_300",
    );
    let bench = Bench::new();
    let run = scan(&bench, &database.url());
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stderr.contains("dates of zeros"), "{run:?}");
    let findings = run.ndjson();
    let found = |column: &str| {
        findings
            .iter()
            .any(|finding| finding["column"] == column && finding["identifier"] == "EMAIL_ADDRESS")
    };
    assert!(found("r") && found("m.mail"), "{run:?}");
}

#[test]
fn hostile_names_are_scanned_and_shown() {
    let Some(database) = Mysql::new("hostile names") else {
        return;
    };
    let names = [
        "or\"der",
        "it's; DROP TABLE x --",
        "sel`ect",
        "back\\slash",
        "dot.ted",
        "Müller 名前",
        "%s {0}",
    ];
    for name in names {
        database.run(&format!(
            "CREATE TABLE {0} ({0} varchar(80)); INSERT INTO {0} SELECT CONCAT('p', seq, '@example.org') FROM seq_1_to_50",
            quoted(name)
        ));
    }
    let bench = Bench::new();
    let run = scan(&bench, &database.url());
    assert_eq!(run.status, 0, "{run:?}");
    let mails = run.ndjson();
    let mails = mails
        .iter()
        .filter(|finding| finding["identifier"] == "EMAIL_ADDRESS");
    assert_eq!(mails.count(), names.len(), "{run:?}");
    let found = bench.run([
        "find",
        "--email",
        "p7@example.org",
        "--verify",
        "--format",
        "ndjson",
    ]);
    let hits = found.ndjson();
    assert_eq!(
        hits.iter().filter(|hit| hit["verified"] == true).count(),
        names.len(),
        "{found:?}"
    );
}

#[test]
fn a_table_that_may_not_be_read_is_named_and_the_rest_is_found() {
    let Some(database) = Mysql::new("a denied table") else {
        return;
    };
    let reader = format!("{}_r", database.name());
    database.run(&format!(
        "CREATE TABLE open_one (mail varchar(80)); INSERT INTO open_one SELECT CONCAT('p', seq, '@example.org') FROM seq_1_to_50;
         CREATE TABLE closed_one (mail varchar(80)); INSERT INTO closed_one VALUES ('x@example.org');
         CREATE USER {reader}@'%' IDENTIFIED BY 'reader-pw'; GRANT SELECT ON open_one TO {reader}@'%'; GRANT INSERT ON closed_one TO {reader}@'%'"
    ));
    let bench = Bench::new();
    let run = scan(&bench, &database.url_as(&reader, "reader-pw"));
    let wrong = scan(&bench, &database.url_as(&reader, "not-the-password"));
    database.run(&format!("DROP USER {reader}@'%'"));
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        run.stdout.contains("open_one")
            && run.stderr.contains("closed_one")
            && run.stderr.contains("GRANT SELECT"),
        "{run:?}"
    );
    let said = format!("{}{}", wrong.stdout, wrong.stderr);
    assert!(
        wrong.status == 2
            && said.contains("refused the password")
            && said.contains("hint:")
            && !said.contains("not-the-password"),
        "{wrong:?}"
    );
}

fn big(database: &Mysql, rows: u32) {
    database.run(&format!(
        "CREATE TABLE big (id int PRIMARY KEY, mail varchar(80), pad varchar(400));
         INSERT INTO big SELECT seq, CONCAT('p', seq, '@example.org'), REPEAT('x', 300) FROM seq_1_to_{rows}; ANALYZE TABLE big"
    ));
}

fn assert_no_spill(run: &Run) {
    for word in ["panicked", "@example.org", "test-only"] {
        assert!(!run.stderr.contains(word), "{word} in {run:?}");
    }
}

#[test]
fn a_session_that_the_server_ends_is_taken_up_again_or_named() {
    let Some(database) = Mysql::new("an ended session") else {
        return;
    };
    big(&database, 300_000);
    let undisturbed = scan(&Bench::new(), &database.url());
    assert_eq!(undisturbed.status, 0, "{undisturbed:?}");
    let bench = Bench::new();
    let url = database.url();
    let child = bench
        .command(["scan", &url, "--format", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ours = format!(
        "FROM information_schema.processlist WHERE db = '{}' AND info LIKE '/* locard */%'",
        database.name()
    );
    database.wait_for(&format!("SELECT COUNT(*) {ours}"));
    for id in database.value(&format!("SELECT id {ours}")).lines() {
        // It may have ended by itself.
        database.run(&format!("DELIMITER $$\nBEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; KILL {id}; END$$\nDELIMITER ;\n"));
    }
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_no_spill(&run);
    match run.status {
        0 => assert_eq!(essence(&run.ndjson()), essence(&undisturbed.ndjson())),
        2 => assert!(run.stderr.contains("big"), "{run:?}"),
        _ => panic!("{run:?}"),
    }
}

#[test]
fn a_server_that_goes_away_leaves_a_sentence_and_what_was_found() {
    let Some(database) = Mysql::new("a server that goes away") else {
        return;
    };
    database.run("CREATE TABLE a_little (mail varchar(80)); INSERT INTO a_little SELECT CONCAT('p', seq, '@example.org') FROM seq_1_to_200");
    big(&database, 300_000);
    let proxy = Proxy::start(&database.url(), 30_000_000);
    let bench = Bench::new();
    let run = scan(&bench, proxy.url());
    assert!(
        proxy.was_cut(),
        "the scan read too little to be cut: {run:?}"
    );
    assert_eq!(run.status, 2, "{run:?}");
    assert_no_spill(&run);
    let address = proxy.address();
    assert!(
        run.stderr.contains(&address),
        "{address} is not named: {run:?}"
    );
    let little = format!("{}.a_little", database.name());
    let found = crate::support::identifiers(&run.ndjson(), &little, "mail");
    assert_eq!(found, ["EMAIL_ADDRESS"], "{run:?}");
}

#[test]
fn who_cannot_connect_is_told_why() {
    for (target, wanted) in [
        (
            "mysql://reader:hunter2secret@127.0.0.1:1/db",
            "connecting to 127.0.0.1:1",
        ),
        (
            "mariadb://reader:hunter2secret@no-such-host.invalid/db",
            "no-such-host.invalid",
        ),
        ("mysql://reader:hunter2secret@h/x?sslmode=none", "sslmode"),
        ("mysql://u:hunter2secret@x/y@host", "told apart"),
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

#[test]
fn what_was_pushed_down_and_what_was_read_whole_find_the_same() {
    let Some(database) = Mysql::new("push-down") else {
        return;
    };
    // The same people in columns that the server can be asked about and in some that it cannot.
    database.run(
        "CREATE TABLE asked (id int PRIMARY KEY, mail varchar(80), phone varchar(40) CHARACTER SET latin1);
         INSERT INTO asked SELECT seq, CONCAT(' P', seq, '@Example.org'), CONCAT('+49 (0)30 / 5', 100000 + seq) FROM seq_1_to_400;
         CREATE TABLE whole (id int PRIMARY KEY, mail blob, doc json);
         INSERT INTO whole SELECT id, mail, JSON_OBJECT('phone', phone) FROM asked",
    );
    let bench = Bench::new();
    let scanned = scan(&bench, &database.url());
    assert_eq!(scanned.status, 0, "{scanned:?}");
    for question in [
        ["--email", "p123@example.org"],
        ["--phone", "004930 5100123"],
    ] {
        let mut find = vec!["find", "--verify", "--format", "ndjson"];
        find.extend(question);
        let run = bench.run(find);
        let mut hits: Vec<(String, Value)> = run
            .ndjson()
            .iter()
            .filter(|hit| hit["verified"] == true)
            .map(|hit| {
                (
                    of_table(hit["resource"].as_str().unwrap_or_default()),
                    hit["key"]["id"].clone(),
                )
            })
            .collect();
        hits.sort_by(|a, b| a.0.cmp(&b.0));
        hits.dedup();
        let expected = ["asked", "whole"].map(|table| (table.to_owned(), Value::from("123")));
        assert_eq!(hits, expected, "{question:?}: {run:?}");
    }
}
