//! A second scan reads what has changed, and nothing else; and what it cannot read to its end takes nobody out of the index.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use locard_testkit::servers::Database;

use crate::postgres::run;
use crate::support::{Bench, Run, essence, root};

/// What a scan says of entities that it did not read.
fn unchanged(scan: &Run) -> u64 {
    let told = scan
        .stderr
        .lines()
        .find(|line| line.contains("not read again"));
    let count = told.and_then(|line| line.split_whitespace().find_map(|word| word.parse().ok()));
    count.unwrap_or(0)
}

fn scan(bench: &Bench, target: &str, also: &[&str]) -> Run {
    let args = ["scan", target, "--format", "ndjson"];
    bench.run(args.into_iter().chain(also.iter().copied()))
}

/// Whether a person with that address is found, and the source has them.
fn is_found(bench: &Bench, mail: &str) -> bool {
    let found = bench.run(["find", "--email", mail, "--verify", "--format", "ndjson"]);
    found.hits().iter().any(|hit| hit["verified"] == true)
}

fn people(first: u32, count: u32) -> String {
    let mut text = "id,email\n".to_owned();
    for n in first..first + count {
        let _ = writeln!(text, "{n},person{n}@mail.example.org");
    }
    text
}

/// Reading breaks off in the one, and records are missing in the other: neither was read whole.
#[test]
fn what_was_read_in_part_is_read_again_and_told_again() {
    let bench = Bench::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(people(0, 5_000).as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    bench.write("cut.csv.gz", &packed[..packed.len() / 2]);
    bench.write(
        "broken.json",
        "[{\"mail\": \"a@example.org\"}, {\"mail\": \"b@exa",
    );
    bench.write("whole.csv", people(9_000, 100));
    let data = bench.data();
    let told = |scan: &Run| {
        let lines = scan.stderr.lines();
        let parts = lines.filter(|line| line.starts_with("error: "));
        // Files are read side by side, and each is told when it is.
        let mut parts: Vec<String> = parts.map(str::to_owned).collect();
        parts.sort();
        parts
    };
    let first = scan(&bench, &data, &[]);
    assert_eq!((first.status, told(&first).len()), (2, 2), "{first:?}");
    for _ in 0..2 {
        let again = scan(&bench, &data, &[]);
        assert_eq!((again.status, unchanged(&again)), (2, 1), "{again:?}");
        assert_eq!(told(&again), told(&first));
        let nobody = bench.run(["find", "--email", "nobody@example.com", "--verify"]);
        assert_eq!(nobody.status, 2, "{nobody:?}");
    }
}

#[test]
fn a_second_scan_of_files_reads_only_those_that_changed() {
    let bench = Bench::new();
    bench.write("a.csv", people(0, 300));
    bench.write("b.csv", people(1_000, 300));
    bench.write(
        "c.ndjson",
        "{\"mail\": \"person5@mail.example.org\"}\n".repeat(20),
    );
    let data = bench.data();
    let first = scan(&bench, &data, &[]);
    assert_eq!(
        (first.status, unchanged(&first)),
        (0, 0),
        "{}",
        first.stderr
    );
    let again = scan(&bench, &data, &[]);
    assert_eq!(
        (again.status, unchanged(&again)),
        (0, 3),
        "{}",
        again.stderr
    );
    assert_eq!(essence(&again.ndjson()), essence(&first.ndjson()));
    assert!(is_found(&bench, "person7@mail.example.org"));

    bench.write("b.csv", people(5_000, 200));
    let changed = scan(&bench, &data, &[]);
    assert_eq!(
        (changed.status, unchanged(&changed)),
        (0, 2),
        "{}",
        changed.stderr
    );
    assert!(is_found(&bench, "person5100@mail.example.org"));
    assert!(!is_found(&bench, "person1100@mail.example.org"));
    assert!(is_found(&bench, "person7@mail.example.org"));

    let fresh = scan(&bench, &data, &["--fresh"]);
    assert_eq!(
        (fresh.status, unchanged(&fresh)),
        (0, 0),
        "{}",
        fresh.stderr
    );
    assert_eq!(essence(&fresh.ndjson()), essence(&changed.ndjson()));
    // Another question is another reading.
    let exhaustive = scan(&bench, &data, &["--exhaustive"]);
    assert_eq!(unchanged(&exhaustive), 0, "{}", exhaustive.stderr);
}

#[test]
fn other_rules_read_everything_again() {
    let bench = Bench::new();
    bench.write("a.csv", people(0, 300));
    let data = bench.data();
    assert_eq!(scan(&bench, &data, &[]).status, 0);
    let rule = root().join("dictionaries/rules/contact/email.toml");
    let rule = std::fs::read_to_string(rule).expect("a rule of ours");
    let own = bench.path("own/rules/contact");
    std::fs::create_dir_all(&own).expect("a folder");
    let changed = rule.replace("prior = 0.012", "prior = 0.2");
    assert_ne!(changed, rule);
    std::fs::write(own.join("email.toml"), changed).expect("it is written");
    let dictionaries = bench.path("own").display().to_string();
    let by_others = ["--dictionaries-dir", dictionaries.as_str()];
    let again = scan(&bench, &data, &by_others);
    assert_eq!(
        (again.status, unchanged(&again)),
        (0, 0),
        "{}",
        again.stderr
    );
    let again = scan(&bench, &data, &by_others);
    assert_eq!(
        (again.status, unchanged(&again)),
        (0, 1),
        "{}",
        again.stderr
    );
}

#[test]
fn a_reading_that_breaks_off_takes_nobody_out_of_the_index() {
    let bench = Bench::new();
    let write = |share: usize| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed
            .write_all(people(0, 200_000).as_bytes())
            .expect("it is packed");
        let packed = packed.finish().expect("it is packed");
        bench.write("people.csv.gz", &packed[..packed.len() * share / 100]);
    };
    let data = bench.data();
    let at_the_end = || {
        let found = bench.run([
            "find",
            "--email",
            "person199990@mail.example.org",
            "--format",
            "ndjson",
        ]);
        (found.hits().len(), found.status)
    };
    write(100);
    assert_eq!(scan(&bench, &data, &[]).status, 0);
    assert_eq!(at_the_end(), (1, 0));
    write(40);
    let broken = scan(&bench, &data, &[]);
    assert_eq!(broken.status, 2, "{}", broken.stderr);
    assert!(
        broken.stderr.contains("stays as it was"),
        "{}",
        broken.stderr
    );
    assert_eq!(
        at_the_end(),
        (1, 2),
        "the index stands, and the failure is told"
    );
    write(100);
    assert_eq!(scan(&bench, &data, &[]).status, 0);
    assert_eq!(at_the_end(), (1, 0));
}

