//! What scripts and narrow terminals get: forms without doubt, sentences that help, lines that fit.

use serde_json::Value;

use crate::support::{Bench, Run};

const PEOPLE: &str =
    "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n";

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {run:?}"))
}

#[test]
fn somebody_who_is_nowhere_is_told_apart_from_nobody_who_was_asked() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    bench.scan();
    let persons = "{\"subject\": \"here\", \"email\": \"anna@example.org\"}\n{\"subject\": \"gone\", \"email\": \"nobody@example.org\"}";
    let find = |format: &str| {
        let run = bench.run_with_stdin(["find", "--subject", "-", "--format", format], persons);
        assert_eq!(run.status, 0, "{run:?}");
        run
    };
    let lines = find("ndjson").ndjson();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["subject"], "here");
    let summary = &lines[1]["summary"];
    assert_eq!(
        (&summary["subject"], &summary["answer"], &summary["places"]),
        (&"gone".into(), &"nowhere".into(), &0.into())
    );
    assert!(summary["columns"].as_u64() > Some(0), "{summary}");
    // A scorer that reads places by subject takes a summary for none.
    assert!(lines[1]["subject"].is_null());
    let table = find("csv").stdout;
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows[0].starts_with("subject,") && rows[0].ends_with(",answer,path,spelling"));
    assert!(rows[1].starts_with("here,") && rows[1].ends_with(",candidate,,"));
    assert_eq!(rows[2], "gone,,,,,,,,,nowhere,,");
    let document = json(&find("json"));
    let answers: Vec<&Value> = document["subjects"].as_array().unwrap().iter().collect();
    assert_eq!(answers[0]["answer"], "candidate", "{document}");
    assert_eq!(
        (&answers[1]["answer"], &answers[1]["places"]),
        (&"nowhere".into(), &0.into())
    );
    assert_eq!(document["verified"], false);
}

#[test]
fn an_absence_with_gaps_or_before_any_scan_is_not_nowhere() {
    let bench = Bench::new();
    let line = [
        "find",
        "--email",
        "nobody@example.org",
        "--format",
        "ndjson",
    ];
    let answer = |status: i32| {
        let run = bench.run(line);
        assert_eq!(run.status, status, "{run:?}");
        run.ndjson()[0]["summary"]["answer"].clone()
    };
    assert_eq!(answer(2), "not-looked-for");
    bench.write("a.csv", PEOPLE);
    bench.write("cut.parquet", "PAR1 and nothing else PAR1");
    bench.run(["scan", &bench.data()]);
    assert_eq!(answer(2), "not-found-with-gaps");
}

#[test]
fn a_misspelt_name_is_answered_with_the_one_that_was_meant() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let data = bench.data();
    assert_eq!(bench.run(["sources", "add", "exports", &data]).status, 0);
    bench.run(["scan", "exports"]);
    bench.write("../decisions.toml", "version = 1\n[[finding]]\nkind = 'file'\npath = ['a.csv']\ncolumn = 'email'\nidentifier = 'EMAIL_ADRESS'\ndecision = 'rejected'\n");
    let email = "did you mean EMAIL_ADDRESS";
    for (line, meant) in [
        (&["scan", "exports", "--fail-on", "EMAIL_ADRESS"][..], email),
        (&["scan", "exports", "--decisions", "decisions.toml"], email),
        (&["scan", "exprots"], "did you mean exports?"),
        (&["findings", "list", "--identifier", "EMAIL_ADRESS"], email),
        (
            &[
                "findings",
                "confirm",
                "a.csv:email",
                "--identifier",
                "EMAIL_ADRESS",
            ],
            email,
        ),
        (
            &[
                "findings",
                "reject",
                "a.csv:email",
                "--identifier",
                "EMAIL_ADRESS",
            ],
            email,
        ),
        (
            &[
                "findings",
                "withdraw",
                "a.csv:email",
                "--identifier",
                "EMAIL_ADRESS",
            ],
            email,
        ),
        (&["findings", "import", "decisions.toml"], email),
        (&["rows", "a.csv", "--identifier", "EMAIL_ADRESS"], email),
        (&["explain", "a.csv:emial"], "did you mean email?"),
        (
            &["rules", "test", "--rule", "contact.emial"],
            "did you mean contact.email",
        ),
        (
            &["find", "--email", "x@example.org", "--source", "exprots"],
            "did you mean exports?",
        ),
        (&["sources", "test", "exprots"], "did you mean exports?"),
        (&["sources", "remove", "exprots"], "did you mean exports?"),
        (
            &["dictionaries", "overlap", "world/first_name"],
            "did you mean ",
        ),
    ] {
        let run = bench.run(line);
        assert_eq!(run.status, 2, "{line:?}: {run:?}");
        assert!(run.stderr.contains(meant), "{line:?}: {run:?}");
    }
    let run = bench.run(["find", "--id", "EMAIL_ADRESS=anna@example.org"]);
    assert!(
        run.stderr.contains("(did you mean EMAIL_ADDRESS?)"),
        "{run:?}"
    );
    let run = bench.run(["find", "--id", "CUSTOMER_NUMBER=anna12345"]);
    assert!(!run.stderr.contains("did you mean"), "{run:?}");
}

