//! What the command line tells besides its results: why, where exactly, what was left out, and what a person decides.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Bench, Run, identifiers, sample};

const PEOPLE: &str =
    "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n";

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

fn names(list: &Value) -> BTreeSet<(String, String)> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            (text("identifier"), text("kind"))
        })
        .collect()
}

#[test]
fn an_explanation_reports_what_the_scan_did_and_sets_the_rest_apart() {
    let bench = Bench::new();
    let company = sample().join("company").display().to_string();
    let scan = bench.run(["scan", &company, "--format", "ndjson"]).ndjson();
    for entity in ["crm/customers.csv", "support/tickets.ndjson"] {
        let explained = json(&bench.run(["explain", entity, "--format", "json"]));
        for column in explained["columns"].as_array().unwrap() {
            let found = scan.iter().filter(|finding| {
                finding["resource"] == entity && finding["column"] == column["column"]
            });
            let found = names(&Value::Array(found.cloned().collect()));
            assert_eq!(names(&column["reported"]), found, "{column}");
            assert!(names(&column["rejected"]).is_disjoint(&found), "{column}");
            for reported in column["reported"].as_array().unwrap() {
                add_up(reported);
            }
        }
    }
}

/// The weights of a finding are its confidence, and its numbers those of the scan.
fn add_up(reported: &Value) {
    let because = &reported["because"][0];
    for number in ["tested", "matched", "validated"] {
        assert_eq!(because[number], reported[number], "{number}: {reported}");
    }
    assert!(because["version"].as_str().unwrap().len() == 16);
    let share = because["matched"].as_f64().unwrap() / because["tested"].as_f64().unwrap();
    assert!((because["similarity"].as_f64().unwrap() - share).abs() < 1e-3);
    let weights = because["weights"].as_array().unwrap();
    let sum: f64 = weights
        .iter()
        .map(|weight| weight["logOdds"].as_f64().unwrap())
        .sum();
    // That of a whole column is shared with its rivals.
    let alone = 1.0 / (1.0 + (-sum).exp());
    let told = reported["confidence"].as_f64().unwrap();
    if reported["kind"] == "column" {
        assert!(told <= alone + 1e-3, "{reported}");
    } else if reported["kind"] == "stray" || weights.iter().all(|it| it["what"] != "values") {
        assert!((told - alone).abs() < 1e-3, "{reported}");
    }
}

/// Most cells of a long column are not judged, but those that look like no other are.
#[test]
fn a_few_cells_of_something_else_are_found_far_down_a_long_column() {
    let bench = Bench::new();
    let first = ["Anna", "Peter", "Maria", "Klaus", "Ingrid"];
    let last = [
        "Schmidt", "Jones", "Rossi", "Weber", "Svensson", "Novak", "Dubois",
    ];
    let lines = (0..20_000).map(|row| match row {
        7_001 | 9_003 | 15_007 => format!("{row},anna{row}@example.org\n"),
        _ => format!("{row},{} {}\n", first[row % 5], last[row / 5 % 7]),
    });
    let text = lines.collect::<String>();
    std::fs::write(bench.path("long.csv"), format!("id,name\n{text}")).unwrap();
    let scan = bench
        .run(["scan", "long.csv", "--format", "ndjson"])
        .ndjson();
    let stray = scan.iter().find(|finding| finding["kind"] == "stray");
    let stray = stray.unwrap_or_else(|| panic!("{scan:?}"));
    assert_eq!(stray["identifier"], "EMAIL_ADDRESS");
    assert_eq!(stray["matched"], 3);
}

#[test]
fn strays_are_explained_too() {
    let bench = Bench::new();
    let notes: String = (0..200)
        .map(|row| match row % 50 {
            7 => format!("{row},DE89370400440532013000\n"),
            _ => format!("{row},word number {row} of some text\n"),
        })
        .collect();
    bench.write("a.csv", "id,remark\n".to_owned() + &notes);
    let found = bench.scan();
    let iban = found
        .iter()
        .find(|finding| finding["identifier"] == "IBAN_CODE")
        .unwrap();
    let explained = json(&bench.run(["explain", "a.csv:remark", "--format", "json"]));
    let reported = explained["columns"][0]["reported"].as_array().unwrap();
    let reported = reported
        .iter()
        .find(|reported| reported["identifier"] == "IBAN_CODE")
        .unwrap();
    assert_eq!(reported["kind"], iban["kind"]);
    add_up(reported);
}

