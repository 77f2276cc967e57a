//! PostgreSQL end to end: the same findings as from files, and what a server does to a scan in bad moments.
//!
//! `LOCARD_TEST_POSTGRES_URL` names a server whose account may create schemas and roles; `psql` loads it.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use locard_testkit::servers::Database;
use serde_json::Value;

use crate::collect::Collected;
use crate::proxy::Proxy;
use crate::support::{Bench, Run, corpus, essence, postgres, sample};
use crate::tables::{Copied, figures, labels, of_file, of_table, tables};
use crate::town;

/// Runs SQL through psql; panics with its message when it fails.
pub(crate) fn run(url: &str, sql: &str) -> String {
    let output = Command::new("psql")
        .args([
            url,
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
        ])
        .stdin(Stdio::null())
        .output()
        .expect("psql starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A schema of its own that is dropped at the end.
pub(crate) struct Schema {
    url: String,
    pub(crate) name: String,
}

impl Schema {
    pub(crate) fn new(url: &str, name: &str) -> Self {
        let name = format!("{name}_{}", std::process::id());
        run(
            url,
            &format!("drop schema if exists {name} cascade; create schema {name}"),
        );
        Self {
            url: url.to_owned(),
            name,
        }
    }

    pub(crate) fn run(&self, sql: &str) {
        run(
            &self.url,
            &format!("set search_path = {}; {sql}", self.name),
        );
    }

    /// Every table as text, binary cells in hexadecimal.
    pub(crate) fn dump(&self) -> String {
        let tables = format!(
            "select table_name from information_schema.tables where table_schema = '{}'",
            self.name
        );
        let rows = |table: &str| run(&self.url, &format!("select * from {}.{table}", self.name));
        run(&self.url, &tables).lines().map(rows).collect()
    }

    fn scan(&self, bench: &Bench) -> Run {
        bench.run(self.arguments(&self.url))
    }

    /// A scan of this schema at a given address.
    fn arguments(&self, url: &str) -> [String; 6] {
        let include = format!("{}.*", self.name);
        ["scan", url, "--include", &include, "--format", "ndjson"].map(str::to_owned)
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        run(
            &self.url,
            &format!("drop schema if exists {} cascade", self.name),
        );
    }
}

/// What the columns of a loaded table are.
#[derive(Clone, Copy, PartialEq)]
enum Typing {
    /// All text, as a file has them.
    Text,
    /// What a person would have declared: numbers, dates, times, UUIDs and addresses where every value is one.
    Declared,
}

#[test]
fn tables_give_the_same_findings_as_the_corpus_they_were_loaded_from() {
    if let (Some(url), Some(corpus)) = (postgres(), corpus()) {
        let tables = tables(&corpus);
        for (schema, typing) in [("corpus", Typing::Text), ("declared", Typing::Declared)] {
            hold_equal(&url, schema, (&corpus, &tables), typing, 300);
        }
    }
}

#[test]
fn tables_give_the_same_findings_as_the_files_they_were_loaded_from() {
    let Some(url) = postgres() else {
        return;
    };
    let bench = Bench::new();
    let town = town::build(&bench);
    let company = ["crm/customers.csv", "catalog/products.csv"].map(str::to_owned);
    for typing in [Typing::Text, Typing::Declared] {
        hold_equal(&url, "town", (&town, &tables(&town)), typing, 8);
        let company = (sample().join("company"), company.as_slice());
        hold_equal(&url, "company", (&company.0, company.1), typing, 8);
    }
}

/// Scans the tables of a folder as files and as tables of a schema, and holds that both say the same.
fn hold_equal(
    url: &str,
    schema: &str,
    (folder, tables): (&Path, &[String]),
    typing: Typing,
    at_least: usize,
) {
    let schema = Schema::new(url, schema);
    let bench = Bench::new();
    for table in tables {
        load(&schema, &bench, folder, table);
    }
    if typing == Typing::Declared {
        schema.run(DECLARE);
    }
    let files = bench.scan();
    let run = schema.scan(&bench);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let tables = run.ndjson();
    let (from_files, from_tables) = match typing {
        Typing::Text => (figures(&files, of_file), figures(&tables, of_table)),
        // A type decides what some rules look at.
        Typing::Declared => (labels(&files, of_file), labels(&tables, of_table)),
    };
    let differing: Vec<&String> = from_files.symmetric_difference(&from_tables).collect();
    assert!(
        from_files.len() >= at_least && differing.is_empty(),
        "{} labels, differing: {differing:#?}",
        from_files.len()
    );
}

/// Loads one table into a table of text columns.
fn load(schema: &Schema, bench: &Bench, corpus: &Path, table: &str) {
    let Copied { name, header, path } = Copied::new(bench, corpus, table);
    let columns: Vec<String> = header
        .iter()
        .map(|column| format!("\"{}\" text", column.replace('"', "\"\"")))
        .collect();
    schema.run(&format!("create table \"{name}\" ({})", columns.join(", ")));
    run(
        &schema.url,
        &format!(
            "\\copy {}.\"{name}\" from '{}' (format csv, header)",
            schema.name,
            path.display()
        ),
    );
}

/// Gives each column of text the first of these types that fits all of its values, written as the type writes them.
const DECLARE: &str = r"do $$
declare
    place record;
    try record;
    fits boolean;
begin
    for place in select table_name as named, column_name as called from information_schema.columns
        where table_schema = current_schema()
    loop
        for try in select * from (values
            ('bigint', '0|-?[1-9][0-9]{0,17}'),
            ('numeric', '-?(0|[1-9][0-9]*)(\.[0-9]+)?'),
            ('date', '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'),
            ('timestamp', '[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'),
            ('uuid', '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'),
            ('inet', '[0-9]{1,3}(\.[0-9]{1,3}){3}'),
            ('macaddr', '[0-9a-f]{2}(:[0-9a-f]{2}){5}')
        ) as types(called, pattern)
        loop
            execute format('select coalesce(bool_and(%I ~ %L), false) from %I',
                place.called, '^(' || try.pattern || ')$', place.named) into fits;
            if fits then
                execute format('alter table %I alter column %I type %s using %2$I::%3$s',
                    place.named, place.called, try.called);
                exit;
            end if;
        end loop;
    end loop;
end $$";

#[test]
fn a_look_up_in_a_table_answers_with_the_key() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "lookup");
    schema.run("create table person (id int primary key, name text, mail text); insert into person select i, 'Person ' || i, 'p' || i || '@example.org' from generate_series(1, 500) i");
    let bench = Bench::new();
    assert_eq!(schema.scan(&bench).status, 0);
    let found = bench.run([
        "find",
        "--email",
        "P77@Example.org",
        "--verify",
        "--format",
        "ndjson",
    ]);
    let hits = found.ndjson();
    assert_eq!(hits.len(), 1, "{found:?}");
    assert_eq!(
        (&hits[0]["key"]["id"], &hits[0]["strength"]),
        (&Value::from("77"), &Value::from("strong"))
    );
}