#[test]
fn what_a_person_confirmed_is_told_without_doubt() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "login\nanna.muster\nbert.beispiel\ncleo.probe\ndora.test\n",
    );
    bench.scan();
    let confirm = [
        "findings",
        "confirm",
        "a.csv:login",
        "--identifier",
        "USERNAME",
    ];
    assert_eq!(bench.run(confirm).status, 0);
    let finding = bench
        .scan()
        .into_iter()
        .find(|finding| finding["identifier"] == "USERNAME");
    let finding = finding.expect("it is found");
    assert_eq!(finding["confidence"], 1.0, "{finding}");
    let data = bench.data();
    let table = bench.run(["scan", &data]).stdout;
    let line = table
        .lines()
        .find(|line| line.contains("USERNAME"))
        .unwrap();
    assert!(line.contains("confirmed") && !line.contains('%'), "{line}");
    let crossed = bench.run(["scan", &data, "--fail-on", "USERNAME:1"]);
    assert_eq!(
        crossed.status, 1,
        "what is confirmed is beyond thresholds: {crossed:?}"
    );
    let csv = bench.run(["scan", &data, "--format", "csv"]).stdout;
    assert!(
        csv.contains(",decision\n") && csv.contains(",confirmed\n"),
        "{csv}"
    );
    let told = bench.run(["explain", "a.csv:login"]).stdout;
    let line = told.lines().find(|line| line.contains("USERNAME")).unwrap();
    assert_eq!(
        line.trim(),
        "USERNAME  whole column  confirmed by a person",
        "{told}"
    );
}

#[test]
fn a_plan_and_its_scan_tell_the_same_sizes() {
    let bench = Bench::new();
    let sample = crate::support::root()
        .join("docs/sample/company")
        .display()
        .to_string();
    let plan = bench.run(["scan", &sample, "--plan", "--format", "json"]);
    let scan = bench.run(["scan", &sample, "--format", "json"]);
    let (plan, scan) = (json(&plan), json(&scan));
    assert_eq!(plan["bytes"], scan["totals"]["bytes"]);
    assert_eq!(
        plan["entities"].as_array().unwrap().len() as u64,
        scan["totals"]["entities"].as_u64().unwrap()
    );
    let plan = bench.run(["scan", &sample, "--plan"]).stdout;
    let scan = bench.run(["scan", &sample]).stdout;
    let size = scan
        .split("rows, ")
        .last()
        .and_then(|rest| rest.split(" in ").next())
        .unwrap();
    assert!(size.ends_with(" as stored"), "{scan}");
    // Once in the sum, once in what the source must bear.
    assert_eq!(plan.matches(size).count(), 2, "{size}: {plan}");
}

