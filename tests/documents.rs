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