/// Numbers that fail the check, and names that no list has, among others.
#[test]
fn a_scan_counts_the_cells_that_rows_lists() {
    let bench = Bench::new();
    let odd = [
        "4111111111111112,Zyx Qwv",
        "5500000000000005,Ben Xyzzyk",
        "6011000000000005,Plugh Frob",
    ];
    let good = [
        "4111111111111111,Anna Schmidt",
        "5500000000000004,Peter Jones",
        "340000000000009,Maria Rossi",
    ];
    let lines = (0..60).map(|row| format!("{},{}\n", row, good[row % 3]));
    let wrong = (60..72).map(|row| format!("{},{}\n", row, odd[row % 3]));
    let text = lines.chain(wrong).collect::<String>();
    std::fs::write(bench.path("cards.csv"), format!("id,card,name\n{text}")).unwrap();
    let scan = bench
        .run(["scan", "cards.csv", "--format", "ndjson"])
        .ndjson();
    for identifier in ["CREDIT_CARD", "PERSON"] {
        let of = |finding: &&Value| finding["identifier"] == identifier;
        let told = scan
            .iter()
            .find(of)
            .map(|finding| finding["matched"].as_u64());
        let place = ["rows", "cards.csv", "--identifier", identifier];
        let rows = bench.run([&place[..], &["--format", "ndjson"]].concat());
        let listed = rows.ndjson().len() as u64;
        assert_eq!(told, Some(Some(listed)), "{identifier}: {scan:?}");
    }
}

#[test]
fn a_place_tells_its_source_where_there_are_several() {
    let bench = Bench::new();
    let (a, b) = (bench.path("a"), bench.path("b"));
    for folder in [&a, &b] {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("people.csv"), PEOPLE).unwrap();
        assert_eq!(bench.run(["scan", &folder.display().to_string()]).status, 0);
    }
    let found = bench.run(["find", "--email", "anna@example.org", "--verify"]);
    assert!(found.stdout.contains("is in 2 places"), "{found:?}");
    let heading = |folder: &str| format!("  in file://{}\n", canonical(&bench, folder));
    for folder in ["a", "b"] {
        assert!(found.stdout.contains(&heading(folder)), "{found:?}");
    }
    let rows = ["rows", "people.csv", "--identifier", "EMAIL_ADDRESS"];
    let ambiguous = bench.run(rows);
    assert_eq!(ambiguous.status, 2);
    let full = format!("file://{}/people.csv", canonical(&bench, "b"));
    assert!(ambiguous.stderr.contains(&full), "{ambiguous:?}");
    let lines = bench.run(["rows", &full, rows[2], rows[3], "--format", "ndjson"]);
    let source = format!("file://{}", canonical(&bench, "b"));
    assert_eq!(lines.ndjson()[0]["source"], source.as_str(), "{lines:?}");
}

fn canonical(bench: &Bench, name: &str) -> String {
    let path = bench.path(name).canonicalize().unwrap();
    path.display().to_string()
}

#[test]
fn a_file_in_two_sources_is_told_once() {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    bench.write("other.csv", PEOPLE);
    bench.scan();
    let inner = bench.path("data/crm").display().to_string();
    assert_eq!(bench.run(["scan", &inner]).status, 0);
    for verify in [&[][..], &["--verify"]] {
        let line = [
            &["find", "--email", "anna@example.org", "--format", "json"][..],
            verify,
        ];
        let found = json(&bench.run(line.concat()));
        assert_eq!(found["hits"].as_array().unwrap().len(), 2, "{found}");
        assert_eq!(
            (&found["columns"], &found["candidates"]),
            (&4.into(), &2.into())
        );
        assert_eq!(found["twins"][0]["entities"], 1, "{found}");
    }
    // A later sample changes nothing in the index of what was read whole.
    let sampled = bench.run(["scan", &inner, "--sample", "1"]);
    assert!(sampled.stderr.contains("stays as it was"), "{sampled:?}");
    let found = json(&bench.run(["find", "--email", "dora@example.org", "--format", "json"]));
    assert_eq!(found["twins"][0]["entities"], 1, "{found}");
    // What was only sampled says less than what was read whole, so both are asked.
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    bench.write("other.csv", PEOPLE);
    bench.scan();
    let inner = bench.path("data/crm").display().to_string();
    let sampled = bench.run(["scan", &inner, "--sample", "1"]);
    assert_eq!(sampled.status, 0, "{}", sampled.stderr);
    let found = json(&bench.run(["find", "--email", "dora@example.org", "--format", "json"]));
    assert_eq!(found["twins"].as_array().unwrap().len(), 0, "{found}");
    let hits = found["hits"].as_array().unwrap();
    assert!(
        hits.iter().any(|hit| hit["resource"] == "crm/people.csv"),
        "{found}"
    );
}

