//! Finding people: the sample company, and the promised figures over the made-up town and, where one is at hand, a
//! labelled corpus.
//!
//! `LOCARD_TEST_CORPUS` names a folder with tables, `truth.jsonl` and `subjects.jsonl`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::client::Server;
use crate::collect::{SHOP, scanned};
use crate::support::{Bench, corpus, sample};
use crate::town;

#[test]
fn a_person_of_the_sample_is_found_in_files_and_database() {
    let bench = Bench::new();
    let scan = bench.run([
        "scan",
        &sample().join("company").display().to_string(),
        "--format",
        "ndjson",
    ]);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    let subject = sample().join("person.json").display().to_string();
    let found = bench.run([
        "find",
        "--subject",
        &subject,
        "--verify",
        "--format",
        "ndjson",
    ]);
    assert_eq!(found.status, 0, "{}", found.stderr);
    let places: BTreeSet<String> = found
        .hits()
        .iter()
        .map(|hit| format!("{} {}", text(&hit["resource"]), text(&hit["column"])))
        .collect();
    for place in ["crm/customers.csv email", "hr/employees.parquet full_name"] {
        assert!(places.contains(place), "{place} is missing from {places:?}");
    }
    assert!(
        places
            .iter()
            .any(|place| place.contains("shop.sqlite") && place.ends_with("mail")),
        "{places:?}"
    );
}

/// A scan sees the documents of all rows together, a look-up each by itself: a map of many keys is none in one of them.
#[test]
fn a_person_in_a_map_that_is_spread_over_rows_is_verified_as_value_and_as_key() {
    let bench = Bench::new();
    let people = (0..1_500).map(|n| {
        let name = format!("{}{}", (b'a' + n as u8 % 26) as char, to_letters(n));
        (format!("user_{name}"), format!("{name}@mail.example.org"))
    });
    let people: Vec<_> = people.collect();
    let document = |(key, mail): &(String, String)| format!(r#"{{"prefs":{{"{key}":"{mail}"}}}}"#);
    let lines: Vec<String> = people.iter().map(document).collect();
    bench.write("maps.ndjson", lines.join("\n"));
    let cells = lines.iter().enumerate();
    let cells = cells.map(|(id, line)| format!("{id},\"{}\"", line.replace('"', "\"\"")));
    let cells = cells.collect::<Vec<_>>().join("\n");
    bench.write("cells.csv", format!("id,payload\n{cells}\n"));
    bench.scan();
    for (key, mail) in [&people[3], &people[1_400]] {
        let found = bench.run(["find", "--email", mail, "--verify", "--format", "ndjson"]);
        assert_eq!(found.status, 0, "{}", found.stderr);
        let places: BTreeSet<String> = found
            .hits()
            .iter()
            .filter(|hit| hit["verified"] == true)
            .map(|hit| text(&hit["resource"]))
            .collect();
        assert_eq!(places.len(), 2, "{mail}: {}", found.stdout);
        let found = bench.run([
            "find",
            "--id",
            &format!("USERNAME={key}"),
            "--verify",
            "--format",
            "ndjson",
        ]);
        let places: BTreeSet<String> = found
            .hits()
            .iter()
            .filter(|hit| hit["verified"] == true)
            .map(|hit| text(&hit["resource"]))
            .collect();
        assert_eq!(places.len(), 2, "{key}: {}", found.stdout);
    }
}

/// A number in letters, so that nothing takes it for one.
fn to_letters(mut number: usize) -> String {
    let mut letters = String::new();
    loop {
        letters.push((b'a' + (number % 26) as u8) as char);
        number /= 26;
        if number == 0 {
            return letters;
        }
    }
}

#[test]
fn nobody_is_found_where_nobody_is() {
    let bench = Bench::new();
    bench.write("a.csv", "name,email\nAnna Muster,anna@example.org\n");
    bench.scan();
    let found = bench.run([
        "find",
        "--email",
        "nobody@example.net",
        "--verify",
        "--format",
        "ndjson",
    ]);
    let told = found.ndjson();
    assert_eq!((found.status, told.len()), (0, 1), "{}", found.stderr);
    let summary = &told[0]["summary"];
    assert_eq!(summary["answer"], "nowhere", "{summary}");
    assert_eq!(summary["places"], 0, "{summary}");
}

#[test]
fn a_name_alone_is_weak_and_an_address_is_strong() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "name,email\nAnna Muster,anna@example.org\nBert Beispiel,bert@example.org\n",
    );
    bench.scan();
    let strengths = |args: &[&str]| -> BTreeSet<String> {
        let args = ["find", "--verify", "--format", "ndjson"]
            .iter()
            .chain(args);
        bench
            .run(args)
            .hits()
            .iter()
            .map(|hit| text(&hit["strength"]))
            .collect()
    };
    assert_eq!(
        strengths(&["--name", "Muster, Anna"]),
        BTreeSet::from(["weak".to_owned()])
    );
    assert_eq!(
        strengths(&["--email", "ANNA@example.org"]),
        BTreeSet::from(["strong".to_owned()])
    );
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// One subject of the corpus, in the form that `locard find` reads.
fn subjects(corpus: &Path) -> Vec<Value> {
    let lines =
        std::fs::read_to_string(corpus.join("subjects.jsonl")).expect("the corpus has subjects");
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("subjects are JSON"))
        .collect()
}

