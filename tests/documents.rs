//! Documents and containers from end to end: a person in a document in an archive in an archive is found like any other.

use locard_containers::testing::{gzip, tar, zip};
use locard_documents::testing::pdf;
use locard_office::testing::{docx, pptx, xlsx};

use crate::support::{Bench, identifiers};

/// A folder with one of each.
fn bench() -> Bench {
    let bench = Bench::new();
    let letter = docx(
        &[
            "Dear Ms Lovelace,",
            "your address anna.lovelace@example.org was changed.",
            "Write to bert.babbage@example.org with questions.",
        ],
        "Cleo Keeper",
        "Dora Keeper",
    );
    let inner = zip(&[
        ("letters/letter.docx", &letter),
        ("note.txt", b"nothing here\n"),
    ]);
    bench.write("backup.tar.gz", gzip(&tar(&[("2024/crm.zip", &inner)])));
    let people: &[&[&str]] = &[
        &["id", "email"],
        &["1", "anna.lovelace@example.org"],
        &["2", "bert.babbage@example.org"],
        &["3", "cleo.keeper@example.org"],
        &["4", "dora.keeper@example.org"],
    ];
    bench.write("book.xlsx", xlsx(&[("People", people)], "Cleo Keeper"));
    bench.write(
        "mail.eml",
        "From: Anna Lovelace <anna.lovelace@example.org>\r\nTo: bert.babbage@example.org\r\nSubject: hello\r\nMIME-Version: 1.0\r\n\r\nbest\r\n",
    );
    bench.write(
        "page.html",
        "<!doctype html><p>Ask <a href='mailto:anna.lovelace@example.org'>Anna</a></p>",
    );
    bench
}

const LETTER: &str = "backup.tar.gz!/2024/crm.zip!/letters/letter.docx";

#[test]
fn a_person_is_found_in_a_document_in_archives() {
    let bench = bench();
    let findings = bench.scan();
    assert!(
        identifiers(&findings, LETTER, "text").contains(&"EMAIL_ADDRESS".to_owned()),
        "{findings:?}"
    );
    assert_eq!(
        identifiers(&findings, "book.xlsx!/People", "email"),
        ["EMAIL_ADDRESS"]
    );
    let found = bench.run([
        "find",
        "--verify",
        "--email",
        "anna.lovelace@example.org",
        "--format",
        "ndjson",
    ]);
    assert_eq!(found.status, 0, "{found:?}");
    let places: Vec<String> = found
        .ndjson()
        .iter()
        .map(|hit| {
            format!("{} {} {}", hit["resource"], hit["column"], hit["verified"]).replace('"', "")
        })
        .collect();
    for wanted in [
        format!("{LETTER} text true"),
        "book.xlsx!/People email true".to_owned(),
        "mail.eml from true".to_owned(),
        "page.html link true".to_owned(),
    ] {
        assert!(places.contains(&wanted), "{wanted}: {places:?}");
    }
    let explained = bench.run(["explain", LETTER, "--samples", "2"]);
    assert_eq!(explained.status, 0, "{explained:?}");
}

/// What `rows` and `find` say of where a value is.
#[test]
fn places_are_named_as_people_name_them() {
    let bench = bench();
    bench.write(
        "report.pdf",
        pdf(
            &[&["nothing here"], &["Ask anna.lovelace@example.org"]],
            "Cleo Keeper",
            false,
        ),
    );
    bench.write(
        "talk.pptx",
        pptx(
            &["one", "write to anna.lovelace@example.org"],
            "Cleo Keeper",
        ),
    );
    bench.scan();
    let found = bench.run(["find", "--verify", "--email", "anna.lovelace@example.org"]);
    for (resource, place) in [
        (LETTER, "paragraph=2"),
        ("book.xlsx!/People", "line 2"),
        ("report.pdf", "page=2"),
        ("talk.pptx", "slide=2"),
    ] {
        assert!(found.stdout.contains(place), "{place}: {}", found.stdout);
        let rows = ["rows", resource, "--identifier", "EMAIL_ADDRESS"];
        let rows = bench.run([&rows[..], &["--format", "ndjson"]].concat());
        assert_eq!(rows.status, 0, "{rows:?}");
        let place = place.strip_prefix("line ").unwrap_or(place);
        let is_named = |row: &serde_json::Value| {
            row["key"] == place
                || row["line"].as_u64().map(|line| line.to_string()).as_deref() == Some(place)
        };
        assert!(rows.ndjson().iter().any(is_named), "{resource}: {rows:?}");
    }
}

