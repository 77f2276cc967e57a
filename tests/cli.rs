//! The command line as a user meets it: snapshots of what is printed, exit statuses, settings.

use serde_json::Value;

use crate::client::Server;
use crate::serve::PEOPLE;
use crate::support::{Bench, Run, identifiers, root, sample};

fn company(bench: &Bench) -> String {
    // A copy, so that paths in the output do not depend on where the repository is.
    copy(&sample().join("company"), &bench.path("data"));
    "data".to_owned()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).map(drop).unwrap();
        }
    }
}

/// Times, ids, sizes and folders differ from run to run.
fn snapshot(name: &str, run: &Run) {
    let text = format!(
        "status {}\n--- stdout\n{}\n--- stderr\n{}",
        run.status, run.stdout, run.stderr
    );
    insta::with_settings!({filters => vec![
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z", "[time]"),
        (r"in \d+(\.\d+)? (s|ms)\b", "in [time]"),
        (r"(/[^\s/]+)+/data\b", "[data]"),
        (r"about \d+(\.\d+)? (s|ms|min|h)\b", "about [time]"),
        (r"version [0-9a-f]{16}\b", "version [hash]"),
        (r"(?m)^[0-9a-f]{8}  ", "[short]   "),
    ]}, { insta::assert_snapshot!(name, text); });
}

#[test]
fn help_is_complete() {
    let bench = Bench::new();
    for command in [
        "scan",
        "find",
        "collect",
        "dsar",
        "explain",
        "rows",
        "relations",
        "findings",
        "diff",
        "duplicates",
        "sources",
        "rules",
        "dictionaries",
        "business-rules",
        "jobs",
        "schedules",
        "requests",
        "audit",
        "backup",
        "restore",
        "rotate-key",
        "serve",
        "worker",
    ] {
        snapshot(&format!("help_{command}"), &bench.run([command, "--help"]));
    }
    for command in [
        "create", "list", "show", "run", "review", "download", "link", "verify",
    ] {
        let run = bench.run(["dsar", command, "--help"]);
        snapshot(&format!("help_dsar_{command}"), &run);
    }
    for command in ["business-rules", "schedules"] {
        let run = bench.run([command, "add", "--help"]);
        snapshot(&format!("help_{command}_add"), &run);
    }
    snapshot("help", &bench.run(["--help"]));
}

#[test]
fn the_sample_reads_well() {
    let bench = Bench::new();
    let target = company(&bench);
    snapshot("scan_table", &bench.run(["scan", &target]));
    // The load depends on the threads, and those on the machine.
    snapshot(
        "scan_plan",
        &bench.run(["scan", &target, "--plan", "--threads", "2"]),
    );
    let subject = sample().join("person.json").display().to_string();
    snapshot("find_table", &bench.run(["find", "--subject", &subject]));
    snapshot(
        "find_verified",
        &bench.run(["find", "--subject", &subject, "--verify"]),
    );
    snapshot(
        "collect",
        &bench.run(["collect", "--subject", &subject, "--output", "out"]),
    );
    snapshot("relations", &bench.run(["relations", "list"]));
    snapshot(
        "explain",
        &bench.run(["explain", "crm/customers.csv:email", "--samples", "3"]),
    );
    snapshot(
        "explain_text",
        &bench.run(["explain", "support/tickets.ndjson:message"]),
    );
    snapshot(
        "rows",
        &bench.run([
            "rows",
            "hr/employees.parquet",
            "--identifier",
            "IBAN_CODE",
            "--limit",
            "3",
        ]),
    );
    snapshot("jobs", &bench.run(["jobs", "show", "latest"]));
    snapshot("sources", &bench.run(["sources", "list"]));
}

#[test]
fn the_readme_shows_what_the_demonstration_prints() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let bench = Bench::new();
    let target = company(&bench);
    let subject = sample().join("person.json").display().to_string();
    for args in [
        &["scan", &target][..],
        &["find", "--subject", &subject, "--verify"],
    ] {
        let printed = bench.run(args).stdout;
        // How long it takes differs from run to run.
        let (same, _) = printed.rsplit_once(" in ").unwrap_or((&printed, ""));
        let same = if args[0] == "scan" { same } else { &printed };
        assert!(readme.contains(same), "README.md lacks this:\n{same}");
    }
}