fn question(subject: &Value) -> Value {
    let keys = &subject["keys"];
    serde_json::json!({
        "subject": subject["subject"],
        "PERSON": keys["name"],
        "EMAIL_ADDRESS": keys["email"],
        "PHONE_NUMBER": keys["phone"],
        "national_id": keys["national_id"],
    })
}

#[test]
fn every_place_of_the_corpus_subjects_is_found() {
    if let Some(corpus) = corpus() {
        hold_recall(&corpus);
        let subjects = subjects(&corpus);
        let absent = subjects.iter().filter(|subject| is_absent(subject));
        assert!(absent.count() >= 200);
    }
}

/// Whether the person occurs nowhere.
fn is_absent(subject: &Value) -> bool {
    subject["expect"].as_array().is_none_or(Vec::is_empty)
}

#[test]
fn every_place_of_the_people_of_the_town_is_found() {
    hold_recall(&town::build(&Bench::new()));
}

/// Recall by kind of place, and what was verified of people who are nowhere.
fn hold_recall(corpus: &Path) {
    let bench = Bench::new();
    let scan = bench.run(scan_of_tables(corpus));
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    let subjects = subjects(corpus);
    let questions: Vec<String> = subjects
        .iter()
        .map(|subject| question(subject).to_string())
        .collect();
    let found = bench.run_with_stdin(
        ["find", "--subject", "-", "--verify", "--format", "ndjson"],
        &questions.join("\n"),
    );
    assert_eq!(found.status, 0, "{}", found.stderr);

    let mut places: BTreeMap<String, BTreeSet<(String, String, u64)>> = BTreeMap::new();
    for hit in found.hits().iter().filter(|hit| hit["verified"] == true) {
        for column in text(&hit["column"]).split(" + ") {
            let place = (
                text(&hit["resource"]),
                column.to_lowercase(),
                hit["row"].as_u64().unwrap_or(0),
            );
            places
                .entry(text(&hit["subject"]))
                .or_default()
                .insert(place);
        }
    }
    let mut recall: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut missed = Vec::new();
    for subject in &subjects {
        let nothing = BTreeSet::new();
        let found = places.get(&text(&subject["subject"])).unwrap_or(&nothing);
        for place in subject["expect"].as_array().into_iter().flatten() {
            let row = place["row"].as_u64().unwrap_or(0);
            let hit = text(&place["column"])
                .split(" + ")
                .all(|column| found.contains(&(text(&place["table"]), column.to_lowercase(), row)));
            let count = recall.entry(text(&place["kind"])).or_default();
            count.1 += 1;
            count.0 += u32::from(hit);
            if !hit {
                missed.push(format!(
                    "{} {} row {row} {}",
                    text(&place["table"]),
                    text(&place["column"]),
                    text(&place["kind"])
                ));
            }
        }
        if is_absent(subject) {
            assert!(
                found.is_empty(),
                "an absent person was verified in {found:?}"
            );
        }
    }
    println!("recall {recall:?}");
    let share = |kind: &str| {
        recall
            .get(kind)
            .map_or(0.0, |&(hit, all)| f64::from(hit) / f64::from(all))
    };
    assert!(
        share("exact") >= 1.0 && share("split") >= 1.0 && share("text") >= 1.0,
        "{recall:?}\n{}",
        missed.join("\n")
    );
}

