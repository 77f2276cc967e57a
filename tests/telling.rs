//! What commands tell: nothing against the wish to hear nothing, nothing of one that belongs to another, nothing that was
//! not looked at.

use serde_json::Value;

use crate::support::{Bench, Run};

const PEOPLE: &str =
    "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n";

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

/// Commands that end in a hint, the first of them on a machine without a key.
fn hinting(bench: &Bench, option: &[&str]) -> Vec<Run> {
    bench.write("a.csv", PEOPLE);
    let data = bench.data();
    let lines: [&[&str]; 6] = [
        &["sources", "add", "crm", &data],
        &["sources", "add", "paper", "--manual", "--owner", "archive"],
        &["scan", "crm"],
        &["scan", "crm", "--sample", "2"],
        &["backup", "catalog.backup"],
        &["rotate-key"],
    ];
    let run = |line: &&[&str]| {
        let mut command = bench.command([*line, option].concat());
        command
            .env_remove("LOCARD_MASTER_KEY")
            .env("HOME", bench.path("user"));
        Run::of(&command.output().unwrap())
    };
    lines.iter().map(run).collect()
}

#[test]
fn quiet_leaves_out_hints_too_but_never_those_of_an_error() {
    let hints = |runs: &[Run]| {
        let hinted = runs.iter().filter(|run| run.stderr.contains("hint:"));
        hinted.count()
    };
    assert_eq!(hints(&hinting(&Bench::new(), &[])), 5, "all but the scan");
    let bench = Bench::new();
    for run in hinting(&bench, &["--quiet"]) {
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    }
    let error = bench.run(["scan", "./typo", "--quiet"]).stderr;
    assert!(
        error.contains("error:") && error.contains("hint:"),
        "{error}"
    );
}

#[test]
fn two_subjects_of_one_name_are_refused() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    bench.scan();
    let find = |text: &str| {
        let line = ["find", "--subject", "-", "--format", "ndjson"];
        bench.run_with_stdin(line, text)
    };
    let run = find(
        "{\"subject\": 17, \"email\": \"anna@example.org\"}\n{\"subject\": 17, \"email\": \"bert@example.org\"}\n",
    );
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(
        run.stderr
            .contains("two subjects are named `17`: subject 1 on line 1 and subject 2 on line 2"),
        "{run:?}"
    );
    let run = find("{\"subject\": 17, \"email\": \"anna@example.org\"}");
    assert_eq!(run.ndjson()[0]["subject"], "17", "{run:?}");
}

#[test]
fn a_difference_tells_apart_what_only_one_scan_read() {
    let bench = Bench::new();
    bench.write("crm/a.csv", PEOPLE);
    bench.write("hr/b.csv", PEOPLE);
    let scan = |folder: &str| {
        let run = bench.run(["scan", &format!("{}/{folder}", bench.data())]);
        assert_eq!(run.status, 0, "{run:?}");
    };
    scan("crm");
    scan("hr");
    let run = bench.run(["diff", "previous", "latest"]);
    let signs: Vec<&str> = run
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(signs, ["-?", "+?"], "{run:?}");
    assert!(
        run.stderr
            .contains("1 earlier finding is of what the later scan did not read")
            && run
                .stderr
                .contains("1 later finding is of what the earlier scan did not read"),
        "{run:?}"
    );
    let lines = bench
        .run(["diff", "previous", "latest", "--format", "ndjson"])
        .ndjson();
    let words: Vec<&Value> = lines.iter().map(|line| &line["change"]).collect();
    assert_eq!(words, ["not-scanned", "not-scanned-before"]);
}

#[test]
fn the_plan_of_a_sample_says_so() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let line = ["scan", &bench.data(), "--plan", "--sample", "2"];
    let plan = json(&bench.run([&line[..], &["--format", "json"]].concat()));
    assert_eq!(plan["entities"][0]["pieces"], 1, "{plan}");
    let load = plan["sources"][0]["load"].as_str().unwrap();
    assert!(
        load.starts_with("reads each file until its sample is full: 1 file, "),
        "{load}"
    );
    let csv = bench.run([&line[..], &["--format", "csv"]].concat()).stdout;
    assert!(csv.lines().next().unwrap().ends_with(",pieces"), "{csv}");
}

