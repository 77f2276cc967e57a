//! True words: of what was read in part, of what a command cannot do, and of what helps.

use crate::client::Server;
use crate::support::{Bench, identifiers};

#[test]
fn letters_of_mail_that_names_no_encoding_are_found_and_told() {
    let bench = Bench::new();
    let head = "From: a@x.example\r\nTo: b@x.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain";
    let body = b"\r\n\r\nHerr J\xfcrgen M\xfc\xdfig kommt";
    bench.write("none.eml", [head.as_bytes(), body].concat());
    let wrong = format!("{head}; charset=utf-8");
    bench.write("wrong.eml", [wrong.as_bytes(), body].concat());
    let scan = bench.run(["scan", &bench.data()]);
    assert_eq!(scan.status, 2, "{scan:?}");
    let told = "letters of an encoding that it does not name were read as windows-1252";
    assert_eq!(scan.stdout.matches(told).count(), 2, "{}", scan.stdout);
    let found = bench.run(["find", "--name", "Jürgen Müßig", "--verify"]);
    for name in ["none.eml", "wrong.eml"] {
        assert!(found.stdout.contains(name), "{}", found.stdout);
    }
    assert!(!found.stdout.contains("nowhere"), "{}", found.stdout);
}

#[test]
fn what_was_read_in_part_has_one_state_and_its_own_words() {
    let bench = Bench::new();
    let rows = "anna,Köln,anna@example.org\nbert,Zürich,bert@example.org\n";
    let mixed = [
        b"name,city,email\n",
        rows.as_bytes(),
        b"Ren\xe9,Bonn,rene@example.org\n",
    ];
    bench.write("mixed.csv", mixed.concat());
    bench.run(["scan", &bench.data()]);
    let why = "line 4: bytes that are not UTF-8 were read as Windows-1252";
    let found = bench.run(["find", "--email", "rene@example.org"]);
    assert_eq!(found.status, 2, "{found:?}");
    assert!(
        found.stdout.contains(&format!("read in part: {why}")),
        "{}",
        found.stdout
    );
    let found = bench.run(["find", "--email", "rene@example.org", "--verify"]);
    assert_eq!(found.status, 2, "{found:?}");
    assert!(found.stdout.contains("is in 1 place"), "{}", found.stdout);
    assert_eq!(found.stdout.matches(why).count(), 1, "{}", found.stdout);
    for wrong in ["could not be read\n", "not searched", "not read\n"] {
        assert!(!found.stdout.contains(wrong), "{wrong}: {}", found.stdout);
    }
}

#[test]
fn a_scan_beside_a_server_is_told_what_helps() {
    let bench = Bench::new();
    let file = bench
        .write("a.csv", "id,email\n1,anna@example.org\n")
        .display()
        .to_string();
    let server = Server::start(&bench, &[]);
    let scan = bench.run(["scan", &file]);
    assert_eq!(scan.status, 2, "{scan:?}");
    assert!(scan.stderr.contains(", a server"), "{}", scan.stderr);
    for word in ["programming interface", "locard serve"] {
        assert!(scan.stderr.contains(word), "{word}: {}", scan.stderr);
    }
    assert!(!scan.stderr.contains("jobs cancel"), "{}", scan.stderr);
    drop(server);
}