#[test]
fn a_database_in_a_folder_and_by_itself_is_told_once() {
    let bench = Bench::new();
    let file = bench.path("data/shop.sqlite");
    std::fs::create_dir_all(bench.path("data")).unwrap();
    std::fs::copy(sample().join("company/shop/shop.sqlite"), &file).unwrap();
    bench.scan();
    let target = format!("sqlite:{}", file.display());
    assert_eq!(bench.run(["scan", &target]).status, 0);
    let subject = sample().join("person.json").display().to_string();
    let found = json(&bench.run(["find", "--subject", &subject, "--format", "json"]));
    assert_eq!(found["hits"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["twins"][0]["entities"], 2, "{found}");
}

#[test]
fn what_cannot_be_read_is_no_place_where_somebody_is() {
    let bench = Bench::new();
    let gone = bench.write("gone.csv", PEOPLE);
    bench.write("there.csv", PEOPLE);
    bench.scan();
    std::fs::remove_file(gone).unwrap();
    let line = ["find", "--email", "anna@example.org", "--verify"];
    let found = bench.run(line);
    assert_eq!(found.status, 2, "{found:?}");
    let (above, below) = found
        .stdout
        .split_once("\n  could not be checked\n")
        .unwrap();
    assert!(
        above.contains("is in 1 place; 1 more column could not be checked"),
        "{found:?}"
    );
    let unchecked = below.lines().next().unwrap();
    assert!(
        unchecked.contains("gone.csv") && unchecked.contains("does not exist"),
        "{found:?}"
    );
    let document = json(&bench.run([&line[..], &["--format", "json"]].concat()));
    let hits = document["hits"].as_array().unwrap();
    let gone = hits
        .iter()
        .find(|hit| hit["resource"] == "gone.csv")
        .unwrap();
    assert_eq!(gone["verified"], false);
    assert!(gone["unchecked"].as_str().unwrap().contains("not exist"));
}

#[test]
fn what_an_option_leaves_out_is_counted() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "name,email\nAnna Muster,anna@example.org\nBert Beispiel,bert@example.org\n",
    );
    let file = bench.path("base.ndjson").display().to_string();
    let line = [
        "scan",
        &bench.data(),
        "--format",
        "ndjson",
        "--output",
        &file,
    ];
    assert_eq!(bench.run(line).status, 0);
    let weak = bench.run(["find", "--name", "Anna Muster", "--no-weak"]);
    assert!(
        weak.stdout
            .contains("no strong match; 1 weak match left out by --no-weak"),
        "{weak:?}"
    );
    let known = bench.run(["scan", &bench.data(), "--baseline", &file]);
    assert!(
        known.stdout.contains("nothing to show")
            && known.stdout.contains("2 findings left out by --baseline"),
        "{known:?}"
    );
    let unlikely = bench.run(["scan", &bench.data(), "--min-confidence", "1"]);
    assert!(
        unlikely.stdout.contains("left out by --min-confidence 1"),
        "{unlikely:?}"
    );
    for column in [("name", "PERSON"), ("email", "EMAIL_ADDRESS")] {
        let place = format!("a.csv:{}", column.0);
        let line = ["findings", "reject", &place, "--identifier", column.1];
        assert_eq!(bench.run(line).status, 0);
    }
    let rejected = bench.run(["scan", &bench.data()]);
    assert!(
        rejected
            .stdout
            .contains("2 findings left out by decisions of people"),
        "{rejected:?}"
    );
    let list = bench.run(["findings", "list"]);
    assert!(
        list.stdout
            .contains("2 findings left out by decisions of people"),
        "{list:?}"
    );
}

#[test]
fn a_target_that_is_not_there_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    std::fs::write(bench.path("decisions.toml"), "version = 1\n").unwrap();
    for target in ["./typo", "typo/*.csv", "./data/*.tsv", "sqlite:typo.db"] {
        let line = ["scan", target, "--decisions", "decisions.toml"];
        let run = bench.run(line);
        assert_eq!(run.status, 2, "{target}: {run:?}");
        assert!(run.stderr.contains("hint:"), "{target}: {run:?}");
    }
    assert_eq!(bench.run(["sources", "ingest", "./typo"]).status, 2);
    let sources = bench.run(["sources", "list", "--format", "ndjson"]);
    assert_eq!(sources.stdout, "");
    // What is there besides is scanned.
    let run = bench.run(["scan", "./typo", &bench.data(), "--format", "json"]);
    assert_eq!(run.status, 2);
    let report = json(&run);
    assert_eq!(report["state"], "PARTIAL");
    assert_eq!(report["failures"][0]["kind"], "not-found");
    let sources = bench.run(["sources", "list", "--format", "ndjson"]);
    assert_eq!(sources.ndjson().len(), 1, "{sources:?}");
    let found = json(&bench.run(["find", "--email", "anna@example.org", "--format", "json"]));
    assert_eq!(found["notSearched"], Value::Array(Vec::new()), "{found}");
    // A source that was there once stays.
    std::fs::remove_dir_all(bench.path("data")).unwrap();
    assert_eq!(bench.run(["scan", &bench.data()]).status, 2);
    let sources = bench.run(["sources", "list", "--format", "ndjson"]);
    assert_eq!(sources.ndjson().len(), 1, "{sources:?}");
}