#[test]
fn what_people_rejected_is_counted_and_can_be_listed() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "email,ip\n".to_owned() + &"anna@example.org,192.0.2.7\n".repeat(5),
    );
    let all = bench.scan().len();
    let place = ["a.csv:email", "--identifier", "EMAIL_ADDRESS"];
    let reject = bench.run([&["findings", "reject"][..], &place].concat());
    assert_eq!(reject.status, 0, "{reject:?}");
    let sentence = "1 finding left out by decisions of people; --rejected lists them too";
    let list = bench.run(["findings", "list"]);
    assert!(list.stdout.contains(sentence), "{list:?}");
    let lines = bench.run(["findings", "list", "--format", "ndjson"]);
    assert_eq!(lines.ndjson().len(), all - 1);
    assert!(lines.stderr.contains(sentence), "{lines:?}");
    let rejected = bench.run(["findings", "list", "--rejected"]);
    assert!(
        rejected.stdout.contains("rejected") && !rejected.stdout.contains("left out"),
        "{rejected:?}"
    );
}

#[test]
fn an_export_replaces_nothing_by_accident() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    bench.scan();
    let export =
        |more: &[&str]| bench.run([&["findings", "export", "kept.toml"][..], more].concat());
    assert_eq!(export(&[]).status, 0);
    std::fs::write(bench.path("kept.toml"), "mine").unwrap();
    let refused = export(&[]);
    assert!(
        refused.status == 2 && refused.stderr.contains("kept.toml exists already"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("--force"), "{refused:?}");
    let kept = || std::fs::read_to_string(bench.path("kept.toml")).unwrap();
    assert_eq!(kept(), "mine");
    assert_eq!(export(&["--force"]).status, 0);
    assert!(kept().contains("version"), "{}", kept());
}

#[cfg(unix)]
#[test]
fn backups_and_exports_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    bench.scan();
    assert_eq!(bench.run(["findings", "export", "kept.toml"]).status, 0);
    assert_eq!(bench.run(["backup", "catalog.backup"]).status, 0);
    for file in ["kept.toml", "catalog.backup"] {
        let mode = std::fs::metadata(bench.path(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn notes_and_limits_of_a_source_are_listed() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let data = bench.data();
    let crm = ["sources", "add", "crm", &data, "--note", "of 2019"];
    let sparing = ["--max-rate", "20MB/s", "--readers", "2"];
    assert_eq!(bench.run([&crm[..], &sparing].concat()).status, 0);
    let paper = ["sources", "add", "paper", "--manual", "--owner", "archive"];
    let run = bench.run([&paper[..], &["--note", "the cellar"]].concat());
    assert_eq!(run.status, 0, "{run:?}");
    let list = bench
        .run(["sources", "list", "--format", "ndjson"])
        .ndjson();
    let told = |at: usize| {
        let source = &list[at];
        ["note", "maxRate", "readers"].map(|name| source[name].clone())
    };
    assert_eq!(told(0), [Value::from("of 2019"), "20MB/s".into(), 2.into()]);
    assert_eq!(
        told(1),
        [Value::from("the cellar"), Value::Null, Value::Null]
    );
    let table = bench.run(["sources", "list"]).stdout;
    assert!(
        table.contains("20MB/s") && table.contains("of 2019"),
        "{table}"
    );
    // Neither is for the connector.
    assert_eq!(bench.run(["scan", "crm"]).status, 0);
}

#[test]
fn what_is_typed_and_what_is_set_are_told_apart() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let data = bench.data();
    let with = |variable: &str, value: &str, line: &[&str]| {
        Run::of(&bench.command(line).env(variable, value).output().unwrap())
    };
    let typed = bench.run(["scan", &data, "--readers", "0"]).stderr;
    assert!(
        typed.contains("'--readers <N>': a whole number of at least 1 is wanted"),
        "{typed}"
    );
    let missing = bench.run(["rows", "a.csv"]).stderr;
    assert!(
        missing.contains("--identifier <KIND>") && !missing.contains("--home"),
        "{missing}"
    );
    let set = with("LOCARD_SCAN_SAMPLE", "many", &["scan", &data]);
    assert_eq!(set.status, 2, "{set:?}");
    assert!(
        set.stderr.contains(
            "the environment variable LOCARD_SCAN_SAMPLE has a value that --sample does not take: a whole number of at least 1, or a share like 10%, is wanted"
        ) && !set.stderr.contains("many"),
        "{set:?}"
    );
    let switch = with("LOCARD_QUIET", "perhaps", &["jobs", "list"]).stderr;
    assert!(
        switch.contains("LOCARD_QUIET") && switch.contains("yes or no is wanted"),
        "{switch}"
    );
    // What another command would not take is nothing to this one.
    assert_eq!(
        with("LOCARD_SCAN_SAMPLE", "many", &["jobs", "list"]).status,
        0
    );
    assert_eq!(with("LOCARD_QUIET", "", &["scan", &data]).status, 0);
    std::fs::write(bench.path("other.toml"), "[scan]\nsampel = 1\n").unwrap();
    let file = bench.run(["scan", &data, "--config", "other.toml"]).stderr;
    assert!(file.contains("`sampel` in other.toml"), "{file}");
}

#[test]
fn names_with_colons_are_typed_as_they_are_printed() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE.replace("email", "work:email"));
    bench.scan();
    let explained = bench.run(["explain", "a.csv:work:email"]);
    assert!(
        explained.status == 0 && explained.stdout.contains("EMAIL_ADDRESS"),
        "{explained:?}"
    );
    assert_eq!(bench.run(["explain", "a.csv:\"work:email\""]).status, 0);
    let place = ["a.csv:work:email", "--identifier", "EMAIL_ADDRESS"];
    let reject = bench.run([&["findings", "reject"][..], &place].concat());
    assert_eq!(reject.status, 0, "{reject:?}");
    for (slip, meant) in [
        ("a.csv:work:emial", "did you mean work:email?"),
        ("a.cvs", "did you mean a.csv?"),
    ] {
        let run = bench.run(["explain", slip]);
        assert!(run.status == 2 && run.stderr.contains(meant), "{run:?}");
    }
}