#[test]
fn every_form_of_a_result_is_well_formed() {
    let bench = Bench::new();
    let target = company(&bench);
    let lines = bench.run(["scan", &target, "--format", "ndjson"]).ndjson();
    assert_eq!(
        identifiers(&lines, "crm/customers.csv", "email")
            .first()
            .map(String::as_str),
        Some("EMAIL_ADDRESS")
    );
    let json: Value =
        serde_json::from_str(&bench.run(["scan", &target, "--format", "json"]).stdout).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), lines.len());
    let sarif: Value =
        serde_json::from_str(&bench.run(["scan", &target, "--format", "sarif"]).stdout).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(
        sarif["runs"][0]["results"].as_array().unwrap().len(),
        lines.len()
    );
    let table = bench.run(["scan", &target, "--format", "csv"]).stdout;
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(table.as_bytes())
        .records()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len(), lines.len());
    let run = bench.run([
        "scan",
        &target,
        "--format",
        "ndjson",
        "--output",
        "findings.ndjson",
    ]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert_eq!(
        std::fs::read_to_string(bench.path("findings.ndjson"))
            .unwrap()
            .lines()
            .count(),
        lines.len()
    );
}

#[test]
fn thresholds_and_baselines_set_the_exit_status() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    let data = bench.data();
    assert_eq!(
        bench
            .run(["scan", &data, "--fail-on", "EMAIL_ADDRESS:0.5:4"])
            .status,
        1
    );
    assert_eq!(
        bench
            .run(["scan", &data, "--fail-on", "EMAIL_ADDRESS:0.5:5"])
            .status,
        0
    );
    assert_eq!(bench.run(["scan", &data, "--fail-on", "contact"]).status, 1);
    assert_eq!(
        bench
            .run(["scan", &data, "--fail-on", "NO_SUCH_THING"])
            .status,
        2
    );
    bench.run([
        "scan",
        &data,
        "--format",
        "ndjson",
        "--output",
        "base.ndjson",
    ]);
    assert_eq!(
        bench
            .run([
                "scan",
                &data,
                "--fail-on",
                "any",
                "--baseline",
                "base.ndjson"
            ])
            .status,
        0
    );
    bench.write("b.csv", "id,mail\n1,emil@example.org\n2,fritz@example.org\n3,gerd@example.org\n4,hans@example.org\n");
    let run = bench.run([
        "scan",
        &data,
        "--fail-on",
        "any",
        "--baseline",
        "base.ndjson",
        "--format",
        "ndjson",
    ]);
    assert_eq!(run.status, 1);
    assert!(
        run.ndjson()
            .iter()
            .all(|finding| finding["resource"] == "b.csv")
    );
    // A crossed threshold is told whatever could not be read, and the failure by the status.
    bench.write("cut.parquet", "PAR1 and nothing else PAR1");
    let crossed = bench.run(["scan", &data, "--fail-on", "any"]);
    assert_eq!(crossed.status, 2, "{crossed:?}");
    assert!(crossed.stdout.contains("1 entity could not be read"));
    assert!(crossed.stderr.contains("threshold any crossed"));
    let kept = bench.run(["scan", &data, "--fail-on", "US_SSN"]);
    assert_eq!(kept.status, 2, "{kept:?}");
}

#[test]
fn decisions_survive_rescans_and_travel_in_a_file() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    bench.scan();
    assert_eq!(
        bench
            .run([
                "findings",
                "reject",
                "a.csv:email",
                "--identifier",
                "EMAIL_ADDRESS",
                "--reason",
                "test data"
            ])
            .status,
        0
    );
    assert!(identifiers(&bench.scan(), "a.csv", "email").is_empty());
    assert_eq!(
        bench.run(["findings", "export", "decisions.toml"]).status,
        0
    );
    let file = std::fs::read_to_string(bench.path("decisions.toml")).unwrap();
    assert!(
        file.contains("test data") && !file.contains("anna@"),
        "{file}"
    );

    let other = Bench::new();
    other.write("a.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    assert_eq!(
        identifiers(&other.scan(), "a.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
    // The same folder in another place is another source: a line holds for it when it names none.
    let portable: String = file
        .lines()
        .filter(|line| !line.starts_with("source ="))
        .map(|line| line.to_owned() + "\n")
        .collect();
    std::fs::write(other.path("decisions.toml"), portable).unwrap();
    let run = other.run([
        "scan",
        &other.data(),
        "--decisions",
        "decisions.toml",
        "--format",
        "ndjson",
    ]);
    assert!(
        identifiers(&run.ndjson(), "a.csv", "email").is_empty(),
        "{run:?}"
    );
}

#[test]
fn two_scans_can_be_compared() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    bench.scan();
    bench.write("b.csv", "id,iban\n1,DE02120300000000202051\n2,DE02500105170137075030\n3,DE02100500000054540402\n4,DE02300209000106531065\n");
    bench.scan();
    let run = bench.run(["diff", "previous", "latest", "--format", "ndjson"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let changes: Vec<String> = run
        .ndjson()
        .iter()
        .map(|change| {
            format!(
                "{} {} {}",
                change["change"], change["resource"], change["identifier"]
            )
        })
        .collect();
    assert_eq!(changes, ["\"added\" \"b.csv\" \"IBAN_CODE\""]);
}

#[test]
fn settings_come_from_file_environment_and_line() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    std::fs::write(
        bench.path("locard.toml"),
        "[scan]\nformat = 'ndjson'\nfail-on = 'any'\n",
    )
    .unwrap();
    let run = bench.run(["scan", "data"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert_eq!(
        identifiers(&run.ndjson(), "a.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
    let run = bench
        .command(["scan", "data"])
        .env("LOCARD_SCAN_FAIL_ON", "US_SSN")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0));
    let run = bench
        .command(["scan", "data", "--fail-on", "US_SSN"])
        .env("LOCARD_QUIET", "1")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0));
    assert!(run.stderr.is_empty(), "{run:?}");
    std::fs::write(bench.path("locard.toml"), "[scan]\nformta = 'ndjson'\n").unwrap();
    let run = bench.run(["scan", "data"]);
    assert!(run.status == 2 && run.stderr.contains("formta"), "{run:?}");
}

#[test]
fn sources_can_be_registered_scanned_by_name_and_removed() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    assert_eq!(
        bench
            .run(["sources", "add", "exports", &bench.data()])
            .status,
        0
    );
    assert_eq!(bench.run(["sources", "test", "exports"]).status, 0);
    assert_eq!(bench.run(["sources", "ingest", "exports"]).status, 0);
    let run = bench.run(["scan", "exports", "--format", "ndjson"]);
    assert_eq!(
        identifiers(&run.ndjson(), "a.csv", "email"),
        ["EMAIL_ADDRESS"],
        "{run:?}"
    );
    assert_eq!(
        bench
            .run([
                "sources",
                "add",
                "archive",
                "--manual",
                "--owner",
                "records office"
            ])
            .status,
        0
    );
    let found: Value = serde_json::from_str(
        &bench
            .run(["find", "--email", "anna@example.org", "--format", "json"])
            .stdout,
    )
    .unwrap();
    assert!(
        found["notSearched"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["reason"] == "manual"),
        "{found}"
    );
    assert_eq!(bench.run(["sources", "remove", "exports"]).status, 0);
    let found = bench.run(["find", "--email", "anna@example.org", "--format", "ndjson"]);
    assert_eq!((found.status, found.hits().len()), (0, 0), "{found:?}");
}