#[test]
fn a_telephone_number_is_looked_for_in_the_database() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "telephones");
    schema.run(
        "create table person (id int primary key, phone text, note text);
         insert into person select i, '+49 30 ' || 1000000 + i, repeat('x', 40) from generate_series(1, 100000) i;
         insert into person values (100001, '0049-30-2000007', null), (100002, null, 'Call +49 (0)30 2000007 after six')",
    );
    let bench = Bench::new();
    let proxy = Proxy::start(&url, u64::MAX);
    assert_eq!(
        bench.run(schema.arguments(proxy.url())).status,
        0,
        "the scan succeeds"
    );
    let before = proxy.bytes();
    let args = ["--phone", "+49 30 2000007", "--verify", "--format"];
    let found = bench.run([&["find"][..], &args, &["ndjson"]].concat());
    let bytes = proxy.bytes() - before;
    let mut keys: Vec<String> = found
        .ndjson()
        .iter()
        .map(|hit| hit["key"]["id"].to_string())
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, ["\"100001\"", "\"100002\""], "{found:?}");
    println!("{bytes} bytes of 8 MB left the database");
    assert!(bytes < 200_000, "{bytes} bytes left the database");
}

#[test]
fn whatever_the_spelling_every_other_is_found_in_a_table() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "spellings");
    for (identifier, spellings) in crate::lookup::SPELLINGS {
        let rows: Vec<String> = spellings.iter().map(|text| format!("('{text}')")).collect();
        schema.run(&format!(
            "create table {identifier} (id serial primary key, value text); insert into {identifier} (value) values {}",
            rows.join(", ")
        ));
    }
    let bench = Bench::new();
    assert_eq!(schema.scan(&bench).status, 0);
    crate::lookup::assert_spellings_are_found(&bench, 1);
}