/// The corpus' tables, without the files that describe them and the people in them.
fn scan_of_tables(corpus: &Path) -> Vec<String> {
    let mut args = vec!["scan".to_owned(), corpus.display().to_string()];
    for glob in ["*.py", "*.jsonl", "*.md", "*.txt"] {
        args.extend(["--exclude".to_owned(), glob.to_owned()]);
    }
    args.extend(["--quiet", "--format", "ndjson"].map(str::to_owned));
    args
}

#[test]
fn candidates_in_the_corpus_are_few() {
    if let Some(corpus) = corpus() {
        hold_candidates(&corpus);
    }
}

#[test]
fn candidates_in_the_town_are_few() {
    hold_candidates(&town::build(&Bench::new()));
}

/// Before verification, hardly any column that has nothing to do with the person is a candidate.
fn hold_candidates(corpus: &Path) {
    let bench = Bench::new();
    let scan = bench.run(scan_of_tables(corpus));
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    let truth =
        std::fs::read_to_string(corpus.join("truth.jsonl")).expect("the corpus has a truth");
    let columns = truth.lines().count() as f64;
    let absent: Vec<Value> = subjects(corpus).into_iter().filter(is_absent).collect();
    let share = |field: fn(&Value) -> Value| {
        let lines: Vec<String> = absent
            .iter()
            .map(|subject| field(subject).to_string())
            .collect();
        let found = bench.run_with_stdin(
            ["find", "--subject", "-", "--format", "ndjson"],
            &lines.join("\n"),
        );
        assert_eq!(found.status, 0, "{}", found.stderr);
        let columns_hit: usize = found
            .hits()
            .iter()
            .map(|hit| text(&hit["column"]).split(" + ").count())
            .sum();
        columns_hit as f64 / absent.len() as f64 / columns
    };
    let names = share(
        |subject| serde_json::json!({"subject": subject["subject"], "PERSON": subject["keys"]["name"]}),
    );
    let keys = share(
        |subject| serde_json::json!({"subject": subject["subject"], "EMAIL_ADDRESS": subject["keys"]["email"], "PHONE_NUMBER": subject["keys"]["phone"], "national_id": subject["keys"]["national_id"]}),
    );
    println!("unrelated columns that are candidates: by name {names:.5}, by unique key {keys:.5}");
    assert!(
        names <= 0.01 && keys <= 0.001,
        "by name {names:.5}, by key {keys:.5}"
    );
}

#[test]
fn one_value_alone_is_found_inside_text_and_as_a_cell_of_the_same_column() {
    let wanted = [
        (
            "EMAIL_ADDRESS",
            "farid.tester@example.net",
            "Farid.Tester@example.net",
        ),
        ("PHONE_NUMBER", "+44 7700 900407", "07700 900 407"),
        (
            "IBAN_CODE",
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
        ),
        ("US_SSN", "118-29-3122", "118-29-3122"),
        ("PERSON", "Farid Engström", "Farid Engstrom"),
    ];
    let bench = Bench::new();
    let mut csv = "id,message\n".to_owned();
    let mut lines = String::new();
    for (number, (_, _, written)) in wanted.iter().enumerate() {
        for text in [
            format!("please ask {written} about it"),
            (*written).to_owned(),
        ] {
            csv += &format!("{number},{text}\n");
            lines += &format!("{{\"message\":\"{text}\"}}\n");
        }
    }
    bench.write("a.csv", csv);
    bench.write("b.ndjson", lines);
    assert_eq!(bench.run(["scan", &bench.data(), "--quiet"]).status, 0);
    for (identifier, value, _) in wanted {
        let subject = format!("{{\"{identifier}\":\"{value}\"}}");
        bench.write("../subject.json", subject);
        let file = format!("{}/../subject.json", bench.data());
        let found = bench.run(["find", "--subject", &file, "--verify", "--format", "ndjson"]);
        let rows = found
            .hits()
            .iter()
            .filter(|hit| hit["verified"] == true)
            .count();
        assert_eq!(rows, 4, "{identifier}: {found:?}");
    }
}