#[test]
fn a_backup_brings_everything_back() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    bench.scan();
    let before = bench.run(["findings", "list", "--format", "ndjson"]).stdout;
    assert!(!before.is_empty());
    assert_eq!(bench.run(["backup", "catalog.backup"]).status, 0);
    assert_eq!(
        bench.run(["restore", "catalog.backup"]).status,
        2,
        "a home with something in it must not be replaced"
    );
    let run = bench.run(["restore", "catalog.backup", "--home", "other"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        bench
            .run(["findings", "list", "--format", "ndjson", "--home", "other"])
            .stdout,
        before
    );
}

#[test]
fn what_changes_something_stands_in_the_log() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@planted.example\n");
    bench.scan();
    let finding = ["a.csv:email", "--identifier", "EMAIL_ADDRESS"];
    let cron = ["--cron", "0 3 * * *"];
    let lines: [(&[&str], &str); 12] = [
        (
            &["findings", "confirm", finding[0], finding[1], finding[2]],
            "confirm finding",
        ),
        (
            &["findings", "reject", finding[0], finding[1], finding[2]],
            "reject finding",
        ),
        (
            &["findings", "export", "decisions.toml"],
            "export decisions",
        ),
        (
            &["findings", "withdraw", finding[0], finding[1], finding[2]],
            "withdraw decision",
        ),
        (
            &["findings", "import", "decisions.toml"],
            "import decisions",
        ),
        (&["sources", "add", "there", "."], "put source"),
        (
            &[
                "schedules",
                "add",
                "nightly",
                "scan",
                "there",
                cron[0],
                cron[1],
            ],
            "add schedule",
        ),
        (&["schedules", "pause", "nightly"], "change schedule"),
        (&["schedules", "remove", "nightly"], "remove schedule"),
        (
            &[
                "business-rules",
                "add",
                "filled",
                "--sql",
                "SELECT count(*) AS total_count, count(email) AS scopeCount, 0 AS nonCompliant FROM \"a.csv\"",
            ],
            "add business rule",
        ),
        (
            &["business-rules", "remove", "filled"],
            "remove business rule",
        ),
        (&["sources", "remove", "there"], "remove source"),
    ];
    for (line, _) in lines {
        let run = bench.run(line);
        assert_eq!(run.status, 0, "{line:?}: {}", run.stderr);
    }
    let log = bench.run(["audit", "export"]).ndjson();
    let acts: Vec<&str> = log
        .iter()
        .filter_map(|act| act["action"].as_str())
        .collect();
    let expected = lines.map(|(_, act)| act);
    assert_eq!(acts, expected, "{log:?}");
    assert!(
        log.iter().all(|act| act["actor"] == "command line"),
        "{log:?}"
    );
}