#[test]
fn a_second_scan_of_a_database_reads_only_tables_that_changed() {
    // Whoever else is at work in a database is waited for.
    let Some(database) = Database::postgres("unchanged tables") else {
        return;
    };
    let (bench, url, name) = (Bench::new(), database.url(), "public");
    let fill = "select n, 'person' || n || '@mail.example.org' from generate_series(1, 2000) n";
    run(
        &url,
        &format!(
            "create table {name}.a (id int primary key, email text); insert into {name}.a {fill}; \
             create table {name}.b (id int primary key, email text); insert into {name}.b {fill}"
        ),
    );
    let include = ["--include", &format!("{name}.*")].map(str::to_owned);
    let include = include.each_ref().map(String::as_str);
    assert_eq!(scan(&bench, &url, &include).status, 0);
    let again = scan(&bench, &url, &include);
    assert_eq!(
        (again.status, unchanged(&again)),
        (0, 2),
        "{}",
        again.stderr
    );
    run(
        &url,
        &format!("update {name}.b set email = 'new@mail.example.org' where id = 7"),
    );
    let changed = scan(&bench, &url, &include);
    assert_eq!(
        (changed.status, unchanged(&changed)),
        (0, 1),
        "{}",
        changed.stderr
    );
    assert!(is_found(&bench, "new@mail.example.org"));
}

#[test]
fn a_change_that_was_committed_just_before_the_scan_is_read() {
    let Some(database) = Database::postgres("just committed") else {
        return;
    };
    let version = database.value("SHOW server_version_num");
    if version
        .parse::<u32>()
        .is_ok_and(|version| version < 150_000)
    {
        return;
    }
    let (bench, url) = (Bench::new(), database.url());
    database.run(
        "CREATE TABLE people (id int, email text); CREATE TABLE other (id int); CREATE TABLE still (email text); \
         INSERT INTO people SELECT n, 'person' || n || '@mail.example.org' FROM generate_series(1, 20) n; \
         INSERT INTO still SELECT email FROM people",
    );
    let counted = || {
        database.value("SELECT pg_stat_get_tuples_inserted('people'::regclass) + pg_stat_get_tuples_inserted('still'::regclass)")
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while counted() != "40" {
        assert!(Instant::now() < deadline, "the rows were never counted");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(scan(&bench, &url, &[]).status, 0);
    // A session that stays, sends its counts with the first change, and keeps those of the second to itself.
    let mut session = Command::new("psql")
        .args([url.as_str(), "-X", "-q"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("psql starts");
    let mut input = session.stdin.take().expect("it is piped");
    writeln!(
        input,
        "INSERT INTO other VALUES (1);\nINSERT INTO people VALUES (21, 'late@mail.example.org');"
    )
    .expect("it listens");
    while database.value("SELECT count(*) FROM people") != "21" {
        assert!(Instant::now() < deadline, "the row was never committed");
    }
    let begun = Instant::now();
    let again = scan(&bench, &url, &[]);
    assert!(begun.elapsed() < Duration::from_secs(25));
    assert_eq!(
        (again.status, unchanged(&again)),
        (0, 1),
        "{}",
        again.stderr
    );
    assert!(is_found(&bench, "late@mail.example.org"));
    drop(input);
    session.wait().expect("it ends with its input");
}