/// Spellings of one value each; whichever is asked for, all are the person's.
pub(crate) const SPELLINGS: [(&str, &[&str]); 5] = [
    (
        "IBAN_CODE",
        &[
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "de89-3704-0044-0532-0130-00",
            "DE89\u{a0}3704\u{a0}0044\u{a0}0532\u{a0}0130\u{a0}00",
        ],
    ),
    (
        "DATE_OF_BIRTH",
        &["1980-03-27", "27.03.1980", "27/3/1980", "27 March 1980"],
    ),
    (
        "CREDIT_CARD",
        &[
            "4556737586899855",
            "4556-7375-8689-9855",
            "4556 7375 8689 9855",
        ],
    ),
    ("US_SSN", &["536228765", "536-22-8765", "536 22 8765"]),
    (
        "EMAIL_ADDRESS",
        &["Ada.Li@Example.org", "ada.li@example.org"],
    ),
];

/// Asks for each spelling of each value; every file or table has them all in one column, a row each.
pub(crate) fn assert_spellings_are_found(bench: &Bench, places: usize) {
    for (identifier, spellings) in SPELLINGS {
        for value in spellings {
            let id = format!("{identifier}={value}");
            let found = bench.run(["find", "--id", &id, "--verify", "--format", "ndjson"]);
            let hits = found.hits();
            let verified = hits.iter().filter(|hit| hit["verified"] == true).count();
            assert_eq!(verified, places * spellings.len(), "{id}: {found:?}");
        }
    }
}

#[test]
fn whatever_the_spelling_every_other_is_found() {
    let bench = Bench::new();
    for (identifier, spellings) in SPELLINGS {
        let (mut rows, mut lines) = ("id,value\n".to_owned(), String::new());
        for text in spellings {
            rows += &format!("1,\"{text}\"\n");
            lines += &format!("{{\"value\":\"{text}\"}}\n");
        }
        bench.write(&format!("{identifier}.csv"), rows);
        bench.write(&format!("{identifier}.ndjson"), lines);
    }
    assert_eq!(bench.run(["scan", &bench.data(), "--quiet"]).status, 0);
    assert_spellings_are_found(&bench, 2);
}

#[test]
fn who_came_after_the_scan_is_not_called_nowhere() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n");
    bench.write("b.csv", "id,email\n2,bert@example.org\n");
    bench.scan();
    let nobody = |options: &[&str]| {
        let find = ["find", "--email", "cleo@example.org"];
        bench.run(find.iter().chain(options))
    };
    let verified = nobody(&["--verify"]);
    assert!(
        verified.stdout.starts_with("subject: nowhere\n"),
        "{verified:?}"
    );
    assert!(!verified.stdout.contains("as of"), "{verified:?}");
    let unverified = nobody(&[]);
    assert!(unverified.stdout.contains("as of 20"), "{unverified:?}");

    bench.write(
        "a.csv",
        "id,email\n1,anna@example.org\n3,cleo@example.org\n",
    );
    bench.write("c.csv", "id,email\n3,cleo@example.org\n");
    let verified = nobody(&["--verify"]);
    assert_eq!(verified.status, 0, "{verified:?}");
    for told in [
        "not found, but not everything was searched",
        "a.csv  it changed since it was scanned",
        "c.csv  it came since its source was scanned",
    ] {
        assert!(verified.stdout.contains(told), "{told}: {verified:?}");
    }
    assert!(!verified.stdout.contains("b.csv"), "{verified:?}");
    for file in 0..9 {
        bench.write(&format!("new{file}.csv"), "id,email\n3,cleo@example.org\n");
    }
    let many = nobody(&["--verify"]);
    assert!(
        many.stdout
            .contains("10 entities of it came since it was scanned"),
        "{many:?}"
    );

    std::fs::rename(bench.path("data"), bench.path("elsewhere")).unwrap();
    let gone = nobody(&["--verify", "--format", "json"]);
    assert_eq!(gone.status, 2, "{gone:?}");
    let answer: Value = serde_json::from_str(&gone.stdout).unwrap();
    assert_eq!(
        answer["notSearched"][0]["reason"], "unreachable",
        "{answer}"
    );
    assert!(answer["lastScans"][0]["at"].is_string(), "{answer}");
}