#[test]
fn whoever_is_looked_up_stands_in_the_log_by_a_digest_or_is_not_looked_up() {
    use sqlx::{ConnectOptions as _, Connection as _};
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "id,email\n1,anna@planted.example\n2,bert@planted.example\n",
    );
    bench.scan();
    let who = ["--email", "anna@planted.example", "--purpose", "request 17"];
    let found = bench.run(["find"].iter().chain(&who));
    assert!(found.stdout.contains("a.csv"), "{found:?}");
    let collected = bench.run(["collect", "--output", "anna"].iter().chain(&who));
    assert_eq!(collected.status, 0, "{collected:?}");
    let log = bench.run(["audit", "export"]);
    assert!(!log.stdout.contains("anna@"), "{}", log.stdout);
    let acts: Vec<Value> = log
        .ndjson()
        .into_iter()
        .filter(|act| act["subject"].is_string())
        .collect();
    let told = |name: &str| acts.iter().map(|act| act[name].clone()).collect::<Vec<_>>();
    assert_eq!(told("action"), ["find", "collect"]);
    assert_eq!(told("purpose"), ["request 17", "request 17"]);
    assert_eq!(told("actor"), ["command line", "command line"]);
    assert_eq!(acts[0]["subject"], acts[1]["subject"]);
    assert_eq!(bench.run(["audit", "verify"]).status, 0);

    // What cannot be recorded is not answered.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let file = bench.home().join("catalog.sqlite");
    let mut held = runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut connection = options.connect().await.unwrap();
        let begin = sqlx::raw_sql("begin immediate").execute(&mut connection);
        begin.await.unwrap();
        connection
    });
    let refused = bench.run(["find"].iter().chain(&who));
    assert_eq!(
        (refused.status, refused.stdout.as_str()),
        (2, ""),
        "{refused:?}"
    );
    assert!(
        refused.stderr.contains("nobody is looked up"),
        "{refused:?}"
    );
    runtime.block_on(async {
        let end = sqlx::raw_sql("rollback").execute(&mut held);
        end.await.unwrap();
        held.close().await.unwrap();
    });
    assert!(
        bench
            .run(["find"].iter().chain(&who))
            .stdout
            .contains("a.csv")
    );
}

#[test]
fn beside_a_server_a_home_is_backed_up_and_what_waits_says_how_to_go_on() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let saved = bench.run(["backup", "running.backup"]);
    assert_eq!(saved.status, 0, "{saved:?}");
    let restored = bench.run(["restore", "running.backup", "--home", "other"]);
    assert_eq!(restored.status, 0, "{restored:?}");
    let sources = bench.run(["sources", "list", "--home", "other"]);
    assert!(sources.stdout.contains("FILES_1"), "{sources:?}");
    for (line, hint) in [
        (&["rotate-key"][..], "end `locard serve`"),
        (
            &["dsar", "create", "--email", "anna@planted.example"],
            "--store",
        ),
        (&["restore", "running.backup", "--force"], "another --home"),
    ] {
        let refused = bench.run(line);
        assert_eq!(refused.status, 2, "{line:?}: {refused:?}");
        assert!(
            refused.stderr.contains("is in use by") && refused.stderr.contains(hint),
            "{line:?}: {refused:?}"
        );
    }
}

#[test]
fn a_wrong_key_is_a_sentence() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n");
    bench.run(["scan", &bench.data()]);
    let output = bench
        .command(["findings", "list"])
        .env("LOCARD_MASTER_KEY", "ab".repeat(32))
        .output()
        .unwrap();
    let run = Run::of(&output);
    assert!(
        run.status == 2 && run.stderr.contains("key") && run.stderr.contains("hint:"),
        "{run:?}"
    );
    assert!(!run.stderr.contains("abab"), "{run:?}");
}

#[test]
fn completions_are_printed_for_every_shell() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = bench.run(["completions", shell]);
        assert!(run.status == 0 && run.stdout.contains("locard"), "{shell}");
    }
}

#[test]
fn rules_and_dictionaries_can_be_looked_at_and_tried() {
    let bench = Bench::new();
    assert!(
        bench
            .run(["rules", "list", "--format", "ndjson"])
            .ndjson()
            .len()
            >= 40
    );
    let check = bench.run(["rules", "check"]);
    assert_eq!(check.status, 0, "{}", check.stderr);
    let tried = bench
        .run_with_stdin(
            ["rules", "test", "-", "--format", "ndjson"],
            "anna@example.org\n4242 4242 4242 4242\n",
        )
        .ndjson();
    let found: Vec<&str> = tried
        .iter()
        .filter_map(|row| row["identifier"].as_str())
        .collect();
    assert!(
        found.contains(&"EMAIL_ADDRESS") && found.contains(&"CREDIT_CARD"),
        "{found:?}"
    );
    let told = bench.run_with_stdin(
        [
            "rules",
            "test",
            "--rule",
            "contact.email",
            "--column",
            "mail",
        ],
        "anna@example.org\n12 boxes\n",
    );
    for sentence in [
        "rule contact.email was tried on 2 lines; 1 matched",
        "no match: line 2",
        "a column mail of such values:",
        "EMAIL_ADDRESS at ",
    ] {
        assert!(told.stdout.contains(sentence), "{}", told.stdout);
    }
    assert!(
        bench
            .run(["dictionaries", "list", "--format", "ndjson"])
            .ndjson()
            .len()
            >= 5
    );
}