#[test]
fn what_no_scan_found_can_be_confirmed() {
    let bench = Bench::new();
    let rows = (1..=20).map(|row| format!("{row},k{row}x\n"));
    bench.write("a.csv", "id,code\n".to_owned() + &rows.collect::<String>());
    assert!(bench.scan().is_empty());
    let confirm = |identifier: &str| {
        let line = [
            "findings",
            "confirm",
            "a.csv:code",
            "--identifier",
            identifier,
        ];
        bench.run([&line[..], &["--reason", "the login"]].concat())
    };
    let unknown = confirm("NO_SUCH_KIND");
    assert!(
        unknown.status == 2 && unknown.stderr.contains("no rule knows"),
        "{unknown:?}"
    );
    let run = confirm("USERNAME");
    assert_eq!(run.status, 0, "{run:?}");
    holds(&bench, &bench.scan());
    let list = bench
        .run(["findings", "list", "--format", "ndjson"])
        .ndjson();
    holds(&bench, &list);
    let place = ["a.csv:code", "--identifier", "USERNAME"];
    let cells = bench.run([&["rows"][..], &place, &["--format", "ndjson"]].concat());
    assert_eq!(cells.ndjson().len(), 20, "{cells:?}");
    let explained = bench.run(["explain", "a.csv:code"]).stdout;
    assert!(
        explained.contains("confirmed by a person: the login"),
        "{explained}"
    );
    assert!(explained.contains("no rule reported it"), "{explained}");
    // A threshold counts every filled cell.
    let line = ["scan", &bench.data(), "--fail-on", "USERNAME:0.9:20"];
    assert_eq!(bench.run(line).status, 1);

    travels(&bench);

    let withdraw = bench.run([&["findings", "withdraw"][..], &place].concat());
    assert_eq!(withdraw.status, 0, "{withdraw:?}");
    assert!(bench.scan().is_empty());
}

fn holds(bench: &Bench, findings: &[Value]) {
    assert_eq!(identifiers(findings, "a.csv", "code"), ["USERNAME"]);
    let finding = &findings[0];
    assert_eq!(
        (&finding["matched"], &finding["decision"]["confirmed"]),
        (&20.into(), &true.into()),
        "{}",
        bench.home().display()
    );
}

/// Into another catalog of the same files elsewhere, before and after its first scan.
fn travels(bench: &Bench) {
    let file = bench.path("decisions.toml").display().to_string();
    assert_eq!(bench.run(["findings", "export", &file]).status, 0);
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("source = \"./data\""), "{written}");
    let other = Bench::new();
    other.write("a.csv", std::fs::read(bench.path("data/a.csv")).unwrap());
    let import = other.run(["findings", "import", &file]);
    assert_eq!(import.status, 0, "{import:?}");
    assert!(
        import
            .stderr
            .contains("no column that was scanned matches 1 of 1"),
        "{import:?}"
    );
    let early = other.run(["findings", "export", "-"]);
    assert!(early.stdout.contains("# Left out: 1 "), "{early:?}");
    let scan = other.run(["scan", &other.data(), "--format", "ndjson"]);
    holds(&other, &scan.ndjson());
    let line = ["scan", &other.data(), "--decisions", &file];
    let matched = other.run(line);
    assert!(
        !matched.stderr.contains("no column that was"),
        "{matched:?}"
    );
    let back = other.run(["findings", "export", "-"]);
    assert_eq!(
        back.stdout.trim(),
        std::fs::read_to_string(&file).unwrap().trim()
    );
    let slip = written.replace("a.csv", "b.csv");
    other.write("../slip.toml", slip);
    let line = ["scan", &other.data(), "--decisions", "slip.toml"];
    let missed = other.run(line);
    assert!(
        missed
            .stderr
            .contains("no column that was scanned matches 1 of 1"),
        "{missed:?}"
    );
}