#[test]
fn the_comment_on_a_column_is_explained_and_masked() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "comments");
    schema.run("create table person (id int, mail text, boss text); insert into person select i, 'p' || i || '@example.org' from generate_series(1, 50) i; comment on column person.mail is 'where to write'; comment on column person.boss is 'ask jane.doe@example.org'");
    let bench = Bench::new();
    assert_eq!(schema.scan(&bench).status, 0);
    let table = format!("{}.person", schema.name);
    let explained = bench.run(["explain", &table, "--format", "json"]);
    assert!(!explained.stdout.contains("jane.doe"), "{explained:?}");
    let columns = &serde_json::from_str::<Value>(&explained.stdout).expect("it is JSON")["columns"];
    assert_eq!(columns[0]["comment"], Value::Null);
    assert_eq!(columns[1]["comment"], "where to write");
    assert!(columns[2]["comment"].is_string());
    let told = bench.run(["explain", &table]);
    assert!(told.stdout.contains("comment: where to write"), "{told:?}");
}

#[test]
fn a_table_that_may_not_be_read_is_named_and_the_rest_is_found() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "denied");
    let role = format!("reader_{}", std::process::id());
    schema.run(&format!(
        "create table open_one (mail text); insert into open_one select 'p' || i || '@example.org' from generate_series(1, 50) i;
         create table closed_one (mail text); insert into closed_one values ('x@example.org');
         drop role if exists {role}; create role {role} login password 'reader-pw';
         grant usage on schema {0} to {role}; grant select on {0}.open_one to {role}", schema.name
    ));
    let limited = with_account(&url, &role, "reader-pw");
    let bench = Bench::new();
    let run = bench.run([
        "scan",
        &limited,
        "--include",
        &format!("{}.*", schema.name),
        "--format",
        "ndjson",
    ]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        run.stdout.contains("open_one") && run.stderr.contains("closed_one"),
        "{run:?}"
    );
    let wrong = bench.run(["scan", &with_account(&url, &role, "not-the-password")]);
    let said = format!("{}{}", wrong.stdout, wrong.stderr);
    assert!(
        wrong.status == 2
            && said.contains("refused the password")
            && said.contains("hint:")
            && !said.contains("not-the-password"),
        "{wrong:?}"
    );
    schema.run(&format!("drop owned by {role}; drop role {role}"));
}

#[test]
fn a_password_that_is_kept_elsewhere_is_read_whenever_the_source_is_opened() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "kept");
    let role = format!("kept_{}", std::process::id());
    schema.run(&format!(
        "create table people (mail text); insert into people select 'p' || i || '@example.org' from generate_series(1, 50) i;
         drop role if exists {role}; create role {role} login password 'PLANTED-one';
         grant usage on schema {0} to {role}; grant select on {0}.people to {role}", schema.name
    ));
    let bench = Bench::new();
    let kept = bench.write("../password", "PLANTED-one\n");
    let target = with_account(&url, &role, "").replace(":@", "@");
    let place = format!("password=file:{}", kept.display());
    let add = ["sources", "add", "crm", &target, "--secret", &place];
    let add = [&add[..], &["--set", "statement_timeout=60"]].concat();
    assert_eq!(bench.run(add).status, 0);
    let include = format!("{}.*", schema.name);
    let scan = ["scan", "crm", "--include", &include, "--format", "ndjson"];
    let found = bench.run(scan);
    assert!(
        found.status == 0 && found.stdout.contains("EMAIL_ADDRESS"),
        "{found:?}"
    );
    schema.run(&format!("alter role {role} password 'PLANTED-two'"));
    assert_eq!(bench.run(scan).status, 2);
    bench.write("../password", "PLANTED-two");
    assert_eq!(bench.run(scan).status, 0);
    let find = ["find", "--id", "EMAIL_ADDRESS=p7@example.org", "--verify"];
    let found = bench.run(find);
    assert!(found.stdout.contains("people"), "{found:?}");
    // A slip of the finger is not repeated, and neither is what a command says.
    let slip = [
        "sources",
        "add",
        "other",
        &target,
        "--secret",
        "password=PLANTED-two",
    ];
    let exec = [
        "sources",
        "add",
        "other",
        &target,
        "--secret",
        "password=exec:sh -c 'echo PLANTED-two; exit 1'",
    ];
    let slip = bench.run(slip);
    assert!(
        slip.status == 2 && !slip.stderr.contains("PLANTED"),
        "{slip:?}"
    );
    assert_eq!(bench.run(exec).status, 0);
    let failed = bench.run(["-v", "sources", "test", "other"]);
    let said = format!("{}{}", failed.stdout, failed.stderr);
    assert!(failed.status == 2 && said.contains("the command"), "{said}");
    assert!(!said.contains("PLANTED"), "{said}");
    schema.run(&format!("drop owned by {role}; drop role {role}"));
}