#[test]
fn a_closed_pipe_is_a_success() {
    let bench = Bench::new();
    let target = company(&bench);
    let mut child = bench
        .command(["scan", &target, "--format", "ndjson"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_look_up_before_any_scan_answers_nothing() {
    let bench = Bench::new();
    for line in [
        &["find", "--email", "anna@example.org"][..],
        &["find", "--email", "anna@example.org", "--verify"],
    ] {
        let run = bench.run(line);
        assert_eq!(run.status, 2, "{run:?}");
        assert!(run.stderr.contains("nothing was scanned yet"), "{run:?}");
    }
}

#[test]
fn attributes_that_are_likely_slips_are_told() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n");
    bench.run(["scan", &bench.data()]);
    let run = bench.run(["find", "--id", "NO_SUCH_KIND=abc12345"]);
    assert!(
        run.stderr.contains("no rule knows NO_SUCH_KIND"),
        "{}",
        run.stderr
    );
    let run = bench.run(["find", "--id", "FIRST_NAME=Anna"]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        run.stderr.contains("gives nothing to look for"),
        "{}",
        run.stderr
    );
}

#[test]
fn decisions_and_allowed_values_can_be_taken_back() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n2,anna@example.org\n3,anna@example.org\n4,anna@example.org\n");
    let found = |bench: &Bench| identifiers(&bench.scan(), "a.csv", "email");
    assert_eq!(found(&bench), ["EMAIL_ADDRESS"]);
    let decision = ["a.csv:email", "--identifier", "EMAIL_ADDRESS"];
    let decide = |verb: &str| {
        let run = bench.run([&["findings", verb][..], &decision].concat());
        assert_eq!(run.status, 0, "{}", run.stderr);
    };
    decide("reject");
    assert!(found(&bench).is_empty());
    decide("withdraw");
    assert_eq!(found(&bench), ["EMAIL_ADDRESS"]);
    let allow = |verb: &str| {
        let run = bench.run_with_stdin(["findings", verb], "anna@example.org\n");
        assert_eq!(run.status, 0, "{}", run.stderr);
    };
    bench.write(
        "b.csv",
        "id,note\n1,please call anna@example.org today\n2,mail anna@example.org or not\n3,nothing to say\n",
    );
    let noted = |bench: &Bench| identifiers(&bench.scan(), "b.csv", "note");
    assert_eq!(noted(&bench), ["EMAIL_ADDRESS"]);
    allow("allow");
    assert!(found(&bench).is_empty());
    assert!(noted(&bench).is_empty(), "inside text too");
    allow("disallow");
    assert_eq!(found(&bench), ["EMAIL_ADDRESS"]);
    let again = bench.run_with_stdin(["findings", "disallow"], "anna@example.org");
    assert!(
        again.status == 2 && again.stderr.contains("not allowed"),
        "{again:?}"
    );
}

#[test]
fn columns_that_share_values_with_a_dictionary_are_listed_without_the_source() {
    let bench = Bench::new();
    let names =
        "id,word,given\n1,table,Anna\n2,chair,Peter\n3,lamp,Maria\n4,door,Thomas\n5,house,Julia\n";
    bench.write("people.csv", names);
    bench.write("towns.csv", "id,code\n1,x1\n2,x2\n3,x3\n");
    bench.scan();
    std::fs::remove_dir_all(bench.path("data")).unwrap();
    let list = |share: &str| {
        let line = [
            "dictionaries",
            "overlap",
            "world/first_names",
            "--format",
            "ndjson",
        ];
        let run = bench.run([&line[..], &["--min-share", share]].concat());
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.ndjson()
    };
    let rows = list("0.9");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["resource"], "people.csv");
    assert_eq!(rows[0]["column"], "given");
    assert_eq!(
        (&rows[0]["distinct"], &rows[0]["shared"]),
        (&5.into(), &5.into())
    );
    assert!(list("0").iter().all(|row| row["column"] != "code"));
}