#[test]
fn a_difference_shows_what_was_before() {
    let bench = Bench::new();
    let line = |identifier: &str, confidence: f64, matched: u64| {
        format!(
            "{{\"source\":\"s\",\"resource\":\"a.csv\",\"column\":\"c\",\"identifier\":\"{identifier}\",\"kind\":\"column\",\"confidence\":{confidence},\"matched\":{matched},\"rules\":[\"x\"]}}\n"
        )
    };
    std::fs::write(bench.path("a.ndjson"), line("AGE", 0.9, 1)).unwrap();
    std::fs::write(bench.path("b.ndjson"), line("AGE", 0.5, 7)).unwrap();
    std::fs::write(bench.path("c.ndjson"), line("CITY", 0.9, 1)).unwrap();
    let moved = bench.run(["diff", "a.ndjson", "b.ndjson"]).stdout;
    assert_eq!(
        moved.trim_end(),
        "~  a.csv  c  AGE  column  90 % -> 50 %  1 cell -> 7 cells"
    );
    let labelled = bench.run(["diff", "a.ndjson", "c.ndjson"]).stdout;
    assert_eq!(
        labelled.trim_end(),
        "~  a.csv  c  AGE -> CITY  column  90 %  1 cell"
    );
    let lines = bench.run(["diff", "a.ndjson", "c.ndjson", "--format", "ndjson"]);
    let change = &lines.ndjson()[0];
    assert_eq!(
        (&change["identifier"], &change["identifierBefore"]),
        (&"CITY".into(), &"AGE".into())
    );
    let missing = bench.run(["diff", "nowhere.ndjson"]);
    assert!(
        missing.stderr.contains("there is no file nowhere.ndjson")
            && missing.stderr.contains("--format ndjson --output"),
        "{missing:?}"
    );
}

/// A folder under two names was searched whichever of them was scanned; a slip leaves nothing behind.
#[test]
fn what_was_searched_under_another_name_is_no_gap() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("data/crm")).unwrap();
    std::fs::write(bench.path("data/crm/people.csv"), PEOPLE).unwrap();
    assert_eq!(bench.run(["scan", "data"]).status, 0);
    for (name, target) in [("crm", "data/crm"), ("all", "data")] {
        assert_eq!(bench.run(["sources", "add", name, target]).status, 0);
    }
    let found = bench.run(["find", "--email", "anna@example.org", "--verify"]);
    assert_eq!(found.status, 0, "{found:?}");
    assert!(!found.stdout.contains("not searched"), "{found:?}");
    std::fs::write(bench.path("cities.csv"), PEOPLE).unwrap();
    let slip = bench.run(["scan", "sqlite:cities.csv"]);
    assert_eq!(slip.status, 2, "{slip:?}");
    // What could never be read is not kept.
    let found = bench.run(["find", "--email", "anna@example.org"]);
    assert_eq!(found.status, 0, "{found:?}");
    let sources = bench.run(["sources", "list", "--format", "ndjson"]);
    assert!(!sources.stdout.contains("cities.csv"), "{sources:?}");
}

#[test]
fn a_scan_without_targets_is_of_what_is_registered() {
    let bench = Bench::new();
    let nothing = bench.run(["scan"]);
    assert_eq!(nothing.status, 2);
    assert!(
        nothing.stderr.contains("no source is registered"),
        "{nothing:?}"
    );
    for name in ["a", "b"] {
        std::fs::create_dir_all(bench.path(name)).unwrap();
        std::fs::write(bench.path(name).join("people.csv"), PEOPLE).unwrap();
        assert_eq!(bench.run(["sources", "add", name, name]).status, 0);
    }
    let scan = json(&bench.run(["scan", "--format", "json"]));
    assert_eq!(scan["totals"]["entities"], 2, "{scan}");
}

#[test]
fn a_variable_that_is_no_setting_is_told() {
    let bench = Bench::new();
    std::fs::write(bench.path("people.csv"), PEOPLE).unwrap();
    let mut scan = bench.command(["scan", "people.csv"]);
    let run = Run::of(&scan.env("LOCARD_SCAN_SAMPL", "2").output().unwrap());
    let told = "LOCARD_SCAN_SAMPL is no setting; did you mean LOCARD_SCAN_SAMPLE?";
    assert!(run.stderr.contains(told), "{run:?}");
}