#[test]
fn what_a_request_does_not_allow_yet_is_told_by_the_name_of_the_command() {
    let bench = Bench::new();
    let create = |received: &str| {
        bench.run([
            "requests",
            "create",
            "--jurisdiction",
            "eu",
            "--received",
            received,
            "--name",
            "Anna Muster",
        ])
    };
    let refused = create("2026-01-31");
    assert_eq!(refused.status, 2, "{refused:?}");
    for word in ["--received", "zone"] {
        assert!(refused.stderr.contains(word), "{word}: {}", refused.stderr);
    }
    let created = create("2026-01-31T10:00:00+01:00");
    assert_eq!(created.status, 0, "{created:?}");
    assert!(created.stderr.contains("--region"), "{}", created.stderr);
    let id = created.stdout.trim();
    for line in [&["places", id, "--find"][..], &["collect", id]] {
        let run = bench.run([&["requests"], line].concat());
        assert_eq!(run.status, 2, "{run:?}");
        let command = line.iter().filter(|word| **word != id).copied();
        let called = format!(
            "`locard requests {}`",
            command.collect::<Vec<_>>().join(" ")
        );
        assert!(run.stderr.contains(&called), "{called}: {}", run.stderr);
        assert!(
            run.stderr.contains("locard requests verify-identity"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_path_that_was_typed_for_a_scan_names_its_entity() {
    let bench = Bench::new();
    let people = "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n";
    bench.write("real/people.csv", people);
    bench.write("other/people.csv", people.replace("example", "sample"));
    let (path, other) = ("data/real/people.csv", "data/other");
    assert_eq!(bench.run(["scan", path, other]).status, 0);
    for line in [
        &["explain", path][..],
        &["rows", path, "--identifier", "EMAIL_ADDRESS"],
    ] {
        let run = bench.run(line);
        assert_eq!(run.status, 0, "{run:?}");
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("people.csv"), "{run:?}");
    }
    let run = bench.run(["explain", "data/other/people.csv:email"]);
    assert_eq!(run.status, 0, "{run:?}");
    let list = bench.run(["findings", "list", "--resource", path, "--format", "ndjson"]);
    let found = list.hits();
    assert_eq!(found.len(), 1, "{list:?}");
    assert!(
        found[0]["source"].as_str().unwrap().contains("real"),
        "{list:?}"
    );
}

#[test]
fn sources_with_odd_names_and_passwords_among_the_arguments() {
    let bench = Bench::new();
    let added = bench.run(["sources", "add", "bad name!", &bench.data()]);
    assert_eq!(added.status, 0, "{added:?}");
    assert!(
        added.stderr.contains("locard scan 'bad name!'"),
        "{}",
        added.stderr
    );
    let added = bench.run(["sources", "add", "crm", "postgres://u:hush@db.example/crm"]);
    assert_eq!(added.status, 0, "{added:?}");
    for word in ["arguments", "--secret"] {
        assert!(added.stderr.contains(word), "{word}: {}", added.stderr);
    }
    assert!(!added.stderr.contains("hush"), "{}", added.stderr);
    let line = ["sources", "add", "b", "-"];
    let added = bench.run_with_stdin(line, "postgres://u:hush@db.example/b");
    assert!(!added.stderr.contains("arguments"), "{}", added.stderr);
    let missing = bench.path("no-secret").display().to_string();
    let secret = format!("password=file:{missing}");
    let added = bench.run([
        "sources",
        "add",
        "c",
        "postgres://u@db.example/c",
        "--secret",
        &secret,
    ]);
    assert_eq!(added.status, 0, "{added:?}");
    let test = bench.run(["sources", "test", "c"]);
    assert_eq!(test.status, 2, "{test:?}");
    assert!(test.stderr.contains(&missing), "{}", test.stderr);
}

#[test]
fn a_name_without_letters_is_nobodys() {
    let bench = Bench::new();
    bench.write("a.csv", "id,email\n5,anna@example.org\n");
    bench.run(["scan", &bench.data()]);
    let run = bench.run_with_stdin(["find", "--subject", "-"], "{\"PERSON\": 5}");
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stderr.contains("no letter"), "{}", run.stderr);
}

#[test]
fn tables_of_a_dump_are_read_as_tables() {
    let bench = Bench::new();
    let rows = [
        "Anna Muster','anna@example.org",
        "Bert Blum','bert@example.org",
        "Cleo Kurz','cleo@example.org",
    ];
    let rows = rows
        .iter()
        .enumerate()
        .map(|(at, row)| format!("INSERT INTO customers VALUES ({at},'{row}');\n"));
    let rows: String = rows.collect();
    bench.write(
        "dump.sql",
        format!("CREATE TABLE customers(id int, full_name text, email text);\n{rows}"),
    );
    let run = bench.run(["scan", &bench.data(), "--format", "ndjson"]);
    assert_eq!(run.status, 0, "{run:?}");
    let found = identifiers(&run.ndjson(), "dump.sql!/customers", "email");
    assert_eq!(found, ["EMAIL_ADDRESS"], "{run:?}");
    let found = bench.run(["find", "--email", "bert@example.org", "--verify"]);
    assert!(
        found.stdout.contains("dump.sql!/customers"),
        "{}",
        found.stdout
    );
}