fn with_account(url: &str, user: &str, password: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("postgres://{user}:{password}@{host}")
}

/// Asks the server until the answer is not `0`; tells whether it came while the scan was running.
fn wait_for(url: &str, sql: &str, child: &mut std::process::Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(1) {
        if run(url, sql).trim() != "0" {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn big(schema: &Schema, name: &str, rows: u32) {
    schema.run(&format!("create table {name} as select i as id, 'p' || i || '@example.org' as mail, repeat('x', 300) as pad from generate_series(1, {rows}) i"));
}

fn assert_no_spill(run: &Run) {
    for word in ["panicked", "@example.org", "test-only"] {
        assert!(!run.stderr.contains(word), "{word} in {run:?}");
    }
}

#[test]
fn a_session_that_the_server_ends_is_taken_up_again_or_named() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "ended");
    big(&schema, "big", 300_000);
    let undisturbed = schema.scan(&Bench::new());
    assert_eq!(undisturbed.status, 0, "{undisturbed:?}");
    let bench = Bench::new();
    let mut child = bench
        .command(schema.arguments(&url))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Only the reads of this test's own table: other tests run beside it.
    let end = format!(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'locard' and state = 'active' and query ilike '%copy%{}%'",
        schema.name
    );
    assert!(wait_for(&url, &end, &mut child), "no read was ended");
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_no_spill(&run);
    match run.status {
        0 => assert_eq!(essence(&run.ndjson()), essence(&undisturbed.ndjson())),
        2 => assert!(run.stderr.contains("big"), "{run:?}"),
        _ => panic!("{run:?}"),
    }
}

#[test]
fn a_server_that_goes_away_leaves_a_sentence_and_what_was_found() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "gone");
    schema.run("create table a_little as select i as id, 'p' || i || '@example.org' as mail from generate_series(1, 200) i");
    big(&schema, "big", 300_000);
    let proxy = Proxy::start(&url, 30_000_000);
    let bench = Bench::new();
    let run = bench.run(schema.arguments(proxy.url()));
    assert!(
        proxy.was_cut(),
        "the scan read too little to be cut: {run:?}"
    );
    assert_eq!(run.status, 2, "{run:?}");
    assert_no_spill(&run);
    let address = proxy.address();
    assert!(
        run.stderr.contains(&address),
        "{address} is not named: {run:?}"
    );
    assert!(
        run.stderr.lines().any(
            |line| line.starts_with("error:") && line.contains(&format!("{}.big", schema.name))
        ),
        "{run:?}"
    );
    assert!(
        crate::support::identifiers(&run.ndjson(), &format!("{}.a_little", schema.name), "mail")
            == ["EMAIL_ADDRESS"],
        "what was read before is not kept: {run:?}"
    );
    let found = bench.run(["find", "--email", "p77@example.org", "--format", "ndjson"]);
    assert!(found.stdout.contains("a_little"), "{found:?}");
}

#[test]
fn what_a_view_gives_before_it_fails_is_kept() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "half");
    schema.run("create view half as select 'p' || i || '@example.org' as mail, 1 / (500 - i) as broken from generate_series(1, 1000) i");
    let bench = Bench::new();
    let run = schema.scan(&bench);
    assert_eq!(run.status, 2, "{run:?}");
    assert_no_spill(&run);
    let view = format!("{}.half", schema.name);
    assert_eq!(
        crate::support::identifiers(&run.ndjson(), &view, "mail"),
        ["EMAIL_ADDRESS"]
    );
    let findings = run.ndjson();
    assert!(
        findings.iter().all(|finding| finding["rows"] == 499),
        "{findings:?}"
    );
    assert!(
        run.stderr
            .lines()
            .any(|line| line.contains(&view) && line.contains("expression")),
        "{run:?}"
    );
    let jobs = bench.run(["jobs", "list", "--format", "ndjson"]).ndjson();
    assert_eq!(jobs[0]["state"], "PARTIAL", "{jobs:?}");
    assert_eq!(
        (&jobs[0]["done"], &jobs[0]["tasks"]),
        (&Value::from(1), &Value::from(1)),
        "{jobs:?}"
    );
    let found = bench.run(["find", "--email", "p77@example.org", "--format", "ndjson"]);
    assert!(found.stdout.contains(&view), "{found:?}");
}