/// Rows of a table among the lines of an answer, with how each was reached.
fn rows_of(lines: &[Value], table: &str) -> Vec<(String, String, String)> {
    let is_of = |line: &&Value| text(&line["resource"]).ends_with(table);
    let mut rows: Vec<_> = lines
        .iter()
        .filter(is_of)
        .map(|line| {
            let reached = line["reached"].as_array().map_or(0, Vec::len);
            (
                text(&line["key"]["id"]),
                text(&line["strength"]),
                reached.to_string(),
            )
        })
        .collect();
    rows.sort();
    rows.dedup();
    rows
}

#[test]
fn rows_that_only_carry_a_key_are_told_with_how_they_were_reached() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let ask = |more: &[&str]| {
        let asked = [
            "find",
            "--email",
            "anna@example.org",
            "--name",
            "Anna Muster",
        ];
        let run = bench.run([&asked[..], &["--verify", "--format", "ndjson"], more].concat());
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.ndjson()
    };
    let row = |id: &str, strength: &str, reached: &str| {
        (id.to_owned(), strength.to_owned(), reached.to_owned())
    };
    let lines = ask(&[]);
    assert_eq!(
        rows_of(&lines, "customers"),
        [row("1", "strong", "0"), row("3", "weak", "0")]
    );
    assert_eq!(
        rows_of(&lines, "orders"),
        [row("10", "strong", "1"), row("12", "strong", "1")]
    );
    // The ticket of her name is weak by itself, and hers by the number that it carries; the other names somebody else.
    assert_eq!(
        rows_of(&lines, "tickets"),
        [row("20", "strong", "1"), row("21", "weak", "1")]
    );
    let items = lines
        .iter()
        .filter(|line| text(&line["resource"]).ends_with("order_items"));
    let ways: Vec<&Value> = items.map(|line| &line["reached"][1]).collect();
    assert_eq!(ways.len(), 3, "{lines:#?}");
    assert!(text(ways[0]).contains("order_id → "), "{ways:?}");
    let direct = ask(&["--no-relations"]);
    assert!(rows_of(&direct, "orders").is_empty(), "{direct:#?}");
    assert_eq!(rows_of(&direct, "tickets"), [row("20", "weak", "0")]);

    let server = Server::start(&bench, &[]);
    let officer = json!({ "name": "privacy", "role": "privacy-officer" });
    let officer = text(&server.post("/api/v1/keys", &officer).body["token"]);
    let locate = |relations: bool| {
        let body = json!({
            "attributes": { "EMAIL_ADDRESS": "anna@example.org" }, "purpose": "test", "verify": true, "relations": relations,
        });
        let answer = server.ask_as(&officer, "POST", "/api/v1/locate", &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        let of = |list: &str| {
            let places = answer.body[list].as_array().unwrap().iter();
            let orders = places.filter(|it| text(&it["resource"]).ends_with("orders"));
            orders.cloned().collect::<Vec<Value>>()
        };
        (of("places"), of("locations"))
    };
    let (places, locations) = locate(true);
    assert_eq!(places.len(), 2);
    assert!(text(&places[0]["reached"][0]).contains("customer_id → "));
    // Both rows in one line, with how they were reached.
    let [only] = locations.as_slice() else {
        panic!("{locations:#?}")
    };
    assert_eq!(
        (&only["rows"], &only["strength"], &only["reached"]),
        (&json!(2), &json!("strong"), &places[0]["reached"])
    );
    assert_eq!(locate(false), (Vec::new(), Vec::new()));
}