#[test]
fn a_list_of_terms_can_be_made_taken_in_and_used() {
    let bench = Bench::new();
    std::fs::write(
        bench.path("rocks.txt"),
        "zorbite\n# a remark\nBrackenite\n\n  alphite \nZORBITE\n",
    )
    .unwrap();
    std::fs::write(
        bench.path("rocks.csv"),
        "id,rock\n1,zorbite\n2,Brackenite\n3,alphite\n",
    )
    .unwrap();
    let build = |args: &[&str]| {
        let fixed = ["--name", "own/rocks", "--out", "mine"];
        bench.run([&["dictionaries", "build"], args, &fixed].concat())
    };
    let file = bench.path("mine/terms/own/rocks.txt");
    for (from, args) in [
        ("rocks.txt", &["rocks.txt"][..]),
        ("rocks.csv", &["rocks.csv", "--column", "rock"]),
    ] {
        let run = build(args);
        assert!(run.status == 0 && run.stderr.contains("wrote "), "{run:?}");
        let text = std::fs::read_to_string(&file).unwrap();
        let expected = format!("# source: {from}\n# licence: own\nBrackenite\nalphite\nzorbite\n");
        assert_eq!(text, expected);
    }
    let wrong = build(&["rocks.csv", "--column", "stone"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("hint: it has id, rock"), "{wrong:?}");

    let import = bench.run(["dictionaries", "import", file.to_str().unwrap()]);
    assert_eq!(import.status, 0, "{import:?}");
    assert_eq!(import.stderr, "imported own/rocks with 3 terms\n");
    bench.write(
        "stones.csv",
        "id,kind\n1,Zorbite\n2,ALPHITE\n3,brackenite\n",
    );
    bench.scan();
    let line = ["dictionaries", "overlap", "own/rocks", "--format", "ndjson"];
    let shared = bench.run(line).ndjson();
    assert_eq!(shared.len(), 1, "{shared:?}");
    assert_eq!(
        (&shared[0]["column"], &shared[0]["shared"]),
        (&"kind".into(), &3.into())
    );
}

#[test]
fn a_list_that_cannot_be_used_leaves_the_one_before_in_its_place() {
    let bench = Bench::new();
    let folder = bench.path("own");
    std::fs::create_dir_all(&folder).unwrap();
    let import = |text: &str| {
        let file = folder.join("rocks.txt");
        std::fs::write(&file, text).unwrap();
        bench.run(["dictionaries", "import", file.to_str().unwrap()])
    };
    let listed = || {
        let list = bench.run(["dictionaries", "list", "--format", "ndjson"]);
        assert_eq!(list.status, 0, "{list:?}");
        let list = list.ndjson();
        let own = list.iter().find(|list| list["dictionary"] == "own/rocks");
        own.map(|list| list["terms"].clone())
    };
    let head = "# source: a test\n# licence: own\n";
    let bad = import(&format!("{head}b\na\n"));
    assert!(
        bad.status == 2 && bad.stderr.contains("not sorted"),
        "{bad:?}"
    );
    assert_eq!(listed(), None);
    assert_eq!(import(&format!("{head}alphite\nzorbite\n")).status, 0);
    assert_eq!(listed(), Some(2.into()));
    let bad = import(&format!("{head}b\na\nc\n"));
    assert!(
        bad.status == 2 && bad.stderr.contains("not sorted"),
        "{bad:?}"
    );
    assert_eq!(listed(), Some(2.into()), "the list before is lost");
}

#[test]
fn the_log_of_a_job_tells_what_became_of_it_line_by_line() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n",
    );
    bench.write("broken.parquet", "PAR1 and nothing more");
    assert_eq!(bench.run(["scan", &bench.data()]).status, 2);
    let log = bench.run(["jobs", "logs", "latest"]);
    assert!(log.status == 0 && log.stderr.is_empty(), "{log:?}");
    let lines: Vec<(&str, &str)> = log
        .stdout
        .lines()
        .map(|line| line.split_once("  ").expect("a time and a sentence"))
        .collect();
    assert!(lines.is_sorted_by_key(|(at, _)| *at), "{lines:?}");
    let said: Vec<&str> = lines.iter().map(|(_, said)| *said).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(
        said[0].ends_with("was asked for") && said[1] == "it was taken up",
        "{said:?}"
    );
    assert!(said[2].starts_with("broken.parquet: "), "{said:?}");
    assert_eq!(
        said[3],
        "it ended PARTIAL: 3 rows of 1 piece read, 1 failure"
    );
    let unknown = bench.run(["jobs", "logs", "ffffffff"]);
    assert!(
        unknown.status == 2 && unknown.stderr.contains("there is no job"),
        "{unknown:?}"
    );
}