#[test]
fn a_file_in_a_partition_is_told_once_and_where_it_is() {
    let bench = Bench::new();
    let file = "year=2024/month=01/part-00000-of-00012-20240131.c000.csv";
    bench.write(&format!("sales/{file}"), PEOPLE);
    bench.write(
        "sales/year=2023/month=12/part-0.csv",
        "id,email\n9,nobody@example.net\n",
    );
    for folder in ["", "sales", "sales/year=2024"] {
        let run = bench.run(["scan", &format!("{}/{folder}", bench.data())]);
        assert_eq!(run.status, 0, "{run:?}");
    }
    let line = ["find", "--email", "bert@example.org"];
    let candidates = bench.run([&line[..], &["--format", "ndjson"]].concat());
    assert_eq!(candidates.ndjson().len(), 1, "{candidates:?}");
    let found = bench.run([&line[..], &["--verify"]].concat());
    assert!(found.stdout.contains("is in 1 place"), "{found:?}");
    assert!(
        found.stdout.contains(&format!("file={file}, line=3")),
        "{found:?}"
    );
}

#[test]
fn no_sentence_tells_the_name_of_a_file_that_is_called_like_a_person() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let header = [&b"SQLite format 3\0"[..], &[7; 200]].concat();
    for name in ["crm.sqlite", "ada.lovelace@example.org.sqlite"] {
        std::fs::write(bench.path("data").join(name), &header).unwrap();
    }
    let scan = bench.run(["scan", &bench.data()]);
    assert_eq!(scan.status, 2, "{scan:?}");
    let runs = [
        &["find", "--email", "ada@example.org", "--verify"][..],
        &["jobs", "show", "latest"],
        &["scan", &bench.data(), "--plan"],
    ];
    let mut told = vec![scan];
    told.extend(runs.map(|run| bench.run(run)));
    for run in told {
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(!said.contains("lovelace"), "{said}");
    }
}

#[test]
fn an_explanation_names_the_real_check_and_leaves_out_what_says_nothing() {
    let bench = Bench::new();
    let rows = (0..400).map(|row| format!("word{} x,a{row}@example.org\n", row % 150));
    bench.write(
        "a.csv",
        "code,email\n".to_owned() + &rows.collect::<String>(),
    );
    bench.scan();
    let explained = bench.run(["explain", "a.csv"]).stdout;
    assert!(
        explained.contains("400 of 400 pass email; ") && !explained.contains("check digits"),
        "{explained}"
    );
    for empty in [" 0 %", "from "] {
        assert!(!explained.contains(empty), "{empty}: {explained}");
    }
}

#[test]
fn a_store_that_refuses_is_told_at_once() {
    let bench = Bench::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let target =
        format!("s3://bucket?endpoint=http://127.0.0.1:{port}&region=eu-central-1&anonymous=true");
    let began = std::time::Instant::now();
    let run = bench.run(["scan", &target]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        began.elapsed() < std::time::Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    let sentence = format!("connecting to 127.0.0.1:{port} failed: the connection was refused");
    assert!(
        format!("{}{}", run.stdout, run.stderr).contains(&sentence),
        "{run:?}"
    );
}

#[test]
fn a_key_file_that_is_missing_is_named() {
    let bench = Bench::new();
    let run = bench.run(["scan", "gs://bucket?service_account_file=missing.json"]);
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(
        run.status == 2
            && told
                .contains("the key file missing.json for Google cannot be read: it does not exist"),
        "{run:?}"
    );
}