#[test]
fn a_threshold_tells_what_was_counted_and_what_was_not_tested() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let crossed = bench.run(["scan", &bench.data(), "--fail-on", "EMAIL_ADDRESS:0.5:4"]);
    assert!(
        crossed.stderr.contains(
            "threshold EMAIL_ADDRESS:0.5:4 crossed: 4 matching cells of 4 tested in 1 finding"
        ),
        "{crossed:?}"
    );
    let mut many = String::from("email\n");
    for number in 0..20_000 {
        many.push_str(&format!("person{number}@example.org\n"));
    }
    bench.write("a.csv", many);
    let line = [
        "scan",
        &bench.data(),
        "--fail-on",
        "EMAIL_ADDRESS:0.5:20000",
    ];
    let adaptive = bench.run(line);
    assert_eq!(adaptive.status, 0, "{adaptive:?}");
    assert!(
        adaptive
            .stderr
            .contains("is not crossed, as far as cells were tested"),
        "{adaptive:?}"
    );
    assert!(adaptive.stderr.contains("--exhaustive"), "{adaptive:?}");
    let exhaustive = bench.run([&line[..], &["--exhaustive"]].concat());
    assert_eq!(exhaustive.status, 1, "{exhaustive:?}");
}

#[test]
fn a_threshold_sees_the_one_account_among_many_notes_and_tells_what_it_did_not_see() {
    let bench = Bench::new();
    let mut notes = String::from("id,note\n");
    for number in 0..20_000 {
        let note = match number {
            15_000 => "iban DE89 3704 0044 0532 0130 00 noted".to_owned(),
            _ => format!("called Carla Silva about order {number}"),
        };
        notes.push_str(&format!("{number},{note}\n"));
    }
    bench.write("notes.csv", notes);
    let gate = |what: &str| bench.run(["scan", &bench.data(), "--fresh", "--fail-on", what]);
    let crossed = gate("IBAN_CODE:0.5:1");
    assert_eq!(crossed.status, 1, "{crossed:?}");
    let kept = gate("CREDIT_CARD");
    assert_eq!(kept.status, 0, "{kept:?}");
    let told = "no threshold is crossed, as far as cells were tested";
    assert!(kept.stderr.contains(told), "{kept:?}");
    let all = bench.run([
        "scan",
        &bench.data(),
        "--fresh",
        "--exhaustive",
        "--fail-on",
        "CREDIT_CARD",
    ]);
    assert!(!all.stderr.contains(told), "{all:?}");
}

#[test]
fn a_table_fits_its_terminal() {
    let bench = Bench::new();
    let folder = "exports-of-the-whole-company/customers-of-the-northern-branches/in-the-year-two-thousand-and-twenty-four";
    let long = format!("{folder}/customers-with-their-addresses-and-telephone-numbers.csv");
    bench.write(&long, "the_electronic_address_of_the_customer_for_invoices,street_address\nanna@example.org,12 Main Street\nbert@example.org,7 Oak Avenue\ncleo@example.org,3 Elm Road\n");
    let data = bench.data();
    let run = |line: &[&str], columns: Option<&str>| {
        let mut command = bench.command(line);
        command.envs(columns.map(|columns| ("COLUMNS", columns)));
        Run::of(&command.output().unwrap()).stdout
    };
    for (line, width) in [
        (&["scan", &data][..], 80_usize),
        (&["scan", &data], 40),
        (&["scan", &data, "--plan"], 80),
        (&["scan", &data, "--plan"], 40),
        (&["find", "--email", "anna@example.org", "--verify"], 80),
        (&["find", "--email", "anna@example.org", "--verify"], 40),
    ] {
        let shown = run(line, Some(&width.to_string()));
        for told in shown.lines() {
            assert!(told.chars().count() <= width, "{width}: {told}\n{shown}");
        }
    }
    // Whoever types the name again finds all of it, whatever the width.
    let narrow = run(&["scan", &data], Some("40"));
    let joined: String = narrow.lines().map(str::trim).collect();
    assert!(joined.contains(&long), "{narrow}");
    // Elsewhere nothing is cut, and a wide terminal has room for all.
    for columns in [None, Some("240")] {
        let wide = run(&["scan", &data], columns);
        assert!(
            wide.contains("the_electronic_address_of_the_customer_for_invoices"),
            "{wide}"
        );
        assert!(
            wide.lines().next().is_some_and(|line| line.contains(&long)),
            "{wide}"
        );
        assert!(!wide.contains('\u{2026}'), "{wide}");
    }
}

