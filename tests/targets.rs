//! What a target means: one place is one source, however it is named; what was never there is kept nowhere; and globs reach
//! into databases of folders.

use locard_testkit::servers::Database;
use serde_json::Value;

use crate::support::{Bench, Run};

fn sources(bench: &Bench) -> Vec<Value> {
    let run = bench.run(["sources", "list", "--format", "ndjson"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.ndjson()
}

fn names(bench: &Bench) -> Vec<String> {
    let sources = sources(bench).into_iter();
    sources
        .map(|source| source["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A folder that is scanned, decided about, and registered then.
#[test]
fn a_target_that_was_scanned_is_taken_over_when_it_is_registered() {
    let bench = Bench::new();
    bench.write("people.csv", "email\nanna@example.org\nbert@example.org\n");
    bench.scan();
    let reject = [
        "findings",
        "reject",
        "people.csv:email",
        "--identifier",
        "EMAIL_ADDRESS",
    ];
    assert_eq!(bench.run(reject).status, 0);
    let added = bench.run(["sources", "add", "crm", &bench.data()]);
    assert_eq!(added.status, 0, "{}", added.stderr);
    assert!(added.stderr.contains("takes over"), "{}", added.stderr);
    let source = &sources(&bench)[0];
    assert_eq!(source["name"], "crm");
    assert_eq!(source["entities"], 1);
    assert_eq!(sources(&bench).len(), 1);
    // The decision stands, and what has not changed is not read again.
    let scan = bench.run(["scan", "crm"]);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    assert!(
        scan.stdout.contains("no personal data") || scan.stdout.contains("nothing to show"),
        "{}",
        scan.stdout
    );
    assert!(
        scan.stderr.contains("1 entity was not read again"),
        "{}",
        scan.stderr
    );
    // Named by its target it is the same source.
    let again = bench.run(["scan", &bench.data()]);
    assert!(
        again.stderr.contains("registered as crm"),
        "{}",
        again.stderr
    );
    assert_eq!(names(&bench), ["crm"]);
    let find = bench.run([
        "find",
        "--email",
        "anna@example.org",
        "--verify",
        "--format",
        "ndjson",
    ]);
    assert_eq!((find.status, find.hits().len()), (0, 1), "{find:?}");
    let narrowed = bench.run([
        "find",
        "--email",
        "anna@example.org",
        "--source",
        &bench.data(),
    ]);
    assert_eq!(narrowed.status, 0, "{}", narrowed.stderr);
}

#[test]
fn a_database_is_one_source_whoever_reads_it() {
    let Some(database) = Database::postgres("this test") else {
        return;
    };
    database.run(
        "create table people (id int primary key, email text);
         insert into people values (1, 'anna@example.org');
         create role one_place login password 'pw' in role pg_read_all_data",
    );
    let bench = Bench::new();
    let scan = bench.run(["scan", &database.url_as("one_place", "pw")]);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    // Another account and another option: the same data.
    let target = database.url().replace("sslmode=disable", "sslmode=prefer");
    let added = bench.run(["sources", "add", "crm", &target]);
    database.run("drop role one_place");
    assert!(added.stderr.contains("takes over"), "{}", added.stderr);
    assert_eq!(bench.run(["scan", "crm"]).status, 0);
    assert_eq!(bench.run(["scan", &database.url()]).status, 0);
    assert_eq!(names(&bench), ["crm"]);
    let find = bench.run([
        "find",
        "--email",
        "anna@example.org",
        "--verify",
        "--format",
        "ndjson",
    ]);
    assert_eq!(find.hits().len(), 1, "{find:?}");
    let explain = bench.run(["explain", "people:email"]);
    assert_eq!(explain.status, 0, "{}", explain.stderr);
}

#[test]
fn what_could_never_be_opened_is_not_kept() {
    let bench = Bench::new();
    bench.write("people.csv", "email\nanna@example.org\n");
    bench.scan();
    for target in [
        &format!("{}/[x", bench.data()),
        "postgres://a@127.0.0.1:1/x",
        "mysql://a@127.0.0.1:1/x",
    ] {
        let run = bench.run(["scan", target]);
        assert_eq!(run.status, 2, "{target}: {}", run.stdout);
        assert_eq!(names(&bench).len(), 1, "{target}");
    }
    // Beside one that is there too.
    let both = bench.run(["scan", &bench.data(), "postgres://a@127.0.0.1:1/x"]);
    assert_eq!(both.status, 2, "{}", both.stdout);
    assert_eq!(names(&bench).len(), 1);
    assert_eq!(bench.run(["scan"]).status, 0);
    let find = bench.run(["find", "--email", "nobody@example.net"]);
    assert_eq!(find.status, 0, "{}", find.stdout);
    // What was read once and fails now is kept, and so is what was registered.
    std::fs::rename(bench.path("data"), bench.path("away")).unwrap();
    assert_eq!(bench.run(["scan", &bench.data()]).status, 2);
    let added = ["sources", "add", "crm", "postgres://a@127.0.0.1:1/x"];
    assert_eq!(bench.run(added).status, 0);
    assert_eq!(bench.run(["scan", "crm"]).status, 2);
    assert_eq!(names(&bench).len(), 2);
}

fn resources(run: &Run) -> Vec<String> {
    let findings = run.ndjson().into_iter();
    let mut resources: Vec<String> = findings
        .map(|finding| finding["resource"].as_str().unwrap().to_owned())
        .collect();
    resources.sort();
    resources.dedup();
    resources
}

#[test]
fn globs_reach_the_tables_of_a_database_in_a_folder() {
    let bench = Bench::new();
    bench.write("people.csv", "email\nanna@example.org\n");
    bench.write("other names.csv", "email\nanna@example.org\n");
    let file = bench.write("odd names.db", "");
    let sql = ["kunden", "kaputt"].map(|table| {
        format!(
            "create table {table} (email text); insert into {table} values ('anna@example.org');"
        )
    });
    assert!(crate::live::run(&file, &sql.concat()));
    let scan = |args: &[&str]| {
        let home = Bench::new();
        let all = ["scan", &bench.data(), "--format", "ndjson"];
        home.run(all.iter().chain(args))
    };
    let kunden = "odd names.db.kunden";
    let kaputt = "odd names.db.kaputt";
    assert_eq!(
        resources(&scan(&[])),
        [kaputt, kunden, "other names.csv", "people.csv"]
    );
    let only = scan(&["--include", "odd names.db.kunden*"]);
    assert_eq!(only.status, 0, "{}", only.stderr);
    assert_eq!(resources(&only), [kunden]);
    assert_eq!(
        resources(&scan(&["--include", "*.db.k*"])),
        [kaputt, kunden]
    );
    assert_eq!(resources(&scan(&["--include", "*.db"])), [kaputt, kunden]);
    assert_eq!(
        resources(&scan(&["--include", "*.csv"])),
        ["other names.csv", "people.csv"]
    );
    let without = scan(&["--exclude", "odd names.db.kaputt"]);
    assert_eq!(
        resources(&without),
        [kunden, "other names.csv", "people.csv"]
    );
    // A glob that matches nothing is told, where it is known what there is.
    let known = Bench::new();
    let all = ["scan", &bench.data()];
    assert_eq!(known.run(all).status, 0);
    let idle = [
        "--exclude",
        "odd names.db.kapput",
        "--exclude",
        "*.db.kaputt",
    ];
    let idle = known.run(all.iter().chain(&idle));
    assert!(
        idle.stderr
            .contains("--exclude `odd names.db.kapput` matches nothing"),
        "{}",
        idle.stderr
    );
    assert!(!idle.stderr.contains("*.db.kaputt"), "{}", idle.stderr);
    let idle = ["--include", "peple.csv", "--include", "people.csv"];
    let idle = known.run(all.iter().chain(&idle));
    assert!(
        idle.stderr
            .contains("--include `peple.csv` matches nothing"),
        "{}",
        idle.stderr
    );
    let mixed = scan(&["--include", "*.db", "--exclude", "*.db.kaputt"]);
    assert_eq!(resources(&mixed), [kunden]);
}

/// What a view of a database misses is named, and what can be done about it.
#[test]
fn a_view_on_a_table_that_is_gone_names_it() {
    let bench = Bench::new();
    let file = bench.write("crm.db", "");
    let sql = "create table orders (id int); create table people (email text); insert into people values ('a@example.org'); \
               create view sales as select * from orders; drop table orders;";
    assert!(crate::live::run(&file, sql));
    let scan = bench.run(["scan", &file.display().to_string()]);
    assert_eq!(scan.status, 2, "{}", scan.stdout);
    assert!(scan.stdout.contains("crm.db.sales"), "{}", scan.stdout);
    assert!(
        scan.stdout.contains("there is no table orders"),
        "{}",
        scan.stdout
    );
    assert!(
        scan.stdout
            .contains("a view that reads a table which was dropped"),
        "{}",
        scan.stdout
    );
}

#[test]
fn a_file_without_subjects_is_told_as_such() {
    let bench = Bench::new();
    bench.write("people.csv", "email\nanna@example.org\n");
    bench.scan();
    let file = bench.write("../subjects.json", "[]");
    let find = bench.run(["find", "--subject", &file.display().to_string()]);
    assert_eq!(find.status, 2, "{}", find.stdout);
    assert!(find.stderr.contains("no subject is in"), "{}", find.stderr);
    assert!(!find.stderr.contains("name a file"), "{}", find.stderr);
}

/// Whether the folder is within what was scanned or is that itself, its name tells whose it is, and once.
#[test]
fn a_folder_that_is_called_like_a_person_is_found_however_it_was_scanned() {
    let bench = Bench::new();
    bench.write("erna.kern@example.org/x.csv", "id,v\n1,2\n");
    let inner = format!("{}/erna.kern@example.org", bench.data());
    for target in [bench.data(), inner] {
        let scan = bench.run(["scan", &target]);
        assert_eq!(scan.status, 0, "{scan:?}");
        let found = bench.run(["find", "--email", "erna.kern@example.org", "--verify"]);
        assert!(found.stdout.contains("is in 1 place\n"), "{found:?}");
        assert!(found.stdout.contains("(name)"), "{found:?}");
    }
}