#[test]
fn a_giant_value_is_named_by_row_and_column_and_the_rest_is_found() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "giant");
    schema.run("create table post as select i as id, 'p' || i || '@example.org' as mail, case when i = 7 then repeat('x', 100000000) end as body from generate_series(1, 50) i");
    let run = schema.scan(&Bench::new());
    assert_eq!(run.status, 2, "{run:?}");
    let post = format!("{}.post", schema.name);
    for words in [&*post, "row 7, column body", "longer than 64 MiB"] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert_eq!(
        crate::support::identifiers(&run.ndjson(), &post, "mail"),
        ["EMAIL_ADDRESS"]
    );
}

#[test]
fn a_table_that_is_dropped_during_the_scan_is_named() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "dropped");
    for table in ["kept", "lost"] {
        schema.run(&format!("create table {table} as select i as id, 'p' || i || '@example.org' as mail from generate_series(1, 200) i"));
    }
    // A session that holds the table, so that the scan comes to wait for it, and then drops it.
    let mut holder = Command::new("psql")
        .args([&url, "-X", "-q", "-v", "ON_ERROR_STOP=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("psql starts");
    let mut say = holder.stdin.take().expect("stdin is piped");
    writeln!(say, "begin; lock table {}.lost;", schema.name).unwrap();
    let held = format!(
        "select count(*) from pg_locks where granted and mode = 'AccessExclusiveLock' and relation = '{}.lost'::regclass",
        schema.name
    );
    assert!(wait_for(&url, &held, &mut holder), "the table is not held");
    let bench = Bench::new();
    let mut child = bench
        .command(schema.arguments(&url))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let waits = format!(
        "select count(*) from pg_locks where not granted and relation = '{}.lost'::regclass",
        schema.name
    );
    assert!(
        wait_for(&url, &waits, &mut child),
        "the scan never waited for the table"
    );
    writeln!(say, "drop table {}.lost; commit;", schema.name).unwrap();
    drop(say);
    assert!(holder.wait().unwrap().success());
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_no_spill(&run);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        run.stderr.contains(&format!("{}.lost", schema.name)),
        "{run:?}"
    );
    assert!(
        run.stdout.contains(&format!("{}.kept", schema.name)),
        "{run:?}"
    );
}