#[test]
fn the_master_key_can_be_replaced_without_a_scan() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n",
    );
    let key = bench.path("master.key");
    let run = |args: &[&str]| {
        let mut command = bench.command(args);
        command
            .env_remove("LOCARD_MASTER_KEY")
            .env("LOCARD_MASTER_KEY_FILE", &key);
        Run::of(&command.output().unwrap())
    };
    assert_eq!(run(&["scan", &bench.data()]).status, 0);
    let other = bench.path("other-home").display().to_string();
    let scan = run(&["--home", &other, "scan", &bench.data()]);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    let old = std::fs::read_to_string(&key).unwrap();
    let turned = run(&["rotate-key"]);
    assert_eq!(turned.status, 0, "{}", turned.stderr);
    let new = std::fs::read_to_string(&key).unwrap();
    assert_ne!(old, new);
    // Older backups need it.
    let kept = std::fs::read_to_string(key.with_extension("key.old1")).unwrap();
    assert_eq!(kept, old);
    assert!(!turned.stderr.contains(new.trim()), "a key was printed");
    let found = run(&["find", "--email", "anna@example.org", "--format", "ndjson"]);
    assert_eq!((found.status, found.ndjson().len()), (0, 1), "{found:?}");
    // Another home that shares the file opens with the key that was put aside.
    let find = ["--home", &other, "find", "--email", "anna@example.org"];
    assert_eq!(run(&find).status, 0);
    std::fs::remove_file(key.with_extension("key.old1")).unwrap();
    let locked = run(&find);
    assert!(
        locked.status == 2 && locked.stderr.contains("key"),
        "{locked:?}"
    );
    std::fs::write(&key, old).unwrap();
    let found = run(&["find", "--email", "anna@example.org"]);
    assert!(
        found.status == 2 && found.stderr.contains("key"),
        "{found:?}"
    );
}

/// What a finding weighed is history: other rules of today do not change it.
#[test]
fn an_explanation_has_the_weights_of_the_scan() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    bench.scan();
    let explain = |more: &[&str]| -> Value {
        let line = [&["explain", "a.csv:email", "--format", "json"][..], more].concat();
        let run = bench.run(line);
        assert_eq!(run.status, 0, "{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    };
    let before = explain(&[]);
    let because = |document: &Value| document["columns"][0]["reported"][0]["because"][0].clone();
    assert_eq!(before["rulesChanged"], false);
    assert!(because(&before)["weights"].as_array().unwrap().len() > 2);
    let rule = root().join("dictionaries/rules/contact/email.toml");
    let changed = std::fs::read_to_string(rule).unwrap();
    let own = bench.path("own/rules/contact");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(
        own.join("email.toml"),
        changed.replace("prior = 0.012", "prior = 0.2"),
    )
    .unwrap();
    let after = explain(&["--dictionaries-dir", "own"]);
    assert_eq!(after["rulesChanged"], true, "{after}");
    assert_eq!(after["untestedRules"], serde_json::json!(["contact.email"]));
    let told = bench.run(["explain", "a.csv:email", "--dictionaries-dir", "own"]);
    let never = "1 rule never saw these values: contact.email";
    assert!(told.stderr.contains(never), "{told:?}");
    assert_eq!(because(&after), because(&before));
}

#[test]
fn own_rules_that_cannot_be_used_keep_out_only_what_judges() {
    let bench = Bench::new();
    bench.write("a.csv", "email\nanna@example.org\nbert@example.org\n");
    bench.scan();
    let own = bench.home().join("dictionaries/rules/own");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("one.toml"), "ide = 1\n").unwrap();
    std::fs::write(own.join("two.toml"), "title = 2\n").unwrap();
    let list = bench.write("own/pets.txt", "# source: us\n# licence: own\nrex\n");
    let (list, export) = (list.display().to_string(), bench.path("d.toml"));
    let (export, backup) = (
        export.display().to_string(),
        bench.path("b").display().to_string(),
    );
    for line in [
        &["jobs", "list"][..],
        &["findings", "list"],
        &["findings", "export", &export],
        &["sources", "list"],
        &["sources", "test", &bench.data()],
        &["backup", &backup],
        &["restore", &backup, "--force"],
        &["diff", "latest", "latest"],
        &["completions", "bash"],
    ] {
        let run = bench.run(line);
        assert_eq!(run.status, 0, "{line:?}: {run:?}");
        let is_warned = run
            .stderr
            .contains("own rules and dictionaries are left out");
        assert_eq!(is_warned, line[0] != "completions", "{line:?}: {run:?}");
    }
    for line in [
        &["scan", &bench.data()][..],
        &["find", "--email", "anna@example.org"],
        &["explain", "a.csv"],
        &["rules", "list"],
    ] {
        let run = bench.run(line);
        let tells = run.stderr.contains("rules/own/") && run.stderr.contains("locard rules check");
        assert!(run.status == 2 && tells, "{line:?}: {run:?}");
    }
    let check = bench.run(["rules", "check"]);
    let both = ["own/one", "own/two"].map(|rule| check.stderr.contains(rule));
    assert_eq!((check.status, both), (2, [true; 2]), "{check:?}");
    let import = bench.run(["dictionaries", "import", &list]);
    assert!(
        import.status == 2 && import.stderr.contains("rules/own/"),
        "{import:?}"
    );
    std::fs::remove_dir_all(&own).unwrap();
    assert_eq!(bench.run(["dictionaries", "import", &list]).status, 0);
    assert_eq!(bench.run(["scan", &bench.data()]).status, 0);
}