#[test]
fn a_file_that_is_missing_gets_a_hint_about_reading() {
    let bench = Bench::new();
    for line in [
        &["find", "--subject", "missing.json"][..],
        &["scan", ".", "--baseline", "missing.ndjson"],
        &["scan", ".", "--decisions", "missing.toml"],
        &["findings", "import", "missing.toml"],
        &["rules", "test", "missing.txt"],
    ] {
        let run = bench.run(line);
        assert_eq!(run.status, 2, "{run:?}");
        assert!(
            run.stderr.contains("cannot read missing")
                && run.stderr.contains("hint: check how the path is spelled"),
            "{run:?}"
        );
    }
    let rules = bench.run(["rules", "check", "missing"]);
    assert!(
        rules.stderr.contains("hint: name one that holds rules/"),
        "{rules:?}"
    );
    let written = bench.run(["scan", ".", "--output", "missing/x"]);
    assert!(
        written.stderr.contains("folders are not made"),
        "{written:?}"
    );
}

/// Names that a source gave, and no word of ours, stand below these.
const NAMES_OF_SOURCES: [&str; 1] = ["key"];

fn assert_camel_case(value: &Value, line: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let camel = name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.chars().all(|c| c.is_ascii_alphanumeric());
                assert!(camel, "{line:?}: {name}");
                if !NAMES_OF_SOURCES.contains(&name.as_str()) {
                    assert_camel_case(value, line);
                }
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| assert_camel_case(value, line)),
        _ => {}
    }
}

#[test]
fn names_in_json_are_camel_case_everywhere() {
    let bench = Bench::new();
    let company = sample().join("company").display().to_string();
    let scan = bench.run(["scan", &company, "--format", "json"]);
    let job = json(&scan)["job"].as_str().unwrap().to_owned();
    let subject = sample().join("person.json").display().to_string();
    for line in [
        &["scan", &company, "--format", "json"][..],
        &["scan", &company, "--plan", "--format", "json"],
        &[
            "find",
            "--subject",
            &subject,
            "--verify",
            "--format",
            "json",
        ],
        &[
            "explain",
            "support/tickets.ndjson",
            "--samples",
            "2",
            "--format",
            "json",
        ],
        &[
            "rows",
            "crm/customers.csv",
            "--identifier",
            "CITY",
            "--format",
            "json",
        ],
        &["findings", "list", "--format", "json"],
        &["diff", &job, &job, "--format", "json"],
        &["sources", "list", "--format", "json"],
        &["jobs", "list", "--format", "json"],
        &["rules", "list", "--format", "json"],
        &["dictionaries", "list", "--format", "json"],
    ] {
        assert_camel_case(&json(&bench.run(line)), line);
    }
}

#[test]
fn lists_fit_a_narrow_terminal() {
    let bench = Bench::new();
    let company = sample().join("company").display().to_string();
    assert_eq!(bench.run(["scan", &company]).status, 0);
    let subject = sample().join("person.json").display().to_string();
    for line in [
        &["scan", &company][..],
        &["find", "--subject", &subject, "--verify"],
        &["explain", "support/tickets.ndjson"],
        &["sources", "list"],
        &["jobs", "list"],
        &["rules", "list"],
        &["dictionaries", "list"],
        &[
            "rows",
            "crm/customers.csv",
            "--identifier",
            "CITY",
            "--limit",
            "5",
        ],
    ] {
        let output = bench.command(line).env("COLUMNS", "80").output().unwrap();
        let run = Run::of(&output);
        assert_eq!(run.status, 0, "{run:?}");
        for text in run.stdout.lines() {
            assert!(text.chars().count() <= 80, "{line:?}: {text}");
        }
    }
}

#[test]
fn one_is_singular() {
    let bench = Bench::new();
    bench.write("a.csv", "email\nanna@example.org\n");
    let scan = bench.run(["scan", &bench.data()]).stdout;
    assert!(
        scan.contains("a.csv  1 row\n") && scan.contains("· 1 row, "),
        "{scan}"
    );
    let find = bench.run(["find", "--email", "anna@example.org"]).stdout;
    assert!(find.contains("may be in 1 column\n"), "{find}");
    assert!(find.contains("1 column asked, 1 candidate\n"), "{find}");
    let explain = bench.run(["explain", "a.csv"]).stdout;
    assert!(
        explain.contains("a.csv  1 row,") && explain.contains("1 cell ·"),
        "{explain}"
    );
}