/// Who wrote and who saved a document are persons, named nowhere else in it.
#[test]
fn authors_and_last_editors_are_personal_data() {
    let bench = Bench::new();
    bench.write(
        "letter.docx",
        docx(&["nothing here"], "Anna Lovelace", "Bert Babbage"),
    );
    bench.write(
        "book.xlsx",
        xlsx(&[("Sums", &[&["a", "b"], &["1", "2"]])], "Anna Lovelace"),
    );
    let findings = bench.scan();
    for (resource, column) in [
        ("letter.docx", "author"),
        ("letter.docx", "last_editor"),
        ("book.xlsx", "author"),
    ] {
        assert_eq!(
            identifiers(&findings, resource, column),
            ["PERSON"],
            "{findings:?}"
        );
    }
    let found = bench.run([
        "find",
        "--verify",
        "--name",
        "Bert Babbage",
        "--format",
        "ndjson",
    ]);
    let hits = found.hits();
    assert_eq!(hits.len(), 1, "{found:?}");
    assert_eq!(
        (
            &hits[0]["resource"],
            &hits[0]["column"],
            &hits[0]["key"]["part"]
        ),
        (
            &"letter.docx".into(),
            &"last_editor".into(),
            &"properties".into()
        )
    );
}

#[test]
fn a_bomb_costs_only_itself() {
    let bench = Bench::new();
    bench.write(
        "good.csv",
        "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n",
    );
    bench.write("bomb.zip", zip(&[("a.txt", &vec![b' '; 70 << 20])]));
    bench.write("torn.docx", &docx(&["Dear Anna"], "Cleo", "Dora")[..200]);
    let run = bench.run(["scan", &bench.data(), "--format", "ndjson"]);
    assert_eq!(run.status, 2, "{run:?}");
    assert_eq!(
        identifiers(&run.ndjson(), "good.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
    for words in [["bomb.zip!/a.txt", "as bombs do"], ["torn.docx", "damaged"]] {
        let is_told = run
            .stderr
            .lines()
            .any(|line| words.iter().all(|word| line.contains(word)));
        assert!(is_told, "{words:?}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

/// Documents in the cells of a database, and a person in them: who wrote row 1, and who is named in an archive in row 2.
fn attachments() -> Vec<Vec<u8>> {
    let letter = docx(
        &["Dear Ms Lovelace,", "write to anna.lovelace@example.org"],
        "Cleo Keeper",
        "Cleo Keeper",
    );
    let report = pdf(
        &[&["nothing here"], &["Ask anna.lovelace@example.org"]],
        "Bert Babbage",
        false,
    );
    let damaged = letter[..letter.len() / 2].to_vec();
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe".to_vec();
    vec![
        report,
        zip(&[("2024/letter.docx", &letter)]),
        picture,
        damaged,
    ]
}

/// Scans a table of them, and holds that the person is found in its rows.
fn hold_attachments(bench: &Bench, target: &str, resource: &str) {
    let scan = bench.run(["scan", target, "--format", "ndjson"]);
    // The damaged one is told, and costs nothing else.
    assert_eq!(scan.status, 2, "{scan:?}");
    assert!(
        scan.stderr.contains("a document in a cell"),
        "{}",
        scan.stderr
    );
    let found = identifiers(&scan.ndjson(), resource, "file.value[].text");
    assert!(found.contains(&"EMAIL_ADDRESS".to_owned()), "{scan:?}");
    let asked = ["find", "--verify", "--email", "anna.lovelace@example.org"];
    let answer = bench.run([&asked[..], &["--format", "ndjson"]].concat());
    let hits = answer.hits();
    // As of every document in a cell, the cell is told, and the place in it.
    let mut places: Vec<String> = hits
        .iter()
        .filter(|hit| hit["column"] != "file")
        .map(|hit| {
            format!("{} {} {}", hit["key"]["id"], hit["column"], hit["path"]).replace('"', "")
        })
        .collect();
    places.sort();
    let wanted = ["1 file.value[].text file[", "2 file.value[].text file["];
    assert_eq!(places.len(), 2, "{answer:?}");
    for (place, wanted) in places.iter().zip(wanted) {
        assert!(
            place.starts_with(wanted) && place.ends_with("].text"),
            "{places:?}"
        );
    }
    let author = [
        "find",
        "--verify",
        "--name",
        "Bert Babbage",
        "--format",
        "ndjson",
    ];
    let author = bench.run(author);
    let mut written = author.hits();
    written.retain(|hit| hit["column"] != "file");
    assert_eq!(written.len(), 1, "{author:?}");
    let nobody = [
        "find",
        "--email",
        "nobody@example.org",
        "--format",
        "ndjson",
    ];
    assert_eq!(bench.run(nobody).hits().len(), 0);
}

/// One statement that makes the table, and one for each row, with bytes as the database writes them.
fn attachment_sql(kind: &str, literal: impl Fn(&str) -> String) -> String {
    let mut sql =
        format!("create table tickets (id integer primary key, note varchar(50), file {kind});");
    for (row, bytes) in attachments().iter().enumerate() {
        let mut digits = String::new();
        for byte in bytes {
            digits.push_str(&format!("{byte:02x}"));
        }
        let file = literal(&digits);
        sql.push_str(&format!(
            "insert into tickets values ({}, 'see file', {file});",
            row + 1
        ));
    }
    sql
}

#[test]
fn a_person_is_found_in_documents_in_cells_of_sqlite() {
    let bench = Bench::new();
    let file = bench.write("help.db", "");
    assert!(crate::live::run(
        &file,
        &attachment_sql("blob", |digits| format!("x'{digits}'"))
    ));
    hold_attachments(&bench, &format!("sqlite:{}", file.display()), "tickets");
}

/// A column without a type holds anything.
#[test]
fn a_person_is_found_in_documents_in_cells_that_have_no_type() {
    let bench = Bench::new();
    let file = bench.write("help.db", "");
    let sql = attachment_sql("", |digits| format!("x'{digits}'"));
    let more = "insert into tickets values (9, 'see file', 'just text'), (10, 'see file', 17);";
    assert!(crate::live::run(&file, &format!("{sql}{more}")));
    hold_attachments(&bench, &format!("sqlite:{}", file.display()), "tickets");
}

/// Letters between zeros are a machine's; zeros behind text fill its column up.
#[test]
fn bytes_that_are_no_text_hold_no_names_and_padded_text_is_read() {
    let bench = Bench::new();
    let file = bench.write("parts.db", "");
    let sql = "create table parts (id integer primary key, name blob, mail blob);
        with recursive n(n) as (select 1 union all select n + 1 from n where n < 40)
        insert into parts select n, cast(char(0) || case n % 4 when 0 then 'Anna' when 1 then 'Bert' when 2 then 'Cleo' else 'Dora' end as blob),
            cast('person' || n || '@example.org' || char(0, 0, 0) as blob) from n;";
    assert!(crate::live::run(&file, sql));
    let target = format!("sqlite:{}", file.display());
    let run = bench.run(["scan", &target, "--format", "ndjson"]);
    assert_eq!(run.status, 0, "{run:?}");
    let findings = run.ndjson();
    let of = |column| identifiers(&findings, "parts", column);
    assert_eq!(of("mail"), ["EMAIL_ADDRESS"], "{run:?}");
    assert!(of("name").is_empty(), "{run:?}");
    let find = bench.run(["find", "--verify", "--email", "person7@example.org"]);
    assert!(find.stdout.contains("mail"), "{find:?}");
}

#[test]
fn a_person_is_found_in_documents_in_cells_of_postgresql() {
    let Some(url) = crate::support::postgres() else {
        return;
    };
    let schema = crate::postgres::Schema::new(&url, "attached");
    schema.run(&attachment_sql("bytea", |digits| format!("'\\x{digits}'")));
    let bench = Bench::new();
    let include = format!("{}.*", schema.name);
    let scan = bench.run(["scan", &url, "--include", &include, "--quiet"]);
    assert_eq!(scan.status, 2, "{scan:?}");
    let resource = format!("{}.tickets", schema.name);
    let asked = [
        "find",
        "--verify",
        "--email",
        "anna.lovelace@example.org",
        "--format",
        "ndjson",
    ];
    let answer = bench.run(asked);
    let mut hits = answer.hits();
    hits.retain(|hit| hit["column"] != "file");
    assert_eq!(hits.len(), 2, "{answer:?}");
    for hit in &hits {
        assert_eq!(
            (&hit["resource"], &hit["column"]),
            (&resource.as_str().into(), &"file.value[].text".into())
        );
        assert!(
            hit["verified"] == true && hit["path"].as_str().unwrap().starts_with("file["),
            "{hit}"
        );
    }
}

#[test]
fn a_person_is_found_in_documents_in_cells_of_mariadb() {
    let Some(database) = locard_testkit::servers::Mysql::new("documents in cells") else {
        return;
    };
    database.run(&attachment_sql("longblob", |digits| format!("x'{digits}'")));
    let bench = Bench::new();
    let resource = format!("{}.tickets", database.name());
    hold_attachments(&bench, &database.url(), &resource);
}