#[test]
fn what_was_asked_of_a_source_is_told_to_whoever_wants_to_know() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n");
    let run = bench.run([
        "scan",
        "data",
        "-v",
        "--max-rate",
        "1GB/s",
        "--readers",
        "2",
    ]);
    let told = run
        .stderr
        .lines()
        .find(|line| line.contains("asked of the source"));
    assert!(
        told.is_some_and(|line| line.contains("rows=1")),
        "{}",
        run.stderr
    );
    let wrong = bench.run(["scan", "data", "--max-rate", "fast"]);
    assert!(wrong.stderr.contains("20MB/s"), "{}", wrong.stderr);
    bench.write("../locard.toml", "[scan]\nmax-rate = 'fast'\n");
    let wrong = bench.run(["scan", "data"]);
    assert!(wrong.stderr.contains("--max-rate"), "{}", wrong.stderr);
}

#[test]
fn a_list_of_places_that_is_cut_says_so() {
    let bench = Bench::new();
    bench.write(
        "log.csv",
        "email\n".to_owned() + &"anna@example.org\n".repeat(100_001),
    );
    bench.scan();
    let run = bench.run([
        "find",
        "--email",
        "anna@example.org",
        "--verify",
        "--format",
        "json",
    ]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let gaps = found["notSearched"].as_array().unwrap();
    assert!(
        gaps.iter().any(|gap| gap["reason"] == "too-many"),
        "{gaps:?}"
    );
}

#[test]
fn a_settings_file_that_happens_to_be_there_writes_and_connects_nowhere() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n1,anna@example.org\n");
    bench.scan();
    let precious = bench.path("precious.txt");
    std::fs::write(&precious, "kept").unwrap();
    let file = bench.path("locard.toml");
    for (setting, text) in [
        ("output", "[scan]\noutput = 'precious.txt'\n"),
        (
            "store",
            "store = 'postgres://anna:hunter2secret@127.0.0.1:1/x'\n",
        ),
        ("home", "home = 'elsewhere'\n"),
        ("force", "[findings.export]\nforce = true\n"),
    ] {
        std::fs::write(&file, text).unwrap();
        let run = bench.run(["scan", "data"]);
        let told = format!("setting `{setting}` is not taken from the locard.toml of the folder");
        assert!(run.status == 2 && run.stderr.contains(&told), "{run:?}");
        assert!(!run.stderr.contains("hunter2secret"), "{run:?}");
    }
    assert!(!bench.path("elsewhere").exists());
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "kept");
    // Named or in the home it is the user's own.
    let output = "[scan]\noutput = 'precious.txt'\nformat = 'ndjson'\n";
    for own in [bench.home().join("locard.toml"), bench.path("own.toml")] {
        std::fs::remove_file(&file).unwrap_or_default();
        std::fs::write(&own, output).unwrap();
        let named = own.display().to_string();
        let is_home = own.starts_with(bench.home());
        let config: &[&str] = if is_home { &[] } else { &["--config", &named] };
        let run = bench.run([&["scan", "data"][..], config].concat());
        assert_eq!(run.status, 0, "{run:?}");
        let written = std::fs::read_to_string(&precious).unwrap();
        assert!(written.contains("EMAIL_ADDRESS"), "{written}");
        std::fs::write(&precious, "kept").unwrap();
    }
    // So it is where the home is the folder of the command.
    let mut there = bench.command(["jobs", "list"]);
    std::fs::write(bench.home().join("locard.toml"), "[scan]\noutput = 'x'\n").unwrap();
    let there = there.current_dir(bench.home()).output().unwrap();
    assert_eq!(there.status.code(), Some(0), "{there:?}");
}

#[test]
fn the_address_of_the_store_is_not_printed() {
    let bench = Bench::new();
    let address = "store = 'postgres://anna:hunter2secret@127.0.0.1:1/x'\n";
    std::fs::write(bench.path("store.toml"), address).unwrap();
    let run = |line: &[&str]| {
        let mut command = bench.command(line);
        command.env("LOCARD_CONFIG", bench.path("store.toml"));
        Run::of(&command.output().unwrap())
    };
    for line in [
        &["jobs", "list"][..],
        &["jobs", "list", "--help"],
        &["--help"],
    ] {
        let run = run(line);
        let said = run.stdout + &run.stderr;
        assert!(
            !said.contains("hunter2secret") && !said.contains("127.0.0.1"),
            "{said}"
        );
    }
    let run = run(&["jobs", "list"]);
    assert!(
        run.status == 2
            && run
                .stderr
                .contains("PostgreSQL server of the store does not answer"),
        "{run:?}"
    );
}