/// Places of a look-up that reads: column or path, row, and how firm they are.
fn places(bench: &Bench, subject: &str) -> Vec<String> {
    let subject = bench.write("subject.json", subject).display().to_string();
    let args = [
        "find",
        "--subject",
        &subject,
        "--verify",
        "--format",
        "ndjson",
    ];
    let found = bench.run(args);
    assert_eq!(found.status, 0, "{}", found.stderr);
    let shown = |hit: &Value| {
        let at = if hit["path"].is_null() {
            &hit["column"]
        } else {
            &hit["path"]
        };
        let row = [&hit["line"], &hit["row"]];
        let row = row.into_iter().find_map(Value::as_u64).unwrap_or_default();
        format!("{} {row} {}", text(at), text(&hit["strength"]))
    };
    found.hits().iter().map(shown).collect()
}

#[test]
fn a_namesake_with_day_and_month_exchanged_stays_weak() {
    let hans = r#"{"PERSON":"Hans Müller","DATE_OF_BIRTH":"1961-04-03"}"#;
    for (written, own, other) in [
        ("{d}.{m}.{y}", "03.04.1961", "04.03.1961"),
        ("{d}/{m}/{y}", "03/04/1961", "04/03/1961"),
        ("{m}/{d}/{y}", "04/03/1961", "03/04/1961"),
    ] {
        let bench = Bench::new();
        let mut lines = vec!["name;dob".to_owned()];
        for n in 0..200 {
            let date = written
                .replace("{d}", &format!("{:02}", n % 28 + 1))
                .replace("{m}", &format!("{:02}", n % 12 + 1))
                .replace("{y}", &(1940 + n % 60).to_string());
            lines.push(format!("Person {};{date}", to_letters(n)));
        }
        lines[10] = format!("Hans Müller;{own}");
        lines[20] = format!("Hans Müller;{other}");
        bench.write("people.csv", lines.join("\n"));
        bench.scan();
        let found = places(&bench, hans);
        let expected = ["dob 11 strong", "name 11 strong", "name 21 weak"];
        assert_eq!(found, expected, "{written}");
    }
}

#[test]
fn persons_under_the_keys_of_a_map_are_told_apart_and_named_by_their_place() {
    let bench = Bench::new();
    let users = r#"{"users":{
        "u1":{"name":"Hans Müller","phone":"+4917099999999"},
        "u2":{"name":"Eva Braun","phone":"+4917012345678"},
        "u3":{"name":"Hans Müller","phone":"+4917012345678"},
        "eva@example.org":{"name":"Hans Müller","phone":"+4917055555555"}}}"#;
    bench.write("users.json", users);
    bench.scan();
    let hans = r#"{"PERSON":"Hans Müller","PHONE_NUMBER":"+4917012345678"}"#;
    let found = places(&bench, hans);
    let strong: Vec<&String> = found.iter().filter(|it| it.ends_with("strong")).collect();
    assert_eq!(
        strong,
        ["users.u3.name 1 strong", "users.u3.phone 1 strong"]
    );
    for weak in ["users.u1.name 1 weak", "users.u2.phone 1 weak"] {
        assert!(found.iter().any(|it| it == weak), "{found:?}");
    }
    // Keys are shown as values are.
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(!found.iter().any(|it| it.contains("eva@")), "{found:?}");
}

#[test]
fn an_element_of_a_printed_list_has_a_place() {
    let bench = Bench::new();
    let list = r#"[
        {"mail":"a@example.org"},
        {"mail":"b@example.org","other":["x","b@example.org"]}
    ]"#;
    bench.write("list.json", list);
    bench.scan();
    let subject = bench.write("s.json", r#"{"EMAIL_ADDRESS":"b@example.org"}"#);
    let subject = subject.display().to_string();
    let found = bench.run(["find", "--subject", &subject, "--verify"]);
    assert!(found.stdout.contains("element=[1]"), "{}", found.stdout);
    assert!(found.stdout.contains("other[1]"), "{}", found.stdout);
}