#[test]
fn what_is_likely_a_slip_is_told_without_the_value() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    bench.scan();
    let line = [
        "find",
        "--email",
        "notanemail",
        "--id",
        "FOO=1",
        "--id",
        "DATE_OF_BIRTH=someday",
        "--id",
        "date_of_birth=17.05.1980",
        "--format",
        "json",
    ];
    let run = bench.run(line);
    // Of so short a number nobody can say that it is nowhere.
    assert_eq!(run.status, 2, "{run:?}");
    let sentences = [
        "this is not a valid EMAIL_ADDRESS; it was searched as typed",
        "this DATE_OF_BIRTH is not a date that can be read; it was searched as typed",
        "no rule knows FOO; it was searched as an identifying number of that name",
        "the FOO may be in a column that is not called like it: it is too short to tell; `locard find --everywhere` looks there (as a.csv:id)",
    ];
    let answer = json(&run);
    let warnings = answer["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), sentences.len(), "{run:?}");
    for sentence in sentences {
        assert!(run.stderr.contains(sentence), "{sentence}: {run:?}");
        let told = |warning: &Value| warning["sentence"] == sentence;
        assert!(warnings.iter().any(told), "{sentence}: {run:?}");
    }
    for value in ["notanemail", "someday"] {
        assert!(!run.stderr.contains(value) && !run.stdout.contains(value));
    }
}

#[test]
fn an_empty_target_passes_no_threshold() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("data/empty")).unwrap();
    let empty = bench.path("data/empty").display().to_string();
    let sentence = "nothing was scanned: there is nothing to read in";
    let plain = bench.run(["scan", &empty]);
    assert!(
        plain.status == 0 && plain.stderr.contains(sentence),
        "{plain:?}"
    );
    let gate = bench.run(["scan", &empty, "--fail-on", "EMAIL_ADDRESS:0.9"]);
    assert!(
        gate.status == 2 && gate.stderr.contains(sentence),
        "{gate:?}"
    );
}

#[test]
fn sources_that_cannot_be_opened_are_told_apart() {
    let bench = Bench::new();
    let manual = ["sources", "add", "paper", "--manual", "--owner", "archive"];
    let added = bench.run(manual);
    assert_eq!(added.status, 0, "{added:?}");
    assert!(!added.stderr.contains("locard scan"), "{added:?}");
    let scan = bench.run(["scan", "paper"]);
    assert!(
        scan.status == 2 && scan.stderr.contains("registered as manual"),
        "{scan:?}"
    );
    assert!(scan.stderr.contains("hint: ask archive"), "{scan:?}");
    for what in ["test", "ingest"] {
        let unknown = bench.run(["sources", what, "nosuch"]);
        assert_eq!(unknown.status, 2, "{unknown:?}");
        assert!(
            unknown.stderr.contains("no source") && unknown.stderr.contains("nosuch"),
            "{unknown:?}"
        );
    }
}

#[test]
fn what_scanned_a_source_that_was_removed_can_still_be_looked_at() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n");
    let target = bench.data();
    assert_eq!(bench.run(["scan", &target]).status, 0);
    std::fs::rename(bench.path("data"), bench.path("elsewhere")).unwrap();
    let failed = bench.run(["scan", &target]);
    assert_eq!(failed.status, 2, "{failed:?}");
    let find = ["find", "--email", "nobody@example.net", "--format", "json"];
    let gaps = |run: &Run| json(run)["notSearched"].as_array().unwrap().len();
    assert_eq!(gaps(&bench.run(find)), 1, "the failure is told");
    std::fs::rename(bench.path("elsewhere"), bench.path("data")).unwrap();
    let removed = bench.run(["sources", "remove", &canonical(&bench, "data")]);
    assert_eq!(removed.status, 0, "{removed:?}");
    for line in [
        &["jobs", "list"][..],
        &["jobs", "show", "previous"],
        &["jobs", "logs", "previous"],
        &["diff", "previous", "latest"],
    ] {
        let run = bench.run(line);
        assert_eq!(run.status, 0, "{line:?}: {run:?}");
    }
    let show = bench.run(["jobs", "show", "previous"]);
    assert!(show.stdout.contains("(removed)"), "{show:?}");
    assert_eq!(gaps(&bench.run(find)), 0, "it is no source any more");

    // Another source of that name was never scanned.
    assert_eq!(bench.run(["scan", &target]).status, 0);
    let add = ["sources", "add", "people", &target];
    assert_eq!(bench.run(add).status, 0);
    assert_eq!(bench.run(["scan", "people"]).status, 0);
    // It took over what had been scanned without a name.
    assert_eq!(bench.run(["sources", "remove", "people"]).status, 0);
    std::thread::sleep(std::time::Duration::from_millis(5));
    assert_eq!(bench.run(add).status, 0);
    let find = bench.run(find);
    assert!(
        find.stdout.contains("nobody has scanned it yet"),
        "{find:?}"
    );
}