#[test]
fn a_share_can_be_asked_for() {
    let bench = Bench::new();
    let mut many = String::from("email\n");
    for number in 0..100_000 {
        many.push_str(&format!("person{number}@example.org\n"));
    }
    bench.write("a.csv", many);
    let run = bench.run(["scan", &bench.data(), "--sample", "10%", "--format", "json"]);
    assert_eq!(run.status, 0, "{run:?}");
    let rows = json(&run)["totals"]["rows"].as_u64().unwrap();
    assert!((9_000..=11_000).contains(&rows), "{rows}");
    let refused = bench.run(["scan", &bench.data(), "--sample", "100%"]);
    assert_eq!(refused.status, 2, "{refused:?}");
}

#[test]
fn a_share_of_a_small_file_is_no_answer_about_nothing() {
    let bench = Bench::new();
    bench.write(
        "few.csv",
        "email,x\nanna.meier@example.org,1\nb.kurz@example.net,2\n",
    );
    let scan = ["scan", &bench.data(), "--sample", "1%", "--fail-on", "any"];
    let run = bench.run(scan);
    assert!(run.stdout.contains("EMAIL_ADDRESS"), "{}", run.stdout);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let said = "--sample 1% reads at least 1,000 rows of each entity; smaller ones are read whole";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let rows = bench.run(["scan", &bench.data(), "--sample", "1"]);
    assert!(!rows.stderr.contains("at least"), "{}", rows.stderr);
}

#[test]
fn empty_cells_do_not_pass_for_cells_that_were_not_tested() {
    let bench = Bench::new();
    let mut people = String::from("id,email\n");
    for number in 0..30 {
        people.push_str(&format!("{number},person{number}@example.org\n"));
    }
    bench.write("people.csv", people + "31,\n");
    let run = bench.run(["scan", &bench.data()]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.contains("30 of 30\n"), "{run:?}");
    assert!(!run.stdout.contains("tested of"), "{run:?}");
}

/// Text of several hundred words with an address in its midst, and where that begins.
fn page(number: usize) -> (String, u64) {
    let before = "Wörter über das Wetter von gestern. ".repeat(20 + number % 7);
    let at = before.chars().count() as u64 + 1;
    let after = " Und mehr davon steht weiter unten.".repeat(20);
    (format!("{before}person{number}@example.org{after}"), at)
}

#[test]
fn what_stands_in_a_page_is_shown_with_its_place_and_little_around_it() {
    let bench = Bench::new();
    let mut pages = String::from("id,note\n");
    for number in 0..30 {
        pages.push_str(&format!("{number},{}\n", page(number).0));
    }
    bench.write("pages.csv", pages);
    bench.scan();
    let line = ["rows", "pages.csv:note", "--identifier", "EMAIL_ADDRESS"];
    let rows = bench.run([&line[..], &["--format", "ndjson"]].concat());
    let rows = rows.ndjson();
    assert_eq!(rows.len(), 30, "{rows:?}");
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row["at"], page(number).1, "{row}");
        let value = row["value"].as_str().unwrap();
        let hit = value.split_once('[').unwrap().1.split_once(']').unwrap().0;
        assert!(
            hit.starts_with('p') && hit.ends_with("@*******.***"),
            "{row}"
        );
        assert!(value.chars().count() <= 130, "{row}");
    }
    let shown = bench.run(["explain", "pages.csv:note", "--samples", "2"]);
    assert_eq!(shown.stdout.matches("[p*").count(), 2, "{shown:?}");
}