#[test]
fn one_snapshot_of_the_database_holds_for_all_its_tables() {
    let Some(database) = Database::postgres("the snapshot of a scan") else {
        return;
    };
    let mails = |rows: u32| {
        format!(
            "select i as id, 'p' || i || '@example.org' as mail from generate_series(1, {rows}) i"
        )
    };
    database.run(&format!("create table a_first as {}", mails(100_000)));
    let later: Vec<String> = (0..30).map(|table| format!("later_{table:02}")).collect();
    for table in &later {
        database.run(&format!("create table {table} as {}", mails(200)));
    }
    let line = |more: &[&str]| {
        let mut line = vec!["scan".to_owned(), database.url()];
        line.extend(["--format", "ndjson", "--threads", "1"].map(str::to_owned));
        line.extend(more.iter().map(|word| (*word).to_owned()));
        line
    };
    let bench = Bench::new();
    // Slow enough for what happens meanwhile.
    let mut child = bench
        .command(line(&["--snapshot", "database", "--max-rate", "1MB/s"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let held = "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'";
    assert!(
        wait_for(&database.url(), held, &mut child),
        "no snapshot is held"
    );
    let fewer = later
        .iter()
        .map(|table| format!("delete from {table} where id > 100"));
    database.run(&fewer.collect::<Vec<_>>().join(";"));
    assert!(
        child.try_wait().unwrap().is_none(),
        "the scan ended too early"
    );
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_eq!(run.status, 0, "{run:?}");
    let rows = |run: &Run| -> BTreeSet<u64> {
        let found = run.ndjson();
        assert_eq!(found.len(), 31, "{found:?}");
        let small = found
            .iter()
            .filter(|finding| finding["resource"] != "public.a_first");
        small
            .filter_map(|finding| finding["rows"].as_u64())
            .collect()
    };
    assert_eq!(rows(&run), BTreeSet::from([200]), "as they were together");
    let after = bench.run(line(&["--snapshot", "database", "--fresh"]));
    assert_eq!(after.status, 0, "{after:?}");
    assert_eq!(rows(&after), BTreeSet::from([100]), "as they are now");
}

#[test]
fn rows_of_a_view_stay_apart_and_a_document_in_a_cell_is_one_place() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "apart");
    schema.run(
        r#"create table contact (id integer primary key, full_name text, mail text, prefs jsonb);
        insert into contact select i, 'Anna Muster', 'p' || i || '@example.org', '{}' from generate_series(1, 1100) i;
        update contact set prefs = '{"contact":{"backup":"p126@example.org"}}' where id in (126, 1050, 1008);
        create view v_contact as select full_name, mail from contact"#,
    );
    let bench = Bench::new();
    assert_ne!(schema.scan(&bench).status, 1);
    let args = [
        "find",
        "--email",
        "p126@example.org",
        "--name",
        "Anna Muster",
        "--verify",
        "--format",
        "ndjson",
    ];
    let hits = bench.run(args).hits();
    let of = |table: &str| -> Vec<&Value> {
        let end = format!(".{table}");
        let is_of = |hit: &&Value| {
            hit["resource"]
                .as_str()
                .is_some_and(|it| it.ends_with(&end))
        };
        hits.iter().filter(is_of).collect()
    };
    let view = of("v_contact");
    assert_eq!(view.len(), 1101, "a row each, and the address");
    let strong: Vec<_> = view
        .iter()
        .filter(|hit| hit["strength"] == "strong")
        .collect();
    assert_eq!(strong.len(), 2, "{strong:?}");
    assert!(
        strong[0]["row"].is_u64() && strong[0]["row"] == strong[1]["row"],
        "{strong:?}"
    );
    assert_eq!(view[0]["strength"], "strong", "strong ones come first");
    // The cell is told, and its place in the document.
    let of_column = |column: &str| -> Vec<&Value> {
        let mut hits = of("contact");
        hits.retain(|hit| hit["column"] == column);
        hits
    };
    let prefs = of_column("prefs.contact.backup");
    assert_eq!(of_column("prefs").len(), prefs.len());
    let keys: Vec<_> = prefs
        .iter()
        .map(|hit| hit["key"]["id"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(keys, ["126", "1008", "1050"], "{prefs:?}");
}

#[test]
fn an_element_of_an_array_is_told_by_its_number_and_the_others_stay_out() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "arrays");
    schema.run(
        "create table circle (id int primary key, topic text, mails text[], own text[]);
        insert into circle select i, 'Topic ' || i, array(select 'm' || i || 'x' || k || '@example.org' from generate_series(0, 11) k),
            array['o' || i || '@example.org', 'p' || i || '@example.org'] from generate_series(1, 300) i",
    );
    let bench = Bench::new();
    assert_eq!(schema.scan(&bench).status, 0);
    for (mail, path) in [
        ("m7x4@example.org", "mails[4]"),
        ("p7@example.org", "own[1]"),
    ] {
        let args = ["find", "--email", mail, "--verify", "--format", "ndjson"];
        let hits = bench.run(args).hits();
        assert_eq!(hits.len(), 1, "{hits:?}");
        assert_eq!(
            (&hits[0]["path"], &hits[0]["key"]["id"]),
            (&path.into(), &"7".into())
        );
    }
    let collected = |mail: &str| {
        let collected = Collected::of(&bench, &["--email", mail], &[]);
        serde_json::to_string(&collected.rows).unwrap()
    };
    let one_of_twelve = collected("m7x4@example.org");
    assert!(
        one_of_twelve.contains("m7x4@example.org"),
        "{one_of_twelve}"
    );
    assert!(
        !one_of_twelve.contains("m7x5@example.org"),
        "{one_of_twelve}"
    );
    let one_of_two = collected("p7@example.org");
    assert!(
        one_of_two.contains("o7@example.org"),
        "a few are one person's: {one_of_two}"
    );
}