#[test]
fn colour_is_where_it_was_asked_for() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    assert_eq!(bench.scan().len(), 1);
    let data = bench.data();
    let coloured = |args: &[&str], no_color: Option<&str>| {
        let mut command = bench.command(args);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let run = Run::of(&command.output().unwrap());
        let has = |text: &str| text.contains('\u{1b}');
        (has(&run.stdout), has(&run.stderr))
    };
    for line in [
        &["scan", &data][..],
        &["findings", "list"],
        &["find", "--email", "anna@example.org"],
        &["explain", "a.csv:email"],
        &["jobs", "list"],
    ] {
        let with = |when: &'static str| [line, &["--color", when]].concat();
        assert!(coloured(&with("always"), None).0, "{line:?}");
        // What was typed wins over the environment.
        assert!(coloured(&with("always"), Some("1")).0, "{line:?}");
        assert_eq!(coloured(&with("never"), None), (false, false), "{line:?}");
        // Nothing here is a terminal.
        assert_eq!(coloured(&with("auto"), None), (false, false), "{line:?}");
        assert_eq!(coloured(line, None), (false, false), "{line:?}");
    }
    let fails = ["explain", "nowhere.csv"];
    let with = |when| [&fails[..], &["--color", when]].concat();
    assert_eq!(coloured(&with("always"), None), (false, true));
    assert_eq!(coloured(&with("never"), None), (false, false));
    // A file is for programs, whatever the terminal shows.
    let file = bench.path("out.txt");
    let file = file.to_str().unwrap();
    coloured(
        &["scan", &data, "--color", "always", "--output", file],
        None,
    );
    let written = std::fs::read_to_string(file).unwrap();
    assert!(written.contains("a.csv") && !written.contains('\u{1b}'));
}

/// What a terminal shows of a command: util-linux has a program that is one.
#[cfg(target_os = "linux")]
fn on_a_terminal(bench: &Bench, line: &[&str], variable: Option<(&str, &str)>) -> Run {
    let locard = bench.command(line);
    let mut terminal = std::process::Command::new("script");
    terminal.args(["-q", "-e", "-c"]);
    let program = locard.get_program().display();
    terminal.arg(format!("{program} {}", line.join(" ")));
    terminal.arg("/dev/null").current_dir(bench.path(""));
    terminal.stdin(std::process::Stdio::null()).env_clear();
    for (name, value) in locard.get_envs() {
        terminal.env(name, value.expect("nothing is taken away"));
    }
    terminal.env("TERM", "xterm");
    terminal.envs(variable);
    Run::of(&terminal.output().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_colour_unless_the_environment_says_no() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    assert_eq!(bench.scan().len(), 1);
    let shown = |variable| on_a_terminal(&bench, &["findings", "list"], variable);
    let plain = shown(None);
    assert!(
        plain.status == 0 && plain.stdout.contains("EMAIL_ADDRESS"),
        "{plain:?}"
    );
    assert!(plain.stdout.contains('\u{1b}'), "{plain:?}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let run = shown(Some(variable));
        assert!(run.stdout.contains("EMAIL_ADDRESS"), "{run:?}");
        assert!(!run.stdout.contains('\u{1b}'), "{variable:?}: {run:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_bars_that_are_gone_when_the_result_is_printed() {
    let bench = Bench::new();
    let rows = (0..20_000).map(|row| format!("{row},anna{row}@example.org"));
    let rows: Vec<String> = std::iter::once("id,mail".to_owned()).chain(rows).collect();
    bench.write("a.csv", rows.join("\n"));
    let run = on_a_terminal(&bench, &["scan", &bench.data()], None);
    assert_eq!(run.status, 0, "{run:?}");
    let shown = &run.stdout;
    let drawn = shown.rfind(" entities · ").expect("a bar");
    let cleared = shown.rfind("\u{1b}[2K").expect("a line that is cleared");
    let result = shown.find("EMAIL_ADDRESS").expect("a result");
    assert!(drawn < cleared && cleared < result, "{shown:?}");
    let quiet = on_a_terminal(&bench, &["scan", &bench.data(), "--quiet"], None);
    assert!(!quiet.stdout.contains(" entities · "), "{quiet:?}");
}

#[test]
fn what_is_no_terminal_gets_plain_lines_while_a_scan_runs() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let told = bench.run(["scan", &bench.data()]).stderr;
    let size = PEOPLE.len();
    assert!(
        told.starts_with("reading file://")
            && told.ends_with(&format!("/data: 1 entity, {size} B as stored\n"))
            && told.lines().count() == 1
            && !told.contains(['\r', '\u{1b}']),
        "{told:?}"
    );
    let quiet = bench.run(["scan", &bench.data(), "--quiet"]);
    assert_eq!((quiet.status, quiet.stderr.as_str()), (0, ""));
}
